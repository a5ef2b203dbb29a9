//! A party for one scenario, and short ways to arrange it, to wait for something, and to look back.
//!
//! Invariant: it is the simulator's own world with everything that holds for walks; a scenario in which
//! one of the invariants breaks fails.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::{Deref, DerefMut},
    sync::Arc,
    time::Duration,
};

use lanspread_core::{
    Advertisement, CommandId, CommandRefused, HashTrust, Input, Now, PeerCommand, PeerEvent,
    PeerView,
};
use lanspread_db::{Catalog, GameId, Manifest, ManifestFile, RelPath, SENTINEL, Version};
use lanspread_proto::PeerId;
use lanspread_unpack::CancelFlag;

use crate::{
    beliefs::Beliefs,
    books::Books,
    choices::Luck,
    disk::{Content, NameOrder, Pace, Rules, pack},
    faults::Kept,
    games::Edition,
    machine::Machine,
    model::Model,
    network::{Cable, Network, Weather},
    orders::Orders,
    record::{Record, Sent},
    report::Counts,
    sayings::Sayings,
    trace::{Detail, Trace},
    world::World,
};

/// Bytes per second of a cable, if nothing else is said.
const RATE: u64 = 100_000_000;
/// The file of every game that holds most of it.
const ARCHIVE: &str = "data.eti";

/// One copy of one game.
#[derive(Debug, Clone)]
pub(super) struct Copy {
    files: BTreeMap<String, Arc<Content>>,
    manifest: Arc<Manifest>,
}

impl Deref for Copy {
    type Target = Manifest;

    fn deref(&self) -> &Manifest {
        &self.manifest
    }
}

/// A copy whose content follows from `salt`: two salts are two different games.
pub(super) fn manifest(id: &str, version: &str, size_bytes: u64, salt: u64) -> Copy {
    let len = usize::try_from(size_bytes).unwrap();
    let content = Content::noise(salt + 1, len).to_bytes();
    let packed = pack([("game.exe", content.as_slice())]);
    let start = format!("start {id} {salt}");
    let files: BTreeMap<String, Arc<Content>> = [
        (ARCHIVE, Content::from(packed.as_slice())),
        ("game_start.cmd", Content::from(start.as_str())),
        (SENTINEL, Content::from(version)),
    ]
    .into_iter()
    .map(|(path, content)| (path.to_owned(), Arc::new(content)))
    .collect();
    let total = files.values().map(|content| content.len_bytes()).sum();
    let chunk_bytes = Manifest::chunk_bytes_for(total);
    let listed = files
        .iter()
        .map(|(path, content)| ManifestFile {
            path: RelPath::parse(path).unwrap(),
            size_bytes: content.len_bytes(),
            chunks: content.chunk_hashes(chunk_bytes).to_vec(),
        })
        .collect();
    let (id, version) = (GameId::parse(id).unwrap(), Version::parse(version).unwrap());
    let manifest = Arc::new(Manifest::new(id, version, chunk_bytes, listed).unwrap());
    Copy { files, manifest }
}

/// A party for one scenario.
pub(super) struct Stage {
    world: World,
}

impl Deref for Stage {
    type Target = World;

    fn deref(&self) -> &World {
        &self.world
    }
}

impl DerefMut for Stage {
    fn deref_mut(&mut self) -> &mut World {
        &mut self.world
    }
}

impl Stage {
    /// An empty party at one table of a quiet network.
    pub(super) fn new(seed: u64) -> Self {
        let weather = Weather {
            latency: Duration::from_millis(1),
            jitter: Duration::from_micros(100),
            loss_permille: 0,
            twice_permille: 0,
        };
        Self {
            world: World {
                now: Now::default(),
                nodes: Vec::new(),
                network: Network::new(weather, &[RATE], Luck::new(seed)),
                queue: BTreeMap::new(),
                exchanges: BTreeMap::new(),
                links: BTreeMap::new(),
                next: 0,
                model: Model::default(),
                books: Books::default(),
                beliefs: Beliefs::default(),
                kept: Kept::default(),
                counts: Counts::default(),
                trace: Trace::new(Detail::Lines),
                failure: None,
                fault: None,
                wanted: BTreeSet::new(),
                excuses: BTreeMap::new(),
                troubled: BTreeSet::new(),
                orders: Orders::default(),
                sayings: Sayings::default(),
                record: Some(Record::default()),
            },
        }
    }

    /// A guest sits down; the peer is not started yet.
    pub(super) fn add(&mut self, catalog: &Arc<Catalog>) {
        let luck = Luck::new(self.nodes.len() as u64);
        let machine = Machine::new(Rules::LINUX, Pace::SOLID, NameOrder::Journal, luck, None);
        let cable = Cable::new(0, RATE);
        self.world.add(machine, cable, Arc::clone(catalog));
    }

    /// Starts a peer, at another address than before.
    pub(super) fn start(&mut self, n: usize) {
        self.world.start(n, true);
        self.assert_sound();
    }

