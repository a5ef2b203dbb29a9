//! Dependencies run one way, and the core's lead to nothing that does input or output.
//!
//! The invariant: an edge between two crates of the workspace that is not in [`ALLOWED`] is a
//! violation, so a new crate or arrow is a decision somebody makes here.

use eyre::Result;
use serde_json::Value;

use super::Violation;
use crate::workspace;

/// Which crates of the workspace each crate may stand on.
const ALLOWED: [(&str, &[&str]); 19] = [
    ("lanspread-db", &[]),
    ("lanspread-proto", &["lanspread-db"]),
    ("lanspread-core", &["lanspread-db", "lanspread-proto"]),
    (
        "lanspread-jsonl",
        &["lanspread-db", "lanspread-proto", "lanspread-core"],
    ),
    ("lanspread-mdns", &[]),
    ("lanspread-packets", &[]),
    ("lanspread-unpack", &[]),
    (
        "lanspread-disk",
        &["lanspread-db", "lanspread-core", "lanspread-unpack"],
    ),
    (
        "lanspread-peer",
        &[
            "lanspread-db",
            "lanspread-proto",
            "lanspread-core",
            "lanspread-disk",
            "lanspread-mdns",
            "lanspread-packets",
            "lanspread-unpack",
        ],
    ),
    (
        "lanspread-app",
        &[
            "lanspread-db",
            "lanspread-jsonl",
            "lanspread-peer",
            "lanspread-unpack",
        ],
    ),
    (
        "lanspread-control",
        &[
            "lanspread-app",
            "lanspread-db",
            "lanspread-jsonl",
            "lanspread-peer",
        ],
    ),
    (
        "lanspread-web",
        &[
            "lanspread-app",
            "lanspread-db",
            "lanspread-jsonl",
            "lanspread-peer",
        ],
    ),
    (
        "lanspread-peer-cli",
        &[
            "lanspread-app",
            "lanspread-control",
            "lanspread-db",
            "lanspread-proto",
            "lanspread-peer",
            "lanspread-web",
        ],
    ),
    (
        "lanspread-tauri-deno-ts",
        &[
            "lanspread-app",
            "lanspread-control",
            "lanspread-db",
            "lanspread-jsonl",
            "lanspread-peer",
            "lanspread-web",
        ],
    ),
    (
        "lanspread-sim",
        &[
            "lanspread-db",
            "lanspread-proto",
            "lanspread-core",
            "lanspread-disk",
            "lanspread-unpack",
        ],
    ),
    (
        "lanspread-fuzz",
        &[
            "lanspread-core",
            "lanspread-db",
            "lanspread-disk",
            "lanspread-jsonl",
            "lanspread-mdns",
            "lanspread-proto",
            "lanspread-sim",
            "lanspread-unpack",
        ],
    ),
    ("lanspread-bare", &["lanspread-packets"]),
    ("lanspread-testbed", &[]),
    ("xtask", &["lanspread-testbed"]),
];

/// The crates that tests may use wherever they are.
const TEST_CRATES: [&str; 2] = ["lanspread-fuzz", "lanspread-testbed"];

/// The crate that decides everything and does nothing.
const PURE_CRATE: &str = "lanspread-core";

/// Crates that read a clock, talk, or draw random numbers.
const IMPURE_CRATES: [&str; 12] = [
    "async-std",
    "chrono",
    "fastrand",
    "futures-executor",
    "getrandom",
    "mio",
    "quinn",
    "rand",
    "s2n-quic",
    "smol",
    "socket2",
    "tokio",
];

/// Checks every edge of the workspace and everything below the core.
pub(super) fn check() -> Result<Vec<Violation>> {
    let mut violations = check_edges(&workspace::metadata()?);
    let mut tree = workspace::cargo();
    tree.args([
        "tree",
        "--offline",
        "--package",
        PURE_CRATE,
        "--edges",
        "normal",
    ])
    .args(["--prefix", "none", "--format", "{p}"]);
    violations.extend(check_purity(&lanspread_testbed::command::run(&mut tree)?));
    Ok(violations)
}

fn check_edges(metadata: &Value) -> Vec<Violation> {
    let packages = metadata["packages"].as_array().into_iter().flatten();
    packages.flat_map(check_package).collect()
}

fn check_package(package: &Value) -> Vec<Violation> {
    let name = package["name"].as_str().unwrap_or_default();
    let Some((_, allowed)) = ALLOWED.iter().find(|(known, _)| *known == name) else {
        return vec![Violation::new(
            name,
            "is not in the table of allowed dependencies",
        )];
    };
    let dependencies = package["dependencies"].as_array().into_iter().flatten();
    dependencies
        .filter(|dependency| dependency["path"].is_string())
        .filter_map(|dependency| {
            let other = dependency["name"].as_str().unwrap_or_default();
            let for_tests = dependency["kind"] == "dev" && TEST_CRATES.contains(&other);
            let is_allowed = for_tests || allowed.contains(&other);
            (!is_allowed).then(|| {
                Violation::new(
                    name,
                    format!("depends on {other}, against the order of the floors"),
                )
            })
        })
        .collect()
}

/// `tree` has one package per line, its name first.
fn check_purity(tree: &str) -> Vec<Violation> {
    let names: std::collections::BTreeSet<&str> = tree
        .lines()
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    IMPURE_CRATES
        .iter()
        .filter(|crate_name| names.contains(*crate_name))
        .map(|crate_name| {
            let complaint = format!("depends on {crate_name}, directly or not: it must stay pure");
            Violation::new(PURE_CRATE, complaint)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn workspace_with(name: &str, dependency: &Value) -> Value {
        json!({ "packages": [{ "name": name, "dependencies": [dependency] }] })
    }

    #[test]
    fn an_arrow_up_is_found_and_one_down_is_not() {
        let edge = |name: &str| json!({ "name": name, "path": "/x", "kind": null });
        let up = check_edges(&workspace_with("lanspread-core", &edge("lanspread-peer")));
        assert_eq!(up.len(), 1);
        let down = check_edges(&workspace_with("lanspread-peer", &edge("lanspread-core")));
        assert!(down.is_empty());
    }

    #[test]
    fn tests_may_use_the_test_bed_and_programs_may_not() {
        for name in TEST_CRATES {
            let edge = |kind: Value| json!({ "name": name, "path": "/x", "kind": kind });
            assert!(check_edges(&workspace_with("lanspread-db", &edge(json!("dev")))).is_empty());
            let in_program = check_edges(&workspace_with("lanspread-db", &edge(Value::Null)));
            assert_eq!(in_program.len(), 1);
        }
    }

    #[test]
    fn a_crate_nobody_placed_is_found() {
        let edge = json!({ "name": "serde", "kind": null });
        assert_eq!(
            check_edges(&workspace_with("lanspread-new", &edge)).len(),
            1
        );
    }

    #[test]
    fn an_impure_crate_below_the_core_is_found() {
        assert_eq!(
            check_purity("lanspread-core v0.1.0 (/x)\ntokio v1.0.0\ntokio v1.0.0 (*)").len(),
            1
        );
        assert!(check_purity("lanspread-core v0.1.0 (/x)\nblake3 v1.8.0").is_empty());
    }
}
