//! Who this peer is: its own key, made at first start and kept in the state directory.
//!
//! Invariant: a peer never changes its identity by itself. The key is the identity; the certificate
//! only carries it and is made again whenever it is missing or does not fit. A key that cannot be
//! read is an error that says what to do, never a reason to make another one.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use lanspread_proto::PeerId;
use rcgen::{
    CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose, PublicKeyData as _,
};
use rustls::{
    pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, pem::PemObject as _},
    server::ParsedCertificate,
};

use crate::state_file::write_atomically;

/// The file of the private key, in the state directory.
pub const KEY_FILE: &str = "identity.key";

/// The file of the certificate, in the state directory.
pub const CERTIFICATE_FILE: &str = "identity.cert";

/// The name in every peer's certificate. TLS wants one; nobody checks it.
const SUBJECT_ALT_NAME: &str = "lanspread";

/// A peer's key, its certificate and the id that follows from them.
pub struct Identity {
    key_der: Vec<u8>,
    certificate: CertificateDer<'static>,
    peer_id: PeerId,
}

/// Why a peer has no identity.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// The state directory cannot be made.
    #[error("the state directory {} cannot be created: {source}", path.display())]
    StateDir {
        /// The directory.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A file cannot be read.
    #[error("this peer's identity in {} cannot be read: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A file cannot be written.
    #[error("this peer's identity cannot be written to {}: {source}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The key file holds no key.
    #[error(
        "{} does not hold a usable key ({reason}). Restore it from a backup, or delete it and {} \
         to start as a new peer that others do not know yet",
        path.display(), CERTIFICATE_FILE
    )]
    BadKey {
        /// The key file.
        path: PathBuf,
        /// What the parser says.
        reason: String,
    },
    /// There is a certificate without its key.
    #[error(
        "{} is missing although its certificate {} is there. Restore the key from a backup, or \
         delete the certificate to start as a new peer that others do not know yet",
        key.display(), certificate.display()
    )]
    KeyMissing {
        /// The key file that should be there.
        key: PathBuf,
        /// The certificate file that is there.
        certificate: PathBuf,
    },
    /// The system could not make a key or a certificate.
    #[error("a new key could not be made: {0}")]
    Generate(rcgen::Error),
}

impl Identity {
    /// Loads the identity in a state directory, or makes one if the directory has none.
    ///
    /// # Errors
    /// A directory or file that cannot be used, and a key that is damaged or missing beside its
    /// certificate: the identity is never replaced silently.
    pub fn load_or_create(state_dir: &Path) -> Result<Self, IdentityError> {
        let key_path = state_dir.join(KEY_FILE);
        let certificate_path = state_dir.join(CERTIFICATE_FILE);
        fs::create_dir_all(state_dir).map_err(|source| IdentityError::StateDir {
            path: state_dir.to_owned(),
            source,
        })?;

        let key_pem = read_if_there(&key_path)?;
        let certificate_pem = read_if_there(&certificate_path)?;
        let Some(key_pem) = key_pem else {
            if certificate_pem.is_some() {
                return Err(IdentityError::KeyMissing {
                    key: key_path,
                    certificate: certificate_path,
                });
            }
            let key = KeyPair::generate().map_err(IdentityError::Generate)?;
            // The key comes first: a crash between the two leaves a key, which is an identity.
            write_private(&key_path, key.serialize_pem().as_bytes())?;
            let certificate = create_certificate(&certificate_path, &key)?;
            let identity = Self::from_key(&key, certificate);
            tracing::info!(peer_id = %identity.peer_id, "made this peer's identity");
            return Ok(identity);
        };

        let key = parse_key(&key_path, &key_pem)?;
        let certificate = match certificate_pem
            .as_deref()
            .and_then(|pem| fitting_certificate(pem, &key))
        {
            Some(certificate) => certificate,
            None => create_certificate(&certificate_path, &key)?,
        };
        Ok(Self::from_key(&key, certificate))
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

/// Makes the certificate of a key and keeps it.
fn create_certificate(
    path: &Path,
    key: &KeyPair,
) -> Result<CertificateDer<'static>, IdentityError> {
    let certificate = make_certificate(key).map_err(IdentityError::Generate)?;
    write_private(path, certificate.pem().as_bytes())?;
    Ok(certificate.der().clone())
}

fn parse_key(path: &Path, pem: &[u8]) -> Result<KeyPair, IdentityError> {
    let bad = |reason: String| IdentityError::BadKey {
        path: path.to_owned(),
        reason,
    };
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

fn read_if_there(path: &Path) -> Result<Option<Vec<u8>>, IdentityError> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(IdentityError::Read {
            path: path.to_owned(),
            source,
        }),
    }
}

