//! A game's packets, played by a UDP echo: how long each takes there and back.
//!
//! The invariant: a packet carries the moment at which it was sent, so an answer is never taken for
//! that of another packet. What was not answered is counted and never left out.

use std::net::UdpSocket;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use eyre::{Result, WrapErr};

/// How often a packet is sent: as a shooter's server does, 64 times a second.
const INTERVAL: Duration = Duration::from_micros(15_625);

/// The size of a packet: about what a player's moves take.
const PACKET_BYTES: usize = 120;

/// How long the answer to the last packet is waited for.
const PATIENCE: Duration = Duration::from_secs(1);

/// How long a socket waits for one packet before it is looked whether the work is over.
const READ_PATIENCE: Duration = Duration::from_millis(100);

/// One packet: when it was sent, and how long it took there and back.
#[derive(Debug, Clone, Copy)]
struct Packet {
    sent_at: Instant,
    took: Duration,
}

/// What happened to all packets of a while.
#[derive(Debug, Default)]
pub(super) struct Log {
    sent_at: Vec<Instant>,
    answered: Vec<Packet>,
}

impl Log {
    /// The part that was sent within this time.
    pub(super) fn within(&self, from: Instant, length: Duration) -> Echoes {
        let is_within = |at: Instant| at >= from && at <= from + length;
        let answered = self.answered.iter();
        let took = answered
            .filter(|packet| is_within(packet.sent_at))
            .map(|packet| packet.took)
            .collect();
        let sent = self.sent_at.iter().filter(|at| is_within(**at)).count();
        Echoes::of(took, sent)
    }
}

/// How long the packets of a while took.
#[derive(Debug, Clone, Default)]
pub(super) struct Echoes {
    /// The answered ones, least first.
    sorted: Vec<Duration>,
    sent: usize,
}

impl Echoes {
    /// How long the answered ones took, of so many that were sent.
    pub(super) fn of(mut took: Vec<Duration>, sent: usize) -> Self {
        took.sort_unstable();
        Self { sorted: took, sent }
    }

    /// The least time that so many of a hundred answered packets do not exceed: the nearest rank.
    pub(super) fn percentile(&self, percent: usize) -> Duration {
        let rank = (self.sorted.len() * percent).div_ceil(100);
        let value = self.sorted.get(rank.saturating_sub(1));
        value.copied().unwrap_or_default()
    }

    /// How many were not answered.
    pub(super) fn lost(&self) -> usize {
        self.sent.saturating_sub(self.sorted.len())
    }

    /// How many were sent.
    pub(super) fn sent(&self) -> usize {
        self.sent
    }
}

/// Sends back whatever comes to `socket` while `work` runs, and returns what it returned.
pub(super) fn answering<T>(socket: &UdpSocket, work: impl FnOnce() -> Result<T>) -> Result<T> {
    socket.set_read_timeout(Some(READ_PATIENCE))?;
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut packet = [0; PACKET_BYTES];
            while !is_over.load(Ordering::Relaxed) {
                if let Ok((length, from)) = socket.recv_from(&mut packet) {
                    // What cannot be sent is a lost packet, and counted as one.
                    let _ = socket.send_to(&packet[..length], from);
                }
            }
        });
        let result = work();
        is_over.store(true, Ordering::Relaxed);
        result
    })
}

/// Sends packets over the connected `socket` until `work` has ended, and returns what came of them
/// and what `work` returned.
pub(super) fn beside<T>(socket: &UdpSocket, work: impl FnOnce() -> Result<T>) -> Result<(Log, T)> {
    socket.set_read_timeout(Some(READ_PATIENCE))?;
    let start = Instant::now();
    let is_over = AtomicBool::new(false);
    let (answered, sent_at, result) = std::thread::scope(|scope| {
        let receiver = scope.spawn(|| receive(socket, start, &is_over));
        let sender = scope.spawn(|| send(socket, start, &is_over));
        let result = work();
        is_over.store(true, Ordering::Relaxed);
        let sent_at = sender
            .join()
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        let answered = receiver
            .join()
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        (answered, sent_at, result)
    });
    let log = Log {
        sent_at: sent_at.wrap_err("could not send an echo packet")?,
        answered,
    };
    Ok((log, result?))
}

