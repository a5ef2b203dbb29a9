//! Counts what went through a limited cable.
//!
//! The invariant: a byte is counted as the limiter charges it, with the Ethernet, IP and UDP or TCP
//! header of each packet on the wire. The counter of the device itself counts an aggregate of
//! segmentation offload as one packet and forgets the headers of the others.

use serde_json::Value;

/// The bytes that the limiter of a device has let through, out of what `tc -s -j qdisc show` says,
/// or nothing if the device has no limiter.
pub(super) fn limiter_bytes(json: &str) -> Option<u64> {
    let queues: Value = serde_json::from_str(json).ok()?;
    queues
        .as_array()?
        .iter()
        .find(|queue| queue["kind"] == "tbf")?["bytes"]
        .as_u64()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limiter_is_found_among_the_queues() {
        let json = r#"[{"kind":"ingress","bytes":7},{"kind":"tbf","root":true,"bytes":950}]"#;
        assert_eq!(limiter_bytes(json), Some(950));
    }

    #[test]
    fn a_cable_without_a_limit_counts_nothing() {
        for text in [r#"[{"kind":"noqueue"}]"#, "[]", "no JSON"] {
            assert_eq!(limiter_bytes(text), None, "{text}");
        }
    }
}
