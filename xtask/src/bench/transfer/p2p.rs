//! Peer-to-peer programs that move one folder: `rqbit` speaks `BitTorrent`, `sendme` is made of `iroh-blobs`.
//!
//! The invariant: the receiver is told where the source is, so that nobody is looked for and nothing
//! outside the two hosts is asked: no DHT, no tracker, no relay. Both verify what comes, as they always
//! do. Cargo builds them once, in the version named here, and only for whoever asks for their rows.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use eyre::{Result, WrapErr, ensure, eyre};

use super::client;
use super::material::{Material, PAYLOAD};
use super::place::{Place, Side};
use super::{Sample, Way};
use crate::bench::server::Server;
use crate::workspace;

/// The ports in the namespaces; on loopback a free one is taken.
const RQBIT_PORT: u16 = 4240;
const SENDME_PORT: u16 = 4455;

/// What keeps rqbit from looking for anybody.
const RQBIT_ALONE: [&str; 5] = [
    "--disable-dht",
    "--disable-lsd",
    "--disable-trackers",
    "--disable-upnp-port-forward",
    "--ipv4-only",
];

/// The same for sendme, and no bars on a terminal that is none.
const SENDME_ALONE: [&str; 3] = ["--relay", "disabled", "--no-progress"];

/// A program of this kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Program {
    Rqbit,
    Sendme,
}

impl Program {
    const fn name(self) -> &'static str {
        match self {
            Self::Rqbit => "rqbit",
            Self::Sendme => "sendme",
        }
    }

    const fn version(self) -> &'static str {
        match self {
            Self::Rqbit => "9.1.0",
            Self::Sendme => "0.37.1",
        }
    }

    /// What of it is compiled: no web page, no database, no clipboard.
    const fn features(self) -> &'static str {
        match self {
            Self::Rqbit => "rust-tls",
            Self::Sendme => "",
        }
    }

    const fn port(self) -> u16 {
        match self {
            Self::Rqbit => RQBIT_PORT,
            Self::Sendme => SENDME_PORT,
        }
    }

    /// What a source says last before it serves. Rqbit goes on to check what it has just hashed, and serves
    /// nothing before that.
    const fn ready_words(self) -> &'static str {
        match self {
            Self::Rqbit => ", needed 0, ",
            Self::Sendme => "sendme receive ",
        }
    }

    /// What the receiver is called with to get the folder, found in what a source says that is ready.
    fn find_offer(self, said: &str) -> Option<&str> {
        let (before, behind) = said.split_once(self.ready_words())?;
        match self {
            Self::Rqbit => before
                .split_whitespace()
                .find(|word| word.starts_with("magnet:?")),
            Self::Sendme => behind.lines().next(),
        }
    }

    /// Where the files are when `target` was where they should go.
    fn arrived_in(self, target: &Path) -> PathBuf {
        match self {
            Self::Rqbit => target.to_owned(),
            Self::Sendme => target.join(PAYLOAD),
        }
    }

    /// Has cargo build it, unless it has before, and returns where it lies.
    fn provide(self) -> Result<PathBuf> {
        let (name, version) = (self.name(), self.version());
        let tools = workspace::target_dir()?.join("bench-tools");
        let root = tools.join(format!("{name}-{version}"));
        let binary = root.join("bin").join(name);
        if binary.exists() {
            return Ok(binary);
        }
        eprintln!("building {name} {version}, once; that takes some minutes");
        let mut command = workspace::cargo();
        command
            .args(["install", "--locked", "--version", version])
            .args(["--no-default-features", "--features", self.features()])
            .arg("--root")
            .arg(&root)
            .arg(name);
        workspace::run_shown(&mut command)
            .wrap_err_with(|| format!("{name} was asked for and could not be built"))?;
        Ok(binary)
    }
}

/// A source that runs, and what its receivers need.
#[derive(Debug)]
struct Peers<'a> {
    program: Program,
    binary: PathBuf,
    source: Server,
    address: SocketAddr,
    offer: String,
    material: &'a Material,
}

