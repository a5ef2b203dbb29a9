//! One attack: who sits at the table, what the victim may spend, and what has to follow.
//!
//! Invariant: an attack passes only if the honest peer downloaded a game from the victim that it began
//! after the attack, the log names the attack, and whoever can be blamed is kept away and refused.

use std::{
    fs,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use lanspread_peer::identity::Identity;
use lanspread_testbed::{
    fixture::{GameFixture, MIB},
    net::{Host, Link, Party},
    peer::Mark,
    usage,
};
use serde_json::json;

use crate::{
    guest::Guest,
    liar::Liar,
    scene::{PATIENCE, Scene},
    stranger::inside,
};

/// The game that the honest peer fetches from the victim again and again.
pub(crate) const SERVED: &str = "teeworlds";

/// The games of the honest peer.
pub(crate) const HONEST: [&str; 3] = ["liars_a", "liars_b", "liars_c"];

/// A game that only the liar announces.
pub(crate) const LURE: &str = "lure";

/// The size of [`SERVED`].
const SERVED_BYTES: usize = 4 * MIB;

/// The log of a normal peer: what a user has who did not ask for more.
const LOG_FILTER: &str = "warn,lanspread=info";

/// What one attack is and what the victim may spend on it. Machines are shared and busy: the bounds are
/// several times what was measured, and far below what would hurt.
pub(crate) struct Attack {
    /// What it is called in the table.
    pub(crate) name: &'static str,
    /// What becomes of the liar.
    pub(crate) blame: Blame,
    /// What a line of the victim's log says; nothing where there is nothing to say.
    pub(crate) log: &'static str,
    /// How much the victim's memory may grow, in MiB.
    pub(crate) memory_mib_max: u64,
    /// How much processor time the victim may use, the honest downloads included.
    pub(crate) cpu_max: Duration,
    /// Carries it out; returns when there is nothing left to send.
    pub(crate) act: fn(&Table<'_>),
}

/// What becomes of a liar.
#[derive(Clone, Copy)]
pub(crate) enum Blame {
    /// It is kept away for this kind of misconduct.
    KeptAway(&'static str),
    /// It stays, for want of proof; what is done instead, for the table.
    Nobody(&'static str),
}

/// What follows where the liar never proves who it is.
pub(crate) const TURNED_AWAY: Blame = Blame::Nobody("nobody is proven: turned away");

/// Memory that an attack may cost unless it says otherwise.
pub(crate) const MEMORY_MIB_MAX: u64 = 96;

/// Processor time that an attack may cost unless it says otherwise.
pub(crate) const CPU_MAX: Duration = Duration::from_secs(8);

/// Everybody at the table.
pub(crate) struct Table<'a> {
    /// The peer that is attacked.
    pub(crate) victim: &'a Guest,
    /// The peer that is served meanwhile.
    pub(crate) honest: &'a Guest,
    /// Where the liar sits.
    pub(crate) seat: &'a Host,
    /// Who the liar is.
    pub(crate) identity: &'a Identity,
    /// Where the victim's events of this attack begin.
    pub(crate) from: Mark,
}

impl Table<'_> {
    /// Runs the liar's part inside its own network.
    pub(crate) fn lie<F: Future<Output = ()>>(&self, work: impl FnOnce() -> F + Send) {
        inside(self.seat, work);
    }

    /// Waits, from within the liar's part, until the victim keeps the liar away.
    pub(crate) fn wait_turned_on(&self, _liar: &Liar) {
        // The connection is lent: it stays open for as long as this waits.
        tokio::task::block_in_place(|| self.wait_kept_away());
    }

    /// Has the victim want a game of the liar's for as long as it takes, from within the liar's part:
    /// nothing comes of it.
    pub(crate) fn beguile(&self, liar: &Liar, id: &str) {
        let victim = self.victim;
        let download = tokio::task::block_in_place(|| {
            victim.wait_sources(id, 1);
            victim.begin_download(id)
        });
        self.wait_turned_on(liar);
        tokio::task::block_in_place(|| {
            victim.tell(json!({ "cmd": "cancel", "id": id }));
            victim.wait_end(download, "download", id);
            assert_eq!(victim.game(id)["downloaded"], serde_json::Value::Null);
        });
    }

    /// Waits until the victim tells of an event of this name.
    pub(crate) fn wait_for(&self, event: &str) {
        self.victim.wait(self.from, event);
    }

    /// Whether it has told of one so far.
    pub(crate) fn is_told(&self, event: &str) -> bool {
        let events = self.victim.events_since(self.from);
        events.iter().any(|it| it["event"] == event)
    }

    fn wait_kept_away(&self) {
        self.victim.wait(self.from, "peer-kept-away");
    }
}

/// Plays one attack and prints its row.
pub(crate) fn play(attack: &Attack) {
    play_with(attack, Link::new());
}

/// The same, with another cable for the honest peer.
pub(crate) fn play_with(attack: &Attack, honest_link: Link) {
    let party = Party::builder().host("victim").host("liar");
    let scene = Scene::build(party.host_with("honest", honest_link));
    let seat = scene.seat("victim");
    seat.place(&GameFixture::new(SERVED).random_file("data/pak0.bin", SERVED_BYTES));
    seat.hash_alone(&[SERVED]);
    let victim = seat.start_with(|peer| peer.environment("RUST_LOG", LOG_FILTER));
    let honest_seat = scene.seat("honest");
    for game in HONEST {
        honest_seat.place(&GameFixture::new(game).random_file("data/pak0.bin", SERVED_BYTES));
    }
    honest_seat.hash_alone(&HONEST);
    let honest = honest_seat.start();
    honest.wait_sources(SERVED, 1);
    victim.wait_sources(HONEST[0], 1);
    // What is spent once by every peer is not the price of an attack.
    serve_once(&honest);

    let identity = Identity::ephemeral().expect("a new identity");
    let table = Table {
        victim: &victim,
        honest: &honest,
        seat: scene.host("liar"),
        identity: &identity,
        from: victim.mark(),
    };
    let before = Spent::begin(victim.pid());
    let served = serve_while(&honest, || (attack.act)(&table));
    if let Blame::KeptAway(_) = attack.blame {
        table.wait_kept_away();
    }
    let spent = before.until_now();
    assert!(served > 0, "{}: nobody was served", attack.name);
    let consequence = judge(attack, &table);
    let log = fs::read_to_string(victim.log_path()).expect("readable");
    let line = if attack.log.is_empty() {
        ""
    } else {
        let said = log.lines().find(|line| line.contains(attack.log));
        said.unwrap_or_else(|| panic!("{}: no line of the log says {:?}", attack.name, attack.log))
    };
    let line = line.split_once("lanspread").map_or(line, |(_, rest)| rest);
    println!(
        "| {} | {} MiB | {} ms | {served} | `{}` | {consequence} |",
        attack.name,
        spent.memory_mib,
        spent.cpu.as_millis(),
        plain(line)
    );
    assert!(
        spent.memory_mib <= attack.memory_mib_max,
        "{}: the victim's memory grew by {} MiB, more than {}",
        attack.name,
        spent.memory_mib,
        attack.memory_mib_max
    );
    assert!(
        spent.cpu <= attack.cpu_max,
        "{}: the victim used {:?} of processor time, more than {:?}",
        attack.name,
        spent.cpu,
        attack.cpu_max
    );
}

/// Checks that whoever is to blame is kept away, and says what followed.
fn judge(attack: &Attack, table: &Table<'_>) -> String {
    let list = table.victim.ask("list-peers").expect("it is alive");
    let kept = list["kept_away"].as_array().expect("a list");
    let honest = kept.iter().any(|it| it["peer_id"] == table.honest.peer_id);
    assert!(!honest, "{}: the honest peer is kept away", attack.name);
    let liar = table.identity.peer_id().to_string();
    let of_liar = kept.iter().find(|it| it["peer_id"] == liar.as_str());
    let kind = match attack.blame {
        Blame::KeptAway(kind) => kind,
        Blame::Nobody(instead) => {
            assert!(of_liar.is_none(), "{}: {of_liar:?}", attack.name);
            return instead.to_owned();
        }
    };
    let of_liar = of_liar.unwrap_or_else(|| panic!("{}: the liar is not kept away", attack.name));
    assert_eq!(of_liar["reasons"][0]["kind"], kind, "{of_liar}");
    table.lie(|| async {
        let again = Liar::connect(&table.victim.addr, table.identity).await;
        assert!(
            !again.is_received().await,
            "{}: the liar is received again",
            attack.name
        );
    });
    format!("kept away: {kind}; its return is refused")
}

/// Lets the honest peer fetch from the victim for as long as the attack goes on, and once more if
/// nothing was begun and fetched meanwhile. Returns how often.
fn serve_while(honest: &Guest, attack: impl FnOnce() + Send) -> u32 {
    let over = AtomicBool::new(false);
    let failure = Mutex::new(None);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            // The honest peer must not go on for ever when the attack itself breaks down.
            let attacked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(attack));
            *failure.lock().unwrap_or_else(PoisonError::into_inner) = attacked.err();
            over.store(true, Ordering::Release);
        });
        let mut served = 0;
        while served == 0 || !over.load(Ordering::Acquire) {
            serve_once(honest);
            served += 1;
        }
        served
    })
    .min(
        match failure.into_inner().unwrap_or_else(PoisonError::into_inner) {
            None => u32::MAX,
            Some(failure) => std::panic::resume_unwind(failure),
        },
    )
}

