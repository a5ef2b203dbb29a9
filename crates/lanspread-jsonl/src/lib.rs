//! The lines of the JSON interface: what comes in, and how it is answered.
//!
//! Invariant: every line that comes in, however broken, gets exactly one answer. `docs/JSONL.md`
//! documents all of it. It knows no peer and no stream.

use std::path::PathBuf;

use lanspread_core::{CommandRefused, ErrorKind, LimitChange, RateLimit, limits::EXPEL_TIME};
use lanspread_db::GameId;
use lanspread_proto::{ListenAddr, PeerId};
use serde::{Deserialize, Deserializer, Serialize, de::Error as _};
use serde_json::{Value, json};
use ts_rs::TS;

/// Longest line that is read, in bytes.
pub const LINE_BYTES_MAX: usize = 64 * 1024;

/// Longest wait that `wait-peers` accepts, in milliseconds: one day.
pub const WAIT_MS_MAX: u64 = 86_400_000;

/// A command as it stands on a line.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, TS)]
#[serde(tag = "cmd", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Command {
    /// What this peer is and does.
    Status {},
    /// The merged view of all games.
    ListGames {},
    /// The files of a game: of what is here, else of what a download would fetch.
    ListFiles {
        /// The game.
        #[ts(type = "string")]
        id: GameId,
    },
    /// Who takes part, and who is kept away.
    ListPeers {},
    /// Finds a peer without discovery.
    Connect {
        /// Where that peer accepts connections.
        #[ts(type = "string")]
        addr: ListenAddr,
    },
    /// Keeps a peer out.
    Expel {
        /// Who has to go.
        #[ts(type = "string")]
        peer_id: PeerId,
        /// For how long, in seconds.
        #[serde(default = "an_evening")]
        #[ts(optional, as = "Option<f64>")]
        for_s: u64,
    },
    /// Lets a peer in again.
    Readmit {
        /// Who may come back.
        #[ts(type = "string")]
        peer_id: PeerId,
    },
    /// Limits how fast transfers are: a number sets a limit, `null` lifts it, and what is not named stays.
    SetRateLimits {
        /// Of all that leaves.
        #[serde(default, deserialize_with = "limit_change")]
        #[ts(optional = nullable, as = "Option<f64>")]
        upload_bytes_per_s: LimitChange,
        /// Of what leaves for any one peer.
        #[serde(default, deserialize_with = "limit_change")]
        #[ts(optional = nullable, as = "Option<f64>")]
        upload_per_peer_bytes_per_s: LimitChange,
        /// Of all that comes.
        #[serde(default, deserialize_with = "limit_change")]
        #[ts(optional = nullable, as = "Option<f64>")]
        download_bytes_per_s: LimitChange,
        /// Of what comes from any one peer.
        #[serde(default, deserialize_with = "limit_change")]
        #[ts(optional = nullable, as = "Option<f64>")]
        download_per_peer_bytes_per_s: LimitChange,
    },
    /// Lets uploads yield to a game, or not.
    SetPlaying {
        /// Whether the user plays.
        playing: bool,
    },
    /// Has it tried again whether the games directory can be written to.
    CheckHealth {},
    /// Says something to everybody at the party.
    Say {
        /// What.
        text: String,
    },
    /// Uses another games directory for new games from here on; one of the further ones changes places with it.
    SetGameDir {
        /// The directory.
        path: PathBuf,
    },
    /// Uses these games directories beside the one where new games go, and no others.
    SetMoreGameDirs {
        /// The directories.
        paths: Vec<PathBuf>,
    },
    /// What a download would fetch.
    GetGame {
        /// The game.
        #[ts(type = "string")]
        id: GameId,
    },
    /// Downloads a game in the version that this party plays.
    Download {
        /// The game.
        #[ts(type = "string")]
        id: GameId,
        /// Whether it is installed, too.
        #[serde(default = "yes")]
        #[ts(optional, as = "Option<bool>")]
        install: bool,
        /// Whether the old version is deleted first, for a disk that cannot hold both.
        #[serde(default)]
        #[ts(optional, as = "Option<bool>")]
        give_up_old: bool,
    },
    /// The same for a game that is here in another version.
    Update {
        /// The game.
        #[ts(type = "string")]
        id: GameId,
        /// Whether it is installed, too.
        #[serde(default = "yes")]
        #[ts(optional, as = "Option<bool>")]
        install: bool,
        /// Whether the old version is deleted first, for a disk that cannot hold both.
        #[serde(default)]
        #[ts(optional, as = "Option<bool>")]
        give_up_old: bool,
    },
    /// Unpacks a downloaded game.
    Install {
        /// The game.
        #[ts(type = "string")]
        id: GameId,
    },
    /// Deletes what was unpacked, saves included.
    Uninstall {
        /// The game.
        #[ts(type = "string")]
        id: GameId,
    },
    /// Deletes a downloaded game that is not installed.
    Remove {
        /// The game.
        #[ts(type = "string")]
        id: GameId,
    },
    /// Reads every byte of a game again and fetches what is damaged.
    Verify {
        /// The game.
        #[ts(type = "string")]
        id: GameId,
    },
    /// Ends the operation that runs on a game.
    Cancel {
        /// The game.
        #[ts(type = "string")]
        id: GameId,
    },
    /// Starts a game that is unpacked.
    Play(ScriptStart),
    /// Starts the dedicated server of a game that is unpacked.
    StartServer(ScriptStart),
    /// Downloads a game when its turn comes; at once if nothing is before it.
    Queue {
        /// The game.
        #[ts(type = "string")]
        id: GameId,
        /// Whether it is installed, too.
        #[serde(default = "yes")]
        #[ts(optional, as = "Option<bool>")]
        install: bool,
        /// Whether the old version is deleted first, for a disk that cannot hold both.
        #[serde(default)]
        #[ts(optional, as = "Option<bool>")]
        give_up_old: bool,
    },
    /// Lets a download rest, running or not; what has come is kept.
    Pause {
        /// The game.
        #[ts(type = "string")]
        id: GameId,
    },
    /// Lets a download that rests take its turn again.
    Resume {
        /// The game.
        #[ts(type = "string")]
        id: GameId,
    },
    /// Gives a download another place among those that wait.
    Move {
        /// The game.
        #[ts(type = "string")]
        id: GameId,
        /// The game before which it is put; at the end if none is named.
        #[serde(default)]
        #[ts(optional, type = "string | null")]
        before: Option<GameId>,
    },
    /// Changes what is kept of the user's wishes; what is not named stays.
    ChangeSettings(SettingsChange),
    /// Waits until peers are connected and in sync.
    WaitPeers {
        /// How many.
        #[ts(type = "number")]
        count: usize,
        /// For how long at most, in milliseconds; at most [`WAIT_MS_MAX`].
        #[ts(type = "number")]
        timeout_ms: u64,
    },
    /// Ends the peer.
    Shutdown {},
}

