//! The party that the front of an input describes: who sits where, which network, what lies where.
//!
//! Invariant: zeros describe the plainest party: two peers at one table of a fast, quiet network, with
//! nothing on their disks.

use std::{sync::Arc, time::Duration};

use lanspread_core::Now;
use lanspread_db::{Catalog, Game, GameDB, Pins};

use crate::{
    beliefs::Beliefs,
    books::Books,
    choices::{Choices, Luck},
    company::Company,
    disk::{NameOrder, Pace, Rules, planted::PlantedFault},
    faults::{Fault, Kept},
    games::{self, GAMES, VARIANTS, VERSIONS},
    machine::Machine,
    model::Model,
    network::{Cable, Network, Weather},
    orders::Orders,
    report::Counts,
    sayings::Sayings,
    trace::{Detail, Trace},
    world::World,
};

/// Cables, in bytes per second.
const RATES: [u64; 4] = [125_000_000, 12_500_000, 4_000_000, 600_000];
/// Uplinks, in bytes per second.
const UPLINKS: [u64; 3] = [125_000_000, 12_500_000, 1_500_000];
/// In which order names survive a power cut: seldom in none at all.
const NAME_ORDERS: [NameOrder; 8] = [
    NameOrder::Journal,
    NameOrder::Journal,
    NameOrder::Journal,
    NameOrder::Torn,
    NameOrder::PerFolder,
    NameOrder::PerFolder,
    NameOrder::PerFolder,
    NameOrder::PerFolder,
];
/// Peers of a party: mostly few, now and then many.
const SIZES: [usize; 32] = [
    2, 2, 2, 2, 2, 2, 2, 2, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 4, 4, 4, 4, 4, 4, 5, 5, 5, 6, 7, 8, 9,
];
/// Peers of a party that is as large as they come.
const LARGEST: usize = 50;

/// What a run is besides its input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Planted {
    /// Nothing: the code as it is shipped.
    Nothing,
    /// A deliberate fault of the shell.
    Shell(Fault),
    /// A deliberate fault of the disk side.
    Disk(PlantedFault),
}

impl Planted {
    /// All deliberate faults.
    pub fn all() -> impl Iterator<Item = Self> {
        let shell = Fault::ALL.into_iter().map(Self::Shell);
        shell.chain(PlantedFault::ALL.into_iter().map(Self::Disk))
    }

    /// What it is called on the command line.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::Shell(fault) => fault.as_str(),
            Self::Disk(fault) => fault.as_str(),
        }
    }

    const fn shell(self) -> Option<Fault> {
        match self {
            Self::Shell(fault) => Some(fault),
            Self::Nothing | Self::Disk(_) => None,
        }
    }

    const fn disk(self) -> Option<PlantedFault> {
        match self {
            Self::Disk(fault) => Some(fault),
            Self::Nothing | Self::Shell(_) => None,
        }
    }
}

/// Catalogs to choose from.
pub(crate) const CATALOGS: usize = 7;

/// One of the catalogs: none, three that name other versions, and the same three with pins.
pub(crate) fn catalog(which: usize) -> Arc<Catalog> {
    if which == 0 {
        return Arc::new(Catalog::open_party());
    }
    let (which, is_pinned) = match which {
        1..=3 => (which, false),
        _ => (which - 3, true),
    };
    let mut listed = GameDB::new();
    let mut pins = Pins::new();
    for game in 0..GAMES.len() {
        // The third game is not in every catalog, and not every game has its version there.
        if game == 2 && which == 2 {
            continue;
        }
        let mut entry = Game::new(games::id(game));
        entry.version = (game != 1).then(|| games::version((which + game) % VERSIONS.len()));
        listed.insert(entry);
        for (version, manifest) in games::honest(game).iter().enumerate() {
            if is_pinned {
                pins.insert(games::id(game), games::version(version), *manifest);
            }
        }
    }
    Arc::new(Catalog::of_games(listed).with_pins(pins))
}

