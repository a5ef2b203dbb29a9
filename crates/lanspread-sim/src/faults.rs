//! Deliberate faults between a core and its machine: what a shell could get wrong.
//!
//! Invariant: one is planted only by name, for one run, and only here and in the executor of this
//! crate. They show that the invariants have teeth; nothing of them is shipped.

use std::collections::{BTreeMap, BTreeSet};

use lanspread_core::{
    Effect, FetchFailure, Input, PeerEvent, RootReport,
    root::{Entry, Staged, Step},
};
use lanspread_db::{ChunkRef, GameId};
use lanspread_proto::{LibrarySnapshot, ListenAddr, Request, Response};

use crate::world::World;

/// A deliberate fault of a shell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// A peer is recorded under the source port of its connection.
    SourcePort,
    /// The answer that holds a delta is told twice.
    DeltaTwice,
    /// A chunk is stored although its hash is wrong.
    ChunkUnchecked,
    /// A download in progress passes on what came last instead of what it verified.
    PassedOnUnchecked,
    /// One more chunk is reported as stored than was.
    StoredOverstated,
    /// A fetch that is given up is never answered.
    ReleaseForgotten,
    /// The answer to every third `Hello` is swallowed.
    HelloAckSwallowed,
    /// An operation ends before it is active no more.
    EventsSwapped,
    /// The end of an operation that failed or was cancelled is not told.
    TerminalEventLost,
    /// What changes in a library is announced to nobody.
    AnnouncementLost,
    /// Changes of the game directory are not noticed, and neither is a new look at all of it.
    ScanOutdated,
    /// The listener lets in whoever has another party code.
    CodeNotAsked,
    /// Who is expelled is not written down.
    ExpulsionForgotten,
    /// A peer is started without the pins of its catalog.
    PinsIgnored,
    /// The same, and nobody looks at what is about to be fetched: the sentinel alone can show it.
    PinsIgnoredUnseen,
    /// Every library that is answered whole is told as that of the next one who answers.
    AnswersCrossed,
    /// A peer that starts again goes on counting its revisions under the name of its first run.
    EpochKept,
    /// A look at a root says what the look before it said.
    LookRemembered,
    /// A staging place is not removed, and every look at it says that it is gone.
    StagingKept,
    /// After one wrong chunk, whatever anybody sends is taken for wrong.
    OneRottenBlamesAll,
    /// Every message to the party arrives as the first one of its author.
    MessagesRenumbered,
}

/// What faults keep of what went by.
#[derive(Debug, Default)]
pub(crate) struct Kept {
    answer: Option<LibrarySnapshot>,
    looks: BTreeMap<(usize, GameId), Option<RootReport>>,
    hidden: BTreeSet<(usize, GameId)>,
    wrong: BTreeMap<usize, ChunkRef>,
    came: BTreeMap<usize, Vec<u8>>,
}

impl Fault {
    /// All of them.
    pub const ALL: [Self; 21] = [
        Self::SourcePort,
        Self::DeltaTwice,
        Self::ChunkUnchecked,
        Self::PassedOnUnchecked,
        Self::StoredOverstated,
        Self::ReleaseForgotten,
        Self::HelloAckSwallowed,
        Self::EventsSwapped,
        Self::TerminalEventLost,
        Self::AnnouncementLost,
        Self::ScanOutdated,
        Self::CodeNotAsked,
        Self::ExpulsionForgotten,
        Self::PinsIgnored,
        Self::PinsIgnoredUnseen,
        Self::AnswersCrossed,
        Self::EpochKept,
        Self::LookRemembered,
        Self::StagingKept,
        Self::OneRottenBlamesAll,
        Self::MessagesRenumbered,
    ];

