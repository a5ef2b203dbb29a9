//! What peers say of themselves: told to every live peer when it changed, and heard from each.
//!
//! Invariant: all peers are told in one round, and between two rounds lies a pause that grows with the
//! party, so that a hall in which everybody downloads is not flooded with it. One status per peer is under
//! way. What is heard is shown to people and decides nothing.

use std::{cmp::Reverse, collections::BTreeMap, sync::Arc, time::Duration};

use lanspread_proto::{
    PeerId, PeerOperation, PeerSource, PeerStatus, Refusal, RefusalKind, Request, Response, Work,
    limits::{PROGRAM_BYTES_MAX, STATUS_INSTALLED_MAX, STATUS_OPERATIONS_MAX, STATUS_SOURCES_MAX},
};

use crate::{
    Ctx, EffectId, Now, OperationKind, OperationView, Progress, Purpose, StepWork,
    membership::Membership, telling::Telling,
};

/// Between two rounds lies at least so much.
pub(crate) const STATUS_PAUSE: Duration = Duration::from_secs(2);

/// So much more for each peer that is told: nobody gets more than ten a second.
pub(crate) const STATUS_PAUSE_PER_PEER: Duration = Duration::from_millis(100);

/// Free space is told in steps of so many bytes, so that nobody is told of every small file.
pub(crate) const FREE_STEP_BYTES: u64 = 64 * 1024 * 1024;

/// Rates of sources are told in steps of so many bytes per second: enough for a picture of who sends to whom.
pub(crate) const RATE_STEP_BYTES_PER_S: u64 = 64 * 1024;

/// Who knows what of this peer, and what is known of others.
#[derive(Debug, Default)]
pub(crate) struct Statuses {
    told: BTreeMap<PeerId, Telling<Arc<PeerStatus>>>,
    heard: BTreeMap<PeerId, Arc<PeerStatus>>,
    /// Whether anything happened since the last round.
    stale: bool,
    not_before: Option<Now>,
}

impl Statuses {
    /// Something happened here, and the status may be another one.
    pub(crate) const fn touch(&mut self) {
        self.stale = true;
    }

    /// A peer was greeted.
    pub(crate) fn introduced(&mut self, peer: PeerId) {
        self.told.insert(peer, Telling::default());
        self.stale = true;
    }

    /// A peer is gone.
    pub(crate) fn lost(&mut self, peer: PeerId) {
        self.told.remove(&peer);
        self.heard.remove(&peer);
    }

    /// Whether [`Statuses::tell`] has something to look at.
    pub(crate) fn is_due(&self, now: Now) -> bool {
        self.stale && !self.told.is_empty() && self.not_before.is_none_or(|at| at <= now)
    }

    /// Tells whoever does not know it.
    pub(crate) fn tell(&mut self, ctx: &mut Ctx<'_>, members: &Membership, status: PeerStatus) {
        let status = Arc::new(status);
        self.stale = false;
        let mut count = 0;
        for (&peer, told) in &mut self.told {
            if !told.is_free(ctx.now) {
                // It is told of what changed since then in the next round.
                self.stale = true;
                continue;
            }
            if told.known() == Some(&status) {
                continue;
            }
            let Some(to) = members.route(peer) else {
                continue;
            };
            let request = Request::Status(PeerStatus::clone(&status));
            told.tell(ctx, Purpose::Status(peer), to, request, Arc::clone(&status));
            count += 1;
        }
        let pause = STATUS_PAUSE.max(STATUS_PAUSE_PER_PEER * count);
        self.not_before = Some(ctx.now + pause);
    }

    /// The answer of a peer that was told; `noted` says whether it knows it now.
    pub(crate) fn answered(&mut self, peer: PeerId, effect: EffectId, noted: bool) {
        let Some(told) = self.told.get_mut(&peer) else {
            return;
        };
        let Some(status) = told.answered(effect) else {
            return;
        };
        if noted {
            told.noted(status);
        } else {
            self.stale = true;
        }
    }

    /// A peer says how it stands.
    pub(crate) fn hear(&mut self, peer: PeerId, status: PeerStatus) -> Response {
        if let Err(why) = check(&status) {
            return Response::Refused(Refusal::new(RefusalKind::BadRequest, why));
        }
        self.heard.insert(peer, Arc::new(status));
        Response::Noted
    }

