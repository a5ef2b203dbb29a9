//! The search for the manifest of a game: which one it is, and who hands it over.
//!
//! Invariant: one peer is asked at a time, every source once per round, in an order that follows from
//! the seed; a tie ends the search and is reported, never decided.

use std::{collections::BTreeSet, sync::Arc};

use lanspread_db::{GameId, Manifest, ManifestHash, Version};
use lanspread_proto::{PeerId, Request};

use crate::{
    Effect, EffectId, ErrorKind, ManifestAnswer, Now, Offence, OperationError, PeerEvent, Purpose,
    RequestFailure, WaitReason,
    limits::MANIFEST_ROUNDS_MAX,
    offers::{Basis, Choice, OfferGroup},
    ties::rank,
    world::World,
};

/// Which manifest is searched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Quarry {
    /// Of the version that this party plays, the one that most peers announce; if nobody does, the one
    /// that was being gathered before, if it is at hand.
    PartyVersion {
        /// What was gathered before.
        resumes: Option<ManifestHash>,
    },
    /// This very one.
    Manifest(ManifestHash),
}

/// Where a search stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Hunted {
    /// It goes on; for what it waits.
    Still(WaitReason),
    /// Here it is.
    Found(ManifestHash, Arc<Manifest>),
    /// It cannot be had.
    Failed(OperationError),
}

/// A question under way.
#[derive(Debug, Clone, Copy)]
struct Asking {
    effect: EffectId,
    peer: PeerId,
    expect: ManifestHash,
}

/// One search.
#[derive(Debug)]
pub(crate) struct Hunt {
    id: GameId,
    quarry: Quarry,
    since: Now,
    purpose: Purpose,
    asking: Option<Asking>,
    tried: BTreeSet<PeerId>,
    rounds: u32,
    retry_at: Option<Now>,
    /// Until when it waits for anybody to have the game.
    wait_until: Option<Now>,
    /// Peers that were asked to hash the game.
    nudged: BTreeSet<PeerId>,
    told_dissent: bool,
    last_failure: String,
}

/// What the announcements say at this moment.
enum Trail {
    Sources(ManifestHash, Vec<PeerId>),
    Wait(WaitReason),
    Lost(OperationError),
}

impl Hunt {
    /// A search whose questions carry `purpose`.
    pub(crate) fn new(id: GameId, quarry: Quarry, purpose: Purpose, now: Now) -> Self {
        Self {
            id,
            quarry,
            since: now,
            purpose,
            asking: None,
            tried: BTreeSet::new(),
            rounds: 0,
            retry_at: None,
            wait_until: None,
            nudged: BTreeSet::new(),
            told_dissent: false,
            last_failure: String::new(),
        }
    }

    /// Goes on, with what is announced at this moment.
    pub(crate) fn advance(&mut self, world: &mut World<'_>) -> Hunted {
        if let Some(Asking { peer, .. }) = self.asking {
            return Hunted::Still(asking(world, peer));
        }
        if self.retry_at.is_some_and(|at| at > world.ctx.now) {
            return Hunted::Still(WaitReason::Retry);
        }
        self.retry_at = None;
        self.wait_until = None;
        match self.follow(world) {
            Trail::Sources(manifest, sources) => self.ask(world, manifest, sources),
            Trail::Wait(why) => Hunted::Still(why),
            Trail::Lost(error) => Hunted::Failed(error),
        }
    }

    fn follow(&mut self, world: &mut World<'_>) -> Trail {
        let version = match self.quarry {
            Quarry::PartyVersion { .. } => world.expected_version(&self.id),
            Quarry::Manifest(manifest) => {
                let sources = world.sources(&self.id, manifest);
                return if sources.is_empty() {
                    let id = self.id.clone();
                    self.wait(world, WaitReason::NoPeerHasFiles { id })
                } else {
                    Trail::Sources(manifest, sources)
                };
            }
        };
        match world.choose(&self.id, version) {
            Choice::Manifest {
                version,
                manifest,
                size_bytes,
                sources,
                dissent,
                basis,
            } => {
                let own = OfferGroup {
                    manifest,
                    size_bytes,
                    peers: sources.clone(),
                };
                if !dissent.is_empty() {
                    let groups: Vec<OfferGroup> = std::iter::once(own).chain(dissent).collect();
                    let pinned = (basis == Basis::Pin).then_some(manifest);
                    self.tell_dissent(world, version, &groups, Some(manifest), pinned);
                }
                Trail::Sources(manifest, sources)
            }
            Choice::NoPeerHasPinned {
                version,
                pinned,
                others,
            } => {
                self.tell_dissent(world, version, &others, None, Some(pinned));
                let why = no_such_files(world, &self.id, version, pinned, &others);
                self.wait(world, why)
            }
            Choice::Tie { version, groups } => {
                Trail::Lost(report_tie(world, &self.id, version, &groups))
            }
            Choice::Hashing { version, peers } => {
                self.nudge(world, &peers);
                Trail::Wait(WaitReason::Hashing {
                    id: self.id.clone(),
                    version,
                    peers: world.named(&peers),
                })
            }
            Choice::NoPeerHasVersion { expected, found } => {
                let why = no_such_version(world, &self.id, expected, &found);
                self.wait(world, why)
            }
            Choice::Nobody => {
                if let Some(manifest) = self.resumed(world) {
                    return Trail::Sources(manifest, Vec::new());
                }
                let id = self.id.clone();
                self.wait(world, WaitReason::NoPeer { id })
            }
        }
    }