    /// What it is called on the command line.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SourcePort => "source-port-recorded",
            Self::DeltaTwice => "delta-told-twice",
            Self::ChunkUnchecked => "chunk-without-hash-check",
            Self::PassedOnUnchecked => "passed-on-without-hash-check",
            Self::StoredOverstated => "stored-chunks-overstated",
            Self::ReleaseForgotten => "release-forgotten",
            Self::HelloAckSwallowed => "hello-ack-swallowed",
            Self::EventsSwapped => "events-swapped",
            Self::TerminalEventLost => "terminal-event-lost",
            Self::AnnouncementLost => "announcement-lost",
            Self::ScanOutdated => "scan-outdated",
            Self::CodeNotAsked => "party-code-not-asked",
            Self::ExpulsionForgotten => "expulsion-forgotten",
            Self::PinsIgnored => "pins-ignored",
            Self::PinsIgnoredUnseen => "pins-ignored-unseen",
            Self::AnswersCrossed => "answers-crossed",
            Self::EpochKept => "epoch-kept",
            Self::LookRemembered => "look-remembered",
            Self::StagingKept => "staging-kept",
            Self::OneRottenBlamesAll => "one-rotten-blames-all",
            Self::MessagesRenumbered => "messages-renumbered",
        }
    }
}

impl World {
    /// What a peer is told instead, if a fault is planted; `None` for nothing.
    pub(crate) fn twisted_input(&mut self, n: usize, input: Input) -> Option<Input> {
        match (self.fault, input) {
            (
                Some(Fault::SourcePort),
                Input::Requested {
                    reply,
                    from,
                    request: Request::Hello(mut hello),
                },
            ) => {
                if let Ok(addr) = from.transport_addr.to_string().parse::<ListenAddr>() {
                    hello.listen_addr = addr;
                }
                let request = Request::Hello(hello);
                Some(Input::Requested {
                    reply,
                    from,
                    request,
                })
            }
            (
                Some(Fault::HelloAckSwallowed),
                Input::Responded {
                    effect,
                    result: Ok(Response::HelloAck(ack)),
                },
            ) => {
                self.next += 1;
                let result = Ok(Response::HelloAck(ack));
                let is_swallowed = self.next.is_multiple_of(3);
                (!is_swallowed).then_some(Input::Responded { effect, result })
            }
            (Some(Fault::ScanOutdated), Input::RootScanned { effect, .. })
                if !self.is_busy_at_all(n) =>
            {
                let result = Err(lanspread_core::DiskFailure {
                    kind: lanspread_core::DiskFailureKind::Aborted,
                    message: "a look that was not taken".to_owned(),
                });
                Some(Input::RootScanned { effect, result })
            }
            (Some(Fault::ScanOutdated), Input::GameDirChanged { .. }) => None,
            (
                Some(Fault::MessagesRenumbered),
                Input::Requested {
                    reply,
                    from,
                    request: Request::Message(mut message),
                },
            ) => {
                message.number = 1;
                let request = Request::Message(message);
                Some(Input::Requested {
                    reply,
                    from,
                    request,
                })
            }
            (
                Some(Fault::AnswersCrossed),
                Input::Responded {
                    effect,
                    result: Ok(Response::LibrarySnapshot(answer)),
                },
            ) => {
                let told = self.kept.answer.replace(answer.clone()).unwrap_or(answer);
                let result = Ok(Response::LibrarySnapshot(told));
                Some(Input::Responded { effect, result })
            }
            (
                Some(Fault::OneRottenBlamesAll),
                Input::ChunksFetched {
                    effect,
                    stored,
                    elapsed,
                    result,
                },
            ) => {
                let wrong = match (self.kept.wrong.get(&n), &result) {
                    (Some(&chunk), _) => Some(chunk),
                    (None, Err(FetchFailure::WrongHash(chunk))) => {
                        self.kept.wrong.insert(n, *chunk);
                        None
                    }
                    (None, Ok(()) | Err(_)) => None,
                };
                let (stored, result) = match wrong {
                    Some(chunk) => (Vec::new(), Err(FetchFailure::WrongHash(chunk))),
                    None => (stored, result),
                };
                Some(Input::ChunksFetched {
                    effect,
                    stored,
                    elapsed,
                    result,
                })
            }
            (_, input) => Some(input),
        }
    }

