//! What the front end can ask for.
//!
//! Invariant: each is one line over what the rest of this crate or `lanspread-app` offers. The commands that
//! go to the peer take the fields of `docs/JSONL.md`.

use std::path::PathBuf;

use lanspread_app::{
    Game, GameDetails, GameFiles, GameRun, GuestLinks, InstallSize, LogLine, LogPage, Proposal,
    Seat, UnpackRun, Update,
};
use lanspread_db::GameId;
use lanspread_peer::ErrorKind;
use serde::{Deserialize, Serialize};
use tauri::{
    AppHandle, State, WebviewWindow, Wry,
    ipc::{Channel, Invoke},
};

use crate::{
    begin, desktop::Desktop, dialogs, first_run, guests::GuestPage, peer::Peer, refused::Refused,
    said::Said,
};

type Done = Result<(), Refused>;

/// All of them.
pub(crate) fn handler() -> impl Fn(Invoke<Wry>) -> bool + Send + Sync + 'static {
    tauri::generate_handler![
        cancel_game,
        change_settings,
        check_health,
        choose_folder,
        connect_peer,
        download_game,
        expel_peer,
        finish_first_run,
        first_run,
        follow,
        game_details,
        game_files,
        get_game,
        guest_links,
        install_game,
        install_size,
        move_game,
        open_folder,
        pause_game,
        play_game,
        queue_game,
        read_log,
        readmit_peer,
        remove_game,
        request_games,
        restart,
        resume_game,
        say_to_party,
        set_playing,
        set_rate_limits,
        start_server,
        uninstall_game,
        update_game,
        update_game_directory,
        update_more_game_directories,
        verify_game,
    ]
}

/// Ends the operation that runs on a game.
#[tauri::command]
async fn cancel_game(peer: State<'_, Peer>, said: Said) -> Done {
    peer.run(said).await
}

/// Changes what is kept of the user's wishes.
#[tauri::command]
async fn change_settings(peer: State<'_, Peer>, said: Said) -> Done {
    peer.run(said).await
}

/// Tries again whether the folder of games can be written to.
#[tauri::command]
async fn check_health(peer: State<'_, Peer>, said: Said) -> Done {
    peer.run(said).await
}

/// Finds a peer without discovery.
#[tauri::command]
async fn connect_peer(peer: State<'_, Peer>, said: Said) -> Done {
    peer.run(said).await
}

/// Downloads a game in the version that this party plays.
#[tauri::command]
async fn download_game(peer: State<'_, Peer>, said: Said) -> Done {
    peer.run(said).await
}

/// Keeps a peer out.
#[tauri::command]
async fn expel_peer(peer: State<'_, Peer>, said: Said) -> Done {
    peer.run(said).await
}

/// Asks what a download would fetch.
#[tauri::command]
async fn get_game(peer: State<'_, Peer>, said: Said) -> Done {
    peer.run(said).await
}

/// Unpacks a downloaded game.
#[tauri::command]
async fn install_game(peer: State<'_, Peer>, said: Said) -> Done {
    peer.run(said).await
}

/// Gives a download another place among those that wait.
#[tauri::command]
async fn move_game(peer: State<'_, Peer>, said: Said) -> Done {
    peer.run(said).await
}

/// Lets a download rest.
#[tauri::command]
async fn pause_game(peer: State<'_, Peer>, said: Said) -> Done {
    peer.run(said).await
}

/// Starts a game.
#[tauri::command]
async fn play_game(peer: State<'_, Peer>, said: Said) -> Done {
    peer.run(said).await
}

/// Downloads a game when its turn comes.
#[tauri::command]
async fn queue_game(peer: State<'_, Peer>, said: Said) -> Done {
    peer.run(said).await
}

/// Lets a peer in again.
#[tauri::command]
async fn readmit_peer(peer: State<'_, Peer>, said: Said) -> Done {
    peer.run(said).await
}

/// Deletes a downloaded game.
#[tauri::command]
async fn remove_game(peer: State<'_, Peer>, said: Said) -> Done {
    peer.run(said).await
}

/// Lets a download that rests take its turn again.
#[tauri::command]
async fn resume_game(peer: State<'_, Peer>, said: Said) -> Done {
    peer.run(said).await
}

/// Says something to everybody at the party.
#[tauri::command]
async fn say_to_party(peer: State<'_, Peer>, said: Said) -> Done {
    peer.run(said).await
}

/// Lets uploads yield to a game, or not.
#[tauri::command]
async fn set_playing(peer: State<'_, Peer>, said: Said) -> Done {
    peer.run(said).await
}

/// Limits how fast transfers are.
#[tauri::command]
async fn set_rate_limits(peer: State<'_, Peer>, said: Said) -> Done {
    peer.run(said).await
}

/// Starts the dedicated server of a game.
#[tauri::command]
async fn start_server(peer: State<'_, Peer>, said: Said) -> Done {
    peer.run(said).await
}

