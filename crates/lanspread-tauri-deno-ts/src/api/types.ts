// What the front end is told and may ask for: written from the Rust types, and not by hand. After a change there,
// `UPDATE_DOCS=1 cargo nextest run --workspace types` writes it anew; a test fails when the two differ.

/**
 * What a client is sent: everything at first, and what changed from then on.
 */
export type Update = { "type": "snapshot",
/**
 * Its number. The next update's is one more; a client that finds a gap asks anew.
 */
sequence: number,
/**
 * Who is sent it.
 */
seat: Seat,
/**
 * The state.
 */
snapshot: Snapshot, } | { "type": "patch",
/**
 * Its number.
 */
sequence: number,
/**
 * What changed.
 */
patch: Patch, };

/**
 * The whole state.
 */
export type Snapshot = {
/**
 * This peer.
 */
me: Me,
/**
 * Whether its machine can take part.
 */
health: Health,
/**
 * Every game that is here, at others or in the catalog, sorted by id.
 */
games: Array<Game>,
/**
 * The other peers, sorted by id.
 */
peers: Array<Peer>,
/**
 * Peers that are not let in.
 */
kept_away: Array<KeptAway>,
/**
 * What was said to the party within this run, the newest last.
 */
messages: Array<Message>,
/**
 * Running operations, sorted by game.
 */
operations: Array<Operation>,
/**
 * Who fetches what from here.
 */
uploads: Array<Upload>,
/**
 * Games whose files are checked so that others can fetch them: one after the other.
 */
hashing: Array<Hashing>,
/**
 * Scripts of games that run, by game.
 */
running: Array<Running>,
/**
 * How fast transfers may be.
 */
limits: Limits,
/**
 * Whether uploads yield to a game.
 */
playing: boolean,
/**
 * Downloads that wait for their turn, rest or run, in their order.
 */
queue: Array<Queued>,
/**
 * What is kept of the user's wishes.
 */
settings: Wishes,
/**
 * Operations that ended, the newest last.
 */
finished: Array<Finished>,
/**
 * Uploads that ended, the newest last.
 */
uploads_ended: Array<UploadEnded>,
/**
 * What the user should know, the newest last.
 */
notices: Array<Notice>, };

/**
 * The parts of a snapshot that changed; a part that is missing did not.
 */
export type Patch = {
/**
 * This peer.
 */
me?: Me,
/**
 * Whether its machine can take part.
 */
health?: Health,
/**
 * Games, one by one.
 */
games?: GamesPatch,
/**
 * All other peers.
 */
peers?: Array<Peer>,
/**
 * All peers that are not let in.
 */
kept_away?: Array<KeptAway>,
/**
 * All that was said.
 */
messages?: Array<Message>,
/**
 * All running operations.
 */
operations?: Array<Operation>,
/**
 * All uploads.
 */
uploads?: Array<Upload>,
/**
 * All games whose files are checked.
 */
hashing?: Array<Hashing>,
/**
 * All scripts that run.
 */
running?: Array<Running>,
/**
 * All limits.
 */
limits?: Limits,
/**
 * Whether uploads yield to a game.
 */
playing?: boolean,
/**
 * All downloads that were asked for.
 */
queue?: Array<Queued>,
/**
 * All wishes.
 */
settings?: Wishes,
/**
 * All operations that ended.
 */
finished?: Array<Finished>,
/**
 * All uploads that ended.
 */
uploads_ended?: Array<UploadEnded>,
/**
 * All notices.
 */
notices?: Array<Notice>, };

/**
 * Games that changed, came or went.
 */
export type GamesPatch = {
/**
 * Games that are new or differ, sorted by id.
 */
changed: Array<Game>,
/**
 * Games that are gone, sorted.
 */
gone: Array<string>, };

/**
 * This peer.
 */
export type Me = {
/**
 * Who it is.
 */
peer_id: string,
/**
 * What it calls itself.
 */
name: string,
/**
 * The program's version.
 */
version: string,
/**
 * The version of the wire.
 */
protocol_version: number,
/**
 * Where others reach it, the most promising first; empty until it listens.
 */
listen_addrs: Array<string>,
/**
 * Which games belong to the party.
 */
mode: Mode,
/**
 * Whether the party has a code.
 */
party_code: boolean,
/**
 * Whether game files may move without encryption.
 */
unencrypted_lanes: boolean,
/**
 * The folder of games.
 */
games_dir: string,
/**
 * Why that folder cannot be read, such as a disk that is unplugged.
 */
games_dir_problem: FolderProblem | null,
/**
 * The folders of games beside that one, in their order.
 */
more_games_dirs: Array<MoreGamesDir>,
/**
 * Bytes that are free there, as the other peers are told it.
 */
free_bytes: number | null,
/**
 * Whether somebody can play here, as the other peers are told; a server without a screen only shares.
 */
player: boolean,
/**
 * How well finding peers works.
 */
discovery: Discovery,
/**
 * The folder of what Lanspread writes for itself.
 */
state_dir: string,
/**
 * What the names of scripts end with on this system.
 */
script_ending: string,
/**
 * The catalog, if there is one.
 */
catalog: string | null, };

