//! The least program that moves a file over s2n-quic, tuned as Lanspread's own endpoints are.
//!
//! The invariant: it is measured from the start of its receiver, handshake included.

use std::path::{Path, PathBuf};
use std::process::Command;

use eyre::Result;

use super::client;
use super::material::{FILE_NAME, Material, PAYLOAD};
use super::place::{Place, Side};
use super::{Sample, Way};
use crate::bench::server::Server;

/// The port in the namespaces.
const PORT: u16 = 4433;

/// The running source.
#[derive(Debug)]
pub(super) struct Bare {
    binary: PathBuf,
    server: Server,
    address: String,
    certificate: PathBuf,
    size_bytes: u64,
}

impl Bare {
    /// Starts the source and waits until it listens.
    pub(super) fn start(place: &Place, binary: &Path, material: &Material) -> Result<Self> {
        let address = place.server_address(PORT)?;
        let certificate = material
            .scratch
            .join(format!("bare-{}.der", place.name().len()));
        let mut command = place.command(Side::Source, &binary.to_string_lossy())?;
        command
            .args(["serve", &address])
            .arg(material.served.join(PAYLOAD).join(FILE_NAME))
            .arg(&certificate);
        let log = material.scratch.join("bare.log");
        let server = Server::start(command, &log, || {
            let mut look = Command::new("test");
            look.arg("-s").arg(&certificate);
            Ok(look)
        })?;
        Ok(Self {
            binary: binary.to_owned(),
            server,
            address,
            certificate,
            size_bytes: material.size_bytes,
        })
    }
}

impl Way for Bare {
    fn name(&self) -> String {
        "bare s2n-quic".to_owned()
    }

    fn measure(&mut self, place: &Place, target: &Path) -> Result<Sample> {
        let mut command = place.command(Side::Receiver, &self.binary.to_string_lossy())?;
        command
            .args(["fetch", &self.address, &self.size_bytes.to_string()])
            .arg(&self.certificate)
            .arg(target.join(FILE_NAME));
        Ok(client::measure(&self.server, &mut command)?.0)
    }
}
