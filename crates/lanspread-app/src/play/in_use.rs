//! A game is played, or its files are changed: never both.
//!
//! Invariant: pure. A script that runs keeps everything from a game that would replace or delete its files,
//! and whatever replaces or deletes them keeps its scripts from being started. Reading them keeps nobody.

use lanspread_db::{GameId, Script};
use lanspread_jsonl::Command;
use lanspread_peer::{CommandRefused, ErrorKind, OperationKind, OperationView};

use super::{RunningScripts, refused};

/// The game whose files a command replaces or deletes, and what that is called: "cannot … the game".
pub(crate) const fn changes(command: &Command) -> Option<(&GameId, &'static str)> {
    match command {
        Command::Download { id, .. } | Command::Queue { id, .. } => Some((id, "download")),
        Command::Update { id, .. } => Some((id, "update")),
        Command::Install { id } => Some((id, "install")),
        Command::Uninstall { id } => Some((id, "uninstall")),
        Command::Remove { id } => Some((id, "remove")),
        // What is damaged of the download is repaired; what is unpacked stays as it is.
        Command::Verify { .. }
        // These begin nothing by themselves.
        | Command::Cancel { .. }
        | Command::Pause { .. }
        | Command::Resume { .. }
        | Command::Move { .. }
        | Command::GetGame { .. }
        | Command::Play { .. }
        | Command::StartServer { .. }
        | Command::Status {}
        | Command::ListGames {}
        | Command::ListPeers {}
        | Command::ListFiles { .. }
        | Command::CheckHealth {}
        | Command::Say { .. }
        | Command::Connect { .. }
        | Command::Expel { .. }
        | Command::Readmit { .. }
        | Command::SetRateLimits { .. }
        | Command::SetPlaying { .. }
        | Command::SetGameDir { .. }
        | Command::SetMoreGameDirs { .. }
        | Command::ChangeSettings(_)
        | Command::WaitPeers { .. }
        | Command::Shutdown {} => None,
    }
}

/// Whether a script of a game runs.
pub(crate) fn is_played(scripts: &RunningScripts, id: &GameId) -> bool {
    running_of(scripts, id).is_some()
}

/// Whether the files of a game may be replaced or deleted.
///
/// # Errors
/// Something of it runs; the refusal says what, and what to do.
pub(crate) fn check_rests(
    scripts: &RunningScripts,
    id: &GameId,
    verb: &str,
) -> Result<(), CommandRefused> {
    let what = match running_of(scripts, id) {
        None => return Ok(()),
        Some(Script::Setup | Script::Uninstall) => "a script of it is running",
        Some(Script::Start) => "it is being played on this machine",
        Some(Script::Server) => "its server is running on this machine",
    };
    Err(refused(
        ErrorKind::Busy,
        format!("cannot {verb} {id}: {what}; end it first"),
    ))
}

/// Whether a game is ready for its scripts: nothing prepares it or clears it up.
///
/// # Errors
/// Such a script runs; the refusal says what to do.
pub(crate) fn check_prepared(scripts: &RunningScripts, id: &GameId) -> Result<(), CommandRefused> {
    let runs = |script| scripts.contains_key(&(id.clone(), script));
    let what = if runs(Script::Setup) {
        "its setup runs"
    } else if runs(Script::Uninstall) {
        "it is being uninstalled"
    } else {
        return Ok(());
    };
    Err(refused(
        ErrorKind::Busy,
        format!("cannot start {id}: {what}; wait for its end"),
    ))
}

/// Whether a script of a game may start.
///
/// # Errors
/// Its files are being replaced or deleted; the refusal says by what, and what to do.
pub(crate) fn check_startable(
    operations: &[OperationView],
    id: &GameId,
) -> Result<(), CommandRefused> {
    let Some(operation) = operations.iter().find(|operation| operation.id == *id) else {
        return Ok(());
    };
    let what_to_do = match operation.kind {
        OperationKind::Verify => return Ok(()),
        OperationKind::Download => "wait for its end, or let it rest",
        OperationKind::Install
        | OperationKind::Uninstall
        | OperationKind::Remove
        | OperationKind::Recover => "wait for its end",
    };
    let kind = operation.kind.as_str();
    Err(refused(
        ErrorKind::Busy,
        format!("cannot start {id}: its {kind} runs, which changes its files; {what_to_do}"),
    ))
}

