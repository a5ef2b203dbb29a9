//! What a user interface needs of a peer, without a user interface.
//!
//! An [`App`] runs one peer and offers it as data: a [`Snapshot`] of the whole state, [`Patch`]es from one
//! snapshot to a newer one, and commands that are answered with typed errors. A window, a page and a
//! terminal show the same snapshot and hold no truth of their own. Invariant: it names no shell, neither
//! a window nor HTTP, and decides nothing that the peer could decide.

mod app;
mod compose;
mod covers;
mod history;
mod live;
mod patch;
mod play;
mod run;
mod snapshot;
mod start;
#[cfg(test)]
mod tests;

pub use app::{App, Events, Facts};
pub use covers::{COVER_BYTES_MAX, Cover};
pub use history::{FINISHED_MAX, NOTICES_MAX};
pub use live::{Live, SNAPSHOT_PERIOD};
pub use patch::{GamesPatch, Patch, Update};
pub use play::{INI_BYTES_MAX, LOG_BYTES_MAX, STAMP_ENTRIES_MAX, Script};
pub use run::{Asked, Ran};
pub use snapshot::{
    Action, Finished, Game, GameDetails, GameState, KeptAway, Limits, Me, Mode, Notice, NoticeKind,
    Offer, Operation, OperationKind, Outcome, Peer, Progress, Running, Snapshot, Source, Standing,
    Upload,
};
pub use start::{AppOptions, CATALOG_FILE, Chosen, StartError};