/// Deletes what was unpacked.
#[tauri::command]
async fn uninstall_game(peer: State<'_, Peer>, said: Said) -> Done {
    peer.run(said).await
}

/// Downloads a newer version of a game that is here.
#[tauri::command]
async fn update_game(peer: State<'_, Peer>, said: Said) -> Done {
    peer.run(said).await
}

/// Uses another folder for new games from here on.
#[tauri::command]
async fn update_game_directory(peer: State<'_, Peer>, said: Said) -> Done {
    peer.run(said).await
}

/// Uses these folders of games beside the one where new games go.
#[tauri::command]
async fn update_more_game_directories(peer: State<'_, Peer>, said: Said) -> Done {
    peer.run(said).await
}

/// Reads every byte of a game again.
#[tauri::command]
async fn verify_game(peer: State<'_, Peer>, said: Said) -> Done {
    peer.run(said).await
}

/// All games, as they stand.
#[tauri::command]
async fn request_games(peer: State<'_, Peer>) -> Result<Vec<Game>, Refused> {
    Ok(peer.app()?.snapshot().games.to_vec())
}

/// The state: the whole at first, and from then on what changes, until this is asked for anew.
#[tauri::command(rename_all = "snake_case")]
async fn follow(peer: State<'_, Peer>, on_update: Channel<Update>) -> Done {
    peer.follow(on_update);
    Ok(())
}

/// What is told of one game.
#[tauri::command]
async fn game_details(peer: State<'_, Peer>, id: GameId) -> Result<GameDetails, Refused> {
    peer.app()?.details(&id).ok_or_else(|| unknown(&id))
}

/// How much of a game is unpacked; `null` if it cannot be counted.
#[tauri::command]
async fn install_size(peer: State<'_, Peer>, id: GameId) -> Result<Option<InstallSize>, Refused> {
    Ok(peer.app()?.install_size(&id).await)
}

/// The files of one game.
#[tauri::command]
async fn game_files(peer: State<'_, Peer>, id: GameId) -> Result<GameFiles, Refused> {
    Ok(peer.app()?.files(&id, Seat::Here).await?)
}

/// How guests reach the page that is open to them.
#[tauri::command]
async fn guest_links(
    peer: State<'_, Peer>,
    page: State<'_, GuestPage>,
) -> Result<GuestLinks, Refused> {
    page.follow(&peer.app()?).await
}

/// Lets the user choose a folder; `null` if he does not.
#[tauri::command]
async fn choose_folder(
    window: WebviewWindow,
    desktop: State<'_, Desktop>,
) -> Result<Option<String>, Refused> {
    let chosen = dialogs::choose_folder(&window, desktop.words().choose_folder).await;
    Ok(chosen.map(|folder| folder.to_string_lossy().into_owned()))
}

/// Shows a game's folder in the file manager.
#[tauri::command]
async fn open_folder(peer: State<'_, Peer>, id: GameId) -> Done {
    let app = peer.app()?;
    let known = app.view().games.iter().any(|game| game.id == id);
    let folder = app.handle().game_root(&id).await;
    if !known || !folder.is_dir() {
        return Err(unknown(&id));
    }
    open::that_detached(&folder).map_err(|error| {
        let told = format!("{} cannot be shown: {error}", folder.display());
        Refused::new(ErrorKind::Io, told)
    })
}

/// What to propose for name and folder; `null` where they are known.
#[tauri::command]
async fn first_run(peer: State<'_, Peer>) -> Result<Option<Proposal>, Refused> {
    Ok(first_run::proposal(&peer))
}

/// Takes name and folder, and starts the peer.
#[tauri::command(rename_all = "snake_case")]
async fn finish_first_run(app: AppHandle, name: String, games_dir: PathBuf) -> Done {
    first_run::finish(&app, &name, games_dir).await
}

/// Starts the peer anew, with the wishes that hold from a start on.
#[tauri::command]
async fn restart(app: AppHandle) -> Done {
    begin::restart(&app).await
}

/// A log that can be read.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum LogKind {
    Application,
    Unpacking,
    Games,
}

/// Some entries of a log.
#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Entries {
    Application(LogPage<LogLine>),
    Unpacking(LogPage<UnpackRun>),
    Games(LogPage<GameRun>),
}

/// The entries of a log after a number.
#[tauri::command]
async fn read_log(peer: State<'_, Peer>, kind: LogKind, after: u64) -> Result<Entries, Refused> {
    let app = peer.app()?;
    Ok(match kind {
        LogKind::Application => Entries::Application(app.log(after)),
        LogKind::Unpacking => Entries::Unpacking(app.unpack_log(after)),
        LogKind::Games => Entries::Games(app.game_log(after)),
    })
}

fn unknown(id: &GameId) -> Refused {
    Refused::new(
        ErrorKind::UnknownGame,
        format!("no folder and nobody here knows {id}"),
    )
}
