//! What people would use instead: an rsync daemon, and nginx with curl, plain and with TLS.
//!
//! The invariant: a rival is set up as somebody who knows it would: whole files, `sendfile`, no log,
//! one worker, TLS 1.3. A rival that is not installed is left out and named.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use eyre::Result;
use lanspread_testbed::command::{self, is_installed};
use lanspread_testbed::usage::{cpu_time_of_ended_children, cpu_time_of_tree};

use super::place::{Place, Side};
use super::{FILE_NAME, Material, Sample, Way, ensure_arrived};
use crate::bench::machine::Version;
use crate::bench::server::{Server, nginx_configuration};

/// The programs whose versions a reader has to know.
pub(super) const VERSIONS: [Version; 3] = [
    ("rsync", "--version"),
    ("nginx", "-v"),
    ("curl", "--version"),
];

/// The ports in the namespaces; on loopback a free one is taken.
const RSYNC_PORT: u16 = 8730;
const HTTP_PORT: u16 = 8080;
const HTTPS_PORT: u16 = 8443;

/// Starts every rival whose programs are installed.
pub(super) fn start_all(place: &Place, material: &Material) -> Result<Vec<Box<dyn Way>>> {
    let mut ways: Vec<Box<dyn Way>> = Vec::new();
    if is_installed("rsync") {
        ways.push(Box::new(rsync(place, material)?));
    } else {
        eprintln!("rsync is not installed and left out");
    }
    if is_installed("nginx") && is_installed("curl") {
        ways.push(Box::new(nginx(place, material, Security::Plain)?));
        if is_installed("openssl") {
            ways.push(Box::new(nginx(place, material, Security::Tls)?));
        }
    } else {
        eprintln!("nginx or curl is not installed and left out");
    }
    Ok(ways)
}

/// A server of the source and the client command that fetches the file from it.
#[derive(Debug)]
struct Rival {
    name: &'static str,
    server: Server,
    client: &'static str,
    /// The client's arguments before the path to write to.
    arguments: Vec<String>,
    size_bytes: u64,
}

impl Way for Rival {
    fn name(&self) -> String {
        self.name.to_owned()
    }

    fn measure(&mut self, place: &Place, target: &Path) -> Result<Sample> {
        let file = target.join(FILE_NAME);
        let mut client = place.command(Side::Receiver, self.client)?;
        client.args(&self.arguments).arg(&file);
        let before = (
            cpu_time_of_tree(self.server.pid())?,
            cpu_time_of_ended_children()?,
        );
        let start = Instant::now();
        command::run(&mut client)?;
        let wall = start.elapsed();
        let after = (
            cpu_time_of_tree(self.server.pid())?,
            cpu_time_of_ended_children()?,
        );
        ensure_arrived(&file, self.size_bytes)?;
        Ok(Sample {
            wall,
            source_cpu: after.0.saturating_sub(before.0),
            receiver_cpu: after.1.saturating_sub(before.1),
        })
    }
}

fn rsync(place: &Place, material: &Material) -> Result<Rival> {
    let address = place.server_address(RSYNC_PORT)?;
    let (host, port) = split(&address)?;
    let configuration = material.scratch.join("rsyncd.conf");
    std::fs::write(
        &configuration,
        format!(
            "use chroot = no\nuid = root\ngid = root\n[files]\npath = {}\nread only = yes\n",
            material.served.display()
        ),
    )?;
    let mut command = place.command(Side::Source, "rsync")?;
    command
        .args([
            "--daemon",
            "--no-detach",
            "--address",
            host,
            "--port",
            port,
            "--config",
        ])
        .arg(&configuration);
    let url = format!("rsync://{address}/files/");
    let server = Server::start(command, &material.scratch.join("rsync.log"), || {
        let mut client = place.command(Side::Receiver, "rsync")?;
        client.arg(&url);
        Ok(client)
    })?;
    Ok(Rival {
        name: "rsync daemon, whole file",
        server,
        client: "rsync",
        arguments: vec!["--whole-file".to_owned(), format!("{url}{FILE_NAME}")],
        size_bytes: material.size_bytes,
    })
}

/// Whether the rival encrypts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Security {
    Plain,
    Tls,
}

fn nginx(place: &Place, material: &Material, security: Security) -> Result<Rival> {
    let (name, port, scheme) = match security {
        Security::Plain => ("nginx + curl", HTTP_PORT, "http"),
        Security::Tls => ("nginx + curl, TLS 1.3", HTTPS_PORT, "https"),
    };
    let address = place.server_address(port)?;
    let directory = material.scratch.join(format!("nginx-{scheme}"));
    std::fs::create_dir_all(&directory)?;
    let listen = match security {
        Security::Plain => format!("listen {address};"),
        Security::Tls => {
            make_certificate(&directory)?;
            format!(
                "listen {address} ssl; ssl_certificate cert.pem; ssl_certificate_key key.pem; \
                 ssl_protocols TLSv1.3;"
            )
        }
    };
    std::fs::write(
        directory.join("nginx.conf"),
        nginx_configuration(&directory, &material.served, &listen),
    )?;
    let mut command = place.command(Side::Source, "nginx")?;
    command
        .arg("-p")
        .arg(&directory)
        .args(["-c", "nginx.conf", "-e", "error.log"]);
    let url = format!("{scheme}://{address}/{FILE_NAME}");
    let server = Server::start(command, &directory.join("output.log"), || {
        let mut client = place.command(Side::Receiver, "curl")?;
        client.args(["--silent", "--fail", "--insecure", "--head", &url]);
        Ok(client)
    })?;
    Ok(Rival {
        name,
        server,
        client: "curl",
        arguments: [
            "--silent",
            "--show-error",
            "--fail",
            "--insecure",
            &url,
            "--output",
        ]
        .map(str::to_owned)
        .to_vec(),
        size_bytes: material.size_bytes,
    })
}

fn make_certificate(directory: &Path) -> Result<()> {
    let file = |name: &str| -> PathBuf { directory.join(name) };
    command::run(
        Command::new("openssl")
            .args([
                "req",
                "-x509",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:prime256v1",
            ])
            .args(["-nodes", "-subj", "/CN=benchmark", "-days", "1", "-keyout"])
            .arg(file("key.pem"))
            .arg("-out")
            .arg(file("cert.pem")),
    )?;
    Ok(())
}

fn split(address: &str) -> Result<(&str, &str)> {
    address
        .rsplit_once(':')
        .ok_or_else(|| eyre::eyre!("{address} has no port"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use lanspread_testbed::fixture::random_bytes;

    #[test]
    fn every_installed_rival_moves_the_whole_file_at_both_places() {
        for place in [Place::loopback(), Place::namespaces().expect("a party")] {
            let directory = tempfile::tempdir().expect("a temporary directory");
            let material = Material::write(directory.path(), 1).expect("writable");
            for mut way in start_all(&place, &material).expect("they start") {
                let target = directory.path().join(way.name());
                std::fs::create_dir(&target).expect("writable");
                way.measure(&place, &target).expect("it moves the file");
                let moved = std::fs::read(target.join(FILE_NAME)).expect("it arrived");
                assert!(
                    moved == random_bytes("benchmark", "", 1 << 20),
                    "{}",
                    way.name()
                );
            }
        }
    }
}
