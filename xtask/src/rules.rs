//! The rules of this repository that neither compiler nor linter knows, as checks.
//!
//! The invariant: a rule names every place that breaks it, by file and line, and why it is a rule.
//! They run in `cargo xtask test` and as a test of this crate.

mod dependencies;
mod documents;
mod limits;
mod packages;
mod sources;

use std::fmt;
use std::path::{Path, PathBuf};

use eyre::{Result, WrapErr, bail};

use crate::workspace;

/// One place that breaks a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Violation {
    place: String,
    complaint: String,
}

impl Violation {
    fn new(place: impl Into<String>, complaint: impl Into<String>) -> Self {
        Self {
            place: place.into(),
            complaint: complaint.into(),
        }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.place, self.complaint)
    }
}

/// A text file of the repository.
#[derive(Debug, Clone)]
pub(crate) struct SourceFile {
    /// The path from the repository's root, with `/`.
    path: String,
    text: String,
}

/// Checks every rule and prints every violation.
pub(crate) fn run() -> Result<()> {
    let violations = check_all()?;
    for violation in &violations {
        println!("{violation}");
    }
    if !violations.is_empty() {
        bail!(
            "rules of the repository are broken, places: {}",
            violations.len()
        );
    }
    println!("every rule holds");
    Ok(())
}

/// Prints every named limit of shipped code and how it is tested.
pub(crate) fn print_limits() -> Result<()> {
    print!("{}", limits::table(&files_of(&workspace::root(), "rs")?));
    Ok(())
}

fn check_all() -> Result<Vec<Violation>> {
    let root = workspace::root();
    let sources = files_of(&root, "rs")?;
    let mut violations = dependencies::check()?;
    violations.extend(packages::check()?);
    violations.extend(limits::check(&sources));
    for source in &sources {
        violations.extend(sources::check(source));
    }
    violations.extend(documents::check(&root, &files_of(&root, "md")?));
    Ok(violations)
}

/// Every file with this extension that belongs to the repository, in the order of their paths.
fn files_of(root: &Path, extension: &str) -> Result<Vec<SourceFile>> {
    let mut paths = Vec::new();
    collect(root, extension, &mut paths)?;
    paths.sort();
    paths
        .into_iter()
        .map(|path| {
            let text = std::fs::read_to_string(&path)
                .wrap_err_with(|| format!("could not read {}", path.display()))?;
            let below = path.strip_prefix(root).unwrap_or(&path);
            let path = below.to_string_lossy().replace('\\', "/");
            Ok(SourceFile { path, text })
        })
        .collect()
}

/// Directories that are made from the sources, wherever they lie.
const PRODUCTS: [&str; 5] = ["target", "node_modules", "dist", "dist-mock", "screenshots"];

fn collect(directory: &Path, extension: &str, paths: &mut Vec<PathBuf>) -> Result<()> {
    let entries = std::fs::read_dir(directory)
        .wrap_err_with(|| format!("could not list {}", directory.display()))?;
    for entry in entries {
        let entry = entry?;
        let path = entry.path();
        let name = entry.file_name();
        let is_product = PRODUCTS.iter().any(|product| name == *product)
            || name == "demo" && directory == workspace::root();
        if entry.file_type()?.is_dir() {
            if !is_product && !name.to_string_lossy().starts_with('.') {
                collect(&path, extension, paths)?;
            }
        } else if path.extension().is_some_and(|own| own == extension) {
            paths.push(path);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_repository_obeys_its_rules() {
        let violations = check_all().expect("the repository can be read");
        let text: Vec<String> = violations.iter().map(ToString::to_string).collect();
        assert!(violations.is_empty(), "{}", text.join("\n"));
    }
}
