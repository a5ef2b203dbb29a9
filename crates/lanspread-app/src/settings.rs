//! What is kept of the user's wishes: his name, his language, where his games lie.
//!
//! Invariant: every interface of this user's machine reads the same file, and what is said on a command line
//! goes before it. A file that cannot be used is put aside and said so. The party's code is in no debug
//! output and leaves the file for nobody but the peer.

use std::path::{Path, PathBuf};

use lanspread_jsonl::{Language, SettingsChange};
use lanspread_peer::{
    CommandRefused, DiskFailure, ErrorKind, PartyCode, PartyCodeError, PeerName, host_name,
    state_file::{check_format, put_aside, read_json, write_json},
};
use serde::{Deserialize, Serialize};

/// The file, in the state directory.
pub const SETTINGS_FILE: &str = "settings.json";

/// What a file that cannot be used is renamed to.
const DAMAGED_FILE: &str = "settings.json.damaged";

/// Longest file that is read, in bytes.
pub const SETTINGS_FILE_BYTES_MAX: u64 = 64 * 1024;

/// The format of the file.
const FORMAT: u32 = 1;

/// What is kept of the user's wishes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// What the player and this peer are called; the machine's name unless set.
    pub name: Option<PeerName>,
    /// The player's language; the system's unless set.
    pub language: Option<Language>,
    /// The folder of games.
    pub games_dir: Option<PathBuf>,
    /// The folders of games beside that one.
    pub more_games_dirs: Vec<PathBuf>,
    /// The code of the party.
    pub party_code: Option<PartyCode>,
    /// Whether the window's program starts with the system.
    pub start_with_system: bool,
    /// Whether games are shared on when the window is closed.
    pub keep_in_tray: bool,
    /// Whether whoever opens the page without its token may look and fetch games.
    pub guests: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            name: None,
            language: None,
            games_dir: None,
            more_games_dirs: Vec::new(),
            party_code: None,
            start_with_system: false,
            keep_in_tray: true,
            guests: false,
        }
    }
}

/// What was read at the start.
#[derive(Debug, Default)]
pub struct Loaded {
    /// What was wished, or the defaults.
    pub settings: Settings,
    /// Whether nobody was asked yet.
    pub first_run: bool,
    /// What the user should know of the file.
    pub trouble: Option<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Content {
    format: u32,
    name: Option<PeerName>,
    language: Option<Language>,
    games_dir: Option<PathBuf>,
    // Files of before there could be several do not name it.
    #[serde(default)]
    more_games_dirs: Vec<PathBuf>,
    party_code: Option<String>,
    start_with_system: bool,
    keep_in_tray: bool,
    guests: bool,
}

impl Settings {
    /// Reads what was wished in an earlier run.
    #[must_use]
    pub fn load(state_dir: &Path) -> Loaded {
        let path = state_dir.join(SETTINGS_FILE);
        match Self::read(&path) {
            Ok(found) => Loaded {
                first_run: found.is_none(),
                settings: found.unwrap_or_default(),
                trouble: None,
            },
            Err(why) => {
                let kept = put_aside(&path, DAMAGED_FILE);
                Loaded {
                    settings: Self::default(),
                    first_run: true,
                    trouble: Some(format!(
                        "the settings in {} cannot be used ({why}), so they begin anew; {kept}",
                        path.display()
                    )),
                }
            }
        }
    }

    fn read(path: &Path) -> Result<Option<Self>, String> {
        let Some(content) = read_json::<Content>(path, SETTINGS_FILE_BYTES_MAX)? else {
            return Ok(None);
        };
        check_format(content.format, FORMAT)?;
        let code = content.party_code.as_deref().map(PartyCode::parse);
        Ok(Some(Self {
            name: content.name,
            language: content.language,
            games_dir: content.games_dir,
            more_games_dirs: content.more_games_dirs,
            party_code: code
                .transpose()
                .map_err(|error: PartyCodeError| error.to_string())?,
            start_with_system: content.start_with_system,
            keep_in_tray: content.keep_in_tray,
            guests: content.guests,
        }))
    }

    /// What this peer is called.
    #[must_use]
    pub fn name_or_default(&self) -> PeerName {
        self.name
            .clone()
            .unwrap_or_else(|| PeerName::new(&host_name()))
    }

    /// Writes them for the next start, whole or not at all, for their owner only.
    ///
    /// # Errors
    /// What the system says, with the file.
    pub fn save(&self, state_dir: &Path) -> Result<(), DiskFailure> {
        let content = Content {
            format: FORMAT,
            name: self.name.clone(),
            language: self.language,
            games_dir: self.games_dir.clone(),
            more_games_dirs: self.more_games_dirs.clone(),
            party_code: self
                .party_code
                .as_ref()
                .map(|code| code.reveal().to_string()),
            start_with_system: self.start_with_system,
            keep_in_tray: self.keep_in_tray,
            guests: self.guests,
        };
        write_json(&state_dir.join(SETTINGS_FILE), &content)
    }

