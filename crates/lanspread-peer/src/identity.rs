//! Who this peer is: its own key, made at first start and kept in the state directory.
//!
//! Invariant: a peer never changes its identity without a word. The key is the identity; the
//! certificate only carries it and is made again whenever it is missing or does not fit. A key that is
//! damaged is kept under another name, and whoever made the peer start is told; one that the system
//! does not give is an error, never a reason to make another one.

use std::{
    io,
    path::{Path, PathBuf},
};

use lanspread_disk::{RealFileSystem, StateDir};
use lanspread_proto::PeerId;
use rcgen::{
    CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose, PublicKeyData as _,
};
use rustls::{
    pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, pem::PemObject as _},
    server::ParsedCertificate,
};

/// The file of the private key, in the state directory.
pub const KEY_FILE: &str = "identity.key";

/// The file of the certificate, in the state directory.
pub const CERTIFICATE_FILE: &str = "identity.cert";

/// The longest file of an identity that is read; those that are written have under 1 KiB.
const FILE_BYTES_MAX: u64 = 16 * 1024;

/// The name in every peer's certificate. TLS wants one; nobody checks it.
const SUBJECT_ALT_NAME: &str = "lanspread";

/// A peer's key, its certificate and the id that follows from them.
pub struct Identity {
    key_der: Vec<u8>,
    certificate: CertificateDer<'static>,
    peer_id: PeerId,
}

/// The identity of a peer that starts, and what its user should know of it.
#[derive(Debug)]
pub struct Loaded {
    /// Who the peer is.
    pub identity: Identity,
    /// Set if the peer is not who it was before.
    pub notice: Option<String>,
}

/// Why a peer has no identity.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// The state directory cannot be made.
    #[error("the state directory {} cannot be used: {source}; choose another one", path.display())]
    StateDir {
        /// The directory.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A file cannot be read.
    #[error(
        "this peer's identity in {} cannot be read: {source}; allow this user to read it, or move it \
         away to start as a new peer that others do not know yet",
        path.display()
    )]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A file cannot be written.
    #[error(
        "this peer's identity cannot be written to {}: {source}; make room, and allow this user to \
         write there",
        path.display()
    )]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A file that cannot be used cannot be kept under another name either.
    #[error("{} cannot be used and cannot be set aside: {source}", path.display())]
    SetAside {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The system could not make a key or a certificate.
    #[error("a new key could not be made: {0}")]
    Generate(rcgen::Error),
}

impl Identity {
    /// Loads the identity in a state directory, or makes one if the directory has none that can be
    /// used.
    ///
    /// # Errors
    /// A directory or file that cannot be read or written.
    pub fn load_or_create(state_dir: &Path) -> Result<Loaded, IdentityError> {
        let files = Files::open(state_dir)?;
        let certificate = files.read(CERTIFICATE_FILE)?.ok();
        let key = files.read(KEY_FILE)?.and_then(|pem| parse_key(&pem));
        let notice = match (key, &certificate) {
            (Ok(key), pem) => {
                let fitting = pem
                    .as_deref()
                    .and_then(|pem| fitting_certificate(pem, &key));
                let certificate = match fitting {
                    Some(certificate) => certificate,
                    None => files.create_certificate(&key)?,
                };
                return Ok(Loaded {
                    identity: Self::from_key(&key, certificate),
                    notice: None,
                });
            }
            // The first start.
            (Err(Unusable::Missing), None) => None,
            (Err(Unusable::Missing), Some(_)) => {
                let aside = files.set_aside(CERTIFICATE_FILE)?;
                Some(format!(
                    "this peer's key {} is missing although its certificate was there, so it is a \
                     new peer now, which others do not know yet. The certificate is kept as {}; to \
                     be the old peer again, restore the key from a backup",
                    files.path(KEY_FILE).display(),
                    files.path(&aside).display()
                ))
            }
            (Err(Unusable::Damaged(reason)), _) => {
                let aside = files.set_aside(KEY_FILE)?;
                Some(format!(
                    "this peer's key {} could not be used ({reason}), so it is a new peer now, which \
                     others do not know yet. The broken key is kept as {}; to be the old peer again, \
                     restore the key from a backup",
                    files.path(KEY_FILE).display(),
                    files.path(&aside).display()
                ))
            }
        };
        let identity = files.create_identity()?;
        tracing::info!(peer_id = %identity.peer_id, "made this peer's identity");
        Ok(Loaded { identity, notice })
    }

