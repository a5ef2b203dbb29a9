//! Rows of a catalog, from the ordinary to the hostile: what is used, what is rejected, and
//! that the one never costs the other.

use lanspread_db::{
    CATALOG_LINE_BYTES_MAX, CATALOG_TEXT_BYTES_MAX, Catalog, CatalogMode, GAME_ID_BYTES_MAX, Game,
    Localized, MaxPlayers, RowRejectionReason,
    catalog::{CATALOG_GENRES_MAX, CATALOG_ROWS_MAX},
};
use rusqlite::params;

use crate::fixtures::{CatalogFile, game_id, version};

/// A catalog of one good game and of rows made by `sql`.
fn beside_a_good_row(sql: &str) -> CatalogFile {
    CatalogFile::with(&format!(
        "INSERT INTO games(db_id, game_id, game_title, game_version)
             VALUES (1, 'good', 'Good Game', '20160922');{sql}"
    ))
}

/// Asserts that the good game stands alone and that row 2 is rejected.
fn rejected(file: &CatalogFile) -> RowRejectionReason {
    let (catalog, rejections) = file.open();
    let ids: Vec<&str> = catalog
        .games()
        .ids()
        .map(lanspread_db::GameId::as_str)
        .collect();
    assert_eq!(ids, ["good"]);
    assert_eq!(rejections.len(), 1, "{rejections:?}");
    assert_eq!(rejections[0].row, 2);
    rejections[0].reason.clone()
}

#[test]
fn a_complete_row_is_read_completely() {
    let file = CatalogFile::with(
        "INSERT INTO genre VALUES (4, 'Rennspiel', 'Racing', 'Course');
         INSERT INTO games VALUES ('extremetuxracer', 17, 'Extreme Tux Racer', 'no key', '2007',
             'The ETR team', 0.042, 'Zeile eins<br>Zeile zwei', 'Line one<BR/>line two', NULL,
             '2 (+ 6 CPU)', 0, 4, '20220101');",
    );
    let (catalog, rejections) = file.open();
    assert_eq!(rejections, []);
    assert_eq!(catalog.mode(), CatalogMode::Catalog);
    let id = game_id("extremetuxracer");
    let expected = Game {
        id: id.clone(),
        title: "Extreme Tux Racer".to_owned(),
        version: Some(version("20220101")),
        size_bytes: Some(42_000_000),
        publisher: Some("The ETR team".to_owned()),
        release: Some("2007".to_owned()),
        genre: Localized {
            de: Some("Rennspiel".to_owned()),
            en: Some("Racing".to_owned()),
            fr: Some("Course".to_owned()),
        },
        max_players: Some(MaxPlayers {
            text: "2 (+ 6 CPU)".to_owned(),
            count: Some(2),
        }),
        descriptions: Localized {
            de: Some("Zeile eins\nZeile zwei".to_owned()),
            en: Some("Line one\nline two".to_owned()),
            fr: None,
        },
    };
    assert_eq!(catalog.get(&id), Some(&expected));
    assert_eq!(catalog.expected_version(&id), Some(version("20220101")));
    assert_eq!(catalog.title(&id), Some("Extreme Tux Racer"));
    assert!(catalog.contains(&id) && catalog.admits(&id));
    let other = game_id("teeworlds");
    assert!(!catalog.contains(&other) && !catalog.admits(&other));
    assert_eq!(
        (catalog.expected_version(&other), catalog.title(&other)),
        (None, None)
    );
}

#[test]
fn an_open_party_lists_nothing_and_admits_everything() {
    let catalog = Catalog::open_party();
    let id = game_id("teeworlds");
    assert_eq!(catalog.mode(), CatalogMode::Open);
    assert!(catalog.games().is_empty() && !catalog.contains(&id) && catalog.admits(&id));
    assert_eq!(catalog.expected_version(&id), None);
}

#[test]
fn a_row_of_nothing_but_an_id_is_a_game() {
    let file = CatalogFile::with("INSERT INTO games(game_id) VALUES ('teeworlds');");
    let (catalog, rejections) = file.open();
    assert_eq!(rejections, []);
    let id = game_id("teeworlds");
    assert_eq!(catalog.get(&id), Some(&Game::new(id.clone())));
    assert_eq!(catalog.title(&id), Some("teeworlds"));
}

