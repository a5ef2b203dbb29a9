//! TLS 1.3 with a certificate on both sides, and no authority.
//!
//! Invariant: whoever a connection is attributed to has proved, in that very handshake, that it owns
//! the key of the certificate it showed. Names, dates and issuers of certificates prove nothing and
//! are not looked at; sessions are never resumed, so each connection has a proof of its own.

use std::sync::Arc;

use lanspread_packets::crypto;
use lanspread_proto::{ALPN_ANY_VERSION, PeerId};
use rustls::{
    ClientConfig, DigitallySignedStruct, DistinguishedName, Error, ServerConfig, SignatureScheme,
    client::{
        Resumption,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    },
    crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature},
    pki_types::{CertificateDer, ServerName, UnixTime},
    server::{
        NoServerSessionStorage, ParsedCertificate,
        danger::{ClientCertVerified, ClientCertVerifier},
    },
    version::TLS13,
};

use super::limits::CERTIFICATE_BYTES_MAX;
use crate::identity::Identity;

/// The name dialers ask for. It says nothing: the certificate is judged by its key.
pub(super) const SERVER_NAME: &str = "lanspread";

/// The two halves of one peer's TLS.
pub(super) struct TlsConfigs {
    /// For connections that others make.
    pub(super) server: ServerConfig,
    /// For connections this peer makes.
    pub(super) client: ClientConfig,
}

/// Builds both halves for a peer that speaks this application protocol.
///
/// # Errors
/// An identity that the TLS library does not take.
pub(super) fn configs(identity: &Identity, protocol: Vec<u8>) -> Result<TlsConfigs, Error> {
    configs_for(identity, vec![protocol, ALPN_ANY_VERSION.to_vec()])
}

/// The same for a peer that speaks one of these application protocols.
///
/// # Errors
/// An identity that the TLS library does not take.
pub(super) fn configs_for(
    identity: &Identity,
    protocols: Vec<Vec<u8>>,
) -> Result<TlsConfigs, Error> {
    let provider = Arc::new(crypto());
    let verifier = Arc::new(AnyProvenPeer {
        provider: Arc::clone(&provider),
    });
    let chain = vec![identity.certificate().clone()];

    let mut server = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(&[&TLS13])?
        .with_client_cert_verifier(Arc::clone(&verifier) as Arc<dyn ClientCertVerifier>)
        .with_single_cert(chain.clone(), identity.private_key())?;
    server.alpn_protocols.clone_from(&protocols);
    server.session_storage = Arc::new(NoServerSessionStorage {});
    server.send_tls13_tickets = 0;

    let mut client = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&TLS13])?
        .dangerous()
        .with_custom_certificate_verifier(verifier)
        .with_client_auth_cert(chain, identity.private_key())?;
    client.alpn_protocols = protocols;
    client.resumption = Resumption::disabled();
    Ok(TlsConfigs { server, client })
}

/// The verifier of both halves, for tests that put together a configuration of their own.
#[cfg(test)]
pub(super) fn any_proven_peer() -> Arc<AnyProvenPeer> {
    Arc::new(AnyProvenPeer {
        provider: Arc::new(crypto()),
    })
}

/// The peer that a proven certificate chain belongs to.
pub(super) fn peer_id_of_chain(chain: &[Vec<u8>]) -> Option<PeerId> {
    let [certificate] = chain else { return None };
    let certificate = CertificateDer::from(certificate.as_slice());
    let parsed = ParsedCertificate::try_from(&certificate).ok()?;
    Some(PeerId::from_public_key_der(
        &parsed.subject_public_key_info(),
    ))
}

/// Accepts any single well-formed certificate whose key signed the handshake.
#[derive(Debug)]
pub(super) struct AnyProvenPeer {
    provider: Arc<CryptoProvider>,
}

impl AnyProvenPeer {
    fn check(certificate: &CertificateDer<'_>, others: &[CertificateDer<'_>]) -> Result<(), Error> {
        if !others.is_empty() {
            return Err(Error::General(
                "a peer shows exactly one certificate".to_owned(),
            ));
        }
        if certificate.len() > CERTIFICATE_BYTES_MAX {
            return Err(Error::General(format!(
                "a certificate of {} bytes is over the limit of {CERTIFICATE_BYTES_MAX} bytes",
                certificate.len()
            )));
        }
        ParsedCertificate::try_from(certificate).map(|_| ())
    }

    fn signed_tls12(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn signed_tls13(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn schemes(&self) -> Vec<SignatureScheme> {
        self.provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}

impl ServerCertVerifier for AnyProvenPeer {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Self::check(end_entity, intermediates)?;
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.signed_tls12(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.signed_tls13(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.schemes()
    }
}

impl ClientCertVerifier for AnyProvenPeer {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        Self::check(end_entity, intermediates)?;
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.signed_tls12(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.signed_tls13(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(bytes: usize) -> String {
        let certificate = CertificateDer::from(vec![0x30; bytes]);
        AnyProvenPeer::check(&certificate, &[])
            .unwrap_err()
            .to_string()
    }

    #[test]
    fn a_certificate_is_measured_before_it_is_parsed() {
        assert!(!refusal(CERTIFICATE_BYTES_MAX).contains("over the limit"));
        assert!(refusal(CERTIFICATE_BYTES_MAX + 1).contains("over the limit"));
    }

    /// QUIC and lanes had AES-256, because the library names it first.
    #[test]
    fn two_peers_agree_on_aes_128() {
        let configs = |_| configs(&Identity::ephemeral().unwrap(), b"test".to_vec()).unwrap();
        let [one, two] = [1, 2].map(configs);
        let mut client = rustls::ClientConnection::new(
            Arc::new(one.client),
            ServerName::try_from(SERVER_NAME).unwrap(),
        )
        .unwrap();
        let mut server = rustls::ServerConnection::new(Arc::new(two.server)).unwrap();
        while client.is_handshaking() || server.is_handshaking() {
            let mut wire = Vec::new();
            client.write_tls(&mut wire).unwrap();
            server.read_tls(&mut wire.as_slice()).unwrap();
            server.process_new_packets().unwrap();
            wire.clear();
            server.write_tls(&mut wire).unwrap();
            client.read_tls(&mut wire.as_slice()).unwrap();
            client.process_new_packets().unwrap();
        }
        let suite = client.negotiated_cipher_suite().unwrap().suite();
        assert_eq!(suite, rustls::CipherSuite::TLS13_AES_128_GCM_SHA256);
    }

    #[test]
    fn a_chain_of_two_certificates_is_nobody() {
        let one = Identity::ephemeral().unwrap();
        let two = Identity::ephemeral().unwrap();
        assert!(AnyProvenPeer::check(one.certificate(), &[two.certificate().clone()]).is_err());
        let chain = [one.certificate().to_vec(), two.certificate().to_vec()];
        assert_eq!(peer_id_of_chain(&chain), None);
        assert_eq!(peer_id_of_chain(&chain[..1]), Some(one.peer_id()));
        assert_eq!(peer_id_of_chain(&[]), None);
        assert_eq!(peer_id_of_chain(&[b"nonsense".to_vec()]), None);
    }
}
