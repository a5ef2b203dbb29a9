//! A complete program around a peer: `cargo run --example embed -- [GAMES_DIR [GAME_ID]]`.
//!
//! It starts a peer on a folder of games, prints what happens, lists the games of the party,
//! downloads the one that is named, and ends. Without a folder it uses an empty one of its own and
//! stays on this machine, so it can be tried anywhere.

use std::{error::Error, net::Ipv4Addr, path::PathBuf, sync::Arc, time::Duration};

use lanspread_db::{Catalog, GameId};
use lanspread_peer::{
    AfterDownload, DownloadRoom, PeerCommand, PeerEvent, PeerGameDB, PeerOptions, start_peer_with,
};
use lanspread_unpack::AnyUnpacker;
use tokio::{sync::mpsc, time::timeout};

/// How long others have to turn up and tell what they hold.
const LOOK_AROUND: Duration = Duration::from_secs(3);

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let temporary = tempfile::tempdir()?;
    let mut options = PeerOptions {
        state_dir: temporary.path().join("state"),
        ..PeerOptions::default()
    };
    let game_dir = if let Some(game_dir) = arguments.next() {
        PathBuf::from(game_dir)
    } else {
        options.listen.set_ip(Ipv4Addr::LOCALHOST.into());
        temporary.path().join("games")
    };
    std::fs::create_dir_all(&game_dir)?;
    let wanted = arguments.next().map(|id| GameId::parse(&id)).transpose()?;

    let (tx_events, mut events) = mpsc::channel(64);
    let games = PeerGameDB::new();
    let catalog = Catalog::open_party();
    let unpacker = Arc::new(AnyUnpacker);
    let peer = start_peer_with(
        options,
        game_dir,
        tx_events,
        games.clone(),
        unpacker,
        catalog,
    )?;

    let look_around = async {
        while let Some(event) = events.recv().await {
            println!("{event:?}");
        }
    };
    // The events themselves never end while the peer runs.
    let _ = timeout(LOOK_AROUND, look_around).await;
    for game in games.view().games.iter() {
        println!(
            "{}: {}, held by {} others",
            game.id,
            game.title,
            game.peers.len()
        );
    }

    if let Some(id) = wanted {
        let (then, room) = (AfterDownload::Keep, DownloadRoom::KeepOld);
        peer.command(PeerCommand::DownloadGameFiles { id, then, room })
            .await?;
        while let Some(event) = events.recv().await {
            println!("{event:?}");
            if matches!(event, PeerEvent::OperationEnded { .. }) {
                break;
            }
        }
    }
    println!("the peer ended: {:?}", peer.shutdown().await);
    Ok(())
}
