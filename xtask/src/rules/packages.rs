//! What comes from outside: under which licence, from where, and no more of it than needed.
//!
//! The invariant: a licence, a second version of a package or a source that is not in the tables below
//! is a violation, and so is an entry that nothing needs any more. Both workspaces are held to it as if
//! they were one, so the fuzzer stands on the versions that ship. Known vulnerabilities are not
//! looked up: their databases cannot be reached from everywhere, and a test that passes or fails with
//! the day is none.

use std::collections::{BTreeMap, BTreeSet};

use eyre::{Result, WrapErr, bail};
use serde_json::Value;
use spdx::{Expression, ParseMode};

use super::Violation;
use crate::workspace;

/// Licences that ask for no more than to be named. Of a choice, one of these must be enough.
const LICENCES: [&str; 11] = [
    "0BSD",
    "Apache-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "CC0-1.0",
    "ISC",
    "MIT",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
    "bzip2-1.0.6",
];

/// Packages under another licence, and why that is no harm.
const OTHER_LICENCES: [(&str, &str); 8] = [
    (
        "axe-core",
        "MPL-2.0 covers its own files only; it looks at pages in tests and does not ship",
    ),
    ("cssparser", STYLE_SHEETS),
    ("cssparser-macros", STYLE_SHEETS),
    ("dtoa-short", STYLE_SHEETS),
    (
        "lightningcss",
        "MPL-2.0 covers its own files only; Vite writes style sheets with it, and none of it ships",
    ),
    (
        "libfuzzer-sys",
        "NCSA, of the part that is LLVM's, asks for no more than to be named; none of it ships",
    ),
    (
        "option-ext",
        "MPL-2.0 covers its own files only, and they are used as they are",
    ),
    ("selectors", STYLE_SHEETS),
];

const STYLE_SHEETS: &str =
    "MPL-2.0 covers its own files only; Tauri reads the page with it while the window is built";

/// The one place from which packages come.
const REGISTRY: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// Why there is more than one version of a package.
const DUPLICATES: [(&str, &str); 32] = [
    ("base64", "axum and rcgen stand on different ones"),
    (
        "bit-set",
        "proptest and what reads pages for Tauri stand on different ones",
    ),
    (
        "bit-vec",
        "proptest and the 7z reader stand on different ones",
    ),
    ("bitflags", GTK),
    ("block-buffer", RUST_CRYPTO),
    ("cpufeatures", RUST_CRYPTO),
    ("crypto-common", RUST_CRYPTO),
    ("digest", RUST_CRYPTO),
    ("dirs", "auto-launch stands on the one before Tauri's"),
    ("getrandom", "ring still stands on 0.2"),
    ("hashbrown", SCHEMARS),
    ("heck", GTK),
    ("hmac", RUST_CRYPTO),
    ("indexmap", SCHEMARS),
    ("io-lifetimes", "cap-std still stands on 2"),
    (
        "jni-sys",
        "for Android only; the one before hands on to the one after",
    ),
    (
        "miniz_oxide",
        "what reads PNG for Tauri stands on the one before",
    ),
    ("proc-macro-crate", GTK),
    (
        "r-efi",
        "for UEFI only; the two generations of rand have their own",
    ),
    ("rand", "tungstenite stands on the one before proptest's"),
    ("rand_core", RUST_CRYPTO),
    ("schemars", SCHEMARS),
    ("serde_spanned", GTK),
    (
        "sha1",
        "WebSockets and the RAR reader stand on different ones",
    ),
    ("sha2", RUST_CRYPTO),
    ("syn", "derive macros move to 3 one by one"),
    ("synstructure", "derive macros move to syn 3 one by one"),
    ("thiserror", GTK),
    ("thiserror-impl", GTK),
    ("untrusted", "the two readers of certificates differ"),
    ("windows-sys", WINDOWS),
    ("winnow", GTK),
];

const GTK: &str =
    "GTK 3, which Tauri's window stands on, is bound by crates of the generation before";

const SCHEMARS: &str =
    "Tauri describes its files with the generation of schemars that is its first";

const RUST_CRYPTO: &str =
    "spake2 stands on the generation of RustCrypto before the one that all others use";

const WINDOWS: &str = "bindings for Windows only; every crate has its own";

/// Beginnings of the names of packages that come in many parts and versions.
const DUPLICATE_FAMILIES: [(&str, &str); 4] = [
    (
        "jiff",
        "serde_with, below Tauri, names each generation and builds none",
    ),
    ("toml", GTK),
    ("windows-targets", WINDOWS),
    ("windows_", WINDOWS),
];

/// The workspaces: what ships with its tests, and the program that looks for inputs that break it.
const WORKSPACES: [&str; 2] = ["", "fuzz"];