#[test]
fn a_hostile_id_costs_its_row_only() {
    let long = "x".repeat(GAME_ID_BYTES_MAX + 1);
    let hostile = [
        "../evil",
        "..",
        "",
        ".git",
        "/etc/passwd",
        "a/b",
        "C:\\Windows",
        "CON",
        "com¹.txt",
        "a.",
        "a ",
        "a:b",
        "e\u{301}",
        "\u{1b}[31mred",
        "a\u{202e}b",
        &long,
    ];
    for id in hostile {
        let file = beside_a_good_row("");
        file.connection()
            .execute("INSERT INTO games(db_id, game_id) VALUES (2, ?1)", [id])
            .unwrap();
        let reason = rejected(&file);
        assert!(
            matches!(reason, RowRejectionReason::InvalidId { .. }),
            "{id:?}: {reason}"
        );
    }
}

#[test]
fn an_id_at_the_limit_is_used() {
    let file = CatalogFile::with("");
    let id = "x".repeat(GAME_ID_BYTES_MAX);
    file.connection()
        .execute("INSERT INTO games(game_id) VALUES (?1)", [&id])
        .unwrap();
    assert!(file.open().0.contains(&game_id(&id)));
}

#[test]
fn an_id_that_is_no_text_costs_its_row_only() {
    let reason = rejected(&beside_a_good_row("INSERT INTO games(db_id) VALUES (2);"));
    assert_eq!(reason, RowRejectionReason::NoId);
    let blob = "INSERT INTO games(db_id, game_id) VALUES (2, x'636f6f6c');";
    let reason = rejected(&beside_a_good_row(blob));
    assert_eq!(
        reason,
        RowRejectionReason::IdType {
            found: "BLOB".to_owned()
        }
    );
    let not_utf8 = "INSERT INTO games(db_id, game_id) VALUES (2, CAST(x'61ff62' AS TEXT));";
    let reason = rejected(&beside_a_good_row(not_utf8));
    assert!(
        matches!(reason, RowRejectionReason::InvalidId { .. }),
        "{reason}"
    );
    let nul = "INSERT INTO games(db_id, game_id) VALUES (2, CAST(x'610062' AS TEXT));";
    let reason = rejected(&beside_a_good_row(nul));
    assert!(
        matches!(reason, RowRejectionReason::InvalidId { .. }),
        "{reason}"
    );
}

#[test]
fn an_id_of_digits_is_used_also_from_a_column_of_numbers() {
    let file = CatalogFile::of_sql(
        "CREATE TABLE games(game_id NUMERIC, db_id INTEGER PRIMARY KEY);
         INSERT INTO games VALUES ('1942', 1);",
    );
    assert!(file.open().0.contains(&game_id("1942")));
}

#[test]
fn the_first_of_two_rows_with_one_id_is_used() {
    let twin = "INSERT INTO games(db_id, game_id, game_title) VALUES (2, 'good', 'Impostor');";
    let reason = rejected(&beside_a_good_row(twin));
    assert_eq!(
        reason,
        RowRejectionReason::DuplicateId {
            earlier: "good".to_owned()
        }
    );
    let shares_a_directory_on_windows =
        "INSERT INTO games(db_id, game_id, game_title) VALUES (2, 'GOOD', 'Impostor');";
    let reason = rejected(&beside_a_good_row(shares_a_directory_on_windows));
    assert_eq!(
        reason,
        RowRejectionReason::DuplicateId {
            earlier: "good".to_owned()
        }
    );
}

#[test]
fn a_rejected_row_does_not_block_its_id_for_a_later_one() {
    let file = CatalogFile::with(
        "INSERT INTO games(db_id, game_id, game_version) VALUES (1, 'a', 'beta');
         INSERT INTO games(db_id, game_id, game_version) VALUES (2, 'a', '20160922');",
    );
    let (catalog, rejections) = file.open();
    assert_eq!(
        catalog.expected_version(&game_id("a")),
        Some(version("20160922"))
    );
    assert_eq!(rejections.len(), 1);
}

#[test]
fn a_version_that_is_none_costs_its_row_only() {
    for stamp in ["beta", "1.0", "2016-09-22", "201609221"] {
        let sql = format!(
            "INSERT INTO games(db_id, game_id, game_version) VALUES (2, 'bad', '{stamp}');"
        );
        let reason = rejected(&beside_a_good_row(&sql));
        assert!(
            matches!(reason, RowRejectionReason::InvalidVersion { .. }),
            "{stamp}: {reason}"
        );
    }
}

#[test]
fn a_version_that_is_absent_is_no_reason_to_reject() {
    for value in ["NULL", "''", "'  '"] {
        let file = CatalogFile::with(&format!(
            "INSERT INTO games(game_id, game_version) VALUES ('a', {value});"
        ));
        let (catalog, rejections) = file.open();
        assert_eq!(rejections, []);
        assert!(catalog.contains(&game_id("a")));
        assert_eq!(catalog.expected_version(&game_id("a")), None);
    }
}

