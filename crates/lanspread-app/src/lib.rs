//! What a user interface needs of a peer, without a user interface.
//!
//! An [`App`] runs one peer and offers it as data: a [`Snapshot`] of the whole state, [`Patch`]es from one
//! snapshot to a newer one, and commands that are answered with typed errors. A window, a page and a
//! terminal show the same snapshot and hold no truth of their own. Invariant: it names no shell, neither
//! a window nor HTTP, and decides nothing that the peer could decide.

mod app;
mod clocks;
mod compose;
mod covers;
mod files;
mod first_seen;
mod health;
mod history;
mod install_size;
mod live;
mod logs;
mod patch;
mod play;
mod probe;
mod queue;
mod run;
mod settings;
mod shell;
mod snapshot;
mod start;
mod tend;
#[cfg(test)]
mod tests;
mod told;

pub use lanspread_db::Script;

pub use app::{App, Events, Facts};
pub use covers::{ASSETS_BYTES_MAX, ASSETS_ENTRIES_MAX, ASSETS_FILE, COVER_BYTES_MAX, Cover};
pub use files::{FILES_TOLD_MAX, GameFile, GameFiles};
pub use first_seen::{FIRST_SEEN_FILE, FIRST_SEEN_FILE_BYTES_MAX, FIRST_SEEN_MAX};
pub use health::{
    ADAPTERS_MAX, AdapterKind, ClockCheck, FolderCheck, FolderFault, FolderProblem, Health,
    NetworkAdapter,
};
pub use history::{FINISHED_MAX, NOTICES_MAX, UPLOADS_ENDED_MAX};
pub use install_size::{INSTALL_ENTRIES_MAX, InstallSize};
pub use live::{Live, SNAPSHOT_PERIOD};
pub use logs::{
    ApplicationLog, GAME_OUTPUT_LINES_MAX, GameResult, GameRun, LINE_TEXT_BYTES_MAX,
    LOG_ENTRIES_MAX, LOG_FILE_BYTES_MAX, LOG_PAGE_ENTRIES_MAX, Log, LogLevel, LogLine, LogPage,
    UNPACK_OUTPUT_LINES_MAX, UnpackResult, UnpackRun,
};
pub use patch::{GamesPatch, Patch, Update};
pub use play::{
    INI_BYTES_MAX, LOG_BYTES_MAX, RUNNING_DIR, RUNNING_FILE_BYTES_MAX, RUNNING_FILES_MAX,
    STAMP_ENTRIES_MAX, Scripts,
};
pub use queue::{GATHERING_MAX, QUEUE_MAX};
pub use run::{Asked, Ran};
pub use settings::{Loaded, SETTINGS_FILE, SETTINGS_FILE_BYTES_MAX, Settings};
pub use shell::{GuestLinks, Proposal};
pub use snapshot::{
    Action, Discovery, Finished, Game, GameDetails, GameState, Gathered, Hashing, KeptAway, Limits,
    Me, Message, Mode, MoreGamesDir, Notice, Offer, Operation, OperationKind, Outcome, Peer,
    PeerOperation, PeerSource, PeerStatus, Progress, Queued, Running, Seat, Snapshot, Source,
    Standing, StepWork, Turn, Upload, UploadEnded, Wishes,
};
pub use start::{
    AppOptions, CATALOG_FILE, Chosen, IfAway, StartError, Stay, catalog_beside, default_games_dir,
};
pub use tend::{QUEUE_FILE, QUEUE_FILE_BYTES_MAX};
pub use told::{
    AwayReason, Conflict, DiscoveryTrouble, DropReason, ExpelledBy, FoundVersion, LeftOut,
    LostReason, NamedPeer, Note, NoticeAbout, Offence, Problem, ProblemKind, ScriptFault,
    StateFile, WaitReason,
};
