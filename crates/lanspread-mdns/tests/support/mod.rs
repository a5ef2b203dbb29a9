//! A network of one's own for a test, and peers in it.
//!
//! Invariant: no packet of a test leaves the machine, and no packet of anybody else disturbs it. On
//! Linux each test runs again as a child in a new network namespace that has a loopback interface
//! and nothing else. Where that is not possible it runs on the machine's loopback interface, where
//! it ignores strangers.

use std::{
    future::Future,
    process::Command,
    time::{Duration, Instant},
};

use lanspread_mdns::{
    Advertisement, Discovery, DiscoveryConfig, DiscoveryEvent, Interfaces, Timing,
};

/// Longest wait for a fact. Generous: the first answer alone may take a second.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

const INSIDE: &str = "LANSPREAD_TEST_PRIVATE_LOOPBACK";

/// Runs `test` with a loopback interface of its own. `name` is the test's full name.
pub(crate) fn on_private_loopback(name: &str, test: impl Future<Output = ()>) {
    if std::env::var_os(INSIDE).is_none() && namespaces_work() {
        let status = in_new_namespace()
            .arg(std::env::current_exe().expect("the path of this test program"))
            .args([name, "--exact", "--nocapture", "--include-ignored"])
            .env(INSIDE, "1")
            .status()
            .expect("unshare started a moment ago");
        assert!(
            status.success(),
            "{name} failed in its own network namespace: {status}"
        );
        return;
    }
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime")
        .block_on(test);
}

fn in_new_namespace() -> Command {
    let mut command = Command::new("unshare");
    command.args(["--user", "--map-root-user", "--net", "sh", "-c"]);
    command.args(["ip link set lo up && exec \"$@\"", "sh"]);
    command
}

fn namespaces_work() -> bool {
    cfg!(target_os = "linux")
        && in_new_namespace()
            .arg("true")
            .status()
            .is_ok_and(|status| status.success())
}

/// Changes the network of the test with the program `ip`; `false`, changing nothing, if the network is
/// not the test's own.
pub(crate) fn change_network(commands: &[&str]) -> bool {
    if std::env::var_os(INSIDE).is_none() {
        println!("skipped: this test needs a network of its own to change");
        return false;
    }
    for command in commands {
        let status = Command::new("ip")
            .args(command.split(' '))
            .status()
            .expect("`ip` starts");
        assert!(status.success(), "ip {command}: {status}");
    }
    true
}

/// The peer id of the `n`th peer of a test.
pub(crate) fn peer_id(n: u16) -> String {
    // The process id keeps tests apart that share a loopback interface.
    format!("{:08x}{n:024x}{:032x}", std::process::id(), 0)
}

/// How the `n`th peer of a test introduces itself on loopback.
pub(crate) fn config(n: u16) -> DiscoveryConfig {
    DiscoveryConfig {
        peer_id: peer_id(n),
        listen_port: 40_000 + n,
        interfaces: Interfaces::loopback(),
        protocol_version: 1,
        needs_code: false,
        library_revision: "1".to_owned(),
        host_name: "test-pc".to_owned(),
        name: format!("peer {n}"),
        timing: Timing::default(),
    }
}

/// Starts the `n`th peer of a test.
pub(crate) fn start(n: u16) -> Discovery {
    Discovery::start(config(n)).expect("discovery starts")
}

/// Waits for the first event that `wanted` turns into something.
pub(crate) async fn wait_for<T>(
    discovery: &mut Discovery,
    what: &str,
    mut wanted: impl FnMut(DiscoveryEvent) -> Option<T>,
) -> T {
    let started = Instant::now();
    let found = async {
        loop {
            let event = discovery.next().await.expect("discovery goes on");
            if let Some(found) = wanted(event) {
                return found;
            }
        }
    };
    let Ok(found) = tokio::time::timeout(PATIENCE, found).await else {
        panic!("waited {PATIENCE:?} in vain for: {what}");
    };
    println!("{:>6} ms: {what}", started.elapsed().as_millis());
    found
}

/// Waits until the `n`th peer is seen in a state that satisfies `right`.
pub(crate) async fn see(
    discovery: &mut Discovery,
    n: u16,
    mut right: impl FnMut(&Advertisement) -> bool,
) -> Advertisement {
    wait_for(
        discovery,
        &format!("peer {n} as expected"),
        |event| match event {
            DiscoveryEvent::Seen(peer) if peer.peer_id == peer_id(n) && right(&peer) => Some(peer),
            DiscoveryEvent::Seen(_)
            | DiscoveryEvent::Gone { .. }
            | DiscoveryEvent::Rejected(_)
            | DiscoveryEvent::Works
            | DiscoveryEvent::Trouble(_) => None,
        },
    )
    .await
}

/// Waits until the `n`th peer is gone.
pub(crate) async fn miss(discovery: &mut Discovery, n: u16) {
    wait_for(discovery, &format!("peer {n} gone"), |event| {
        (event
            == DiscoveryEvent::Gone {
                peer_id: peer_id(n),
            })
        .then_some(())
    })
    .await;
}

/// Ends a peer and fails if that takes longer than it may.
pub(crate) async fn stop(discovery: Discovery) {
    let started = Instant::now();
    discovery.shutdown().await.expect("discovery ends in time");
    assert!(
        started.elapsed() < Duration::from_millis(300),
        "took {:?}",
        started.elapsed()
    );
}
