//! Questions what a download would fetch: `GetGame` and `FetchLatestFromPeers`.
//!
//! Invariant: each question that was accepted ends with exactly one `GotGameFiles` or
//! `GetGameFailed`; two questions for the same game share one answer.

use std::collections::BTreeMap;

use lanspread_db::{GameId, Manifest, ManifestHash};

use crate::{
    EffectId, ManifestAnswer, Now, PeerEvent, Purpose, RequestFailure,
    operations::hunt::{Hunt, Hunted, Quarry},
    world::World,
};

/// All questions under way.
#[derive(Debug, Default)]
pub(crate) struct Inquiries {
    running: BTreeMap<GameId, Hunt>,
}

impl Inquiries {
    /// How many are under way.
    pub(crate) fn len(&self) -> usize {
        self.running.len()
    }

    /// Begins to ask.
    pub(crate) fn begin(&mut self, world: &mut World<'_>, id: &GameId) {
        if self.running.contains_key(id) {
            return;
        }
        let purpose = Purpose::Inquiry(id.clone());
        let hunt = Hunt::new(
            id.clone(),
            Quarry::PartyVersion { resumes: None },
            purpose,
            world.ctx.now,
        );
        self.running.insert(id.clone(), hunt);
        self.with(world, id, Hunt::advance);
    }

    /// Something outside changed.
    pub(crate) fn advance(&mut self, world: &mut World<'_>) {
        let ids: Vec<GameId> = self.running.keys().cloned().collect();
        for id in ids {
            self.with(world, &id, Hunt::advance);
        }
    }

    /// The answer of the peer that was asked.
    pub(crate) fn answered(
        &mut self,
        world: &mut World<'_>,
        id: &GameId,
        effect: EffectId,
        result: Result<ManifestAnswer, RequestFailure>,
    ) {
        self.with(world, id, |hunt, world| {
            hunt.answered(world, effect, result)
        });
    }

    /// When [`Inquiries::advance`] has something to do.
    pub(crate) fn deadline(&self) -> Option<Now> {
        self.running.values().filter_map(Hunt::deadline).min()
    }

    fn with(
        &mut self,
        world: &mut World<'_>,
        id: &GameId,
        act: impl FnOnce(&mut Hunt, &mut World<'_>) -> Hunted,
    ) {
        let Some(hunt) = self.running.get_mut(id) else {
            return;
        };
        let event = match act(hunt, world) {
            Hunted::Still(_) => return,
            Hunted::Found(hash, manifest) => got(hash, &manifest),
            Hunted::Failed(error) => PeerEvent::GetGameFailed {
                id: id.clone(),
                error,
            },
        };
        self.running.remove(id);
        world.ctx.out.emit(event);
    }
}

fn got(hash: ManifestHash, manifest: &Manifest) -> PeerEvent {
    PeerEvent::GotGameFiles {
        id: manifest.game_id().clone(),
        version: manifest.version(),
        manifest: hash,
        files: manifest.descriptions().collect(),
    }
}
