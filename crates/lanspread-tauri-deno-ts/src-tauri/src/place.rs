//! Where things lie and how the peer takes part, as the environment says it: the same variables that the
//! command line reads, for tests and for those who script.
//!
//! Invariant: nothing is made here.

use std::{
    env,
    ffi::OsString,
    net::{IpAddr, SocketAddr},
    path::{Path, PathBuf},
};

use lanspread_app::{AppOptions, ApplicationLog, Chosen, IfAway, Settings, StartError};
use lanspread_control::key_of;
use lanspread_peer::{PartyCode, default_state_dir};

/// The window's place on the screen, in the state directory.
const WINDOW_STATE_FILE: &str = "window.json";

/// What the environment says.
#[derive(Debug, Clone, Default)]
pub(crate) struct Place {
    state_dir: PathBuf,
    games_dir: Option<PathBuf>,
    catalog: Option<PathBuf>,
    party_code: Option<PartyCode>,
    listen: Option<SocketAddr>,
}

impl Place {
    /// Reads the environment. What cannot be used is told in the text beside it.
    pub(crate) fn of_environment() -> (Self, Option<String>) {
        Self::read(|name| env::var_os(name).filter(|value| !value.is_empty()))
    }

    fn read(said: impl Fn(&str) -> Option<OsString>) -> (Self, Option<String>) {
        let path = |name| said(name).map(|path| absolute(Path::new(&path)));
        let text = |name| said(name).map(|text| text.to_string_lossy().into_owned());
        let mut place = Self {
            state_dir: path("LANSPREAD_STATE_DIR")
                .unwrap_or_else(|| absolute(&default_state_dir())),
            games_dir: path("LANSPREAD_GAMES_DIR"),
            catalog: path("LANSPREAD_CATALOG"),
            party_code: None,
            listen: None,
        };
        let mut complaint = None;
        match text("LANSPREAD_PARTY_CODE").map(|code| PartyCode::parse(&code)) {
            Some(Ok(code)) => place.party_code = Some(code),
            Some(Err(error)) => complaint = Some(format!("LANSPREAD_PARTY_CODE: {error}")),
            None => {}
        }
        match text("LANSPREAD_LISTEN").map(|addr| listen_address(&addr)) {
            Some(Ok(addr)) => place.listen = Some(addr),
            Some(Err(error)) => complaint = Some(format!("LANSPREAD_LISTEN: {error}")),
            None => {}
        }
        (place, complaint)
    }

    /// The state directory.
    pub(crate) fn state_dir(&self) -> &Path {
        &self.state_dir
    }

    /// What tells a window on this state directory from those on others; `None` on the usual one.
    pub(crate) fn instance(&self) -> Option<String> {
        let usual = absolute(&default_state_dir());
        let [own, usual] = [&self.state_dir, &usual].map(|dir| key_of(dir));
        (own != usual).then_some(own)
    }

    /// The folder of games, if the environment says one.
    pub(crate) fn games_dir(&self) -> Option<&Path> {
        self.games_dir.as_deref()
    }

    /// The file that remembers the window's place on the screen.
    pub(crate) fn window_state(&self) -> PathBuf {
        self.state_dir.join(WINDOW_STATE_FILE)
    }

    /// What a peer is started with: what the user wished, and before that what the environment says, which
    /// is kept nowhere.
    ///
    /// # Errors
    /// There is no folder for the games.
    pub(crate) fn options(
        &self,
        settings: Settings,
        if_away: IfAway,
        log: ApplicationLog,
    ) -> Result<AppOptions, StartError> {
        let mut with = settings.clone();
        if let Some(named) = &self.games_dir {
            // Those that were chosen beside another one do not belong to it.
            with.games_dir = Some(named.clone());
            with.more_games_dirs = Vec::new();
        }
        with.party_code = self.party_code.clone().or(with.party_code);
        let mut options = AppOptions::for_user(self.state_dir.clone(), with, log)?;
        options.settings = settings;
        if self.games_dir.is_none() {
            options.if_away = if_away;
        }
        if let Some(catalog) = &self.catalog {
            options.catalog = Some(Chosen::ByUser(catalog.clone()));
        }
        if let Some(listen) = self.listen {
            options.peer.listen = listen;
        }
        Ok(options)
    }
}

fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

/// An address, with or without a port.
fn listen_address(text: &str) -> Result<SocketAddr, String> {
    let alone = || text.parse::<IpAddr>().map(|ip| SocketAddr::new(ip, 0));
    text.parse()
        .or_else(|_| alone())
        .map_err(|_| format!("{text:?} is no address such as 127.0.0.1 or 0.0.0.0:7000"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(said: &[(&str, &str)]) -> (Place, Option<String>) {
        Place::read(|name| {
            let known = said.iter().find(|(known, _)| *known == name);
            known.map(|(_, value)| OsString::from(value))
        })
    }

    fn options(place: &Place, settings: &Settings) -> AppOptions {
        let options = place.options(settings.clone(), IfAway::Made, ApplicationLog::default());
        options.expect("a folder is named")
    }

    #[test]
    fn the_environment_goes_before_the_settings() {
        let settings = Settings {
            games_dir: Some(PathBuf::from("/settings/games")),
            ..Settings::default()
        };
        let (quiet, complaint) = place(&[("LANSPREAD_STATE_DIR", "/state")]);
        assert_eq!(complaint, None);
        let quiet = options(&quiet, &settings);
        assert_eq!(quiet.games_dir, Path::new("/settings/games"));
        assert_eq!(quiet.peer.state_dir, Path::new("/state"));
        let (loud, complaint) = place(&[
            ("LANSPREAD_STATE_DIR", "/state"),
            ("LANSPREAD_GAMES_DIR", "/games"),
            ("LANSPREAD_LISTEN", "127.0.0.1"),
        ]);
        assert_eq!(complaint, None);
        let loud = options(&loud, &settings);
        assert_eq!(loud.settings, settings, "what is kept stays as it is");
        assert_eq!(loud.games_dir, Path::new("/games"));
        assert_eq!(loud.peer.listen.to_string(), "127.0.0.1:0");
    }

    #[test]
    fn each_state_directory_has_a_window_of_its_own() {
        let instance = |dir: &str| place(&[("LANSPREAD_STATE_DIR", dir)]).0.instance();
        assert_eq!(place(&[]).0.instance(), None);
        let usual = default_state_dir();
        assert_eq!(instance(usual.to_str().expect("Unicode")), None);
        let [one, other] = ["/one", "/other"].map(instance);
        assert!(one.is_some() && other.is_some() && one != other);
    }

    #[test]
    fn what_cannot_be_used_is_told_by_the_name_of_its_variable() {
        for (name, value) in [
            ("LANSPREAD_LISTEN", "everywhere"),
            ("LANSPREAD_PARTY_CODE", "x"),
        ] {
            let (_, complaint) = place(&[(name, value)]);
            assert!(complaint.expect("a complaint").starts_with(name));
        }
    }
}
