//! Which input answers which effect.
//!
//! Invariant: an effect with an id is answered by exactly one input with that id that is no progress.

use super::{Effect, EffectId, Input};

impl Input {
    /// The effect it answers or reports on, if it does.
    #[must_use]
    pub const fn effect(&self) -> Option<EffectId> {
        match self {
            Self::Dialed { effect, .. }
            | Self::Responded { effect, .. }
            | Self::ManifestFetched { effect, .. }
            | Self::Served { effect, .. }
            | Self::ChunkStored { effect, .. }
            | Self::ChunksFetched { effect, .. }
            | Self::ManifestRecalled { effect, .. }
            | Self::LibraryScanned { effect, .. }
            | Self::RootScanned { effect, .. }
            | Self::HashProgress { effect, .. }
            | Self::RootHashed { effect, .. }
            | Self::RootObserved { effect, .. }
            | Self::StepProgress { effect, .. }
            | Self::StepDone { effect, .. }
            | Self::PrepareProgress { effect, .. }
            | Self::DownloadPrepared { effect, .. }
            | Self::ExpelledKept { effect, .. }
            | Self::RateLimitsKept { effect, .. }
            | Self::GameDirOpened { effect, .. } => Some(*effect),
            Self::ListenerBound { .. }
            | Self::Tick
            | Self::Discovered(_)
            | Self::Command { .. }
            | Self::Requested { .. }
            | Self::Disconnected { .. }
            | Self::GameDirChanged { .. }
            | Self::OtherVersion { .. }
            | Self::Misbehaved { .. }
            | Self::Delays(_)
            | Self::OtherParty { .. }
            | Self::Trouble { .. }
            | Self::Discovery(_)
            | Self::Shutdown => None,
        }
    }

    /// Whether it only says how far an effect is.
    #[must_use]
    pub const fn is_progress(&self) -> bool {
        matches!(
            self,
            Self::ChunkStored { .. }
                | Self::HashProgress { .. }
                | Self::StepProgress { .. }
                | Self::PrepareProgress { .. }
        )
    }
}

impl Effect {
    /// The id under which it is answered, if it is.
    #[must_use]
    pub const fn id(&self) -> Option<EffectId> {
        match self {
            Self::Dial { effect, .. }
            | Self::Request { effect, .. }
            | Self::FetchManifest { effect, .. }
            | Self::ServeManifest { effect, .. }
            | Self::ServeChunks { effect, .. }
            | Self::FetchChunks { effect, .. }
            | Self::KeepExpelled { effect, .. }
            | Self::KeepRateLimits { effect, .. }
            | Self::OpenGameDir { effect, .. }
            | Self::OpenMoreGameDirs { effect, .. }
            | Self::RecallManifest { effect, .. }
            | Self::ScanLibrary { effect }
            | Self::ScanRoot { effect, .. }
            | Self::HashRoot { effect, .. }
            | Self::ObserveRoot { effect, .. }
            | Self::RunStep { effect, .. }
            | Self::PrepareDownload { effect, .. } => Some(*effect),
            Self::Emit(_)
            | Self::Answer { .. }
            | Self::Show
            | Self::Reply { .. }
            | Self::Advertise { .. }
            | Self::Disconnect { .. }
            | Self::KeepAway { .. }
            | Self::Readmit { .. }
            | Self::SetRates { .. }
            | Self::Abort { .. }
            | Self::Stopped => None,
        }
    }
}
