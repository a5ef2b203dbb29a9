//! What a name in a game root means: content of the game, the player's, ours, or a stranger's.
//!
//! Its one invariant: the four kinds share no name, whatever the case or normalisation of the
//! name, so that a manifest can never name a file that Lanspread or another tool lives by. It
//! deliberately does not look at a disk: whether a reserved directory is really ours is proved
//! by the marker inside or by the intent log, not by its name.

use crate::rel_path::{self, RelPath};

/// The file whose presence in a game root means "downloaded".
pub const SENTINEL: &str = "version.ini";
/// The directory whose presence in a game root means "installed". It belongs to the player.
pub const INSTALL_DIR: &str = "local";
/// Where the sentinel is written before it is renamed into place.
pub const SENTINEL_TMP: &str = ".version.ini.tmp";
/// Where the old sentinel is parked while a new version moves in.
pub const DISCARDED_SENTINEL: &str = ".version.ini.discarded";
/// Where archives are unpacked before they become the install.
pub const INSTALLING_DIR: &str = ".local.installing";
/// Where the previous install waits until the new one stands.
pub const BACKUP_DIR: &str = ".local.backup";
/// Where a download gathers before it becomes the game.
pub const DOWNLOAD_DIR: &str = ".lanspread.download";
/// The intent log.
pub const INTENT_FILE: &str = ".lanspread.json";
/// The file that proves that a reserved directory was made by Lanspread.
pub const OWNER_MARKER: &str = ".lanspread_owned";

/// Every name in a game root that begins so is Lanspread's.
const OWN_PREFIX: &str = ".lanspread";
const OWN_NAMES: [&str; 4] = [SENTINEL_TMP, DISCARDED_SENTINEL, INSTALLING_DIR, BACKUP_DIR];

/// Directly in a game root, these are another tool's. In the form of a fold key.
const FOREIGN_ROOT_NAMES: [&str; 3] = [".sync", ".syncignore", ".softlan_game_installed"];
/// At any depth, these are what an operating system leaves behind. In the form of a fold key.
const FOREIGN_NAMES: [&str; 3] = ["thumbs.db", "desktop.ini", ".ds_store"];
/// At any depth, another tool's unfinished files end so. In the form of a fold key.
const FOREIGN_SUFFIX: &str = ".!sync";

/// Whose a path below a game root is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RootEntry {
    /// The game's: listed in manifests, hashed, served.
    Content,
    /// The player's install, `local/` and all below.
    Install,
    /// Lanspread's own bookkeeping, there only while something is being done.
    Transient,
    /// Another tool's or the operating system's: never served and never touched.
    Foreign,
}

impl RootEntry {
    /// Says whose `path`, relative to a game root, is.
    #[must_use]
    pub fn of(path: &RelPath) -> Self {
        let key = path.fold_key();
        let mut components = key.split('/');
        let root_name = components.next().unwrap_or_default();
        if root_name == INSTALL_DIR {
            return Self::Install;
        }
        if root_name.starts_with(OWN_PREFIX) || OWN_NAMES.contains(&root_name) {
            return Self::Transient;
        }
        let foreign = |name: &str| FOREIGN_NAMES.contains(&name) || name.ends_with(FOREIGN_SUFFIX);
        if FOREIGN_ROOT_NAMES.contains(&root_name) || foreign(root_name) || components.any(foreign)
        {
            return Self::Foreign;
        }
        Self::Content
    }

    /// Says whose an entry directly in a game root is. A name that is no [`RelPath`] component
    /// cannot travel and is therefore [`RootEntry::Foreign`].
    #[must_use]
    pub fn of_name(name: &str) -> Self {
        if name.is_empty() || name.contains('/') || rel_path::check_component(name).is_err() {
            return Self::Foreign;
        }
        RelPath::parse(name).map_or(Self::Foreign, |path| Self::of(&path))
    }
}
