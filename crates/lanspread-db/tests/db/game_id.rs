//! What is a game id and what is not.

use lanspread_db::{GAME_ID_BYTES_MAX, GameId, GameIdError};

#[test]
fn names_of_game_directories_are_ids() {
    for text in [
        "teeworlds",
        "0ad",
        "1942",
        "Quake III Arena",
        "cs-1.6",
        "spiel_ä",
        "local",
    ] {
        assert_eq!(GameId::parse(text).unwrap().as_str(), text);
    }
}

#[test]
fn what_is_no_directory_name_is_no_id() {
    let hostile = [
        "../evil",
        "..",
        ".",
        "/etc",
        "a/b",
        "a\\b",
        "C:",
        "C:evil",
        "a\0b",
        "a\nb",
        "CON",
        "nul.txt",
        "COM¹",
        "a.",
        "a ",
        " ",
        "a:b",
        "a*",
        "\u{1b}[31m",
    ];
    for text in hostile {
        assert!(GameId::parse(text).is_err(), "{text:?}");
    }
}

#[test]
fn an_id_is_refused_for_a_reason_that_is_said() {
    type IsReason = fn(&GameIdError) -> bool;
    let cases: [(&str, IsReason); 7] = [
        ("", |error| matches!(error, GameIdError::Empty)),
        (".git", |error| {
            matches!(error, GameIdError::LeadingDot { .. })
        }),
        ("a/b", |error| {
            matches!(error, GameIdError::Separator { .. })
        }),
        ("e\u{301}", |error| {
            matches!(error, GameIdError::NotNormalised { .. })
        }),
        ("a\u{202e}b", |error| {
            matches!(error, GameIdError::Invisible { .. })
        }),
        ("a\u{200b}", |error| {
            matches!(error, GameIdError::Invisible { .. })
        }),
        ("NUL", |error| matches!(error, GameIdError::Name(_))),
    ];
    for (text, is_reason) in cases {
        let error = GameId::parse(text).unwrap_err();
        assert!(is_reason(&error), "{text:?}: {error}");
    }
}

#[test]
fn an_id_at_the_limit_is_one_and_one_past_is_not() {
    let at_limit = "x".repeat(GAME_ID_BYTES_MAX);
    assert!(GameId::parse(&at_limit).is_ok());
    let error = GameId::parse(&format!("{at_limit}x")).unwrap_err();
    assert!(matches!(error, GameIdError::TooLong { bytes: 65, .. }));
}

#[test]
fn an_id_travels_as_a_string_and_is_checked_on_arrival() {
    let id = GameId::parse("teeworlds").unwrap();
    assert_eq!(serde_json::to_string(&id).unwrap(), "\"teeworlds\"");
    assert_eq!(serde_json::from_str::<GameId>("\"teeworlds\"").unwrap(), id);
    assert!(serde_json::from_str::<GameId>("\"../evil\"").is_err());
    assert!(serde_json::from_str::<GameId>("7").is_err());
}

#[test]
fn ids_that_share_a_directory_somewhere_have_one_key() {
    let key = |text| GameId::parse(text).unwrap().fold_key();
    assert_eq!(key("CS"), key("cs"));
    assert_ne!(key("cs"), key("css"));
}
