//! What becomes of each effect of a core: the one place where effects are mapped to happenings.
//!
//! Invariant: every effect that has an id is answered by exactly one input while its run lasts, after
//! the time that it takes. Nothing is decided here that a core or a real disk would decide.

use std::{
    cell::{Cell, RefCell},
    time::Duration,
};

use lanspread_core::{
    DiskFailure, Effect, EffectId, FetchFailure, HashTrust, Input, RequestFailure, Route,
    StepProgress,
    root::{Step, StepReport},
};
use lanspread_db::{ChunkRef, GameId};
use lanspread_disk::{Disk, Unreadable};
use lanspread_proto::{ChunkRequest, Request};
use lanspread_unpack::CancelFlag;

use crate::{
    exchange::Wants,
    failure::Invariant,
    faults::Fault,
    node::Serving,
    world::{Happening, World},
};

/// How long an effect waits for its turn at the disk.
fn disk_time(effect: &Effect) -> Duration {
    Duration::from_micros(match effect {
        Effect::RunStep {
            step: Step::Unpack { .. },
            ..
        } => 250_000,
        Effect::HashRoot { .. } => 60_000,
        Effect::PrepareDownload { .. } => 8_000,
        Effect::ScanLibrary { .. }
        | Effect::OpenGameDir { .. }
        | Effect::OpenMoreGameDirs { .. } => 4_000,
        _ => 400,
    })
}

impl World {
    /// Begins to carry out an effect.
    pub(crate) fn carry_out(&mut self, n: usize, effect: Effect) {
        if let Some(id) = effect.id() {
            let running = self.nodes[n].running.as_mut();
            if running.is_some_and(|running| !running.owed.insert(id)) {
                let message = format!("peer{n}: the id of an effect is used twice: {effect:?}");
                return self.fail(Invariant::AnsweredOnce, message);
            }
        }
        if let Err((invariant, message)) = self.books.asked(n, &effect) {
            return self.fail(invariant, format!("peer{n}: {message}"));
        }
        let run = self.nodes[n].run;
        if let Err((invariant, message)) = self.beliefs.said(n, run, &effect) {
            return self.fail(invariant, format!("peer{n}: {message}"));
        }
        self.model_prepared(n, &effect);
        match effect {
            Effect::Emit(event) => self.emitted(n, &event),
            Effect::Answer { id, result } => {
                let running = self.nodes[n].running.as_mut();
                if running.is_some_and(|running| !running.commands.remove(&id)) {
                    let message = format!("peer{n}: command {} is answered twice", id.0);
                    return self.fail(Invariant::AnsweredOnce, message);
                }
                self.answered_command(n, id, &result);
            }
            Effect::Reply { reply, response } => self.reply(n, reply, response),
            Effect::Advertise { .. } => {
                if let Some(running) = self.nodes[n].running.as_mut() {
                    running.advertised = true;
                }
                self.advertise(n);
            }
            Effect::Disconnect { peer_id } => self.disconnect(n, peer_id),
            Effect::KeepAway { peer_id } => self.keep_away(n, peer_id),
            Effect::Readmit { peer_id } => self.readmit(n, peer_id),
            Effect::KeepExpelled { effect, expelled } => {
                if self.fault != Some(Fault::ExpulsionForgotten) {
                    self.nodes[n].expelled = (self.now, expelled);
                }
                let result = Ok(());
                self.fact(
                    Duration::from_millis(1),
                    n,
                    Input::ExpelledKept { effect, result },
                );
            }
            Effect::KeepRateLimits { effect, limits } => {
                self.nodes[n].rate_limits = limits;
                let kept = Input::RateLimitsKept {
                    effect,
                    result: Ok(()),
                };
                self.fact(Duration::from_millis(1), n, kept);
            }
            // Its links have no rates, and its users look whenever they like.
            Effect::SetRates { .. } | Effect::Show => {}
            Effect::Abort { effect } => self.abort(n, effect),
            Effect::Stopped => self.stopped(n),
            Effect::Dial {
                effect,
                candidates,
                expect,
                timeout,
            } => self.dial(n, effect, &candidates, expect, timeout),
            Effect::Request {
                effect,
                to,
                request,
                timeout,
            } => self.ask(n, effect, to, request, Wants::Response, timeout),
            Effect::FetchManifest { .. }
            | Effect::FetchChunks { .. }
            | Effect::ServeManifest { .. }
            | Effect::ServeChunks { .. } => self.move_contents(n, effect),
            Effect::RunStep { .. }
            | Effect::HashRoot { .. }
            | Effect::OpenGameDir { .. }
            | Effect::OpenMoreGameDirs { .. }
            | Effect::RecallManifest { .. }
            | Effect::ScanLibrary { .. }
            | Effect::ScanRoot { .. }
            | Effect::ObserveRoot { .. }
            | Effect::PrepareDownload { .. } => {
                let delay = disk_time(&effect) + self.nodes[n].lag;
                self.after(delay, n, Happening::Disk(effect));
            }
        }
    }

