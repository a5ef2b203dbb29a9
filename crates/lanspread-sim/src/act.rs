//! Lets one step of a walk happen to the party.
//!
//! Invariant: what makes no sense at the moment does not happen, as nobody could do it; and what
//! happens by hand is told to the model at once.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use lanspread_core::{
    AfterDownload, DownloadRoom, ExpelledBy, Input, PeerCommand, limits::EXPEL_TIME,
};
use lanspread_db::{GameId, SENTINEL};

use crate::{
    company::CODES,
    disk::{
        Content, Item,
        faults::{self, Asked, Decide},
    },
    games::{self, Edition, GAMES, VARIANTS, VERSIONS},
    machine::GAME_DIRS,
    party::{CATALOGS, catalog},
    transition::{Step, Transition, share},
    world::{World, address},
};

/// How slow a machine may be, in milliseconds for everything it does.
const LAGS_MS: [u64; 4] = [0, 3, 40, 400];
/// What a player writes, below `local/`.
const SAVES: [&str; 4] = [
    "slot1.sav",
    "saves/deep/slot.sav",
    "config.ini",
    "data/user.cfg",
];
/// What other tools leave in a root.
const FOREIGN: [&str; 5] = [
    ".sync/ID",
    "half.eti.!sync",
    ".softlan_game_installed",
    "extra/Thumbs.db",
    ".SyncIgnore",
];

/// One step, with what its bytes stand for in this party.
struct Act<'w> {
    world: &'w mut World,
    n: usize,
    game: usize,
    id: GameId,
    how: [u8; 4],
}

/// Lets a step happen, and time pass after it.
pub(crate) fn act(world: &mut World, step: &Step) {
    let n = share(step.who, world.nodes.len());
    let game = share(step.game, GAMES.len());
    let mut act = Act {
        n,
        game,
        id: games::id(game),
        how: step.how,
        world,
    };
    let happened = act.happen(step.transition);
    let name = step.transition.as_str();
    if happened {
        world
            .trace
            .note(world.now, n, || format!("{name} {}", GAMES[game]));
        world.counts.add(format!("transition: {name}"), 1);
    }
    world.pass(step.pause);
}