    /// The same with something changed.
    ///
    /// # Errors
    /// A party code that could be guessed.
    pub(crate) fn with(mut self, change: SettingsChange) -> Result<Self, CommandRefused> {
        let SettingsChange {
            name,
            language,
            party_code,
            start_with_system,
            keep_in_tray,
            guests,
        } = change;
        if let Some(name) = name {
            let name = name.trim();
            self.name = (!name.is_empty()).then(|| PeerName::new(name));
        }
        if let Some(code) = party_code {
            self.party_code = if code.trim().is_empty() {
                None
            } else {
                let code = PartyCode::parse(&code).map_err(|error| CommandRefused {
                    kind: ErrorKind::BadInput,
                    message: error.to_string(),
                })?;
                Some(code)
            };
        }
        self.language = language.or(self.language);
        self.start_with_system = start_with_system.unwrap_or(self.start_with_system);
        self.keep_in_tray = keep_in_tray.unwrap_or(self.keep_in_tray);
        self.guests = guests.unwrap_or(self.guests);
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changed(change: SettingsChange) -> Result<Settings, CommandRefused> {
        Settings::default().with(change)
    }

    #[test]
    fn what_was_wished_is_there_after_a_restart() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let first = Settings::load(dir.path());
        assert!(first.first_run && first.trouble.is_none());
        let settings = Settings {
            name: Some(PeerName::new("Anna")),
            language: Some(Language::De),
            games_dir: Some("/games".into()),
            more_games_dirs: vec!["/more".into(), "/most".into()],
            party_code: PartyCode::parse("k7m2-x9qd").ok(),
            keep_in_tray: false,
            ..Settings::default()
        };
        settings.save(dir.path()).expect("writable");
        let again = Settings::load(dir.path());
        assert_eq!(again.settings, settings);
        assert!(!again.first_run);
        assert!(again.settings.party_code.is_some());
    }

    #[test]
    fn a_file_of_before_there_could_be_several_folders_is_read() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        Settings::default().save(dir.path()).expect("writable");
        let path = dir.path().join(SETTINGS_FILE);
        let text = std::fs::read_to_string(&path).expect("readable");
        let mut content: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        let removed = content
            .as_object_mut()
            .and_then(|all| all.remove("more_games_dirs"));
        assert!(removed.is_some());
        std::fs::write(&path, content.to_string()).expect("writable");
        let loaded = Settings::load(dir.path());
        assert_eq!(
            (loaded.settings, loaded.trouble),
            (Settings::default(), None)
        );
    }

    #[test]
    fn a_file_that_cannot_be_used_is_put_aside_and_told() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let path = dir.path().join(SETTINGS_FILE);
        let too_long = " ".repeat(usize::try_from(SETTINGS_FILE_BYTES_MAX).expect("small") + 1);
        for broken in ["", "{", r#"{"format":2}"#, &too_long] {
            std::fs::write(&path, broken).expect("writable");
            let loaded = Settings::load(dir.path());
            assert!(loaded.trouble.is_some() && loaded.first_run, "{broken:.20}");
            assert_eq!(loaded.settings, Settings::default());
            assert!(dir.path().join(DAMAGED_FILE).exists());
        }
    }

    #[test]
    fn what_is_not_named_stays_and_an_empty_text_takes_back() {
        let name = |name: &str| SettingsChange {
            name: Some(name.to_owned()),
            ..SettingsChange::default()
        };
        let anna = changed(name(" Anna ")).expect("a name");
        assert_eq!(anna.name, Some(PeerName::new("Anna")));
        let same = anna.clone().with(SettingsChange::default());
        assert_eq!(same, Ok(anna.clone()));
        assert_eq!(anna.with(name("")).expect("no name").name, None);
    }

    #[test]
    fn a_party_code_that_could_be_guessed_is_refused_and_shown_in_no_message() {
        let code = |code: &str| SettingsChange {
            party_code: Some(code.to_owned()),
            ..SettingsChange::default()
        };
        let refusal = changed(code("hunter2")).expect_err("too short");
        assert_eq!(refusal.kind, ErrorKind::BadInput);
        assert!(!refusal.message.contains("hunter2"));
        let kept = changed(code("k7m2-x9qd")).expect("a good one");
        assert!(!format!("{kept:?}").contains("k7m2"));
        assert_eq!(kept.with(code("")).expect("none").party_code, None);
    }
}
