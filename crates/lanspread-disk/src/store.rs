//! What a peer remembers of its games, in the state directory: indexes, manifests, which games it
//! downloaded itself, what its installs unpacked.
//!
//! Invariant: nothing here is needed to keep a game whole. Each file is replaced atomically; one that
//! is missing, damaged or of another version counts as missing, with a notice in the log. One that the
//! disk does not give is not missing: whoever needs it fails. All but the manifests belong to one game
//! directory: another directory has memories of its own.

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use lanspread_core::DiskFailure;
use lanspread_db::{ContentHash, GameId, MANIFEST_BYTES_MAX, Manifest, ManifestHash, Version};
use serde::{Deserialize, Serialize};

use super::{
    failure::Doing,
    files,
    index::{INDEX_BYTES_MAX, RootIndex},
    known::KnownManifests,
    port::{FileSystem, Folder},
};

const MANIFESTS: &str = "manifests";
const LIBRARIES: &str = "libraries";
const INDEX: &str = "index";
const OWNED: &str = "owned";
const INSTALLS: &str = "installs";
const WHERE: &str = "where.txt";
/// The largest record of an install that is read.
pub(crate) const INSTALL_BYTES_MAX: u64 = 512 << 20;
/// The largest record of a download that is read.
pub(crate) const OWNED_BYTES_MAX: u64 = 1024;
/// The form of install records.
const INSTALL_FORMAT: u32 = 1;

/// The memories of one game directory.
#[derive(Debug)]
pub(crate) struct Store {
    /// Where they lie, for messages.
    state_dir: PathBuf,
    library: PathBuf,
    manifests: Arc<dyn Folder>,
    index: Arc<dyn Folder>,
    owned: Arc<dyn Folder>,
    installs: Arc<dyn Folder>,
    /// Manifests that need not be parsed again.
    pub(crate) known: KnownManifests,
}

/// What an install put into `local/`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct InstallRecord {
    format: u32,
    /// Size and time of last change of each file, by path below `local/`.
    pub(crate) files: BTreeMap<String, (u64, i64)>,
    /// What each symbolic link says, by path below `local/`.
    pub(crate) links: BTreeMap<String, String>,
}

impl InstallRecord {
    pub(crate) fn new() -> Self {
        Self {
            format: INSTALL_FORMAT,
            files: BTreeMap::new(),
            links: BTreeMap::new(),
        }
    }

    /// Reads the bytes of a record; the reason why not is for people.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, String> {
        let record: Self = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
        if record.format == INSTALL_FORMAT {
            Ok(record)
        } else {
            Err(format!("its form {} is unknown", record.format))
        }
    }
}

impl Store {
    /// Opens the memories of the game directory at `games`, whose path has no links in it.
    pub(crate) fn open(
        fs: &dyn FileSystem,
        state_dir: &Path,
        games: &Path,
    ) -> Result<Self, DiskFailure> {
        let library = library_dir(state_dir, games);
        let open = |path: PathBuf| {
            fs.make(&path).doing("make the directory", &path)?;
            fs.open(&path).doing("open the directory", &path)
        };
        let opened = open(library.clone())?;
        let state_dir = state_dir.to_owned();
        let text = format!("{}\n", games.display());
        let known = files::read_if_there(&*opened, Path::new(WHERE), 1 << 16)
            .ok()
            .flatten();
        if known.as_deref() != Some(text.as_bytes()) {
            files::replace(&*opened, Path::new(WHERE), text.as_bytes())
                .doing("write", library.join(WHERE))?;
        }
        Ok(Self {
            manifests: open(state_dir.join(MANIFESTS))?,
            index: open(library.join(INDEX))?,
            owned: open(library.join(OWNED))?,
            installs: open(library.join(INSTALLS))?,
            state_dir,
            library,
            known: KnownManifests::default(),
        })
    }

    /// The games of which something is remembered in the game directory at `games`, whether that can be read or
    /// not.
    pub(crate) fn games_in(
        fs: &dyn FileSystem,
        state_dir: &Path,
        games: &Path,
    ) -> BTreeSet<GameId> {
        let index = library_dir(state_dir, games).join(INDEX);
        let listed = fs.open(&index).and_then(|folder| folder.names());
        let names = listed.unwrap_or_default().into_iter();
        names
            .filter_map(|(name, _)| GameId::parse(name.to_str()?).ok())
            .collect()
    }

    /// The index of a game; empty when there is none that can be used.
    pub(crate) fn index(&self, id: &GameId) -> RootIndex {
        let read = files::read_if_there(&*self.index, Path::new(id.as_str()), INDEX_BYTES_MAX);
        let reason = match read {
            Ok(None) => return RootIndex::default(),
            Ok(Some(encoded)) => match RootIndex::decode(&encoded) {
                Ok(index) => return index,
                Err(bad) => bad.to_string(),
            },
            Err(error) => error.to_string(),
        };
        tracing::warn!(game = %id, %reason, "the index of a game cannot be used and is made anew");
        RootIndex::default()
    }

    /// Remembers the index of a game.
    pub(crate) fn save_index(&self, id: &GameId, index: &RootIndex) -> Result<(), DiskFailure> {
        files::replace(&*self.index, Path::new(id.as_str()), &index.encode())
            .doing("write the index of", id.as_str())
    }

