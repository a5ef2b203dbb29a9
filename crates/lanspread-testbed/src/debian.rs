//! Makes a small party library out of real, freely licensed games from Debian's archive.
//!
//! The invariant: every file of a game comes out of a package whose checksum apt has verified
//! against Debian's signed lists, and nothing of it enters the repository. Where a package cannot
//! be had, generated content takes its place and [`Origin`] says so.
//!
//! A library made twice from the same packages is the same to the last byte, so two peers can build
//! it independently and serve one game together.

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::command::{self, CommandError};
use crate::fixture::{
    ArchiveFormat, BuiltGame, Contents, FixtureError, GameFixture, MIB, random_bytes,
};

/// A game of which Debian has the data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DebianGame {
    /// The id, which names the game root.
    pub id: &'static str,
    /// The title for people.
    pub title: &'static str,
    /// Debian's package.
    pub package: &'static str,
    /// Where in the package the game's data lies.
    data_dir: &'static str,
    /// The program that plays the data, which comes from another package.
    program: &'static str,
    /// The format of the archive: different ones, as in any collection.
    format: ArchiveFormat,
}

/// Teeworlds: 700 small files, 9 MB.
pub const TEEWORLDS: DebianGame = DebianGame {
    id: "teeworlds",
    title: "Teeworlds",
    package: "teeworlds-data",
    data_dir: "usr/share/games/teeworlds",
    program: "teeworlds",
    format: ArchiveFormat::TarZstd,
};

/// Extreme Tux Racer: 560 files, 42 MB.
pub const TUX_RACER: DebianGame = DebianGame {
    id: "extremetuxracer",
    title: "Extreme Tux Racer",
    package: "extremetuxracer-data",
    data_dir: "usr/share/games/etr",
    program: "etr",
    format: ArchiveFormat::Rar,
};

/// `OpenArena`: one large file and a few small ones, 44 MB.
pub const OPEN_ARENA: DebianGame = DebianGame {
    id: "openarena",
    title: "OpenArena",
    package: "openarena-data",
    data_dir: "usr/share/games/openarena",
    program: "openarena",
    format: ArchiveFormat::Zip,
};

/// Hedgewars: 3,300 files, 160 MB.
pub const HEDGEWARS: DebianGame = DebianGame {
    id: "hedgewars",
    title: "Hedgewars",
    package: "hedgewars-data",
    data_dir: "usr/share/games/hedgewars",
    program: "hedgewars",
    format: ArchiveFormat::Rar,
};

/// How large the generated stand-in of a game is.
const GENERATED_BYTES: usize = 40 * MIB;

/// Into how many files a generated stand-in is divided.
const GENERATED_FILES: usize = 20;

/// The version of a generated stand-in.
const GENERATED_VERSION: &str = "20240101";

/// Where the content of a game came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Out of this version of the Debian package.
    Debian {
        /// The package's version.
        version: String,
    },
    /// Generated, because the package could not be had.
    Generated {
        /// Why not.
        why: String,
    },
}

/// One game of a party library.
#[derive(Debug, Clone)]
pub struct LibraryGame {
    /// What was asked for.
    pub game: DebianGame,
    /// What it was made of.
    pub origin: Origin,
    /// The game root.
    pub built: BuiltGame,
}

impl fmt::Display for LibraryGame {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.origin {
            Origin::Debian { version } => {
                let package = self.game.package;
                write!(
                    formatter,
                    "{} (Debian {package} {version})",
                    self.game.title
                )
            }
            Origin::Generated { .. } => {
                write!(
                    formatter,
                    "generated content in place of {}",
                    self.game.title
                )
            }
        }
    }
}

