//! What can be disturbed, from where it starts, and how it is asked for.
//!
//! The invariant: every operation of the program that changes a disk is one of these.

use serde_json::{Value, json};

use super::cast::GAME;
use super::states::State;

/// One thing that a user asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Operation {
    Download,
    DownloadAndInstall,
    Update,
    UpdateAndInstall,
    Install,
    Uninstall,
    Remove,
    Verify,
    Cancel,
}

impl Operation {
    /// All of them; the long ones more often, because more can happen to them.
    pub(super) const ALL: [Self; 12] = [
        Self::Download,
        Self::DownloadAndInstall,
        Self::DownloadAndInstall,
        Self::Update,
        Self::UpdateAndInstall,
        Self::UpdateAndInstall,
        Self::UpdateAndInstall,
        Self::Install,
        Self::Uninstall,
        Self::Remove,
        Self::Verify,
        Self::Cancel,
    ];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Download => "download",
            Self::DownloadAndInstall => "download and install",
            Self::Update => "update",
            Self::UpdateAndInstall => "update and install",
            Self::Install => "install",
            Self::Uninstall => "uninstall",
            Self::Remove => "remove",
            Self::Verify => "verify",
            Self::Cancel => "cancelled download",
        }
    }

    /// What is there before.
    pub(super) const fn from(self) -> State {
        match self {
            Self::Download | Self::DownloadAndInstall | Self::Cancel => State::Nothing,
            Self::Update | Self::UpdateAndInstall => State::OldInstalled,
            Self::Install => State::NewDownloaded,
            Self::Uninstall => State::NewInstalled,
            Self::Remove => State::NewAlone,
            Self::Verify => State::NewDamaged,
        }
    }

    /// What is asked.
    pub(super) fn command(self) -> Value {
        match self {
            Self::Download | Self::Cancel => {
                json!({ "cmd": "download", "id": GAME, "install": false })
            }
            Self::DownloadAndInstall => json!({ "cmd": "download", "id": GAME, "install": true }),
            Self::Update => json!({ "cmd": "update", "id": GAME, "install": false }),
            Self::UpdateAndInstall => json!({ "cmd": "update", "id": GAME, "install": true }),
            Self::Install => json!({ "cmd": "install", "id": GAME }),
            Self::Uninstall => json!({ "cmd": "uninstall", "id": GAME }),
            Self::Remove => json!({ "cmd": "remove", "id": GAME }),
            Self::Verify => json!({ "cmd": "verify", "id": GAME }),
        }
    }

    /// The first words of the events in the order in which they end.
    pub(super) const fn parts(self) -> &'static [&'static str] {
        match self {
            Self::Download | Self::Update | Self::Cancel => &["download"],
            Self::DownloadAndInstall | Self::UpdateAndInstall => &["download", "install"],
            Self::Install => &["install"],
            Self::Uninstall => &["uninstall"],
            Self::Remove => &["remove"],
            Self::Verify => &["verify"],
        }
    }

    /// The operation that leads half the way, where there is a whole game half the way.
    pub(super) const fn half(self) -> Option<Self> {
        match self {
            Self::DownloadAndInstall => Some(Self::Download),
            Self::UpdateAndInstall => Some(Self::Update),
            Self::Download
            | Self::Update
            | Self::Install
            | Self::Uninstall
            | Self::Remove
            | Self::Verify
            | Self::Cancel => None,
        }
    }

    /// Whether it fetches anything.
    pub(super) const fn needs_sources(self) -> bool {
        match self {
            Self::Download
            | Self::DownloadAndInstall
            | Self::Update
            | Self::UpdateAndInstall
            | Self::Verify
            | Self::Cancel => true,
            Self::Install | Self::Uninstall | Self::Remove => false,
        }
    }
}
