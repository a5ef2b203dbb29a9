//! Lies about contents: manifests that break a rule, and bytes that are not what they should be.

use std::sync::Arc;

use lanspread_db::{ManifestHash, Version};
use lanspread_proto::{LibrarySnapshot, Request, Response};

use crate::{
    attack::{Attack, Blame, CPU_MAX, HONEST, LURE, MEMORY_MIB_MAX, Table, play},
    guest::text,
    liar::{Liar, Lie, Script},
    lies::{Encoding, VERSION, announced, honestly},
};

/// Announces a game with this manifest, has the victim want it, and sends the manifest.
fn lure(table: &Table<'_>, manifest: Vec<u8>, announce: Announce) {
    let hash = match announce {
        Announce::True => ManifestHash::of_encoding(&manifest),
        Announce::Other => ManifestHash::of_encoding(b"something else"),
    };
    let games = vec![announced(LURE, 1 << 20, hash)];
    table.lie(|| async {
        let mut liar = Liar::connect(&table.victim.addr, table.identity).await;
        let snapshot = LibrarySnapshot {
            state: liar.state(&games),
            games: games.clone(),
        };
        let script: Script = Arc::new(move |request| match request {
            Request::GetGame { .. } => Lie::Answer(
                Response::Game {
                    version: Version::parse(VERSION).expect("a version"),
                    manifest: hash,
                    manifest_bytes: manifest.len() as u64,
                },
                manifest.clone(),
            ),
            other => honestly(other, &snapshot),
        });
        liar.sit_down(games, script).await;
        table.beguile(&liar, LURE);
    });
}

/// Which hash is announced.
#[derive(Clone, Copy)]
enum Announce {
    /// The one that the bytes have.
    True,
    /// Another one.
    Other,
}

const SAYS: &str = "sent lists of files that are not what it announced";

const fn false_manifest(name: &'static str, act: fn(&Table<'_>)) -> Attack {
    Attack {
        name,
        blame: Blame::KeptAway("false-manifest"),
        log: SAYS,
        memory_mib_max: MEMORY_MIB_MAX,
        cpu_max: CPU_MAX,
        act,
    }
}

#[test]
fn a_manifest_with_climbing_paths() {
    play(&false_manifest("manifest: climbing path", |table| {
        let manifest = Encoding::new(LURE, 2)
            .file("../../../etc/cron.d/evil", 10)
            .file("version.ini", 9);
        lure(table, manifest.bytes(), Announce::True);
    }));
}

#[test]
fn a_manifest_with_colliding_cases() {
    play(&false_manifest("manifest: case collision", |table| {
        let manifest = Encoding::new(LURE, 3)
            .file("DATA/pak0.bin", 10)
            .file("data/PAK0.bin", 10)
            .file("version.ini", 9);
        lure(table, manifest.bytes(), Announce::True);
    }));
}

#[test]
fn a_manifest_with_overlapping_names() {
    play(&false_manifest(
        "manifest: a file where a folder is",
        |table| {
            let manifest = Encoding::new(LURE, 3)
                .file("data", 10)
                .file("data/pak0.bin", 10)
                .file("version.ini", 9);
            lure(table, manifest.bytes(), Announce::True);
        },
    ));
}

#[test]
fn a_manifest_of_ten_million_entries() {
    play(&false_manifest("manifest: 10,000,000 entries", |table| {
        let manifest = Encoding::new(LURE, 10_000_000).filled_to(120 << 20);
        lure(table, manifest.bytes(), Announce::True);
    }));
}

#[test]
fn a_manifest_with_a_size_of_two_to_the_sixty_third() {
    play(&false_manifest("manifest: a file of 2^63 bytes", |table| {
        let manifest = Encoding::new(LURE, 2)
            .file("data.bin", 1 << 63)
            .file("version.ini", 9);
        lure(table, manifest.bytes(), Announce::True);
    }));
}

#[test]
fn a_manifest_that_does_not_have_its_hash() {
    play(&false_manifest("manifest: another hash", |table| {
        let manifest = Encoding::new(LURE, 1).file("version.ini", 9);
        lure(table, manifest.bytes(), Announce::Other);
    }));
}

#[test]
fn wrong_bytes_for_chunks() {
    play(&Attack {
        name: "wrong bytes for chunks of three games",
        blame: Blame::KeptAway("wrong-bytes"),
        log: "sent wrong bytes again and again",
        memory_mib_max: MEMORY_MIB_MAX,
        cpu_max: CPU_MAX,
        act: |table| table.lie(|| poison(table)),
    });
}

/// Announces what the honest peer has, and sends other bytes.
async fn poison(table: &Table<'_>) {
    let games: Vec<_> = HONEST
        .iter()
        .map(|id| {
            let game = table.honest.game(id);
            let manifest = text(&game["manifest"]).parse().expect("a hash");
            let size_bytes = game["size"].as_u64().expect("a size");
            let mut announced = announced(id, size_bytes, ManifestHash(manifest));
            let version = text(&game["version"]);
            announced.version = Version::parse(&version).expect("a version");
            announced
        })
        .collect();
    let mut liar = Liar::connect(&table.victim.addr, table.identity).await;
    let snapshot = LibrarySnapshot {
        state: liar.state(&games),
        games: games.clone(),
    };
    let script: Script = Arc::new(move |request| match request {
        Request::GetGameFileChunk(wanted) => {
            let data_bytes = wanted.chunks.len() as u64 * 256 * 1024;
            let bytes = vec![0xee; usize::try_from(data_bytes).expect("small")];
            Lie::Answer(Response::Chunks { data_bytes }, bytes)
        }
        other => honestly(other, &snapshot),
    });
    liar.sit_down(games, script).await;
    tokio::task::block_in_place(|| {
        for id in HONEST {
            table.victim.wait_sources(id, 2);
        }
        for id in HONEST {
            let ended = table.victim.download(id).finished();
            assert!(
                !ended.shares().contains_key("mallory"),
                "nothing of the liar's is kept"
            );
        }
    });
}