    /// What a peer said last.
    pub(crate) fn of(&self, peer: PeerId) -> Option<Arc<PeerStatus>> {
        self.heard.get(&peer).cloned()
    }

    /// When [`Statuses::tell`] has something to do.
    pub(crate) fn deadline(&self) -> Option<Now> {
        self.not_before
            .filter(|_| self.stale && !self.told.is_empty())
    }
}

/// Whether a status keeps to the limits.
fn check(status: &PeerStatus) -> Result<(), String> {
    if status.program.len() > PROGRAM_BYTES_MAX {
        return Err(format!(
            "the program's version has more than {PROGRAM_BYTES_MAX} bytes"
        ));
    }
    if status.operations.len() > STATUS_OPERATIONS_MAX {
        return Err(format!("more than {STATUS_OPERATIONS_MAX} operations run"));
    }
    if let Some(operation) = status.operations.iter().find(|it| it.percent > 100) {
        return Err(format!("{} is done to more than 100 percent", operation.id));
    }
    if !status.operations.is_sorted_by(|one, next| one.id < next.id) {
        return Err("the operations are not sorted by game, each game once".to_owned());
    }
    let installed = status.installed.as_deref().unwrap_or_default();
    if installed.len() > STATUS_INSTALLED_MAX {
        return Err(format!(
            "more than {STATUS_INSTALLED_MAX} games are unpacked"
        ));
    }
    if !installed.is_sorted_by(|one, next| one < next) {
        return Err("the games that are unpacked are not sorted, each game once".to_owned());
    }
    let sources: usize = status.operations.iter().map(|it| it.sources.len()).sum();
    if sources > STATUS_SOURCES_MAX {
        return Err(format!("more than {STATUS_SOURCES_MAX} sources send"));
    }
    Ok(())
}

/// Operations as other peers are told of them: as many, and as many of their sources, as a status may name.
pub(crate) fn operations(operations: &[OperationView]) -> Vec<PeerOperation> {
    let mut room = STATUS_SOURCES_MAX;
    let mut told: Vec<PeerOperation> = operations
        .iter()
        .take(STATUS_OPERATIONS_MAX)
        .map(told)
        .collect();
    for operation in &mut told {
        operation.sources.truncate(room);
        room -= operation.sources.len();
    }
    told
}

/// From whom bytes come, the fastest first.
fn sources(progress: Option<&Progress>) -> Vec<PeerSource> {
    let Some(Progress::Transferring { sources, .. }) = progress else {
        return Vec::new();
    };
    let mut sources: Vec<PeerSource> = sources
        .iter()
        .filter(|share| share.rate_bytes_per_s > 0)
        .map(|share| PeerSource {
            peer: share.peer_id,
            rate_bytes_per_s: share
                .rate_bytes_per_s
                .next_multiple_of(RATE_STEP_BYTES_PER_S),
        })
        .collect();
    sources.sort_by_key(|source| (Reverse(source.rate_bytes_per_s), source.peer));
    sources
}

/// An operation as other peers are told of it.
fn told(operation: &OperationView) -> PeerOperation {
    let (percent, left_s, waiting) = match &operation.progress {
        None => (0, None, false),
        Some(Progress::Waiting { .. }) => (0, None, true),
        Some(Progress::Checking {
            done_bytes,
            total_bytes,
        }) => (percent(*done_bytes, *total_bytes), None, false),
        Some(Progress::Transferring {
            verified_bytes,
            total_bytes,
            time_left,
            ..
        }) => {
            let left_s = time_left.map(|left| u32::try_from(left.as_secs()).unwrap_or(u32::MAX));
            (percent(*verified_bytes, *total_bytes), left_s, false)
        }
        Some(Progress::Step(step)) => {
            let percent = match (step.share(), &step.work) {
                (Some((done, of)), _) => percent(done, of),
                // Every byte is unpacked by then.
                (None, StepWork::Syncing) => 100,
                (None, _) => 0,
            };
            (percent, None, false)
        }
    };
    PeerOperation {
        id: operation.id.clone(),
        work: match operation.kind {
            OperationKind::Download => Work::Download,
            OperationKind::Install => Work::Install,
            OperationKind::Uninstall => Work::Uninstall,
            OperationKind::Remove => Work::Remove,
            OperationKind::Verify => Work::Verify,
            OperationKind::Recover => Work::Recover,
        },
        percent,
        left_s,
        waiting,
        sources: sources(operation.progress.as_ref()),
    }
}