/// A script of a game that is started, and what it is told.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct ScriptStart {
    /// The game.
    #[ts(type = "string")]
    pub id: GameId,
    /// What the player is called; this peer's name unless said.
    #[serde(default)]
    #[ts(optional = nullable)]
    pub player: Option<String>,
    /// The player's language; that of the settings unless said, and English without any.
    #[serde(default)]
    #[ts(optional = nullable)]
    pub language: Option<Language>,
}

/// Wishes of the user that change.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, TS)]
#[serde(deny_unknown_fields)]
#[ts(optional_fields = nullable)]
pub struct SettingsChange {
    /// What the player and this peer are called; empty for the machine's name. Others see it after the next start.
    #[serde(default)]
    pub name: Option<String>,
    /// The player's language.
    #[serde(default)]
    pub language: Option<Language>,
    /// The code of the party; empty for an open one. It holds after the next start.
    #[serde(default)]
    pub party_code: Option<String>,
    /// Whether the window's program starts with the system.
    #[serde(default)]
    pub start_with_system: Option<bool>,
    /// Whether games are shared on when the window is closed.
    #[serde(default)]
    pub keep_in_tray: Option<bool>,
    /// Whether whoever opens the page without its token may look and fetch games.
    #[serde(default)]
    pub guests: Option<bool>,
}

/// A language that games are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, TS)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// German.
    De,
    /// English.
    #[default]
    En,
    /// French.
    Fr,
}

impl Language {
    /// Its two letters.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::De => "de",
            Self::En => "en",
            Self::Fr => "fr",
        }
    }
}

const fn an_evening() -> u64 {
    EXPEL_TIME.as_secs()
}

