//! `lanspread expel` and `lanspread readmit`: who is put out for the evening, and let in again.
//!
//! Invariant: a peer is named so that it cannot be mistaken for another one: by its whole id, or by the
//! beginning of its id or its name if only one that is known here is called so.

use std::time::Duration;

use eyre::{Result, bail};
use lanspread_peer::PeerId;
use serde_json::json;

use crate::{
    answers::{KeptAway, Peers, Status},
    list, output,
    reach::Reached,
    words::{printable, short, time},
};

/// Fewest digits that stand for a whole id: those that are shown everywhere.
const ID_DIGITS_MIN: usize = 8;

/// Somebody whom this peer knows.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Known {
    id: String,
    name: String,
}

/// Keeps a peer out.
///
/// # Errors
/// Nobody, or more than one, is called so; it is refused.
pub(crate) async fn expel(reached: &mut Reached, who: &str, time_out: Duration) -> Result<()> {
    list::look_around(reached).await?;
    let peers: Peers = reached.client.ask(json!({ "cmd": "list-peers" })).await?;
    let connected = peers.peers.iter().map(|peer| Known {
        id: peer.id.clone(),
        name: peer.name.clone(),
    });
    let known: Vec<Known> = connected.chain(kept_away(&peers)).collect();
    let peer = find(who, &known)?;
    let command = json!({ "cmd": "expel", "peer_id": peer.id, "for_s": time_out.as_secs() });
    reached.client.call(command).await?;
    let status: Status = reached.client.ask(json!({ "cmd": "status" })).await?;
    let everywhere = if status.organiser.as_deref() == Some(&status.peer_id) {
        "all who have this catalog, or name this peer as their organiser, keep it out as well"
    } else {
        "this holds here only: this peer is not the organiser of the party"
    };
    output::line(&format!(
        "{} is expelled for {}; {everywhere}",
        shown(&peer),
        time(time_out)
    ))?;
    if reached.is_own() {
        output::note("no peer runs here; whoever was expelled is told of when it does");
    }
    Ok(())
}

/// Lets a peer in again.
///
/// # Errors
/// Nobody, or more than one, is called so; it is refused.
pub(crate) async fn readmit(reached: &mut Reached, who: &str) -> Result<()> {
    let peers: Peers = reached.client.ask(json!({ "cmd": "list-peers" })).await?;
    let known: Vec<Known> = kept_away(&peers).collect();
    let peer = find(who, &known)?;
    let command = json!({ "cmd": "readmit", "peer_id": peer.id });
    reached.client.call(command).await?;
    output::line(&format!("{} may come again", shown(&peer)))?;
    Ok(())
}

fn kept_away(peers: &Peers) -> impl Iterator<Item = Known> {
    let known = |kept: &KeptAway| Known {
        id: kept.id.clone(),
        name: kept.name.clone(),
    };
    peers.kept_away.iter().map(known)
}

fn shown(peer: &Known) -> String {
    format!("{} ({})", printable(&peer.name), short(&peer.id))
}

fn find(who: &str, known: &[Known]) -> Result<Known> {
    let prefix = who.len() >= ID_DIGITS_MIN && who.bytes().all(|digit| digit.is_ascii_hexdigit());
    let is_it = |peer: &&Known| {
        peer.name.eq_ignore_ascii_case(who)
            || (prefix && peer.id.starts_with(&who.to_ascii_lowercase()))
    };
    let found: Vec<&Known> = known.iter().filter(is_it).collect();
    match found[..] {
        [peer] => Ok(peer.clone()),
        // Somebody who is not here can be meant by its whole id.
        [] if who.parse::<PeerId>().is_ok() => Ok(Known {
            id: who.to_owned(),
            name: short(who).to_owned(),
        }),
        [] => {
            let names: Vec<String> = known.iter().map(shown).collect();
            let names = if names.is_empty() {
                "nobody".to_owned()
            } else {
                names.join(", ")
            };
            bail!(
                "nobody here is called {}; here is {names}. Name a peer by its name, by the beginning \
                 of its id ({ID_DIGITS_MIN} digits or more), or by its whole id if it is not here",
                printable(who)
            )
        }
        _ => {
            let names: Vec<String> = found.iter().map(|peer| shown(peer)).collect();
            bail!(
                "more than one is called {}: {}; name it by more digits of its id",
                printable(who),
                names.join(", ")
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(digit: char, name: &str) -> Known {
        Known {
            id: digit.to_string().repeat(64),
            name: name.to_owned(),
        }
    }

    #[test]
    fn a_peer_is_found_by_its_name_or_the_beginning_of_its_id() {
        let all = [known('a', "mallory"), known('b', "bob")];
        for who in ["mallory", "Mallory", "aaaaaaaa", "AAAAAAAAA", &all[0].id] {
            assert_eq!(find(who, &all).expect("found"), all[0], "{who}");
        }
        assert!(find("aaaaaaa", &all).is_err(), "too few digits");
        assert!(find("carol", &all).is_err());
    }

    #[test]
    fn nobody_is_taken_for_another_one() {
        let twins = [known('a', "bob"), known('b', "bob")];
        let error = find("bob", &twins).expect_err("two");
        assert!(error.to_string().contains("more digits"), "{error}");
        assert_eq!(find("bbbbbbbb", &twins).expect("one"), twins[1]);
    }

    #[test]
    fn somebody_who_is_not_here_is_named_by_its_whole_id() {
        let id = "c".repeat(64);
        assert_eq!(find(&id, &[]).expect("a whole id").id, id);
        assert!(find(&id[1..], &[]).is_err());
    }
}
