//! Where the limits of transfers are kept: the gates that bytes pass as they leave and come.
//!
//! Whoever writes pieces to a stream or reads them from one, whatever the stream is made of, pays at a
//! [`Toll`]; when the next may pass is decided by [`Gate`], and how fast an upload may be beside a game by
//! [`Yielding`], both in the core. Invariant: only contents of chunks pay, so no limit slows down what
//! peers tell each other; and as long as nothing is limited, nobody waits, not even for a lock.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use lanspread_core::{
    Now, Playing, RateLimit, RateLimits,
    rates::{
        fetches_max,
        gate::{Flow, Gate, Grain, Pass, Ticket},
        yielding::{Seen, YIELD_TICK, Yielding},
    },
};
use lanspread_proto::PeerId;
use tokio::{
    sync::{Notify, oneshot},
    time::{MissedTickBehavior, sleep_until},
};
use tokio_util::sync::CancellationToken;

/// How fast contents may leave a peer and come to it.
#[derive(Debug, Default)]
pub struct Rates {
    uploads: Arc<Valve>,
    downloads: Arc<Valve>,
    set: Mutex<Set>,
    /// Told when the user begins or ends to play.
    changed: Notify,
    queue: Queue,
}

/// What is set.
#[derive(Debug, Default)]
struct Set {
    limits: RateLimits,
    /// There while the user plays.
    yielding: Option<Yielding>,
}

impl Rates {
    /// Other limits from here on, also for what is under way.
    pub fn set(&self, limits: RateLimits, playing: Playing) {
        let mut set = lock(&self.set);
        set.limits = limits;
        set.yielding = match playing {
            Playing::No => None,
            Playing::Yes => Some(set.yielding.unwrap_or_default()),
        };
        self.uploads.set(set.upload_flow());
        let down = flow(limits.download, limits.download_per_peer);
        self.downloads.set(down);
        self.downloads
            .turns
            .set(limits.download.map_or(usize::MAX, fetches_max));
        drop(set);
        self.changed.notify_one();
    }

    /// Where pieces pay that leave for a peer.
    pub(crate) fn uploads_to(&self, peer: PeerId) -> Toll {
        Toll::at(&self.uploads, peer)
    }

    /// Where pieces pay that come from a peer.
    pub(super) fn downloads_from(&self, peer: PeerId) -> Toll {
        Toll::at(&self.downloads, peer)
    }

    /// Bytes that came while downloads were limited.
    #[cfg(test)]
    pub(super) fn downloaded_bytes(&self) -> u64 {
        self.downloads.passed_bytes()
    }

    /// A packet was confirmed that waited so long in queues on its way there and back.
    pub(super) fn heard(&self, waited: Duration) {
        self.queue.heard(waited);
    }

    /// A tick beside a game is over.
    fn tick(&self, passed_bytes: u64) {
        let seen = Seen {
            waited: self.queue.take(),
            passed_bytes,
        };
        let mut set = lock(&self.set);
        if let Some(yielding) = &mut set.yielding {
            yielding.tick(seen);
            self.uploads.set(set.upload_flow());
        }
    }

    /// Whether the user plays, and uploads yield to the game.
    pub(super) fn is_playing(&self) -> bool {
        lock(&self.set).yielding.is_some()
    }
}

impl Set {
    fn upload_flow(&self) -> Flow {
        let limited = flow(self.limits.upload, self.limits.upload_per_peer);
        let Some(yielding) = self.yielding else {
            return limited;
        };
        let rate = yielding.rate_bytes_per_s();
        Flow {
            total_bytes_per_s: Some(limited.total_bytes_per_s.map_or(rate, |it| it.min(rate))),
            grain: Grain::Fine,
            ..limited
        }
    }
}

fn flow(total: Option<RateLimit>, per_peer: Option<RateLimit>) -> Flow {
    Flow {
        total_bytes_per_s: total.map(RateLimit::bytes_per_s),
        per_peer_bytes_per_s: per_peer.map(RateLimit::bytes_per_s),
        grain: Grain::Coarse,
    }
}

