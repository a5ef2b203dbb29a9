//! Catalogs on the command line: made, shown, used.

use lanspread_testbed::peer::Mark;

use crate::scene::{Ran, Scene, lanspread};

fn build(scene: &Scene) -> std::path::PathBuf {
    let file = scene.path("game.db");
    let mut command = lanspread(&["catalog", "build"]);
    command.arg(scene.games("alpha")).arg("-o").arg(&file);
    let built = Ran::of(&mut command).succeeded().out;
    assert!(built.contains("2 games"), "{built}");
    assert!(built.contains("left out: not-a-game: "), "{built}");
    file
}

fn library(scene: &Scene) {
    scene.place("alpha", "catalog-one");
    scene.place("alpha", "catalog-two");
    std::fs::create_dir(scene.games("alpha").join("not-a-game")).expect("writable");
}

#[test]
fn a_catalog_is_built_and_shown_with_what_is_wrong_in_it() {
    let scene = Scene::new();
    library(&scene);
    let file = build(&scene);
    let connection = rusqlite::Connection::open(&file).expect("a database");
    connection
        .execute(
            "INSERT INTO games(game_id, game_title) VALUES('../evil', 'Evil')",
            [],
        )
        .expect("writable");
    drop(connection);
    let shown = Ran::of(lanspread(&["catalog", "show"]).arg(&file))
        .succeeded()
        .out;
    assert!(
        shown
            .lines()
            .next()
            .is_some_and(|titles| titles.starts_with("ID ")),
        "{shown}"
    );
    assert!(
        shown.contains("catalog-one") && shown.contains("20240101"),
        "{shown}"
    );
    assert!(shown.contains("1 row not used:"), "{shown}");
    assert!(shown.contains("../evil"), "{shown}");
}

#[test]
fn a_catalog_that_cannot_be_used_is_an_error() {
    let scene = Scene::new();
    let file = scene.path("broken.db");
    let said = Ran::of(lanspread(&["catalog", "show"]).arg(&file)).failed();
    assert!(said.contains("broken.db"), "{said}");
    std::fs::write(&file, "no database").expect("writable");
    let said = Ran::of(lanspread(&["catalog", "show"]).arg(&file)).failed();
    assert!(said.contains("lanspread catalog build"), "{said}");
    let empty = scene.path("empty");
    std::fs::create_dir(&empty).expect("writable");
    let said = Ran::of(lanspread(&["catalog", "build"]).arg(&empty)).failed();
    assert!(said.contains("version.ini"), "{said}");
}

#[test]
fn a_catalog_beside_the_games_is_used_and_that_is_said_with_its_bad_rows() {
    let scene = Scene::new();
    library(&scene);
    let file = build(&scene);
    let connection = rusqlite::Connection::open(&file).expect("a database");
    connection
        .execute(
            "UPDATE games SET game_id = '../evil' WHERE game_id = 'catalog-two'",
            [],
        )
        .expect("writable");
    drop(connection);
    std::fs::copy(&file, scene.games("alpha").join("game.db")).expect("writable");
    let peer = scene.jsonl("alpha").spawn().expect("it starts");
    let status = peer.ask("status").expect("answered");
    assert_eq!(status["mode"], "catalog");
    assert!(
        status["catalog"]
            .as_str()
            .is_some_and(|path| path.ends_with("game.db"))
    );
    let notices: Vec<String> = peer
        .events_since(Mark::START)
        .into_iter()
        .filter(|event| event["event"] == "notice")
        .map(|event| event["message"].as_str().unwrap_or_default().to_owned())
        .collect();
    assert!(
        notices
            .iter()
            .any(|notice| notice.contains("lies beside the games")),
        "{notices:?}"
    );
    assert!(
        notices.iter().any(|notice| notice.contains("../evil")),
        "{notices:?}"
    );
    let refused = peer
        .ask_about("download", "catalog-three")
        .expect_err("not listed");
    assert_eq!(refused.refusal_kind(), Some("not-in-catalog"), "{refused}");
    let list = scene.run("alpha", &["list"]).succeeded().out;
    assert!(list.contains("the party of the catalog"), "{list}");
    peer.shutdown().expect("it ends");

    let said = scene
        .run("alpha", &["get", "catalog-three", "--wait", "600"])
        .failed();
    assert!(
        said.contains("not in the catalog"),
        "without waiting: {said}"
    );
}

