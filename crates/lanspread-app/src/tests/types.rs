//! The front end's types are written from the code, and checked in.

use std::path::Path;

use lanspread_jsonl::{Command, Language, ScriptStart, SettingsChange};
use ts_rs::{Config, TS};

use crate::*;

const FILE: &str = "../lanspread-tauri-deno-ts/src/api/types.ts";

const HEAD: &str = "\
// What the front end is told and may ask for: written from the Rust types, and not by hand. After a change there,
// `UPDATE_DOCS=1 cargo nextest run --workspace types` writes it anew; a test fails when the two differ.
";

fn declare<T: TS>(config: &Config) -> String {
    let documentation = T::docs().unwrap_or_default();
    format!("\n{documentation}export {}\n", T::decl(config))
}

/// The scripts are named in a crate that knows no front end.
fn scripts() -> String {
    let names: Vec<String> = Script::ALL
        .iter()
        .map(|script| format!("\"{}\"", script.as_str()))
        .collect();
    format!(
        "\n/**\n * A script of a game.\n */\nexport type Script = {};\n",
        names.join(" | ")
    )
}

fn types() -> String {
    let config = &Config::default();
    let all = [
        declare::<Update>(config),
        declare::<Snapshot>(config),
        declare::<Patch>(config),
        declare::<GamesPatch>(config),
        declare::<Me>(config),
        declare::<Mode>(config),
        declare::<MoreGamesDir>(config),
        declare::<Discovery>(config),
        declare::<DiscoveryTrouble>(config),
        declare::<Health>(config),
        declare::<NetworkAdapter>(config),
        declare::<AdapterKind>(config),
        declare::<FolderCheck>(config),
        declare::<FolderProblem>(config),
        declare::<FolderFault>(config),
        declare::<ClockCheck>(config),
        declare::<Game>(config),
        declare::<Gathered>(config),
        declare::<Problem>(config),
        declare::<ProblemKind>(config),
        declare::<GameState>(config),
        declare::<Action>(config),
        declare::<GameDetails>(config),
        declare::<InstallSize>(config),
        declare::<GuestLinks>(config),
        declare::<Proposal>(config),
        declare::<Offer>(config),
        declare::<GameFiles>(config),
        declare::<GameFile>(config),
        declare::<Standing>(config),
        declare::<Peer>(config),
        declare::<KeptAway>(config),
        declare::<AwayReason>(config),
        declare::<ExpelledBy>(config),
        declare::<Offence>(config),
        declare::<Message>(config),
        declare::<PeerStatus>(config),
        declare::<PeerOperation>(config),
        declare::<PeerSource>(config),
        declare::<Seat>(config),
        declare::<Queued>(config),
        declare::<Turn>(config),
        declare::<Wishes>(config),
        declare::<LogPage<LogLine>>(config),
        declare::<LogLine>(config),
        declare::<LogLevel>(config),
        declare::<UnpackRun>(config),
        declare::<UnpackResult>(config),
        declare::<GameRun>(config),
        declare::<GameResult>(config),
        declare::<Operation>(config),
        declare::<OperationKind>(config),
        declare::<Progress>(config),
        declare::<WaitReason>(config),
        declare::<NamedPeer>(config),
        declare::<FoundVersion>(config),
        declare::<StepWork>(config),
        declare::<Source>(config),
        declare::<Upload>(config),
        declare::<Hashing>(config),
        declare::<UploadEnded>(config),
        declare::<Running>(config),
        scripts(),
        declare::<Limits>(config),
        declare::<Finished>(config),
        declare::<Outcome>(config),
        declare::<Note>(config),
        declare::<LeftOut>(config),
        declare::<Notice>(config),
        declare::<NoticeAbout>(config),
        declare::<LostReason>(config),
        declare::<DropReason>(config),
        declare::<Conflict>(config),
        declare::<ScriptFault>(config),
        declare::<StateFile>(config),
        declare::<Command>(config),
        declare::<Language>(config),
        declare::<SettingsChange>(config),
        declare::<ScriptStart>(config),
    ];
    let text = format!("{HEAD}{}", all.concat());
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    lines.join("\n") + "\n"
}

#[test]
fn the_types_of_the_front_end_are_those_of_the_code() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(FILE);
    let types = types();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, &types).expect("the file can be written");
    }
    let written = std::fs::read_to_string(&path).expect("the file can be read");
    assert!(
        written == types,
        "{FILE} differs from the code; UPDATE_DOCS=1 writes it anew"
    );
}