/// Why a package could not be had or unpacked.
#[derive(Debug, thiserror::Error)]
pub enum DebianError {
    /// A directory could not be made or read.
    #[error("could not use {path} for packages: {source}")]
    Directory {
        /// The directory.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// A program failed.
    #[error(transparent)]
    Command(#[from] CommandError),
    /// The package has not got what the table of games says.
    #[error("{package} does not hold {missing}")]
    Incomplete {
        /// The package.
        package: String,
        /// What should be in it.
        missing: String,
    },
    /// The game root could not be written.
    #[error(transparent)]
    Fixture(#[from] FixtureError),
}

/// A Debian package, unpacked and not installed: nothing of it was run.
#[derive(Debug, Clone)]
pub struct Package {
    /// The package's version.
    pub version: String,
    /// The directory that stands for the root directory.
    pub root: PathBuf,
}

/// Builds the game root of `game` in `games_dir`, out of Debian's package if it can be had, else
/// out of generated content. Packages are kept in `cache_dir`.
///
/// # Errors
///
/// When the game root cannot be written. That the package cannot be had is not an error but an
/// [`Origin`].
pub fn build_game(
    game: DebianGame,
    games_dir: &Path,
    cache_dir: &Path,
) -> Result<LibraryGame, FixtureError> {
    let (fixture, origin) = match real_fixture(game, cache_dir) {
        Ok((fixture, version)) => (fixture, Origin::Debian { version }),
        Err(error) => {
            let why = error.to_string();
            (generated_fixture(game), Origin::Generated { why })
        }
    };
    Ok(LibraryGame {
        game,
        origin,
        built: fixture.build(games_dir)?,
    })
}

fn real_fixture(game: DebianGame, cache_dir: &Path) -> Result<(GameFixture, String), DebianError> {
    let package = fetch(game.package, cache_dir)?;
    let data = package.root.join(game.data_dir);
    let incomplete = |missing: &Path| DebianError::Incomplete {
        package: game.package.to_owned(),
        missing: missing.display().to_string(),
    };
    let contents = Contents::new()
        .directory(&data)
        .map_err(|_| incomplete(&data))?;
    let licence = package
        .root
        .join("usr/share/doc")
        .join(game.package)
        .join("copyright");
    let licence_text = std::fs::read(&licence).map_err(|_| incomplete(&licence))?;
    let stamp = newest_file_date(&data).ok_or_else(|| incomplete(&data))?;
    let fixture = with_scripts(GameFixture::new(game.id), game)
        .version(&stamp)
        .file("copyright.txt", licence_text)
        .archive(&format!("{}.eti", game.id), game.format, contents);
    Ok((fixture, package.version))
}

fn generated_fixture(game: DebianGame) -> GameFixture {
    let contents = (0..GENERATED_FILES).fold(Contents::new(), |contents, number| {
        let path = format!("data/part{number:02}.bin");
        let bytes = random_bytes(game.id, &path, GENERATED_BYTES / GENERATED_FILES);
        contents.file(&path, bytes)
    });
    with_scripts(GameFixture::new(game.id), game)
        .version(GENERATED_VERSION)
        .archive(&format!("{}.eti", game.id), game.format, contents)
}

/// Adds the start scripts that the game folder contract asks for.
fn with_scripts(fixture: GameFixture, game: DebianGame) -> GameFixture {
    let (title, program) = (game.title, game.program);
    let unix = format!(
        "#!/bin/sh\n\
         # Starts {title}. Arguments: game path, id, language, player name.\n\
         cd \"$1/local\" || exit 1\n\
         command -v {program} >/dev/null || {{\n\
         \x20   echo \"The program is not here: apt-get install {program}\" >&2\n\
         \x20   exit 1\n\
         }}\n\
         exec {program}\n"
    );
    let windows = format!(
        "@rem Starts {title}. Arguments: game path, id, language, player name.\r\n\
         @cd /d \"%~1\\local\" && start \"\" {program}.exe\r\n"
    );
    fixture
        .file("game_start.sh", unix)
        .file("game_start.cmd", windows)
}

/// Has apt download and verify a package, and unpacks it in `cache_dir`, where it is found the next
/// time.
///
/// # Errors
///
/// When apt cannot have it, or it cannot be unpacked.
pub fn fetch(package: &str, cache_dir: &Path) -> Result<Package, DebianError> {
    let directory = cache_dir.join(package);
    let root = directory.join("unpacked");
    std::fs::create_dir_all(&directory).map_err(|source| DebianError::Directory {
        path: directory.clone(),
        source,
    })?;
    if find_package(&directory).is_none() {
        download(package, &directory)?;
    }
    let file = find_package(&directory).ok_or_else(|| DebianError::Incomplete {
        package: package.to_owned(),
        missing: "a .deb file after its download".to_owned(),
    })?;
    command::run(Command::new("dpkg-deb").arg("-x").arg(&file).arg(&root))?;
    let version = command::run(Command::new("dpkg-deb").arg("-f").arg(&file).arg("Version"))?;
    Ok(Package {
        version: version.trim().to_owned(),
        root,
    })
}

/// Has apt download and verify a package, of one version where the name is `package=version`. A file appears
/// in the directory under its final name only after apt has verified it.
///
/// # Errors
///
/// When apt cannot have it.
pub fn download(package: &str, directory: &Path) -> Result<(), CommandError> {
    let attempt = || {
        let mut apt = Command::new("apt-get");
        // As root, apt would hand the download to a user who may not write here.
        apt.args(["-qq", "-o", "APT::Sandbox::User=root", "download", package])
            .current_dir(directory);
        command::run(&mut apt)
    };
    if attempt().is_ok() {
        return Ok(());
    }
    // A fresh machine has no package lists; making them needs root, and the second attempt says
    // what is wrong if that does not help either.
    command::run_quietly(Command::new("apt-get").args(["-qq", "update"]));
    attempt().map(drop)
}

fn find_package(directory: &Path) -> Option<PathBuf> {
    std::fs::read_dir(directory)
        .ok()?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "deb"))
        .max()
}

/// The date of the newest regular file as a version stamp: when the content last changed.
fn newest_file_date(directory: &Path) -> Option<String> {
    let newest = newest_change(directory).ok()??;
    let seconds = newest.duration_since(UNIX_EPOCH).ok()?.as_secs();
    Some(date_stamp(seconds))
}

fn newest_change(directory: &Path) -> std::io::Result<Option<SystemTime>> {
    let mut newest = None;
    for entry in std::fs::read_dir(directory)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        let changed = if kind.is_dir() {
            newest_change(&entry.path())?
        } else if kind.is_file() {
            Some(entry.metadata()?.modified()?)
        } else {
            None
        };
        newest = newest.max(changed);
    }
    Ok(newest)
}

