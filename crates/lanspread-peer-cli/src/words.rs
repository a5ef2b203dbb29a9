//! Numbers and states as people read them.
//!
//! Invariant: whatever came from another machine is made harmless before it reaches a terminal: no
//! control character and no change of the writing direction passes [`printable`].

use std::time::Duration;

use indicatif::HumanBytes;

use crate::answers::{Game, Operation, Progress};

/// A number of bytes, such as `44.12 MiB`.
pub(crate) fn size(bytes: u64) -> String {
    HumanBytes(bytes).to_string()
}

/// A rate, such as `11.20 MiB/s`.
pub(crate) fn rate(bytes_per_s: u64) -> String {
    format!("{}/s", HumanBytes(bytes_per_s))
}

/// A time, such as `3 min 20 s`; two units at most.
pub(crate) fn time(time: Duration) -> String {
    let seconds = time.as_secs();
    match seconds {
        0 => format!("{:.1} s", time.as_secs_f64()),
        1..60 => format!("{seconds} s"),
        60..3600 => format!("{} min {} s", seconds / 60, seconds % 60),
        3600.. => format!("{} h {} min", seconds / 3600, seconds / 60 % 60),
    }
}

/// A number and its noun, such as `1 peer` or `3 peers`.
pub(crate) fn count(number: usize, noun: &str) -> String {
    let ending = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{ending}")
}

/// Text of others without what could lead a terminal or a reader astray.
pub(crate) fn printable(text: &str) -> String {
    text.chars()
        .map(|c| if is_harmless(c) { c } else { '\u{fffd}' })
        .collect()
}

fn is_harmless(c: char) -> bool {
    // The second group turns the writing direction, which can make a name look like another.
    !c.is_control()
        && !matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// The first digits of an id or a hash, enough to tell one from another by eye.
pub(crate) fn short(id: &str) -> &str {
    id.get(..8).unwrap_or(id)
}

/// How things stand with a game.
pub(crate) fn state(game: &Game, running: Option<&Operation>) -> String {
    if let Some(operation) = running {
        return at_work(operation);
    }
    let others = count(game.peers, "peer");
    let mut state = match (game.downloaded, game.installed) {
        (true, installed) if !is_current(game) => {
            let expected = game.expected_version.as_deref().unwrap_or_default();
            let what = if installed { "playable" } else { "downloaded" };
            if game.peers > 0 {
                format!("update available ({expected} on {others})")
            } else {
                format!("{what}, but not version {expected} of this party")
            }
        }
        (true, true) => "ready to play".to_owned(),
        (true, false) => "downloaded".to_owned(),
        (false, true) => "playable, cannot be shared".to_owned(),
        (false, false) if game.peers > 0 => format!("on others ({others})"),
        (false, false) if !game.refused().is_empty() => format!(
            "nobody here has the files that are pinned by the catalog; {}",
            other_files(&game.refused())
        ),
        (false, false) => "nobody here has it".to_owned(),
    };
    if let Some(problem) = &game.problem {
        state = format!("{state}; {}", printable(problem));
    }
    state
}

/// Who offers other files than those that are pinned.
pub(crate) fn other_files(names: &[&str]) -> String {
    let offer = if names.len() == 1 { "offers" } else { "offer" };
    format!("{} {offer} other files", listed(names))
}

/// Names in a sentence, such as `alpha, bravo and charlie`.
pub(crate) fn listed(names: &[&str]) -> String {
    let names: Vec<String> = names.iter().map(|name| printable(name)).collect();
    match names.as_slice() {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// Whether what is here is what this party plays.
pub(crate) fn is_current(game: &Game) -> bool {
    game.expected_version.is_none() || game.version == game.expected_version
}

/// A running operation in two or three words.
pub(crate) fn at_work(operation: &Operation) -> String {
    let doing = doing(&operation.kind);
    match operation.progress.as_ref().and_then(Progress::percent) {
        Some(percent) => format!("{doing}, {percent} %"),
        None => doing.to_owned(),
    }
}

/// What a kind of operation is doing.
pub(crate) fn doing(kind: &str) -> &str {
    match kind {
        "download" => "downloading",
        "install" => "installing",
        "uninstall" => "uninstalling",
        "remove" => "removing",
        "verify" => "verifying",
        "recover" => "completing what was interrupted",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn game(fields: &serde_json::Value) -> Game {
        let mut game = json!({
            "id": "chess", "title": "Chess", "version": null, "expected_version": "20240101",
            "size": 1, "downloaded": false, "installed": false, "peers": 0, "problem": null,
        });
        for (key, value) in fields.as_object().expect("an object") {
            game[key] = value.clone();
        }
        serde_json::from_value(game).expect("a game")
    }

    #[test]
    fn every_state_of_a_game_has_its_words() {
        let here = json!({ "downloaded": true, "version": "20240101" });
        let with = |more: serde_json::Value| {
            let mut fields = here.clone();
            for (key, value) in more.as_object().expect("an object") {
                fields[key] = value.clone();
            }
            fields
        };
        let table = [
            (json!({}), "nobody here has it"),
            (json!({ "peers": 3 }), "on others (3 peers)"),
            (json!({ "installed": true }), "playable, cannot be shared"),
            (here.clone(), "downloaded"),
            (
                with(json!({ "installed": true, "peers": 2 })),
                "ready to play",
            ),
            (
                with(json!({ "version": "20230101", "peers": 1 })),
                "update available (20240101 on 1 peer)",
            ),
            (
                with(json!({ "version": "20230101", "installed": true })),
                "playable, but not version 20240101 of this party",
            ),
            (
                json!({ "offers": [
                    { "version": "20240101", "manifest": "00", "size": 1,
                      "standing": "not-pinned", "peers": [{ "name": "mallory" }] },
                ]}),
                "nobody here has the files that are pinned by the catalog; mallory offers other files",
            ),
            (
                with(json!({ "problem": "no version.ini" })),
                "downloaded; no version.ini",
            ),
        ];
        for (fields, words) in table {
            assert_eq!(state(&game(&fields), None), words, "{fields}");
        }
    }

    #[test]
    fn what_runs_is_shown_before_what_is() {
        let running = |progress: serde_json::Value| {
            serde_json::from_value(
                json!({ "id": "chess", "kind": "download", "progress": progress }),
            )
            .expect("an operation")
        };
        assert_eq!(
            state(&game(&json!({})), Some(&running(json!(null)))),
            "downloading"
        );
        let progress = json!({ "phase": "checking", "done_bytes": 1, "total_bytes": 3 });
        assert_eq!(
            state(&game(&json!({})), Some(&running(progress))),
            "downloading, 33 %"
        );
    }

    #[test]
    fn times_have_two_units_at_most() {
        for (ms, words) in [
            (0, "0.0 s"),
            (940, "0.9 s"),
            (1_000, "1 s"),
            (59_999, "59 s"),
            (60_000, "1 min 0 s"),
            (3_599_000, "59 min 59 s"),
            (7_260_000, "2 h 1 min"),
        ] {
            assert_eq!(time(Duration::from_millis(ms)), words);
        }
    }

    #[test]
    fn a_name_cannot_drive_the_terminal() {
        assert_eq!(
            printable("evil\u{1b}[2J\u{202e}name\n"),
            "evil\u{fffd}[2J\u{fffd}name\u{fffd}"
        );
        assert_eq!(printable("Grüße 東京"), "Grüße 東京");
    }

    #[test]
    fn one_is_not_many() {
        assert_eq!(
            [count(0, "peer"), count(1, "peer"), count(2, "peer")],
            ["0 peers", "1 peer", "2 peers"]
        );
    }
}