/// Sends one packet each interval and returns when.
fn send(socket: &UdpSocket, start: Instant, is_over: &AtomicBool) -> std::io::Result<Vec<Instant>> {
    let mut packet = [0; PACKET_BYTES];
    let mut sent_at = Vec::new();
    let mut next = start;
    while !is_over.load(Ordering::Relaxed) {
        let at = Instant::now();
        packet[..8].copy_from_slice(&nanoseconds(at - start).to_be_bytes());
        socket.send(&packet)?;
        sent_at.push(at);
        next += INTERVAL;
        wait(next.saturating_duration_since(Instant::now()));
    }
    Ok(sent_at)
}

/// Notes how long each answer took, also of those that come soon after the end.
fn receive(socket: &UdpSocket, start: Instant, is_over: &AtomicBool) -> Vec<Packet> {
    let mut packet = [0; PACKET_BYTES];
    let mut answered = Vec::new();
    let mut over_since: Option<Instant> = None;
    while over_since.is_none_or(|since| since.elapsed() < PATIENCE) {
        if over_since.is_none() && is_over.load(Ordering::Relaxed) {
            over_since = Some(Instant::now());
        }
        if let Ok(PACKET_BYTES) = socket.recv(&mut packet) {
            let mut at = [0; 8];
            at.copy_from_slice(&packet[..8]);
            let sent_at = start + Duration::from_nanos(u64::from_be_bytes(at));
            answered.push(Packet {
                sent_at,
                took: sent_at.elapsed(),
            });
        }
    }
    answered
}

/// Does nothing for so long.
pub(super) fn wait(length: Duration) {
    let start = Instant::now();
    while let Some(left) = length.checked_sub(start.elapsed()) {
        std::thread::park_timeout(left);
    }
}

/// A duration in nanoseconds: 64 bits last for 584 years.
fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_those_of_the_nearest_rank() {
        let echoes = |milliseconds: std::ops::Range<u64>, sent| {
            Echoes::of(milliseconds.map(Duration::from_millis).collect(), sent)
        };
        let hundred = echoes(1..101, 103);
        assert_eq!(hundred.percentile(50), Duration::from_millis(50));
        assert_eq!(hundred.percentile(99), Duration::from_millis(99));
        assert_eq!(hundred.percentile(100), Duration::from_millis(100));
        assert_eq!(hundred.lost(), 3);
        assert_eq!(echoes(7..8, 1).percentile(99), Duration::from_millis(7));
        assert_eq!(echoes(0..0, 2).percentile(50), Duration::ZERO);
    }

    #[test]
    fn only_packets_of_the_time_that_is_asked_about_count() {
        let start = Instant::now();
        let after = |milliseconds| start + Duration::from_millis(milliseconds);
        let log = Log {
            sent_at: vec![after(0), after(10), after(20), after(30)],
            answered: [(10, 1), (20, 3), (30, 9)]
                .map(|(at, took)| Packet {
                    sent_at: after(at),
                    took: Duration::from_millis(took),
                })
                .to_vec(),
        };
        let middle = log.within(after(5), Duration::from_millis(20));
        assert_eq!((middle.sent(), middle.lost()), (2, 0));
        assert_eq!(middle.percentile(100), Duration::from_millis(3));
        let all = log.within(start, Duration::from_secs(1));
        assert_eq!((all.sent(), all.lost()), (4, 1));
    }

    #[test]
    fn what_is_sent_over_loopback_is_answered() {
        let server = UdpSocket::bind("127.0.0.1:0").expect("a port is free");
        let client = UdpSocket::bind("127.0.0.1:0").expect("a port is free");
        let address = server.local_addr().expect("bound");
        client.connect(address).expect("on this machine");
        let start = Instant::now();
        let (log, ()) = answering(&server, || {
            beside(&client, || {
                wait(5 * INTERVAL);
                Ok(())
            })
        })
        .expect("it works");
        let echoes = log.within(start, start.elapsed());
        assert!(echoes.sent() >= 2, "{echoes:?}");
        assert_eq!(echoes.lost(), 0, "{echoes:?}");
    }
}
