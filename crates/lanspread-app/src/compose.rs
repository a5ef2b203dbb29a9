//! The peer's view, the catalog and the history as one snapshot.
//!
//! Invariant: pure, and the one place that says how things stand with a game and what to do about it.

use std::{collections::BTreeMap, path::PathBuf, sync::Arc, time::Duration};

use lanspread_db::{Catalog, CatalogMode, Game as CatalogGame, GameId, Script};
use lanspread_peer as peer;
use lanspread_peer::{GameView, PROTOCOL_VERSION, PeerView, Playing, RateLimit};

use crate::{
    app::App,
    covers::Covers,
    first_seen::FirstSeen,
    health::{FolderProblem, Health},
    history::History,
    queue::{Queue, Runs},
    snapshot::{
        Action, Discovery, Game, GameDetails, GameState, Gathered, Hashing, KeptAway, Limits, Me,
        Message, Mode, MoreGamesDir, Offer, Operation, OperationKind, Peer, PeerOperation,
        PeerSource, PeerStatus, Progress, Running, Snapshot, Source, Standing, StepWork, Upload,
        Wishes,
    },
    told::{AwayReason, DiscoveryTrouble, Problem, WaitReason},
};

/// What a snapshot is put together from.
pub(crate) struct Composed<'a> {
    pub(crate) view: &'a PeerView,
    pub(crate) games: Arc<Vec<Game>>,
    pub(crate) me: Me,
    pub(crate) health: Health,
    pub(crate) running: Vec<Running>,
    pub(crate) queue: &'a Queue,
    pub(crate) settings: Wishes,
    pub(crate) history: &'a History,
}

/// Puts it together.
pub(crate) fn snapshot(parts: Composed<'_>) -> Snapshot {
    let Composed {
        view,
        games,
        me,
        health,
        running,
        queue,
        settings,
        history,
    } = parts;
    Snapshot {
        me,
        health,
        games,
        peers: view.peers.iter().map(other_peer).collect(),
        kept_away: view.kept_away.iter().map(kept_away).collect(),
        messages: messages(view, history),
        operations: view.operations.iter().map(operation).collect(),
        uploads: view.outbound.iter().map(upload).collect(),
        hashing: view.hashing.iter().map(hashing).collect(),
        running,
        limits: Limits::from(view.rate_limits),
        playing: match view.playing {
            Playing::Yes => true,
            Playing::No => false,
        },
        queue: queue.shown(&runs(view)),
        settings,
        finished: history.finished(),
        uploads_ended: history.uploads(),
        notices: history.notices(),
    }
}

/// What runs, as far as the queue of downloads is concerned.
pub(crate) fn runs(view: &PeerView) -> BTreeMap<GameId, Runs> {
    let runs = |operation: &peer::OperationView| match (operation.kind, &operation.progress) {
        (peer::OperationKind::Download, Some(peer::Progress::Waiting { .. })) => Runs::Waits,
        (peer::OperationKind::Download, Some(_) | None) => Runs::Gathers,
        (
            peer::OperationKind::Install
            | peer::OperationKind::Uninstall
            | peer::OperationKind::Remove
            | peer::OperationKind::Verify
            | peer::OperationKind::Recover,
            _,
        ) => Runs::Else,
    };
    view.operations
        .iter()
        .map(|operation| (operation.id.clone(), runs(operation)))
        .collect()
}