    /// The process dies without a word.
    pub(super) fn kill(&mut self, n: usize) {
        self.world.kill(n);
        self.forget_events(n);
    }

    pub(super) fn disk(&mut self, n: usize) -> HisDisk<'_> {
        HisDisk { stage: self, n }
    }

    pub(super) fn set_upload(&mut self, n: usize, rate: u64) {
        self.network.cables[n].rate = rate;
    }

    /// Multicast does not reach a peer.
    pub(super) fn deafen(&mut self, n: usize) {
        self.network.cables[n].is_deaf = true;
    }

    /// A peer's memory is bad.
    pub(super) fn lie(&mut self, n: usize) {
        self.nodes[n].lies = true;
    }

    pub(super) fn view(&mut self, n: usize) -> Arc<PeerView> {
        self.world.view(n).expect("a running peer")
    }

    /// All live peers, as a peer sees them.
    pub(super) fn seen_by(&mut self, n: usize) -> BTreeSet<PeerId> {
        self.view(n).peers.iter().map(|peer| peer.peer_id).collect()
    }

    pub(super) fn advertisement(&self, n: usize) -> Advertisement {
        self.world.shown(n)
    }

    fn record(&self) -> &Record {
        self.record.as_ref().expect("scenarios keep a record")
    }

    fn record_mut(&mut self) -> &mut Record {
        self.record.as_mut().expect("scenarios keep a record")
    }

    /// What a peer's users heard since it started or was told to forget.
    pub(super) fn events(&self, n: usize) -> &[PeerEvent] {
        self.record().events.get(&n).map_or(&[], Vec::as_slice)
    }

    pub(super) fn forget_events(&mut self, n: usize) {
        self.record_mut().events.remove(&n);
    }

    pub(super) fn sent(&self) -> &[Sent] {
        &self.record().sent
    }

    pub(super) fn forget_sent(&mut self) {
        self.record_mut().sent.clear();
    }

    /// Chunks that were stored: who got how many from whom.
    pub(super) fn moved(&self) -> &BTreeMap<(usize, usize), usize> {
        &self.record().moved
    }

    /// How often a peer dialed.
    pub(super) fn dials(&self, n: usize) -> usize {
        self.record().dials.get(&n).copied().unwrap_or(0)
    }

    /// How many requests of a kind went from one peer to another.
    pub(super) fn count(&self, from: usize, to: usize, kind: &str) -> usize {
        let fits = |sent: &&Sent| (sent.from, sent.to, sent.kind) == (from, to, kind);
        self.sent().iter().filter(fits).count()
    }

    pub(super) fn send_command(&mut self, n: usize, command: PeerCommand) -> CommandId {
        self.world.send_command(n, command);
        // Ids are counted.
        self.nodes[n].last_command.expect("a running peer")
    }

    /// A command, carried to its answer.
    pub(super) fn command(&mut self, n: usize, command: PeerCommand) -> Result<(), CommandRefused> {
        let id = self.send_command(n, command);
        self.until("the command to be answered", |stage| {
            stage.record().answers.contains_key(&(n, id))
        });
        self.answer(n, id)
    }

    pub(super) fn answer(&self, n: usize, id: CommandId) -> Result<(), CommandRefused> {
        self.record().answers[&(n, id)].clone()
    }

    pub(super) fn tell(&mut self, n: usize, input: Input) {
        self.world.tell(n, input);
        self.assert_sound();
    }

    pub(super) fn pass(&mut self, time: Duration) {
        self.world.pass(time);
        self.assert_sound();
    }

    /// Lets things happen until `fact` holds; at most ten virtual minutes.
    pub(super) fn until(&mut self, what: &str, fact: impl Fn(&Self) -> bool) {
        let end = self.now + Duration::from_mins(10);
        while !fact(self) {
            assert!(self.now <= end, "waited in vain for {what}");
            let more = self.world.step();
            self.assert_sound();
            assert!(more, "nothing happens any more, waiting for {what}");
        }
    }

    /// Lets things happen until a peer's users heard what fits.
    pub(super) fn until_event(&mut self, n: usize, what: &str, fits: impl Fn(&PeerEvent) -> bool) {
        self.until(what, |stage| stage.events(n).iter().any(&fits));
    }

    fn assert_sound(&self) {
        if let Some(failure) = &self.failure {
            panic!("{failure}");
        }
    }

    /// Nothing is owed to anybody, and no request is unanswered. A ping may be under way at any
    /// moment: it may come to an end.
    pub(super) fn assert_at_rest(&mut self) {
        let owes = |stage: &Self| {
            let mut running = stage.nodes.iter().filter_map(|node| node.running.as_ref());
            running.any(|it| !it.owed.is_empty() || !it.replies.is_empty())
        };
        for _ in 0..100 {
            if !owes(self) {
                break;
            }
            self.pass(Duration::from_millis(17));
        }
        for (n, node) in self.nodes.iter().enumerate() {
            let Some(running) = &node.running else {
                continue;
            };
            assert!(
                running.owed.is_empty(),
                "peer{n} waits for {:?}",
                running.owed
            );
            assert!(
                running.replies.is_empty() && running.serving.is_empty(),
                "peer{n}"
            );
        }
    }

    pub(super) fn into_trace(self) -> String {
        self.world.trace.into_text()
    }
}

