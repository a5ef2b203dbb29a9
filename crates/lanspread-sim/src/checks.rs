//! Holds the party to the reference model while it goes on.
//!
//! Invariant: looking changes nothing but what the model knows.

use lanspread_core::{
    CommandId, CommandRefused, Effect, ErrorKind, Input, OperationKind, Outcome, PeerCommand,
    PeerEvent,
    root::{DownloadIntent, Step},
};
use lanspread_db::GameId;

use crate::{
    books::outcome_name,
    failure::Invariant,
    faults::Fault,
    model::{RootKey, key},
    world::World,
};

/// Peers announce different files of a version, and none of them more often than others.
pub(crate) const DISAGREE: &str = "peers disagree";
/// A download may not replace what lies there.
pub(crate) const FOREIGN: &str = "something foreign stands in the way";

/// Why a download may fail on a party at rest: only people can help.
fn excuse(kind: ErrorKind) -> Option<&'static str> {
    match kind {
        ErrorKind::Conflict => Some(DISAGREE),
        ErrorKind::Foreign => Some(FOREIGN),
        _ => None,
    }
}

impl World {
    /// Where a game of a guest lies.
    pub(crate) fn key(&self, n: usize, id: &GameId) -> RootKey {
        key(n, &self.nodes[n].machine.game_dir, id)
    }

    pub(crate) fn check_root(&mut self, n: usize, id: &GameId) {
        let key = self.key(n, id);
        let checked = self.model.check(&key, &self.nodes[n].machine.disk);
        if let Err((invariant, message)) = checked {
            self.fail(invariant, message);
        }
    }

    pub(crate) fn check_disk(&mut self, n: usize) {
        let checked = self.model.check_all(n, &self.nodes[n].machine.disk);
        if let Err((invariant, message)) = checked {
            self.fail(invariant, message);
        }
    }

    pub(crate) fn model_prepared(&mut self, n: usize, effect: &Effect) {
        if let Effect::PrepareDownload {
            manifest, intent, ..
        } = effect
        {
            let key = self.key(n, manifest.game_id());
            let catalog = &self.nodes[n].catalog;
            let pinned = catalog.pin(manifest.game_id(), manifest.version());
            let is_seen = self.fault != Some(Fault::PinsIgnoredUnseen);
            if is_seen && !catalog.allows(manifest.game_id(), manifest.version(), manifest.hash()) {
                let id = manifest.game_id();
                let message = format!("peer{n} fetches {id}, and the catalog pins other files");
                self.fail(Invariant::PinsHold, message);
            } else if pinned.is_some() {
                self.counts.add("download of what is pinned", 1);
            }
            if *intent == DownloadIntent::UpdateGivingUpOld {
                self.model.root(&key).holds = false;
            }
            self.beliefs.know(manifest);
            self.model.prepared(&key, manifest, pinned);
        }
    }

    pub(crate) fn model_stepped(&mut self, n: usize, id: &GameId, step: &Step, answer: &Input) {
        let done = matches!(answer, Input::StepDone { result: Ok(_), .. });
        if let Step::PublishSentinel { manifest } = step
            && done
        {
            let key = self.key(n, id);
            if let Err((invariant, message)) = self.model.published(&key, *manifest) {
                return self.fail(invariant, message);
            }
            self.counts.add("sentinel published", 1);
        }
    }

