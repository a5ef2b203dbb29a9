//! A command as the front end says it: the name of one of our commands, and fields beside it.
//!
//! Invariant: it passes the parser of the JSON interface, so that the window refuses what a line would be
//! refused for, and the name alone says which command it is: a `cmd` among the fields is refused.

use lanspread_jsonl::{Command, bad_input};
use lanspread_peer::CommandRefused;
use serde_json::{Map, Value};
use tauri::{
    Runtime,
    ipc::{CommandArg, CommandItem, InvokeBody, InvokeError},
};

use crate::refused::Refused;

/// Our names, and what each is called in `docs/JSONL.md`.
const NAMES: [(&str, &str); 24] = [
    ("cancel_game", "cancel"),
    ("change_settings", "change-settings"),
    ("check_health", "check-health"),
    ("connect_peer", "connect"),
    ("download_game", "download"),
    ("expel_peer", "expel"),
    ("get_game", "get-game"),
    ("install_game", "install"),
    ("move_game", "move"),
    ("pause_game", "pause"),
    ("play_game", "play"),
    ("queue_game", "queue"),
    ("readmit_peer", "readmit"),
    ("remove_game", "remove"),
    ("resume_game", "resume"),
    ("say_to_party", "say"),
    ("set_playing", "set-playing"),
    ("set_rate_limits", "set-rate-limits"),
    ("start_server", "start-server"),
    ("uninstall_game", "uninstall"),
    ("update_game", "update"),
    ("update_game_directory", "set-game-dir"),
    ("update_more_game_directories", "set-more-game-dirs"),
    ("verify_game", "verify"),
];

/// What the front end said.
#[derive(Debug)]
pub(crate) struct Said(pub(crate) Command);

impl<'de, R: Runtime> CommandArg<'de, R> for Said {
    fn from_command(item: CommandItem<'de, R>) -> Result<Self, InvokeError> {
        let understood = match item.message.payload() {
            InvokeBody::Json(Value::Object(fields)) => understand(item.name, fields),
            InvokeBody::Json(_) | InvokeBody::Raw(_) => {
                Err(bad_input("a command's fields are an object".to_owned()))
            }
        };
        understood
            .map(Self)
            .map_err(|refused| InvokeError::from(Refused::from(refused)))
    }
}

fn understand(name: &str, fields: &Map<String, Value>) -> Result<Command, CommandRefused> {
    let known = NAMES.iter().find(|(known, _)| *known == name);
    let Some((_, cmd)) = known else {
        return Err(bad_input(format!("{name} is no command")));
    };
    if fields.contains_key("cmd") {
        return Err(bad_input(format!("{name} is named by its name alone")));
    }
    let mut line = fields.clone();
    line.insert("cmd".to_owned(), Value::from(*cmd));
    lanspread_jsonl::parse(Value::Object(line).to_string().as_bytes()).command
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn said(name: &str, fields: &Value) -> Result<Command, CommandRefused> {
        understand(name, fields.as_object().expect("an object"))
    }

    /// What a line can ask for and a window cannot: it is sent the state unasked, asks for files by a command that
    /// answers with them, and ends with its program.
    const NOT_IN_THE_WINDOW: [&str; 6] = [
        "list-files",
        "list-games",
        "list-peers",
        "shutdown",
        "status",
        "wait-peers",
    ];

    #[test]
    fn every_command_of_the_documentation_has_a_name_in_the_window() {
        let documentation = include_str!("../../../../docs/JSONL.md");
        let lines = documentation
            .lines()
            .filter(|line| line.starts_with('{') && line.contains(r#""cmd":"#));
        for line in lines {
            let mut fields: Map<String, Value> = serde_json::from_str(line).expect("a line");
            fields.remove("seq");
            let cmd = fields.remove("cmd").expect("a command");
            let named = NAMES.iter().find(|(_, known)| cmd == *known);
            match named {
                Some((name, _)) => assert!(understand(name, &fields).is_ok(), "{line}"),
                None => assert!(
                    NOT_IN_THE_WINDOW.iter().any(|known| cmd == *known),
                    "{line}"
                ),
            }
        }
    }

    #[test]
    fn each_name_means_a_command_that_the_parser_knows() {
        for (name, _) in NAMES {
            let refused = said(name, &json!({ "no-such-field": 1 })).expect_err("a wrong field");
            assert!(!refused.message.contains("unknown variant"), "{refused}");
        }
    }

    #[test]
    fn what_a_line_would_be_refused_for_is_refused_here() {
        assert!(said("install_game", &json!({ "id": "chess" })).is_ok());
        for (name, fields) in [
            ("install_game", json!({ "id": "../evil" })),
            ("install_game", json!({})),
            ("install_game", json!({ "id": "chess", "cmd": "remove" })),
            ("install_game", json!({ "id": "chess", "more": 1 })),
            ("shutdown", json!({})),
            ("set_rate_limits", json!({ "upload_bytes_per_s": 1 })),
        ] {
            assert!(said(name, &fields).is_err(), "{name} {fields}");
        }
    }

    #[test]
    fn a_limit_that_is_not_named_stays_and_null_lifts_it() {
        let lifted = said("set_rate_limits", &json!({ "upload_bytes_per_s": null }));
        let kept = said("set_rate_limits", &json!({}));
        assert_ne!(lifted.expect("understood"), kept.expect("understood"));
    }
}