    /// A manifest, if it is remembered.
    pub(crate) fn manifest(
        &self,
        hash: ManifestHash,
    ) -> Result<Option<Arc<Manifest>>, DiskFailure> {
        let name = hash.to_string();
        let path = self.state_dir.join(MANIFESTS).join(&name);
        let bytes_max = MANIFEST_BYTES_MAX as u64;
        let Some(encoded) = read_record(&*self.manifests, &name, bytes_max, &path)? else {
            return Ok(None);
        };
        let reason = if ManifestHash::of_encoding(&encoded) == hash {
            match self.known.read(&encoded) {
                Ok((_, manifest)) => return Ok(Some(manifest)),
                Err(error) => error.to_string(),
            }
        } else {
            "its content is not what its name says".to_owned()
        };
        not_usable(&path, &reason);
        Ok(None)
    }

    /// Remembers a manifest.
    pub(crate) fn save_manifest(
        &self,
        hash: ManifestHash,
        manifest: &Manifest,
    ) -> Result<(), DiskFailure> {
        let name = hash.to_string();
        let path = Path::new(&name);
        let encoded = manifest.encode();
        // One of the right length may still be damaged.
        let known = files::read_if_there(&*self.manifests, path, encoded.len() as u64);
        if known.is_ok_and(|known| known.as_deref() == Some(&*encoded)) {
            return Ok(());
        }
        files::replace(&*self.manifests, path, &encoded).doing("write the manifest", path)
    }

    /// The manifest of what this peer downloaded for a game.
    pub(crate) fn owned(&self, id: &GameId) -> Result<Option<ManifestHash>, DiskFailure> {
        let path = self.library.join(OWNED).join(id.as_str());
        let Some(read) = read_record(&*self.owned, id.as_str(), OWNED_BYTES_MAX, &path)? else {
            return Ok(None);
        };
        let hash = std::str::from_utf8(&read)
            .ok()
            .and_then(|text| text.trim().parse().ok());
        if hash.is_none() {
            not_usable(&path, "it names no manifest");
        }
        Ok(hash.map(ManifestHash))
    }

    /// Remembers that this peer downloaded a game.
    pub(crate) fn save_owned(&self, id: &GameId, hash: ManifestHash) -> Result<(), DiskFailure> {
        files::replace(
            &*self.owned,
            Path::new(id.as_str()),
            format!("{hash}\n").as_bytes(),
        )
        .doing("record the download of", id.as_str())
    }

    /// Forgets that this peer downloaded a game.
    pub(crate) fn forget_owned(&self, id: &GameId) {
        forget(&*self.owned, Path::new(id.as_str()));
    }

    /// What the install of a version put into `local/`; `None` when that is not known.
    pub(crate) fn install(
        &self,
        id: &GameId,
        version: Version,
    ) -> Result<Option<InstallRecord>, DiskFailure> {
        let name = install_name(id, version);
        let path = self.library.join(INSTALLS).join(&name);
        let Some(read) = read_record(&*self.installs, &name, INSTALL_BYTES_MAX, &path)? else {
            return Ok(None);
        };
        Ok(InstallRecord::parse(&read)
            .map_err(|reason| not_usable(&path, &reason))
            .ok())
    }

    /// Remembers what an install put into `local/`.
    pub(crate) fn save_install(
        &self,
        id: &GameId,
        version: Version,
        record: &InstallRecord,
    ) -> Result<(), DiskFailure> {
        let name = install_name(id, version);
        serde_json::to_vec(record)
            .map_err(io::Error::other)
            .and_then(|json| files::replace(&*self.installs, Path::new(&name), &json))
            .doing("record the install of", id.as_str())
    }

    /// Forgets the installs of a game, except that of `keep`.
    pub(crate) fn forget_installs(&self, id: &GameId, keep: Option<Version>) {
        let Ok(listed) = self.installs.list() else {
            return;
        };
        let kept = keep.map(|version| install_name(id, version));
        let prefix = format!("{id}.");
        for entry in listed {
            let name = entry.name.to_string_lossy();
            let stamp = name
                .strip_prefix(&prefix)
                .and_then(|rest| rest.strip_suffix(".json"));
            if stamp.is_some_and(|stamp| Version::parse(stamp).is_ok())
                && kept.as_deref() != Some(&*name)
            {
                forget(&*self.installs, Path::new(&entry.name));
            }
        }
    }
}

/// Where the memories of a game directory lie.
fn library_dir(state_dir: &Path, games: &Path) -> PathBuf {
    let key = ContentHash::of(games.as_os_str().as_encoded_bytes()).to_string();
    state_dir.join(LIBRARIES).join(&key[..16])
}

/// Reads what is remembered under a name; `None` if nothing is, or if what stands there is damaged.
fn read_record(
    folder: &dyn Folder,
    name: &str,
    bytes_max: u64,
    path: &Path,
) -> Result<Option<Vec<u8>>, DiskFailure> {
    match files::read_if_there(folder, Path::new(name), bytes_max) {
        Err(error) if error.kind() == io::ErrorKind::InvalidData => {
            not_usable(path, &error.to_string());
            Ok(None)
        }
        read => read.doing("read", path),
    }
}

/// Tells once more often than needed that something that was remembered counts as forgotten.
fn not_usable(path: &Path, reason: &str) {
    let path = path.display();
    tracing::warn!(%path, reason, "what is remembered in this file cannot be used");
}

fn install_name(id: &GameId, version: Version) -> String {
    format!("{id}.{version}.json")
}

/// Removes what is not needed any more. Failing does no harm: it is tried again some day.
fn forget(folder: &dyn Folder, path: &Path) {
    if let Err(error) = files::remove_if_there(folder, path) {
        tracing::debug!(path = %path.display(), %error, "could not forget a record");
    }
}
