//! Everybody from one server: nginx at the seeder, `curl` at every receiver.
//!
//! The invariant: up to [`SERVED_TO_THE_END`] receivers it runs to the end. With more it is cut off when
//! the bound for so many times the file has passed, and what is missing is taken to move as fast as
//! what came; the sample says so. Nothing is verified here: curl does not.

use std::time::{Duration, Instant};

use eyre::{Result, ensure};
use lanspread_testbed::net::Host;
use lanspread_testbed::usage::{cpu_time_of, cpu_time_of_ended_children};

use super::POLL;
use super::hall::Hall;
use super::material::{GAME_ID, Material};
use super::report::{Extent, Sample};
use crate::bench::server::{Server, nginx_configuration};

/// How many receivers are served to the end.
const SERVED_TO_THE_END: u32 = 4;

/// The port of nginx.
const PORT: u16 = 8080;

/// Measures one distribution.
pub(in crate::bench) fn measure(hall: &Hall, material: &Material) -> Result<Sample> {
    let server = start_server(hall, material)?;
    let distribution = hall.distribution();
    let limit = (distribution.receivers > SERVED_TO_THE_END)
        .then(|| distribution.bound() * SERVED_TO_THE_END);

    let before = (cpu_time_of(server.pid())?, cpu_time_of_ended_children()?);
    let traffic_before = hall.traffic()?;
    let start = Instant::now();
    let mut running = hall
        .receivers()
        .iter()
        .enumerate()
        .map(|(number, host)| fetch(hall, material, number, host))
        .collect::<Result<Vec<Server>>>()?;
    let end = wait(&mut running, start, limit)?;
    let wall = start.elapsed();
    let traffic = hall.traffic()?.since(traffic_before);
    // Dropping them ends them, and their time is then counted as that of ended children.
    drop(running);
    let after = (cpu_time_of(server.pid())?, cpu_time_of_ended_children()?);
    let cpu = (after.0.saturating_sub(before.0)) + (after.1.saturating_sub(before.1));
    let measured = Sample {
        start,
        wall,
        seeder_bytes: traffic.seeder_bytes,
        uplink_bytes: traffic.uplink_bytes,
        cpu,
        extent: end,
    };
    match end {
        Extent::Whole => {
            material.ensure_arrived(hall.receivers().len())?;
            Ok(measured)
        }
        Extent::CutOff(after) => {
            let mut received = 0;
            for number in 0..hall.receivers().len() {
                received += material.received_bytes(number)?;
            }
            ensure!(received > 0, "nothing came within {after:?}");
            let factor = f64::from(distribution.receivers) / distribution.times_the_file(received);
            Ok(extrapolate(measured, factor))
        }
    }
}

/// What it would have come to.
fn extrapolate(measured: Sample, factor: f64) -> Sample {
    Sample {
        wall: measured.wall.mul_f64(factor),
        seeder_bytes: scale(measured.seeder_bytes, factor),
        uplink_bytes: measured
            .uplink_bytes
            .map(|bytes| bytes.map(|bytes| scale(bytes, factor))),
        cpu: measured.cpu.mul_f64(factor),
        ..measured
    }
}

/// So many bytes times a positive factor; both stay far below 2^52.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss
)]
fn scale(bytes: u64, factor: f64) -> u64 {
    (bytes as f64 * factor) as u64
}

fn start_server(hall: &Hall, material: &Material) -> Result<Server> {
    let directory = material.scratch().join("nginx");
    std::fs::create_dir_all(&directory)?;
    let address = hall.seeder().socket_addr(PORT);
    std::fs::write(
        directory.join("nginx.conf"),
        nginx_configuration(&directory, &material.root(), &format!("listen {address};")),
    )?;
    let mut command = hall.seeder().command("nginx");
    command
        .arg("-p")
        .arg(&directory)
        .args(["-c", "nginx.conf", "-e", "error.log"]);
    Server::start(command, &directory.join("output.log"), || {
        let mut client = hall.seeder().command("curl");
        client.args(["--silent", "--fail", "--head"]);
        client.arg(format!("http://{address}/version.ini"));
        Ok(client)
    })
}

/// Starts a receiver, which fetches one file after the other over one connection.
fn fetch(hall: &Hall, material: &Material, number: usize, host: &Host) -> Result<Server> {
    let target = material.receiver(number).join(GAME_ID);
    std::fs::create_dir_all(&target)?;
    let mut command = host.command("curl");
    command.args(["--silent", "--show-error", "--fail"]);
    for name in Material::file_names() {
        let url = format!("http://{}/{name}", hall.seeder().socket_addr(PORT));
        command.arg(url).arg("--output").arg(target.join(&name));
    }
    let log = material.scratch().join(format!("{}.log", host.name()));
    Server::spawn(command, &log)
}

/// Waits until all have ended well, or for `limit`.
fn wait(running: &mut [Server], start: Instant, limit: Option<Duration>) -> Result<Extent> {
    let mut left = running.len();
    let mut has_ended = vec![false; running.len()];
    while left > 0 {
        if limit.is_some_and(|limit| start.elapsed() >= limit) {
            return Ok(Extent::CutOff(start.elapsed()));
        }
        for (process, has_ended) in running.iter_mut().zip(&mut has_ended) {
            if *has_ended {
                continue;
            }
            if let Some(status) = process.ended()? {
                ensure!(status.success(), "a curl ended with {status}");
                *has_ended = true;
                left -= 1;
            }
        }
        std::thread::park_timeout(POLL);
    }
    Ok(Extent::Whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quarter_that_was_measured_becomes_four_times_as_much() {
        let quarter = Sample {
            start: Instant::now(),
            wall: Duration::from_secs(10),
            seeder_bytes: 1000,
            uplink_bytes: Some([500, 10]),
            cpu: Duration::from_secs(1),
            extent: Extent::CutOff(Duration::from_secs(10)),
        };
        let sample = extrapolate(quarter, 4.0);
        assert_eq!(sample.wall, Duration::from_secs(40));
        assert_eq!(sample.seeder_bytes, 4000);
        assert_eq!(sample.uplink_bytes, Some([2000, 40]));
        assert_eq!(sample.cpu, Duration::from_secs(4));
        assert_eq!(sample.extent, quarter.extent);
    }
}
