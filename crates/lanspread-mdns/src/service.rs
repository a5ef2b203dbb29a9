//! Translates between this crate's types and those of `mdns-sd`.
//!
//! Invariant: the service handed to `mdns-sd` was built from checked text, so that its own limits
//! (DNS labels, TXT strings of 255 bytes) cannot be hit.

use mdns_sd::{ResolvedService, ScopedIp, ServiceInfo};

use crate::{
    DiscoveryConfig, DiscoveryError, Interfaces, SERVICE_TYPE, UpdateError,
    advertisement::{
        KEY_HOST_NAME, KEY_LIBRARY_REVISION, KEY_NAME, KEY_NEEDS_CODE, KEY_PEER_ID,
        KEY_PROTOCOL_VERSION, RawInstance,
    },
    candidates::HeardAddress,
    limits::{HOST_NAME_BYTES_MAX, NAME_BYTES_MAX},
    names::{clean_text, host_label, instance_label, is_library_revision, is_peer_id},
};

/// This peer's own instance.
#[derive(Debug, Clone)]
pub(crate) struct OwnService {
    peer_id: String,
    listen_port: u16,
    interfaces: Interfaces,
    protocol_version: String,
    needs_code: bool,
    library_revision: String,
    host_name: String,
    name: String,
}

impl OwnService {
    pub(crate) fn new(config: &DiscoveryConfig) -> Result<Self, DiscoveryError> {
        if !is_peer_id(&config.peer_id) {
            return Err(DiscoveryError::PeerId(config.peer_id.clone()));
        }
        if config.listen_port == 0 {
            return Err(DiscoveryError::PortZero);
        }
        if config.interfaces == Interfaces::Only(Vec::new()) {
            return Err(DiscoveryError::NoInterfaces);
        }
        if !is_library_revision(&config.library_revision) {
            return Err(DiscoveryError::LibraryRevision(
                config.library_revision.clone(),
            ));
        }
        Ok(Self {
            peer_id: config.peer_id.clone(),
            listen_port: config.listen_port,
            interfaces: config.interfaces.clone(),
            protocol_version: config.protocol_version.to_string(),
            needs_code: config.needs_code,
            library_revision: config.library_revision.clone(),
            host_name: clean_text(&config.host_name, HOST_NAME_BYTES_MAX),
            name: clean_text(&config.name, NAME_BYTES_MAX),
        })
    }

    /// The same instance with another library revision.
    pub(crate) fn with_library_revision(&self, revision: &str) -> Result<Self, UpdateError> {
        if !is_library_revision(revision) {
            return Err(UpdateError::LibraryRevision(revision.to_owned()));
        }
        Ok(Self {
            library_revision: revision.to_owned(),
            ..self.clone()
        })
    }

    /// The records to register.
    pub(crate) fn records(&self) -> Result<ServiceInfo, mdns_sd::Error> {
        let fixed = self.interfaces.fixed_addresses();
        let mut records = ServiceInfo::new(
            SERVICE_TYPE,
            instance_label(&self.peer_id),
            &format!("{}.local.", host_label(&self.host_name, &self.peer_id)),
            fixed,
            self.listen_port,
            &self.txt()[..],
        )?;
        // Instance and host are named after a public key, so nobody else has these names: no need
        // to probe for them (RFC 6762, section 8.1) for 750 ms before the first announcement.
        records.set_requires_probe(false);
        if fixed.is_empty() {
            Ok(records.enable_addr_auto())
        } else {
            Ok(records)
        }
    }

    fn txt(&self) -> [(&'static str, &str); 6] {
        [
            (KEY_PEER_ID, &self.peer_id),
            (KEY_PROTOCOL_VERSION, &self.protocol_version),
            (KEY_NEEDS_CODE, if self.needs_code { "1" } else { "0" }),
            (KEY_LIBRARY_REVISION, &self.library_revision),
            (KEY_HOST_NAME, &self.host_name),
            (KEY_NAME, &self.name),
        ]
    }
}

/// The records of a stranger's instance, still unchecked.
pub(crate) fn raw_instance(service: &ResolvedService) -> RawInstance {
    RawInstance {
        fullname: service.fullname.clone(),
        port: service.port,
        txt: service
            .txt_properties
            .iter()
            .map(|property| {
                (
                    property.key().to_owned(),
                    property.val().unwrap_or_default().to_vec(),
                )
            })
            .collect(),
        addresses: service.addresses.iter().map(heard_address).collect(),
    }
}

fn heard_address(address: &ScopedIp) -> HeardAddress {
    let heard_on = match address {
        ScopedIp::V4(v4) => v4
            .interface_ids()
            .iter()
            .map(|id| id.name.clone())
            .collect(),
        ScopedIp::V6(v6) => vec![v6.scope_id().name.clone()],
        _ => Vec::new(),
    };
    HeardAddress {
        ip: address.to_ip_addr(),
        heard_on,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Timing;

    fn config() -> DiscoveryConfig {
        DiscoveryConfig {
            peer_id: "0123456789abcdef".repeat(4),
            listen_port: 47000,
            interfaces: Interfaces::loopback(),
            protocol_version: u32::MAX,
            needs_code: true,
            library_revision: "9".repeat(crate::limits::LIBRARY_REVISION_BYTES_MAX),
            host_name: "h".repeat(500),
            name: "ä".repeat(500),
            timing: Timing::default(),
        }
    }

    #[test]
    fn what_is_advertised_is_what_others_accept_even_at_every_limit() {
        let records = OwnService::new(&config()).unwrap().records().unwrap();
        let advertisement = raw_instance(&records.as_resolved_service())
            .parse()
            .expect("our own rules hold");
        assert_eq!(advertisement.peer_id, config().peer_id);
        assert_eq!(advertisement.protocol_version, u32::MAX);
        assert!(advertisement.needs_code);
        assert_eq!(advertisement.library_revision, config().library_revision);
        assert_eq!(advertisement.host_name.len(), HOST_NAME_BYTES_MAX);
        assert_eq!(advertisement.name.len(), NAME_BYTES_MAX);
        assert_eq!(
            advertisement.candidates,
            ["127.0.0.1:47000".parse().unwrap()]
        );
    }

    #[test]
    fn what_cannot_be_advertised_is_refused_at_once() {
        let refused = |change: fn(&mut DiscoveryConfig)| {
            let mut config = config();
            change(&mut config);
            OwnService::new(&config).unwrap_err()
        };
        assert!(matches!(
            refused(|c| c.peer_id.push('0')),
            DiscoveryError::PeerId(_)
        ));
        assert_eq!(refused(|c| c.listen_port = 0), DiscoveryError::PortZero);
        assert_eq!(
            refused(|c| c.interfaces = Interfaces::Only(Vec::new())),
            DiscoveryError::NoInterfaces
        );
        assert!(matches!(
            refused(|c| c.library_revision.push('9')),
            DiscoveryError::LibraryRevision(_)
        ));
        let service = OwnService::new(&config()).unwrap();
        assert!(matches!(
            service.with_library_revision("a b"),
            Err(UpdateError::LibraryRevision(_))
        ));
    }
}