impl Act<'_> {
    /// Whether it could happen.
    fn happen(&mut self, transition: Transition) -> bool {
        let (n, running) = (self.n, self.world.is_awake(self.n));
        match transition {
            Transition::Nothing => true,
            Transition::Arrive => !self.world.is_running(n) && self.arrive(),
            Transition::Leave => running && self.tell(Input::Shutdown),
            Transition::Kill => self.world.is_running(n) && self.kill(),
            Transition::PowerCut => self.world.is_running(n) && self.power_cut(),
            Transition::PowerCutSoon => running && self.power_cut_soon(),
            Transition::Unplug => self.unplug(),
            Transition::Plug => self.plug(),
            Transition::CutTable => self.cut_table(true),
            Transition::JoinTable => self.cut_table(false),
            Transition::Deafen => self.deafen(true),
            Transition::Hear => self.deafen(false),
            Transition::Suspend => running && self.suspend(),
            Transition::Slow => self.slow(),
            Transition::JumpClock => self.jump_clock(),
            Transition::Lie => self.lie(),
            Transition::Download => running && self.download(),
            Transition::Cancel => running && self.command(|id| PeerCommand::Cancel { id }),
            Transition::Pause => running && self.command(|id| PeerCommand::Pause { id }),
            Transition::Install => running && self.command(|id| PeerCommand::InstallGame { id }),
            Transition::Uninstall => {
                running && self.command(|id| PeerCommand::UninstallGame { id })
            }
            Transition::Remove => running && self.command(|id| PeerCommand::RemoveGame { id }),
            Transition::Verify => running && self.command(|id| PeerCommand::VerifyGame { id }),
            Transition::Ask => running && self.ask(),
            Transition::Connect => running && self.connect(),
            Transition::ChangeGameDir => running && self.change_game_dir(),
            Transition::ChangeCatalog => running && self.change_catalog(),
            Transition::PutGame => self.is_still() && self.put_game(),
            Transition::ChangeFile => self.is_still() && self.change_file(),
            Transition::RotFile => self.is_still() && self.rot_file(),
            Transition::DeleteFile => self.is_still() && self.delete_file(),
            Transition::DeleteGame => self.is_still() && self.delete_game(),
            Transition::AddForeign => self.is_still() && self.add_foreign(),
            Transition::Save => self.find_installed() && self.is_still() && self.save(),
            Transition::FillDisk => self.fill_disk(),
            Transition::FreeDisk => self.free_disk(),
            Transition::FailDisk => running && self.fail_disk(),
            Transition::Break => running && self.break_link(),
            Transition::Renew => running && self.renew(),
            Transition::ChangeCode => running && self.change_code(),
            Transition::Expel => self.expel(),
            Transition::Readmit => self.readmit(),
            Transition::Say => running && self.say(),
        }
    }

    fn how(&self, index: usize, end: usize) -> usize {
        share(self.how[index], end)
    }

    fn tell(&mut self, input: Input) -> bool {
        self.world.tell(self.n, input);
        true
    }

    fn arrive(&mut self) -> bool {
        let moves = self.how(0, 2) == 1;
        self.world.start(self.n, moves);
        true
    }

    fn kill(&mut self) -> bool {
        self.world.kill(self.n);
        true
    }

    fn power_cut(&mut self) -> bool {
        self.world.power_cut(self.n);
        true
    }

    /// Lets one of the next changes of the disk be the last.
    fn power_cut_soon(&mut self) -> bool {
        let at = self.world.nodes[self.n].machine.disk.change_operations();
        let within = 1 + u64::from(self.how[0]) / 4;
        let fault = match self.how(1, 3) {
            0 => faults::Fault::StopHalfway,
            _ => faults::Fault::Stop,
        };
        let decide = faults::at_change(at + within, fault);
        self.world.troubled.insert(self.n);
        self.world.nodes[self.n].machine.set_faults(Some(decide));
        true
    }

    fn unplug(&mut self) -> bool {
        let cable = &mut self.world.network.cables[self.n];
        let was = std::mem::replace(&mut cable.is_out, true);
        self.world.watch_links(self.n);
        !was
    }

    fn plug(&mut self) -> bool {
        let moves = usize::from(self.how(0, 4) == 1);
        let network = &mut self.world.network;
        let cable = &mut network.cables[self.n];
        // The guest may sit down at another table.
        cable.table = (cable.table + moves) % network.tables.len();
        std::mem::replace(&mut cable.is_out, false)
    }

    fn cut_table(&mut self, cut: bool) -> bool {
        let tables = self.world.network.tables.len();
        let table = self.how(0, tables);
        let was = std::mem::replace(&mut self.world.network.tables[table].is_cut, cut);
        if cut {
            for n in 0..self.world.nodes.len() {
                self.world.watch_links(n);
            }
        }
        tables > 1 && was != cut
    }

    fn deafen(&mut self, deaf: bool) -> bool {
        if self.how(0, 2) == 0 {
            let cable = &mut self.world.network.cables[self.n];
            return std::mem::replace(&mut cable.is_deaf, deaf) != deaf;
        }
        let table = self.how(1, self.world.network.tables.len());
        std::mem::replace(&mut self.world.network.tables[table].is_deaf, deaf) != deaf
    }

    fn suspend(&mut self) -> bool {
        let seconds = [1, 8, 30, 200][self.how(0, 4)];
        let until = self.world.now + Duration::from_secs(seconds);
        self.world.nodes[self.n].asleep = Some(until);
        self.world.watch_links(self.n);
        true
    }

    fn slow(&mut self) -> bool {
        let lag = LAGS_MS[self.how(0, LAGS_MS.len())];
        self.world.nodes[self.n].lag = Duration::from_millis(lag);
        true
    }

    fn jump_clock(&mut self) -> bool {
        let hours = [-24, -1, 1, 24 * 365][self.how(0, 4)];
        self.world.nodes[self.n].machine.off_ns += hours * 3_600_000_000_000;
        true
    }

    fn lie(&mut self) -> bool {
        let lies = self.how(0, 3) != 0;
        let was = std::mem::replace(&mut self.world.nodes[self.n].lies, lies);
        was != lies
    }

    fn command(&mut self, command: impl FnOnce(GameId) -> PeerCommand) -> bool {
        let command = command(self.id.clone());
        self.world.send_command(self.n, command);
        true
    }

    fn download(&mut self) -> bool {
        let then = match self.how(0, 3) {
            0 => AfterDownload::Keep,
            _ => AfterDownload::Install,
        };
        let room = match self.how(1, 4) {
            3 => DownloadRoom::GiveUpOld,
            _ => DownloadRoom::KeepOld,
        };
        self.command(|id| PeerCommand::DownloadGameFiles { id, then, room })
    }

    fn ask(&mut self) -> bool {
        match self.how(0, 2) {
            0 => self.command(|id| PeerCommand::GetGame { id }),
            _ => self.command(|id| PeerCommand::FetchLatestFromPeers { id }),
        }
    }

    fn connect(&mut self) -> bool {
        let other = self.how(0, self.world.nodes.len());
        let addr = match self.how(1, 4) {
            // Where nobody listens any more.
            3 => address(other, 19_999),
            _ => self.world.nodes[other].addr,
        };
        self.command(|_| PeerCommand::Connect { addr })
    }

    fn change_game_dir(&mut self) -> bool {
        let path = match self.how(0, 5) {
            4 => "/nowhere".into(),
            dir => GAME_DIRS[dir % 2].into(),
        };
        self.command(|_| PeerCommand::SetGameDir { path })
    }

    fn change_catalog(&mut self) -> bool {
        self.world.nodes[self.n].catalog = catalog(self.how(0, CATALOGS));
        self.world.kill(self.n);
        self.world.start(self.n, false);
        true
    }

    /// Whether nobody but a person is at the game: what people do to a root in which an operation
    /// runs, or was cut off, is another matter.
    fn is_still(&mut self) -> bool {
        let (n, id) = (self.n, self.id.clone());
        let asleep = self.world.nodes[n].asleep.is_some();
        let machine = &self.world.nodes[n].machine;
        let begun = machine
            .disk
            .exists(machine.root(&id).join(".lanspread.json"))
            || [
                ".lanspread.download",
                ".local.installing",
                ".local.backup",
                ".version.ini.discarded",
            ]
            .iter()
            .any(|name| machine.disk.exists(machine.root(&id).join(name)));
        !asleep && !begun && !machine.disk.is_stopped() && !self.world.is_busy(n, &id)
    }

    /// The watcher notices, unless it does not.
    fn noticed(&mut self) -> bool {
        if self.world.is_awake(self.n) && self.how(3, 8) != 7 {
            let id = Some(self.id.clone()).filter(|_| self.how(3, 4) != 1);
            self.world.fact(
                Duration::from_millis(1),
                self.n,
                Input::GameDirChanged { id },
            );
        }
        true
    }

    fn put_game(&mut self) -> bool {
        let version = self.how(0, VERSIONS.len());
        // Where files are pinned, others come more often.
        let is_pinned = !self.world.nodes[self.n].catalog.pins().is_empty();
        let odds = if is_pinned { 3 } else { 12 };
        let variant = usize::from(self.how(1, odds) + 1 == odds) % VARIANTS;
        let edition = games::edition(self.game, version, variant);
        let key = self.world.key(self.n, &self.id);
        let machine = &self.world.nodes[self.n].machine;
        let root = machine.root(&self.id);
        if self.how(2, 2) == 1 && machine.disk.exists(root.join("local")) {
            return self.put_over(edition);
        }
        if machine.disk.exists(&root) && !machine.by_hand(|disk| disk.take(&root)) {
            self.world.model.half_deleted(&key, &machine.disk);
            return self.noticed();
        }
        for (path, content) in &edition.files {
            machine.by_hand(|disk| disk.put_shared(root.join(path), Arc::clone(content)));
        }
        self.world.model.put(&key, edition);
        self.noticed()
    }

    /// Another edition is put over the one that is there, and `local/` stays.
    fn put_over(&mut self, edition: &'static Edition) -> bool {
        let key = self.world.key(self.n, &self.id);
        let machine = &self.world.nodes[self.n].machine;
        let root = machine.root(&self.id);
        for path in self.names() {
            let at = root.join(&path);
            if machine.disk.exists(&at) && !machine.by_hand(|disk| disk.take(&at)) {
                self.world.model.half_deleted(&key, &machine.disk);
                return self.noticed();
            }
        }
        for (path, content) in &edition.files {
            machine.by_hand(|disk| disk.put_shared(root.join(path), Arc::clone(content)));
        }
        self.world.model.put_over(&key, edition);
        self.noticed()
    }

    /// Every path that the game has in some version.
    fn names(&self) -> BTreeSet<String> {
        let editions = (0..VERSIONS.len()).map(|version| games::edition(self.game, version, 0));
        editions
            .flat_map(|edition| edition.files.keys().cloned())
            .collect()
    }

    /// A file of the game that is there, if there is one.
    fn some_file(&self) -> Option<String> {
        let machine = &self.world.nodes[self.n].machine;
        let tree = machine.disk.tree(machine.root(&self.id));
        let names = self.names();
        let there: Vec<&String> = names
            .iter()
            .filter(|path| {
                path.as_str() != SENTINEL && matches!(tree.get(*path), Some(Item::File(_)))
            })
            .collect();
        let index = self.how(0, there.len().max(1));
        there.get(index).map(|path| (*path).clone())
    }

    fn change_file(&mut self) -> bool {
        let Some(path) = self.some_file() else {
            return false;
        };
        let text = format!("changed by peer{} {}", self.n, self.how[1] % 4);
        let content = Arc::new(Content::from(text.as_str()));
        let machine = &self.world.nodes[self.n].machine;
        let at = machine.root(&self.id).join(&path);
        if !machine.by_hand(|disk| disk.put_shared(at, Arc::clone(&content))) {
            return false;
        }
        let key = self.world.key(self.n, &self.id);
        self.world.model.changed(&key, &path, Some(content));
        self.noticed()
    }

    fn rot_file(&mut self) -> bool {
        let Some(path) = self.some_file() else {
            return false;
        };
        let machine = &self.world.nodes[self.n].machine;
        let at = machine.root(&self.id).join(&path);
        let offset = u64::from(self.how[1]) * 100;
        if !machine.by_hand(|disk| disk.rot(&at, offset, 1)) {
            return false;
        }
        let Some(content) = machine.disk.content(&at) else {
            return false;
        };
        let key = self.world.key(self.n, &self.id);
        self.world.model.rotted(&key, &path, content);
        true
    }

    fn delete_file(&mut self) -> bool {
        let Some(path) = self.some_file() else {
            return false;
        };
        let machine = &self.world.nodes[self.n].machine;
        let at = machine.root(&self.id).join(&path);
        if !machine.by_hand(|disk| disk.take(at)) {
            return false;
        }
        let key = self.world.key(self.n, &self.id);
        self.world.model.changed(&key, &path, None);
        self.noticed()
    }

    fn delete_game(&mut self) -> bool {
        let machine = &self.world.nodes[self.n].machine;
        let root = machine.root(&self.id);
        if !machine.disk.exists(&root) {
            return false;
        }
        let key = self.world.key(self.n, &self.id);
        if machine.by_hand(|disk| disk.take(root)) {
            self.world.model.deleted(&key);
        } else {
            self.world.model.half_deleted(&key, &machine.disk);
        }
        self.noticed()
    }

    fn add_foreign(&mut self) -> bool {
        let text = format!("foreign {}", self.how[1]);
        let content = Arc::new(Content::from(text.as_str()));
        let machine = &self.world.nodes[self.n].machine;
        let kind = self.how(0, FOREIGN.len() + 3);
        if kind == FOREIGN.len() + 2 {
            let path = machine.game_dir.join("notes of the owner.txt");
            let put = machine.by_hand(|disk| disk.put_shared(&path, Arc::clone(&content)));
            self.world.model.foreign_beside(self.n, path, content);
            return put;
        }
        let root = machine.root(&self.id);
        if !machine.disk.exists(&root) {
            return false;
        }
        let key = self.world.key(self.n, &self.id);
        let path = if kind == FOREIGN.len() + 1 {
            // Of a game that was put there by hand, such a file is the game's.
            if !self.world.model.root(&key).downloaded {
                return false;
            }
            "my notes.txt"
        } else if kind == FOREIGN.len() {
            // A directory under a reserved name that is not ours.
            ".local.backup/mine.txt"
        } else {
            FOREIGN[kind]
        };
        let machine = &self.world.nodes[self.n].machine;
        if !machine.by_hand(|disk| disk.put_shared(root.join(path), Arc::clone(&content))) {
            return false;
        }
        self.world.model.foreign(&key, path, content);
        self.noticed()
    }

    /// Whoever plays plays what is installed: the game that was meant, or the next one.
    fn find_installed(&mut self) -> bool {
        let machine = &self.world.nodes[self.n].machine;
        let games = (0..GAMES.len()).map(|by| (self.game + by) % GAMES.len());
        let mut installed = games.filter(|&game| {
            let local = machine.root(&games::id(game)).join("local");
            machine.disk.item(local) == Some(Item::Folder)
        });
        let Some(game) = installed.next() else {
            return false;
        };
        self.game = game;
        self.id = games::id(game);
        true
    }

    fn save(&mut self) -> bool {
        let machine = &self.world.nodes[self.n].machine;
        let local = machine.root(&self.id).join("local");
        if machine.disk.item(&local) != Some(Item::Folder) {
            return false;
        }
        let path = SAVES[self.how(0, SAVES.len())];
        let text = format!("peer{} saved {}", self.n, self.how[1]);
        let content = Arc::new(Content::from(text.as_str()));
        if !machine.by_hand(|disk| disk.put_shared(local.join(path), Arc::clone(&content))) {
            return false;
        }
        let key = self.world.key(self.n, &self.id);
        let root = self.world.model.root(&key);
        root.saves.insert(path.to_owned(), content);
        true
    }

    /// Whoever has nothing to play installs what is there; whoever has saves, puts another edition of
    /// the game around `local/`, and installs that.
    fn renew(&mut self) -> bool {
        if !self.find_installed() {
            let machine = &self.world.nodes[self.n].machine;
            let here = |game| {
                machine
                    .disk
                    .exists(machine.root(&games::id(game)).join(SENTINEL))
            };
            let Some(game) = (0..GAMES.len()).find(|&game| here(game)) else {
                return false;
            };
            self.id = games::id(game);
            return self.command(|id| PeerCommand::InstallGame { id });
        }
        if !self.is_still() || !self.save() {
            return false;
        }
        self.put_over(games::edition(self.game, self.how(2, VERSIONS.len()), 0));
        self.world.pass(Duration::from_secs(1));
        self.world.is_awake(self.n) && self.command(|id| PeerCommand::InstallGame { id })
    }

    fn change_code(&mut self) -> bool {
        let home = self.world.nodes[0].code;
        let code = match self.how(0, 8) {
            which @ 5.. => CODES[which - 5],
            _ => home,
        };
        let was = std::mem::replace(&mut self.world.nodes[self.n].code, code);
        if was == code {
            return false;
        }
        self.world.kill(self.n);
        self.world.start(self.n, false);
        true
    }

    /// The organiser more often than anybody else.
    fn expel(&mut self) -> bool {
        if self.how(1, 3) > 0 && self.world.nodes[self.n].organiser.is_some() {
            self.n = 0;
        }
        let other = self.how(0, self.world.nodes.len());
        let (peer_id, time) = (self.world.nodes[other].id, EXPEL_TIME);
        let can = other != self.n && self.world.is_awake(self.n);
        can && self.command(|_| PeerCommand::Expel { peer_id, time })
    }

    /// The next guest who has somebody out lets one in again.
    fn readmit(&mut self) -> bool {
        let size = self.world.nodes.len();
        let mut guests = (0..size).map(|by| (self.n + by) % size);
        let now = self.world.now;
        let found = guests.find_map(|n| {
            let mut out = self.world.nodes[n].expelled(now);
            let wants_own = self.how(1, 4) > 0;
            out.retain(|it| !wants_own || it.by == ExpelledBy::ThisPeer);
            let index = self.how(0, out.len().max(1));
            let peer_id = out.get(index)?.peer_id;
            self.world.is_awake(n).then_some((n, peer_id))
        });
        let Some((n, peer_id)) = found else {
            return false;
        };
        self.n = n;
        self.command(|_| PeerCommand::Readmit { peer_id })
    }

    /// One thing or several in a row.
    fn say(&mut self) -> bool {
        for _ in 0..=self.how(0, 3) {
            self.world.say(self.n);
        }
        true
    }

    fn fill_disk(&mut self) -> bool {
        let machine = &self.world.nodes[self.n].machine;
        // The spare room that a download leaves, and hardly more; or not even that.
        let room = [200_000, 65 << 20, (64 << 20) + 300_000][self.how(0, 3)];
        machine
            .disk
            .set_capacity_bytes(machine.disk.used_bytes() + room);
        true
    }

    fn free_disk(&mut self) -> bool {
        self.world.nodes[self.n]
            .machine
            .disk
            .set_capacity_bytes(u64::MAX);
        true
    }

    /// Some of the next operations of the disk fail.
    fn fail_disk(&mut self) -> bool {
        let fault = [
            faults::Fault::NoSpace,
            faults::Fault::Denied,
            faults::Fault::Io,
        ][self.how(0, 3)];
        let times = 1 + self.how(1, 3);
        let after = u64::from(self.how[2]) / 2;
        let first = self.world.nodes[self.n].machine.disk.operations() + after;
        let mut left = times;
        let decide: Decide = Box::new(move |asked: &Asked<'_>| {
            let fails = asked.number >= first && left > 0 && asked.path.starts_with("/");
            left -= usize::from(fails);
            fails.then_some(fault)
        });
        self.world.troubled.insert(self.n);
        self.world.nodes[self.n].machine.set_faults(Some(decide));
        true
    }

    fn break_link(&mut self) -> bool {
        let other = self.how(0, self.world.nodes.len());
        let (low, high) = (self.n.min(other), self.n.max(other));
        let is_there = self.world.links.contains_key(&(low, high));
        self.world.close(self.n, other, "it broke");
        is_there
    }
}