/**
 * Which games belong to the party.
 */
export type Mode = "catalog" | "open";

/**
 * A folder of games beside the one where new games go.
 */
export type MoreGamesDir = {
/**
 * Where.
 */
path: string,
/**
 * Why it cannot be read, such as a disk that is unplugged.
 */
problem: FolderProblem | null,
/**
 * Bytes that are free there.
 */
free_bytes: number | null, };

/**
 * How well this peer finds others, and is found, without being told an address.
 */
export type Discovery = { "state": "starting" } | { "state": "off" } | { "state": "works" } | { "state": "trouble",
/**
 * The kind.
 */
kind: DiscoveryTrouble,
/**
 * Why, and what to do meanwhile, in words.
 */
message: string, };

/**
 * What keeps peers from finding each other.
 */
export type DiscoveryTrouble = "no-interface" | "fails";

/**
 * Whether this machine can take part.
 */
export type Health = {
/**
 * The network adapters, those that lead to other machines first; empty until the peer listens.
 */
adapters: Array<NetworkAdapter>,
/**
 * What trying to write into the folders of games came to.
 */
folder: FolderCheck,
/**
 * How this machine's clock stands beside those of the other peers.
 */
clock: ClockCheck,
/**
 * What archives are opened, by their usual names.
 */
archive_formats: Array<string>, };

/**
 * One network adapter.
 */
export type NetworkAdapter = {
/**
 * What the system calls it.
 */
name: string,
/**
 * What it leads to, as far as its name tells.
 */
kind: AdapterKind,
/**
 * Its addresses, without those that another machine cannot name.
 */
addrs: Array<string>,
/**
 * Whether others are told to reach this peer there.
 */
offered: boolean, };

/**
 * What an adapter leads to.
 */
export type AdapterKind = "network" | "virtual" | "loopback";

/**
 * What trying to write into the folder of games came to.
 */
export type FolderCheck = { "state": "unknown" } | { "state": "writable",
/**
 * When that was found, in milliseconds since 1970 by this machine's clock.
 */
at_ms: number, } | { "state": "read-only",
/**
 * The first of those that cannot.
 */
path: string,
/**
 * When that was found, in milliseconds since 1970 by this machine's clock.
 */
at_ms: number,
/**
 * What keeps it from that.
 */
fault: FolderFault,
/**
 * Why, in words.
 */
message: string, };

/**
 * Why the folder of games cannot be used.
 */
export type FolderProblem = {
/**
 * The kind.
 */
fault: FolderFault,
/**
 * What was tried, why it failed, what to do.
 */
message: string, };

/**
 * What keeps a folder from being used.
 */
export type FolderFault = "gone" | "no-folder" | "not-allowed" | "full" | "hangs" | "broken";

/**
 * How this machine's clock stands beside those of the other peers.
 */
export type ClockCheck = { "state": "unknown" } | { "state": "agrees",
/**
 * How many others said it.
 */
peers: number, } | { "state": "differs",
/**
 * How many others said it.
 */
peers: number,
/**
 * By how many minutes the others are ahead of it; negative where they are behind.
 */
ahead_min: number, };

/**
 * One game.
 */
export type Game = {
/**
 * Its id.
 */
id: string,
/**
 * Its title.
 */
title: string,
/**
 * How things stand with it, whatever runs on it.
 */
state: GameState,
/**
 * What one click should do.
 */
action: Action,
/**
 * What else can be done instead, such as playing the version that is here.
 */
also: Array<Action>,
/**
 * The version that is here.
 */
version: string | null,
/**
 * The version that this party plays.
 */
expected_version: string | null,
/**
 * Bytes of its files.
 */
size: number,
/**
 * Whether its files are here.
 */
downloaded: boolean,
/**
 * Whether it is unpacked here.
 */
installed: boolean,
/**
 * Whether its files are still to be checked, before others can fetch it from here.
 */
to_hash: boolean,
/**
 * Its scripts that are here and that this system can run.
 */
scripts: Array<Script>,
/**
 * Who has the version of this party, sorted.
 */
holders: Array<string>,
/**
 * Who has another version, sorted.
 */
outdated: Array<string>,
/**
 * How much of a download that does not run is here; what of it is still as it was is seen when the
 * download goes on.
 */
gathered: Gathered | null,
/**
 * What is wrong with what is here.
 */
problem: Problem | null,
/**
 * What kind of game it is.
 */
genre: { de?: string, en?: string, fr?: string },
/**
 * How many can play.
 */
players: { text: string, count?: number } | null,
/**
 * Whether there is a picture of it.
 */
cover: boolean,
/**
 * When it was first seen here, in milliseconds since 1970 by this machine's clock.
 */
first_seen_ms: number | null,
/**
 * Whether there is more to tell of it than stands here.
 */
described: boolean,
/**
 * The folder of games in which it was found, if that is not [`Me::games_dir`].
 */
games_dir: string | null, };

