//! The nouns: manifests, paths, ids, versions, hashes.
//!
//! Property: a manifest that is accepted has exactly one encoding; a path that is accepted never
//! escapes what it is joined to; a name that is accepted is read back as the same.

use std::path::{Component, Path};

use lanspread_db::{
    GAME_BYTES_MAX, GameId, Manifest, ManifestHash, PATH_COMPONENT_BYTES_MAX, REL_PATH_BYTES_MAX,
    REL_PATH_DEPTH_MAX, RelPath, RootEntry, Version, clean_line, clean_text,
};
use lanspread_proto::{ListenAddr, MessageText, PeerId, PeerName};

/// The encoding of a manifest.
pub(crate) fn manifest(bytes: &[u8]) {
    let Ok(manifest) = Manifest::decode(bytes) else {
        return;
    };
    assert_eq!(manifest.encode(), bytes, "one manifest, one encoding");
    assert_eq!(manifest.hash(), ManifestHash::of_encoding(bytes));
    assert!(manifest.total_bytes() <= GAME_BYTES_MAX);
    for file in manifest.files() {
        holds_within(file.path.as_str(), &file.path);
    }
    let chunks = manifest.chunk_refs().take(1000);
    for (at, chunk) in chunks.enumerate() {
        let info = manifest.chunk(chunk).expect("listed");
        assert!(info.len_bytes > 0 && info.len_bytes <= manifest.chunk_bytes());
        let index = manifest.chunk_index(chunk).expect("listed");
        assert_eq!(usize::try_from(index), Ok(at));
        assert_eq!(manifest.chunk_at(index), Some(chunk));
    }
}

/// A path below a game root.
pub(crate) fn rel_path(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    if let Ok(path) = RelPath::parse(text) {
        holds_within(text, &path);
        let _ = RootEntry::of(&path);
        let again = RelPath::parse(path.as_str()).expect("accepted before");
        assert_eq!(again, path);
        if let Some(parent) = path.parent() {
            let joined = parent.join(path.file_name()).expect("it is this path");
            assert_eq!(joined, path);
        }
    }
    let (above, below) = text.split_once('\n').unwrap_or((text, text));
    if let Ok(path) = RelPath::parse(above)
        && let Ok(joined) = path.join(below)
    {
        holds_within(joined.as_str(), &joined);
        assert!(joined.as_str().starts_with(path.as_str()));
    }
}

/// Asserts that a path stays below whatever it is joined to, on every system.
fn holds_within(text: &str, path: &RelPath) {
    assert_eq!(path.as_str(), text, "a path is not rewritten");
    assert!(text.len() <= REL_PATH_BYTES_MAX && !text.is_empty());
    assert!(path.components().count() <= REL_PATH_DEPTH_MAX);
    assert!(
        Path::new(text)
            .components()
            .all(|part| matches!(part, Component::Normal(_)))
    );
    for part in path.components() {
        assert!(!part.is_empty() && part.len() <= PATH_COMPONENT_BYTES_MAX);
        assert!(part != "." && part != "..");
        assert!(!part.ends_with(['.', ' ']), "Windows would drop the end");
        assert!(
            !part.contains(['\\', ':', '*', '?', '"', '<', '>', '|']),
            "it means something else on Windows"
        );
        assert!(part.chars().all(|c| !c.is_control()));
    }
}

/// Ids, versions, hashes, addresses and texts, all from the same bytes.
pub(crate) fn names(bytes: &[u8]) {
    let _ = Version::from_version_ini(bytes).map(|version| assert_eq!(version.as_str().len(), 8));
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    if let Ok(id) = GameId::parse(text) {
        assert_eq!(id.as_str(), text);
        holds_within(
            text,
            &RelPath::parse(text).expect("an id is a directory name"),
        );
    }
    if let Ok(version) = Version::parse(text) {
        assert_eq!(version.as_str(), text);
    }
    if let Ok(hash) = text.parse::<ManifestHash>() {
        assert_eq!(hash.to_string(), text);
    }
    if let Ok(id) = text.parse::<PeerId>() {
        assert_eq!(id.to_string().parse(), Ok(id));
    }
    if let Ok(addr) = text.parse::<ListenAddr>() {
        assert_eq!(addr.to_string().parse::<ListenAddr>().ok(), Some(addr));
    }
    let name = PeerName::new(text);
    assert_eq!(PeerName::new(&name.to_string()), name);
    if let Ok(said) = MessageText::new(text) {
        let read = serde_json::to_value(&said).and_then(serde_json::from_value);
        assert_eq!(read.ok(), Some(said), "what is said is heard");
    }
    for cleaned in [clean_line(text), clean_text(text)].into_iter().flatten() {
        assert!(
            cleaned.chars().all(|c| c == '\n' || !c.is_control()),
            "a text that is shown holds no control character"
        );
    }
}