#[test]
fn pins_are_made_shown_renewed_and_removed() {
    let scene = Scene::new();
    library(&scene);
    let file = build(&scene);
    let pin = |words: &[&str]| {
        let mut command = lanspread(&["catalog", "pin"]);
        command.arg("--games-dir").arg(scene.games("alpha"));
        Ran::of(command.arg(&file).args(words))
    };
    let both = pin(&[]).succeeded().out;
    assert_eq!(both.matches("new").count(), 2, "{both}");
    assert!(both.contains("pins 2 versions"), "{both}");
    let shown = Ran::of(lanspread(&["catalog", "show"]).arg(&file))
        .succeeded()
        .out;
    let pinned: Vec<&str> = both
        .lines()
        .filter(|line| line.starts_with("catalog-"))
        .filter_map(|line| line.split_whitespace().nth(2))
        .collect();
    assert_eq!(pinned.len(), 2, "{both}");
    assert!(pinned.iter().all(|pin| shown.contains(pin)), "{shown}");

    let same = pin(&[]).succeeded().out;
    assert!(same.contains("nothing changed"), "{same}");
    let data = scene.games("alpha").join("catalog-one/data/pak0.bin");
    std::fs::write(data, "other files").expect("writable");
    let renewed = pin(&["catalog-one"]).succeeded().out;
    assert!(renewed.contains("other files, was "), "{renewed}");
    assert!(!renewed.contains("catalog-two"), "{renewed}");

    let unlisted = pin(&["catalog-three"]).failed();
    assert!(unlisted.contains("does not list it"), "{unlisted}");
    std::fs::remove_dir_all(scene.games("alpha").join("catalog-two")).expect("writable");
    let gone = pin(&["catalog-two"]).failed();
    assert!(gone.contains("--games-dir"), "{gone}");
    let rest = pin(&[]).succeeded().out;
    assert!(rest.contains("1 game of the catalog not in"), "{rest}");

    let removed = pin(&["catalog-two", "--remove"]).succeeded().out;
    assert!(removed.contains("removed, was "), "{removed}");
    assert!(removed.contains("pins 1 version;"), "{removed}");
    let all = pin(&["--remove"]).succeeded().out;
    assert!(all.contains("pins 0 versions"), "{all}");
}

#[test]
fn hostile_pins_are_named_and_the_rest_is_kept() {
    let scene = Scene::new();
    library(&scene);
    let file = build(&scene);
    let mut command = lanspread(&["catalog", "pin"]);
    command.arg("--games-dir").arg(scene.games("alpha"));
    Ran::of(command.arg(&file)).succeeded();
    let connection = rusqlite::Connection::open(&file).expect("a database");
    let evil = "INSERT INTO lanspread_pins VALUES('../evil', '20240101', 'ff')";
    connection.execute(evil, []).expect("writable");
    drop(connection);
    let shown = Ran::of(lanspread(&["catalog", "show"]).arg(&file))
        .succeeded()
        .out;
    assert!(shown.contains("1 row not used:"), "{shown}");
    assert!(shown.contains("pin 3 (\"../evil\")"), "{shown}");
    let mut command = lanspread(&["catalog", "pin", "--remove"]);
    let removed = Ran::of(command.arg(&file).arg("catalog-one"))
        .succeeded()
        .out;
    assert!(removed.contains("pins 1 version;"), "{removed}");
    assert!(removed.contains("../evil"), "{removed}");
}

#[test]
fn a_catalog_names_the_organiser_and_a_peer_with_it_follows_unless_told_otherwise() {
    let scene = Scene::new();
    library(&scene);
    let file = build(&scene);
    let (named, told) = ("a".repeat(64), "b".repeat(64));
    let mut command = lanspread(&["catalog", "organiser"]);
    let said = Ran::of(command.arg(&file).arg(&named)).succeeded().out;
    assert!(said.contains(&named), "{said}");
    let shown = Ran::of(lanspread(&["catalog", "show"]).arg(&file)).succeeded();
    assert!(shown.out.contains(&named), "{}", shown.out);
    let organiser = |peer: &str, arguments: &[&str]| {
        let builder = scene.jsonl(peer).catalog(&file);
        let builder = arguments
            .iter()
            .fold(builder, |builder, argument| builder.argument(argument));
        let peer = builder.spawn().expect("it starts");
        peer.ask("status").expect("answered")["organiser"].clone()
    };
    assert_eq!(organiser("bravo", &[]), named.as_str());
    assert_eq!(organiser("charlie", &["--organiser", &told]), told.as_str());
    let mut command = lanspread(&["catalog", "organiser", "--remove"]);
    Ran::of(command.arg(&file)).succeeded();
    assert!(organiser("delta", &[]).is_null());
}
