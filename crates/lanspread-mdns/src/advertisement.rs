//! From the records of a stranger's instance to an [`Advertisement`], or to the reason why not.
//!
//! Invariant: an [`Advertisement`] exists only if every rule here was met. The functions are pure.

use std::net::{IpAddr, SocketAddr};

use crate::{
    SERVICE_TYPE,
    candidates::{HeardAddress, candidates},
    limits::{
        HOST_NAME_BYTES_MAX, NAME_BYTES_MAX, REJECTED_NAME_CHARS_MAX, TXT_BYTES_MAX, TXT_KEYS_MAX,
    },
    names::{instance_label, is_clean_text, is_instance_label, is_library_revision, is_peer_id},
};

/// TXT key of the full peer id.
pub(crate) const KEY_PEER_ID: &str = "id";
/// TXT key of the protocol version.
pub(crate) const KEY_PROTOCOL_VERSION: &str = "v";
/// TXT key that says whether a party code is needed.
pub(crate) const KEY_NEEDS_CODE: &str = "code";
/// TXT key of the library revision.
pub(crate) const KEY_LIBRARY_REVISION: &str = "rev";
/// TXT key of the machine's name.
pub(crate) const KEY_HOST_NAME: &str = "host";
/// TXT key of the peer's name.
pub(crate) const KEY_NAME: &str = "name";

/// What a peer says about itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Advertisement {
    /// The peer's id: 64 lower-case hexadecimal characters. Claimed, not proved.
    pub peer_id: String,
    /// Where it may accept connections, most promising first: 1 to
    /// [`crate::limits::CANDIDATES_MAX`].
    pub candidates: Vec<SocketAddr>,
    /// The wire version it speaks.
    pub protocol_version: u32,
    /// Whether it says that a party code is needed to connect.
    pub needs_code: bool,
    /// Its library's revision; empty if it says none.
    pub library_revision: String,
    /// Its machine's name; empty if it says none.
    pub host_name: String,
    /// Its name; empty if it says none.
    pub name: String,
}

/// An instance of the service that is not a peer's.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
#[error("ignored the advertisement of {instance:?}: {reason}")]
pub struct Rejection {
    /// The instance as it calls itself, cut to [`REJECTED_NAME_CHARS_MAX`] characters. Print it
    /// escaped.
    pub instance: String,
    /// What is wrong with it.
    pub reason: RejectionReason,
}

impl Rejection {
    pub(crate) fn new(fullname: &str, reason: RejectionReason) -> Self {
        Self {
            instance: fullname.chars().take(REJECTED_NAME_CHARS_MAX).collect(),
            reason,
        }
    }
}

