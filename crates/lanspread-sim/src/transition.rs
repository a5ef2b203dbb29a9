//! What can happen to a party: one enum, weighted, and the step that a few bytes stand for.
//!
//! Invariant: a step follows from its own bytes alone, and zeros mean that nothing happens. It does
//! not know whether a step makes sense at the time: what cannot happen then does not.

use std::time::Duration;

use crate::choices::Choices;

macro_rules! transitions {
    ($($(#[doc = $doc:literal])+ $name:ident = $weight:literal, $text:literal;)+) => {
        /// What can happen.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Transition {
            $($(#[doc = $doc])+ $name,)+
        }

        impl Transition {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// How many of 256 steps are this one.
            #[must_use]
            pub const fn weight(self) -> u16 {
                match self { $(Self::$name => $weight,)+ }
            }

            /// What it is called in traces and counts.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)+ }
            }
        }
    };
}

transitions! {
    /// Nothing; time passes.
    Nothing = 2, "nothing";
    /// A guest arrives, or comes back, under the old address or another.
    Arrive = 26, "arrive";
    /// A guest leaves politely.
    Leave = 5, "leave";
    /// The process dies; what it wrote stays.
    Kill = 5, "kill";
    /// The power fails: what was not synced is lost.
    PowerCut = 6, "power-cut";
    /// The power fails within one of the next operations of the disk.
    PowerCutSoon = 8, "power-cut-soon";
    /// A cable is pulled.
    Unplug = 5, "unplug";
    /// A cable is put in again.
    Plug = 5, "plug";
    /// A table is cut off from the others.
    CutTable = 3, "cut-table";
    /// A table is connected again.
    JoinTable = 3, "join-table";
    /// Multicast stops reaching a peer, or a table's peers.
    Deafen = 2, "deafen";
    /// Multicast reaches them again.
    Hear = 2, "hear";
    /// A laptop is closed for a while; then everything comes at once.
    Suspend = 4, "suspend";
    /// A machine becomes slow, or fast again.
    Slow = 2, "slow";
    /// The clock on the wall jumps.
    JumpClock = 2, "jump-clock";
    /// A source begins to send wrong bytes, or stops doing so.
    Lie = 5, "lie";
    /// A user starts a download or an update.
    Download = 42, "download";
    /// A user ends an operation.
    Cancel = 6, "cancel";
    /// A user lets a download rest.
    Pause = 2, "pause";
    /// A user installs a game.
    Install = 12, "install";
    /// A user uninstalls a game.
    Uninstall = 6, "uninstall";
    /// A user removes a game.
    Remove = 6, "remove";
    /// A user has a game verified.
    Verify = 6, "verify";
    /// A user asks what a download would fetch.
    Ask = 4, "ask";
    /// A user connects to an address.
    Connect = 2, "connect";
    /// A user chooses another game directory.
    ChangeGameDir = 3, "change-game-dir";
    /// Another catalog rules this peer, which is started anew.
    ChangeCatalog = 3, "change-catalog";
    /// Somebody puts a game there by hand.
    PutGame = 18, "put-game";
    /// Somebody changes a file of a game.
    ChangeFile = 5, "change-file";
    /// A file rots: other bytes, the same size and times.
    RotFile = 4, "rot-file";
    /// Somebody deletes a file of a game.
    DeleteFile = 4, "delete-file";
    /// Somebody deletes a game with everything in it.
    DeleteGame = 4, "delete-game";
    /// Somebody puts a file into a root that is none of the game's.
    AddForeign = 6, "add-foreign";
    /// A player saves.
    Save = 7, "save";
    /// The disk is nearly full.
    FillDisk = 4, "fill-disk";
    /// There is room again.
    FreeDisk = 4, "free-disk";
    /// One of the next operations of the disk fails.
    FailDisk = 6, "fail-disk";
    /// The connection between two peers breaks.
    Break = 2, "break";
    /// A player saves, and gets another edition of the game around what was saved.
    Renew = 6, "renew";
    /// A guest starts again with another party code, or without one.
    ChangeCode = 2, "change-code";
    /// A user, or the organiser, expels a peer.
    Expel = 2, "expel";
    /// A user, or the organiser, lets one in again.
    Readmit = 3, "readmit";
    /// A user says something to the party.
    Say = 2, "say";
}

/// One step of a walk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// What happens.
    pub transition: Transition,
    /// To whom, as a byte: a share of all peers.
    pub who: u8,
    /// To which game, likewise.
    pub game: u8,
    /// How; what it means depends on the transition.
    pub how: [u8; 4],
    /// How long nothing else happens afterwards.
    pub pause: Duration,
}

/// Pauses after a step, in milliseconds.
const PAUSES_MS: [u64; 12] = [0, 1, 2, 5, 20, 60, 200, 500, 1_000, 3_000, 6_000, 20_000];

impl Step {
    /// The step that these bytes stand for.
    #[must_use]
    pub fn read(bytes: &[u8]) -> Self {
        let mut choices = Choices::new(bytes);
        let mut rest = u16::from(choices.byte());
        let transition = Transition::ALL.iter().copied().find(|transition| {
            let is_it = rest < transition.weight();
            rest = rest.saturating_sub(transition.weight());
            is_it
        });
        let (who, game) = (choices.byte(), choices.byte());
        let pause = Duration::from_millis(choices.one_of(&PAUSES_MS));
        let how = [
            choices.byte(),
            choices.byte(),
            choices.byte(),
            choices.byte(),
        ];
        Self {
            transition: transition.unwrap_or(Transition::Nothing),
            who,
            game,
            how,
            pause,
        }
    }
}

/// The share of `end` that a byte stands for.
#[must_use]
pub(crate) fn share(byte: u8, end: usize) -> usize {
    usize::from(byte) * end / 256
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_weights_share_out_all_values_of_a_byte() {
        let sum: u16 = Transition::ALL.iter().map(|it| it.weight()).sum();
        assert_eq!(sum, 256);
    }

    #[test]
    fn zeros_mean_that_nothing_happens_and_every_transition_has_its_bytes() {
        let nothing = Step::read(&[]);
        assert_eq!(nothing.transition, Transition::Nothing);
        assert_eq!(nothing.pause, Duration::ZERO);
        let all: BTreeSet<Transition> = (0..=255).map(|b| Step::read(&[b]).transition).collect();
        assert_eq!(all.len(), Transition::ALL.len());
    }
}