    /// What was gathered before, if its manifest is at hand: others may be gathering it, too.
    fn resumed(&self, world: &World<'_>) -> Option<ManifestHash> {
        let Quarry::PartyVersion {
            resumes: Some(manifest),
        } = self.quarry
        else {
            return None;
        };
        world.kept(&self.id, manifest).map(|_| manifest)
    }

    /// Nobody has it: somebody may come.
    fn wait(&mut self, world: &World<'_>, why: WaitReason) -> Trail {
        let until = self.since + world.ctx.config.timing.source_wait;
        if world.ctx.now < until {
            self.wait_until = Some(until);
            return Trail::Wait(why);
        }
        let message = format!("cannot get {}: {why}", self.id);
        Trail::Lost(OperationError {
            kind: ErrorKind::NoSource,
            message,
        })
    }

    /// Users hear once who says something else.
    fn tell_dissent(
        &mut self,
        world: &mut World<'_>,
        version: Version,
        groups: &[OfferGroup],
        chosen: Option<ManifestHash>,
        pinned: Option<ManifestHash>,
    ) {
        if self.told_dissent {
            return;
        }
        self.told_dissent = true;
        let offers = world.who_says_what(groups);
        world.ctx.out.emit(PeerEvent::ManifestConflict {
            id: self.id.clone(),
            version,
            offers,
            chosen,
            pinned,
        });
    }

    /// Asks peers to hash the game next.
    fn nudge(&mut self, world: &mut World<'_>, peers: &[PeerId]) {
        let timeout = world.ctx.config.timing.request_timeout;
        for &peer in peers {
            let Some(to) = world.members.route(peer) else {
                continue;
            };
            if !self.nudged.insert(peer) {
                continue;
            }
            let request = Request::GetGame {
                id: self.id.clone(),
            };
            world
                .ctx
                .out
                .ask(Purpose::Nudge(peer), |effect| Effect::Request {
                    effect,
                    to,
                    request,
                    timeout,
                });
        }
    }

    fn ask(
        &mut self,
        world: &mut World<'_>,
        expect: ManifestHash,
        mut sources: Vec<PeerId>,
    ) -> Hunted {
        if let Some(manifest) = world.manifests.get(expect) {
            return Hunted::Found(expect, manifest);
        }
        let seed = world.ctx.config.seed;
        sources.sort_by_key(|peer| rank(seed, peer.as_bytes()));
        let next = sources
            .iter()
            .filter(|peer| !self.tried.contains(*peer))
            .find_map(|&peer| world.members.route(peer));
        let Some(from) = next else {
            return self.next_round(world);
        };
        self.tried.insert(from.peer_id);
        let timeout = world.ctx.config.timing.request_timeout;
        let id = self.id.clone();
        let effect = world
            .ctx
            .out
            .ask(self.purpose.clone(), |effect| Effect::FetchManifest {
                effect,
                from,
                id,
                expect,
                timeout,
            });
        self.asking = Some(Asking {
            effect,
            peer: from.peer_id,
            expect,
        });
        Hunted::Still(asking(world, from.peer_id))
    }

    fn next_round(&mut self, world: &World<'_>) -> Hunted {
        self.rounds += 1;
        self.tried.clear();
        if self.rounds >= MANIFEST_ROUNDS_MAX {
            return Hunted::Failed(OperationError {
                kind: ErrorKind::SourcesFailed,
                message: format!(
                    "cannot get the list of files of {}: every source failed {} times, at last \
                     because {}",
                    self.id, self.rounds, self.last_failure
                ),
            });
        }
        self.retry_at = Some(world.ctx.now + world.ctx.config.timing.redial_min);
        Hunted::Still(WaitReason::Retry)
    }

