//! What is a path and what is not, rule by rule, and the property that none escapes.

use std::path::{Component, Path};

use lanspread_db::{
    PATH_COMPONENT_BYTES_MAX, REL_PATH_BYTES_MAX, REL_PATH_DEPTH_MAX, RelPath, RelPathError,
};
use proptest::prelude::*;

#[test]
fn ordinary_names_are_paths() {
    let ordinary = [
        "version.ini",
        "game.eti",
        "data/maps/ctf1.map",
        "Ümläut/日本語/ß.txt",
        "a b/c d.txt",
        " leading space",
        ".hidden",
        "..leading dots",
        "a..b",
        "...a",
        "~",
        "CONSOLE",
        "COM",
        "COM10",
        "COM1x",
        "COMA",
        "LPT",
        "XCON",
        "con_",
        "foo.CON",
        "auxiliary/nullify",
        "COM⁴",
        "'quote' & [brackets] {braces} #%!$^+=,;@`",
    ];
    for text in ordinary {
        let path = RelPath::parse(text).unwrap_or_else(|error| panic!("{text:?}: {error}"));
        assert_eq!(path.as_str(), text);
        assert_eq!(path.to_string(), text);
    }
}

/// Asserts that each text is refused, and for the reason that `is_reason` looks for.
fn assert_refused(texts: &[&str], is_reason: fn(&RelPathError) -> bool) {
    for text in texts {
        match RelPath::parse(text) {
            Ok(path) => panic!("{text:?} was taken for the path {path}"),
            Err(error) => assert!(is_reason(&error), "{text:?} is refused, but: {error}"),
        }
    }
}

#[test]
fn nothing_is_not_a_path() {
    assert_refused(&[""], |error| matches!(error, RelPathError::Empty));
}

#[test]
fn absolute_paths_are_refused() {
    assert_refused(
        &["/", "/etc/passwd", "//server/share", "//?/C:/x"],
        |error| matches!(error, RelPathError::Absolute { .. }),
    );
}

#[test]
fn dots_that_move_are_refused() {
    let moving = [".", "..", "../x", "x/..", "x/../y", "./x", "x/./y", "x/."];
    assert_refused(&moving, |error| {
        matches!(error, RelPathError::DotComponent { .. })
    });
}

#[test]
fn empty_components_are_refused() {
    assert_refused(&["a//b", "a/", "a/b//"], |error| {
        matches!(error, RelPathError::EmptyComponent { .. })
    });
}

#[test]
fn characters_that_windows_refuses_are_refused() {
    let refused = [
        "C:/x",
        "C:x",
        "C:",
        "file.txt:stream",
        "file.txt::$DATA",
        ":",
        "a\\b",
        "\\",
        "\\\\server\\x",
        "..\\x",
        "C:\\x",
        "a<b",
        "a>b",
        "a\"b",
        "a|b",
        "a?b",
        "a*b",
        "a\0b",
        "\0",
        "a/b\0",
        "a\nb",
        "a\rb",
        "a\tb",
        "a\u{1}b",
        "a\u{1f}b",
        "a\u{7f}b",
        "a\u{80}b",
        "a\u{9f}b",
        "\u{1b}[2J",
    ];
    assert_refused(&refused, |error| {
        matches!(error, RelPathError::ForbiddenCharacter { .. })
    });
}

#[test]
fn endings_that_windows_drops_are_refused() {
    let dropped = [
        "a.", "a..", "a ", "a. ", "a .", "...", "....", " ", "  ", ". ", ".. ", "a./b", "a /b",
        "b/a. ", "CON.", "CON ",
    ];
    assert_refused(&dropped, |error| {
        matches!(error, RelPathError::TrailingDotOrSpace { .. })
    });
}

#[test]
fn windows_devices_are_refused_however_they_are_spelled() {
    let names = ["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$", "CLOCK$"].map(str::to_owned);
    let digits = [
        "0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "¹", "²", "³",
    ];
    let ports = digits
        .iter()
        .flat_map(|digit| [format!("COM{digit}"), format!("LPT{digit}")]);
    for name in names.into_iter().chain(ports) {
        let lower = name.to_lowercase();
        let mixed: String = name[..1].to_owned() + &lower[1..];
        let spellings = [
            name.clone(),
            lower.clone(),
            mixed,
            format!("{name}.txt"),
            format!("{lower}.tar.gz"),
            format!("{name} .txt"),
            format!("{name}  .x"),
            format!("{name}..x"),
            format!("data/{name}"),
            format!("{name}/data"),
            format!("a/{lower}.ini/b"),
        ];
        let spellings: Vec<&str> = spellings.iter().map(String::as_str).collect();
        assert_refused(&spellings, |error| {
            matches!(error, RelPathError::DeviceName { .. })
        });
    }
}