    /// What is done instead of what a peer wants done, if a fault is planted.
    pub(crate) fn twisted_effect(&mut self, n: usize, effect: Effect) -> Vec<Effect> {
        match (self.fault, effect) {
            (
                Some(Fault::TerminalEventLost),
                Effect::Emit(PeerEvent::OperationEnded { outcome, .. }),
            ) if !matches!(outcome, lanspread_core::Outcome::Finished(_)) => Vec::new(),
            (
                Some(Fault::EventsSwapped),
                Effect::Emit(PeerEvent::ActiveOperationsChanged { active }),
            ) => {
                let later = Effect::Emit(PeerEvent::ActiveOperationsChanged { active });
                let running = self.nodes[n].running.as_mut();
                match running.and_then(|running| running.peer.poll_effect()) {
                    Some(first) => vec![first, later],
                    None => vec![later],
                }
            }
            (
                Some(Fault::AnnouncementLost),
                Effect::Request {
                    effect,
                    to,
                    request: Request::LibrarySummary { .. },
                    timeout,
                },
            ) => vec![Effect::Request {
                effect,
                to,
                request: Request::Ping,
                timeout,
            }],
            (_, effect) => vec![effect],
        }
    }

    /// What a look at a root says instead, if a fault is planted.
    pub(crate) fn twisted_look(&mut self, n: usize, id: Option<&GameId>, answer: Input) -> Input {
        match (self.fault, id, answer) {
            (
                Some(Fault::LookRemembered),
                Some(id),
                Input::RootScanned {
                    effect,
                    result: Ok(report),
                },
            ) => {
                let looks = &mut self.kept.looks;
                let before = looks.insert((n, id.clone()), report.clone());
                let result = Ok(before.unwrap_or(report));
                Input::RootScanned { effect, result }
            }
            (
                Some(Fault::StagingKept),
                Some(id),
                Input::RootObserved {
                    effect,
                    result: Ok(mut observed),
                },
            ) => {
                if self.kept.hidden.contains(&(n, id.clone())) {
                    observed.staging = Entry::Absent;
                    observed.staged = Staged::Nothing;
                }
                let result = Ok(observed);
                Input::RootObserved { effect, result }
            }
            (_, _, answer) => answer,
        }
    }

    /// Whether the planted fault hides the staging place that is to be removed.
    pub(crate) fn fault_keeps_staging(&mut self, n: usize, effect: &Effect) -> bool {
        if self.fault != Some(Fault::StagingKept) {
            return false;
        }
        match effect {
            Effect::RunStep {
                id,
                step: Step::DropStaging,
                ..
            } => {
                self.kept.hidden.insert((n, id.clone()));
                true
            }
            Effect::PrepareDownload { manifest, .. } => {
                self.kept.hidden.remove(&(n, manifest.game_id().clone()));
                false
            }
            _ => false,
        }
    }

    /// Whether the planted fault swallows that an effect is to end.
    pub(crate) fn fault_forgets_release(
        &mut self,
        n: usize,
        effect: lanspread_core::EffectId,
    ) -> bool {
        if self.fault != Some(Fault::ReleaseForgotten) {
            return false;
        }
        let Some(running) = self.nodes[n].running.as_mut() else {
            return false;
        };
        // The bytes come no more, and nobody hears so.
        let Some(exchange) = running.asking.get(&effect).copied() else {
            return false;
        };
        let is_fetch = self
            .exchanges
            .get(&exchange)
            .is_some_and(|asked| matches!(asked.wants, crate::exchange::Wants::Chunks { .. }));
        if is_fetch {
            running.asking.remove(&effect);
            self.exchanges.remove(&exchange);
        }
        is_fetch
    }

    /// Keeps what came, for the planted fault that passes it on.
    pub(crate) fn keep_what_came(&mut self, n: usize, bytes: &[u8]) {
        if self.fault == Some(Fault::PassedOnUnchecked) {
            self.kept.came.insert(n, bytes.to_vec());
        }
    }

    /// What a download in progress passes on instead of what lies on its disk, if a fault is planted.
    pub(crate) fn twisted_piece(&self, n: usize, read: Vec<u8>) -> Vec<u8> {
        self.kept.came.get(&n).cloned().unwrap_or(read)
    }

    fn is_busy_at_all(&mut self, n: usize) -> bool {
        self.view(n).is_some_and(|view| !view.operations.is_empty())
    }
}
