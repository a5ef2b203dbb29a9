//! Lies about libraries, and announcements that come too fast.

use std::sync::Arc;

use lanspread_proto::{FrameKind, LibrarySnapshot, Request, Response, encode_frame};

use crate::{
    attack::{Attack, Blame, CPU_MAX, MEMORY_MIB_MAX, Table, play},
    liar::{Liar, Lie, Script, digest},
    lies::{frame, honestly, many_games},
};

/// Introduces itself with a library that it then does not show as announced.
async fn show(table: &Table<'_>, answer: Vec<u8>) {
    let mut liar = Liar::connect(&table.victim.addr, table.identity).await;
    let nothing = LibrarySnapshot {
        state: liar.state(&[]),
        games: Vec::new(),
    };
    let script: Script = Arc::new(move |request| match request {
        Request::LibrarySnapshot => Lie::Raw(answer.clone()),
        other => honestly(other, &nothing),
    });
    liar.sit_down(many_games(1), script).await;
    table.wait_turned_on(&liar);
}

const SAYS: &str = "sent a library that is not what it announced, or over the limits";

#[test]
fn a_library_of_a_hundred_thousand_games() {
    play(&Attack {
        name: "library of 100,000 games",
        blame: Blame::KeptAway("false-library"),
        log: SAYS,
        memory_mib_max: MEMORY_MIB_MAX,
        cpu_max: CPU_MAX,
        act: |table| {
            let games = serde_json::to_vec(&many_games(100_000)).expect("JSON");
            table.lie(|| show(table, frame(&games)));
        },
    });
}

#[test]
fn a_library_of_as_many_games_as_a_frame_holds() {
    play(&Attack {
        name: "library of 40,000 games, within the frame",
        blame: Blame::KeptAway("false-library"),
        log: SAYS,
        memory_mib_max: MEMORY_MIB_MAX,
        cpu_max: CPU_MAX,
        act: |table| {
            let games = many_games(40_000);
            let snapshot = LibrarySnapshot {
                state: lanspread_proto::LibraryState {
                    epoch: lanspread_proto::LibraryEpoch(1),
                    revision: lanspread_proto::LibraryRevision(1),
                    digest: digest(&games),
                },
                games,
            };
            let answer = encode_frame(FrameKind::Response, &Response::LibrarySnapshot(snapshot));
            table.lie(|| show(table, answer.expect("within the frame")));
        },
    });
}

#[test]
fn json_nested_a_hundred_thousand_deep() {
    play(&Attack {
        name: "JSON nested 100,000 deep",
        blame: Blame::KeptAway("false-library"),
        log: SAYS,
        memory_mib_max: MEMORY_MIB_MAX,
        cpu_max: CPU_MAX,
        act: |table| {
            let mut deep = br#"{"type":"library-snapshot","state":"#.to_vec();
            deep.extend(vec![b'['; 100_000]);
            table.lie(|| show(table, frame(&deep)));
        },
    });
}

#[test]
fn json_of_four_million_numbers() {
    play(&Attack {
        name: "JSON of 4,000,000 numbers",
        blame: Blame::KeptAway("false-library"),
        log: SAYS,
        memory_mib_max: 3 * MEMORY_MIB_MAX,
        cpu_max: CPU_MAX,
        act: |table| {
            let mut wide = br#"{"games":["#.to_vec();
            wide.extend(b"0,".repeat(4_000_000));
            wide.extend(br#"0],"type":"library-snapshot"}"#);
            table.lie(|| show(table, frame(&wide)));
        },
    });
}

#[test]
fn a_delta_storm() {
    play(&Attack {
        name: "delta storm",
        blame: Blame::KeptAway("announce-storm"),
        log: "announces itself faster than anybody can follow",
        memory_mib_max: MEMORY_MIB_MAX,
        cpu_max: CPU_MAX,
        act: |table| table.lie(|| storm(table)),
    });
}

/// Announces another library again and again, each as large as one may be.
async fn storm(table: &Table<'_>) {
    let mut liar = Liar::connect(&table.victim.addr, table.identity).await;
    let games = many_games(5_000);
    let snapshot = LibrarySnapshot {
        state: liar.state(&games),
        games: games.clone(),
    };
    let script: Script = Arc::new(move |request| honestly(request, &snapshot));
    liar.sit_down(games, script).await;
    for n in 0..10_000 {
        let state = liar.state(&many_games(n % 7));
        if liar.ask(&Request::LibrarySummary { state }).await.is_none() {
            break;
        }
    }
    table.wait_turned_on(&liar);
}