/// A limit that is named: a rate, or `null` for none.
fn limit_change<'de, D: Deserializer<'de>>(value: D) -> Result<LimitChange, D::Error> {
    match Option::<u64>::deserialize(value)? {
        None => Ok(LimitChange::Lift),
        Some(bytes_per_s) => RateLimit::new(bytes_per_s)
            .map(LimitChange::To)
            .map_err(D::Error::custom),
    }
}

const fn yes() -> bool {
    true
}

/// A line that was understood, at least as far as its number.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// What the answer is numbered with: whatever the line had there, `null` if nothing.
    pub seq: Value,
    /// The command, or what is wrong with the line.
    pub command: Result<Command, CommandRefused>,
}

/// Reads one line.
#[must_use]
pub fn parse(line: &[u8]) -> Line {
    if line.len() > LINE_BYTES_MAX {
        let message = format!("a line of more than {LINE_BYTES_MAX} bytes is not read");
        return Line {
            seq: Value::Null,
            command: Err(bad_input(message)),
        };
    }
    let mut fields = match serde_json::from_slice(line) {
        Ok(Value::Object(fields)) => fields,
        Ok(_) => {
            let message = r#"a command is an object such as {"seq":1,"cmd":"status"}"#.to_owned();
            return Line {
                seq: Value::Null,
                command: Err(bad_input(message)),
            };
        }
        Err(error) => {
            let message = format!("the line is not JSON: {error}");
            return Line {
                seq: Value::Null,
                command: Err(bad_input(message)),
            };
        }
    };
    let seq = fields.remove("seq").unwrap_or(Value::Null);
    let command = serde_json::from_value(Value::Object(fields))
        .map_err(|error| bad_input(format!("the command was not understood: {error}")))
        .and_then(check);
    Line { seq, command }
}

fn check(command: Command) -> Result<Command, CommandRefused> {
    match &command {
        Command::WaitPeers { timeout_ms, .. } if *timeout_ms > WAIT_MS_MAX => Err(bad_input(
            format!("timeout_ms is at most {WAIT_MS_MAX}, a day"),
        )),
        _ => Ok(command),
    }
}

/// A refusal of a command that is wrong in itself.
#[must_use]
pub fn bad_input(message: String) -> CommandRefused {
    CommandRefused {
        kind: ErrorKind::BadInput,
        message,
    }
}

/// The answer to a command that was carried out or accepted.
#[must_use]
pub fn ok(seq: &Value, data: &Value) -> Value {
    json!({ "type": "result", "seq": seq, "ok": true, "data": data })
}

/// The answer to a command that was not.
#[must_use]
pub fn refused(seq: &Value, error: &CommandRefused) -> Value {
    json!({
        "type": "result",
        "seq": seq,
        "ok": false,
        "error": { "kind": error.kind.as_str(), "message": error.message },
    })
}

#[cfg(test)]
mod tests {
    use lanspread_core::rates::RATE_MIN_BYTES_PER_S;

    use super::*;

    fn command(line: &str) -> Command {
        parse(line.as_bytes()).command.expect("a valid command")
    }

    fn refusal(line: &[u8]) -> (Value, CommandRefused) {
        let line = parse(line);
        (line.seq, line.command.expect_err("an invalid command"))
    }