/// Writes a file that only its owner may read, whole or not at all.
fn write_private(path: &Path, bytes: &[u8]) -> Result<(), IdentityError> {
    write_atomically(path, bytes).map_err(|source| IdentityError::Write {
        path: path.to_owned(),
        source,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identity_is_made_once_and_loaded_afterwards() {
        let dir = tempfile::tempdir().unwrap();
        let state_dir = dir.path().join("state");
        let first = Identity::load_or_create(&state_dir).unwrap();
        let second = Identity::load_or_create(&state_dir).unwrap();
        assert_eq!(first.peer_id(), second.peer_id());
        assert_eq!(first.certificate(), second.certificate());
        let parsed = ParsedCertificate::try_from(second.certificate()).unwrap();
        let from_certificate = PeerId::from_public_key_der(&parsed.subject_public_key_info());
        assert_eq!(from_certificate, first.peer_id());

        let elsewhere = Identity::load_or_create(&dir.path().join("elsewhere")).unwrap();
        assert_ne!(elsewhere.peer_id(), first.peer_id());
    }

    #[cfg(unix)]
    #[test]
    fn only_the_owner_can_read_the_identity() {
        use std::os::unix::fs::PermissionsExt as _;
        let dir = tempfile::tempdir().unwrap();
        Identity::load_or_create(dir.path()).unwrap();
        for name in [KEY_FILE, CERTIFICATE_FILE] {
            let mode = fs::metadata(dir.path().join(name))
                .unwrap()
                .permissions()
                .mode();
            assert_eq!(mode & 0o777, 0o600, "{name}");
        }
    }

    #[test]
    fn a_damaged_key_is_an_error_that_says_what_to_do_and_is_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        Identity::load_or_create(dir.path()).unwrap();
        let key_path = dir.path().join(KEY_FILE);
        for damage in [&b"not a key"[..], b"", b"\xff\xfe"] {
            fs::write(&key_path, damage).unwrap();
            let error = Identity::load_or_create(dir.path()).unwrap_err();
            assert!(error.to_string().contains("delete it"), "{error}");
            assert_eq!(fs::read(&key_path).unwrap(), damage);
        }
    }

    #[test]
    fn a_lost_key_beside_its_certificate_is_not_replaced_silently() {
        let dir = tempfile::tempdir().unwrap();
        Identity::load_or_create(dir.path()).unwrap();
        fs::remove_file(dir.path().join(KEY_FILE)).unwrap();
        let error = Identity::load_or_create(dir.path()).unwrap_err();
        assert!(matches!(error, IdentityError::KeyMissing { .. }), "{error}");
        assert!(!dir.path().join(KEY_FILE).exists());
    }

    #[test]
    fn a_certificate_that_is_lost_damaged_or_of_another_key_is_made_again_and_the_identity_stays() {
        let dir = tempfile::tempdir().unwrap();
        let peer_id = Identity::load_or_create(dir.path()).unwrap().peer_id();
        let certificate_path = dir.path().join(CERTIFICATE_FILE);

        fs::remove_file(&certificate_path).unwrap();
        assert_eq!(
            Identity::load_or_create(dir.path()).unwrap().peer_id(),
            peer_id
        );
        assert!(certificate_path.exists());

        fs::write(&certificate_path, "damaged").unwrap();
        assert_eq!(
            Identity::load_or_create(dir.path()).unwrap().peer_id(),
            peer_id
        );

        let other = tempfile::tempdir().unwrap();
        Identity::load_or_create(other.path()).unwrap();
        fs::copy(other.path().join(CERTIFICATE_FILE), &certificate_path).unwrap();
        let loaded = Identity::load_or_create(dir.path()).unwrap();
        assert_eq!(loaded.peer_id(), peer_id);
        let parsed = ParsedCertificate::try_from(loaded.certificate()).unwrap();
        let carried = PeerId::from_public_key_der(&parsed.subject_public_key_info());
        assert_eq!(carried, peer_id);
    }

    #[test]
    fn what_a_crash_left_half_written_does_not_stand_in_the_way() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("identity.tmp"), "half a k").unwrap();
        let peer_id = Identity::load_or_create(dir.path()).unwrap().peer_id();
        assert_eq!(
            Identity::load_or_create(dir.path()).unwrap().peer_id(),
            peer_id
        );
    }

    #[test]
    fn the_key_is_in_no_debug_output() {
        let identity = Identity::ephemeral().unwrap();
        assert!(!format!("{identity:?}").contains("key"));
    }
}