/// Checks all packages of both workspaces, those for other systems too.
pub(super) fn check() -> Result<Vec<Violation>> {
    let mut locks = String::new();
    let mut packages = Vec::new();
    for directory in WORKSPACES {
        let directory = workspace::root().join(directory);
        let lock = directory.join("Cargo.lock");
        let text = std::fs::read_to_string(&lock);
        locks += &text.wrap_err_with(|| format!("could not read {}", lock.display()))?;
        let metadata = workspace::metadata_of_all(&directory.join("Cargo.toml"));
        let mut metadata = metadata.wrap_err_with(|| {
            format!(
                "could not see what {} stands on; if fuzz/Cargo.lock is behind, copy Cargo.lock over it \
                 and let `cargo metadata --manifest-path fuzz/Cargo.toml` cut it to what is needed",
                directory.display()
            )
        })?;
        if let Value::Array(more) = metadata["packages"].take() {
            packages.extend(more);
        }
    }
    let front_end = packages_of_front_end()?;
    packages.extend(front_end.iter().cloned());
    let mut violations = check_sources(&locks);
    violations.extend(check_sums(&front_end));
    violations.extend(check_duplicates(&locks));
    violations.extend(check_licences(&packages));
    Ok(violations)
}

/// The lock file of what the front end is built and tested with.
const FRONT_END_LOCK: &str = "crates/lanspread-tauri-deno-ts/package-lock.json";

/// A package that comes in one part for each system, each with a name of its own.
const PARTS_OF: &str = "lightningcss";

/// Every package of the front end, under the name that the tables here have.
fn packages_of_front_end() -> Result<Vec<Value>> {
    let text = std::fs::read_to_string(workspace::root().join(FRONT_END_LOCK));
    let text = text.wrap_err_with(|| format!("could not read {FRONT_END_LOCK}"))?;
    let mut lock: Value =
        serde_json::from_str(&text).wrap_err_with(|| format!("{FRONT_END_LOCK} is not JSON"))?;
    let Value::Object(packages) = lock["packages"].take() else {
        bail!("{FRONT_END_LOCK} has no packages");
    };
    let others = packages.into_iter().filter(|(path, _)| !path.is_empty());
    Ok(others
        .map(|(path, mut package)| {
            let name = path.rsplit("node_modules/").next().unwrap_or_default();
            let parts = name
                .strip_prefix(PARTS_OF)
                .is_some_and(|rest| rest.starts_with('-'));
            package["name"] = Value::from(if parts { PARTS_OF } else { name });
            package
        })
        .collect())
}

/// What npm installs is what it was when somebody looked at it.
fn check_sums(packages: &[Value]) -> Vec<Violation> {
    let without = packages
        .iter()
        .filter(|package| !package["integrity"].is_string());
    without
        .map(|package| {
            let name = package["name"].as_str().unwrap_or_default();
            Violation::new(name, format!("has no checksum in {FRONT_END_LOCK}"))
        })
        .collect()
}

/// One package as a lock file names it.
#[derive(Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Locked<'a> {
    name: &'a str,
    version: &'a str,
    source: Option<&'a str>,
    has_checksum: bool,
}

/// The packages of one lock file or several after each other, each package once.
fn locked(locks: &str) -> BTreeSet<Locked<'_>> {
    let packages = locks.split("[[package]]").skip(1);
    let field = |line: &'_ str, key: &str| -> Option<(usize, usize)> {
        let value = line.strip_prefix(key)?.strip_prefix(" = \"")?;
        let end = value.find('"')?;
        let start = line.len() - value.len();
        Some((start, start + end))
    };
    packages
        .map(|package| {
            let mut found = Locked::default();
            for line in package.lines() {
                if let Some((start, end)) = field(line, "name") {
                    found.name = &line[start..end];
                } else if let Some((start, end)) = field(line, "version") {
                    found.version = &line[start..end];
                } else if let Some((start, end)) = field(line, "source") {
                    found.source = Some(&line[start..end]);
                }
                found.has_checksum |= field(line, "checksum").is_some();
            }
            found
        })
        .collect()
}

/// Packages come from the registry with their checksum, or from this repository.
fn check_sources(locks: &str) -> Vec<Violation> {
    let check = |package: Locked<'_>| {
        let complaint = match package.source {
            Some(REGISTRY) if package.has_checksum => return None,
            Some(REGISTRY) => "has no checksum in Cargo.lock".to_owned(),
            Some(source) => format!("comes from {source}, and not from crates.io"),
            None if is_ours(package.name) => return None,
            None => "comes from a directory outside of this repository".to_owned(),
        };
        Some(Violation::new(package.name, complaint))
    };
    locked(locks).into_iter().filter_map(check).collect()
}

fn is_ours(name: &str) -> bool {
    name == "xtask" || name.starts_with("lanspread-")
}

