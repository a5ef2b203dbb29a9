//! What a run comes to when something is not as it must be.
//!
//! Invariant: the first thing that is wrong is the one that is told.

use std::fmt;

use lanspread_core::Now;

/// What must always be true, by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Invariant {
    /// The code under test does not panic.
    NoPanic,
    /// The code under test logs nothing at level ERROR.
    NoErrorLog,
    /// Every effect is answered once, every command too.
    AnsweredOnce,
    /// A deadline that was kept moves on.
    DeadlinesMoveOn,
    /// Every operation that began ends once, and before the next of the same game begins.
    EndsOnce,
    /// Operation active, work, library settled, operation gone, finished.
    OrderOfEvents,
    /// A chunk is in exactly one state.
    OneStatePerChunk,
    /// No queue grows past its limit.
    WithinLimits,
    /// No unverified byte stands under a final name.
    VerifiedBytes,
    /// What a download in progress passes on to others is stored and verified.
    PassedOnVerified,
    /// A sentinel implies a complete game.
    CompleteGame,
    /// No download fails on a disk that works.
    DiskBlamed,
    /// Nothing foreign is removed or changed.
    ForeignStays,
    /// A player's saves survive.
    SavesStay,
    /// At rest the old game or the new one is there.
    GameStays,
    /// Peers are known by their listener addresses.
    ListenerAddress,
    /// At rest everybody sees everybody.
    Membership,
    /// Nobody hears anything twice, or from somebody who did not say it.
    HeardOnce,
    /// At rest everybody has heard what was said.
    HeardByAll,
    /// At rest whoever is expelled is out, and whoever was let in again is in.
    ExpelledOut,
    /// No file that is beside a pin comes from the network.
    PinsHold,
    /// At rest all libraries are known everywhere.
    Agreement,
    /// What one peer believes of another was so at some moment.
    BelievedWasSo,
    /// Revisions never go back within a run, and each is one library.
    RevisionsGoOn,
    /// What a look at a disk says is what lies there at that moment.
    LooksAreTrue,
    /// At rest what a peer says of its games is what lies on its disk.
    TruthOfDisk,
    /// At rest every wanted game that some live peer holds has arrived.
    WantedArrives,
    /// At rest no task, effect, staging or reserved directory is left over.
    NothingLeftOver,
    /// A party comes to rest.
    ComesToRest,
}

impl Invariant {
    /// What must be true, in words.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NoPanic => "no panic",
            Self::NoErrorLog => "no ERROR in the log",
            Self::AnsweredOnce => "every effect and command is answered once",
            Self::DeadlinesMoveOn => "deadlines move on",
            Self::EndsOnce => "every begun operation ends once",
            Self::OrderOfEvents => "the order of events",
            Self::OneStatePerChunk => "a chunk is in exactly one state",
            Self::WithinLimits => "every queue is within its limit",
            Self::VerifiedBytes => "no unverified byte under a final name",
            Self::PassedOnVerified => "a download in progress passes on what is verified",
            Self::CompleteGame => "a sentinel implies a complete game",
            Self::DiskBlamed => "no download fails on a disk that works",
            Self::ForeignStays => "nothing foreign is removed or changed",
            Self::GameStays => "at rest the old game or the new one is there",
            Self::SavesStay => "a player's saves survive",
            Self::ListenerAddress => "peers are known by their listener address",
            Self::Membership => "at rest everybody sees everybody",
            Self::HeardOnce => "what is said is heard once, from whoever said it",
            Self::HeardByAll => "at rest everybody has heard what was said",
            Self::ExpelledOut => "at rest the expelled are out and nobody else is",
            Self::PinsHold => "no file beside a pin comes from the network",
            Self::Agreement => "at rest all libraries are known everywhere",
            Self::BelievedWasSo => "what one believes of another was so at some moment",
            Self::RevisionsGoOn => "revisions never go back",
            Self::LooksAreTrue => "a look says what lies on the disk",
            Self::TruthOfDisk => "at rest peers tell what lies on their disks",
            Self::WantedArrives => "every wanted game that somebody holds arrives",
            Self::NothingLeftOver => "at rest nothing is left over",
            Self::ComesToRest => "a party comes to rest",
        }
    }
}

/// What a run came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// What is not true.
    pub invariant: Invariant,
    /// Where and how it shows.
    pub message: String,
    /// When, on the party's clock.
    pub at: Now,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.invariant.as_str();
        write!(f, "[{name}] after {:?}: {}", self.at.0, self.message)
    }
}