#[test]
fn a_version_in_a_column_of_numbers_is_read() {
    let file = CatalogFile::of_sql(
        "CREATE TABLE games(game_id TEXT, game_version INTEGER);
         INSERT INTO games VALUES ('a', 20160922), ('b', ' 20160922 ');",
    );
    let (catalog, _) = file.open();
    assert_eq!(
        catalog.expected_version(&game_id("a")),
        Some(version("20160922"))
    );
    assert_eq!(
        catalog.expected_version(&game_id("b")),
        Some(version("20160922"))
    );
}

#[test]
fn cells_of_the_wrong_type_cost_their_cell_only() {
    let file = CatalogFile::with(
        "INSERT INTO genre VALUES (1, NULL, 7, x'ff');
         INSERT INTO games VALUES ('a', 1, 1942, NULL, 2007, x'41', 'big', 1.5, x'ff', NULL,
             8, 'yes', '1', '20160922');
         INSERT INTO games VALUES ('b', 2, '', NULL, NULL, NULL, -1, NULL, NULL, NULL,
             'many', NULL, 99, '20160922');
         INSERT INTO games VALUES ('c', 3, NULL, NULL, NULL, NULL, '1,5', NULL, NULL, NULL,
             NULL, NULL, 'fun', '20160922');
         INSERT INTO games VALUES ('d', 4, NULL, NULL, NULL, NULL, 9e999, NULL, NULL, NULL,
             x'', NULL, 1.5, '20160922');",
    );
    let (catalog, rejections) = file.open();
    assert_eq!(rejections, []);
    let game = |id| catalog.get(&game_id(id)).unwrap();

    let a = game("a");
    assert_eq!(
        (a.title.as_str(), a.publisher.as_deref()),
        ("1942", Some("A"))
    );
    assert_eq!((a.release.as_deref(), a.size_bytes), (Some("2007"), None));
    assert_eq!(a.descriptions.de.as_deref(), Some("1.5"));
    assert_eq!(a.genre.en.as_deref(), Some("7"));
    assert_eq!(a.max_players.as_ref().unwrap().count, Some(8));

    let b = game("b");
    assert_eq!((b.title.as_str(), b.size_bytes), ("b", None));
    assert_eq!(
        b.max_players,
        Some(MaxPlayers {
            text: "many".to_owned(),
            count: None
        })
    );
    assert!(b.genre.is_empty());

    assert_eq!(game("c").size_bytes, Some(1_500_000_000));
    assert_eq!(
        (game("d").size_bytes, &game("d").max_players),
        (None, &None)
    );
}

#[test]
fn a_line_at_the_limit_is_used_and_one_past_costs_its_row_only() {
    for column in [
        "game_title",
        "game_publisher",
        "game_release",
        "game_maxplayers",
    ] {
        let file = beside_a_good_row("");
        let sql = format!("INSERT INTO games(db_id, game_id, {column}) VALUES (?1, ?2, ?3)");
        let text = "x".repeat(CATALOG_LINE_BYTES_MAX + 1);
        file.connection()
            .execute(&sql, params![2, "past", text])
            .unwrap();
        let expected = RowRejectionReason::TextTooLong {
            column: column.to_owned(),
            bytes: CATALOG_LINE_BYTES_MAX + 1,
            bytes_max: CATALOG_LINE_BYTES_MAX,
        };
        assert_eq!(rejected(&file), expected);
        file.connection()
            .execute(&sql, params![3, "at", &text[1..]])
            .unwrap();
        assert!(file.open().0.contains(&game_id("at")));
    }
}

#[test]
fn a_description_at_the_limit_is_used_and_one_past_costs_its_row_only() {
    for column in ["game_readme_de", "game_readme_en", "game_readme_fr"] {
        let file = beside_a_good_row("");
        let sql = format!("INSERT INTO games(db_id, game_id, {column}) VALUES (?1, ?2, ?3)");
        let text = "x".repeat(CATALOG_TEXT_BYTES_MAX + 1);
        file.connection()
            .execute(&sql, params![2, "past", text])
            .unwrap();
        let reason = rejected(&file);
        assert!(
            matches!(reason, RowRejectionReason::TextTooLong { .. }),
            "{reason}"
        );
        file.connection()
            .execute(&sql, params![3, "at", &text[1..]])
            .unwrap();
        assert!(file.open().0.contains(&game_id("at")));
    }
}