/**
 * What an unfinished download had gathered when it was last at rest.
 */
export type Gathered = {
/**
 * Bytes that were verified.
 */
verified_bytes: number,
/**
 * Bytes of the game.
 */
total_bytes: number, };

/**
 * What is wrong with a game that is here.
 */
export type Problem = {
/**
 * The kind.
 */
kind: ProblemKind,
/**
 * The file of the game that it is about, if it is one.
 */
file: string | null,
/**
 * What is wrong and what to do, in words.
 */
message: string, };

/**
 * The kinds of problem that a game can have.
 */
export type ProblemKind = "damaged" | "bad-name" | "unfit" | "no-version" | "in-the-way" | "newer" | "not-allowed" | "unreadable" | "not-in-catalog" | "not-pinned";

/**
 * How things stand with a game.
 */
export type GameState = "ready" | "downloaded" | "update-available" | "other-version" | "local-only" | "on-others" | "nowhere";

/**
 * What one click on a game should do.
 */
export type Action = "download" | "update" | "install" | "play" | "none";

/**
 * What is told of a game when somebody looks at it alone.
 */
export type GameDetails = {
/**
 * The game.
 */
id: string,
/**
 * Who published it.
 */
publisher: string | null,
/**
 * When it came out.
 */
release: string | null,
/**
 * What it is about, lines separated by line feeds.
 */
descriptions: { de?: string, en?: string, fr?: string },
/**
 * Who says what of it: what would be fetched first.
 */
offers: Array<Offer>,
/**
 * The version that the catalog lists; `None` without a catalog, and where it does not say.
 */
catalog_version: string | null,
/**
 * The manifest of what is here.
 */
manifest: string | null,
/**
 * The manifest that the catalog pins.
 */
pinned: string | null, };

/**
 * What an install holds.
 */
export type InstallSize = {
/**
 * Bytes of its files, as far as they were counted.
 */
bytes: number,
/**
 * Whether there is more than was counted.
 */
more: boolean, };

/**
 * How guests reach the page of a peer.
 */
export type GuestLinks = {
/**
 * The most promising first; none where no page is open to the network.
 */
links: Array<string>,
/**
 * The first as a picture, row by row: `1` is a dark square.
 */
squares: Array<string>, };

/**
 * What the first start asks for, as it is proposed and as it is answered.
 */
export type Proposal = {
/**
 * What the player and this peer are called.
 */
name: string,
/**
 * The folder of games.
 */
games_dir: string, };

/**
 * What some peers say of a game.
 */
export type Offer = {
/**
 * The version.
 */
version: string,
/**
 * The manifest; `None` while they hash.
 */
manifest: string | null,
/**
 * Bytes of its files.
 */
size: number,
/**
 * What it counts for.
 */
standing: Standing,
/**
 * Who says it.
 */
peers: Array<string>, };

/**
 * The files of a game.
 */
export type GameFiles = {
/**
 * The game.
 */
id: string,
/**
 * Of which version.
 */
version: string,
/**
 * The manifest that lists them.
 */
manifest: string,
/**
 * Whether they lie here; otherwise they are what would be fetched.
 */
here: boolean,
/**
 * The files, sorted by path; the first of them if there are very many.
 */
files: Array<GameFile>,
/**
 * How many more there are.
 */
more: number,
/**
 * Bytes of all of them.
 */
size: number, };

/**
 * One file of a game.
 */
export type GameFile = {
/**
 * Its path below the game's root.
 */
path: string,
/**
 * Its bytes.
 */
size: number, };

/**
 * What an offer counts for.
 */
export type Standing = "source" | "tied" | "outvoted" | "not-pinned" | "hashing" | "other-version";

/**
 * One other peer.
 */
