//! The runtime of a peer: the driver around the pure core, and the adapters to network and disk.
//!
//! [`start_peer`] is the way in: commands go in by [`PeerRuntimeHandle::command`], events come out of
//! the channel that was given, and [`PeerGameDB`] holds the merged view. Invariant: nothing is decided
//! here that [`lanspread_core`] could decide.

mod driver;
mod events;
mod executor;
mod expelled_file;
mod game_db;
mod handle;
pub mod identity;
pub mod net;
mod options;
mod party_code;
mod rates_file;
mod shared_game;
mod start;
pub mod state_file;
mod state_lock;
mod supervisor;
mod tasks;

pub use events::EVENTS_PENDING_MAX;
pub use expelled_file::{EXPELLED_FILE, EXPELLED_FILE_BYTES_MAX};
pub use game_db::PeerGameDB;
pub use handle::{PeerRuntimeHandle, RuntimeEnd};
pub use lanspread_core::limits::{EXPEL_TIME, EXPEL_TIME_MAX, EXPEL_TIME_MIN, EXPULSIONS_MAX};
pub use lanspread_core::rates::RATE_MIN_BYTES_PER_S;
pub use lanspread_core::transfer::DropReason;
pub use lanspread_core::{
    AfterDownload, CommandRefused, DiscoveryState, DiscoveryTrouble, DiskFailure, DiskFailureKind,
    DownloadRoom, ErrorKind, ExpelledBy, GameProblem, GameProblemKind, GameView, Gathered,
    HashingView, KeepAwayReason, KeptAwayView, LeftOut, LimitChange, LimitChanges, LostReason,
    MessageView, NamedPeer, Notice, NoticeAbout, Offence, Offer, OfferView, OperationError,
    OperationKind, OperationNote, OperationReport, OperationView, OutboundView, Outcome,
    PeerCommand, PeerEvent, PeerInfo, PeerView, Playing, Progress, RateLimit, RateLimits,
    RateTooLow, SourceShare, Standing, StateFile, StepProgress, StepWork, Timing, WaitReason,
};
pub use lanspread_disk::{GameHasher, Unreadable, failure_kind};
pub use lanspread_proto::{
    ListenAddr, MessageText, MessageTextError, PROTOCOL_VERSION, PeerId, PeerName, PeerOperation,
    PeerSource, PeerStatus, TableName, TableNameError, Work,
};
pub use net::{Adapter, AdapterKind};
pub use options::{DiscoveryMode, PeerOptions, default_state_dir, host_name};
pub use party_code::{
    CODE_DISTINCT_MIN, CODE_SYMBOLS_MAX, CODE_SYMBOLS_MIN, CODE_TEXT_BYTES_MAX, PartyCode,
    PartyCodeError,
};
pub use rates_file::{RATES_FILE, RATES_FILE_BYTES_MAX};
pub use shared_game::{ReadSharedError, SharedGame};
pub use start::{StartError, start_peer, start_peer_with};