    /// The effects that move file contents.
    fn move_contents(&mut self, n: usize, effect: Effect) {
        match effect {
            Effect::FetchManifest {
                effect,
                from,
                id,
                expect,
                timeout,
            } => {
                let wants = Wants::Manifest { expect };
                self.ask(n, effect, from, Request::GetGame { id }, wants, timeout);
            }
            Effect::FetchChunks {
                effect,
                from,
                id,
                chunks,
                first_byte_timeout,
                stall_timeout,
            } => {
                let patience = (first_byte_timeout, stall_timeout);
                self.fetch(n, effect, from, id, chunks, patience);
            }
            Effect::ServeManifest {
                effect,
                reply,
                id,
                manifest,
            } => self.begin_serving(n, effect, Serving::new(reply, id, manifest, Vec::new())),
            Effect::ServeChunks {
                effect,
                reply,
                id,
                manifest,
                chunks,
            } => self.begin_serving(n, effect, Serving::new(reply, id, manifest, chunks)),
            other => unreachable!("moves no contents: {other:?}"),
        }
    }

    fn fetch(
        &mut self,
        n: usize,
        effect: EffectId,
        from: Route,
        id: GameId,
        chunks: Vec<ChunkRef>,
        patience: (Duration, Duration),
    ) {
        let running = self.nodes[n].running.as_ref();
        let Some(download) = running.map(|running| running.disk.download(&id)) else {
            return;
        };
        let download = match download {
            Ok(download) => download,
            Err(failure) => {
                let answer = Input::ChunksFetched {
                    effect,
                    stored: Vec::new(),
                    elapsed: Duration::ZERO,
                    result: Err(FetchFailure::Disk(failure)),
                };
                return self.fact(Duration::ZERO, n, answer);
            }
        };
        let request = Request::GetGameFileChunk(ChunkRequest {
            id,
            manifest: download.hash(),
            chunks: chunks.clone(),
        });
        let wants = Wants::Chunks {
            download,
            chunks,
            stored: Vec::new(),
            patience,
        };
        self.ask(n, effect, from, request, wants, patience.1);
    }

    /// Ends an effect early. It is still answered; what is on its way already stays so.
    fn abort(&mut self, n: usize, effect: EffectId) {
        let Some(running) = self.nodes[n].running.as_mut() else {
            return;
        };
        if !running.owed.contains(&effect) || self.fault_forgets_release(n, effect) {
            return;
        }
        let Some(running) = self.nodes[n].running.as_mut() else {
            return;
        };
        self.counts.add("effect ended early", 1);
        if running.asking.contains_key(&effect) {
            self.end_asking(n, effect, Duration::ZERO, RequestFailure::Aborted);
        } else if running.dialing.remove(&effect) {
            let result = Err(lanspread_core::DialFailure::Aborted);
            self.fact(Duration::ZERO, n, Input::Dialed { effect, result });
        } else if !self.abort_serving(n, effect) {
            // If it still waits for the disk, it begins now and finds that it is to end.
            let run = self.nodes[n].run;
            let waiting = self.queue.iter().find_map(|(&key, (node, of, happening))| {
                let is_it = matches!(happening, Happening::Disk(it) if it.id() == Some(effect));
                (is_it && (*node, *of) == (n, run)).then_some(key)
            });
            if let Some((_, _, happening)) = waiting.and_then(|key| self.queue.remove(&key)) {
                if let Some(running) = self.nodes[n].running.as_mut() {
                    running.aborted.insert(effect);
                }
                self.after(Duration::ZERO, n, happening);
            }
        }
    }

