//! `lanspread serve`: a peer that stays, and tells on standard output what happens.
//!
//! Invariant: it decides nothing; it starts a peer, watches it, and ends it when asked to.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use eyre::{Result, WrapErr, eyre};
use lanspread_control::RunBy;
use lanspread_peer::{PeerView, RuntimeEnd};
use lanspread_web::WebServer;
use serde_json::json;

use crate::{
    answers::{Game, Games, Outbound, Status},
    args::{ServeRates, WebArgs},
    client::Client,
    list,
    narrate::{Narrator, UploadChange, Uploads},
    node::Node,
    output, page, rates,
    reach::talk_to,
    refused,
    setup::Setup,
    signals::EndSignal,
    words::{count, printable, short},
};

/// How often uploads that pause are looked at.
const UPLOADS_CHECK: Duration = Duration::from_secs(1);

/// Runs until it is asked to end.
///
/// # Errors
/// The peer cannot be started, or could not go on.
pub(crate) async fn run(setup: &Setup, rates: &ServeRates, web: WebArgs) -> Result<()> {
    let mut signal = EndSignal::listen()?;
    let (node, events) = match Node::start(setup, RunBy::Serve) {
        Ok(started) => started,
        Err(error) => return Err(refused::explain(error, setup).await),
    };
    let client = talk_to(&node, events);
    let (page, watched) = match page::open(node.app(), web).await {
        Ok(page) => {
            let invites = Invites {
                page: page.as_ref(),
                web,
                guests_told: false,
            };
            let asked_to_end = async {
                tokio::select! {
                    () = signal.wait() => {}
                    () = node.app().leave().cancelled() => {}
                }
            };
            let watched = tokio::select! {
                watched = watch(client, &node, rates, invites) => watched,
                () = asked_to_end => output::line("ending").wrap_err("nobody reads this"),
            };
            (page, watched)
        }
        Err(error) => (None, Err(error)),
    };
    let end = node.finish().await;
    if let Some(page) = page {
        page.ended().await;
    }
    match end {
        RuntimeEnd::Stopped => watched,
        RuntimeEnd::Failed(reason) => Err(eyre!(reason)),
    }
}

/// Who is told how to reach the page, and when.
struct Invites<'a> {
    page: Option<&'a WebServer>,
    web: WebArgs,
    /// Whether guests may come, as it was told last.
    guests_told: bool,
}

impl Invites<'_> {
    /// Tells the user of this terminal, at the start.
    fn user(&self) -> Result<()> {
        if let Some(page) = self.page {
            output::print(&page::invitation(page, self.web.web_lan, output::columns()))?;
        }
        Ok(())
    }

    /// Tells how guests come when they are let in, at the start or later, and that they are not let in any more.
    fn guests(&mut self, node: &Node) -> Result<()> {
        let may_come = node.app().lets_guests_in();
        let Some(page) = self.page else { return Ok(()) };
        if std::mem::replace(&mut self.guests_told, may_come) == may_come {
            return Ok(());
        }
        let told = page::guest_invitation(page, output::columns());
        if may_come {
            output::print(&told)?;
        } else if !told.is_empty() {
            output::line("Guests are not let in any more")?;
        }
        Ok(())
    }
}

