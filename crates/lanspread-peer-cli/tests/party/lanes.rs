//! Bulk lanes that end in the middle of an answer: the source dies, its cable is pulled, or only TCP does not
//! get through any more.

use std::{fs, process::Command};

use lanspread_testbed::{
    command,
    fixture::{BuiltGame, GameFixture, MIB},
    net::{Host, Link, Party, Rate},
    peer::Mark,
};
use serde_json::json;

use crate::{
    guest::{Ended, Guest},
    scene::{Scene, Seat},
};

const GAME: &str = "quake";

/// What is fetched before anything happens: the lanes are open long before.
const BEFORE_BYTES: u64 = 12 * MIB as u64;

/// A fetch gives a source up that has not begun to answer for so long. Whoever waited for that, although
/// others had everything, waited in vain.
const IN_VAIN_MS: u64 = 30_000;

fn game() -> GameFixture {
    GameFixture::new(GAME)
        .random_file("data/pak0.bin", 37 * MIB)
        .random_file("data/pak1.bin", 3 * MIB)
}

/// A receiver and sources with slow cables, all of which have the game.
struct Table<'a> {
    seat: Seat<'a>,
    receiver: Guest,
    sources: Vec<Guest>,
    built: BuiltGame,
}

fn scene(sources: &[&str]) -> Scene {
    let link = Link::new().upload(Rate::mbit(60));
    let party = Party::builder().host("receiver");
    let all = sources.iter();
    Scene::build(all.fold(party, |party, source| party.host_with(source, link)))
}

impl<'a> Table<'a> {
    fn laid(scene: &'a Scene, sources: &[&str]) -> Self {
        Self::laid_where(scene, sources, &[])
    }

    /// The same, where some of them leave out the encryption of lanes.
    fn laid_where(scene: &'a Scene, sources: &[&str], unencrypted: &[&str]) -> Self {
        let start = |seat: &Seat<'_>, name| {
            seat.start_with(|builder| {
                if unencrypted.contains(&name) {
                    builder.argument("--unencrypted-lanes")
                } else {
                    builder
                }
            })
        };
        let mut built = None;
        let sources: Vec<Guest> = sources
            .iter()
            .map(|name| {
                let seat = scene.seat(name);
                built = Some(seat.place(&game()));
                seat.hash_alone(&[GAME]);
                start(&seat, *name)
            })
            .collect();
        let seat = scene.seat("receiver");
        let receiver = start(&seat, "receiver");
        receiver.wait_sources(GAME, sources.len());
        Self {
            seat,
            receiver,
            sources,
            built: built.expect("there is a source"),
        }
    }

    /// Begins to download, and waits until it comes over lanes of the first source.
    fn begin(&self) -> Mark {
        let from = self.receiver.begin_download(GAME);
        self.receiver.wait_verified(from, GAME, BEFORE_BYTES);
        let lanes = self.sources[0].lanes();
        assert!(!lanes.is_empty(), "no lane to the first source is open");
        from
    }

    /// Waits for the end, and checks that everything came, each byte once, and nobody waited in vain.
    fn end(&self, from: Mark) -> Ended {
        let ended = self.receiver.wait_end(from, "download", GAME).finished();
        self.built.tree.assert_same(&self.seat.tree(GAME));
        assert_eq!(ended.number("bytes"), self.built.tree.total_bytes());
        let elapsed_ms = ended.number("elapsed_ms");
        assert!(elapsed_ms < IN_VAIN_MS, "{elapsed_ms} ms");
        println!("{elapsed_ms} ms, {:?}", ended.shares());
        ended
    }

    /// Whether the receiver leaves lanes alone for a while.
    fn is_in_trouble(&self) -> bool {
        self.log().contains("no bulk lane: chunks come over QUIC")
    }

    /// Whether the receiver noticed that lanes ended, which is no trouble yet before a chunk came.
    fn is_noticed(&self) -> bool {
        let ended = "a bulk lane was closed before a chunk came";
        self.is_in_trouble() || self.log().contains(ended)
    }

    /// Whether the lanes to a source are encrypted; all of them are, or none.
    fn is_encrypted(&self, source: &Guest) -> bool {
        let log = self.log();
        let opened = log.lines().filter(|line| {
            line.contains("a bulk lane is open") && line.contains(&source.peer_id[..8])
        });
        let encrypted: Vec<bool> = opened
            .map(|line| line.contains("is_encrypted=true"))
            .collect();
        let all = *encrypted.first().expect("one is open");
        assert!(encrypted.iter().all(|one| *one == all), "{encrypted:?}");
        all
    }

    fn log(&self) -> String {
        fs::read_to_string(self.receiver.log_path()).expect("readable")
    }
}

/// From here on the host answers whatever TCP brings to this port as one that knows of no connection.
fn reset_lanes(host: &Host, source: &Guest) {
    let (_, port) = source.addr.rsplit_once(':').expect("an address");
    let rules = format!(
        "nft add table inet lanes; nft 'add chain inet lanes in {{ type filter hook input priority 0; }}'; \
         nft add rule inet lanes in tcp dport {port} reject with tcp reset"
    );
    let mut shell: Command = host.command("sh");
    command::run(shell.args(["-e", "-c", &rules])).expect("nftables are there");
}

#[test]
fn a_source_killed_in_the_middle_of_its_answers_on_lanes_is_replaced_by_another() {
    let names = ["alpha", "bravo"];
    let scene = scene(&names);
    let mut table = Table::laid(&scene, &names);
    let from = table.begin();
    table.sources.remove(0).kill();
    let ended = table.end(from);
    assert!(table.is_noticed());
    let (by_bravo, _) = ended.shares()["bravo"];
    assert!(by_bravo > ended.number("chunks") / 2, "{}", ended.event);
}

#[test]
fn a_cable_pulled_in_the_middle_of_answers_on_lanes_costs_nothing_but_its_source() {
    let names = ["alpha", "bravo"];
    let scene = scene(&names);
    let table = Table::laid(&scene, &names);
    let from = table.begin();
    scene.host("alpha").unplug().expect("root may");
    let ended = table.end(from);
    let (by_bravo, _) = ended.shares()["bravo"];
    assert!(by_bravo > ended.number("chunks") / 2, "{}", ended.event);
}

#[test]
fn lanes_that_are_reset_in_the_middle_of_an_answer_are_followed_by_quic() {
    let names = ["alpha"];
    let scene = scene(&names);
    let table = Table::laid(&scene, &names);
    let from = table.begin();
    reset_lanes(scene.host("alpha"), &table.sources[0]);
    table.end(from);
    assert!(table.is_in_trouble());
}

#[test]
fn lanes_are_unencrypted_between_two_that_were_told_so_and_encrypted_with_a_third() {
    let names = ["alpha", "bravo"];
    let scene = scene(&names);
    let table = Table::laid_where(&scene, &names, &["receiver", "alpha"]);
    let status = table.receiver.tell(json!({ "cmd": "status" }));
    assert_eq!(status["unencrypted_lanes"], true);
    let from = table.begin();
    let ended = table.end(from);
    assert!(!table.is_encrypted(&table.sources[0]), "both were told so");
    assert!(table.is_encrypted(&table.sources[1]), "one was not");
    for name in names {
        let (chunks, _) = ended.shares()[name];
        assert!(chunks > ended.number("chunks") / 4, "{}", ended.event);
    }
    assert!(!table.is_noticed(), "no lane broke");
}