fn weather(choices: &mut Choices<'_>) -> Weather {
    let latency = [300, 1_000, 4_000, 25_000][choices.below(4)];
    let jitter = [0, 200, 3_000, 30_000][choices.below(4)];
    Weather {
        latency: Duration::from_micros(latency),
        jitter: Duration::from_micros(jitter),
        loss_permille: [0, 0, 10, 80][choices.below(4)],
        twice_permille: [0, 50][choices.below(2)],
    }
}

/// The party that these bytes describe.
pub(crate) fn party(header: &[u8], planted: Planted, detail: Detail) -> World {
    let mut choices = Choices::new(header);
    let size = match choices.byte() {
        255 if choices.byte() >= 192 => LARGEST,
        byte => {
            choices.byte();
            SIZES[usize::from(byte) / 8]
        }
    };
    let mut luck = Luck::new(u64::from(choices.byte()) << 8 | u64::from(choices.byte()));
    let weather = weather(&mut choices);
    let tables = 1 + choices.below(3);
    let uplinks: Vec<u64> = (0..tables).map(|_| choices.one_of(&UPLINKS)).collect();
    let rule = choices.below(6).saturating_sub(2);
    let name_order = NAME_ORDERS[choices.below(NAME_ORDERS.len())];
    let mut world = World {
        now: Now::default(),
        nodes: Vec::new(),
        network: Network::new(weather, &uplinks, Luck::new(luck.draw())),
        queue: std::collections::BTreeMap::new(),
        exchanges: std::collections::BTreeMap::new(),
        links: std::collections::BTreeMap::new(),
        next: 0,
        model: Model::default(),
        books: Books::default(),
        beliefs: Beliefs::default(),
        kept: Kept::default(),
        counts: Counts::default(),
        trace: Trace::new(detail),
        failure: None,
        fault: planted.shell(),
        wanted: std::collections::BTreeSet::new(),
        excuses: std::collections::BTreeMap::new(),
        troubled: std::collections::BTreeSet::new(),
        orders: Orders::default(),
        sayings: Sayings::default(),
        #[cfg(test)]
        record: None,
    };
    let mut rest: Vec<u8> = (0..24).map(|_| choices.byte()).collect();
    let company = Company::read(&mut choices);
    let is_pinned = rule > 0 && choices.below(3) == 2;
    let catalog = catalog(rule + if is_pinned { 3 } else { 0 });
    let first_lies = choices.below(3) == 2;
    // A large party draws the rest of what it needs.
    while rest.len() < size * 4 {
        rest.extend(luck.draw().to_le_bytes());
    }
    for (n, bytes) in rest.chunks(4).take(size).enumerate() {
        let mut choices = Choices::new(bytes);
        let pace = [Pace::SOLID, Pace::SOLID, Pace::SPINNING, Pace::CARD][choices.below(4)];
        let rules = match choices.below(4) {
            3 => Rules::WINDOWS,
            2 => Rules::MACOS,
            _ => Rules::LINUX,
        };
        let cable = Cable::new(n % tables, choices.one_of(&RATES));
        let owns = choices.byte();
        let own_luck = Luck::new(luck.draw());
        let machine = Machine::new(rules, pace, name_order, own_luck, planted.disk());
        world.add(machine, cable, Arc::clone(&catalog));
        for game in 0..GAMES.len() {
            // Two bits for each game: not there, or one of three versions.
            let version = usize::from(owns >> (2 * game)) & 3;
            if version > 0 && size <= 9 {
                let variant = usize::from(owns == 255) % VARIANTS;
                let edition = games::edition(game, version - 1, variant);
                let id = games::id(game);
                let key = world.key(n, &id);
                let machine = &world.nodes[n].machine;
                for (path, content) in &edition.files {
                    let at = machine.root(&id).join(path);
                    machine.by_hand(|disk| disk.put_shared(at, Arc::clone(content)));
                }
                world.model.put(&key, edition);
            }
        }
    }
    company.sit_down(&mut world);
    world.nodes[0].lies = first_lies;
    world
}