export type Peer = {
/**
 * Who it is.
 */
peer_id: string,
/**
 * What it calls itself.
 */
name: string,
/**
 * Where it is reached.
 */
addr: string,
/**
 * How many games it has.
 */
games: number,
/**
 * Whether its games are known as they stand.
 */
in_sync: boolean,
/**
 * What it says of itself; `None` until it said anything.
 */
status: PeerStatus | null, };

/**
 * One peer that is not let in.
 */
export type KeptAway = {
/**
 * Who it is.
 */
peer_id: string,
/**
 * What it calls itself.
 */
name: string,
/**
 * Why.
 */
reasons: Array<AwayReason>, };

/**
 * Why a peer is not let in.
 */
export type AwayReason = { "kind": "misconduct",
/**
 * What it did at last.
 */
offence: Offence,
/**
 * Milliseconds for which it is kept away, from the moment it was told.
 */
time_ms: number, } | { "kind": "expelled",
/**
 * Who.
 */
by: ExpelledBy,
/**
 * Milliseconds for which it is kept away, from the moment it was told.
 */
time_ms: number, };

/**
 * Who wants a peer out.
 */
export type ExpelledBy = "this-peer" | "organiser";

/**
 * What a peer did wrong.
 */
export type Offence = "wrong-bytes" | "false-manifest" | "false-library" | "broken-answer" | "trickled-answer" | "impersonation" | "foreign-address" | "malformed-request" | "silent-stream" | "abandoned-stream" | "announce-storm" | "request-storm";

/**
 * Something that was said to the party.
 */
export type Message = {
/**
 * Counts up from 1 for each that this peer learns of.
 */
number: number,
/**
 * When it was said, in milliseconds since 1970 by this machine's clock.
 */
at_ms: number,
/**
 * Who said it.
 */
peer_id: string,
/**
 * What it called itself then.
 */
name: string,
/**
 * What was said: one line of plain text.
 */
text: string,
/**
 * Whether it was said here.
 */
own: boolean, };

/**
 * What a peer says of itself.
 */
export type PeerStatus = {
/**
 * Its program's version.
 */
version: string,
/**
 * Bytes that are free where its games lie.
 */
free_bytes: number | null,
/**
 * Whether its games folder can be read.
 */
games_folder: boolean,
/**
 * Whether somebody plays there, so that its uploads yield.
 */
playing: boolean,
/**
 * Whether somebody can play there at all; a server without a screen only shares.
 */
player: boolean,
/**
 * Games that are unpacked there, sorted; `None` where they are too many to be told.
 */
installed: Array<string> | null,
/**
 * What runs there, sorted by game.
 */
operations: Array<PeerOperation>, };

/**
 * What runs at another peer.
 */
export type PeerOperation = {
/**
 * The game.
 */
id: string,
/**
 * What is done with it.
 */
kind: OperationKind,
/**
 * How much of it is done.
 */
percent: number,
/**
 * Milliseconds that are left, as far as it knows.
 */
time_left_ms: number | null,
/**
 * Whether it waits for something.
 */
waiting: boolean,
/**
 * From whom bytes come, the fastest first.
 */
sources: Array<PeerSource>, };

/**
 * A peer that another one fetches from.
 */
export type PeerSource = {
/**
 * Who sends.
 */
peer_id: string,
/**
 * Bytes per second that come from it.
 */
rate_bytes_per_s: number, };

/**
 * Who looks at a peer through an interface.
 */
export type Seat = "here" | "elsewhere" | "guest";

/**
 * A download that was asked for.
 */
export type Queued = {
/**
 * The game.
 */
id: string,
/**
 * Whether it is installed, too.
 */
install: boolean,
/**
 * How it stands.
 */
turn: Turn, };

/**
 * How a download that was asked for stands.
 */
export type Turn = "waiting" | "running" | "paused";

/**
 * What is kept of the user's wishes, as far as it may be seen.
 */
export type Wishes = {
/**
 * What the player and this peer are called; `None` for the machine's name.
 */
name: string | null,
/**
 * The player's language, if he chose one.
 */
language: Language | null,
/**
 * Whether a code of the party is kept.
 */
party_code: boolean,
/**
 * Whether what is kept there is not what this peer was started with, as a code on the command line or in the
 * environment goes before it, and one that is changed holds after the next start.
 */
party_code_differs: boolean,
/**
 * Whether the window's program starts with the system.
 */
start_with_system: boolean,
/**
 * Whether games are shared on when the window is closed.
 */
keep_in_tray: boolean,
/**
 * Whether whoever opens the page without its token may look and fetch games.
 */
guests: boolean,
/**
 * Whether something of it holds only after the next start.
 */
restart_needed: boolean, };

/**
 * Some entries of a log, the oldest first.
 */
