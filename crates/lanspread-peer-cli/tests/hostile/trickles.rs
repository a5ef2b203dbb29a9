//! Answers of which one byte comes each second: to what the victim itself asks.

use std::{sync::Arc, time::Duration};

use lanspread_db::{ManifestHash, Version};
use lanspread_proto::{LibrarySnapshot, Request, Response};
use tokio::time::interval;

use crate::{
    attack::{Attack, Blame, LURE, MEMORY_MIB_MAX, Table, play},
    liar::{Liar, Lie, Script},
    lies::{Encoding, VERSION, announced, honestly, many_games},
};

/// How often the liar says who it is.
const GREETS_EVERY: Duration = Duration::from_secs(2);

/// Such an attack takes half a minute, in which the honest peer is served hundreds of times.
const CPU_MAX: Duration = Duration::from_secs(30);

const fn trickle(name: &'static str, act: fn(&Table<'_>)) -> Attack {
    Attack {
        name,
        blame: Blame::KeptAway("trickled-answer"),
        log: "gives its answers a few bytes at a time",
        memory_mib_max: MEMORY_MIB_MAX,
        cpu_max: CPU_MAX,
        act,
    }
}

#[test]
fn a_library_and_signs_of_life_of_one_byte_a_second() {
    play(&trickle("answers of one byte a second", |table| {
        table.lie(|| async {
            let mut pause = interval(GREETS_EVERY);
            while !table.is_told("peer-kept-away") {
                let mut liar = Liar::connect(&table.victim.addr, table.identity).await;
                let games = many_games(100);
                let snapshot = LibrarySnapshot {
                    state: liar.state(&games),
                    games: games.clone(),
                };
                liar.follow(Arc::new(move |request| {
                    Lie::Trickled(Box::new(honestly(request, &snapshot)))
                }));
                let me = table.identity.peer_id();
                // Whoever is given up for its silence greets again.
                while liar.hello(liar.listen_addr(), me, &games).await.is_some() {
                    pause.tick().await;
                }
                pause.tick().await;
            }
        });
    }));
}

#[test]
fn a_manifest_of_one_byte_a_second() {
    play(&trickle("manifest of one byte a second", |table| {
        lure(table, 2, |request| {
            matches!(request, Request::GetGame { .. })
        });
    }));
}

#[test]
fn chunks_of_one_byte_a_second() {
    play(&trickle("chunks of one byte a second", |table| {
        lure(table, 1, |request| {
            matches!(request, Request::GetGameFileChunk(_))
        });
    }));
}

/// Announces a game that only the liar has, has the victim want it, and trickles some of the answers.
/// All but the last of so many downloads give up by themselves.
fn lure(table: &Table<'_>, downloads: u32, trickles: fn(&Request) -> bool) {
    let manifest = Encoding::new(LURE, 2)
        .file("data.bin", 8 << 20)
        .file("version.ini", 8)
        .bytes();
    let hash = ManifestHash::of_encoding(&manifest);
    let games = vec![announced(LURE, 8 << 20, hash)];
    table.lie(|| async {
        let mut liar = Liar::connect(&table.victim.addr, table.identity).await;
        let snapshot = LibrarySnapshot {
            state: liar.state(&games),
            games: games.clone(),
        };
        let script: Script = Arc::new(move |request| {
            let answer = whole(request, hash, &manifest, &snapshot);
            if trickles(request) {
                Lie::Trickled(Box::new(answer))
            } else {
                answer
            }
        });
        liar.sit_down(games, script).await;
        for _ in 1..downloads {
            tokio::task::block_in_place(|| {
                table.victim.wait_sources(LURE, 1);
                let download = table.victim.begin_download(LURE);
                table.victim.wait_end(download, "download", LURE);
            });
        }
        table.beguile(&liar, LURE);
    });
}

/// What somebody answers who has the game, though not its bytes.
fn whole(
    request: &Request,
    hash: ManifestHash,
    manifest: &[u8],
    snapshot: &LibrarySnapshot,
) -> Lie {
    match request {
        Request::GetGame { .. } => Lie::Answer(
            Response::Game {
                version: Version::parse(VERSION).expect("a version"),
                manifest: hash,
                manifest_bytes: manifest.len() as u64,
            },
            manifest.to_vec(),
        ),
        Request::GetGameFileChunk(wanted) => {
            let data_bytes = wanted.chunks.len() as u64 * 256 * 1024;
            let bytes = vec![0xee; usize::try_from(data_bytes).expect("small")];
            Lie::Answer(Response::Chunks { data_bytes }, bytes)
        }
        other => honestly(other, snapshot),
    }
}
