//! What an instance of the mDNS service says of itself.
//!
//! Property: what is believed is within the limits, safe to show, and can be dialed.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use lanspread_mdns::{
    limits::{
        CANDIDATES_MAX, HOST_NAME_BYTES_MAX, LIBRARY_REVISION_BYTES_MAX, NAME_BYTES_MAX,
        PEER_ID_CHARS,
    },
    read_records,
};

/// Lines: the instance's name, the port, then addresses (lines of 4 or 16 bytes in hexadecimal after
/// `@`) and TXT entries (`key=value`).
pub(crate) fn advertisement(bytes: &[u8]) {
    let mut lines = bytes.split(|byte| *byte == b'\n');
    let mut line = || lines.next().unwrap_or_default();
    let fullname = String::from_utf8_lossy(line()).into_owned();
    let port = String::from_utf8_lossy(line()).parse().unwrap_or(47_000);
    let (mut txt, mut addresses) = (Vec::new(), Vec::new());
    for line in lines {
        if let Some(address) = line.strip_prefix(b"@") {
            addresses.extend(address_of(address));
            continue;
        }
        let at = line.iter().position(|byte| *byte == b'=');
        let (key, value) = line.split_at(at.unwrap_or(line.len()));
        let value = value.get(1..).unwrap_or_default().to_vec();
        txt.push((String::from_utf8_lossy(key).into_owned(), value));
    }
    let Ok(believed) = read_records(&fullname, port, txt, &addresses) else {
        return;
    };
    assert_eq!(believed.peer_id.len(), PEER_ID_CHARS);
    assert!(fullname.to_lowercase().starts_with(&believed.peer_id[..32]));
    assert!((1..=CANDIDATES_MAX).contains(&believed.candidates.len()));
    for candidate in &believed.candidates {
        assert_ne!(candidate.port(), 0);
        assert!(!candidate.ip().is_unspecified() && !candidate.ip().is_multicast());
    }
    assert!(believed.library_revision.len() <= LIBRARY_REVISION_BYTES_MAX);
    assert!(believed.host_name.len() <= HOST_NAME_BYTES_MAX);
    assert!(believed.name.len() <= NAME_BYTES_MAX);
    for text in [&believed.host_name, &believed.name] {
        assert!(!text.chars().any(char::is_control), "{text:?}");
    }
}

fn address_of(hex: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(hex).ok()?;
    match text.len() {
        8 => Some(Ipv4Addr::from_bits(u32::from_str_radix(text, 16).ok()?).into()),
        32 => Some(Ipv6Addr::from_bits(u128::from_str_radix(text, 16).ok()?).into()),
        _ => None,
    }
}