export type LogPage<E> = {
/**
 * The entries; more may follow the last of them.
 */
entries: Array<E>,
/**
 * The number of the newest entry that there is; 0 if there is none.
 */
newest: number, };

/**
 * One line of the program's log.
 */
export type LogLine = {
/**
 * Counts up from 1.
 */
number: number,
/**
 * When, in milliseconds since 1970 by this machine's clock.
 */
at_ms: number,
/**
 * How much it matters.
 */
level: LogLevel,
/**
 * Which part of the program says it.
 */
target: string,
/**
 * What it says, at most [`LINE_TEXT_BYTES_MAX`] bytes.
 */
message: string, };

/**
 * How much a line of the log matters.
 */
export type LogLevel = "error" | "warn" | "info";

/**
 * One archive that was unpacked, or was not.
 */
export type UnpackRun = {
/**
 * Counts up from 1.
 */
number: number,
/**
 * When it ended, in milliseconds since 1970 by this machine's clock.
 */
at_ms: number,
/**
 * The game.
 */
id: string,
/**
 * The file name of the archive.
 */
archive: string,
/**
 * Milliseconds that it took.
 */
elapsed_ms: number,
/**
 * Bytes that came out of it.
 */
bytes: number,
/**
 * What it came to.
 */
result: UnpackResult,
/**
 * What else there is to say of it, at most [`UNPACK_OUTPUT_LINES_MAX`] lines.
 */
output: Array<string>, };

/**
 * What unpacking an archive came to.
 */
export type UnpackResult = "unpacked" | "failed" | "cancelled";

/**
 * One script of a game that ran, or could not.
 */
export type GameRun = {
/**
 * Counts up from 1.
 */
number: number,
/**
 * When it ended, in milliseconds since 1970 by this machine's clock.
 */
at_ms: number,
/**
 * The game.
 */
id: string,
/**
 * Which script.
 */
script: Script,
/**
 * The name of its file.
 */
file: string,
/**
 * Milliseconds that it ran.
 */
elapsed_ms: number,
/**
 * What it came to.
 */
result: GameResult,
/**
 * What it wrote last, at most [`GAME_OUTPUT_LINES_MAX`] lines.
 */
output: Array<string>, };

/**
 * What a script came to.
 */
export type GameResult = "ended" | "failed";

/**
 * One running operation.
 */
export type Operation = {
/**
 * The game.
 */
id: string,
/**
 * What is done with it.
 */
kind: OperationKind,
/**
 * How far it is, once that is known.
 */
progress: Progress | null, };

/**
 * What is done with a game.
 */
export type OperationKind = "download" | "install" | "uninstall" | "remove" | "verify" | "recover";

/**
 * How far an operation is.
 */
export type Progress = { "phase": "waiting",
/**
 * For what, in words.
 */
what: string,
/**
 * The same as a fact, for whoever says it in another language.
 */
why: WaitReason, } | { "phase": "checking",
/**
 * Bytes looked at.
 */
done_bytes: number,
/**
 * Bytes to look at.
 */
total_bytes: number, } | { "phase": "transferring",
/**
 * Bytes that are here and verified.
 */
verified_bytes: number,
/**
 * Bytes of the game.
 */
total_bytes: number,
/**
 * Bytes per second.
 */
rate_bytes_per_s: number,
/**
 * Milliseconds that are left at this rate.
 */
time_left_ms: number | null,
/**
 * How close it is to the least time there can be, in percent.
 */
efficiency_percent: number | null,
/**
 * From whom it comes.
 */
sources: Array<Source>, } | { "phase": "step",
/**
 * What is done.
 */
work: StepWork,
/**
 * The same in words.
 */
what: string,
/**
 * The archive that is unpacked.
 */
archive: string | null,
/**
 * Which archive or file, from 1.
 */
index: number,
/**
 * Of how many.
 */
count: number,
/**
 * Bytes done in all.
 */
done_bytes: number,
/**
 * Bytes to do in all, where that is known beforehand.
 */
total_bytes: number | null,
/**
 * How much of it is done, where that can be counted.
 */
percent: number | null, };

/**
 * For what an operation waits.
 */
export type WaitReason = { "kind": "files-in-use" } | { "kind": "source" } | { "kind": "asking",
/**
 * Who.
 */
peer: NamedPeer, } | { "kind": "retry" } | { "kind": "no-peer" } | { "kind": "no-peer-has-files" } | { "kind": "no-peer-has-version",
/**
 * The version of this party.
 */
expected: string,
/**
 * Which there are instead.
 */
found: Array<FoundVersion>, } | { "kind": "no-peer-has-pinned",
/**
 * The version.
 */
version: string,
/**
 * Who has other files.
 */
peers: Array<NamedPeer>, } | { "kind": "hashing",
/**
 * Its version.
 */
version: string,
/**
 * Who.
 */
peers: Array<NamedPeer>, };

