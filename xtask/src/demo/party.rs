//! The three peers of the demonstration and the network between them.
//!
//! The invariant: nobody is told an address; they find each other by mDNS or not at all. In network
//! namespaces the sources have limited uplinks, as at a party, so that both are needed; without the
//! right to make namespaces everything happens on loopback.

use std::path::{Path, PathBuf};

use eyre::Result;
use lanspread_testbed::net::{Link, Party as Network, Rate};
use lanspread_testbed::peer::PeerProcess;

use super::show::Show;

/// What alpha can send: slow enough for eyes to follow.
const ALPHA_UPLOAD: Rate = Rate::mbit(60);

/// What bravo can send: half of alpha, so that the shares show who is faster.
const BRAVO_UPLOAD: Rate = Rate::mbit(30);

/// Where the party takes place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Venue {
    /// In network namespaces if they can be made, else on loopback.
    Best,
    /// On loopback.
    Loopback,
}

/// Three peers at a party.
#[derive(Debug)]
pub(super) struct Party {
    pub(super) alpha: Guest,
    pub(super) bravo: Guest,
    pub(super) charlie: Guest,
    /// Held last, so that the peers are gone before their network is.
    _network: Option<Network>,
}

/// One peer and where it lives.
#[derive(Debug)]
pub(super) struct Guest {
    pub(super) name: &'static str,
    pub(super) peer: PeerProcess,
    pub(super) games: PathBuf,
    address: String,
    namespace: Option<String>,
}

impl Party {
    /// Builds the network and starts the peers.
    pub(super) fn start(show: Show, venue: Venue, binary: &Path, directory: &Path) -> Result<Self> {
        let network = match venue {
            Venue::Best => build_network(show),
            Venue::Loopback => {
                show.fact("network", "loopback");
                None
            }
        };
        let start = |name| Guest::start(show, name, binary, directory, network.as_ref());
        Ok(Self {
            alpha: start("alpha")?,
            bravo: start("bravo")?,
            charlie: start("charlie")?,
            _network: network,
        })
    }

    /// All three.
    pub(super) fn guests(&self) -> [&Guest; 3] {
        [&self.alpha, &self.bravo, &self.charlie]
    }

    /// Ends the peers politely.
    pub(super) fn end(self, show: Show) -> Result<()> {
        for guest in [self.charlie, self.bravo, self.alpha] {
            guest.peer.shutdown()?;
        }
        show.section("The party is over.");
        Ok(())
    }
}

fn build_network(show: Show) -> Option<Network> {
    let built = Network::builder()
        .host_with("alpha", Link::new().upload(ALPHA_UPLOAD))
        .host_with("bravo", Link::new().upload(BRAVO_UPLOAD))
        .host("charlie")
        .build();
    match built {
        Ok(network) => {
            show.fact(
                "network",
                &format!(
                    "a switch and three hosts; alpha sends at {ALPHA_UPLOAD}, bravo at \
                     {BRAVO_UPLOAD}"
                ),
            );
            Some(network)
        }
        Err(error) => {
            show.fact("network", &format!("loopback ({error})"));
            None
        }
    }
}

impl Guest {
    /// How the guest is reached, and by whom.
    pub(super) fn whereabouts(&self) -> String {
        match &self.namespace {
            Some(namespace) => {
                let address = &self.address;
                format!("{address}; look around with `ip netns exec {namespace} bash`")
            }
            None => self.address.clone(),
        }
    }

    fn start(
        show: Show,
        name: &'static str,
        binary: &Path,
        directory: &Path,
        network: Option<&Network>,
    ) -> Result<Self> {
        let games = directory.join(name).join("games");
        let builder = PeerProcess::builder(binary)
            .name(name)
            .games_dir(&games)
            .state_dir(directory.join(name).join("state"));
        let (peer, namespace) = match network {
            Some(network) => {
                let host = network.host(name)?;
                (builder.spawn_on(host)?, Some(host.namespace().to_owned()))
            }
            None => (builder.listen("127.0.0.1:0").spawn()?, None),
        };
        let status = peer.ask("status")?;
        let text = |field: &str| status[field].as_str().unwrap_or("unknown").to_owned();
        let (id, address) = (text("peer_id"), text("listen_addr"));
        show.fact(
            name,
            &format!("{address}, peer id {}", id.get(..8).unwrap_or(&id)),
        );
        Ok(Self {
            name,
            peer,
            games,
            address,
            namespace,
        })
    }
}
