//! Lets a thread of this process work on a host: for tests that speak the wire themselves.
//!
//! The invariant: only the thread that is made for the work changes its network namespace, and it
//! ends with the work. Threads that it starts begin where it is.

use std::thread;

use super::party::NetError;

/// Runs `work` on a thread of its own inside the namespace of this name, and returns what it
/// returned. A panic inside goes on outside.
pub(super) fn run_inside<T: Send>(
    namespace: &str,
    work: impl FnOnce() -> T + Send,
) -> Result<T, NetError> {
    thread::scope(|scope| {
        let inside = scope.spawn(|| enter(namespace).map(|()| work()));
        inside
            .join()
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

#[cfg(target_os = "linux")]
fn enter(namespace: &str) -> Result<(), NetError> {
    use std::os::fd::AsFd as _;

    use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

    let unavailable = |source: std::io::Error| NetError::Unavailable {
        why: format!(
            "a thread of this process could not join the namespace {namespace}: {source}; run as \
             root"
        ),
    };
    let path = std::path::Path::new("/run/netns").join(namespace);
    let handle = std::fs::File::open(path).map_err(unavailable)?;
    move_into_link_name_space(handle.as_fd(), Some(LinkNameSpaceType::Network))
        .map_err(|source| unavailable(source.into()))
}

#[cfg(not(target_os = "linux"))]
fn enter(_namespace: &str) -> Result<(), NetError> {
    Err(NetError::Unavailable {
        why: "network namespaces exist only on Linux".to_owned(),
    })
}
