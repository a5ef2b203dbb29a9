//! What peers believe of each other, held against what was so.
//!
//! Invariant: what was so is learned from disks, addresses and what each peer itself said, never from
//! what another one believes. A belief may be old; it may not be of something that never was.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use lanspread_core::{Effect, GameView, PeerView};
use lanspread_db::{GameId, Manifest, ManifestHash, Version};
use lanspread_proto::{
    LibraryEpoch, LibraryRevision, LibraryState, ListenAddr, PeerId, Request, Response,
};

use crate::{books::Wrong, failure::Invariant};

/// A version, and its files if they are known.
type Had = (Version, Option<ManifestHash>);

/// What was so at some moment, and what was said of it.
#[derive(Debug, Default)]
pub(crate) struct Beliefs {
    /// What a guest could share: the version on its disk, and its files if they were known.
    had: BTreeMap<(usize, GameId), BTreeSet<Had>>,
    /// Where each guest listened.
    listened: BTreeMap<usize, BTreeSet<ListenAddr>>,
    /// The party codes with which each guest was started.
    codes: BTreeMap<usize, BTreeSet<Option<&'static str>>>,
    /// Lists of files that lay somewhere or were wanted.
    manifests: BTreeMap<ManifestHash, Arc<Manifest>>,
    /// How each run of a guest said last that its library stands.
    said: BTreeMap<(usize, LibraryEpoch), LibraryState>,
    /// From where a run of a guest asked last for what is new in a run of another.
    held: BTreeMap<(usize, u32, PeerId, LibraryEpoch), LibraryRevision>,
    /// The list of games of each guest that was looked at last.
    looked_at: BTreeMap<usize, Arc<Vec<GameView>>>,
}

impl Beliefs {
    /// A guest listens, and lets in whoever has its code.
    pub(crate) fn listens(&mut self, n: usize, addr: ListenAddr, code: Option<&'static str>) {
        self.listened.entry(n).or_default().insert(addr);
        self.codes.entry(n).or_default().insert(code);
    }

    /// Whether a guest was ever started with a code.
    pub(crate) fn had_code(&self, n: usize, code: Option<&'static str>) -> bool {
        self.codes
            .get(&n)
            .is_some_and(|codes| codes.contains(&code))
    }

    /// A game that could be shared lay on the disk of a guest.
    pub(crate) fn lay_there(
        &mut self,
        n: usize,
        id: &GameId,
        version: Version,
        manifest: Option<ManifestHash>,
    ) {
        let had = self.had.entry((n, id.clone())).or_default();
        had.insert((version, manifest));
        had.insert((version, None));
    }

    /// A list of files exists.
    pub(crate) fn know(&mut self, manifest: &Arc<Manifest>) {
        self.manifests
            .entry(manifest.hash())
            .or_insert_with(|| Arc::clone(manifest));
    }

    /// The list of files with this hash.
    pub(crate) fn manifest(&self, hash: ManifestHash) -> Option<Arc<Manifest>> {
        self.manifests.get(&hash).cloned()
    }

    /// What a peer says of its library, and from where it asks for what is new in another.
    pub(crate) fn said(&mut self, n: usize, run: u32, effect: &Effect) -> Result<(), Wrong> {
        let state = match effect {
            Effect::Request { to, request, .. } => match request {
                Request::Hello(hello) => &hello.library,
                Request::LibrarySummary { state } => state,
                Request::LibraryDelta { epoch, since } => {
                    return self.asked(n, run, to.peer_id, *epoch, *since);
                }
                Request::Ping
                | Request::LibrarySnapshot
                | Request::ListGames
                | Request::GetGame { .. }
                | Request::GetGameFileChunk(_)
                | Request::TakeBack(_)
                | Request::Holdings(_)
                | Request::Expulsions { .. }
                | Request::Status(_)
                | Request::Message(_)
                | Request::LaneToken
                | Request::Goodbye => return Ok(()),
            },
            Effect::Reply { response, .. } => match response {
                Response::HelloAck(ack) => &ack.library,
                Response::LibrarySnapshot(snapshot) => &snapshot.state,
                Response::LibraryDelta(delta) => &delta.state,
                _ => return Ok(()),
            },
            _ => return Ok(()),
        };
        let before = self.said.insert((n, state.epoch), state.clone());
        let Some(before) = before else { return Ok(()) };
        let (was, is) = (before.revision.0, state.revision.0);
        if is < was {
            let message = format!("its library goes back from revision {was} to {is}");
            return Err((Invariant::RevisionsGoOn, message));
        }
        if is == was && before.digest != state.digest {
            let message = format!("revision {is} of its library is two different ones");
            return Err((Invariant::RevisionsGoOn, message));
        }
        Ok(())
    }

    fn asked(
        &mut self,
        n: usize,
        run: u32,
        of: PeerId,
        epoch: LibraryEpoch,
        since: LibraryRevision,
    ) -> Result<(), Wrong> {
        match self.held.insert((n, run, of, epoch), since) {
            Some(before) if before > since => {
                let (of, was, is) = (of.short(), before.0, since.0);
                let message =
                    format!("what it holds of {of} goes back from revision {was} to {is}");
                Err((Invariant::RevisionsGoOn, message))
            }
            Some(_) | None => Ok(()),
        }
    }

    /// Whether everything that a guest is shown of others was so at some moment.
    pub(crate) fn check(
        &mut self,
        n: usize,
        view: &PeerView,
        number_of: &dyn Fn(PeerId) -> Option<usize>,
    ) -> Result<(), Wrong> {
        for peer in &view.peers {
            let listened = number_of(peer.peer_id).and_then(|other| self.listened.get(&other));
            if !listened.is_some_and(|all| all.contains(&peer.addr)) {
                let (name, addr) = (peer.name.as_str(), peer.addr);
                let message = format!("{name} is known as {addr}, where it never listened");
                return Err((Invariant::ListenerAddress, message));
            }
        }
        let last = self.looked_at.get(&n);
        if last.is_some_and(|last| Arc::ptr_eq(last, &view.games)) {
            return Ok(());
        }
        for game in view.games.iter() {
            for offer in &game.offers {
                for &peer in &offer.peers {
                    let other = number_of(peer);
                    let had = other.and_then(|other| self.had.get(&(other, game.id.clone())));
                    if !had.is_some_and(|had| had.contains(&(offer.version, offer.manifest))) {
                        let message = format!(
                            "{} is believed to have {} {} as {:?}, and never had it so",
                            peer.short(),
                            game.id,
                            offer.version,
                            offer.manifest.map(|manifest| manifest.short())
                        );
                        return Err((Invariant::BelievedWasSo, message));
                    }
                }
            }
        }
        self.looked_at.insert(n, Arc::clone(&view.games));
        Ok(())
    }
}
