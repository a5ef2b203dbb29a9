//! The games of every party: a few, in a few versions, and what files each consists of.
//!
//! Invariant: they are the same in every run. Two versions of a game share most of their bytes, and
//! two editions of the same version differ in one small file.

use std::{
    collections::BTreeMap,
    sync::{Arc, LazyLock},
};

use lanspread_db::{GameId, Manifest, ManifestFile, ManifestHash, RelPath, Version};

use crate::disk::{Content, pack};

/// The ids of all games.
pub(crate) const GAMES: [&str; 3] = ["alpha", "beta", "gamma"];
/// The version stamps of all games, oldest first.
pub(crate) const VERSIONS: [&str; 3] = ["20200101", "20220202", "20240404"];
/// How many editions of each version there are.
pub(crate) const VARIANTS: usize = 2;

const KIB: usize = 1024;

/// One version of one game, as somebody has it.
#[derive(Debug, Clone)]
pub(crate) struct Edition {
    pub(crate) files: BTreeMap<String, Arc<Content>>,
}

static EDITIONS: LazyLock<Vec<Edition>> = LazyLock::new(|| {
    let mut all = Vec::new();
    for game in 0..GAMES.len() {
        for version in 0..VERSIONS.len() {
            for variant in 0..VARIANTS {
                all.push(Edition {
                    files: files(game, version, variant),
                });
            }
        }
    }
    all
});

/// An edition of a game.
pub(crate) fn edition(game: usize, version: usize, variant: usize) -> &'static Edition {
    let index = (game * VERSIONS.len() + version) * VARIANTS + variant;
    &EDITIONS[index % EDITIONS.len()]
}

/// The manifests of the first edition of each version of a game: what a catalog pins.
pub(crate) fn honest(game: usize) -> &'static [ManifestHash] {
    &HONEST[game]
}

static HONEST: LazyLock<Vec<Vec<ManifestHash>>> = LazyLock::new(|| {
    let versions = |game| (0..VERSIONS.len()).map(move |version| manifest_of(game, version));
    (0..GAMES.len())
        .map(|game| versions(game).collect())
        .collect()
});

fn manifest_of(game: usize, at: usize) -> ManifestHash {
    let files = &edition(game, at, 0).files;
    let total = files.values().map(|content| content.len_bytes()).sum();
    let chunk_bytes = Manifest::chunk_bytes_for(total);
    let listed = files.iter().map(|(path, content)| ManifestFile {
        path: RelPath::parse(path).unwrap_or_else(|error| unreachable!("{path}: {error}")),
        size_bytes: content.len_bytes(),
        chunks: content.chunk_hashes(chunk_bytes).to_vec(),
    });
    Manifest::new(id(game), version(at), chunk_bytes, listed.collect())
        .unwrap_or_else(|error| unreachable!("{}: {error}", GAMES[game]))
        .hash()
}

pub(crate) fn id(game: usize) -> GameId {
    GameId::parse(GAMES[game]).unwrap_or_else(|error| unreachable!("{error}"))
}

pub(crate) fn version(index: usize) -> Version {
    Version::parse(VERSIONS[index]).unwrap_or_else(|error| unreachable!("{error}"))
}

fn noise(seed: usize, len: usize) -> Vec<u8> {
    Content::noise(seed as u64 + 1, len).to_bytes()
}

/// An archive that holds a program of this version, and what all versions share.
fn archive(game: usize, version: usize, shared: usize, own: usize) -> Content {
    let shared = noise(100 + game, shared);
    let own = noise(1000 + 10 * game + version, own);
    let config = format!("version={version}\r\n");
    let inside = [
        ("data/common.pak", shared.as_slice()),
        ("bin/game.exe", own.as_slice()),
        ("config.ini", config.as_bytes()),
        ("account_name.txt", b"nobody"),
    ];
    Content::from(pack(inside).as_slice())
}

fn files(game: usize, version: usize, variant: usize) -> BTreeMap<String, Arc<Content>> {
    let stamp = VERSIONS[version];
    let start = format!("start {game} {version} {variant}\r\n");
    let mut files = vec![
        ("version.ini".to_owned(), Content::from(stamp)),
        ("game_start.cmd".to_owned(), Content::from(start.as_str())),
    ];
    match GAMES[game] {
        "alpha" => {
            let packed = archive(game, version, 300 * KIB, 120 * KIB + version);
            files.push(("alpha.eti".to_owned(), packed));
        }
        "beta" => {
            files.push(("beta.eti".to_owned(), archive(game, version, 900, 500)));
            let readme = format!("This is beta, version {stamp}.");
            files.push(("readme.txt".to_owned(), Content::from(readme.as_str())));
            files.push(("empty.dat".to_owned(), Content::from("")));
        }
        _ => {
            let packed = archive(game, version, 20 * KIB, 250 * KIB);
            files.push(("gamma.eti".to_owned(), packed));
            let map = Content::noise(500, 270 * KIB);
            files.push(("extra/maps/one.map".to_owned(), map));
            let own = Content::noise(600 + version as u64, 3 * KIB);
            files.push((format!("extra/only-{stamp}.dat"), own));
        }
    }
    files
        .into_iter()
        .map(|(path, content)| (path, Arc::new(content)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn editions_of_a_version_differ_in_one_file_and_versions_share_bytes() {
        let (one, other) = (edition(0, 1, 0), edition(0, 1, 1));
        let differ = one
            .files
            .iter()
            .filter(|(path, is)| other.files[*path] != **is);
        assert_eq!(differ.count(), 1);
        let map = "extra/maps/one.map";
        assert_eq!(edition(2, 0, 0).files[map], edition(2, 2, 0).files[map]);
    }

    #[test]
    fn every_game_has_its_id_and_some_have_several_chunks() {
        for (game, name) in GAMES.iter().enumerate() {
            assert_eq!(id(game).as_str(), *name);
        }
        let largest = edition(0, 0, 0).files["alpha.eti"].len_bytes();
        assert!(largest > u64::from(lanspread_db::CHUNK_BYTES_MIN));
    }
}
