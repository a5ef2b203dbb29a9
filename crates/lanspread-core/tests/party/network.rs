//! The virtual network: who reaches whom, what a request comes to, how long bytes take.
//!
//! Invariant: a peer that is cut off or gone answers nothing; whoever asked it hears so when the time
//! is over.

use std::time::Duration;

use lanspread_core::{
    Advertisement, DialFailure, Dialed, DiskFailure, DiskFailureKind, Effect, EffectId,
    FetchFailure, Inbound, Input, ManifestAnswer, Now, ReplyId, RequestFailure, Route,
    ServeFailure,
};
use lanspread_db::{ChunkRef, GameId, ManifestHash};
use lanspread_proto::{ListenAddr, PROTOCOL_VERSION, PeerId, Request, Response, TransportAddr};

use crate::{
    node::{Fault, Owed, Waiting},
    world::{Happening, Sent, World},
};

/// One way through the network, if there is no jitter.
const LATENCY: Duration = Duration::from_millis(1);

/// Chunks that are on their way.
#[derive(Debug, Clone)]
pub(crate) struct Arrival {
    effect: EffectId,
    source: usize,
    /// The run of the source that sent them.
    run: u32,
    id: GameId,
    chunks: Vec<ChunkRef>,
    asked_at: Now,
}

fn kind(request: &Request) -> &'static str {
    match request {
        Request::Hello(_) => "Hello",
        Request::Ping => "Ping",
        Request::LibrarySummary { .. } => "LibrarySummary",
        Request::LibrarySnapshot => "LibrarySnapshot",
        Request::LibraryDelta { .. } => "LibraryDelta",
        Request::ListGames => "ListGames",
        Request::GetGame { .. } => "GetGame",
        Request::GetGameFileChunk(_) => "GetGameFileChunk",
        Request::Expulsions { .. } => "Expulsions",
        Request::Goodbye => "Goodbye",
    }
}

pub(crate) fn owed(effect: &Effect) -> Owed {
    match effect {
        Effect::Dial { .. } => Owed::Dial,
        Effect::Request { .. } => Owed::Response,
        Effect::FetchManifest { .. } => Owed::Manifest,
        Effect::FetchChunks { from, .. } => Owed::Chunks {
            from: from.listen_addr,
        },
        Effect::ServeManifest { .. } | Effect::ServeChunks { .. } => Owed::Serve,
        _ => Owed::Disk,
    }
}

/// How something on the network ends without success.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Failure {
    Aborted,
    TimedOut,
}

/// The answer to an effect of the network that ended without success.
pub(crate) fn end(effect: EffectId, owed: Owed, failure: Failure) -> Input {
    let request = match failure {
        Failure::Aborted => RequestFailure::Aborted,
        Failure::TimedOut => RequestFailure::Timeout(Duration::from_secs(5)),
    };
    let fetch = match failure {
        Failure::Aborted => FetchFailure::Aborted,
        Failure::TimedOut => FetchFailure::Stalled,
    };
    match owed {
        Owed::Dial => Input::Dialed {
            effect,
            result: Err(DialFailure::Aborted),
        },
        Owed::Chunks { .. } => Input::ChunksFetched {
            effect,
            stored: Vec::new(),
            elapsed: Duration::ZERO,
            result: Err(fetch),
        },
        Owed::Manifest => Input::ManifestFetched {
            effect,
            result: Err(request),
        },
        Owed::Response => Input::Responded {
            effect,
            result: Err(request),
        },
        Owed::Disk | Owed::Serve => unreachable!("not of the network"),
    }
}

impl World {
    /// How long a packet takes.
    pub(crate) fn latency(&mut self) -> Duration {
        self.jitter.as_mut().map_or(LATENCY, |jitter| {
            Duration::from_micros(200 + jitter.below(8_000) as u64)
        })
    }

    fn is_cut(&self, one: usize, other: usize) -> bool {
        [one, other].iter().any(|&n| self.nodes[n].has(Fault::Cut))
    }

    /// Whether one of the two refuses connections with the other.
    fn keeps_away(&self, one: usize, other: usize) -> bool {
        let refuses = |a: usize, b: usize| self.nodes[a].kept_away.contains(&self.nodes[b].id);
        refuses(one, other) || refuses(other, one)
    }

    pub(crate) fn advertise(&mut self, n: usize) {
        self.nodes[n].advertised = true;
        for other in 0..self.nodes.len() {
            let deaf = [n, other].iter().any(|&it| {
                let node = &self.nodes[it];
                node.has(Fault::Cut) || node.has(Fault::Deaf)
            });
            if other == n || deaf {
                continue;
            }
            let shown = self.advertisement(n);
            let delay = self.latency();
            self.fact(delay, other, Input::Discovered(shown));
            if self.nodes[other].advertised {
                let shown = self.advertisement(other);
                let delay = self.latency();
                self.fact(delay, n, Input::Discovered(shown));
            }
        }
    }

    pub(crate) fn advertisement(&self, n: usize) -> Advertisement {
        let node = &self.nodes[n];
        Advertisement {
            peer_id: node.id,
            candidates: vec![node.addr],
            protocol_version: node.version,
            door: node.door(),
            host_name: node.name.clone(),
        }
    }

