//! Lies of somebody who takes part in a swarm: what it says that it holds, and what it gives.
//!
//! The honest peer has the games and a cable of its own, so that the victim needs the liar, who says that
//! it gathers them too.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use lanspread_proto::{
    ChunkRequest, ChunkRuns, Holdings, HoldingsLog, HoldingsRequest, LibrarySnapshot, RefusalKind,
    Request, Response,
};
use lanspread_testbed::net::{Link, Rate};
use serde_json::json;

use crate::{
    attack::{Attack, Blame, CPU_MAX, HONEST, MEMORY_MIB_MAX, Table, play_with},
    liar::{Liar, Lie, Script},
    lies::{honestly, refused},
};

/// Chunks of each game: those of its archive and its sentinel.
const CHUNKS: u32 = 17;

/// The length of a chunk, and of the sentinel, which is the last file.
const CHUNK_BYTES: u64 = 256 * 1024;
const SENTINEL_BYTES: u64 = 9;

/// How long a download may take on a busy machine: without the liar it is a third of a second.
const DOWNLOAD_MAX: Duration = Duration::from_secs(15);

/// What follows where the liar cannot be told from a peer that falls asleep.
const ELSEWHERE: Blame = Blame::Nobody("nothing is proven: asked of others");

/// Plays an attack in which the honest peer needs a third of a second to give a game away.
fn play_slowly(attack: &Attack) {
    play_with(attack, Link::new().upload(Rate::mbit(100)));
}

const fn attack(
    name: &'static str,
    blame: Blame,
    log: &'static str,
    act: fn(&Table<'_>),
) -> Attack {
    Attack {
        name,
        blame,
        log,
        memory_mib_max: MEMORY_MIB_MAX,
        cpu_max: CPU_MAX,
        act,
    }
}

/// What the liar says to a question for holdings, and to a request for chunks.
#[derive(Clone)]
struct Part {
    holds: fn(&HoldingsRequest, fresh: u64) -> Response,
    gives: fn(&ChunkRequest) -> Lie,
}

/// Has the victim download games of the honest peer while the liar takes part: each of these in turn, or
/// until the liar is kept away. Nothing of the liar's is kept.
fn take_part(table: &Table<'_>, ids: &[&str], part: &Part) {
    table.lie(|| async {
        let mut liar = Liar::connect(&table.victim.addr, table.identity).await;
        let snapshot = LibrarySnapshot {
            state: liar.state(&[]),
            games: Vec::new(),
        };
        let (part, fresh) = (part.clone(), AtomicU64::new(1));
        let script: Script = Arc::new(move |request| match request {
            Request::Holdings(question) => {
                let fresh = fresh.fetch_add(1, Ordering::Relaxed);
                Lie::Answer((part.holds)(question, fresh), Vec::new())
            }
            Request::GetGameFileChunk(wanted) => (part.gives)(wanted),
            other => honestly(other, &snapshot),
        });
        liar.sit_down(Vec::new(), script).await;
        tokio::task::block_in_place(|| {
            for id in ids {
                if table.is_told("peer-kept-away") {
                    break;
                }
                let began = Instant::now();
                let ended = table.victim.download(id).finished();
                assert!(began.elapsed() < DOWNLOAD_MAX, "{:?}", began.elapsed());
                let shares = ended.shares();
                let of_liar = shares.get("mallory").map_or(0, |(chunks, _)| *chunks);
                assert_eq!(of_liar, 0, "nothing of the liar's is kept");
                let remove = json!({ "cmd": "remove", "id": id });
                table.victim.run("remove", remove).finished();
            }
        });
    });
}

fn runs(first: u32, count: u32) -> ChunkRuns {
    ChunkRuns::try_from(vec![(first, count)]).expect("one run")
}

/// All of the game, said once.
fn everything(question: &HoldingsRequest, _fresh: u64) -> Response {
    const LOG: HoldingsLog = HoldingsLog(7);
    let chunks = if question.log == LOG {
        ChunkRuns::default()
    } else {
        runs(0, CHUNKS)
    };
    Response::Holdings(Holdings {
        log: LOG,
        upto: CHUNKS,
        chunks,
    })
}

#[test]
fn a_partner_that_gives_wrong_bytes() {
    let kept_away = Blame::KeptAway("wrong-bytes");
    let says = "sent wrong bytes again and again";
    play_slowly(&attack("partner: wrong bytes", kept_away, says, |table| {
        let gives = |wanted: &ChunkRequest| {
            let lens = wanted.chunks.iter().map(|chunk| match chunk.file {
                0 => CHUNK_BYTES,
                _ => SENTINEL_BYTES,
            });
            let data_bytes = lens.sum();
            let bytes = vec![0xee; usize::try_from(data_bytes).expect("small")];
            Lie::Answer(Response::Chunks { data_bytes }, bytes)
        };
        let holds = everything;
        take_part(table, &HONEST, &Part { holds, gives });
    }));
}

#[test]
fn a_partner_that_holds_more_than_there_is() {
    let kept_away = Blame::KeptAway("broken-answer");
    let says = "gives answers that break the protocol";
    let name = "partner: holds far more than the game";
    play_slowly(&attack(name, kept_away, says, |table| {
        let holds = |_: &HoldingsRequest, fresh| {
            Response::Holdings(Holdings {
                log: HoldingsLog(fresh),
                upto: u32::MAX,
                chunks: runs(0, u32::MAX),
            })
        };
        let gives = |_: &ChunkRequest| Lie::Silence;
        // A measure is full with the fourth; one more, because some of it is forgiven meanwhile.
        let ids = [HONEST, HONEST].concat();
        take_part(table, &ids[..5], &Part { holds, gives });
    }));
}

#[test]
fn a_partner_that_lacks_what_it_claims() {
    let says = "a source is retried";
    let name = "partner: lacks what it claims";
    play_slowly(&attack(name, ELSEWHERE, says, |table| {
        let gives = |_: &ChunkRequest| refused(RefusalKind::NotAvailable, "not from me");
        let holds = everything;
        take_part(table, &HONEST, &Part { holds, gives });
    }));
}

/// As if the victim had taken back all that it asks for, which it did not.
#[test]
fn a_partner_that_says_all_is_taken_back() {
    let says = "a source is retried";
    let name = "partner: says all is taken back";
    play_slowly(&attack(name, ELSEWHERE, says, |table| {
        let gives = |_: &ChunkRequest| refused(RefusalKind::TakenBack, "you took it back");
        let holds = everything;
        take_part(table, &HONEST, &Part { holds, gives });
    }));
}

#[test]
fn a_partner_that_claims_everything_and_never_answers() {
    let says = "";
    let name = "partner: claims everything, gives nothing";
    play_slowly(&attack(name, ELSEWHERE, says, |table| {
        let (holds, gives) = (everything, |_: &ChunkRequest| Lie::Silence);
        take_part(table, &HONEST, &Part { holds, gives });
    }));
}

#[test]
fn a_partner_that_begins_anew_with_each_answer() {
    let says = "a partner broke the rules";
    let attack = attack("partner: a new log each time", ELSEWHERE, says, |table| {
        let holds = |_: &HoldingsRequest, fresh| {
            Response::Holdings(Holdings {
                log: HoldingsLog(fresh),
                upto: CHUNKS,
                chunks: runs(0, CHUNKS),
            })
        };
        let gives = |_: &ChunkRequest| Lie::Silence;
        take_part(table, &HONEST[..1], &Part { holds, gives });
    });
    // Long enough for more new logs than anybody has.
    play_with(&attack, Link::new().upload(Rate::mbit(12)));
}
