//! Every file that Lanspread writes for itself, and the ways in which a file can be broken.
//!
//! The invariant: this list and the table in `docs/STATE.md` are the same, and tests hold the
//! program to it: a file that is not listed here is a failure wherever one appears.

/// One kind of file that Lanspread writes for itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StateFile {
    /// Its path in the state directory or in a game root; `<…>` stands for what differs.
    pub path: &'static str,
    /// What it holds.
    pub holds: &'static str,
    /// How it says which format it has.
    pub format: Format,
    /// What becomes of it when it is missing, cut short or garbage.
    pub when_broken: &'static str,
}

/// How a file says which format it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// It does not: its form is as simple as its name says, or is somebody else's.
    Unversioned(&'static str),
    /// JSON with a number `format`.
    Json(u32),
    /// Bytes that begin with these letters, of which the last counts the formats.
    Magic(&'static str),
}

/// The files in the state directory.
pub const STATE_DIR_FILES: [StateFile; 31] = [
    StateFile {
        path: "window.json",
        holds: "where the window was, and how large",
        format: Format::Unversioned("JSON"),
        when_broken: "the window comes in its usual size",
    },
    StateFile {
        path: "settings.json",
        holds: "the user's name, language, games folders, party code and switches",
        format: Format::Json(1),
        when_broken: "kept as `settings.json.damaged`; the settings begin anew, and a notice says that",
    },
    StateFile {
        path: "settings.json.damaged",
        holds: "the last settings that could not be used",
        format: Format::Unversioned("anything"),
        when_broken: "never read again",
    },
    StateFile {
        path: "queue.json",
        holds: "downloads that wait or rest",
        format: Format::Json(1),
        when_broken: "kept as `queue.json.damaged`; nothing waits any more, and a notice says that",
    },
    StateFile {
        path: "queue.json.damaged",
        holds: "the last queue that could not be used",
        format: Format::Unversioned("anything"),
        when_broken: "never read again",
    },
    StateFile {
        path: "first-seen.json",
        holds: "when each game was first seen here, for the order \"recently added\"",
        format: Format::Json(1),
        when_broken: "every game counts as seen for the first time at that moment",
    },
    StateFile {
        path: "logs/lanspread.jsonl",
        holds: "the end of the program's log, one JSON object to a line",
        format: Format::Unversioned("JSON lines"),
        when_broken: "a line that cannot be read is left out",
    },
    StateFile {
        path: "logs/lanspread.old.jsonl",
        holds: "what stood in the log before it was full",
        format: Format::Unversioned("JSON lines"),
        when_broken: "a line that cannot be read is left out",
    },
    StateFile {
        path: "logs/unpack.jsonl",
        holds: "which archives were unpacked last, one JSON object to a line",
        format: Format::Unversioned("JSON lines"),
        when_broken: "a line that cannot be read is left out",
    },
    StateFile {
        path: "logs/unpack.old.jsonl",
        holds: "what stood in that log before it was full",
        format: Format::Unversioned("JSON lines"),
        when_broken: "a line that cannot be read is left out",
    },
    StateFile {
        path: "covers/<archive>/<picture>",
        holds: "a picture of a game out of `assets.eti` beside the catalog; the folder is named by the \
                archive's size and time",
        format: Format::Unversioned("JPEG or PNG"),
        when_broken: "the game is shown without it; without the folder they are unpacked again",
    },
    StateFile {
        path: "logs/games.jsonl",
        holds: "which scripts of games ran last, one JSON object to a line",
        format: Format::Unversioned("JSON lines"),
        when_broken: "a line that cannot be read is left out",
    },
    StateFile {
        path: "logs/games.old.jsonl",
        holds: "what stood in that log before it was full",
        format: Format::Unversioned("JSON lines"),
        when_broken: "a line that cannot be read is left out",
    },
    StateFile {
        path: "played/<id>",
        holds: "which install of a game was started already",
        format: Format::Unversioned("text"),
        when_broken: "the game's setup runs once more before its next start",
    },
    StateFile {
        path: "logs/<id>.<script>.log",
        holds: "what a script of a game wrote when it ran last",
        format: Format::Unversioned("text"),
        when_broken: "never read but to tell the last lines of a script that failed",
    },
    StateFile {
        path: "logs/<id>.<script>.told",
        holds: "what the server of a game tells of its end, while a terminal shows it",
        format: Format::Unversioned("text"),
        when_broken: "the server is shown as running until its window is closed",
    },
    StateFile {
        path: "running/<id>.<script>.json",
        holds: "a script of a game that runs: its process, by number and beginning",
        format: Format::Json(1),
        when_broken: "removed; the game counts as one that does not run",
    },
    StateFile {
        path: "identity.key",
        holds: "the private key that is this peer's identity",
        format: Format::Unversioned("PEM, PKCS #8"),
        when_broken: "kept as `identity.key.aside-<n>`; the peer starts with a new identity and \
                      says so in a notice. If the system does not let it be read, the peer does \
                      not start and says why",
    },
    StateFile {
        path: "identity.cert",
        holds: "the certificate that carries the public key",
        format: Format::Unversioned("PEM, X.509"),
        when_broken: "made again from the key",
    },
    StateFile {
        path: "identity.key.aside-<n>",
        holds: "a key that could not be used",
        format: Format::Unversioned("anything"),
        when_broken: "never read again; put it back as `identity.key` to be the old peer, or \
                      delete it",
    },
    StateFile {
        path: "identity.cert.aside-<n>",
        holds: "the certificate of a key that was lost",
        format: Format::Unversioned("anything"),
        when_broken: "never read again",
    },
    StateFile {
        path: "expelled.json",
        holds: "who is expelled from here, and for how long",
        format: Format::Json(1),
        when_broken: "kept as `expelled.json.damaged`; nobody is expelled from here until somebody \
                      says so again, and a notice says that",
    },
    StateFile {
        path: "expelled.json.damaged",
        holds: "the last list of expelled peers that could not be used",
        format: Format::Unversioned("anything"),
        when_broken: "never read again",
    },
    StateFile {
        path: "rates.json",
        holds: "how fast transfers may be",
        format: Format::Json(1),
        when_broken: "kept as `rates.json.damaged`; nothing is limited until somebody says so again, \
                      and a notice says that",
    },
    StateFile {
        path: "rates.json.damaged",
        holds: "the last limits that could not be used",
        format: Format::Unversioned("anything"),
        when_broken: "never read again",
    },
    StateFile {
        path: "lock",
        holds: "nothing; locked while a peer runs",
        format: Format::Unversioned("empty"),
        when_broken: "its content does not matter",
    },
    StateFile {
        path: "manifests/<hash>",
        holds: "a manifest of a download, named by its hash",
        format: Format::Magic("LSM1"),
        when_broken: "counts as missing; written again by the next download",
    },
    StateFile {
        path: "libraries/<key>/where.txt",
        holds: "the path of the game directory that the rest belongs to",
        format: Format::Unversioned("text"),
        when_broken: "written again",
    },
    StateFile {
        path: "libraries/<key>/index/<id>",
        holds: "sizes, times and hashes of a game's files",
        format: Format::Magic("LSI1"),
        when_broken: "made again: the game is hashed anew",
    },
    StateFile {
        path: "libraries/<key>/owned/<id>",
        holds: "which manifest was downloaded last",
        format: Format::Unversioned("64 hexadecimal digits"),
        when_broken: "counts as missing: the game counts as put there by hand",
    },
    StateFile {
        path: "libraries/<key>/installs/<id>.<version>.json",
        holds: "what an install unpacked",
        format: Format::Json(1),
        when_broken: "counts as missing: every file of the install counts as the player's",
    },
];

/// The files in a game root, apart from the game's own.
pub const GAME_ROOT_FILES: [StateFile; 9] = [
    StateFile {
        path: ".lanspread.json",
        holds: "the intent log: there only in the middle of an operation",
        format: Format::Json(1),
        when_broken: "removed with a notice, and what lies there is judged by the markers; one of \
                      a newer format stops operations on this game, with a message",
    },
    StateFile {
        path: ".lanspread.download/.lanspread_owned",
        holds: "the marker: proves that the directory is ours",
        format: Format::Unversioned("text"),
        when_broken: "that it is there is the proof; without it the directory is not touched",
    },
    StateFile {
        path: ".local.installing/.lanspread_owned",
        holds: "the marker, with the version that is unpacked",
        format: Format::Unversioned("text"),
        when_broken: "that it is there is the proof; without it the directory is not touched",
    },
    StateFile {
        path: ".local.backup/.lanspread_owned",
        holds: "the marker",
        format: Format::Unversioned("text"),
        when_broken: "that it is there is the proof; without it the directory is not touched",
    },
    StateFile {
        path: "local/.lanspread_owned",
        holds: "the marker, with the version that was unpacked",
        format: Format::Unversioned("text"),
        when_broken: "the game counts as installed in an unknown version",
    },
    StateFile {
        path: ".lanspread.download/manifest",
        holds: "the manifest that gathers",
        format: Format::Magic("LSM1"),
        when_broken: "the staging place is deleted, and the download begins anew",
    },
    StateFile {
        path: ".lanspread.download/verified",
        holds: "which chunks are stored, a bit for each",
        format: Format::Unversioned("bits"),
        when_broken: "what it names is hashed again; what it does not name is fetched again",
    },
    StateFile {
        path: ".lanspread.download/install",
        holds: "nothing; there if the game is to be installed after the download",
        format: Format::Unversioned("empty"),
        when_broken: "its content does not matter",
    },
    StateFile {
        path: "version.ini",
        holds: "the sentinel: the version of the game, as its maker wrote it",
        format: Format::Unversioned("text"),
        when_broken: "the game is not shared, and the list of games says why",
    },
];

/// The file of the state directory at a path in it, `/` between names.
#[must_use]
pub fn in_state_dir(path: &str) -> Option<&'static StateFile> {
    STATE_DIR_FILES.iter().find(|file| fits(file.path, path))
}