#[test]
fn a_component_at_the_limit_is_a_path_and_one_past_is_not() {
    let at_limit = "x".repeat(PATH_COMPONENT_BYTES_MAX);
    assert!(RelPath::parse(&at_limit).is_ok());
    assert!(RelPath::parse(&format!("a/{at_limit}/b")).is_ok());
    assert_refused(
        &[&format!("{at_limit}x"), &format!("a/{at_limit}x/b")],
        |error| matches!(error, RelPathError::ComponentTooLong { bytes: 256, .. }),
    );
}

#[test]
fn components_are_measured_in_bytes_and_not_in_characters() {
    let at_limit = "ä".repeat(127) + "x";
    assert_eq!(at_limit.len(), PATH_COMPONENT_BYTES_MAX);
    assert!(RelPath::parse(&at_limit).is_ok());
    assert!(RelPath::parse(&"ä".repeat(128)).is_err());
}

#[test]
fn a_path_at_the_length_limit_is_a_path_and_one_past_is_not() {
    let component = "x".repeat(PATH_COMPONENT_BYTES_MAX);
    let at_limit = [component.as_str(); 4].join("/") + "/";
    assert_eq!(at_limit.len(), REL_PATH_BYTES_MAX);
    let at_limit = format!(
        "a/{}",
        &at_limit[..REL_PATH_BYTES_MAX - 2].trim_end_matches('/')
    );
    assert_eq!(at_limit.len(), REL_PATH_BYTES_MAX);
    assert!(RelPath::parse(&at_limit).is_ok());
    assert_refused(&[&format!("a{at_limit}")], |error| {
        matches!(error, RelPathError::TooLong { bytes: 1025, .. })
    });
}

#[test]
fn a_path_at_the_depth_limit_is_a_path_and_one_past_is_not() {
    let at_limit = vec!["d"; REL_PATH_DEPTH_MAX].join("/");
    assert_eq!(
        RelPath::parse(&at_limit).unwrap().components().count(),
        REL_PATH_DEPTH_MAX
    );
    assert_refused(&[&format!("{at_limit}/d")], |error| {
        matches!(error, RelPathError::TooDeep { components: 33, .. })
    });
}

#[test]
fn a_path_knows_its_parts() {
    let path = RelPath::parse("data/maps/ctf1.map").unwrap();
    assert_eq!(
        path.components().collect::<Vec<_>>(),
        ["data", "maps", "ctf1.map"]
    );
    assert_eq!(path.file_name(), "ctf1.map");
    let parent = path.parent().unwrap();
    assert_eq!(parent.as_str(), "data/maps");
    assert_eq!(parent.parent().unwrap().parent(), None);
    assert_eq!(parent.join("ctf1.map").unwrap(), path);
    assert!(parent.join("../x").is_err());
    assert!(parent.join("/x").is_err());
}

#[test]
fn paths_that_some_system_takes_for_one_have_one_key() {
    let same = [
        ("README.txt", "readme.TXT"),
        ("Data/Map", "dATA/mAP"),
        ("\u{e9}.map", "e\u{301}.map"),
        ("\u{c9}.map", "e\u{301}.map"),
        ("ÄÖÜ", "äöü"),
        ("ΑΣ", "ας"),
        ("ας", "ασ"),
        ("Straße", "STRASSE"),
        ("\u{212a}elvin", "kelvin"),
        ("\u{17f}et", "SET"),
        ("ﬁx", "FIX"),
        ("\u{1e69}", "s\u{307}\u{323}"),
    ];
    for (one, other) in same {
        let key = |text| RelPath::parse(text).unwrap().fold_key();
        assert_eq!(key(one), key(other), "{one:?} and {other:?}");
    }
}