    /// Who listens there, if packets get through.
    fn at(&self, from: usize, addr: ListenAddr) -> Option<usize> {
        let found = self
            .nodes
            .iter()
            .position(|node| node.bound && node.addr == addr)?;
        (!self.is_cut(from, found)).then_some(found)
    }

    pub(crate) fn dial(
        &mut self,
        n: usize,
        effect: EffectId,
        candidates: &[ListenAddr],
        expect: Option<PeerId>,
        timeout: Duration,
    ) {
        let found = candidates
            .iter()
            .find_map(|&addr| Some((addr, self.at(n, addr)?)));
        let found = found.filter(|&(_, to)| expect.is_none_or(|id| id == self.nodes[to].id));
        let Some((remote, to)) = found else {
            let tried = format!("{candidates:?}");
            let result = Err(DialFailure::Unreachable { tried });
            return self.fact(timeout, n, Input::Dialed { effect, result });
        };
        if self.keeps_away(n, to) {
            let addr = remote.socket_addr();
            let result = Err(DialFailure::KeptAway { addr });
            return self.fact(timeout, n, Input::Dialed { effect, result });
        }
        let theirs = self.nodes[to].version;
        let delay = self.latency() * 2;
        if let Some(mismatch) = self.nodes[n].mismatch(&self.nodes[to]) {
            let addr = remote.socket_addr();
            let result = Err(DialFailure::OtherParty { addr, mismatch });
            self.fact(delay, n, Input::Dialed { effect, result });
            let seen_from_there = self.nodes[to].mismatch(&self.nodes[n]);
            let input = Input::OtherParty {
                peer_id: self.nodes[n].id,
                transport_addr: TransportAddr::new(([10, 0, 0, 1], 50_000).into()),
                mismatch: seen_from_there.expect("parties differ both ways"),
            };
            return self.fact(delay, to, input);
        }
        let result = if theirs == PROTOCOL_VERSION {
            Ok(Dialed {
                peer_id: self.nodes[to].id,
                remote,
                local_listen_addr: self.nodes[n].addr,
            })
        } else {
            let addr = remote.socket_addr();
            Err(DialFailure::OtherVersion {
                addr,
                theirs,
                ours: PROTOCOL_VERSION,
            })
        };
        self.fact(delay, n, Input::Dialed { effect, result });
    }

    pub(crate) fn request(
        &mut self,
        n: usize,
        effect: EffectId,
        to: Route,
        request: Request,
        timeout: Duration,
    ) {
        self.after(timeout, n, Happening::TimeOut { effect });
        let target = self
            .at(n, to.listen_addr)
            .filter(|&at| self.nodes[at].id == to.peer_id && !self.keeps_away(n, at));
        let Some(target) = target else { return };
        self.sent.push(Sent {
            from: n,
            to: target,
            kind: kind(&request),
        });
        self.next += 1;
        let reply = ReplyId(self.next);
        let waiting = Waiting {
            node: n,
            run: self.nodes[n].run,
            effect,
            asked_at: self.now,
        };
        self.nodes[target].replies.insert(reply, waiting);
        let from = Inbound {
            peer_id: self.nodes[n].id,
            transport_addr: TransportAddr::new(([10, 0, 0, 1], 50_000).into()),
            local_listen_addr: self.nodes[target].bound.then_some(self.nodes[target].addr),
        };
        let delay = self.latency();
        self.fact(
            delay,
            target,
            Input::Requested {
                reply,
                from,
                request,
            },
        );
    }

    pub(crate) fn reply(&mut self, n: usize, reply: ReplyId, response: Response) {
        let waiting = self.nodes[n]
            .replies
            .remove(&reply)
            .expect("one reply each");
        let effect = waiting.effect;
        if self.is_cut(n, waiting.node) {
            return;
        }
        let Some(owed) = self.owed_by(waiting) else {
            return;
        };
        let input = match (owed, response) {
            (Owed::Chunks { .. }, response) => Input::ChunksFetched {
                effect,
                stored: Vec::new(),
                elapsed: Duration::from_millis(2),
                result: Err(FetchFailure::Refused(format!("{response:?}"))),
            },
            (
                Owed::Manifest,
                Response::GamePending {
                    hashed_bytes,
                    total_bytes,
                },
            ) => {
                let answer = ManifestAnswer::Pending {
                    hashed_bytes,
                    total_bytes,
                };
                Input::ManifestFetched {
                    effect,
                    result: Ok(answer),
                }
            }
            (Owed::Manifest, response) => {
                let answer = ManifestAnswer::Refused(format!("{response:?}"));
                Input::ManifestFetched {
                    effect,
                    result: Ok(answer),
                }
            }
            (_, response) => Input::Responded {
                effect,
                result: Ok(response),
            },
        };
        let delay = self.latency();
        self.fact(delay, waiting.node, input);
    }

    /// What the asker waits for, if it still does.
    fn owed_by(&self, waiting: Waiting) -> Option<Owed> {
        let node = &self.nodes[waiting.node];
        node.owed
            .get(&waiting.effect)
            .copied()
            .filter(|_| node.run == waiting.run)
    }

