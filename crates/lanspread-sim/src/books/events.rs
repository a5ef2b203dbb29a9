//! The order of events that users are promised of every operation.
//!
//! Invariant: it is active, it works, the library settles, it is active no more, its one terminal
//! event; and the next one of the game begins after that.

use std::collections::{BTreeMap, BTreeSet};

use lanspread_core::{OperationKind, Outcome, PeerEvent, limits::OPERATIONS_MAX};
use lanspread_db::GameId;

use super::{Wrong, within};
use crate::failure::Invariant;

#[derive(Debug, Default)]
pub(super) struct EventBook {
    active: BTreeSet<(GameId, OperationKind)>,
    running: BTreeMap<GameId, Told>,
}

/// What was told of an operation.
#[derive(Debug)]
struct Told {
    kind: OperationKind,
    /// The library was told of since the last work.
    settled: bool,
    /// It is active no more.
    over: bool,
}

fn order(message: String) -> Wrong {
    (Invariant::OrderOfEvents, message)
}

impl EventBook {
    pub(super) fn emitted(&mut self, event: &PeerEvent) -> Result<(), Wrong> {
        match event {
            PeerEvent::ActiveOperationsChanged { active } => {
                within(active.len(), OPERATIONS_MAX, "operations")?;
                self.active = active.iter().cloned().collect();
                for (id, told) in &mut self.running {
                    told.over |= !self.active.contains(&(id.clone(), told.kind));
                }
                Ok(())
            }
            PeerEvent::GamesListUpdated => {
                for told in self.running.values_mut() {
                    told.settled |= !told.over;
                }
                Ok(())
            }
            PeerEvent::OperationBegan { id, kind } => {
                if !self.active.contains(&(id.clone(), *kind)) {
                    let kind = kind.as_str();
                    return Err(order(format!("{kind} of {id} begins before it is active")));
                }
                let told = Told {
                    kind: *kind,
                    settled: false,
                    over: false,
                };
                match self.running.insert(id.clone(), told) {
                    None => Ok(()),
                    Some(before) => {
                        let (before, kind) = (before.kind.as_str(), kind.as_str());
                        let message = format!("{kind} of {id} begins during {before}");
                        Err((Invariant::EndsOnce, message))
                    }
                }
            }
            PeerEvent::OperationProgress { id, kind, .. } => match self.running.get_mut(id) {
                Some(told) if told.kind == *kind && !told.over => {
                    told.settled = false;
                    Ok(())
                }
                _ => {
                    let kind = kind.as_str();
                    Err(order(format!("{kind} of {id} goes on and is not active")))
                }
            },
            PeerEvent::OperationEnded { id, kind, outcome } => {
                let name = kind.as_str();
                let Some(told) = self.running.remove(id).filter(|told| told.kind == *kind) else {
                    let message = format!("{name} of {id} ends and did not begin");
                    return Err((Invariant::EndsOnce, message));
                };
                if !told.over {
                    return Err(order(format!("{name} of {id} ends while it is active")));
                }
                if matches!(outcome, Outcome::Finished(_)) && !told.settled {
                    let message = format!("{name} of {id} finishes before the library settled");
                    return Err(order(message));
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Operations that began and did not end.
    pub(super) fn running(&self) -> Vec<String> {
        let running = self.running.iter();
        running
            .map(|(id, told)| format!("{} of {id}", told.kind.as_str()))
            .collect()
    }
}