/// The file of Lanspread's own at a path in a game root; the sentinel is the game's.
#[must_use]
pub fn in_game_root(path: &str) -> Option<&'static StateFile> {
    GAME_ROOT_FILES
        .iter()
        .find(|file| file.path != "version.ini" && fits(file.path, path))
}

/// Whether a path is one that a pattern describes.
fn fits(pattern: &str, path: &str) -> bool {
    let Some((before, rest)) = pattern.split_once('<') else {
        return pattern == path;
    };
    let after = rest.split_once('>').map_or("", |(_, after)| after);
    let Some(found) = path.strip_prefix(before) else {
        return false;
    };
    let name_end = found.find('/').unwrap_or(found.len());
    (1..=name_end)
        .filter(|end| found.is_char_boundary(*end))
        .any(|end| fits(after, &found[end..]))
}

/// Content that a file should not have, and how it came about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    /// In words, after the file's name.
    pub how: String,
    /// What the file holds.
    pub bytes: Vec<u8>,
}

/// At how many lengths a long file is cut.
const LENGTHS_MAX: usize = 12;

/// The ways in which a file with this content can be broken: cut short, overwritten, of another
/// format.
#[must_use]
pub fn broken(sound: &[u8], format: Format) -> Vec<Broken> {
    let step = sound.len().div_ceil(LENGTHS_MAX).max(1);
    let lengths = (0..sound.len()).step_by(step);
    let mut all: Vec<Broken> = lengths
        .chain(sound.len().checked_sub(1))
        .map(|length| Broken {
            how: format!("cut to {length} bytes"),
            bytes: sound[..length].to_vec(),
        })
        .collect();
    let mut add = |how: &str, bytes: Vec<u8>| {
        let how = how.to_owned();
        all.push(Broken { how, bytes });
    };
    add("of zeros", vec![0; sound.len()]);
    add("of garbage", sound.iter().map(|byte| !byte).collect());
    add("of text", b"nobody knows what this is\n".to_vec());
    add("with more behind", [sound, sound].concat());
    let mut flipped = sound.to_vec();
    if let Some(byte) = flipped.get_mut(sound.len() / 2) {
        *byte ^= 1;
    }
    add("with one bit changed", flipped);
    for (age, older) in [("an older", true), ("a newer", false)] {
        if let Some(bytes) = of_format(sound, format, older) {
            add(&format!("of {age} format"), bytes);
        }
    }
    all
}