fn serve_once(honest: &Guest) {
    honest.download(SERVED).finished();
    honest.run("remove", json!({ "cmd": "remove", "id": SERVED }));
}

/// What a process spends.
struct Spent {
    pid: u32,
    resident_bytes: u64,
    used: Duration,
}

/// What it spent.
struct Cost {
    memory_mib: u64,
    cpu: Duration,
}

impl Spent {
    /// Begins to measure: the peak of its memory is that from here on.
    fn begin(pid: u32) -> Self {
        fs::write(format!("/proc/{pid}/clear_refs"), "5").expect("root may");
        Self {
            pid,
            resident_bytes: usage::memory_peak_bytes_of(pid).expect("it lives"),
            used: usage::cpu_time_of(pid).expect("it lives"),
        }
    }

    fn until_now(&self) -> Cost {
        let peak = usage::memory_peak_bytes_of(self.pid).expect("it lives");
        let used = usage::cpu_time_of(self.pid).expect("it lives");
        Cost {
            memory_mib: peak.saturating_sub(self.resident_bytes).div_ceil(1 << 20),
            cpu: used.saturating_sub(self.used),
        }
    }
}

/// A line of the log without colours, short enough for a table.
fn plain(line: &str) -> String {
    const CHARS_MAX: usize = 160;
    let line = line.split_once(": ").map_or(line, |(_, rest)| rest);
    let mut line: String = line
        .chars()
        .filter(|c| !c.is_control() && *c != '|' && *c != '`')
        .take(CHARS_MAX)
        .collect();
    line.truncate(line.trim_end().len());
    line
}

/// Not too long for a test that hangs.
pub(crate) const LONG: Duration = PATIENCE;