    #[test]
    fn every_command_of_the_documentation_is_understood() {
        let documentation = include_str!("../../../docs/JSONL.md");
        let mut lines = 0;
        for line in documentation
            .lines()
            .filter(|line| line.contains(r#""cmd":"#))
        {
            if line.starts_with('{') {
                assert!(parse(line.as_bytes()).command.is_ok(), "{line}");
                lines += 1;
            }
        }
        assert!(
            lines >= 15,
            "the documentation shows each command once, not {lines}"
        );
    }

    #[test]
    fn a_download_installs_unless_told_otherwise() {
        let id = GameId::parse("chess").expect("a valid id");
        assert_eq!(
            command(r#"{"seq":1,"cmd":"download","id":"chess"}"#),
            Command::Download {
                id: id.clone(),
                install: true,
                give_up_old: false
            }
        );
        assert_eq!(
            command(r#"{"seq":1,"cmd":"download","id":"chess","install":false}"#),
            Command::Download {
                id,
                install: false,
                give_up_old: false
            }
        );
    }

    #[test]
    fn a_game_and_its_server_are_started_with_the_same_fields() {
        let wanted = ScriptStart {
            id: GameId::parse("chess").expect("a valid id"),
            player: Some("Anna".to_owned()),
            language: None,
        };
        let line = |cmd: &str| {
            command(&format!(
                r#"{{"cmd":"{cmd}","id":"chess","player":"Anna"}}"#
            ))
        };
        assert_eq!(line("play"), Command::Play(wanted.clone()));
        assert_eq!(line("start-server"), Command::StartServer(wanted));
    }

    #[test]
    fn a_limit_is_set_lifted_or_left_and_one_below_the_least_is_refused_by_name() {
        let line = |upload: &str| {
            format!(
                r#"{{"cmd":"set-rate-limits","upload_bytes_per_s":{upload},"download_bytes_per_s":null}}"#
            )
        };
        assert_eq!(
            command(&line(&RATE_MIN_BYTES_PER_S.to_string())),
            Command::SetRateLimits {
                upload_bytes_per_s: LimitChange::To(
                    RateLimit::new(RATE_MIN_BYTES_PER_S).expect("the least")
                ),
                upload_per_peer_bytes_per_s: LimitChange::Keep,
                download_bytes_per_s: LimitChange::Lift,
                download_per_peer_bytes_per_s: LimitChange::Keep,
            }
        );
        for bad in [&(RATE_MIN_BYTES_PER_S - 1).to_string(), "0"] {
            let (_, error) = refusal(line(bad).as_bytes());
            assert!(error.message.contains("262144"), "{error}");
        }
        for bad in ["-1", "1.5", "\"5 MiB\"", "true"] {
            assert!(parse(line(bad).as_bytes()).command.is_err(), "{bad}");
        }
    }

    #[test]
    fn a_wrong_line_is_answered_under_its_number() {
        for line in [
            r#"{"seq":7,"cmd":"dance"}"#,
            r#"{"seq":7}"#,
            r#"{"seq":7,"cmd":"install"}"#,
            r#"{"seq":7,"cmd":"install","id":"../evil"}"#,
            r#"{"seq":7,"cmd":"install","id":"chess","instal":true}"#,
            r#"{"seq":7,"cmd":"play","id":"chess","playr":"Anna"}"#,
            r#"{"seq":7,"cmd":"change-settings","nam":"Anna"}"#,
            r#"{"seq":7,"cmd":"connect","addr":"0.0.0.0:0"}"#,
            r#"{"seq":7,"cmd":"wait-peers","count":-1,"timeout_ms":5}"#,
            r#"{"seq":7,"cmd":"status","extra":1}"#,
        ] {
            let (seq, error) = refusal(line.as_bytes());
            assert_eq!(seq, json!(7), "{line}");
            assert_eq!(error.kind, ErrorKind::BadInput, "{line}");
        }
    }

    /// Found by the fuzzer: 1.0040000000000003e-7 was answered as 1.0040000000000005e-7, because by
    /// default `serde_json` reads a fraction only nearly. Its feature `float_roundtrip` reads it exactly.
    #[test]
    fn a_number_comes_back_as_it_was() {
        for number in [
            "1.0040000000000003e-7",
            "0.1",
            "18446744073709551615",
            "-9223372036854775808",
        ] {
            let line = parse(format!(r#"{{"seq":{number},"cmd":"status"}}"#).as_bytes());
            assert_eq!(ok(&line.seq, &json!({}))["seq"].to_string(), number);
        }
    }

    #[test]
    fn what_is_no_object_is_answered_without_a_number() {
        for line in [
            &b"nonsense"[..],
            b"[]",
            b"\"status\"",
            b"{\"seq\":1",
            b"\xff\xfe",
            b"",
        ] {
            let (seq, error) = refusal(line);
            assert_eq!(seq, Value::Null);
            assert_eq!(error.kind, ErrorKind::BadInput);
        }
    }

    #[test]
    fn a_line_is_read_up_to_its_limit_and_not_past_it() {
        let mut line = br#"{"seq":1,"cmd":"status"}"#.to_vec();
        line.resize(LINE_BYTES_MAX, b' ');
        assert!(parse(&line).command.is_ok());
        line.push(b' ');
        assert!(refusal(&line).1.message.contains("bytes"));
    }

    #[test]
    fn a_wait_is_accepted_up_to_its_limit_and_not_past_it() {
        let line = |ms| format!(r#"{{"cmd":"wait-peers","count":1,"timeout_ms":{ms}}}"#);
        assert!(parse(line(WAIT_MS_MAX).as_bytes()).command.is_ok());
        assert!(parse(line(WAIT_MS_MAX + 1).as_bytes()).command.is_err());
    }
}