/// The content as a Lanspread of another time would have marked it.
fn of_format(sound: &[u8], format: Format, older: bool) -> Option<Vec<u8>> {
    match format {
        Format::Unversioned(_) => None,
        Format::Json(number) => {
            let other = if older {
                number.checked_sub(1)?
            } else {
                number + 1
            };
            let text = std::str::from_utf8(sound).ok()?;
            let of = |number: u32| format!("\"format\":{number}");
            Some(text.replace(&of(number), &of(other)).into_bytes())
        }
        Format::Magic(magic) => {
            let mut bytes = sound.to_vec();
            let last = bytes.get_mut(magic.len() - 1)?;
            *last = if older { *last - 1 } else { *last + 1 };
            Some(bytes)
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;

    const BEGIN: &str = "<!-- The tables below are printed from the list that the tests use. -->\n";

    fn table(files: &[StateFile]) -> String {
        let mut text =
            "| file | holds | format | broken or missing |\n|---|---|---|---|\n".to_owned();
        for file in files {
            let format = match file.format {
                Format::Unversioned(form) => form.to_owned(),
                Format::Json(number) => format!("JSON, `format` {number}"),
                Format::Magic(magic) => format!("begins with `{magic}`"),
            };
            let StateFile {
                path,
                holds,
                when_broken,
                ..
            } = file;
            // Writing to a String does not fail.
            let _ = writeln!(text, "| `{path}` | {holds} | {format} | {when_broken} |");
        }
        text
    }

    #[test]
    fn the_documentation_lists_every_file() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/STATE.md");
        let page = std::fs::read_to_string(path).expect("docs/STATE.md is there");
        let (before, printed) = page.split_once(BEGIN).expect("the page has the tables");
        let expected = format!(
            "\n## In the state directory\n\n{}\n## In a game root\n\n{}",
            table(&STATE_DIR_FILES),
            table(&GAME_ROOT_FILES)
        );
        if std::env::var_os("UPDATE_DOCS").is_some() {
            std::fs::write(path, format!("{before}{BEGIN}{expected}")).expect("writable");
            return;
        }
        assert_eq!(printed, expected, "run this test with UPDATE_DOCS=1");
    }

    #[test]
    fn a_pattern_fits_what_it_describes_and_nothing_else() {
        for path in [
            "identity.key",
            "identity.key.aside-12",
            "libraries/0af/installs/q.2.json",
        ] {
            assert!(in_state_dir(path).is_some(), "{path}");
        }
        for path in [
            "identity",
            "identity.key.tmp",
            "libraries/0af/installs/a/q.2.json",
            "manifests/",
        ] {
            assert!(in_state_dir(path).is_none(), "{path}");
        }
    }

    #[test]
    fn other_formats_differ_in_their_number_alone() {
        let json = broken(br#"{"format":1,"x":2}"#, Format::Json(1));
        let newer = json.iter().find(|broken| broken.how == "of a newer format");
        assert_eq!(newer.expect("there").bytes, br#"{"format":2,"x":2}"#);
        let magic = broken(b"LSI1rest", Format::Magic("LSI1"));
        let older = magic
            .iter()
            .find(|broken| broken.how == "of an older format");
        assert_eq!(older.expect("there").bytes, b"LSI0rest");
    }
}
