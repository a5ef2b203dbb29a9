//! How bytes are sealed on their way.
//!
//! The invariant: whatever moves bytes with this crate seals them with the same cipher, so that what is
//! compared is compared at the same price.

use rustls::{
    CipherSuite,
    crypto::{CryptoProvider, ring},
};

/// Ring, with AES-128 before AES-256: ten rounds instead of fourteen for each block, and as
/// far beyond anybody's reach.
#[must_use]
pub fn crypto() -> CryptoProvider {
    let mut crypto = ring::default_provider();
    let first = CipherSuite::TLS13_AES_128_GCM_SHA256;
    crypto
        .cipher_suites
        .sort_by_key(|suite| suite.suite() != first);
    crypto
}
