//! `lanspread say`: something for everybody at the party.
//!
//! Invariant: only a peer that stays says it, since it is the one that tells those who come later.

use eyre::{Result, bail};
use serde_json::json;

use crate::{answers::Peers, output, reach::Reached, words::count};

/// Says it.
///
/// # Errors
/// No peer runs here; it is refused, as too long or too soon after others.
pub(crate) async fn say(reached: &mut Reached, text: &str) -> Result<()> {
    if reached.is_own() {
        bail!(
            "no peer runs here, and one that ends at once can tell nobody: start one with \
             `lanspread serve`, and say it then"
        );
    }
    let command = json!({ "cmd": "say", "text": text });
    reached.client.call(command).await?;
    let peers: Peers = reached.client.ask(json!({ "cmd": "list-peers" })).await?;
    output::line(&told(peers.peers.len()))?;
    Ok(())
}

fn told(peers: usize) -> String {
    match peers {
        0 => "said; nobody else is here, and whoever comes within the hour hears it".to_owned(),
        peers => format!(
            "said to {}; whoever comes within the hour hears it, too",
            count(peers, "peer")
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_many_hear_it_is_said() {
        assert!(told(0).contains("nobody else is here"));
        assert!(told(1).starts_with("said to 1 peer;"));
        assert!(told(2).starts_with("said to 2 peers;"));
    }
}