/// Free space as it is told.
pub(crate) const fn in_steps(free_bytes: u64) -> u64 {
    free_bytes / FREE_STEP_BYTES * FREE_STEP_BYTES
}

/// Whole percent, 0 of nothing.
fn percent(done: u64, of: u64) -> u8 {
    let share = u128::from(done.min(of)) * 100 / u128::from(of.max(1));
    u8::try_from(share).unwrap_or(100)
}

#[cfg(test)]
mod tests {
    use lanspread_db::GameId;

    use super::*;

    fn peer() -> PeerId {
        PeerId::from_bytes([7; 32])
    }

    fn game(id: &str) -> GameId {
        GameId::parse(id).expect("a valid id")
    }

    fn source(rate_bytes_per_s: u64) -> PeerSource {
        PeerSource {
            peer: peer(),
            rate_bytes_per_s,
        }
    }

    fn operation(id: &str, percent: u8) -> PeerOperation {
        PeerOperation {
            id: game(id),
            work: Work::Download,
            percent,
            left_s: None,
            waiting: false,
            sources: Vec::new(),
        }
    }

    fn status(operations: Vec<PeerOperation>) -> PeerStatus {
        PeerStatus {
            operations,
            ..PeerStatus::default()
        }
    }

    fn heard(status: PeerStatus) -> (Response, bool) {
        let mut statuses = Statuses::default();
        let response = statuses.hear(peer(), status);
        (response, statuses.of(peer()).is_some())
    }

    #[test]
    fn what_keeps_to_the_limits_is_noted_and_what_does_not_is_refused() {
        let many = |count: usize| {
            let ids = (0..count).map(|number| format!("game{number:03}"));
            status(ids.map(|id| operation(&id, 100)).collect())
        };
        let program = |bytes: usize| PeerStatus {
            program: "x".repeat(bytes),
            ..PeerStatus::default()
        };
        let installed = |ids: Vec<GameId>| PeerStatus {
            installed: Some(ids),
            ..PeerStatus::default()
        };
        let games = |count: usize| (0..count).map(|number| game(&format!("game{number:03}")));
        let fetching = |sources: usize| {
            let mut fetching = operation("a", 1);
            fetching.sources = vec![source(1); sources];
            status(vec![fetching])
        };
        let fits = [
            many(STATUS_OPERATIONS_MAX),
            program(PROGRAM_BYTES_MAX),
            installed(games(STATUS_INSTALLED_MAX).collect()),
            fetching(STATUS_SOURCES_MAX),
        ];
        for fits in fits {
            assert_eq!(heard(fits), (Response::Noted, true));
        }
        let bad = [
            installed(games(STATUS_INSTALLED_MAX + 1).collect()),
            installed(games(2).rev().collect()),
            installed(vec![game("a"), game("a")]),
            fetching(STATUS_SOURCES_MAX + 1),
            many(STATUS_OPERATIONS_MAX + 1),
            program(PROGRAM_BYTES_MAX + 1),
            status(vec![operation("a", 101)]),
            status(vec![operation("b", 1), operation("a", 1)]),
            status(vec![operation("a", 1), operation("a", 1)]),
        ];
        for bad in bad {
            let (response, known) = heard(bad);
            assert!(matches!(response, Response::Refused(_)) && !known);
        }
    }

    #[test]
    fn free_space_is_told_in_steps_and_never_more_than_there_is() {
        assert_eq!(in_steps(FREE_STEP_BYTES - 1), 0);
        assert_eq!(in_steps(FREE_STEP_BYTES), FREE_STEP_BYTES);
        assert_eq!(in_steps(2 * FREE_STEP_BYTES + 1), 2 * FREE_STEP_BYTES);
    }