#[test]
fn a_huge_text_costs_its_row_only() {
    let huge = "INSERT INTO games(db_id, game_id, game_readme_en)
                    VALUES (2, 'huge', CAST(zeroblob(20000000) AS TEXT));
                INSERT INTO games(db_id, game_id)
                    VALUES (3, CAST(zeroblob(20000000) AS TEXT));";
    let (catalog, rejections) = beside_a_good_row(huge).open();
    assert_eq!(catalog.games().len(), 1);
    assert_eq!(rejections.len(), 2);
    assert!(
        rejections
            .iter()
            .all(|rejection| rejection.to_string().len() < 2000)
    );
}

#[test]
fn as_many_rows_as_allowed_are_read_and_one_more_is_reported() {
    let file = CatalogFile::with(&format!(
        "WITH RECURSIVE number(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number
             WHERE n < {CATALOG_ROWS_MAX})
         INSERT INTO games(db_id, game_id) SELECT n, 'game' || n FROM number;"
    ));
    let (catalog, rejections) = file.open();
    assert_eq!(
        (catalog.games().len(), rejections.len()),
        (CATALOG_ROWS_MAX, 0)
    );

    let more = "INSERT INTO games(game_id) VALUES ('one more'), ('and another');";
    file.connection().execute_batch(more).unwrap();
    let (catalog, rejections) = file.open();
    assert_eq!(catalog.games().len(), CATALOG_ROWS_MAX);
    assert_eq!(rejections.len(), 1);
    assert_eq!(rejections[0].reason, RowRejectionReason::TooManyRows);
    assert_eq!(rejections[0].game_id, "one more");
}

#[test]
fn control_characters_never_reach_a_terminal() {
    let file = CatalogFile::with("");
    let evil = "A\u{1b}]0;owned\u{7}B\u{0}C\u{202e}D\r\nE";
    file.connection()
        .execute(
            "INSERT INTO games(game_id, game_title, game_publisher, game_readme_de)
                 VALUES ('a', ?1, ?1, ?1)",
            [evil],
        )
        .unwrap();
    let (catalog, _) = file.open();
    let game = catalog.get(&game_id("a")).unwrap();
    assert_eq!(game.title, "A]0;ownedBCD E");
    assert_eq!(game.publisher.as_deref(), Some("A]0;ownedBCD E"));
    assert_eq!(game.descriptions.de.as_deref(), Some("A]0;ownedBCD\nE"));
}

#[test]
fn a_rejection_names_the_row_the_id_and_the_reason() {
    let file = beside_a_good_row("INSERT INTO games(db_id, game_id) VALUES (42, '../evil');");
    let (_, rejections) = file.open();
    let message = rejections[0].to_string();
    assert!(
        message.starts_with("row 42 (\"../evil\"): game id \"../evil\" holds a `/`"),
        "{message}"
    );
    let json = serde_json::to_value(&rejections[0]).unwrap();
    assert_eq!(json["row"], 42);
    assert_eq!(json["game_id"], "../evil");
    assert_eq!(json["reason"]["kind"], "invalid-id");
    let back: lanspread_db::RowRejection = serde_json::from_value(json).unwrap();
    assert_eq!(back, rejections[0]);
}

#[test]
fn games_travel_and_are_checked_on_arrival() {
    let file = beside_a_good_row("");
    let (catalog, _) = file.open();
    let json = serde_json::to_string(catalog.games()).unwrap();
    assert_eq!(
        json,
        r#"[{"id":"good","title":"Good Game","version":"20160922"}]"#
    );
    let back: lanspread_db::GameDB = serde_json::from_str(&json).unwrap();
    assert_eq!(&back, catalog.games());
    let hostile = r#"[{"id":"../evil","title":"x"}]"#;
    assert!(serde_json::from_str::<lanspread_db::GameDB>(hostile).is_err());
}

#[test]
fn genres_are_read_up_to_the_limit_and_not_past_it() {
    let file = CatalogFile::with(&format!(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n
             WHERE i < {CATALOG_GENRES_MAX} + 1)
         INSERT INTO genre SELECT i, NULL, printf('genre %d', i), NULL FROM n;
         INSERT INTO games(game_id, genre_id)
             VALUES ('last', {CATALOG_GENRES_MAX}), ('past', {CATALOG_GENRES_MAX} + 1);"
    ));
    let (catalog, rejections) = file.open();
    assert_eq!(rejections, []);
    let genre = |id| catalog.get(&game_id(id)).unwrap().genre.en.clone();
    assert_eq!(genre("last"), Some(format!("genre {CATALOG_GENRES_MAX}")));
    assert_eq!(genre("past"), None);
}
