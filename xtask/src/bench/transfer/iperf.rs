//! iperf3: what the network carries when nobody reads or writes a file.
//!
//! The invariant: its time is the one it reports for the bytes that came, so its handshake is left out.

use std::path::Path;
use std::time::Duration;

use eyre::{Result, eyre};
use lanspread_testbed::command::is_installed;
use serde_json::Value;

use super::client;
use super::material::Material;
use super::place::{Place, Side};
use super::{Sample, Way};
use crate::bench::server::Server;

/// The port in the namespaces.
const PORT: u16 = 5201;

/// The running source.
#[derive(Debug)]
struct Iperf {
    server: Server,
    arguments: Vec<String>,
}

/// Starts the source, if there is an iperf3.
pub(super) fn start_if_installed(
    place: &Place,
    material: &Material,
) -> Result<Option<Box<dyn Way>>> {
    if !is_installed("iperf3") {
        eprintln!("iperf3 is not installed and left out");
        return Ok(None);
    }
    let address = place.server_address(PORT)?;
    let (host, port) = address
        .rsplit_once(':')
        .ok_or_else(|| eyre!("{address} has no port"))?;
    let mut command = place.command(Side::Source, "iperf3")?;
    command.args(["--server", "--bind", host, "--port", port]);
    let client = |bytes: u64| {
        let bytes = bytes.to_string();
        [
            "--client",
            host,
            "--port",
            port,
            "--reverse",
            "--json",
            "--bytes",
            &bytes,
        ]
        .map(str::to_owned)
        .to_vec()
    };
    let server = Server::start(command, &material.scratch.join("iperf3.log"), || {
        let mut first = place.command(Side::Receiver, "iperf3")?;
        first.args(client(1));
        Ok(first)
    })?;
    Ok(Some(Box::new(Iperf {
        server,
        arguments: client(material.size_bytes),
    })))
}

impl Way for Iperf {
    fn name(&self) -> String {
        "iperf3, TCP, no file".to_owned()
    }

    fn measure(&mut self, place: &Place, _target: &Path) -> Result<Sample> {
        let mut command = place.command(Side::Receiver, "iperf3")?;
        command.args(&self.arguments);
        let (mut sample, said) = client::measure(&self.server, &mut command)?;
        sample.wall = reported_time(&said)?;
        Ok(sample)
    }
}

fn reported_time(said: &str) -> Result<Duration> {
    let report: Value = serde_json::from_str(said)?;
    report["end"]["sum_received"]["seconds"]
        .as_f64()
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
        .ok_or_else(|| eyre!("iperf3 reports no time: {said}"))
}
