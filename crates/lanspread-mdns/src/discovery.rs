//! The running service: a thread of `mdns-sd` on one side, `async` callers on the other.
//!
//! Invariant: no call waits for the mDNS thread. Requests go through its bounded queue or fail, what
//! it reports is awaited, and the one wait for its end has a deadline. Discovery has no task of its
//! own: it advances while [`Discovery::next`] is awaited.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use mdns_sd::{DaemonEvent, IfKind, IfPredicate, Receiver, RecvError, ServiceDaemon, ServiceEvent};

use crate::{
    DiscoveryConfig, DiscoveryError, DiscoveryEvent, Interfaces, SERVICE_TYPE, ShutdownError,
    Timing, Trouble, UpdateError,
    service::{OwnService, raw_instance},
    tracker::Tracker,
};

/// How long [`Discovery::shutdown`] waits for the mDNS thread to say goodbye and end.
pub(crate) const SHUTDOWN_TIMEOUT: Duration = Duration::from_millis(250);

/// Pause before a request is repeated that found the queue of the mDNS thread full.
const QUEUE_FULL_PAUSE: Duration = Duration::from_millis(5);

/// How soon a question is repeated that could not be asked.
const ASK_AFTER_FAILURE: Duration = Duration::from_secs(1);

/// Most facts from the network handled in one turn before other tasks get theirs.
const FACTS_PER_TURN: usize = 64;

/// Most subscriptions kept at a time: the current one and those that are being drained.
const SUBSCRIPTIONS_MAX: usize = 4;

/// A peer's presence in multicast DNS, from [`Discovery::start`] to [`Discovery::shutdown`].
///
/// Dropping it ends it as well, without waiting.
#[derive(Debug)]
pub struct Discovery {
    daemon: Daemon,
    own: OwnService,
    timing: Timing,
    tracker: Tracker,
    /// The current subscription last; before it, older ones that may still hold events.
    subscriptions: VecDeque<Receiver<ServiceEvent>>,
    monitor: Receiver<DaemonEvent>,
    ready: VecDeque<DiscoveryEvent>,
    ask_at: Instant,
    /// By when some interface must have carried the announcement; `None` once that is settled.
    announce_by: Option<Instant>,
    /// What was reported last: that some interface carries it.
    works: bool,
    ended: bool,
}

/// Something that happened while [`Discovery::next`] waited.
enum Fact {
    Service(Result<ServiceEvent, RecvError>),
    Daemon(Result<DaemonEvent, RecvError>),
    Deadline,
}

impl Discovery {
    /// Advertises this peer and starts to browse. The listener must be bound: its port goes out
    /// with the first packet, before this returns or very soon after.
    ///
    /// Starts one thread, which ends with [`Self::shutdown`] or when this is dropped.
    ///
    /// # Errors
    /// What the caller says about itself is refused, or `mdns-sd` cannot start. That multicast does
    /// not work at all shows later, as [`Trouble::NoInterface`].
    pub fn start(config: DiscoveryConfig) -> Result<Self, DiscoveryError> {
        let own = OwnService::new(&config)?;
        let refused = |doing| {
            move |error: mdns_sd::Error| DiscoveryError::Mdns {
                doing,
                reason: error.to_string(),
            }
        };
        let daemon = Daemon(ServiceDaemon::new().map_err(refused("start multicast DNS"))?);
        // One thread handles these in order, so nothing is sent before the interfaces are settled.
        let monitor = daemon.0.monitor().map_err(refused("watch multicast DNS"))?;
        daemon
            .keep_to(&config.interfaces)
            .map_err(refused("choose network interfaces"))?;
        daemon
            .check_interfaces_every(config.timing.check_interfaces_every)
            .map_err(refused("watch network interfaces"))?;
        own.records()
            .and_then(|records| daemon.0.register(records))
            .map_err(refused("advertise this peer"))?;
        let subscription = daemon
            .0
            .browse(SERVICE_TYPE)
            .map_err(refused("look for peers"))?;
        let now = Instant::now();
        Ok(Self {
            daemon,
            own,
            timing: config.timing,
            tracker: Tracker::new(config.peer_id, config.timing),
            subscriptions: VecDeque::from([subscription]),
            monitor,
            ready: VecDeque::new(),
            ask_at: now + config.timing.ask_again_alone,
            announce_by: Some(now + config.timing.announce_patience),
            works: false,
            ended: false,
        })
    }