    /// Makes an identity that lives in memory only, for tests and one-off tools.
    ///
    /// # Errors
    /// A system without randomness.
    pub fn ephemeral() -> Result<Self, IdentityError> {
        let key = KeyPair::generate().map_err(IdentityError::Generate)?;
        let certificate = make_certificate(&key).map_err(IdentityError::Generate)?;
        Ok(Self::from_key(&key, certificate.der().clone()))
    }

    /// Who this peer is.
    #[must_use]
    pub const fn peer_id(&self) -> PeerId {
        self.peer_id
    }

    /// The certificate that carries the public key.
    #[must_use]
    pub const fn certificate(&self) -> &CertificateDer<'static> {
        &self.certificate
    }

    /// The private key, for the TLS configuration only.
    #[must_use]
    pub fn private_key(&self) -> PrivateKeyDer<'static> {
        PrivatePkcs8KeyDer::from(self.key_der.clone()).into()
    }

    fn from_key(key: &KeyPair, certificate: CertificateDer<'static>) -> Self {
        let peer_id = PeerId::from_public_key_der(&key.subject_public_key_info());
        Self {
            key_der: key.serialize_der(),
            certificate,
            peer_id,
        }
    }
}

impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The key stays out of every log.
        f.debug_struct("Identity")
            .field("peer_id", &self.peer_id)
            .finish_non_exhaustive()
    }
}

/// Makes the self-signed end-entity certificate of a key.
///
/// TLS libraries refuse a certificate that is marked as an authority, so it says that it is none.
/// Its dates span centuries (`rcgen`'s defaults): a party must not end because a certificate did.
fn make_certificate(key: &KeyPair) -> Result<rcgen::Certificate, rcgen::Error> {
    let mut params = CertificateParams::new([SUBJECT_ALT_NAME.to_owned()])?;
    params.is_ca = IsCa::ExplicitNoCa;
    params.distinguished_name = DistinguishedName::new();
    params
        .distinguished_name
        .push(DnType::CommonName, "Lanspread peer");
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![
        ExtendedKeyUsagePurpose::ServerAuth,
        ExtendedKeyUsagePurpose::ClientAuth,
    ];
    params.self_signed(key)
}

/// Why there is no key in a file.
enum Unusable {
    /// There is no file.
    Missing,
    /// It holds something else.
    Damaged(String),
}

fn parse_key(pem: &[u8]) -> Result<KeyPair, Unusable> {
    let bad = |reason: String| Unusable::Damaged(reason);
    let text = std::str::from_utf8(pem).map_err(|_| bad("it is not text".to_owned()))?;
    KeyPair::from_pem(text).map_err(|error| bad(error.to_string()))
}

/// The certificate in `pem`, if it is one and carries the public half of `key`.
fn fitting_certificate(pem: &[u8], key: &KeyPair) -> Option<CertificateDer<'static>> {
    let certificate = CertificateDer::from_pem_slice(pem).ok()?;
    let parsed = ParsedCertificate::try_from(&certificate).ok()?;
    let fits = parsed.subject_public_key_info().as_ref() == key.subject_public_key_info();
    fits.then_some(certificate)
}

/// The files of an identity.
struct Files<'a> {
    dir: StateDir,
    state_dir: &'a Path,
}

impl<'a> Files<'a> {
    fn open(state_dir: &'a Path) -> Result<Self, IdentityError> {
        let dir = StateDir::open(&RealFileSystem, state_dir).map_err(|source| {
            IdentityError::StateDir {
                path: state_dir.to_owned(),
                source,
            }
        })?;
        Ok(Self { dir, state_dir })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.state_dir.join(name)
    }

