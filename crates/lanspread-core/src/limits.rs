//! Every limit of the control plane, in one place. Each has a test at the limit and one past it.

use std::time::Duration;

/// Most peers that are known at once, live or not.
pub const PEERS_MAX: usize = 512;

/// Most peers that the user of one peer has expelled at once.
pub const EXPULSIONS_MAX: usize = lanspread_proto::limits::EXPELLED_MAX;

/// For how long a peer is expelled if nothing else is said: an evening.
pub const EXPEL_TIME: Duration = Duration::from_hours(12);

/// Shortest time for which a peer can be expelled.
pub const EXPEL_TIME_MIN: Duration = Duration::from_mins(1);

/// Longest time for which a peer can be expelled: a party of two nights.
pub const EXPEL_TIME_MAX: Duration = Duration::from_hours(48);

/// Most dials that discovery starts at once; further peers wait for their turn.
pub const DIALS_MAX: usize = 64;

/// Most dials or greetings of a stranger that fail in a row before it is forgotten. Discovery may
/// show it again.
pub const REDIALS_MAX: u32 = 10;

/// Most addresses given in a `Hello` that are looked at at once; further ones are believed.
pub const CHECKS_MAX: usize = 16;

/// Most `connect` commands under way at once.
pub const CONNECTS_MAX: usize = 32;

/// Most games that are gone and still reported by deltas; who missed more asks for a snapshot.
pub const TOMBSTONES_MAX: usize = 4_096;

/// Most games that are remembered of all other peers together.
pub const REMOTE_GAMES_MAX: usize = 250_000;

/// Most libraries that are remembered of peers that are not connected.
pub const ABSENT_LIBRARIES_MAX: usize = 64;

/// Most questions in a row that a peer may answer wrongly before its library is left alone until it
/// announces another state.
pub const BAD_ANSWERS_MAX: u32 = 3;

/// Most game roots that are looked at in one game directory.
pub const ROOTS_MAX: usize = 20_000;

/// Most operations at once.
pub const OPERATIONS_MAX: usize = 64;

/// Most steps of one goal on one root; the machine of the root needs far fewer.
pub const STEPS_MAX: u32 = 256;

/// Most questions by `GetGame` and `FetchLatestFromPeers` at once.
pub const INQUIRIES_MAX: usize = 64;

/// Most commands that wait until the game directory is read for the first time.
pub const HELD_COMMANDS_MAX: usize = 256;

/// Most requests of one peer that are served at once.
pub const SERVES_PER_PEER_MAX: usize = 64;

/// Most requests that are served at once.
pub const SERVES_MAX: usize = 1_024;

/// Most uploads, of one game to one peer each, whose bytes are counted at once; of further ones nothing is
/// told when they end.
pub const DELIVERIES_MAX: usize = 1_024;

/// Most notes that the report of one operation keeps.
pub const NOTES_MAX: usize = 200;

/// Most manifests that are kept after they were fetched.
pub const CACHED_MANIFESTS_MAX: usize = 8;

/// Most chunks of all manifests that are kept together: about 8 MiB of hashes.
pub const CACHED_CHUNKS_MAX: u64 = 256 * 1024;

/// Most game directories beside the one where new games go.
pub const MORE_GAME_DIRS_MAX: usize = 7;

/// Most games that one notice names of those that lie in two game directories.
pub const TWICE_NAMED_MAX: usize = 5;

/// Most times that all sources are asked for a manifest, one after the other.
pub const MANIFEST_ROUNDS_MAX: u32 = 3;

/// Most roots that are recovered at once at the start.
pub const RECOVERIES_MAX: usize = 4;

/// How long a question for holdings is kept if there is nothing new.
pub const HOLDINGS_WAIT: Duration = Duration::from_secs(2);

/// Pause between two answers with holdings to the same asker, with few partners and one download.
pub const HOLDINGS_PAUSE: Duration = Duration::from_millis(100);

/// That pause for each partner otherwise, so that many of them together do not ask more often than few.
pub const HOLDINGS_PAUSE_PER_PARTNER: Duration = Duration::from_millis(3);

/// News that is at least this part of what the asker knows (16: a sixteenth) is told as soon as with few partners: at
/// first everybody waits for news, later it hardly changes what anybody asks for. With 200 partners that is some
/// thirty answers more to each of them, all in the first ten seconds of a download. On links as a fluid 128 and 200
/// receivers come to 1.08 and 1.10 of the bound by it and by the pause above, instead of 1.10 and 1.13.
pub const HOLDINGS_MUCH: u64 = 16;

/// Logs that a peer may have during one gathering here: it begins a new one each time its own download
/// begins. Each makes everything be shared out anew, and forgives what it failed to give.
pub const HOLDINGS_LOGS_MAX: u32 = 8;

/// The longest such pause, however many partners and downloads there are.
pub const HOLDINGS_PAUSE_MAX: Duration = Duration::from_secs(4);

/// How long uploads that run may go on when a download is complete and about to be put in place.
pub const UPLOADS_DRAIN: Duration = Duration::from_secs(2);

/// Most messages to the party that are shown at once; past it the oldest go.
pub const MESSAGES_MAX: usize = 200;

/// Most of them that are from one peer; a peer also tells those that come later so many of its own.
pub const MESSAGES_PER_PEER_MAX: usize = 32;

/// Messages that the user of one peer may say in one go.
pub const SAYS_BURST_MAX: u32 = 10;

/// Then one so often.
pub const SAY_EVERY: Duration = Duration::from_secs(2);

/// Messages that are taken from one peer in one go: all that it tells somebody who comes later, and some.
pub const MESSAGES_BURST_MAX: u32 = 40;

/// Then one so often.
pub const MESSAGE_EVERY: Duration = Duration::from_secs(1);