    /// Waits for the next event; `None` once mDNS has ended, which it does on its own only if it
    /// breaks. Start anew then, after a pause.
    ///
    /// Cancel safe: no event is lost when the future is dropped. Call it all the time; what piles up
    /// unread is bounded and then dropped.
    pub async fn next(&mut self) -> Option<DiscoveryEvent> {
        let mut facts = 0;
        loop {
            if let Some(event) = self.ready.pop_front() {
                return Some(event);
            }
            if self.ended {
                return None;
            }
            if facts == FACTS_PER_TURN {
                facts = 0;
                tokio::task::yield_now().await;
            }
            facts += 1;
            match self.fact().await {
                Fact::Service(Ok(event)) => self.on_service(&event),
                Fact::Service(Err(RecvError::Disconnected)) => self.on_subscription_end(),
                Fact::Daemon(Ok(event)) => self.on_daemon(&event),
                Fact::Daemon(Err(RecvError::Disconnected)) => {
                    tracing::warn!("the mDNS thread has ended");
                    self.ended = true;
                }
                Fact::Deadline => self.on_deadline(Instant::now()),
            }
        }
    }

    /// Advertises a new library revision. The caller debounces: others may see only the last of
    /// several within a second.
    ///
    /// # Errors
    /// The text is no revision, or mDNS does not take requests. What was advertised before still is.
    pub fn update(&mut self, library_revision: &str) -> Result<(), UpdateError> {
        let own = self.own.with_library_revision(library_revision)?;
        own.records()
            .and_then(|records| self.daemon.0.register(records))
            .map_err(|error| match error {
                mdns_sd::Error::Again => UpdateError::Busy,
                mdns_sd::Error::DaemonShutdown => UpdateError::Stopped,
                other => UpdateError::Mdns(other.to_string()),
            })?;
        self.own = own;
        Ok(())
    }

    /// Says goodbye to the network and ends the mDNS thread, typically within a few milliseconds.
    ///
    /// # Errors
    /// [`ShutdownError::TimedOut`] after 250 ms. The thread ends by itself then.
    pub async fn shutdown(self) -> Result<(), ShutdownError> {
        tokio::time::timeout(SHUTDOWN_TIMEOUT, self.daemon.end())
            .await
            .map_err(|_elapsed| ShutdownError::TimedOut)
    }

