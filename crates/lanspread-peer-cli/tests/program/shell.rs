//! The command line itself: help, completions, mistakes, pipes.

use std::process::Stdio;

use crate::scene::{Ran, Scene, lanspread};

const SHELLS: [&str; 5] = ["bash", "elvish", "fish", "powershell", "zsh"];

#[test]
fn every_shell_gets_completions_that_know_the_subcommands() {
    for shell in SHELLS {
        let script = Ran::of(&mut lanspread(&["completions", shell]))
            .succeeded()
            .out;
        for word in ["serve", "verify", "games-dir", "completions"] {
            assert!(script.contains(word), "{shell} lacks {word}");
        }
    }
}

#[test]
fn a_mistake_on_the_command_line_ends_with_two_and_says_what_is_possible() {
    for words in [
        &["dance"][..],
        &["get"],
        &["get", "../evil"],
        &["get", "chess", "--wait", "soon"],
        &["serve", "--listen", "localhost"],
        &["serve", "--connect", "0.0.0.0:0"],
        &["completions", "tcsh"],
        &[],
    ] {
        let ran = Ran::of(&mut lanspread(words));
        assert_eq!(ran.code, Some(2), "{words:?}: {ran:?}");
        assert!(
            ran.err.contains("Usage:") || ran.err.contains("--help"),
            "{words:?}: {ran:?}"
        );
    }
}

#[test]
fn help_has_examples_and_the_version_is_told() {
    let help = Ran::of(&mut lanspread(&["--help"])).succeeded().out;
    assert!(
        help.contains("Examples:") && help.contains("lanspread get openarena"),
        "{help}"
    );
    let version = Ran::of(&mut lanspread(&["--version"])).succeeded().out;
    assert_eq!(
        version.trim(),
        format!("lanspread {}", env!("CARGO_PKG_VERSION"))
    );
}

#[cfg(unix)]
#[test]
fn a_reader_that_has_seen_enough_is_no_error() {
    let scene = Scene::new();
    let mut child = lanspread(&["completions", "bash"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .current_dir(scene.path(""))
        .spawn()
        .expect("it starts");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("it ends");
    assert!(output.status.success(), "{output:?}");
    assert!(output.stderr.is_empty(), "{output:?}");
}