    pub(crate) fn serve_manifest(
        &mut self,
        n: usize,
        effect: EffectId,
        reply: ReplyId,
        id: &GameId,
        hash: ManifestHash,
    ) {
        let Some(manifest) = self.nodes[n].disk.serve(id, hash) else {
            return self.serve_nothing(n, effect, reply);
        };
        let waiting = self.nodes[n]
            .replies
            .remove(&reply)
            .expect("one reply each");
        let delay = self.latency();
        self.fact(
            delay,
            n,
            Input::Served {
                effect,
                sent_bytes: 1,
                result: Ok(()),
            },
        );
        let effect = waiting.effect;
        if self.is_cut(n, waiting.node) {
            return;
        }
        let input = match self.owed_by(waiting) {
            None => return,
            Some(Owed::Manifest) => {
                let result = Ok(ManifestAnswer::Manifest(manifest));
                Input::ManifestFetched { effect, result }
            }
            Some(_) => Input::Responded {
                effect,
                result: Ok(Response::Noted),
            },
        };
        let delay = self.latency();
        self.fact(delay, waiting.node, input);
    }

    /// What is announced is not there any more: somebody changed it by hand.
    fn serve_nothing(&mut self, n: usize, effect: EffectId, reply: ReplyId) {
        let failure = DiskFailure {
            kind: DiskFailureKind::NotFound,
            message: "gone".to_owned(),
        };
        let result = Err(ServeFailure::Disk(failure));
        let delay = self.latency();
        self.fact(
            delay,
            n,
            Input::Served {
                effect,
                sent_bytes: 0,
                result,
            },
        );
        let message = "it is gone".to_owned();
        self.reply(n, reply, Response::InternalPeerError { message });
    }

    pub(crate) fn serve_chunks(
        &mut self,
        n: usize,
        effect: EffectId,
        reply: ReplyId,
        id: &GameId,
        hash: ManifestHash,
        chunks: &[ChunkRef],
    ) {
        let Some(manifest) = self.nodes[n].disk.serve(id, hash) else {
            return self.serve_nothing(n, effect, reply);
        };
        let waiting = self.nodes[n].replies[&reply];
        let bytes: u64 = chunks
            .iter()
            .map(|&at| u64::from(manifest.chunk(at).unwrap().len_bytes))
            .sum();
        let begins = self.nodes[n].sending_until.max(self.now);
        let ends = begins + Duration::from_micros(bytes * 1_000_000 / self.nodes[n].upload);
        self.nodes[n].sending_until = ends;
        self.nodes[n].serving.insert(effect, reply);
        let delay = ends.since(self.now);
        self.fact(
            delay,
            n,
            Input::Served {
                effect,
                sent_bytes: bytes,
                result: Ok(()),
            },
        );
        let arrived = Happening::Arrived(Arrival {
            effect: waiting.effect,
            source: n,
            run: self.nodes[n].run,
            id: id.clone(),
            chunks: chunks.to_vec(),
            asked_at: waiting.asked_at,
        });
        let latency = self.latency();
        self.after(delay + latency, waiting.node, arrived);
    }

    pub(crate) fn time_out(&mut self, n: usize, effect: EffectId) {
        let Some(&owed) = self.nodes[n].owed.get(&effect) else {
            return;
        };
        if let Owed::Chunks { from } = owed
            && self.at(n, from).is_some()
            && self.is_on_its_way(n, effect)
        {
            return self.after(Duration::from_secs(5), n, Happening::TimeOut { effect });
        }
        self.tell(n, end(effect, owed, Failure::TimedOut));
    }

    /// Whether bytes still come: only a source that sends nothing stalls.
    fn is_on_its_way(&self, n: usize, fetch: EffectId) -> bool {
        let here = (n, self.nodes[n].run);
        self.queue
            .values()
            .any(|(node, run, happening)| match happening {
                Happening::Arrived(arrival) => (*node, *run) == here && arrival.effect == fetch,
                _ => false,
            })
    }

    /// Chunks arrive, unless their source died or the asker gave them up.
    pub(crate) fn arrived(&mut self, n: usize, arrival: Arrival) {
        let Arrival {
            effect,
            source,
            run,
            id,
            chunks,
            asked_at,
        } = arrival.clone();
        if self.nodes[source].run != run || !self.nodes[n].owed.contains_key(&effect) {
            return;
        }
        if self.is_cut(n, source) {
            // It is sent again until it gets through or somebody gives up.
            return self.after(Duration::from_millis(500), n, Happening::Arrived(arrival));
        }
        let (stored, result) = if self.nodes[source].has(Fault::Lies) {
            (Vec::new(), Err(FetchFailure::WrongHash(chunks[0])))
        } else {
            self.nodes[n].disk.store(&id, &chunks);
            *self.moved.entry((n, source)).or_default() += chunks.len();
            (chunks, Ok(()))
        };
        let elapsed = self.now.since(asked_at);
        self.tell(
            n,
            Input::ChunksFetched {
                effect,
                stored,
                elapsed,
                result,
            },
        );
    }
}
