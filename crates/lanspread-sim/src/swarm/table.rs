//! The swarms that are measured, and the table of what they come to.

use std::{fmt, time::Duration};

use super::party::{Churn, Outcome, Party, Peer};

/// Bytes per second of a link of so many megabits per second, without headers.
const fn mbit(megabits: u32) -> f64 {
    megabits as f64 * 125_000.0
}

/// Chunks of a game, unless more are asked for.
pub const CHUNKS: u32 = 1_024;
/// Megabits per second of equal links, unless it is said otherwise.
pub const EQUAL_MBIT: u32 = 100;
/// Milliseconds that messages are on their way, unless it is said otherwise: cables with nothing in
/// their queues.
pub const DELAY_MS: u64 = 1;

/// A kind of party.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Every link has [`EQUAL_MBIT`], give or take one in fifty.
    Equal,
    /// Half the links have 1 Gbit/s, a quarter 2.5 Gbit/s, a quarter are wifi with 200 Mbit/s.
    Mixed,
    /// Equal links; receivers come one after the other, and every eighth leaves.
    Churn,
    /// Equal links at so many tables, each with one uplink of ten times as much.
    Tables(usize),
}

impl Kind {
    /// All that are measured.
    pub const ALL: [Self; 6] = [
        Self::Equal,
        Self::Mixed,
        Self::Churn,
        Self::Tables(2),
        Self::Tables(4),
        Self::Tables(8),
    ];

    /// A party of this kind with so many receivers. The game has [`CHUNKS`] chunks, and messages take
    /// [`DELAY_MS`].
    #[must_use]
    pub fn party(self, receivers: usize, seed: u64) -> Party {
        let chunk_bytes: u32 = match self {
            Self::Mixed => 2 * 1024 * 1024,
            Self::Equal | Self::Churn | Self::Tables(_) => 256 * 1024,
        };
        let peers = (0..=receivers).map(|n| self.peer(n)).collect();
        Party {
            peers,
            uplink: mbit(1_000),
            game_bytes: u64::from(CHUNKS) * u64::from(chunk_bytes),
            chunk_bytes,
            delay: Duration::from_millis(DELAY_MS),
            churn: match self {
                Self::Churn => Churn::ComeAndGo,
                Self::Equal | Self::Mixed | Self::Tables(_) => Churn::None,
            },
            seed,
        }
    }

    fn peer(self, n: usize) -> Peer {
        let table = match self {
            Self::Tables(tables) => n % tables,
            Self::Equal | Self::Mixed | Self::Churn => 0,
        };
        let rate = match (self, n % 4) {
            (Self::Mixed, 0 | 1) => mbit(1_000),
            (Self::Mixed, 2) => mbit(2_500),
            (Self::Mixed, _) => mbit(200),
            // No two links are alike; else all peers would walk in step.
            _ => mbit(EQUAL_MBIT) * (0.98 + 0.0004 * ((n * 7_919 + 13) % 101) as f64),
        };
        Peer {
            up: rate,
            down: rate,
            table,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Equal => f.write_str("equal links"),
            Self::Mixed => f.write_str("mixed links"),
            Self::Churn => f.write_str("some come late, some leave"),
            Self::Tables(tables) => write!(f, "{tables} tables"),
        }
    }
}

/// The first lines of the table.
pub const HEAD: &str = "\
| party | receivers | seconds | in the mean | bound | time / bound | seeder sent, games | busiest uplink, games |
|---|---:|---:|---:|---:|---:|---:|---:|";

/// One line of the table.
#[must_use]
pub fn row(kind: Kind, receivers: usize, outcome: &Outcome) -> String {
    let seconds = outcome
        .seconds
        .map_or("too long".to_owned(), |seconds| format!("{seconds:.1}"));
    let uplink = match kind {
        Kind::Tables(_) => format!("{:.2}", outcome.uplink_games),
        Kind::Equal | Kind::Mixed | Kind::Churn => String::new(),
    };
    format!(
        "| {kind} | {receivers} | {seconds} | {:.1} | {:.1} | {:.3} | {:.2} | {uplink} |",
        outcome.mean_seconds,
        outcome.bound_seconds,
        outcome.ratio(),
        outcome.seeder_games,
    )
}
