//! Names for what outlives a killed process, and the rule by which a later run may take it away.
//!
//! A name is `lanspread-<pid>-<counter>` followed by a role. The invariant: something is a leftover
//! only if it carries this form and no process of that id lives any more, so two test runs at the
//! same time never touch each other.

use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};

/// How every namespace and mount point of this crate begins.
const PREFIX: &str = "lanspread-";

static COUNTER: AtomicU32 = AtomicU32::new(0);

/// A name that nothing else on this machine has at this time.
pub(crate) fn unique_name() -> String {
    let number = COUNTER.fetch_add(1, Ordering::Relaxed);
    format!("{}{number}", own_prefix())
}

/// How every name that this process makes begins.
pub(crate) fn own_prefix() -> String {
    format!("{PREFIX}{}-", std::process::id())
}

/// Whether `name` was made by [`unique_name`] in a process that has ended.
pub(crate) fn is_leftover(name: &str) -> bool {
    let Some(rest) = name.strip_prefix(PREFIX) else {
        return false;
    };
    let mut parts = rest.splitn(3, '-');
    let (Some(pid), Some(counter)) = (parts.next(), parts.next()) else {
        return false;
    };
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number(pid) && is_number(counter) && !Path::new("/proc").join(pid).exists()
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn a_living_process_has_no_leftovers() {
        assert!(!is_leftover(&unique_name()));
        assert!(!is_leftover(&format!("{}-switch", unique_name())));
    }

    #[test]
    fn a_dead_process_has() {
        // Process ids end at 4 194 304 on Linux.
        assert!(is_leftover("lanspread-4999999-0"));
        assert!(is_leftover("lanspread-4999999-12-alpha"));
    }

    #[test]
    fn foreign_names_are_left_alone() {
        for name in [
            "lanspread-",
            "lanspread-x-0",
            "lanspread-4999999",
            "vpn",
            "lanspread-1--a",
        ] {
            assert!(!is_leftover(name), "{name}");
        }
    }
}
