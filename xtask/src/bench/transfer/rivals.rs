//! What people would use instead: an rsync daemon, and nginx with curl, plain and with TLS.
//!
//! The invariant: a rival is set up as somebody who knows it would: whole files, `sendfile`, no log,
//! one worker, TLS 1.3. A rival that is not installed is left out and named.

use std::path::{Path, PathBuf};
use std::process::Command;

use eyre::Result;
use lanspread_testbed::command::{self, is_installed};

use super::client;
use super::material::{Load, Material, PAYLOAD};
use super::place::{Place, Side};
use super::{Sample, Way};
use crate::bench::machine::Version;
use crate::bench::server::{Server, nginx_configuration};

/// The programs whose versions a reader has to know.
pub(super) const VERSIONS: [Version; 4] = [
    ("iperf3", "--version"),
    ("rsync", "--version"),
    ("nginx", "-v"),
    ("curl", "--version"),
];

/// The ports in the namespaces; on loopback a free one is taken.
const RSYNC_PORT: u16 = 8730;
const HTTP_PORT: u16 = 8080;
const HTTPS_PORT: u16 = 8443;

/// Starts an rsync daemon, if there is one.
pub(super) fn start_rsync<'a>(
    place: &Place,
    material: &'a Material,
) -> Result<Option<Box<dyn Way + 'a>>> {
    if !are_installed(&["rsync"]) {
        return Ok(None);
    }
    Ok(Some(Box::new(rsync(place, material)?)))
}

/// Starts nginx, if it and what it needs is there.
pub(super) fn start_nginx<'a>(
    place: &Place,
    material: &'a Material,
    security: Security,
) -> Result<Option<Box<dyn Way + 'a>>> {
    let needed: &[&str] = match security {
        Security::Plain => &["nginx", "curl"],
        Security::Tls => &["nginx", "curl", "openssl"],
    };
    if !are_installed(needed) {
        return Ok(None);
    }
    Ok(Some(Box::new(nginx(place, material, security)?)))
}

/// Whether all of these are installed; says which is not.
fn are_installed(programs: &[&str]) -> bool {
    let missing = programs.iter().find(|program| !is_installed(program));
    if let Some(program) = missing {
        eprintln!("{program} is not installed; what needs it is left out");
    }
    missing.is_none()
}

/// A server of the source and the client command that fetches the files from it.
#[derive(Debug)]
struct Rival<'a> {
    name: &'static str,
    server: Server,
    client: Client,
    material: &'a Material,
}

/// How the files are fetched.
#[derive(Debug)]
enum Client {
    /// `rsync`, from this address of the folder.
    Rsync(String),
    /// `curl`, from this address of the folder.
    Curl(String),
}

/// Files that curl fetches at the same time, when there are many.
const CURL_AT_ONCE: &str = "64";

impl Client {
    fn command(&self, place: &Place, material: &Material, target: &Path) -> Result<Command> {
        match self {
            Self::Rsync(folder) => {
                let mut command = place.command(Side::Receiver, "rsync")?;
                command
                    .args(["--recursive", "--whole-file", folder])
                    .arg(target);
                Ok(command)
            }
            Self::Curl(folder) => {
                let list = material.scratch.join("curl.list");
                std::fs::write(&list, curl_list(folder, &material.files, target))?;
                let mut command = place.command(Side::Receiver, "curl")?;
                command.args(["--silent", "--show-error", "--fail", "--insecure"]);
                match material.load {
                    Load::OneFile { .. } => {}
                    Load::SmallFiles { .. } => {
                        command.args(["--create-dirs", "--parallel"]);
                        command.args(["--parallel-max", CURL_AT_ONCE]);
                    }
                }
                command.arg("--config").arg(list);
                Ok(command)
            }
        }
    }
}

/// What curl is to fetch, and where to, in its own configuration language.
fn curl_list(folder: &str, files: &[String], target: &Path) -> String {
    let target = target.display();
    let lines = files
        .iter()
        .map(|file| format!("url = \"{folder}{file}\"\noutput = \"{target}/{file}\"\n"));
    lines.collect()
}

impl Way for Rival<'_> {
    fn name(&self) -> String {
        self.name.to_owned()
    }

    fn measure(&mut self, place: &Place, target: &Path) -> Result<Sample> {
        let mut command = self.client.command(place, self.material, target)?;
        let (sample, _) = client::measure(&self.server, &mut command)?;
        self.material.ensure_arrived(target)?;
        Ok(sample)
    }
}

fn rsync<'a>(place: &Place, material: &'a Material) -> Result<Rival<'a>> {
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
        client: Client::Rsync(format!("{url}{PAYLOAD}/")),
        material,
    })
}

/// Whether the rival encrypts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Security {
    Plain,
    Tls,
}

fn nginx<'a>(place: &Place, material: &'a Material, security: Security) -> Result<Rival<'a>> {
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
    let folder = format!("{scheme}://{address}/{PAYLOAD}/");
    let server = Server::start(command, &directory.join("output.log"), || {
        let mut client = place.command(Side::Receiver, "curl")?;
        client.args(["--silent", "--fail", "--insecure", "--head"]);
        client.arg(format!("{folder}{}", material.files[0]));
        Ok(client)
    })?;
    Ok(Rival {
        name,
        server,
        client: Client::Curl(folder),
        material,
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
    use lanspread_testbed::net::{Link, Loss};

    #[test]
    fn every_installed_rival_moves_every_file_at_both_places() {
        let namespaces = Place::namespaces(Link::new(), Loss::NONE).expect("a party");
        let one_file = Load::OneFile { mib: 1 };
        let small_files = Load::SmallFiles { count: 150 };
        for (place, load) in [(Place::loopback(), one_file), (namespaces, small_files)] {
            let directory = tempfile::tempdir().expect("a temporary directory");
            let material = Material::write(directory.path(), load).expect("writable");
            let ways = [
                start_rsync(&place, &material),
                start_nginx(&place, &material, Security::Plain),
                start_nginx(&place, &material, Security::Tls),
            ];
            for mut way in ways.into_iter().filter_map(|way| way.expect("it starts")) {
                let target = directory.path().join(way.name());
                std::fs::create_dir(&target).expect("writable");
                way.measure(&place, &target).expect("it moves the file");
                for file in &material.files {
                    let sent = std::fs::read(material.served.join(PAYLOAD).join(file));
                    let moved = std::fs::read(target.join(file)).expect("it arrived");
                    assert!(
                        moved == sent.expect("it is there"),
                        "{}: {file}",
                        way.name()
                    );
                }
            }
        }
    }
}