    /// An event of a peer: what users were told has to be so.
    pub(crate) fn emitted(&mut self, n: usize, event: &PeerEvent) {
        #[cfg(test)]
        if let Some(record) = &mut self.record {
            record.event(n, event);
        }
        if let PeerEvent::OperationEnded {
            id,
            kind: OperationKind::Download,
            outcome: Outcome::Failed(error),
        } = event
            && error.kind == ErrorKind::Io
            && !self.troubled.contains(&n)
        {
            let message = format!("peer{n}: {id}: {}", error.message);
            self.fail(Invariant::DiskBlamed, message);
        }
        if let PeerEvent::OperationEnded { id, outcome, .. } = event {
            let excuse = match outcome {
                Outcome::Failed(error) => excuse(error.kind),
                Outcome::Finished(_) | Outcome::Cancelled => None,
            };
            match excuse {
                Some(excuse) => self.excuses.insert((n, id.clone()), excuse),
                None => self.excuses.remove(&(n, id.clone())),
            };
        }
        if let Some(name) = outcome_name(event) {
            self.counts.add(name, 1);
        }
        match event {
            PeerEvent::OperationBegan {
                id,
                kind: OperationKind::Uninstall,
            } => {
                let key = self.key(n, id);
                self.model.uninstalling(&key);
            }
            PeerEvent::OperationBegan {
                id,
                kind: OperationKind::Remove,
            } => {
                let key = self.key(n, id);
                self.model.root(&key).holds = false;
            }
            PeerEvent::OperationEnded {
                id,
                kind: OperationKind::Download,
                outcome: Outcome::Finished(report),
            } => {
                let version = report.version;
                let view = self.view(n);
                let shown = view.and_then(|view| {
                    let game = view.games.iter().find(|game| game.id == *id)?;
                    game.version
                });
                if version.is_some() && shown != version {
                    let message =
                        format!("peer{n}: {id} is there in {version:?} and shown as {shown:?}");
                    self.fail(Invariant::OrderOfEvents, message);
                }
                self.check_root(n, id);
            }
            PeerEvent::Message(message) => {
                let by = self.number_of(message.peer_id);
                let wrong = self.sayings.heard(n, by, message.text.as_str());
                if let Some(wrong) = wrong {
                    self.fail(Invariant::HeardOnce, wrong);
                }
                self.counts.add("message heard", 1);
            }
            PeerEvent::PeerConnected { .. } => self.counts.add("peer connected", 1),
            PeerEvent::PeerMoved { .. } => self.counts.add("peer moved", 1),
            PeerEvent::PeerLost { .. } => self.counts.add("peer lost", 1),
            PeerEvent::SourceDropped { .. } => self.counts.add("source dropped", 1),
            PeerEvent::ManifestConflict { .. } => self.counts.add("conflict told", 1),
            PeerEvent::UploadEnded { .. } => self.counts.add("upload told", 1),
            PeerEvent::GotGameFiles { .. } => self.counts.add("inquiry answered", 1),
            PeerEvent::GetGameFailed { .. } => self.counts.add("inquiry failed", 1),
            PeerEvent::ConnectFinished { result, .. } => {
                let name = match result {
                    Ok(_) => "connect finished",
                    Err(_) => "connect failed",
                };
                self.counts.add(name, 1);
            }
            _ => {}
        }
    }

    pub(crate) fn answered_command(
        &mut self,
        n: usize,
        id: CommandId,
        result: &Result<(), CommandRefused>,
    ) {
        #[cfg(test)]
        if let Some(record) = &mut self.record {
            record.answers.insert((n, id), result.clone());
        }
        let command = self.books.command(n, id);
        if let Some(PeerCommand::Expel { peer_id, .. } | PeerCommand::Readmit { peer_id }) = command
            && let Some(whom) = self.number_of(peer_id)
        {
            let is_out = matches!(command, Some(PeerCommand::Expel { .. }));
            let name = match (result, is_out) {
                (Err(_), _) => "expulsion refused",
                (Ok(()), true) => "peer expelled",
                (Ok(()), false) => "peer readmitted",
            };
            self.counts.add(name, 1);
            // Whoever leaves may have written it down all the same.
            let leaves = matches!(result, Err(refused) if refused.kind == ErrorKind::ShuttingDown);
            if !leaves {
                let is_out = result.is_ok().then_some(is_out);
                self.orders.answered(n, whom, is_out);
            }
        }
        if let (Some(PeerCommand::Say { text }), Ok(())) = (&command, result) {
            let run = self.nodes[n].run;
            self.sayings.accepted(n, run, text.to_string(), self.now);
        }
        let name = match result {
            Ok(()) => "command accepted".to_owned(),
            Err(refused) => format!("command refused: {}", refused.kind),
        };
        self.counts.add(name, 1);
        if let (Some(PeerCommand::DownloadGameFiles { id, .. }), Err(refused)) = (&command, result)
            && let Some(excuse) = excuse(refused.kind)
        {
            self.excuses.insert((n, id.clone()), excuse);
        }
        if let (Some(PeerCommand::DownloadGameFiles { id, .. }), Ok(())) = (command, result) {
            let key = self.key(n, &id);
            self.wanted.insert(key);
        }
    }
}
