//! Reads from a peer's log what it said on the wire.
//!
//! Invariant: it believes only lines of the target `lanspread::wire`, one for each request.

use std::{collections::BTreeSet, path::Path};

/// Which way a request went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    Sent,
    Received,
}

/// One request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) way: Way,
    /// The other peer's short id.
    pub(crate) peer: String,
    /// The kind of request.
    pub(crate) request: String,
    about: String,
}

/// All requests of one peer, in order.
#[derive(Debug, Clone)]
pub(crate) struct Trace(Vec<Line>);

impl Trace {
    pub(crate) fn read(log: &Path) -> Self {
        let log = std::fs::read(log).expect("the peer has a log");
        let log = String::from_utf8_lossy(&log);
        Self(log.lines().filter_map(parse).collect())
    }

    /// How many requests of this kind went this way, to or from this peer.
    pub(crate) fn count(&self, way: Way, request: &str, peer_id: &str) -> usize {
        self.of(way, request)
            .filter(|line| peer_id.starts_with(&line.peer))
            .count()
    }

    /// How many requests of this kind went either way.
    pub(crate) fn count_all(&self, request: &str) -> usize {
        self.0.iter().filter(|line| line.request == request).count()
    }

    /// The chunks of a game that others asked for, as file and chunk numbers, with repetitions.
    pub(crate) fn asked_chunks(&self, id: &str) -> Vec<(u32, u32)> {
        self.of(Way::Received, "get-game-file-chunk")
            .filter_map(|line| {
                line.about
                    .strip_prefix(id)?
                    .strip_prefix('[')?
                    .strip_suffix(']')
            })
            .flat_map(|list| list.split(','))
            .map(|chunk| {
                let (file, chunk) = chunk.split_once(':').expect("file:chunk");
                (
                    file.parse().expect("a number"),
                    chunk.parse().expect("a number"),
                )
            })
            .collect()
    }

    /// The same without repetitions.
    pub(crate) fn asked_chunk_set(&self, id: &str) -> BTreeSet<(u32, u32)> {
        self.asked_chunks(id).into_iter().collect()
    }

    fn of(&self, way: Way, request: &str) -> impl Iterator<Item = &Line> {
        self.0
            .iter()
            .filter(move |line| line.way == way && line.request == request)
    }
}

fn parse(line: &str) -> Option<Line> {
    let (_, fields) = line.split_once("lanspread::wire")?;
    let field = |name: &str| {
        let mut words = fields.split_whitespace();
        words.find_map(|word| word.strip_prefix(name)?.strip_prefix('='))
    };
    let (way, peer) = match (field("to"), field("from")) {
        (Some(peer), _) => (Way::Sent, peer),
        (None, Some(peer)) => (Way::Received, peer),
        (None, None) => return None,
    };
    Some(Line {
        way,
        peer: peer.to_owned(),
        request: field("request")?.to_owned(),
        about: field("about")?.to_owned(),
    })
}

#[test]
fn a_line_of_the_wire_is_read_and_others_are_not() {
    let line = "2026-11-22T10:00:00Z DEBUG lanspread::wire: from=0a1b2c3d \
                request=get-game-file-chunk about=chess[0:3,2:0]";
    let trace = Trace(vec![parse(line).expect("a line of the wire")]);
    assert_eq!(
        trace.count(Way::Received, "get-game-file-chunk", "0a1b2c3d99"),
        1
    );
    assert_eq!(trace.asked_chunks("chess"), [(0, 3), (2, 0)]);
    assert!(trace.asked_chunks("ches").is_empty());
    assert_eq!(
        parse("2026-11-22T10:00:00Z DEBUG lanspread_peer: from=x request=y"),
        None
    );
}