#[test]
fn paths_that_every_system_tells_apart_have_two_keys() {
    for (one, other) in [
        ("a", "b"),
        ("a/b", "a.b"),
        ("e", "é"),
        ("a b", "ab"),
        ("о", "o"),
    ] {
        let key = |text| RelPath::parse(text).unwrap().fold_key();
        assert_ne!(key(one), key(other), "{one:?} and {other:?}");
    }
}

#[test]
fn a_path_travels_as_a_string_and_is_checked_on_arrival() {
    let path = RelPath::parse("data/ä.map").unwrap();
    let json = serde_json::to_string(&path).unwrap();
    assert_eq!(json, "\"data/ä.map\"");
    assert_eq!(serde_json::from_str::<RelPath>(&json).unwrap(), path);
    for hostile in [
        "\"../x\"",
        "\"/x\"",
        "\"a\\u0000\"",
        "\"\"",
        "7",
        "null",
        "[\"a\"]",
    ] {
        assert!(
            serde_json::from_str::<RelPath>(hostile).is_err(),
            "{hostile}"
        );
    }
}

#[test]
fn a_message_about_a_hostile_path_is_short_and_holds_no_control_character() {
    let hostile = "\u{1b}]0;x\u{7}".repeat(100);
    let message = RelPath::parse(&hostile).unwrap_err().to_string();
    assert!(message.len() < 1200, "{} bytes", message.len());
    assert!(!message.contains(char::is_control), "{message:?}");
}

/// Texts made of what paths are attacked with, and of anything at all.
fn hostile_text() -> impl Strategy<Value = String> {
    let token = prop::sample::select(vec![
        "..",
        ".",
        "/",
        "/",
        "/",
        "\\",
        "C:",
        "CON",
        "nul",
        "COM1",
        "LPT²",
        ".txt",
        " ",
        ":",
        "a",
        "é",
        "e\u{301}",
        "\0",
        "\n",
        "~",
        "$",
        "ﬀ",
        "Σ",
        "\u{202e}",
        "\u{2024}\u{2024}",
    ]);
    prop_oneof![
        prop::collection::vec(token, 0..12).prop_map(|tokens| tokens.concat()),
        any::<String>(),
        "[a-zA-Z0-9./ ]{0,40}",
    ]
}

proptest! {
    #[test]
    fn no_path_ever_escapes(text in hostile_text()) {
        let Ok(path) = RelPath::parse(&text) else { return Ok(()) };
        prop_assert_eq!(path.as_str(), text.as_str());
        let below = Path::new(path.as_str());
        prop_assert!(below.components().all(|part| matches!(part, Component::Normal(_))));
        prop_assert_eq!(below.components().count(), path.components().count());
        prop_assert!(Path::new("/games/root").join(below).starts_with("/games/root"));
        prop_assert!(!text.contains(['\\', ':', '\0']));
        for name in path.components() {
            prop_assert!(!name.is_empty() && name != "." && name != "..");
            prop_assert!(!name.ends_with(['.', ' ']));
            prop_assert!(name.len() <= PATH_COMPONENT_BYTES_MAX);
        }
    }

    #[test]
    fn what_is_built_from_a_path_is_a_path(text in hostile_text()) {
        let Ok(path) = RelPath::parse(&text) else { return Ok(()) };
        if let Some(parent) = path.parent() {
            prop_assert_eq!(&RelPath::parse(parent.as_str()).unwrap(), &parent);
            prop_assert_eq!(&parent.join(path.file_name()).unwrap(), &path);
        }
        prop_assert_eq!(path.fold_key().split('/').count(), path.components().count());
    }

    #[test]
    fn case_and_normalisation_never_change_the_key(name in "[a-zA-Z0-9äÖüßéÑåØσςΣИжЯçǅﬃ_-]{1,20}") {
        use unicode_normalization::UnicodeNormalization as _;
        let key = |text: &str| RelPath::parse(text).map(|path| path.fold_key());
        prop_assume!(key(&name).is_ok());
        prop_assert_eq!(key(&name), key(&name.to_uppercase()));
        prop_assert_eq!(key(&name), key(&name.to_lowercase()));
        prop_assert_eq!(key(&name), key(&name.nfd().collect::<String>()));
        prop_assert_eq!(key(&name), key(&name.nfc().collect::<String>()));
    }
}
