//! Manifests on their way from peer to peer.

use bytes::Bytes;
use lanspread_core::{ManifestAnswer, RequestFailure};
use lanspread_db::{
    ContentHash, GameId, MANIFEST_BYTES_MAX, Manifest, ManifestFile, ManifestHash, RelPath, Version,
};
use lanspread_proto::{Refusal, RefusalKind};

use super::*;

fn manifest() -> Manifest {
    let sentinel = ManifestFile {
        path: RelPath::parse("version.ini").unwrap(),
        size_bytes: 8,
        chunks: vec![ContentHash::of(b"20260101")],
    };
    let chunk_bytes = Manifest::chunk_bytes_for(8);
    Manifest::new(game(), version(), chunk_bytes, vec![sentinel]).unwrap()
}

fn game() -> GameId {
    GameId::parse("teeworlds").unwrap()
}

fn version() -> Version {
    Version::parse("20260101").unwrap()
}

/// Fetches a manifest by the hash `expect` from a peer that answers with `answer`.
async fn fetch<F>(
    expect: ManifestHash,
    answer: impl FnOnce(IncomingStream) -> F,
) -> Result<ManifestAnswer, RequestFailure>
where
    F: Future<Output = ()>,
{
    let a = TestPeer::start();
    let mut b = TestPeer::start();
    let to = b.route();
    let fetched = a.transport.fetch_manifest(to, game(), expect, PATIENCE);
    let answered = async {
        let incoming = b.next_request().await;
        assert_eq!(incoming.request, Request::GetGame { id: game() });
        answer(incoming).await;
    };
    tokio::join!(fetched, answered).0
}

/// Answers with these bytes under this hash. The asker may turn away before it has them all.
async fn send(incoming: IncomingStream, hash: ManifestHash, bytes: Vec<u8>) {
    let _ = incoming
        .responder
        .manifest(version(), hash, Bytes::from(bytes))
        .await;
}

#[tokio::test]
async fn a_manifest_arrives_whole() {
    let manifest = manifest();
    let (hash, encoded) = (manifest.hash(), manifest.encode());
    let answer = fetch(hash, |incoming| send(incoming, hash, encoded))
        .await
        .unwrap();
    assert_eq!(answer, ManifestAnswer::Manifest(manifest.into()));
}

#[tokio::test]
async fn a_manifest_of_another_hash_than_the_wanted_one_is_no_answer() {
    let manifest = manifest();
    let (other, encoded) = (ManifestHash(ContentHash::of(b"newer")), manifest.encode());
    let answer = fetch(manifest.hash(), |incoming| send(incoming, other, encoded))
        .await
        .unwrap();
    assert!(matches!(answer, ManifestAnswer::Refused(_)));
}

#[tokio::test]
async fn manifest_bytes_that_do_not_have_their_hash_break_the_protocol() {
    let manifest = manifest();
    let hash = manifest.hash();
    let mut encoded = manifest.encode();
    encoded[10] ^= 1;
    let failure = fetch(hash, |incoming| send(incoming, hash, encoded))
        .await
        .unwrap_err();
    assert!(matches!(failure, RequestFailure::Protocol(_)));
}

#[tokio::test]
async fn bytes_that_are_no_manifest_break_the_protocol_even_with_the_right_hash() {
    let bytes = b"not a manifest".to_vec();
    let hash = ManifestHash(ContentHash::of(&bytes));
    let failure = fetch(hash, |incoming| send(incoming, hash, bytes))
        .await
        .unwrap_err();
    assert!(matches!(failure, RequestFailure::Protocol(_)));
}

#[tokio::test]
async fn a_manifest_that_is_announced_over_the_limit_is_not_read() {
    let hash = manifest().hash();
    let failure = fetch(hash, |incoming| async move {
        let manifest_bytes = MANIFEST_BYTES_MAX as u64 + 1;
        let response = Response::Game {
            version: version(),
            manifest: hash,
            manifest_bytes,
        };
        incoming.responder.reply(&response).await.unwrap();
    })
    .await
    .unwrap_err();
    assert!(matches!(&failure, RequestFailure::Protocol(reason) if reason.contains("limit")));
}

#[tokio::test]
async fn a_manifest_announced_at_the_limit_is_read_until_it_ends_early() {
    let hash = manifest().hash();
    let failure = fetch(hash, |incoming| async move {
        let manifest_bytes = MANIFEST_BYTES_MAX as u64;
        let response = Response::Game {
            version: version(),
            manifest: hash,
            manifest_bytes,
        };
        incoming.responder.reply(&response).await.unwrap();
    })
    .await
    .unwrap_err();
    assert!(matches!(&failure, RequestFailure::Protocol(reason) if reason.contains("early")));
}

#[tokio::test]
async fn a_pending_or_refused_manifest_is_an_answer_too() {
    let hash = manifest().hash();
    let pending = Response::GamePending {
        hashed_bytes: 3,
        total_bytes: 9,
    };
    let answer = fetch(hash, |incoming| async move {
        incoming.responder.reply(&pending).await.unwrap();
    });
    let expected = ManifestAnswer::Pending {
        hashed_bytes: 3,
        total_bytes: 9,
    };
    assert_eq!(answer.await.unwrap(), expected);

    let refused = Response::Refused(Refusal::new(RefusalKind::NotAvailable, "not here"));
    let answer = fetch(hash, |incoming| async move {
        incoming.responder.reply(&refused).await.unwrap();
    });
    assert_eq!(
        answer.await.unwrap(),
        ManifestAnswer::Refused("not here".to_owned())
    );
}