/// What is wrong with an advertisement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum RejectionReason {
    /// The instance is not named after a peer id.
    #[error("its name is not the beginning of a peer id")]
    InstanceName,
    /// Too many TXT keys.
    #[error("its TXT record has more than {TXT_KEYS_MAX} keys")]
    TooManyKeys,
    /// Too many TXT bytes.
    #[error("its TXT record is larger than {TXT_BYTES_MAX} bytes")]
    TxtTooLarge,
    /// A key without which it is not a peer.
    #[error("its TXT record lacks `{0}`")]
    Missing(&'static str),
    /// A value that breaks its rules.
    #[error("its TXT value of `{0}` is malformed or too long")]
    Malformed(&'static str),
    /// The instance is named after another peer than the one in its TXT record.
    #[error("it is named after another peer than the one it claims to be")]
    PeerIdMismatch,
    /// Port 0 cannot be dialed.
    #[error("it has port 0")]
    PortZero,
    /// None of its addresses can be dialed.
    #[error("none of its addresses can be dialed")]
    NoUsableAddress,
}

/// Reads the records of an instance, as [`crate::Discovery`] does with those that it hears: of an
/// address it does not matter here on which interface it was heard.
///
/// # Errors
///
/// When the instance is not a peer's.
pub fn read_records(
    fullname: &str,
    port: u16,
    txt: Vec<(String, Vec<u8>)>,
    addresses: &[IpAddr],
) -> Result<Advertisement, RejectionReason> {
    let heard = |&ip: &IpAddr| HeardAddress {
        ip,
        heard_on: Vec::new(),
    };
    let raw = RawInstance {
        fullname: fullname.to_owned(),
        port,
        txt,
        addresses: addresses.iter().map(heard).collect(),
    };
    raw.parse()
}

/// The records of one instance, as they came from the network.
#[derive(Debug, Clone)]
pub(crate) struct RawInstance {
    pub(crate) fullname: String,
    pub(crate) port: u16,
    pub(crate) txt: Vec<(String, Vec<u8>)>,
    pub(crate) addresses: Vec<HeardAddress>,
}

impl RawInstance {
    /// Checks everything.
    pub(crate) fn parse(&self) -> Result<Advertisement, RejectionReason> {
        let label = self.instance_label().ok_or(RejectionReason::InstanceName)?;
        self.check_txt_size()?;
        let peer_id = self.required(KEY_PEER_ID)?;
        if !is_peer_id(peer_id) {
            return Err(RejectionReason::Malformed(KEY_PEER_ID));
        }
        if instance_label(peer_id) != label {
            return Err(RejectionReason::PeerIdMismatch);
        }
        let advertisement = Advertisement {
            peer_id: peer_id.to_owned(),
            protocol_version: self.protocol_version()?,
            needs_code: self.needs_code()?,
            library_revision: self.library_revision()?,
            host_name: self.text(KEY_HOST_NAME, HOST_NAME_BYTES_MAX)?,
            name: self.text(KEY_NAME, NAME_BYTES_MAX)?,
            candidates: candidates(&self.addresses, self.port),
        };
        if self.port == 0 {
            return Err(RejectionReason::PortZero);
        }
        if advertisement.candidates.is_empty() {
            return Err(RejectionReason::NoUsableAddress);
        }
        Ok(advertisement)
    }

    /// Whether other addresses are likely to follow: IPv6 records come in packets of their own, and
    /// those of a network without a router hold nothing that can be dialed.
    pub(crate) fn may_get_more_addresses(&self) -> bool {
        self.addresses.iter().any(|address| match address.ip {
            IpAddr::V4(_) => false,
            IpAddr::V6(ip) => ip.is_unicast_link_local(),
        })
    }

    fn instance_label(&self) -> Option<String> {
        let fullname = self.fullname.to_lowercase();
        let label = fullname.strip_suffix(SERVICE_TYPE)?.strip_suffix('.')?;
        is_instance_label(label).then(|| label.to_owned())
    }

    fn check_txt_size(&self) -> Result<(), RejectionReason> {
        if self.txt.len() > TXT_KEYS_MAX {
            return Err(RejectionReason::TooManyKeys);
        }
        let bytes: usize = self
            .txt
            .iter()
            .map(|(key, value)| key.len() + value.len())
            .sum();
        if bytes > TXT_BYTES_MAX {
            return Err(RejectionReason::TxtTooLarge);
        }
        Ok(())
    }

    /// The value of `key`; TXT keys are case-insensitive (RFC 6763, section 6.4).
    fn value(&self, key: &'static str) -> Result<Option<&str>, RejectionReason> {
        let Some((_, value)) = self.txt.iter().find(|(k, _)| k.eq_ignore_ascii_case(key)) else {
            return Ok(None);
        };
        std::str::from_utf8(value)
            .map(Some)
            .map_err(|_| RejectionReason::Malformed(key))
    }

    fn required(&self, key: &'static str) -> Result<&str, RejectionReason> {
        self.value(key)?.ok_or(RejectionReason::Missing(key))
    }

    fn protocol_version(&self) -> Result<u32, RejectionReason> {
        let text = self.required(KEY_PROTOCOL_VERSION)?;
        let malformed = RejectionReason::Malformed(KEY_PROTOCOL_VERSION);
        if !text.bytes().all(|b| b.is_ascii_digit()) {
            return Err(malformed);
        }
        text.parse().map_err(|_| malformed)
    }

    fn needs_code(&self) -> Result<bool, RejectionReason> {
        match self.value(KEY_NEEDS_CODE)? {
            None | Some("0") => Ok(false),
            Some("1") => Ok(true),
            Some(_) => Err(RejectionReason::Malformed(KEY_NEEDS_CODE)),
        }
    }

    fn library_revision(&self) -> Result<String, RejectionReason> {
        let text = self.value(KEY_LIBRARY_REVISION)?.unwrap_or_default();
        if !is_library_revision(text) {
            return Err(RejectionReason::Malformed(KEY_LIBRARY_REVISION));
        }
        Ok(text.to_owned())
    }

    fn text(&self, key: &'static str, bytes_max: usize) -> Result<String, RejectionReason> {
        let text = self.value(key)?.unwrap_or_default();
        if text.len() > bytes_max || !is_clean_text(text) {
            return Err(RejectionReason::Malformed(key));
        }
        Ok(text.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

    fn raw() -> RawInstance {
        RawInstance {
            fullname: format!("{}.{SERVICE_TYPE}", &ID[..32]),
            port: 47000,
            txt: [
                ("id", ID),
                ("v", "1"),
                ("rev", "7:42"),
                ("host", "pc"),
                ("name", "Ada"),
            ]
            .map(|(key, value)| (key.to_owned(), value.as_bytes().to_vec()))
            .to_vec(),
            addresses: vec![HeardAddress {
                ip: "10.0.0.5".parse().unwrap(),
                heard_on: vec!["eth0".to_owned()],
            }],
        }
    }

    fn with(key: &str, value: &[u8]) -> RawInstance {
        let mut raw = raw();
        raw.txt.retain(|(k, _)| k != key);
        raw.txt.push((key.to_owned(), value.to_vec()));
        raw
    }

    fn without(key: &str) -> RawInstance {
        let mut raw = raw();
        raw.txt.retain(|(k, _)| k != key);
        raw
    }

    #[test]
    fn a_complete_instance_is_a_peer() {
        assert_eq!(
            raw().parse(),
            Ok(Advertisement {
                peer_id: ID.to_owned(),
                candidates: vec!["10.0.0.5:47000".parse().unwrap()],
                protocol_version: 1,
                needs_code: false,
                library_revision: "7:42".to_owned(),
                host_name: "pc".to_owned(),
                name: "Ada".to_owned(),
            })
        );
    }

    #[test]
    fn only_the_id_and_the_version_are_required() {
        for key in ["rev", "host", "name"] {
            assert!(without(key).parse().is_ok(), "{key}");
        }
        for key in ["id", "v"] {
            assert_eq!(without(key).parse(), Err(RejectionReason::Missing(key)));
        }
    }

    #[test]
    fn keys_of_later_versions_are_ignored_and_keys_have_no_case() {
        assert_eq!(with("future", b"\xff\x00").parse(), raw().parse());
        let mut upper = without("name");
        upper.txt.push(("NAME".to_owned(), b"Ada".to_vec()));
        assert_eq!(upper.parse(), raw().parse());
    }

    #[test]
    fn whether_a_code_is_needed_is_yes_or_no_and_no_unless_said() {
        for (value, needed) in [(&b"0"[..], false), (b"1", true)] {
            assert_eq!(with("code", value).parse().unwrap().needs_code, needed);
        }
        for value in [&b""[..], b"2", b"yes", b"\xff"] {
            assert_eq!(
                with("code", value).parse(),
                Err(RejectionReason::Malformed("code"))
            );
        }
    }

    #[test]
    fn malformed_values_are_refused_by_name() {
        let long_name = [b'x'; NAME_BYTES_MAX + 1];
        let long_host = [b'x'; HOST_NAME_BYTES_MAX + 1];
        let upper_id = ID.to_uppercase();
        let cases: [(&'static str, &[u8]); 14] = [
            ("id", b""),
            ("id", b"0011"),
            ("id", upper_id.as_bytes()),
            ("id", b"\xff\xfe"),
            ("v", b""),
            ("v", b"-1"),
            ("v", b"+1"),
            ("v", b"4294967296"),
            ("rev", b"a b"),
            ("host", &long_host),
            ("host", b"pc\n"),
            ("name", &long_name),
            ("name", b"A\x1b[31m"),
            ("name", b"\xc3"),
        ];
        for (key, value) in cases {
            assert_eq!(
                with(key, value).parse(),
                Err(RejectionReason::Malformed(key)),
                "{value:?}"
            );
        }
    }

    #[test]
    fn values_at_their_limit_are_accepted() {
        assert!(with("name", &[b'x'; NAME_BYTES_MAX]).parse().is_ok());
        assert!(with("host", &[b'x'; HOST_NAME_BYTES_MAX]).parse().is_ok());
        assert_eq!(
            with("v", b"4294967295").parse().unwrap().protocol_version,
            u32::MAX
        );
    }

    #[test]
    fn a_txt_record_may_be_as_large_as_the_limit_and_no_larger() {
        let used: usize = raw().txt.iter().map(|(k, v)| k.len() + v.len()).sum();
        let room = TXT_BYTES_MAX - used - "pad".len();
        assert!(with("pad", &vec![b'x'; room]).parse().is_ok());
        assert_eq!(
            with("pad", &vec![b'x'; room + 1]).parse(),
            Err(RejectionReason::TxtTooLarge)
        );
    }

    #[test]
    fn a_txt_record_may_have_as_many_keys_as_the_limit_and_no_more() {
        let mut full = raw();
        for n in full.txt.len()..TXT_KEYS_MAX {
            full.txt.push((format!("k{n}"), Vec::new()));
        }
        assert!(full.parse().is_ok());
        full.txt.push(("more".to_owned(), Vec::new()));
        assert_eq!(full.parse(), Err(RejectionReason::TooManyKeys));
    }

    #[test]
    fn the_instance_is_named_after_the_peer() {
        let cases = [
            "",
            SERVICE_TYPE,
            "printer._lanspread._udp.local.",
            "00112233445566778899aabbccddeeff (2)._lanspread._udp.local.",
            "00112233445566778899aabbccddeeff._other._udp.local.",
            "00112233445566778899aabbccddeeff",
        ];
        for fullname in cases {
            let mut raw = raw();
            raw.fullname = fullname.to_owned();
            assert_eq!(
                raw.parse(),
                Err(RejectionReason::InstanceName),
                "{fullname:?}"
            );
        }
        let mut other = raw();
        other.fullname = format!("{}.{SERVICE_TYPE}", "f".repeat(32));
        assert_eq!(other.parse(), Err(RejectionReason::PeerIdMismatch));
        let mut shouted = raw();
        shouted.fullname = shouted.fullname.to_uppercase();
        assert!(shouted.parse().is_ok(), "DNS names have no case");
    }

    #[test]
    fn a_peer_that_cannot_be_dialed_is_refused() {
        let mut portless = raw();
        portless.port = 0;
        assert_eq!(portless.parse(), Err(RejectionReason::PortZero));
        let mut homeless = raw();
        homeless.addresses.clear();
        assert_eq!(homeless.parse(), Err(RejectionReason::NoUsableAddress));
    }

    #[test]
    fn the_name_in_a_rejection_is_cut() {
        for (chars, expected) in [
            (REJECTED_NAME_CHARS_MAX, REJECTED_NAME_CHARS_MAX),
            (REJECTED_NAME_CHARS_MAX + 1, REJECTED_NAME_CHARS_MAX),
        ] {
            let rejection = Rejection::new(&"é".repeat(chars), RejectionReason::InstanceName);
            assert_eq!(rejection.instance.chars().count(), expected);
        }
    }
}