/// Keeps the gates going until `stop`: lets through whoever waits, and steers the uploads beside a game.
pub(super) async fn keep(rates: Arc<Rates>, stop: CancellationToken) {
    tokio::select! {
        () = rates.uploads.keep() => {}
        () = rates.downloads.keep() => {}
        () = steer(&rates) => {}
        () = stop.cancelled() => {}
    }
}

async fn steer(rates: &Rates) {
    loop {
        rates.changed.notified().await;
        let mut ticks = tokio::time::interval(YIELD_TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut passed = rates.uploads.passed_bytes();
        // What was heard before is no news.
        rates.queue.take();
        while rates.is_playing() {
            ticks.tick().await;
            let before = std::mem::replace(&mut passed, rates.uploads.passed_bytes());
            rates.tick(passed - before);
        }
    }
}

/// The least time that a packet waited in queues since it was last asked for.
#[derive(Debug)]
struct Queue(AtomicU64);

impl Default for Queue {
    fn default() -> Self {
        Self(AtomicU64::new(u64::MAX))
    }
}

impl Queue {
    fn heard(&self, waited: Duration) {
        let micros = u64::try_from(waited.as_micros()).unwrap_or(u64::MAX);
        self.0.fetch_min(micros, Ordering::Relaxed);
    }

    fn take(&self) -> Option<Duration> {
        let micros = self.0.swap(u64::MAX, Ordering::Relaxed);
        (micros != u64::MAX).then(|| Duration::from_micros(micros))
    }
}

/// Where the pieces of one peer pay, in one direction.
#[derive(Debug, Clone)]
pub(crate) struct Toll(Option<(Arc<Valve>, PeerId)>);

impl Toll {
    /// One that costs nothing.
    pub(super) const fn free() -> Self {
        Self(None)
    }

    fn at(valve: &Arc<Valve>, peer: PeerId) -> Self {
        Self(Some((Arc::clone(valve), peer)))
    }

    /// Waits until a part of these bytes may pass, and says how many: at least one of them.
    pub(super) async fn pass(&self, bytes: usize) -> usize {
        match &self.0 {
            Some((valve, peer)) if valve.is_limited() => valve.pass(*peer, bytes).await,
            Some(_) | None => bytes,
        }
    }

    /// Waits until all of these bytes have passed, and says for how long.
    pub(crate) async fn pass_all(&self, mut bytes: usize) -> Duration {
        if self.0.as_ref().is_none_or(|(valve, _)| !valve.is_limited()) {
            return Duration::ZERO;
        }
        let began = Instant::now();
        while bytes > 0 {
            bytes -= self.pass(bytes).await;
        }
        began.elapsed()
    }

    /// Waits until one more may begin; it has begun until the turn is dropped.
    pub(super) async fn turn(&self) -> Turn {
        match &self.0 {
            Some((valve, _)) => valve.turns.take(valve).await,
            None => Turn(None),
        }
    }
}

/// One gate, and who waits at it.
#[derive(Debug)]
struct Valve {
    limited: AtomicBool,
    began: Instant,
    gate: Mutex<Waiting>,
    /// Told when somebody waits anew, or the flow changed.
    news: Notify,
    turns: Turns,
}

#[derive(Debug, Default)]
struct Waiting {
    gate: Gate,
    passes: BTreeMap<Ticket, oneshot::Sender<u64>>,
}

impl Default for Valve {
    fn default() -> Self {
        Self {
            limited: AtomicBool::new(false),
            began: Instant::now(),
            gate: Mutex::default(),
            news: Notify::new(),
            turns: Turns::default(),
        }
    }
}

impl Valve {
    fn is_limited(&self) -> bool {
        self.limited.load(Ordering::Relaxed)
    }

    fn now(&self) -> Now {
        Now(self.began.elapsed())
    }

    fn passed_bytes(&self) -> u64 {
        lock(&self.gate).gate.passed_bytes()
    }

    fn set(&self, flow: Flow) {
        lock(&self.gate).gate.set(self.now(), flow);
        self.limited.store(!flow.is_free(), Ordering::Relaxed);
        self.news.notify_one();
    }

    async fn pass(&self, peer: PeerId, bytes: usize) -> usize {
        let (tx, rx) = oneshot::channel();
        let ticket = {
            let mut waiting = lock(&self.gate);
            let ticket = waiting.gate.ask(peer, bytes as u64);
            waiting.passes.insert(ticket, tx);
            waiting.let_through(self.now());
            if waiting.passes.contains_key(&ticket) {
                self.news.notify_one();
            }
            ticket
        };
        let wish = Wish {
            valve: self,
            ticket,
        };
        // The sender stays in the book until it is used.
        let passed = rx.await.unwrap_or(bytes as u64);
        drop(wish);
        usize::try_from(passed).map_or(bytes, |passed| passed.min(bytes))
    }

    /// Lets through whoever waits, each at its time.
    async fn keep(&self) {
        loop {
            let deadline = {
                let mut waiting = lock(&self.gate);
                waiting.let_through(self.now());
                waiting.gate.poll_deadline()
            };
            let due = async {
                match deadline {
                    Some(at) => sleep_until((self.began + at.0).into()).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = due => {}
                () = self.news.notified() => {}
            }
        }
    }
}

impl Waiting {
    fn let_through(&mut self, now: Now) {
        while let Some(Pass { ticket, bytes }) = self.gate.poll_pass(now) {
            if let Some(waits) = self.passes.remove(&ticket) {
                // Somebody who gave up in this very moment has paid for nothing.
                let _ = waits.send(bytes);
            }
        }
    }
}

/// A wish to pass; dropped, it is given up.
struct Wish<'a> {
    valve: &'a Valve,
    ticket: Ticket,
}

impl Drop for Wish<'_> {
    fn drop(&mut self) {
        let mut waiting = lock(&self.valve.gate);
        if waiting.passes.remove(&self.ticket).is_some() {
            waiting.gate.give_up(self.ticket);
        }
    }
}

