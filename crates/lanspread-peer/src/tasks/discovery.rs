//! Advertises this peer and reports others, by mDNS.
//!
//! Invariant: nothing is advertised before the listener is bound, and waiting for that ends with the
//! peer.

use std::{
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use lanspread_core::{
    Advertisement, DiscoveryState, DiscoveryTrouble, Door, Input, Notice, NoticeAbout,
};
use lanspread_mdns::{Discovery, DiscoveryConfig, DiscoveryError, DiscoveryEvent, Trouble};
use lanspread_proto::{LibraryRevision, ListenAddr, PROTOCOL_VERSION, PeerId, PeerName};
use tokio::{
    sync::{mpsc, watch},
    time::Instant,
};
use tokio_util::sync::CancellationToken;

use crate::options::host_name;

/// How long mDNS may be without any interface before it is begun anew: it asks for its port once only, so one
/// that another program kept is not missed otherwise when that program gives it back.
const BEGIN_ANEW: Duration = Duration::from_secs(10);

/// Why discovery has to be started again.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DiscoveryTaskError {
    /// It could not be started.
    #[error(transparent)]
    Start(#[from] DiscoveryError),
    /// The mDNS service went away.
    #[error("the mDNS service ended by itself")]
    Ended,
}

/// What discovery needs to know of this peer.
#[derive(Debug, Clone)]
pub(crate) struct DiscoveryTask {
    pub(crate) peer_id: PeerId,
    pub(crate) name: PeerName,
    pub(crate) listen_ip: IpAddr,
    pub(crate) door: Door,
    pub(crate) listen: watch::Receiver<Option<Vec<ListenAddr>>>,
    pub(crate) revision: watch::Receiver<LibraryRevision>,
    pub(crate) inputs: mpsc::Sender<Input>,
    pub(crate) shutdown: CancellationToken,
}

/// Runs until `shutdown`.
///
/// # Errors
/// mDNS cannot be used; the caller starts this again after a pause.
pub(crate) async fn run_peer_discovery(mut task: DiscoveryTask) -> Result<(), DiscoveryTaskError> {
    let Some(addr) = wait_for_local_peer_addr(&mut task.listen, &task.shutdown).await else {
        return Ok(());
    };
    let result = discover(&mut task, addr).await;
    if let Err(error) = &result {
        let message = format!(
            "peers are not found by themselves ({error}); that is tried again in a moment, meanwhile connect \
             by address"
        );
        let trouble = DiscoveryTrouble::Fails;
        tell(
            &task,
            Input::Discovery(DiscoveryState::Trouble { trouble, message }),
        )
        .await;
    }
    result
}

/// Advertises and browses until `shutdown`.
async fn discover(task: &mut DiscoveryTask, addr: ListenAddr) -> Result<(), DiscoveryTaskError> {
    loop {
        let mut discovery = begin(task, addr)?;
        let ended = follow(&mut discovery, task).await;
        if let Err(error) = discovery.shutdown().await {
            tracing::debug!(%error, "discovery did not end cleanly");
        }
        match ended? {
            Ended::WithPeer => return Ok(()),
            Ended::WithoutInterface => {}
        }
    }
}

fn begin(task: &mut DiscoveryTask, addr: ListenAddr) -> Result<Discovery, DiscoveryError> {
    Discovery::start(DiscoveryConfig {
        peer_id: task.peer_id.to_string(),
        listen_port: addr.socket_addr().port(),
        interfaces: lanspread_mdns::Interfaces::for_listener(task.listen_ip),
        protocol_version: PROTOCOL_VERSION,
        needs_code: task.door == Door::Code,
        library_revision: task.revision.borrow_and_update().0.to_string(),
        host_name: host_name(),
        name: task.name.to_string(),
        timing: lanspread_mdns::Timing::default(),
    })
}

/// Why it is not followed any more.
enum Ended {
    /// The peer ends.
    WithPeer,
    /// It had no interface for [`BEGIN_ANEW`].
    WithoutInterface,
}

/// Waits until the listener is bound; `None` when the peer ends first.
pub(crate) async fn wait_for_local_peer_addr(
    listen: &mut watch::Receiver<Option<Vec<ListenAddr>>>,
    shutdown: &CancellationToken,
) -> Option<ListenAddr> {
    tokio::select! {
        () = shutdown.cancelled() => None,
        bound = listen.wait_for(Option::is_some) => {
            bound.ok().and_then(|addrs| addrs.as_ref().and_then(|addrs| addrs.first().copied()))
        }
    }
}

async fn follow(
    discovery: &mut Discovery,
    task: &mut DiscoveryTask,
) -> Result<Ended, DiscoveryTaskError> {
    let mut give_up_at: Option<Instant> = None;
    loop {
        let give_up = async move {
            match give_up_at {
                Some(at) => tokio::time::sleep_until(at).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = task.shutdown.cancelled() => return Ok(Ended::WithPeer),
            () = give_up => return Ok(Ended::WithoutInterface),
            changed = task.revision.changed() => {
                if changed.is_err() {
                    return Ok(Ended::WithPeer);
                }
                let revision = task.revision.borrow_and_update().0.to_string();
                if let Err(error) = discovery.update(&revision) {
                    tracing::debug!(%error, "the new library revision is not advertised");
                }
            }
            event = discovery.next() => match event {
                Some(event) => {
                    match &event {
                        DiscoveryEvent::Works => give_up_at = None,
                        DiscoveryEvent::Trouble(Trouble::NoInterface) => {
                            give_up_at = Some(Instant::now() + BEGIN_ANEW);
                        }
                        DiscoveryEvent::Seen(_)
                        | DiscoveryEvent::Gone { .. }
                        | DiscoveryEvent::Rejected(_)
                        | DiscoveryEvent::Trouble(Trouble::TooManyInstances) => {}
                    }
                    report(event, task).await;
                }
                None => return Err(DiscoveryTaskError::Ended),
            },
        }
    }
}

async fn report(event: DiscoveryEvent, task: &DiscoveryTask) {
    match event {
        DiscoveryEvent::Seen(seen) => {
            if let Some(advertisement) = parse(&seen) {
                tell(task, Input::Discovered(advertisement)).await;
            }
        }
        DiscoveryEvent::Gone { peer_id } => {
            tracing::debug!(
                peer_id,
                "no longer advertised; its connection decides whether it is gone"
            );
        }
        // Logged where they are found.
        DiscoveryEvent::Rejected(_) => {}
        DiscoveryEvent::Works => tell(task, Input::Discovery(DiscoveryState::Works)).await,
        DiscoveryEvent::Trouble(trouble) => {
            let message = trouble.to_string();
            let input = match trouble {
                Trouble::NoInterface => Input::Discovery(DiscoveryState::Trouble {
                    trouble: DiscoveryTrouble::NoInterface,
                    message,
                }),
                Trouble::TooManyInstances => Input::Trouble(Notice {
                    about: NoticeAbout::TooManyAdvertised,
                    message,
                }),
            };
            tell(task, input).await;
        }
    }
}

async fn tell(task: &DiscoveryTask, input: Input) {
    // The core is gone only when the peer ends.
    drop(task.inputs.send(input).await);
}

fn parse(seen: &lanspread_mdns::Advertisement) -> Option<Advertisement> {
    let peer_id = match seen.peer_id.parse() {
        Ok(peer_id) => peer_id,
        Err(error) => {
            tracing::warn!(%error, "an advertisement is passed over");
            return None;
        }
    };
    let candidates = seen
        .candidates
        .iter()
        .filter_map(|addr: &SocketAddr| ListenAddr::new(*addr).ok());
    Some(Advertisement {
        peer_id,
        candidates: candidates.take(lanspread_core::CANDIDATES_MAX).collect(),
        protocol_version: seen.protocol_version,
        door: if seen.needs_code {
            Door::Code
        } else {
            Door::Open
        },
        host_name: seen.host_name.clone(),
    })
}