/// This peer.
pub(crate) fn me(app: &App, view: &PeerView) -> Me {
    let facts = app.facts();
    Me {
        peer_id: app.handle().peer_id(),
        name: facts.name.clone(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        protocol_version: PROTOCOL_VERSION,
        listen_addrs: app.handle().listen_addrs(),
        mode: match view.mode {
            CatalogMode::Catalog => Mode::Catalog,
            CatalogMode::Open => Mode::Open,
        },
        party_code: facts.party_code,
        unencrypted_lanes: facts.unencrypted_lanes,
        games_dir: app.games_dir().to_string_lossy().into_owned(),
        games_dir_problem: view.game_dir_problem.as_ref().map(FolderProblem::from),
        more_games_dirs: app.more_games_dirs(),
        free_bytes: view.free_bytes,
        player: view.player,
        discovery: Discovery::from(&view.discovery),
        state_dir: facts.state_dir.to_string_lossy().into_owned(),
        script_ending: Script::ENDING,
        catalog: facts
            .catalog
            .as_ref()
            .map(|path| path.to_string_lossy().into_owned()),
    }
}

/// All games, in the order of the view.
pub(crate) fn games(
    views: &[GameView],
    catalog: &Catalog,
    covers: &Covers,
    first_seen: &FirstSeen,
    beyond_first: &BTreeMap<GameId, PathBuf>,
) -> Vec<Game> {
    let game = |view: &GameView| Game {
        cover: covers.has(&view.id),
        games_dir: beyond_first
            .get(&view.id)
            .map(|dir| dir.to_string_lossy().into_owned()),
        first_seen_ms: first_seen.of(&view.id),
        ..game(view, catalog.get(&view.id))
    };
    views.iter().map(game).collect()
}

fn game(view: &GameView, listed: Option<&CatalogGame>) -> Game {
    let state = state(view);
    let mut actions = actions(state, view).into_iter();
    Game {
        id: view.id.clone(),
        title: view.title.clone(),
        state,
        action: actions.next().unwrap_or(Action::None),
        also: actions.collect(),
        version: view.version,
        expected_version: view.expected_version,
        size: view.size_bytes,
        downloaded: view.downloaded,
        installed: view.installed,
        to_hash: view.to_hash,
        scripts: view.scripts.iter().copied().collect(),
        holders: view.peers.clone(),
        outdated: outdated(view),
        gathered: view.gathered.map(|gathered| Gathered {
            verified_bytes: gathered.stored_bytes,
            total_bytes: gathered.total_bytes,
        }),
        problem: view.problem.as_ref().map(Problem::from),
        genre: listed.map(|game| game.genre.clone()).unwrap_or_default(),
        players: listed.and_then(|game| game.max_players.clone()),
        cover: false,
        first_seen_ms: None,
        described: listed.is_some_and(|game| {
            !game.descriptions.is_empty() || game.publisher.is_some() || game.release.is_some()
        }),
        games_dir: None,
    }
}

/// Who has another version than this party plays.
fn outdated(view: &GameView) -> Vec<peer::PeerId> {
    let others = view.offers.iter().filter(|offer| {
        view.expected_version
            .is_some_and(|expected| offer.version != expected)
    });
    let mut peers: Vec<_> = others.flat_map(|offer| offer.peers.clone()).collect();
    peers.sort();
    peers
}

/// How things stand with a game.
fn state(view: &GameView) -> GameState {
    let current = view.expected_version.is_none() || view.version == view.expected_version;
    let others = !view.peers.is_empty();
    match (view.downloaded, view.installed) {
        (true, _) if !current && others => GameState::UpdateAvailable,
        (true, _) if !current => GameState::OtherVersion,
        (true, true) => GameState::Ready,
        (true, false) => GameState::Downloaded,
        (false, true) => GameState::LocalOnly,
        (false, false) if others => GameState::OnOthers,
        (false, false) => GameState::Nowhere,
    }
}

/// What can be done with a game, that first for which it is looked at.
fn actions(state: GameState, view: &GameView) -> Vec<Action> {
    let can_start = view.installed && view.scripts.contains(&Script::Start);
    let play = can_start.then_some(Action::Play);
    // Whoever has no time for a newer version, or finds nobody who has it, plays the one that is here.
    let install = (view.downloaded && !view.installed).then_some(Action::Install);
    let download = (!view.downloaded && !view.peers.is_empty()).then_some(Action::Download);
    let update = (state == GameState::UpdateAvailable).then_some(Action::Update);
    [update, play, install, download]
        .into_iter()
        .flatten()
        .collect()
}

/// What is told of a game alone.
pub(crate) fn details(view: &GameView, listed: Option<&CatalogGame>) -> GameDetails {
    GameDetails {
        id: view.id.clone(),
        publisher: listed.and_then(|game| game.publisher.clone()),
        release: listed.and_then(|game| game.release.clone()),
        descriptions: listed
            .map(|game| game.descriptions.clone())
            .unwrap_or_default(),
        offers: view.offers.iter().map(offer).collect(),
        catalog_version: listed.and_then(|game| game.version),
        manifest: view.manifest,
        pinned: view.pinned,
    }
}

fn offer(offer: &peer::OfferView) -> Offer {
    Offer {
        version: offer.version,
        manifest: offer.manifest,
        size: offer.size_bytes,
        standing: match offer.standing {
            peer::Standing::Source => Standing::Source,
            peer::Standing::Tied => Standing::Tied,
            peer::Standing::Outvoted => Standing::Outvoted,
            peer::Standing::NotPinned => Standing::NotPinned,
            peer::Standing::Hashing => Standing::Hashing,
            peer::Standing::OtherVersion => Standing::OtherVersion,
        },
        peers: offer.peers.clone(),
    }
}

fn other_peer(other: &peer::PeerInfo) -> Peer {
    Peer {
        peer_id: other.peer_id,
        name: other.name.clone(),
        addr: other.addr,
        games: count(other.games),
        in_sync: other.in_sync,
        status: other.status.as_deref().map(peer_status),
    }
}

/// The folders beside the first. One that was named a moment ago was not looked at yet.
pub(crate) fn more_games_dirs(dirs: &[PathBuf], view: &PeerView) -> Vec<MoreGamesDir> {
    let further = dirs.iter().skip(1);
    further
        .map(|dir| {
            let found = view.more_game_dirs.iter().find(|found| found.path == *dir);
            MoreGamesDir {
                path: dir.to_string_lossy().into_owned(),
                problem: found
                    .and_then(|found| found.problem.as_ref())
                    .map(FolderProblem::from),
                free_bytes: found.and_then(|found| found.free_bytes),
            }
        })
        .collect()
}

fn peer_status(status: &peer::PeerStatus) -> PeerStatus {
    PeerStatus {
        version: status.program.clone(),
        free_bytes: status.free_bytes,
        games_folder: status.games_folder,
        playing: status.playing,
        player: status.player,
        installed: status.installed.clone(),
        operations: status.operations.iter().map(peer_operation).collect(),
    }
}

fn peer_operation(operation: &peer::PeerOperation) -> PeerOperation {
    PeerOperation {
        id: operation.id.clone(),
        kind: match operation.work {
            peer::Work::Download => OperationKind::Download,
            peer::Work::Install => OperationKind::Install,
            peer::Work::Uninstall => OperationKind::Uninstall,
            peer::Work::Remove => OperationKind::Remove,
            peer::Work::Verify => OperationKind::Verify,
            peer::Work::Recover => OperationKind::Recover,
        },
        percent: operation.percent,
        time_left_ms: operation.left_s.map(|left| u64::from(left) * 1000),
        waiting: operation.waiting,
        sources: operation
            .sources
            .iter()
            .map(|source| PeerSource {
                peer_id: source.peer,
                rate_bytes_per_s: source.rate_bytes_per_s,
            })
            .collect(),
    }
}

fn kept_away(kept: &peer::KeptAwayView) -> KeptAway {
    KeptAway {
        peer_id: kept.peer_id,
        name: kept.name.clone(),
        reasons: kept.reasons.iter().map(AwayReason::from).collect(),
    }
}

/// What was said. The peer knows no clock on the wall: when it was stands in the history, and what is
/// not there yet is shown with the event that tells of it.
fn messages(view: &PeerView, history: &History) -> Vec<Message> {
    let message = |said: &Arc<peer::MessageView>| {
        Some(Message {
            number: said.number,
            at_ms: history.said_at_ms(said.number)?,
            peer_id: said.peer_id,
            name: said.name.clone(),
            text: said.text.clone(),
            own: said.own,
        })
    };
    view.messages.iter().filter_map(message).collect()
}

fn operation(operation: &peer::OperationView) -> Operation {
    Operation {
        id: operation.id.clone(),
        kind: operation_kind(operation.kind),
        progress: operation.progress.as_ref().map(Progress::from),
    }
}

/// What is done with a game.
pub(crate) const fn operation_kind(kind: peer::OperationKind) -> OperationKind {
    match kind {
        peer::OperationKind::Download => OperationKind::Download,
        peer::OperationKind::Install => OperationKind::Install,
        peer::OperationKind::Uninstall => OperationKind::Uninstall,
        peer::OperationKind::Remove => OperationKind::Remove,
        peer::OperationKind::Verify => OperationKind::Verify,
        peer::OperationKind::Recover => OperationKind::Recover,
    }
}

impl From<&peer::DiscoveryState> for Discovery {
    fn from(state: &peer::DiscoveryState) -> Self {
        match state {
            peer::DiscoveryState::Starting => Discovery::Starting,
            peer::DiscoveryState::Off => Discovery::Off,
            peer::DiscoveryState::Works => Discovery::Works,
            peer::DiscoveryState::Trouble { trouble, message } => Discovery::Trouble {
                kind: DiscoveryTrouble::from(*trouble),
                message: message.clone(),
            },
        }
    }
}

impl From<&peer::Progress> for Progress {
    fn from(progress: &peer::Progress) -> Self {
        match progress {
            peer::Progress::Waiting { why } => Progress::Waiting {
                what: why.to_string(),
                why: WaitReason::from(why),
            },
            peer::Progress::Checking {
                done_bytes,
                total_bytes,
            } => Progress::Checking {
                done_bytes: *done_bytes,
                total_bytes: *total_bytes,
            },
            peer::Progress::Transferring {
                verified_bytes,
                total_bytes,
                rate_bytes_per_s,
                time_left,
                efficiency_percent,
                sources,
            } => Progress::Transferring {
                verified_bytes: *verified_bytes,
                total_bytes: *total_bytes,
                rate_bytes_per_s: *rate_bytes_per_s,
                time_left_ms: time_left.map(millis),
                efficiency_percent: *efficiency_percent,
                sources: sources.iter().map(Source::from).collect(),
            },
            peer::Progress::Step(step) => Progress::Step {
                work: StepWork::from(&step.work),
                what: step.work.to_string(),
                archive: match &step.work {
                    peer::StepWork::Unpacking { archive } => Some(archive.clone()),
                    peer::StepWork::Syncing
                    | peer::StepWork::Moving
                    | peer::StepWork::Keeping
                    | peer::StepWork::Checking => None,
                },
                index: step.index,
                count: step.count,
                done_bytes: step.done_bytes,
                total_bytes: step.total_bytes,
                percent: step.share().map(percent),
            },
        }
    }
}

impl From<&peer::StepWork> for StepWork {
    fn from(work: &peer::StepWork) -> Self {
        match work {
            peer::StepWork::Unpacking { .. } => Self::Unpacking,
            peer::StepWork::Syncing => Self::Syncing,
            peer::StepWork::Moving => Self::Moving,
            peer::StepWork::Keeping => Self::Keeping,
            peer::StepWork::Checking => Self::Checking,
        }
    }
}

/// Whole percent, rounded down.
fn percent((done, of): (u64, u64)) -> u8 {
    u8::try_from(u128::from(done.min(of)) * 100 / u128::from(of.max(1))).unwrap_or(100)
}

impl From<&peer::SourceShare> for Source {
    fn from(share: &peer::SourceShare) -> Self {
        Self {
            peer_id: share.peer_id,
            name: share.name.clone(),
            chunks: share.chunks,
            bytes: share.bytes,
            rate_bytes_per_s: share.rate_bytes_per_s,
        }
    }
}

fn upload(upload: &peer::OutboundView) -> Upload {
    Upload {
        peer_id: upload.peer_id,
        id: upload.id.clone(),
        requests: count(upload.requests),
        rate_bytes_per_s: upload.rate_bytes_per_s,
    }
}

fn hashing(hashing: &peer::HashingView) -> Hashing {
    Hashing {
        id: hashing.id.clone(),
        done_bytes: hashing.hashed_bytes,
        total_bytes: hashing.total_bytes,
    }
}

impl From<peer::RateLimits> for Limits {
    fn from(limits: peer::RateLimits) -> Self {
        let bytes_per_s = |limit: Option<RateLimit>| limit.map(RateLimit::bytes_per_s);
        Limits {
            upload_bytes_per_s: bytes_per_s(limits.upload),
            upload_per_peer_bytes_per_s: bytes_per_s(limits.upload_per_peer),
            download_bytes_per_s: bytes_per_s(limits.download),
            download_per_peer_bytes_per_s: bytes_per_s(limits.download_per_peer),
        }
    }
}

/// A time in whole milliseconds.
pub(crate) fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