    /// The answer of the peer that was asked.
    pub(crate) fn answered(
        &mut self,
        world: &mut World<'_>,
        effect: EffectId,
        result: Result<ManifestAnswer, RequestFailure>,
    ) -> Hunted {
        let Some(asked) = self.asking.take_if(|asking| asking.effect == effect) else {
            return self.advance(world);
        };
        let is_false = match &result {
            Ok(ManifestAnswer::Manifest(manifest)) => *manifest.game_id() != self.id,
            Err(RequestFailure::Protocol(_)) => true,
            Ok(ManifestAnswer::Pending { .. } | ManifestAnswer::Refused(_))
            | Err(
                RequestFailure::Connection(_)
                | RequestFailure::Timeout(_)
                | RequestFailure::Aborted,
            ) => false,
        };
        let failure = match result {
            Ok(ManifestAnswer::Manifest(manifest)) if *manifest.game_id() != self.id => {
                format!("it sent the list of files of {}", manifest.game_id())
            }
            // Announced as one version it may be another one, which is pinned.
            Ok(ManifestAnswer::Manifest(manifest))
                if !world.allows(&self.id, manifest.version(), asked.expect) =>
            {
                let version = manifest.version();
                format!("it sent other files of version {version} than the catalog pins")
            }
            Ok(ManifestAnswer::Manifest(manifest)) => {
                world.manifests.keep(asked.expect, &manifest);
                return Hunted::Found(asked.expect, manifest);
            }
            Ok(ManifestAnswer::Pending { .. }) => "it still hashes".to_owned(),
            Ok(ManifestAnswer::Refused(reason)) => format!("it refused: {reason}"),
            Err(failure) => failure.to_string(),
        };
        if is_false {
            world.ctx.out.blame(asked.peer, Offence::FalseManifest);
        }
        self.last_failure = format!("{}: {failure}", world.name(asked.peer));
        self.advance(world)
    }

    /// Ends the question under way. Says whether there is one whose answer will come.
    pub(crate) fn abort(&self, world: &mut World<'_>) -> bool {
        if let Some(asking) = self.asking {
            world.ctx.out.abort(asking.effect);
        }
        self.asking.is_some()
    }

    /// When [`Hunt::advance`] has something to do.
    pub(crate) fn deadline(&self) -> Option<Now> {
        self.retry_at.or(self.wait_until)
    }
}

fn asking(world: &World<'_>, peer: PeerId) -> WaitReason {
    WaitReason::Asking {
        peer: (peer, world.name(peer)),
    }
}

/// Tells users of a tie, and says why it ends the search.
pub(crate) fn report_tie(
    world: &mut World<'_>,
    id: &GameId,
    version: Version,
    groups: &[OfferGroup],
) -> OperationError {
    let offers = world.who_says_what(groups);
    let sides: Vec<String> = groups
        .iter()
        .map(|group| format!("{} ({})", group.manifest.short(), world.names(&group.peers)))
        .collect();
    world.ctx.out.emit(PeerEvent::ManifestConflict {
        id: id.clone(),
        version,
        offers,
        chosen: None,
        pinned: None,
    });
    OperationError {
        kind: ErrorKind::Conflict,
        message: format!(
            "cannot choose the files of {id} {version}: peers announce different ones, {}. Ask \
             whose copy is right, and have the others verify or delete theirs",
            sides.join(" against ")
        ),
    }
}

/// Says who offers other files than those that are pinned.
pub(crate) fn no_such_files(
    world: &World<'_>,
    id: &GameId,
    version: Version,
    pinned: ManifestHash,
    others: &[OfferGroup],
) -> WaitReason {
    let peers: Vec<PeerId> = others
        .iter()
        .flat_map(|group| group.peers.iter().copied())
        .collect();
    WaitReason::NoPeerHasPinned {
        id: id.clone(),
        version,
        pinned,
        others: world.named(&peers),
    }
}

/// Says which versions there are instead of the one that is wanted.
pub(crate) fn no_such_version(
    world: &World<'_>,
    id: &GameId,
    expected: Version,
    found: &[(Version, Vec<PeerId>)],
) -> WaitReason {
    WaitReason::NoPeerHasVersion {
        id: id.clone(),
        expected,
        found: found
            .iter()
            .map(|(version, peers)| (*version, world.named(peers)))
            .collect(),
    }
}
