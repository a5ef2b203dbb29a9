//! Every bound on what is sent to and believed from the network.
//!
//! Invariant: nothing that crosses one of these gets past the gate that names it; each gate has a test
//! at the limit and one past it.

/// Length of a peer id in text, in lower-case hexadecimal characters.
pub const PEER_ID_CHARS: usize = 64;

/// Length of the instance label: the first characters of the peer id. A DNS label holds at most 63
/// bytes, so the full id does not fit; 128 bits of it keep instances apart.
pub const INSTANCE_LABEL_CHARS: usize = 32;

/// Longest DNS label, in bytes (RFC 1035, section 2.3.4).
pub const DNS_LABEL_BYTES_MAX: usize = 63;

/// Most keys in the TXT record of an instance.
pub const TXT_KEYS_MAX: usize = 32;

/// Largest TXT record that is looked at, in bytes of keys and values together.
pub const TXT_BYTES_MAX: usize = 1024;

/// Longest name of a peer, in bytes.
pub const NAME_BYTES_MAX: usize = 64;

/// Longest host name shown to people, in bytes.
pub const HOST_NAME_BYTES_MAX: usize = 64;

/// Longest library revision text, in bytes.
pub const LIBRARY_REVISION_BYTES_MAX: usize = 64;

/// Most addresses of one instance that are passed on.
pub const CANDIDATES_MAX: usize = 16;

/// Most instances that are tracked at a time. Those that come later are dropped until one goes.
pub const INSTANCES_TRACKED_MAX: usize = 1024;

/// Most refused instances that are remembered, so that each is reported once.
pub const REJECTIONS_REMEMBERED_MAX: usize = 256;

/// Longest name of a refused instance that is repeated in a report, in characters.
pub const REJECTED_NAME_CHARS_MAX: usize = 128;