/// What runs of a game: the game itself, rather than the setup that precedes it.
fn running_of(scripts: &RunningScripts, id: &GameId) -> Option<Script> {
    scripts
        .keys()
        .rfind(|(game, _)| game == id)
        .map(|(_, script)| *script)
}

#[cfg(test)]
mod tests {
    use lanspread_peer::{AfterDownload, DownloadRoom};

    use super::*;

    fn game(name: &str) -> GameId {
        GameId::parse(name).expect("a valid id")
    }

    fn runs(name: &str, script: Script) -> RunningScripts {
        RunningScripts::from([((game(name), script), 0)])
    }

    #[test]
    fn what_changes_a_games_files_is_refused_while_it_runs_and_says_what_runs() {
        let id = game("chess");
        for (script, what) in [
            (Script::Start, "it is being played"),
            (Script::Server, "its server is running"),
        ] {
            let error = check_rests(&runs("chess", script), &id, "uninstall").expect_err("it runs");
            assert_eq!(error.kind, ErrorKind::Busy);
            let begins = format!("cannot uninstall chess: {what}");
            assert!(error.message.starts_with(&begins), "{error}");
            assert!(error.message.ends_with("end it first"), "{error}");
        }
        let mut prepared = runs("chess", Script::Start);
        prepared.extend(runs("chess", Script::Setup));
        let error = check_rests(&prepared, &id, "uninstall").expect_err("it runs");
        assert!(error.message.contains("it is being played"), "{error}");
        assert_eq!(
            check_rests(&runs("draughts", Script::Start), &id, "update"),
            Ok(())
        );
    }

    #[test]
    fn nothing_starts_while_it_is_prepared_or_cleared_up() {
        let id = game("chess");
        for (script, what) in [
            (Script::Setup, "its setup runs"),
            (Script::Uninstall, "it is being uninstalled"),
        ] {
            let error = check_prepared(&runs("chess", script), &id).expect_err("it runs");
            assert_eq!(error.kind, ErrorKind::Busy);
            assert!(error.message.contains(what), "{error}");
            assert_eq!(check_prepared(&runs("go", script), &id), Ok(()));
        }
        for beside in [Script::Start, Script::Server] {
            assert_eq!(check_prepared(&runs("chess", beside), &id), Ok(()));
        }
    }

    #[test]
    fn every_command_that_changes_files_is_known_as_such() {
        for line in [
            r#"{"cmd":"download","id":"chess"}"#,
            r#"{"cmd":"queue","id":"chess"}"#,
            r#"{"cmd":"update","id":"chess"}"#,
            r#"{"cmd":"install","id":"chess"}"#,
            r#"{"cmd":"uninstall","id":"chess"}"#,
            r#"{"cmd":"remove","id":"chess"}"#,
        ] {
            let command = lanspread_jsonl::parse(line.as_bytes()).command;
            let command = command.expect("a valid command");
            assert_eq!(changes(&command).map(|(id, _)| id), Some(&game("chess")));
        }
        for line in [
            r#"{"cmd":"verify","id":"chess"}"#,
            r#"{"cmd":"play","id":"chess"}"#,
        ] {
            let command = lanspread_jsonl::parse(line.as_bytes()).command;
            assert_eq!(changes(&command.expect("a valid command")), None);
        }
    }

    #[test]
    fn nothing_starts_while_its_files_change_and_reading_them_keeps_nobody() {
        let id = game("chess");
        let operation = |kind| OperationView {
            id: id.clone(),
            kind,
            after: AfterDownload::Install,
            room: DownloadRoom::KeepOld,
            progress: None,
        };
        for kind in [
            OperationKind::Download,
            OperationKind::Install,
            OperationKind::Uninstall,
            OperationKind::Remove,
            OperationKind::Recover,
        ] {
            let error = check_startable(&[operation(kind)], &id).expect_err("its files change");
            assert!(error.message.contains(kind.as_str()), "{error}");
        }
        assert_eq!(
            check_startable(&[operation(OperationKind::Verify)], &id),
            Ok(())
        );
        let other = game("draughts");
        assert_eq!(
            check_startable(&[operation(OperationKind::Install)], &other),
            Ok(())
        );
    }
}