/**
 * A peer and what it calls itself.
 */
export type NamedPeer = {
/**
 * Who it is.
 */
peer_id: string,
/**
 * What it calls itself.
 */
name: string, };

/**
 * A version of a game, and who has it.
 */
export type FoundVersion = {
/**
 * The version.
 */
version: string,
/**
 * Who has it.
 */
peers: Array<NamedPeer>, };

/**
 * What a step of the work on a game root does.
 */
export type StepWork = "unpacking" | "syncing" | "moving" | "keeping" | "checking";

/**
 * One peer that a game comes from.
 */
export type Source = {
/**
 * Who it is.
 */
peer_id: string,
/**
 * What it calls itself.
 */
name: string,
/**
 * Chunks that came from it.
 */
chunks: number,
/**
 * Bytes that came from it.
 */
bytes: number,
/**
 * Bytes per second.
 */
rate_bytes_per_s: number, };

/**
 * Who fetches what from here.
 */
export type Upload = {
/**
 * Who.
 */
peer_id: string,
/**
 * Which game.
 */
id: string,
/**
 * How many requests are served.
 */
requests: number,
/**
 * Bytes per second that leave for it.
 */
rate_bytes_per_s: number, };

/**
 * A game whose files are checked so that others can fetch it.
 */
export type Hashing = {
/**
 * The game.
 */
id: string,
/**
 * Bytes that were checked.
 */
done_bytes: number,
/**
 * Bytes to check; 0 until that is known.
 */
total_bytes: number, };

/**
 * An upload that ended.
 */
export type UploadEnded = {
/**
 * Counts up from 1 for each that ends.
 */
number: number,
/**
 * When it was over, in milliseconds since 1970 by this machine's clock.
 */
at_ms: number,
/**
 * The game.
 */
id: string,
/**
 * Who got it.
 */
peer_id: string,
/**
 * What it calls itself.
 */
name: string,
/**
 * Bytes that left for it.
 */
bytes: number,
/**
 * Milliseconds from its first request to the last byte.
 */
elapsed_ms: number, };

/**
 * A script of a game that runs.
 */
export type Running = {
/**
 * The game.
 */
id: string,
/**
 * Which script.
 */
script: Script,
/**
 * Since when, in milliseconds since 1970 by this machine's clock.
 */
since_ms: number, };

/**
 * A script of a game.
 */
export type Script = "setup" | "start" | "server" | "uninstall";

/**
 * How fast transfers may be, in bytes per second; `None` is no limit.
 */
export type Limits = {
/**
 * All that leaves.
 */
upload_bytes_per_s: number | null,
/**
 * What leaves for any one peer.
 */
upload_per_peer_bytes_per_s: number | null,
/**
 * All that comes.
 */
download_bytes_per_s: number | null,
/**
 * What comes from any one peer.
 */
download_per_peer_bytes_per_s: number | null, };

/**
 * An operation that ended.
 */
export type Finished = {
/**
 * Counts up from 1 for each that ends.
 */
number: number,
/**
 * When it ended, in milliseconds since 1970 by this machine's clock.
 */
at_ms: number,
/**
 * The game.
 */
id: string,
/**
 * What was done.
 */
kind: OperationKind,
/**
 * What it came to.
 */
outcome: Outcome, };

/**
 * What an operation came to.
 */
export type Outcome = { "result": "finished",
/**
 * Bytes that came.
 */
bytes: number,
/**
 * Milliseconds that it took.
 */
elapsed_ms: number,
/**
 * From whom they came.
 */
sources: Array<Source>,
/**
 * What the user should know of it.
 */
notes: Array<Note>, } | { "result": "failed",
/**
 * The kind of error, as `docs/JSONL.md` lists them.
 */
kind: string,
/**
 * What was tried, why it failed, what to do.
 */
message: string, } | { "result": "cancelled" };

/**
 * Something about a finished operation that the user may want to know.
 */
export type Note = { "kind": "files-stay",
/**
 * The first of them.
 */
names: Array<string>,
/**
 * How many more there are.
 */
more: number, } | { "kind": "taken",
/**
 * How many.
 */
files: number, } | { "kind": "kept-aside",
/**
 * How many.
 */
files: number,
/**
 * Where, below the game's folder.
 */
folder: string, } | { "kind": "not-taken",
/**
 * How many.
 */
entries: number, } | { "kind": "intent-damaged",
/**
 * What was wrong with it, in words.
 */
detail: string, } | { "kind": "left-out",
/**
 * The archive.
 */
archive: string,
/**
 * The entry.
 */
entry: string,
/**
 * Why.
 */
why: LeftOut, } | { "kind": "not-looked-at",
/**
 * What the disk did, in words.
 */
detail: string, } | { "kind": "all-right" } | { "kind": "nothing-to-compare",
/**
 * The version that nobody else has.
 */
version: string | null, };

