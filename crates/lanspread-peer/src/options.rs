//! What a peer is started with beyond the five arguments of [`crate::start_peer`].

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
};

use lanspread_core::Timing;
use lanspread_disk::Unreadable;
use lanspread_proto::{PeerId, PeerName, TableName};

use crate::party_code::PartyCode;

/// Options of a peer; [`PeerOptions::default`] suits a guest at a party.
#[derive(Debug, Clone)]
pub struct PeerOptions {
    /// Where identity, index and records are kept; never inside the game directory.
    pub state_dir: PathBuf,
    /// What becomes of the game directory if it cannot be read at the start.
    pub unreadable: Unreadable,
    /// Game directories beside the one where new games go: searched, shared, installed and played from alike. One
    /// that cannot be read at the start is used as soon as it can.
    pub more_game_dirs: Vec<PathBuf>,
    /// Where to accept connections. Port 0 lets the system choose. A loopback address keeps everything,
    /// discovery included, on this machine.
    pub listen: SocketAddr,
    /// What this peer calls itself; the machine's name unless set.
    pub name: PeerName,
    /// Every interval of the control plane.
    pub timing: Timing,
    /// Whether to advertise and browse by mDNS.
    pub discovery: DiscoveryMode,
    /// The code of the party; without one the party is open. Only peers with the same code meet.
    pub party_code: Option<PartyCode>,
    /// Whether chunks go over TCP with TLS 1.3 where both sides can, which costs a machine half as much as
    /// QUIC. Without it everything goes over QUIC.
    pub bulk_lane: bool,
    /// Whether they go there without encryption between this peer and others that want that as well: faster,
    /// and whoever sits on the wire can read them.
    pub unencrypted_lanes: bool,
    /// Who may expel peers from the whole party; nobody if this is not said.
    pub organiser: Option<PeerId>,
    /// The table this peer sits at, if the organiser gave it a name: what those at the same table
    /// have is not fetched over the cable between tables.
    pub table: Option<TableName>,
    /// Whether this machine has a screen, so that others take it for one that somebody plays at. A machine
    /// without one counts as a player's, too, as soon as a game is unpacked there.
    pub has_screen: bool,
}

/// How peers are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DiscoveryMode {
    /// By mDNS, and by `connect`.
    Mdns,
    /// By `connect` only.
    ConnectOnly,
}

impl Default for PeerOptions {
    fn default() -> Self {
        Self {
            state_dir: default_state_dir(),
            unreadable: Unreadable::Refused,
            more_game_dirs: Vec::new(),
            listen: SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0)),
            name: PeerName::new(&host_name()),
            timing: Timing::default(),
            discovery: DiscoveryMode::Mdns,
            party_code: None,
            bulk_lane: true,
            unencrypted_lanes: false,
            organiser: None,
            table: None,
            has_screen: has_screen(),
        }
    }
}

/// The machine's name, for people.
#[must_use]
pub fn host_name() -> String {
    gethostname::gethostname().to_string_lossy().into_owned()
}

/// Whether this machine seems to have a screen: on systems where a session of a desktop names it in the
/// environment, whether one does, and everywhere else always.
#[must_use]
fn has_screen() -> bool {
    if cfg!(any(windows, target_os = "macos")) {
        return true;
    }
    ["WAYLAND_DISPLAY", "DISPLAY"]
        .iter()
        .any(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()))
}

/// Where state is kept when nothing else is said: `lanspread` in the user's local data directory.
#[must_use]
pub fn default_state_dir() -> PathBuf {
    directories::BaseDirs::new().map_or_else(
        || PathBuf::from(".lanspread"),
        |dirs| dirs.data_local_dir().join("lanspread"),
    )
}