/// What people do to somebody's disk, and what is seen there.
pub(super) struct HisDisk<'a> {
    stage: &'a mut Stage,
    n: usize,
}

impl HisDisk<'_> {
    fn machine(&self) -> &Machine {
        &self.stage.nodes[self.n].machine
    }

    fn exists(&self, id: &GameId, name: &str) -> bool {
        self.machine()
            .disk
            .exists(self.machine().root(id).join(name))
    }

    /// Puts a whole game there by hand, whatever was there before; `hashed` if its hashes are known
    /// already.
    pub(super) fn put(&mut self, copy: &Copy, hashed: bool) {
        let (n, id) = (self.n, copy.game_id());
        // The model keeps editions for good, as walks have them.
        let edition: &'static Edition = Box::leak(Box::new(Edition {
            files: copy.files.clone(),
        }));
        let key = self.stage.key(n, id);
        if self.machine().disk.exists(self.machine().root(id)) {
            self.take(id);
        }
        for (path, content) in &copy.files {
            let at = self.machine().root(id).join(path);
            self.machine()
                .disk
                .put_shared(at, Arc::clone(content))
                .unwrap();
        }
        self.stage.model.put(&key, edition);
        if hashed {
            let running = self.stage.nodes[n].running.as_ref();
            let side = running.map_or_else(
                || self.machine().boot().unwrap(),
                |running| running.disk.clone(),
            );
            side.hash_root(id, HashTrust::Unchanged, &|_, _| {}, &CancelFlag::new())
                .unwrap();
            let _ = self.machine().take_cost();
        }
    }

    /// What holds most of a game.
    pub(super) fn archive(&self, id: &GameId) -> Option<Arc<Content>> {
        self.machine()
            .disk
            .content(self.machine().root(id).join(ARCHIVE))
    }

    /// A file of a game is lost, and nothing notices yet.
    pub(super) fn damage(&mut self, id: &GameId) {
        let key = self.stage.key(self.n, id);
        self.stage.model.changed(&key, ARCHIVE, None);
        let at = self.machine().root(id).join(ARCHIVE);
        self.machine().disk.take(at).unwrap();
    }

    pub(super) fn is_damaged(&self, id: &GameId) -> bool {
        !self.exists(id, ARCHIVE)
    }

    /// The archive of a game is broken.
    pub(super) fn break_archive(&mut self, id: &GameId) {
        let at = self.machine().root(id).join(ARCHIVE);
        self.machine().disk.rot(&at, 1000, 1).unwrap();
        let content = self.machine().disk.content(&at).unwrap();
        let key = self.stage.key(self.n, id);
        self.stage.model.know(id, ARCHIVE, &content);
        self.stage.model.changed(&key, ARCHIVE, Some(content));
    }

    /// So much room is left.
    pub(super) fn leave_free(&mut self, bytes: u64) {
        let disk = &self.machine().disk;
        disk.set_capacity_bytes(disk.used_bytes() + bytes);
    }

    /// Takes a game away by hand.
    pub(super) fn take(&mut self, id: &GameId) {
        let key = self.stage.key(self.n, id);
        self.stage.model.deleted(&key);
        let root = self.machine().root(id);
        self.machine().disk.take(root).unwrap();
    }

    pub(super) fn version(&self, id: &GameId) -> Option<Version> {
        let root = self.machine().root(id);
        Version::from_version_ini(&self.machine().disk.read(root.join(SENTINEL))?).ok()
    }

    /// The version that is installed.
    pub(super) fn installed(&self, id: &GameId) -> Option<Version> {
        let marker = self.machine().root(id).join("local/.lanspread_owned");
        let text = String::from_utf8(self.machine().disk.read(marker)?).unwrap();
        let version = text
            .lines()
            .find_map(|line| line.strip_prefix("version "))?;
        Version::parse(version).ok()
    }

    /// Whether nothing of an operation is left over.
    pub(super) fn is_settled(&self, id: &GameId) -> bool {
        let names = self.machine().disk.names(self.machine().root(id));
        let left = [".lanspread", ".local.", ".version.ini"];
        !names
            .iter()
            .any(|name| left.iter().any(|left| name.starts_with(left)))
    }

    /// Which chunks of a download are noted as stored, a bit for each.
    pub(super) fn staged(&self, id: &GameId) -> Vec<u8> {
        let journal = self.machine().root(id).join(".lanspread.download/verified");
        self.machine().disk.read(journal).unwrap_or_default()
    }

    /// How many they are.
    pub(super) fn staged_chunks(&self, id: &GameId) -> usize {
        let bits = self.staged(id);
        bits.iter().map(|byte| byte.count_ones() as usize).sum()
    }
}
