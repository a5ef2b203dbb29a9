//! Lanspread's own way: a source that runs all the time and a fresh receiver for each measurement.
//!
//! The invariant: the clock runs from the command to download until the peer says that it is
//! finished, so the manifest, the verification and the final rename are in the time.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use eyre::Result;
use lanspread_testbed::peer::{PeerBuilder, PeerProcess};
use serde_json::json;

use super::material::{Material, PAYLOAD};
use super::place::{Place, Side};
use super::{Cost, Sample, Way};

/// The id of the game that holds the file.
pub(super) const GAME_ID: &str = "benchmark";

/// The longest a transfer may take.
const PATIENCE: Duration = Duration::from_mins(10);

/// The running source.
#[derive(Debug)]
pub(super) struct Lanspread<'a> {
    binary: PathBuf,
    source: PeerProcess,
    material: &'a Material,
    lanes: Lanes,
    runs: u32,
}

/// Which connections the peers may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lanes {
    /// QUIC, and bulk lanes.
    All,
    /// QUIC, and bulk lanes without encryption.
    Unencrypted,
    /// QUIC.
    QuicOnly,
}

impl Lanes {
    /// The code of a party of its own: both sources have the same game, and each receiver is to find one.
    fn args(self) -> &'static [&'static str] {
        match self {
            Self::All => &["--party-code", "all-lanes"],
            Self::Unencrypted => &["--party-code", "unencrypted", "--unencrypted-lanes"],
            Self::QuicOnly => &["--party-code", "quic-only", "--quic-only"],
        }
    }

    fn given_to(self, builder: PeerBuilder) -> PeerBuilder {
        self.args()
            .iter()
            .fold(builder, |builder, argument| builder.argument(argument))
    }

    fn name(self) -> &'static str {
        match self {
            Self::All => "lanspread",
            Self::Unencrypted => "lanspread, unencrypted lanes",
            Self::QuicOnly => "lanspread, QUIC only",
        }
    }
}

impl<'a> Lanspread<'a> {
    /// Starts the source and waits until it has hashed the file.
    pub(super) fn start(
        place: &Place,
        binary: &Path,
        material: &'a Material,
        lanes: Lanes,
    ) -> Result<Self> {
        let state = format!("source-{}-{}", place.name().len(), lanes.name().len());
        let builder = PeerProcess::builder(binary)
            .games_dir(&material.games)
            .state_dir(material.scratch.join(state));
        let builder = lanes.given_to(builder);
        let source = place.spawn(Side::Source, builder)?;
        source.wait_for_game(GAME_ID, "share", |game| game["manifest"].is_string())?;
        Ok(Self {
            binary: binary.to_owned(),
            source,
            material,
            lanes,
            runs: 0,
        })
    }
}

impl Way for Lanspread<'_> {
    fn name(&self) -> String {
        self.lanes.name().to_owned()
    }

    fn measure(&mut self, place: &Place, target: &Path) -> Result<Sample> {
        self.runs += 1;
        let lanes = self.lanes.name().len();
        let state = format!("receiver-{}-{lanes}-{}", place.name().len(), self.runs);
        let builder = PeerProcess::builder(&self.binary)
            .games_dir(target)
            .state_dir(self.material.scratch.join(state));
        let builder = self.lanes.given_to(builder);
        let receiver = place.spawn(Side::Receiver, builder)?;
        receiver.wait_for_game(GAME_ID, "see", |game| game["peers"] == 1)?;

        let before = (self.source.cpu_time()?, receiver.cpu_time()?);
        let from = receiver.mark();
        let start = Instant::now();
        receiver.call(json!({ "cmd": "download", "id": GAME_ID, "install": false }))?;
        let end = receiver.wait_event(from, PATIENCE, "end the download", |event| {
            let name = event["event"].as_str().unwrap_or_default();
            event["id"] == GAME_ID && (name == "download-finished" || name == "download-failed")
        })?;
        let wall = start.elapsed();
        let after = (self.source.cpu_time()?, receiver.cpu_time()?);
        eyre::ensure!(end.field("event") == "download-finished", "{}", end.value);
        self.material
            .ensure_arrived(&target.join(GAME_ID).join(PAYLOAD))?;
        let sample = Sample {
            wall,
            source: Cost {
                cpu: after.0.saturating_sub(before.0),
                memory_peak_bytes: self.source.memory_peak_bytes()?,
            },
            receiver: Cost {
                cpu: after.1.saturating_sub(before.1),
                memory_peak_bytes: receiver.memory_peak_bytes()?,
            },
        };
        receiver.shutdown()?;
        Ok(sample)
    }
}
