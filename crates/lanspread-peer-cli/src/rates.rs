//! `lanspread limit` and `lanspread playing`: how fast transfers may be, set and shown.
//!
//! Invariant: what is shown is what the peer answers after the change, and what is not named stays as it
//! is.

use eyre::{Result, bail};
use lanspread_peer::{LimitChange, LimitChanges, PeerCommand, Playing};
use serde_json::{Map, Value, json};

use crate::{
    answers::{RateLimits, Status},
    args::{LimitArgs, ServeRates, Switch},
    output,
    reach::Reached,
    words::rate,
};

/// Sets the limits that are named, and shows those in force.
///
/// # Errors
/// They cannot be kept; the peer went away.
pub(crate) async fn limit(reached: &mut Reached, limits: &LimitArgs) -> Result<()> {
    let mut command = Map::new();
    for (name, change) in [
        ("upload_bytes_per_s", limits.upload_limit),
        ("upload_per_peer_bytes_per_s", limits.upload_limit_per_peer),
        ("download_bytes_per_s", limits.download_limit),
        (
            "download_per_peer_bytes_per_s",
            limits.download_limit_per_peer,
        ),
    ] {
        let value = match change {
            None | Some(LimitChange::Keep) => continue,
            Some(LimitChange::Lift) => Value::Null,
            Some(LimitChange::To(limit)) => json!(limit.bytes_per_s()),
        };
        command.insert(name.to_owned(), value);
    }
    if !command.is_empty() {
        command.insert("cmd".to_owned(), json!("set-rate-limits"));
        reached.client.call(Value::Object(command)).await?;
    }
    show(reached).await
}

/// Lets uploads yield or not, and shows which.
///
/// # Errors
/// No peer runs here, or it went away.
pub(crate) async fn play(reached: &mut Reached, switch: Option<Switch>) -> Result<()> {
    if reached.is_own() {
        bail!("no peer runs here, so nothing is uploaded that could yield to your game");
    }
    if let Some(switch) = switch {
        let playing = switch == Switch::On;
        let command = json!({ "cmd": "set-playing", "playing": playing });
        reached.client.call(command).await?;
    }
    show(reached).await
}

async fn show(reached: &mut Reached) -> Result<()> {
    let status: Status = reached.client.ask(json!({ "cmd": "status" })).await?;
    output::line(&told(&status.rate_limits, status.playing))?;
    Ok(())
}

/// What `lanspread serve` was told about rates.
pub(crate) fn at_start(rates: &ServeRates) -> Vec<PeerCommand> {
    let LimitArgs {
        upload_limit,
        upload_limit_per_peer,
        download_limit,
        download_limit_per_peer,
    } = rates.limits;
    let changes = LimitChanges {
        upload: upload_limit.unwrap_or_default(),
        upload_per_peer: upload_limit_per_peer.unwrap_or_default(),
        download: download_limit.unwrap_or_default(),
        download_per_peer: download_limit_per_peer.unwrap_or_default(),
    };
    let limits =
        (changes != LimitChanges::default()).then_some(PeerCommand::SetRateLimits { changes });
    let playing = Playing::Yes;
    let play = rates.playing.then_some(PeerCommand::SetPlaying { playing });
    limits.into_iter().chain(play).collect()
}

/// What holds transfers back at a peer, one thing for each.
pub(crate) fn in_force(status: &Status) -> Vec<String> {
    held_back(&status.rate_limits, status.playing)
}

/// What holds transfers back, in a sentence.
pub(crate) fn told(limits: &RateLimits, playing: bool) -> String {
    let held_back = held_back(limits, playing);
    if held_back.is_empty() {
        return "transfers are not limited".to_owned();
    }
    format!("limited: {}", held_back.join(", "))
}

fn held_back(limits: &RateLimits, playing: bool) -> Vec<String> {
    let limit = |what: &str, bytes_per_s: Option<u64>| {
        bytes_per_s.map(|bytes_per_s| format!("{what} to {}", rate(bytes_per_s)))
    };
    [
        limit("uploads", limits.upload),
        limit("uploads to one peer", limits.upload_per_peer),
        limit("downloads", limits.download),
        limit("downloads from one peer", limits.download_per_peer),
        playing.then(|| "uploads yield to your game".to_owned()),
    ]
    .into_iter()
    .flatten()
    .collect()
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::args::{Cli, Subcommands};

    fn serve(arguments: &[&str]) -> Vec<PeerCommand> {
        let line = ["lanspread", "serve"].iter().chain(arguments);
        match Cli::parse_from(line).command {
            Subcommands::Serve { rates, .. } => at_start(&rates),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_peer_is_told_at_its_start_only_what_was_said() {
        assert_eq!(serve(&[]), []);
        let playing = Playing::Yes;
        assert_eq!(serve(&["--playing"]), [PeerCommand::SetPlaying { playing }]);
        let changes = LimitChanges {
            upload: LimitChange::Lift,
            ..LimitChanges::default()
        };
        assert_eq!(
            serve(&["--upload-limit", "none"]),
            [PeerCommand::SetRateLimits { changes }]
        );
    }

    #[test]
    fn what_holds_transfers_back_is_said_in_words() {
        let mut limits = RateLimits::default();
        assert_eq!(told(&limits, false), "transfers are not limited");
        limits.upload = Some(5 << 20);
        limits.download_per_peer = Some(1 << 20);
        assert_eq!(
            told(&limits, true),
            "limited: uploads to 5.00 MiB/s, downloads from one peer to 1.00 MiB/s, uploads yield to \
             your game"
        );
    }
}