async fn watch(
    mut client: Client,
    node: &Node,
    rates: &ServeRates,
    mut invites: Invites<'_>,
) -> Result<()> {
    for command in rates::at_start(rates) {
        node.app().handle().command(command).await?;
    }
    let mut narrator = Narrator::default();
    let mut views = node.app().handle().game_db().subscribe();
    let mut uploads = Uploads::default();
    let mut check = tokio::time::interval(UPLOADS_CHECK);
    let mut last_summary = String::new();
    let mut greeted = false;
    loop {
        tokio::select! {
            event = client.next_event() => {
                let Some(event) = event else { return Ok(()) };
                if let Some(line) = narrator.tell(Instant::now(), &event) {
                    output::line(&line)?;
                }
                match event["event"].as_str() {
                    Some("ready") if !greeted => {
                        greeted = true;
                        let status: Status = client.ask(json!({ "cmd": "status" })).await?;
                        output::print(&greeting(&status))?;
                        invites.user()?;
                        invites.guests(node)?;
                    }
                    Some("games-list-updated") => {
                        let games: Games = client.ask(json!({ "cmd": "list-games" })).await?;
                        let summary = summary(&games);
                        if summary != last_summary {
                            output::line(&summary)?;
                            last_summary = summary;
                        }
                    }
                    Some(_) | None => {}
                }
            }
            Ok(()) = views.changed() => {
                let view = Arc::clone(&views.borrow_and_update());
                tell_uploads(&mut uploads, &view)?;
            }
            _ = check.tick() => {
                if greeted {
                    invites.guests(node)?;
                }
                let view = Arc::clone(&views.borrow());
                tell_uploads(&mut uploads, &view)?;
            }
        }
    }
}

fn greeting(status: &Status) -> String {
    format!(
        "{} takes part in {}\n  games in {}\n  state in {}\n  listening on {}\nCtrl-C ends it.\n",
        printable(&status.name),
        list::party(status),
        status.games_dirs_named(),
        status.state_dir.display(),
        status.listen_addrs.join(", "),
    )
}

fn summary(games: &Games) -> String {
    let number = |is_it: fn(&Game) -> bool| games.games.iter().filter(|game| is_it(game)).count();
    let here = count(number(|game| game.downloaded), "game");
    let elsewhere = number(|game| !game.downloaded && game.peers > 0);
    let unhashed =
        |game: &Game| game.downloaded && game.manifest.is_none() && game.problem.is_none();
    let hashing = match number(unhashed) {
        0 => String::new(),
        hashing => format!(" ({hashing} to be hashed before others can fetch them)"),
    };
    format!("{here} here{hashing}, {elsewhere} more at others")
}

fn tell_uploads(uploads: &mut Uploads, view: &PeerView) -> Result<()> {
    let served: Vec<Outbound> = view
        .outbound
        .iter()
        .map(|upload| Outbound {
            peer_id: upload.peer_id.to_string(),
            id: upload.id.to_string(),
        })
        .collect();
    for change in uploads.update(Instant::now(), &served) {
        let line = match &change {
            UploadChange::Began(upload) => {
                format!(
                    "{}: {} fetches it from here",
                    upload.id,
                    name_of(view, &upload.peer_id)
                )
            }
            UploadChange::Ended(upload) => {
                format!(
                    "{}: {} fetches no more from here",
                    upload.id,
                    name_of(view, &upload.peer_id)
                )
            }
        };
        output::line(&line)?;
    }
    Ok(())
}

fn name_of(view: &PeerView, peer_id: &str) -> String {
    let known = view
        .peers
        .iter()
        .find(|peer| peer.peer_id.to_string() == peer_id);
    known.map_or_else(
        || short(peer_id).to_owned(),
        |peer| printable(peer.name.as_str()),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_summary_counts_what_is_here_and_what_could_be_fetched() {
        let game = |downloaded: bool, peers: usize, manifest: Option<&str>| {
            json!({ "id": "x", "title": "X", "version": null, "expected_version": null, "size": 0,
                    "downloaded": downloaded, "installed": false, "peers": peers, "manifest": manifest })
        };
        let summary_of = |games: &[serde_json::Value]| {
            summary(&serde_json::from_value(json!({ "games": games })).expect("games"))
        };
        let hashed = [
            game(true, 0, Some("aa")),
            game(false, 1, None),
            game(false, 0, None),
        ];
        assert_eq!(summary_of(&hashed), "1 game here, 1 more at others");
        let two = [game(true, 0, None), game(true, 2, Some("aa"))];
        assert_eq!(
            summary_of(&two),
            "2 games here (1 to be hashed before others can fetch them), 0 more at others"
        );
    }
}
