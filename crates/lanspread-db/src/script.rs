//! The scripts that a game root can hold, and what their files are called.
//!
//! Invariant: each has one name on each system; which of several spellings is taken is for whoever reads
//! the root to say.

use serde::{Deserialize, Serialize};

/// A script of a game.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Script {
    /// Runs once, before the first start.
    Setup,
    /// Starts the game.
    Start,
    /// Starts a dedicated server.
    Server,
    /// Runs before what is unpacked is deleted.
    Uninstall,
}

impl Script {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Setup, Self::Start, Self::Server, Self::Uninstall];

    /// What the names of scripts end with on this system.
    pub const ENDING: &'static str = if cfg!(windows) { ".cmd" } else { ".sh" };

    /// Its name in logs and JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Setup => "setup",
            Self::Start => "start",
            Self::Server => "server",
            Self::Uninstall => "uninstall",
        }
    }

    /// The file's name on this system.
    #[must_use]
    pub const fn file_name(self) -> &'static str {
        if cfg!(windows) {
            match self {
                Self::Setup => "game_setup.cmd",
                Self::Start => "game_start.cmd",
                Self::Server => "server_start.cmd",
                Self::Uninstall => "game_uninst.cmd",
            }
        } else {
            match self {
                Self::Setup => "game_setup.sh",
                Self::Start => "game_start.sh",
                Self::Server => "server_start.sh",
                Self::Uninstall => "game_uninst.sh",
            }
        }
    }

    /// The script that a file of this name is here. Games come from systems that do not tell capitals apart,
    /// so neither does this.
    #[must_use]
    pub fn of_file(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|script| name.eq_ignore_ascii_case(script.file_name()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_is_known_by_its_file_in_whatever_capitals_and_no_other_file_is_one() {
        for script in Script::ALL {
            let name = script.file_name();
            assert!(name.ends_with(Script::ENDING), "{name}");
            assert_eq!(Script::of_file(name), Some(script));
            assert_eq!(Script::of_file(&name.to_uppercase()), Some(script));
            assert_eq!(Script::of_file(&format!("{name}.bak")), None);
        }
        assert_eq!(Script::of_file("game_start"), None);
    }
}