/// Eight digits for the day that holds this second of Unix time, in the calendar of UTC.
fn date_stamp(unix_seconds: u64) -> String {
    let is_leap = |year: u64| {
        year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
    };
    let mut days = unix_seconds / 86_400;
    let mut year = 1970;
    loop {
        let length = if is_leap(year) { 366 } else { 365 };
        if days < length {
            break;
        }
        days -= length;
        year += 1;
    }
    let february = if is_leap(year) { 29 } else { 28 };
    let mut month = 1;
    for length in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] {
        if days < length {
            break;
        }
        days -= length;
        month += 1;
    }
    format!("{year:04}{month:02}{:02}", days + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_those_of_the_calendar() {
        for (seconds, stamp) in [
            (0, "19700101"),
            (951_782_400, "20000229"),
            (951_868_800, "20000301"),
            (1_704_067_199, "20231231"),
            (1_704_067_200, "20240101"),
            (1_735_603_200, "20241231"),
        ] {
            assert_eq!(date_stamp(seconds), stamp, "{seconds}");
        }
    }

    #[test]
    fn a_package_that_does_not_exist_becomes_generated_content_that_says_so() {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let game = DebianGame {
            package: "lanspread-no-such-package",
            ..TEEWORLDS
        };
        // The cache cannot be made below a file, so not even apt is asked.
        let cache = directory.path().join("file");
        std::fs::write(&cache, b"").expect("writable");
        let built = build_game(game, directory.path(), &cache).expect("writable");
        assert!(matches!(&built.origin, Origin::Generated { why } if why.contains("file")));
        assert!(built.to_string().starts_with("generated content"));
        assert!(built.built.installed.total_bytes() >= GENERATED_BYTES as u64);
        assert!(built.built.tree.get("game_start.sh").is_some());
    }
}