/// Two versions of a package are compiled twice and exchange no values: each needs a reason.
fn check_duplicates(locks: &str) -> Vec<Violation> {
    let mut versions: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for package in locked(locks) {
        versions
            .entry(package.name)
            .or_default()
            .insert(package.version);
    }
    versions.retain(|_, versions| versions.len() > 1);
    let allowed = |name: &str| {
        let family = |(prefix, _): &(&str, &str)| name.starts_with(prefix);
        DUPLICATES.iter().any(|(known, _)| *known == name) || DUPLICATE_FAMILIES.iter().any(family)
    };
    let unexplained = versions.iter().filter(|(name, _)| !allowed(name));
    let mut violations: Vec<Violation> = unexplained
        .map(|(name, versions)| {
            let versions: Vec<&str> = versions.iter().copied().collect();
            let versions = versions.join(" and ");
            Violation::new(
                *name,
                format!("is here in the versions {versions}: find one for all, or say why not"),
            )
        })
        .collect();
    let stale = DUPLICATES
        .iter()
        .filter(|(name, _)| !versions.contains_key(name));
    violations.extend(stale.map(|(name, _)| {
        Violation::new(
            *name,
            "is here in one version: take it out of the table of duplicates",
        )
    }));
    violations
}

/// Every package's licence is one of those that are allowed, or leaves the choice of one.
fn check_licences(packages: &[Value]) -> Vec<Violation> {
    let licences: BTreeSet<(&str, Option<&str>)> = packages
        .iter()
        .map(|package| {
            let name = package["name"].as_str().unwrap_or_default();
            (name, package["license"].as_str())
        })
        .collect();
    let mut exceptions: BTreeSet<&str> = OTHER_LICENCES.iter().map(|(name, _)| *name).collect();
    let mut violations = Vec::new();
    for (name, licence) in licences {
        let Err(complaint) = check_licence(licence) else {
            continue;
        };
        if OTHER_LICENCES.iter().any(|(known, _)| *known == name) {
            exceptions.remove(name);
        } else {
            violations.push(Violation::new(name, complaint));
        }
    }
    violations.extend(exceptions.into_iter().map(|name| {
        Violation::new(
            name,
            "needs no exception: take it out of the table of licences",
        )
    }));
    violations
}

fn check_licence(licence: Option<&str>) -> Result<(), String> {
    let Some(text) = licence else {
        return Err("names no licence".to_owned());
    };
    let expression = Expression::parse_mode(text, ParseMode::LAX)
        .map_err(|error| format!("has a licence that cannot be read, {text:?}: {error}"))?;
    let allowed = expression.evaluate(|wanted| {
        let id = wanted.license.id();
        id.is_some_and(|id| LICENCES.contains(&id.name))
    });
    if allowed {
        Ok(())
    } else {
        Err(format!(
            "is licensed as {text}, which is not in the table of licences"
        ))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn package(name: &str, rest: &str) -> String {
        format!("[[package]]\nname = \"{name}\"\nversion = \"1.0.0\"\n{rest}\n")
    }

    fn complaints(violations: Vec<Violation>) -> Vec<String> {
        let text = |violation: Violation| violation.to_string();
        violations.into_iter().map(text).collect()
    }

    #[test]
    fn packages_come_from_the_registry_with_their_checksum() {
        let source = format!("source = \"{REGISTRY}\"");
        let good = package("good", &format!("{source}\nchecksum = \"00\""));
        let ours = package("lanspread-db", "dependencies = []");
        assert_eq!(check_sources(&format!("version = 4\n{good}{ours}")), []);
        let bad = [
            package("unsummed", &source),
            package("git", "source = \"git+https://example.org/git\""),
            package("elsewhere", ""),
        ];
        let in_both_workspaces = bad.concat().repeat(2);
        let found = complaints(check_sources(&in_both_workspaces));
        assert_eq!(found.len(), 3);
        assert!(found[0].contains("outside"), "{found:?}");
        assert!(found[1].contains("git+https"), "{found:?}");
        assert!(found[2].contains("checksum"), "{found:?}");
    }

    #[test]
    fn a_second_version_needs_a_reason_and_a_reason_a_second_version() {
        let found = complaints(check_duplicates(
            &[
                package("twice", ""),
                package("twice", "").replace("1.0.0", "2.0.0"),
            ]
            .concat(),
        ));
        assert!(found[0].contains("1.0.0 and 2.0.0"), "{found:?}");
        assert_eq!(found.len(), 1 + DUPLICATES.len(), "{found:?}");
    }

    #[test]
    fn of_a_choice_of_licences_one_must_be_allowed_and_of_a_sum_all() {
        for good in [
            "MIT",
            "MIT/Apache-2.0",
            "GPL-3.0-only OR ISC",
            "MIT AND Zlib",
        ] {
            assert_eq!(check_licence(Some(good)), Ok(()), "{good}");
        }
        for bad in ["GPL-3.0-only", "MIT AND GPL-3.0-only", "no licence"] {
            assert!(check_licence(Some(bad)).is_err(), "{bad}");
        }
        assert!(check_licence(None).is_err());
        let package = json!({ "name": "x", "license": "AGPL-3.0-only" });
        let found = complaints(check_licences(&[package.clone(), package]));
        let agpl = found.iter().filter(|text| text.contains("AGPL"));
        assert_eq!(agpl.count(), 1, "{found:?}");
    }
}