    /// Lets the real code do what an effect asks of the disk, and answers.
    pub(crate) fn run_disk(&mut self, n: usize, effect: Effect) {
        let Some(id) = effect.id() else { return };
        let Some(running) = self.nodes[n].running.as_mut() else {
            return;
        };
        let disk = running.disk.clone();
        let flag = CancelFlag::new();
        // An abort finds the work at its beginning, or somewhere in the middle.
        let calls_left = Cell::new(None);
        if running.aborted.remove(&id) {
            match self.network.luck.below(3) {
                0 => flag.cancel(),
                calls => calls_left.set(Some(calls)),
            }
        }
        let named = format!("{effect:?}");
        let root = crate::books::root_of(&effect);
        let game_dir = match &effect {
            Effect::OpenGameDir { path, .. } => Some(path.clone()),
            _ => None,
        };
        let step = match &effect {
            Effect::RunStep { step, .. } => Some(step.clone()),
            _ => None,
        };
        let looked_at = match &effect {
            Effect::ScanRoot { id, .. } | Effect::ObserveRoot { id, .. } => Some(id.clone()),
            _ => None,
        };
        let (answer, told) = if self.fault_keeps_staging(n, &effect) {
            let result = Ok(StepReport::default());
            (Input::StepDone { effect: id, result }, None)
        } else {
            on_disk(&disk, effect, &flag, &calls_left)
        };
        let answer = self.twisted_look(n, looked_at.as_ref(), answer);
        if let (Some(path), Input::GameDirOpened { result: Ok(()), .. }) = (game_dir, &answer) {
            self.nodes[n].machine.game_dir = path;
        }
        self.counts.add("effect on a disk", 1);
        if let Some(failure) = disk_failure(&answer) {
            self.counts.add("effect on a disk that failed", 1);
            let message = failure.message.clone();
            self.trace
                .note(self.now, n, || format!("{named} failed: {message}"));
        }
        let cost = self.nodes[n].machine.take_cost() + self.nodes[n].lag;
        self.after_disk(n);
        if !self.is_running(n) {
            return;
        }
        self.looked(n, looked_at.as_ref(), &answer);
        if let (Some(root), Some(step)) = (&root, step) {
            self.model_stepped(n, root, &step, &answer);
        }
        if let Some(root) = &root {
            self.check_root(n, root);
        }
        if let Some(progress) = told {
            self.fact(cost / 2, n, progress);
        }
        self.fact(cost, n, answer);
    }
}

/// Does it, and says what the last progress was. The flag is set once so many calls of it were made.
fn on_disk(
    disk: &Disk,
    effect: Effect,
    flag: &CancelFlag,
    calls_left: &Cell<Option<u64>>,
) -> (Input, Option<Input>) {
    let told: RefCell<Option<Input>> = RefCell::new(None);
    let progress = |input: Input| {
        *told.borrow_mut() = Some(input);
        match calls_left.get() {
            Some(0) => flag.cancel(),
            Some(calls) => calls_left.set(Some(calls - 1)),
            None => {}
        }
    };
    let answer = match effect {
        Effect::OpenGameDir { effect, path } => {
            let result = disk.open_game_dir(&path, Unreadable::Refused);
            Input::GameDirOpened { effect, result }
        }
        Effect::OpenMoreGameDirs { effect, paths } => {
            let result = disk.open_more_game_dirs(&paths, Unreadable::Refused);
            Input::GameDirOpened { effect, result }
        }
        Effect::RecallManifest {
            effect,
            id,
            manifest,
        } => Input::ManifestRecalled {
            effect,
            result: disk.kept_manifest(&id, manifest),
        },
        Effect::ScanLibrary { effect } => Input::LibraryScanned {
            effect,
            result: disk.scan_library(),
            free_bytes: disk.free_bytes(),
        },
        Effect::ScanRoot { effect, id } => Input::RootScanned {
            effect,
            result: disk.scan_root(&id),
        },
        Effect::HashRoot { effect, id, trust } => {
            let progress = |hashed_bytes, total_bytes| {
                progress(Input::HashProgress {
                    effect,
                    hashed_bytes,
                    total_bytes,
                });
            };
            let result = disk.hash_root(&id, trust, &progress, flag);
            let recorded = match trust {
                HashTrust::Nothing => disk.recorded_manifest(&id).ok().flatten(),
                HashTrust::Unchanged => None,
            };
            Input::RootHashed {
                effect,
                result,
                recorded,
            }
        }
        Effect::ObserveRoot { effect, id } => Input::RootObserved {
            effect,
            result: disk.observe_root(&id),
        },
        Effect::RunStep { effect, id, step } => {
            let progress = |how_far: StepProgress| {
                progress(Input::StepProgress {
                    effect,
                    progress: how_far,
                });
            };
            let result = disk.run_step(&id, &step, &progress, flag);
            Input::StepDone { effect, result }
        }
        Effect::PrepareDownload {
            effect,
            manifest,
            intent,
            then,
        } => {
            let progress = |checked_bytes, total_bytes| {
                progress(Input::PrepareProgress {
                    effect,
                    checked_bytes,
                    total_bytes,
                });
            };
            let result = disk.prepare_download(&manifest, intent, then, &progress, flag);
            Input::DownloadPrepared { effect, result }
        }
        other => unreachable!("not of the disk: {other:?}"),
    };
    (answer, told.into_inner())
}

fn disk_failure(answer: &Input) -> Option<&DiskFailure> {
    match answer {
        Input::GameDirOpened { result, .. } => result.as_ref().err(),
        Input::ManifestRecalled { result, .. } => result.as_ref().err(),
        Input::LibraryScanned { result, .. } => result.as_ref().err(),
        Input::RootScanned { result, .. } => result.as_ref().err(),
        Input::RootHashed { result, .. } => result.as_ref().err(),
        Input::RootObserved { result, .. } => result.as_ref().err(),
        Input::StepDone { result, .. } => result.as_ref().err(),
        Input::DownloadPrepared { result, .. } => result.as_ref().err(),
        _ => None,
    }
}