/// How many may have begun at a time.
#[derive(Debug)]
struct Turns {
    book: Mutex<TurnBook>,
    free: Notify,
}

#[derive(Debug)]
struct TurnBook {
    most: usize,
    taken: usize,
}

impl Default for Turns {
    fn default() -> Self {
        let book = TurnBook {
            most: usize::MAX,
            taken: 0,
        };
        Self {
            book: Mutex::new(book),
            free: Notify::new(),
        }
    }
}

impl Turns {
    fn set(&self, most: usize) {
        lock(&self.book).most = most;
        self.free.notify_waiters();
    }

    async fn take(&self, valve: &Arc<Valve>) -> Turn {
        loop {
            // Before the book is looked at, so that no change is missed.
            let free = self.free.notified();
            {
                let mut book = lock(&self.book);
                if book.taken < book.most {
                    book.taken += 1;
                    return Turn(Some(Arc::clone(valve)));
                }
            }
            free.await;
        }
    }
}

/// The turn of one who has begun.
#[derive(Debug)]
pub(super) struct Turn(Option<Arc<Valve>>);

impl Drop for Turn {
    fn drop(&mut self) {
        if let Some(valve) = &self.0 {
            lock(&valve.turns.book).taken -= 1;
            valve.turns.free.notify_one();
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // A panic elsewhere leaves the books as whole as they were.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KIB: u64 = 1024;

    fn peer(n: u8) -> PeerId {
        PeerId::from_bytes([n; 32])
    }

    fn upload(bytes_per_s: u64) -> RateLimits {
        RateLimits {
            upload: RateLimit::new(bytes_per_s).ok(),
            ..RateLimits::default()
        }
    }

    #[tokio::test]
    async fn without_a_limit_all_pass_whole_and_nobody_is_counted() {
        let rates = Rates::default();
        let toll = rates.uploads_to(peer(1));
        assert_eq!(toll.pass(1_000_000).await, 1_000_000);
        assert_eq!(toll.pass_all(1_000_000).await, Duration::ZERO);
        assert_eq!(rates.uploads.passed_bytes(), 0);
    }

    #[tokio::test]
    async fn a_limit_takes_as_long_as_it_says_and_one_that_is_lifted_lets_all_through() {
        let rates = Arc::new(Rates::default());
        let stop = CancellationToken::new();
        let kept = tokio::spawn(keep(Arc::clone(&rates), stop.clone()));
        rates.set(upload(1_024 * KIB), Playing::No);
        let toll = rates.uploads_to(peer(1));
        let bytes = 256 * 1_024;
        // A quarter of a second, less what may be made up for; never sooner, whatever the machine does.
        assert!(toll.pass_all(bytes).await >= Duration::from_millis(180));
        let waits = tokio::spawn(async move { toll.pass_all(1 << 40).await });
        while rates.uploads.passed_bytes() < 300 * KIB {
            tokio::task::yield_now().await;
        }
        rates.set(RateLimits::default(), Playing::No);
        waits.await.expect("all passed");
        stop.cancel();
        kept.await.expect("ended");
    }

    #[tokio::test]
    async fn who_gives_up_is_forgotten() {
        let rates = Rates::default();
        rates.set(upload(256 * KIB), Playing::No);
        let toll = rates.uploads_to(peer(1));
        let first = toll.pass(1 << 30).await;
        assert!(first < 1 << 20);
        while futures_pass(&toll).await {}
        let waiting = lock(&rates.uploads.gate);
        assert!(waiting.passes.is_empty());
        assert_eq!(waiting.gate.poll_deadline(), None);
    }

    /// Whether bytes pass at once; else the wish is given up.
    async fn futures_pass(toll: &Toll) -> bool {
        tokio::select! {
            biased;
            _ = toll.pass(1 << 20) => true,
            () = std::future::ready(()) => false,
        }
    }

    #[tokio::test]
    async fn turns_are_given_up_to_the_limit_and_the_next_waits_for_one_to_end() {
        let rates = Rates::default();
        let limits = RateLimits {
            download: RateLimit::new(256 * KIB).ok(),
            ..RateLimits::default()
        };
        rates.set(limits, Playing::No);
        let toll = rates.downloads_from(peer(1));
        let mut turns = Vec::new();
        for _ in 0..4 {
            turns.push(toll.turn().await);
        }
        let next = rates.downloads_from(peer(2));
        let waits = tokio::spawn(async move { next.turn().await });
        tokio::task::yield_now().await;
        assert!(!waits.is_finished());
        turns.pop();
        waits.await.expect("a turn");
    }

    #[tokio::test]
    async fn beside_a_game_uploads_begin_at_the_floor_and_a_lower_limit_still_holds() {
        let rates = Rates::default();
        rates.set(RateLimits::default(), Playing::Yes);
        assert!(rates.uploads.is_limited() && !rates.downloads.is_limited());
        for _ in 0..100 {
            rates.heard(Duration::from_micros(100));
            rates.tick(u64::MAX / 1_000);
        }
        let free = lock(&rates.set).upload_flow().total_bytes_per_s;
        assert!(free > Some(2_560 * KIB), "{free:?}");
        rates.set(upload(512 * KIB), Playing::Yes);
        let limited = lock(&rates.set).upload_flow();
        assert_eq!(limited.total_bytes_per_s, Some(512 * KIB));
        assert_eq!(limited.grain, Grain::Fine);
        rates.set(RateLimits::default(), Playing::No);
        assert!(!rates.uploads.is_limited());
    }
}