    #[test]
    fn percent_is_whole_and_never_past_all() {
        assert_eq!(percent(0, 0), 0);
        assert_eq!(percent(1, 3), 33);
        assert_eq!(percent(u64::MAX, u64::MAX), 100);
        assert_eq!(percent(5, 4), 100);
    }

    #[test]
    fn the_fullest_status_fits_a_request() {
        let long = |number: usize| game(&format!("{number:064}"));
        let mut operations: Vec<PeerOperation> = (0..STATUS_OPERATIONS_MAX)
            .map(|number| PeerOperation {
                id: long(number),
                work: Work::Uninstall,
                percent: 100,
                left_s: Some(u32::MAX),
                waiting: false,
                sources: Vec::new(),
            })
            .collect();
        operations[0].sources = vec![source(u64::MAX); STATUS_SOURCES_MAX];
        let fullest = PeerStatus {
            program: "x".repeat(PROGRAM_BYTES_MAX),
            free_bytes: Some(u64::MAX),
            clock_ms: Some(u64::MAX),
            games_folder: false,
            playing: false,
            player: false,
            installed: Some((0..STATUS_INSTALLED_MAX).map(long).collect()),
            operations,
        };
        assert_eq!(check(&fullest), Ok(()));
        let request = Request::Status(fullest);
        lanspread_proto::encode_frame(lanspread_proto::FrameKind::Request, &request)
            .expect("it fits");
    }

    fn downloading(id: &str, rates_bytes_per_s: &[u64]) -> OperationView {
        let share = |(number, &rate_bytes_per_s)| crate::SourceShare {
            peer_id: PeerId::from_bytes([number; 32]),
            name: lanspread_proto::PeerName::new("x"),
            chunks: 1,
            bytes: 1,
            rate_bytes_per_s,
        };
        OperationView {
            id: game(id),
            kind: OperationKind::Download,
            after: crate::AfterDownload::Install,
            room: crate::DownloadRoom::KeepOld,
            progress: Some(Progress::Transferring {
                verified_bytes: 1,
                total_bytes: 2,
                rate_bytes_per_s: rates_bytes_per_s.iter().sum(),
                time_left: None,
                efficiency_percent: None,
                sources: (0..).zip(rates_bytes_per_s).map(share).collect(),
            }),
        }
    }

    #[test]
    fn others_are_told_who_sends_the_fastest_first_and_nobody_who_does_not() {
        let told = operations(&[downloading("a", &[1, 0, 10 * RATE_STEP_BYTES_PER_S])]);
        let sources: Vec<(PeerId, u64)> = told[0]
            .sources
            .iter()
            .map(|source| (source.peer, source.rate_bytes_per_s))
            .collect();
        let expected = [
            (PeerId::from_bytes([2; 32]), 10 * RATE_STEP_BYTES_PER_S),
            (PeerId::from_bytes([0; 32]), RATE_STEP_BYTES_PER_S),
        ];
        assert_eq!(sources, expected);
    }

    #[test]
    fn the_sources_of_all_operations_together_keep_to_the_limit() {
        let rates = [1; STATUS_SOURCES_MAX - 1];
        let told = operations(&[downloading("a", &rates), downloading("b", &rates)]);
        let counts: Vec<usize> = told.iter().map(|it| it.sources.len()).collect();
        assert_eq!(counts, [STATUS_SOURCES_MAX - 1, 1]);
    }

    #[test]
    fn others_are_told_how_far_a_single_archive_is_unpacked() {
        let percent = |work, done_bytes, total_bytes| {
            told(&OperationView {
                id: game("chess"),
                kind: OperationKind::Install,
                after: crate::AfterDownload::Keep,
                room: crate::DownloadRoom::KeepOld,
                progress: Some(Progress::Step(crate::StepProgress {
                    work,
                    index: 1,
                    count: 1,
                    done_bytes,
                    total_bytes,
                })),
            })
            .percent
        };
        let unpacking = || StepWork::Unpacking {
            archive: "chess.eti".to_owned(),
        };
        assert_eq!(percent(unpacking(), 34, Some(100)), 34);
        assert_eq!(percent(unpacking(), 34, None), 0);
        assert_eq!(percent(StepWork::Syncing, 100, Some(100)), 100);
    }
}