/**
 * Why an entry of an archive is not unpacked.
 */
export type LeftOut = "dangling-link" | "links-unavailable" | "not-a-file";

/**
 * What the user should know.
 */
export type Notice = {
/**
 * Counts up from 1 for each.
 */
number: number,
/**
 * When it was told, in milliseconds since 1970 by this machine's clock.
 */
at_ms: number,
/**
 * What it is about, for whoever says it in another language.
 */
about: NoticeAbout,
/**
 * In words, with what to do.
 */
message: string, };

/**
 * What a notice is about. A kind of error is one that `docs/JSONL.md` lists.
 */
export type NoticeAbout = { "kind": "peer-refused",
/**
 * What it calls itself, or where it is.
 */
name: string,
/**
 * The kind of error.
 */
error: string, } | { "kind": "peer-kept-away",
/**
 * What it calls itself.
 */
name: string,
/**
 * Why.
 */
reason: AwayReason, } | { "kind": "peer-lost",
/**
 * What it calls itself.
 */
name: string,
/**
 * Why.
 */
reason: LostReason, } | { "kind": "connect-failed",
/**
 * The address.
 */
addr: string,
/**
 * The kind of error.
 */
error: string, } | { "kind": "conflict",
/**
 * The game.
 */
id: string,
/**
 * The version.
 */
version: string,
/**
 * How many sets of files are offered.
 */
sets: number,
/**
 * What follows.
 */
result: Conflict, } | { "kind": "game-failed",
/**
 * The game.
 */
id: string,
/**
 * The kind of error.
 */
error: string, } | { "kind": "source-dropped",
/**
 * The game.
 */
id: string,
/**
 * The source.
 */
peer_id: string,
/**
 * What it calls itself.
 */
name: string,
/**
 * Why.
 */
reason: DropReason, } | { "kind": "script-failed",
/**
 * The game.
 */
id: string,
/**
 * Which script.
 */
script: Script,
/**
 * What became of it.
 */
fault: ScriptFault, } | { "kind": "broken" } | { "kind": "discovery-fails",
/**
 * What keeps them from it.
 */
trouble: DiscoveryTrouble, } | { "kind": "discovery-works" } | { "kind": "too-many-advertised" } | { "kind": "folder-unreadable",
/**
 * What keeps it from that.
 */
fault: FolderFault, } | { "kind": "folder-readable" } | { "kind": "more-folder-unreadable",
/**
 * Where.
 */
path: string,
/**
 * What keeps it from that.
 */
fault: FolderFault, } | { "kind": "more-folder-readable",
/**
 * Where.
 */
path: string, } | { "kind": "found-twice",
/**
 * Which.
 */
games: Array<string>, } | { "kind": "folder-read-only",
/**
 * What keeps it from that.
 */
fault: FolderFault, } | { "kind": "folder-writable" } | { "kind": "folder-made",
/**
 * Where.
 */
path: string, } | { "kind": "library-full",
/**
 * How many are here.
 */
games: number, } | { "kind": "not-shared",
/**
 * The game.
 */
id: string,
/**
 * What the disk did.
 */
fault: FolderFault, } | { "kind": "expulsions-not-kept" } | { "kind": "queue-not-kept" } | { "kind": "state-file",
/**
 * What it held.
 */
file: StateFile, } | { "kind": "catalog-beside",
/**
 * Where.
 */
path: string, } | { "kind": "catalog-row" } | { "kind": "catalog-rows",
/**
 * How many more.
 */
more: number, } | { "kind": "no-covers" } | { "kind": "no-control" };

/**
 * Why a peer went away.
 */
export type LostReason = { "kind": "goodbye" } | { "kind": "silent",
/**
 * For how many seconds.
 */
seconds: number, } | { "kind": "kept-away" } | { "kind": "other-version" } | { "kind": "other-party" } | { "kind": "connection" };

/**
 * Why a source of a download was given up.
 */
export type DropReason = { "kind": "wrong-bytes",
/**
 * The file of which.
 */
file: string, } | { "kind": "protocol" } | { "kind": "refused" } | { "kind": "failed",
/**
 * How often.
 */
attempts: number, };

/**
 * What follows when peers offer different files.
 */