    async fn fact(&self) -> Fact {
        let service = async {
            match self.subscriptions.front() {
                Some(subscription) => subscription.recv_async().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            event = service => Fact::Service(event),
            event = self.monitor.recv_async() => Fact::Daemon(event),
            () = tokio::time::sleep_until(self.deadline().into()) => Fact::Deadline,
        }
    }

    fn deadline(&self) -> Instant {
        [
            Some(self.ask_at),
            self.announce_by,
            self.tracker.next_report(),
        ]
        .into_iter()
        .flatten()
        .min()
        .unwrap_or(self.ask_at)
    }

    fn on_service(&mut self, event: &ServiceEvent) {
        let now = Instant::now();
        match event {
            ServiceEvent::ServiceResolved(service) => {
                self.ready
                    .extend(self.tracker.resolved(&raw_instance(service), now));
            }
            ServiceEvent::ServiceRemoved(_, fullname) => {
                self.ready.extend(self.tracker.removed(fullname));
            }
            // Searching is not news, and an instance without its records says nothing.
            _ => {}
        }
    }

    /// `mdns-sd` drops a subscription when a newer one takes its place, which is how this goes on to
    /// the next in the queue, and when too much of it is unread, which leaves none.
    fn on_subscription_end(&mut self) {
        self.subscriptions.pop_front();
        if self.subscriptions.is_empty() {
            tracing::warn!("more happened than was read; asking the network anew");
            self.ask_at = Instant::now();
        }
    }

    fn on_daemon(&mut self, event: &DaemonEvent) {
        match event {
            DaemonEvent::Announce(..) | DaemonEvent::IpAdd(_) => {
                self.announce_by = None;
                if !std::mem::replace(&mut self.works, true) {
                    self.ready.push_back(DiscoveryEvent::Works);
                }
            }
            DaemonEvent::IpDel(_) => self.announce_anew(Instant::now()),
            DaemonEvent::Error(error) => tracing::warn!(%error, "mDNS reports an error"),
            DaemonEvent::NameChange(change) => {
                tracing::warn!(?change, "somebody else uses this peer's mDNS name");
            }
            _ => {}
        }
    }

    /// An address is gone, and it may have been the last: announcing once more shows whether any carries it.
    fn announce_anew(&mut self, now: Instant) {
        let announced = self
            .own
            .records()
            .and_then(|records| self.daemon.0.register(records));
        match announced {
            Ok(()) => self.announce_by = Some(now + self.timing.announce_patience),
            Err(error) => tracing::debug!(%error, "this peer is not announced anew"),
        }
    }

    fn on_deadline(&mut self, now: Instant) {
        self.ready.extend(self.tracker.reports(now));
        if self.announce_by.is_some_and(|by| now >= by) {
            self.announce_by = None;
            self.works = false;
            let trouble = Trouble::NoInterface;
            tracing::debug!(%trouble);
            self.ready.push_back(DiscoveryEvent::Trouble(trouble));
        }
        if now >= self.ask_at {
            self.ask(now);
        }
    }

    /// Subscribes anew: `mdns-sd` then repeats everything it knows, asks the network at once, and
    /// again after 1, 3, 7, 15… seconds.
    fn ask(&mut self, now: Instant) {
        if self.subscriptions.len() >= SUBSCRIPTIONS_MAX {
            self.ask_at = now + ASK_AFTER_FAILURE;
            return;
        }
        match self.daemon.0.browse(SERVICE_TYPE) {
            Ok(subscription) => {
                self.subscriptions.push_back(subscription);
                self.ask_at = now
                    + if self.tracker.is_alone() {
                        self.timing.ask_again_alone
                    } else {
                        self.timing.ask_again_in_company
                    };
            }
            Err(mdns_sd::Error::DaemonShutdown) => self.ended = true,
            Err(error) => {
                tracing::debug!(%error, "could not ask the network; trying again soon");
                self.ask_at = now + ASK_AFTER_FAILURE;
            }
        }
    }
}

/// The handle of the mDNS thread; ends the thread when dropped.
struct Daemon(ServiceDaemon);

impl Daemon {
    /// Leaves every interface that is not wanted, at present and whenever one appears.
    fn keep_to(&self, interfaces: &Interfaces) -> mdns_sd::Result<()> {
        let interfaces = interfaces.clone();
        let unwanted = IfPredicate::new(move |interface| !interfaces.wants(interface.ip()));
        self.0.disable_interface(IfKind::Predicate(unwanted))
    }

    fn check_interfaces_every(&self, interval: Duration) -> mdns_sd::Result<()> {
        let seconds = u32::try_from(interval.as_secs()).unwrap_or(u32::MAX).max(1);
        self.0.set_ip_check_interval(seconds)
    }

    /// Asks the thread to say goodbye and end, and waits until it did.
    async fn end(&self) {
        let ended = loop {
            match self.0.shutdown() {
                Ok(ended) => break ended,
                Err(mdns_sd::Error::Again) => tokio::time::sleep(QUEUE_FULL_PAUSE).await,
                Err(mdns_sd::Error::DaemonShutdown) => return,
                Err(error) => {
                    tracing::debug!(%error, "could not ask the mDNS thread to end");
                    return std::future::pending().await;
                }
            }
        };
        // A thread that ended without an answer has ended as well.
        let _ = ended.recv_async().await;
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // Fails only if the thread has ended, or is too busy to be asked.
        let _ = self.0.shutdown();
    }
}

impl std::fmt::Debug for Daemon {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Daemon")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_network_is_asked_anew_up_to_the_limit_of_subscriptions_and_past_it_later() {
        let mut discovery = Discovery::start(DiscoveryConfig {
            peer_id: "ab".repeat(crate::limits::PEER_ID_CHARS / 2),
            listen_port: 47_999,
            interfaces: Interfaces::loopback(),
            protocol_version: 1,
            needs_code: false,
            library_revision: "1".to_owned(),
            host_name: "host".to_owned(),
            name: "alone".to_owned(),
            timing: Timing::default(),
        })
        .unwrap();
        let now = Instant::now();
        for count in 2..=SUBSCRIPTIONS_MAX {
            discovery.ask(now);
            assert_eq!(discovery.subscriptions.len(), count);
            assert_eq!(discovery.ask_at, now + discovery.timing.ask_again_alone);
        }
        discovery.ask(now);
        assert_eq!(discovery.subscriptions.len(), SUBSCRIPTIONS_MAX);
        assert_eq!(discovery.ask_at, now + ASK_AFTER_FAILURE);
        discovery.shutdown().await.unwrap();
    }
}