    fn read(&self, name: &str) -> Result<Result<Vec<u8>, Unusable>, IdentityError> {
        match self.dir.read(name, FILE_BYTES_MAX) {
            Ok(Some(bytes)) => Ok(Ok(bytes)),
            Ok(None) => Ok(Err(Unusable::Missing)),
            Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                Ok(Err(Unusable::Damaged(error.to_string())))
            }
            Err(source) => Err(IdentityError::Read {
                path: self.path(name),
                source,
            }),
        }
    }

    fn write(&self, name: &str, bytes: &[u8]) -> Result<(), IdentityError> {
        let written = self.dir.replace_private(name, bytes);
        written.map_err(|source| IdentityError::Write {
            path: self.path(name),
            source,
        })
    }

    fn set_aside(&self, name: &str) -> Result<String, IdentityError> {
        self.dir
            .set_aside(name)
            .map_err(|source| IdentityError::SetAside {
                path: self.path(name),
                source,
            })
    }

    /// Makes a key and its certificate. The key comes first: a crash between the two leaves a key,
    /// which is an identity.
    fn create_identity(&self) -> Result<Identity, IdentityError> {
        let key = KeyPair::generate().map_err(IdentityError::Generate)?;
        self.write(KEY_FILE, key.serialize_pem().as_bytes())?;
        let certificate = self.create_certificate(&key)?;
        Ok(Identity::from_key(&key, certificate))
    }

    /// Makes the certificate of a key and keeps it.
    fn create_certificate(&self, key: &KeyPair) -> Result<CertificateDer<'static>, IdentityError> {
        let certificate = make_certificate(key).map_err(IdentityError::Generate)?;
        self.write(CERTIFICATE_FILE, certificate.pem().as_bytes())?;
        Ok(certificate.der().clone())
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use lanspread_disk::ASIDE_MAX;

    use super::*;

    fn load(dir: &Path) -> Identity {
        let loaded = Identity::load_or_create(dir).unwrap();
        assert_eq!(loaded.notice, None);
        loaded.identity
    }

    fn load_with_notice(dir: &Path) -> (Identity, String) {
        let loaded = Identity::load_or_create(dir).unwrap();
        (loaded.identity, loaded.notice.expect("a notice"))
    }

    #[test]
    fn an_identity_is_made_once_and_loaded_afterwards() {
        let dir = tempfile::tempdir().unwrap();
        let state_dir = dir.path().join("state");
        let first = load(&state_dir);
        let second = load(&state_dir);
        assert_eq!(first.peer_id(), second.peer_id());
        assert_eq!(first.certificate(), second.certificate());
        let parsed = ParsedCertificate::try_from(second.certificate()).unwrap();
        let from_certificate = PeerId::from_public_key_der(&parsed.subject_public_key_info());
        assert_eq!(from_certificate, first.peer_id());
        assert_ne!(
            load(&dir.path().join("elsewhere")).peer_id(),
            first.peer_id()
        );
    }

    #[cfg(unix)]
    #[test]
    fn only_the_owner_can_read_the_identity() {
        use std::os::unix::fs::PermissionsExt as _;
        let dir = tempfile::tempdir().unwrap();
        load(dir.path());
        for name in [KEY_FILE, CERTIFICATE_FILE] {
            let metadata = fs::metadata(dir.path().join(name)).unwrap();
            assert_eq!(metadata.permissions().mode() & 0o777, 0o600, "{name}");
        }
    }

    /// A key that was cut short by a full disk kept the peer from starting at all, and a guest does
    /// not edit files. Others know the peer by this key, so a new one is never made without a word:
    /// the old file is kept, and the notice names it.
    #[test]
    fn a_damaged_key_is_kept_aside_and_the_peer_starts_as_another_with_a_notice() {
        let dir = tempfile::tempdir().unwrap();
        load(dir.path());
        let key_path = dir.path().join(KEY_FILE);
        let sound = fs::read(&key_path).unwrap();
        let mut flipped = sound.clone();
        flipped[sound.len() / 2] ^= 1;
        let half = sound[..sound.len() / 2].to_vec();
        let too_long = vec![b'x'; usize::try_from(FILE_BYTES_MAX).unwrap() + 1];
        let garbage = [b"not a key".to_vec(), Vec::new(), b"\xff\xfe".to_vec()];
        let damages = garbage.into_iter().chain([half, flipped, too_long]);
        for (number, damage) in (1..).zip(damages) {
            let before = load(dir.path()).peer_id();
            fs::write(&key_path, &damage).unwrap();
            let (identity, notice) = load_with_notice(dir.path());
            assert_ne!(identity.peer_id(), before);
            let aside = dir.path().join(format!("{KEY_FILE}.aside-{number}"));
            assert_eq!(fs::read(&aside).unwrap(), damage);
            for told in [&key_path, &aside] {
                assert!(notice.contains(told.to_str().unwrap()), "{notice}");
            }
            assert!(notice.contains("backup"), "{notice}");
            assert_eq!(load(dir.path()).peer_id(), identity.peer_id(), "told once");
        }
    }

    #[test]
    fn a_lost_key_beside_its_certificate_is_told_and_the_certificate_is_kept() {
        let dir = tempfile::tempdir().unwrap();
        let before = load(dir.path());
        let certificate = fs::read(dir.path().join(CERTIFICATE_FILE)).unwrap();
        fs::remove_file(dir.path().join(KEY_FILE)).unwrap();
        let (identity, notice) = load_with_notice(dir.path());
        assert_ne!(identity.peer_id(), before.peer_id());
        assert!(notice.contains("is missing"), "{notice}");
        let aside = dir.path().join(format!("{CERTIFICATE_FILE}.aside-1"));
        assert_eq!(fs::read(aside).unwrap(), certificate);
    }

    #[test]
    fn a_key_from_a_backup_makes_the_old_peer_again() {
        let dir = tempfile::tempdir().unwrap();
        let before = load(dir.path()).peer_id();
        let backup = fs::read(dir.path().join(KEY_FILE)).unwrap();
        fs::write(dir.path().join(KEY_FILE), b"broken").unwrap();
        load_with_notice(dir.path());
        fs::write(dir.path().join(KEY_FILE), backup).unwrap();
        assert_eq!(load(dir.path()).peer_id(), before);
    }

    #[test]
    fn when_as_many_keys_as_may_be_are_aside_the_next_one_is_an_error_that_says_so() {
        let dir = tempfile::tempdir().unwrap();
        let key_path = dir.path().join(KEY_FILE);
        for _ in 0..ASIDE_MAX {
            fs::write(&key_path, b"broken").unwrap();
            load_with_notice(dir.path());
        }
        fs::write(&key_path, b"broken").unwrap();
        let error = Identity::load_or_create(dir.path()).unwrap_err();
        assert!(matches!(error, IdentityError::SetAside { .. }), "{error}");
        assert_eq!(fs::read(&key_path).unwrap(), b"broken");
    }

    #[test]
    fn a_certificate_that_is_lost_damaged_or_of_another_key_is_made_again_and_the_identity_stays() {
        let dir = tempfile::tempdir().unwrap();
        let peer_id = load(dir.path()).peer_id();
        let certificate_path = dir.path().join(CERTIFICATE_FILE);

        fs::remove_file(&certificate_path).unwrap();
        assert_eq!(load(dir.path()).peer_id(), peer_id);
        assert!(certificate_path.exists());

        for damage in [&b"damaged"[..], b"", b"\xff"] {
            fs::write(&certificate_path, damage).unwrap();
            assert_eq!(load(dir.path()).peer_id(), peer_id);
        }

        let other = tempfile::tempdir().unwrap();
        load(other.path());
        fs::copy(other.path().join(CERTIFICATE_FILE), &certificate_path).unwrap();
        let loaded = load(dir.path());
        assert_eq!(loaded.peer_id(), peer_id);
        let parsed = ParsedCertificate::try_from(loaded.certificate()).unwrap();
        let carried = PeerId::from_public_key_der(&parsed.subject_public_key_info());
        assert_eq!(carried, peer_id);
    }

    /// Each file is replaced whole or not at all, whatever goes wrong; so these are all the states
    /// that a crash of the first start can leave.
    #[test]
    fn a_crash_at_any_point_of_the_first_start_leaves_an_identity_or_none() {
        let whole = tempfile::tempdir().unwrap();
        let made = load(whole.path()).peer_id();
        let key = fs::read(whole.path().join(KEY_FILE)).unwrap();
        for (files, is_made) in [
            (&["identity.key.tmp"][..], false),
            (&[KEY_FILE], true),
            (&[KEY_FILE, "identity.cert.tmp"], true),
        ] {
            let dir = tempfile::tempdir().unwrap();
            for name in files {
                let half = &key[..key.len() / 2];
                let content = if *name == KEY_FILE { &key[..] } else { half };
                fs::write(dir.path().join(name), content).unwrap();
            }
            let peer_id = load(dir.path()).peer_id();
            assert_eq!(peer_id == made, is_made, "{files:?}");
            assert_eq!(load(dir.path()).peer_id(), peer_id, "{files:?}");
        }
    }

    #[test]
    fn the_key_is_in_no_debug_output() {
        let identity = Identity::ephemeral().unwrap();
        assert!(!format!("{identity:?}").contains("key"));
    }
}