export type Conflict = "pinned" | "pinned-missing" | "most" | "tie";

/**
 * What became of a script that failed.
 */
export type ScriptFault = "not-prepared" | "not-started" | "ended-badly" | "too-long";

/**
 * What a file of Lanspread's own holds.
 */
export type StateFile = "identity" | "expelled" | "rates" | "settings" | "queue";

/**
 * A command as it stands on a line.
 */
export type Command = { "cmd": "status", } | { "cmd": "list-games", } | { "cmd": "list-files",
/**
 * The game.
 */
id: string, } | { "cmd": "list-peers", } | { "cmd": "connect",
/**
 * Where that peer accepts connections.
 */
addr: string, } | { "cmd": "expel",
/**
 * Who has to go.
 */
peer_id: string,
/**
 * For how long, in seconds.
 */
for_s?: number, } | { "cmd": "readmit",
/**
 * Who may come back.
 */
peer_id: string, } | { "cmd": "set-rate-limits",
/**
 * Of all that leaves.
 */
upload_bytes_per_s?: number | null,
/**
 * Of what leaves for any one peer.
 */
upload_per_peer_bytes_per_s?: number | null,
/**
 * Of all that comes.
 */
download_bytes_per_s?: number | null,
/**
 * Of what comes from any one peer.
 */
download_per_peer_bytes_per_s?: number | null, } | { "cmd": "set-playing",
/**
 * Whether the user plays.
 */
playing: boolean, } | { "cmd": "check-health", } | { "cmd": "say",
/**
 * What.
 */
text: string, } | { "cmd": "set-game-dir",
/**
 * The directory.
 */
path: string, } | { "cmd": "set-more-game-dirs",
/**
 * The directories.
 */
paths: Array<string>, } | { "cmd": "get-game",
/**
 * The game.
 */
id: string, } | { "cmd": "download",
/**
 * The game.
 */
id: string,
/**
 * Whether it is installed, too.
 */
install?: boolean,
/**
 * Whether the old version is deleted first, for a disk that cannot hold both.
 */
give_up_old?: boolean, } | { "cmd": "update",
/**
 * The game.
 */
id: string,
/**
 * Whether it is installed, too.
 */
install?: boolean,
/**
 * Whether the old version is deleted first, for a disk that cannot hold both.
 */
give_up_old?: boolean, } | { "cmd": "install",
/**
 * The game.
 */
id: string, } | { "cmd": "uninstall",
/**
 * The game.
 */
id: string, } | { "cmd": "remove",
/**
 * The game.
 */
id: string, } | { "cmd": "verify",
/**
 * The game.
 */
id: string, } | { "cmd": "cancel",
/**
 * The game.
 */
id: string, } | { "cmd": "play" } & ScriptStart | { "cmd": "start-server" } & ScriptStart | { "cmd": "queue",
/**
 * The game.
 */
id: string,
/**
 * Whether it is installed, too.
 */
install?: boolean,
/**
 * Whether the old version is deleted first, for a disk that cannot hold both.
 */
give_up_old?: boolean, } | { "cmd": "pause",
/**
 * The game.
 */
id: string, } | { "cmd": "resume",
/**
 * The game.
 */
id: string, } | { "cmd": "move",
/**
 * The game.
 */
id: string,
/**
 * The game before which it is put; at the end if none is named.
 */
before?: string | null, } | { "cmd": "change-settings" } & SettingsChange | { "cmd": "wait-peers",
/**
 * How many.
 */
count: number,
/**
 * For how long at most, in milliseconds; at most [`WAIT_MS_MAX`].
 */
timeout_ms: number, } | { "cmd": "shutdown", };

/**
 * A language that games are told.
 */
export type Language = "de" | "en" | "fr";

/**
 * Wishes of the user that change.
 */
export type SettingsChange = {
/**
 * What the player and this peer are called; empty for the machine's name. Others see it after the next start.
 */
name?: string | null,
/**
 * The player's language.
 */
language?: Language | null,
/**
 * The code of the party; empty for an open one. It holds after the next start.
 */
party_code?: string | null,
/**
 * Whether the window's program starts with the system.
 */
start_with_system?: boolean | null,
/**
 * Whether games are shared on when the window is closed.
 */
keep_in_tray?: boolean | null,
/**
 * Whether whoever opens the page without its token may look and fetch games.
 */
guests?: boolean | null, };

/**
 * A script of a game that is started, and what it is told.
 */
export type ScriptStart = {
/**
 * The game.
 */
id: string,
/**
 * What the player is called; this peer's name unless said.
 */
player?: string | null,
/**
 * The player's language; that of the settings unless said, and English without any.
 */
language?: Language | null, };
