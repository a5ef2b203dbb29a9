//! The two places between which the file moves: this machine's loopback, or two hosts on a switch.
//!
//! The invariant: a command of the source and one of the receiver reach each other and nobody else.

use std::process::Command;

use eyre::{Result, eyre};
use lanspread_testbed::net::{Host, Link, Loss, Party};
use lanspread_testbed::peer::{PeerBuilder, PeerProcess};

/// Where to measure.
#[derive(Debug)]
pub(super) enum Place {
    /// Both sides on `127.0.0.1`.
    Loopback,
    /// Two network namespaces on a switch.
    Namespaces {
        /// The hosts and their cables.
        party: Party,
        /// What a reader has to know of them.
        name: String,
    },
}

/// Which end of the transfer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Source,
    Receiver,
}

impl Side {
    fn name(self) -> &'static str {
        match self {
            Self::Source => "source",
            Self::Receiver => "receiver",
        }
    }
}

impl Place {
    pub(super) fn loopback() -> Self {
        Self::Loopback
    }

    /// Two hosts with `link` as their cables, the receiver's with `loss`.
    pub(super) fn namespaces(link: Link, loss: Loss) -> Result<Self> {
        let party = Party::builder()
            .host_with(Side::Source.name(), link)
            .host_with(Side::Receiver.name(), link.loss(loss))
            .build()?;
        let rate = link
            .upload_limit()
            .map(|rate| format!(", {rate} each way"))
            .unwrap_or_default();
        let losses = if loss == Loss::NONE {
            String::new()
        } else {
            format!(", {loss} lost each way")
        };
        let name = format!("two network namespaces, MTU 1500{rate}{losses}");
        Ok(Self::Namespaces { party, name })
    }

    pub(super) fn name(&self) -> &str {
        match self {
            Self::Loopback => "loopback",
            Self::Namespaces { name, .. } => name,
        }
    }

    /// A command that runs on this side.
    pub(super) fn command(&self, side: Side, program: &str) -> Result<Command> {
        match self {
            Self::Loopback => Ok(Command::new(program)),
            Self::Namespaces { party, .. } => Ok(host(party, side)?.command(program)),
        }
    }

    /// Starts a peer on this side.
    pub(super) fn spawn(&self, side: Side, peer: PeerBuilder) -> Result<PeerProcess> {
        let peer = peer.name(side.name());
        match self {
            Self::Loopback => Ok(peer.listen("127.0.0.1:0").spawn()?),
            Self::Namespaces { party, .. } => Ok(peer.spawn_on(host(party, side)?)?),
        }
    }

    /// The address of a server of the source on a port that is free there.
    pub(super) fn server_address(&self, preferred_port: u16) -> Result<String> {
        match self {
            Self::Loopback => {
                let probe = std::net::TcpListener::bind(("127.0.0.1", 0))?;
                Ok(probe.local_addr()?.to_string())
            }
            Self::Namespaces { party, .. } => Ok(host(party, Side::Source)?
                .socket_addr(preferred_port)
                .to_string()),
        }
    }
}

fn host(party: &Party, side: Side) -> Result<&Host> {
    party
        .host(side.name())
        .map_err(|error| eyre!("the benchmark's network is incomplete: {error}"))
}