/// Builds the program if need be, starts its source, and waits until that has hashed the files.
pub(super) fn start<'a>(
    program: Program,
    place: &Place,
    material: &'a Material,
) -> Result<Box<dyn Way + 'a>> {
    let binary = program.provide()?;
    let address: SocketAddr = place.server_address(program.port())?.parse()?;
    let log = material.scratch.join(format!("{}.log", program.name()));
    let command = source_command(program, &binary, place, material, address)?;
    let source = Server::start(command, &log, || Ok(look_for_offer(program, &log)))?;
    let said = std::fs::read_to_string(&log)?;
    let offer = program
        .find_offer(&said)
        .ok_or_else(|| eyre!("{} offers nothing: {said}", program.name()))?
        .to_owned();
    Ok(Box::new(Peers {
        program,
        binary,
        source,
        address,
        offer,
        material,
    }))
}

/// A command that succeeds when a source is ready.
fn look_for_offer(program: Program, log: &Path) -> Command {
    let mut command = Command::new("grep");
    command
        .args(["--quiet", "--fixed-strings", program.ready_words()])
        .arg(log);
    command
}

fn source_command(
    program: Program,
    binary: &Path,
    place: &Place,
    material: &Material,
    address: SocketAddr,
) -> Result<Command> {
    let mut command = place.command(Side::Source, &binary.to_string_lossy())?;
    // Sendme keeps its database where it is started.
    command.current_dir(&material.scratch);
    match program {
        Program::Rqbit => command
            .args(RQBIT_ALONE)
            .args(["--listen-ip", &address.ip().to_string()])
            .args(["--listen-port", &address.port().to_string()])
            .arg("share"),
        Program::Sendme => command
            .arg("send")
            .args(SENDME_ALONE)
            .args(["--ticket-type", "addresses"])
            .args(["--magic-ipv4-addr", &address.to_string()]),
    };
    command.arg(material.served.join(PAYLOAD));
    Ok(command)
}

impl Way for Peers<'_> {
    fn name(&self) -> String {
        format!("{} {}", self.program.name(), self.program.version())
    }

    fn measure(&mut self, place: &Place, target: &Path) -> Result<Sample> {
        let mut command = place.command(Side::Receiver, &self.binary.to_string_lossy())?;
        command.current_dir(target);
        match self.program {
            Program::Rqbit => command
                .args(RQBIT_ALONE)
                .args(["--disable-tcp-listen", "download", "--exit-on-finish"])
                .args(["--disable-http-api", "--output-folder"])
                .arg(target)
                .args(["--initial-peers", &self.address.to_string()]),
            Program::Sendme => command.arg("receive").args(SENDME_ALONE),
        };
        command.arg(&self.offer);
        let (sample, _) = client::measure(&self.source, &mut command)?;
        ensure!(
            self.source.ended()?.is_none(),
            "the source of {} has ended",
            self.name()
        );
        self.material
            .ensure_arrived(&self.program.arrived_in(target))?;
        Ok(sample)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rqbit_offers_a_magnet_link_when_it_has_checked_its_files() {
        let hashed = "INFO added torrent name=\"data\"\n\
                      share this magnet link: magnet:?xt=urn:btih:48a68b65\n\
                      INFO initializing 0.00%\n";
        assert_eq!(Program::Rqbit.find_offer(hashed), None);
        let checked =
            format!("{hashed}INFO Initial check results: have 1Mi, needed 0, total 1Mi\n");
        assert_eq!(
            Program::Rqbit.find_offer(&checked),
            Some("magnet:?xt=urn:btih:48a68b65")
        );
    }

    #[test]
    fn sendme_offers_a_ticket() {
        let said = "imported directory data, 1.00 MiB, hash cb3e\nto get this data, use\n\
                    sendme receive blobaawm2gjb\n";
        assert_eq!(Program::Sendme.find_offer(said), Some("blobaawm2gjb"));
        assert_eq!(Program::Sendme.find_offer("importing"), None);
    }
}
