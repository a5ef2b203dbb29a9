//! The gate that bytes pass on their way to or from other peers: who passes next, with how many bytes,
//! and when.
//!
//! Two limits at once: one of all bytes, one of those of each peer. Each is a token bucket, kept as the
//! time at which it would be empty again (the generic cell rate algorithm of ATM), so that a changed
//! limit holds from the next piece on. Whoever waits is let through by start-time fair queueing between
//! peers, like the uploads themselves: a peer with many requests gets no more than one with a single one.
//!
//! Invariant: within any time, no more bytes pass than the limit allows in that time, a [burst](Grain)
//! and a piece; and while anybody waits, [`Gate::poll_pass`] names one or [`Gate::poll_deadline`] says when
//! it will.

use std::{
    collections::{BTreeMap, VecDeque},
    time::Duration,
};

use lanspread_proto::PeerId;

use crate::Now;

/// Least bytes that pass in one go, if so many are wanted: a packet.
const PIECE_BYTES_MIN: u64 = 1200;

const SECOND_NS: u128 = 1_000_000_000;

/// In which pieces bytes pass, and how much of the time that was not used may be made up for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grain {
    /// Pieces of 10 ms, and 50 ms to make up for: few turns of the processor.
    Coarse,
    /// Pieces of a millisecond, and 4 ms to make up for: nobody waits long behind one.
    Fine,
}

impl Grain {
    const fn piece(self) -> Duration {
        match self {
            Self::Coarse => Duration::from_millis(10),
            Self::Fine => Duration::from_millis(1),
        }
    }

    const fn burst(self) -> Duration {
        match self {
            Self::Coarse => Duration::from_millis(50),
            Self::Fine => Duration::from_millis(4),
        }
    }
}

/// How many bytes may pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Flow {
    /// Of all peers together, in bytes per second.
    pub total_bytes_per_s: Option<u64>,
    /// Of each peer, in bytes per second.
    pub per_peer_bytes_per_s: Option<u64>,
    /// In which pieces.
    pub grain: Grain,
}

impl Flow {
    /// As many as want to.
    pub const FREE: Self = Self {
        total_bytes_per_s: None,
        per_peer_bytes_per_s: None,
        grain: Grain::Coarse,
    };

    /// Whether nobody ever waits.
    #[must_use]
    pub const fn is_free(&self) -> bool {
        self.total_bytes_per_s.is_none() && self.per_peer_bytes_per_s.is_none()
    }
}

/// Names one wish to pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ticket(u64);

/// Somebody may pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pass {
    /// Whose wish it was; it is over.
    pub ticket: Ticket,
    /// With so many bytes: at least one, at most those that were wanted.
    pub bytes: u64,
}

/// A token bucket, as the time at which what passed is paid for.
#[derive(Debug, Clone, Copy, Default)]
struct Bucket {
    paid_at: Duration,
}

impl Bucket {
    fn ready_at(self, grain: Grain) -> Now {
        Now(self.paid_at.saturating_sub(grain.burst()))
    }

    fn pay(&mut self, now: Now, bytes: u64, bytes_per_s: u64) {
        self.paid_at = self
            .paid_at
            .max(now.0)
            .saturating_add(time_of(bytes, bytes_per_s));
    }

    /// What is still to be paid for is paid at another rate from here on.
    fn change_rate(&mut self, now: Now, from: u64, to: u64) {
        let debt = self.paid_at.saturating_sub(now.0);
        let bytes = debt.as_nanos() * u128::from(from) / SECOND_NS;
        self.paid_at = self.paid_at.min(now.0);
        if bytes > 0 {
            self.pay(now, u64::try_from(bytes).unwrap_or(u64::MAX), to);
        }
    }
}

/// A wish that waits.
#[derive(Debug)]
struct Waiting {
    ticket: Ticket,
    bytes: u64,
}

/// What one peer got.
#[derive(Debug, Default)]
struct Account {
    bucket: Bucket,
    /// Bytes that passed, on the clock of `served_bytes`.
    tag_bytes: u64,
    /// Its wishes, oldest first.
    waiting: VecDeque<Waiting>,
}

/// The gate.
#[derive(Debug)]
pub struct Gate {
    flow: Flow,
    total: Bucket,
    accounts: BTreeMap<PeerId, Account>,
    /// The tag of the peer that passed last: who comes anew starts here.
    served_bytes: u64,
    passed_bytes: u64,
    next: u64,
}

impl Default for Gate {
    fn default() -> Self {
        Self {
            flow: Flow::FREE,
            total: Bucket::default(),
            accounts: BTreeMap::new(),
            served_bytes: 0,
            passed_bytes: 0,
            next: 0,
        }
    }
}

impl Gate {
    /// Another flow from here on, also for those who wait.
    pub fn set(&mut self, now: Now, flow: Flow) {
        let before = std::mem::replace(&mut self.flow, flow);
        match (before.total_bytes_per_s, flow.total_bytes_per_s) {
            (Some(from), Some(to)) => self.total.change_rate(now, from, to),
            (None | Some(_), None) | (None, Some(_)) => self.total = Bucket { paid_at: now.0 },
        }
        for account in self.accounts.values_mut() {
            match (before.per_peer_bytes_per_s, flow.per_peer_bytes_per_s) {
                (Some(from), Some(to)) => account.bucket.change_rate(now, from, to),
                (None | Some(_), None) | (None, Some(_)) => {
                    account.bucket = Bucket { paid_at: now.0 };
                }
            }
        }
    }

    /// So many bytes of a peer want to pass; a part of them will. None is taken for one.
    pub fn ask(&mut self, peer: PeerId, bytes: u64) -> Ticket {
        let ticket = Ticket(self.next);
        self.next += 1;
        let floor = self.served_bytes;
        let account = self.accounts.entry(peer).or_default();
        account.tag_bytes = account.tag_bytes.max(floor);
        let bytes = bytes.max(1);
        account.waiting.push_back(Waiting { ticket, bytes });
        ticket
    }

    /// A wish is given up. One that is over already is none.
    pub fn give_up(&mut self, ticket: Ticket) {
        for account in self.accounts.values_mut() {
            account.waiting.retain(|waiting| waiting.ticket != ticket);
        }
    }

    /// Who passes next, if anybody may by now. To be called until `None` after every change, and when
    /// the time of [`Gate::poll_deadline`] comes.
    pub fn poll_pass(&mut self, now: Now) -> Option<Pass> {
        let pass = self.next_pass(now);
        if pass.is_none() {
            self.forget_idle(now);
        }
        pass
    }

    fn next_pass(&mut self, now: Now) -> Option<Pass> {
        let grain = self.flow.grain;
        if self.flow.total_bytes_per_s.is_some() && self.total.ready_at(grain) > now {
            return None;
        }
        let per_peer = self.flow.per_peer_bytes_per_s;
        let piece = self.piece_bytes();
        let (_, account) = self
            .accounts
            .iter_mut()
            .filter(|(_, account)| !account.waiting.is_empty())
            .filter(|(_, account)| per_peer.is_none() || account.bucket.ready_at(grain) <= now)
            .min_by_key(|(_, account)| {
                let oldest = account.waiting.front().map(|waiting| waiting.ticket);
                (account.tag_bytes, oldest)
            })?;
        let Waiting { ticket, bytes } = account.waiting.pop_front()?;
        let bytes = bytes.min(piece);
        self.served_bytes = self.served_bytes.max(account.tag_bytes);
        account.tag_bytes = account.tag_bytes.saturating_add(bytes);
        if let Some(rate) = per_peer {
            account.bucket.pay(now, bytes, rate);
        }
        if let Some(rate) = self.flow.total_bytes_per_s {
            self.total.pay(now, bytes, rate);
        }
        self.passed_bytes = self.passed_bytes.saturating_add(bytes);
        Some(Pass { ticket, bytes })
    }

    /// When `poll_pass` may name somebody although nothing changes; `None` while nobody waits.
    #[must_use]
    pub fn poll_deadline(&self) -> Option<Now> {
        let grain = self.flow.grain;
        let waiting = self
            .accounts
            .values()
            .filter(|account| !account.waiting.is_empty());
        let first = waiting
            .map(|account| match self.flow.per_peer_bytes_per_s {
                Some(_) => account.bucket.ready_at(grain),
                None => Now::default(),
            })
            .min()?;
        Some(match self.flow.total_bytes_per_s {
            Some(_) => first.max(self.total.ready_at(grain)),
            None => first,
        })
    }

    /// How many bytes passed so far.
    #[must_use]
    pub const fn passed_bytes(&self) -> u64 {
        self.passed_bytes
    }

    fn piece_bytes(&self) -> u64 {
        let Flow {
            total_bytes_per_s,
            per_peer_bytes_per_s,
            grain,
        } = self.flow;
        let rates = total_bytes_per_s.into_iter().chain(per_peer_bytes_per_s);
        rates.min().map_or(u64::MAX, |rate| {
            let bytes = u128::from(rate) * grain.piece().as_nanos() / SECOND_NS;
            u64::try_from(bytes)
                .unwrap_or(u64::MAX)
                .max(PIECE_BYTES_MIN)
        })
    }

    /// Whoever neither waits nor owes anything is one who comes anew.
    fn forget_idle(&mut self, now: Now) {
        let mut accounts = self.accounts.values();
        if accounts.all(|account| account.waiting.is_empty()) {
            // A busy time is over, and with it what one has had before another.
            let tags = self.accounts.values().map(|account| account.tag_bytes);
            self.served_bytes = tags.max().unwrap_or(0).max(self.served_bytes);
        }
        let floor = self.served_bytes;
        self.accounts.retain(|_, account| {
            !account.waiting.is_empty()
                || account.tag_bytes > floor
                || account.bucket.paid_at > now.0
        });
    }
}

fn time_of(bytes: u64, bytes_per_s: u64) -> Duration {
    let nanos = u128::from(bytes) * SECOND_NS / u128::from(bytes_per_s.max(1));
    Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: u64 = 1024 * 1024;

    fn peer(n: u8) -> PeerId {
        PeerId::from_bytes([n; 32])
    }

    fn at(ms: u64) -> Now {
        Now(Duration::from_millis(ms))
    }

    fn flow(total: Option<u64>, per_peer: Option<u64>) -> Flow {
        Flow {
            total_bytes_per_s: total,
            per_peer_bytes_per_s: per_peer,
            grain: Grain::Coarse,
        }
    }

    /// Peers that always want to pass, each with so many requests at a time, on a clock of milliseconds.
    struct Rush {
        gate: Gate,
        of: BTreeMap<Ticket, u8>,
        passed: BTreeMap<u8, u64>,
        ms: u64,
    }

    impl Rush {
        fn new(flow: Flow, requests: &[(u8, usize)]) -> Self {
            let mut rush = Self {
                gate: Gate::default(),
                of: BTreeMap::new(),
                passed: BTreeMap::new(),
                ms: 1_000,
            };
            rush.gate.set(at(1_000), flow);
            for &(n, count) in requests {
                for _ in 0..count {
                    rush.ask(n);
                }
            }
            rush
        }

        fn ask(&mut self, n: u8) {
            let ticket = self.gate.ask(peer(n), MIB);
            self.of.insert(ticket, n);
        }

        /// Goes on for so long; returns the bytes that passed in it.
        fn run(&mut self, ms: u64) -> u64 {
            let before = self.gate.passed_bytes();
            for _ in 0..ms {
                self.ms += 1;
                while let Some(pass) = self.gate.poll_pass(at(self.ms)) {
                    let n = self.of.remove(&pass.ticket).unwrap();
                    *self.passed.entry(n).or_default() += pass.bytes;
                    self.ask(n);
                }
                assert!(self.gate.poll_deadline().unwrap() > at(self.ms));
            }
            self.gate.passed_bytes() - before
        }
    }

    /// Whether a number is within so many hundredths of another one.
    fn within(found: u64, wanted: u64, percent: u64) -> bool {
        found.abs_diff(wanted) * 100 <= wanted * percent
    }

    #[test]
    fn a_limit_of_all_holds_within_every_second_and_is_used() {
        for rate in [super::super::RATE_MIN_BYTES_PER_S, 10 * MIB, 300 * MIB] {
            let mut rush = Rush::new(flow(Some(rate), None), &[(1, 3), (2, 1)]);
            let first = rush.run(1_000);
            assert!(
                within(first, rate, 7),
                "the burst is in it: {first} of {rate}"
            );
            for _ in 0..5 {
                let passed = rush.run(1_000);
                assert!(within(passed, rate, 2), "{passed} of {rate}");
            }
        }
    }

    #[test]
    fn what_all_may_pass_is_shared_fairly_however_many_requests_each_has() {
        let mut rush = Rush::new(flow(Some(10 * MIB), None), &[(1, 60), (2, 1), (3, 3)]);
        rush.run(3_000);
        for n in [1, 2, 3] {
            assert!(within(rush.passed[&n], 10 * MIB, 3), "{:?}", rush.passed);
        }
    }

    #[test]
    fn a_limit_per_peer_holds_for_each_and_leaves_the_rest_to_the_others() {
        let per_peer = flow(None, Some(2 * MIB));
        let mut rush = Rush::new(per_peer, &[(1, 4), (2, 1)]);
        rush.run(100);
        let passed = rush.run(2_000);
        assert!(within(passed, 8 * MIB, 2), "{passed}");
        let mut rush = Rush::new(flow(Some(3 * MIB), Some(2 * MIB)), &[(1, 4), (2, 4)]);
        rush.run(100);
        assert!(within(rush.run(2_000), 6 * MIB, 2), "the lower one holds");
    }

    #[test]
    fn a_changed_limit_holds_at_once() {
        let mut rush = Rush::new(flow(Some(100 * MIB), None), &[(1, 4)]);
        rush.run(1_000);
        rush.gate.set(at(rush.ms), flow(Some(MIB), None));
        let slow = rush.run(1_000);
        assert!(slow <= MIB * 11 / 10, "no debt, no credit: {slow}");
        rush.gate.set(at(rush.ms), flow(Some(100 * MIB), None));
        assert!(within(rush.run(1_000), 100 * MIB, 6));
        rush.gate.set(at(rush.ms), Flow::FREE);
        let pass = rush.gate.poll_pass(at(rush.ms)).unwrap();
        assert_eq!(pass.bytes, MIB, "and without one all pass whole");
    }

    #[test]
    fn what_was_not_used_is_made_up_for_only_a_little() {
        let mut rush = Rush::new(flow(Some(10 * MIB), None), &[]);
        rush.gate.poll_pass(at(60_000));
        rush.ms = 60_000;
        rush.ask(1);
        let passed = rush.run(100);
        // 100 ms, the burst of 50 ms and one piece.
        assert!(passed <= 10 * MIB * 161 / 1000, "{passed}");
    }

    #[test]
    fn fine_pieces_are_those_of_a_millisecond_and_at_least_a_packet() {
        let fine = |rate| Flow {
            grain: Grain::Fine,
            ..flow(Some(rate), None)
        };
        let mut rush = Rush::new(fine(12_500_000), &[(1, 1)]);
        assert_eq!(rush.gate.poll_pass(at(1_000)).unwrap().bytes, 12_500);
        rush.gate
            .set(at(1_000), fine(super::super::RATE_MIN_BYTES_PER_S));
        rush.ask(1);
        assert_eq!(
            rush.gate.poll_pass(at(2_000)).unwrap().bytes,
            PIECE_BYTES_MIN
        );
    }

    #[test]
    fn who_gives_up_lets_the_others_pass_and_nothing_is_kept_of_who_left() {
        let mut gate = Gate::default();
        gate.set(at(0), flow(Some(MIB), Some(MIB)));
        let first = gate.ask(peer(1), 10);
        let second = gate.ask(peer(2), 10);
        gate.give_up(first);
        let pass = Pass {
            ticket: second,
            bytes: 10,
        };
        assert_eq!(gate.poll_pass(at(1)), Some(pass));
        assert_eq!(gate.poll_deadline(), None, "nobody waits");
        gate.give_up(second);
        gate.ask(peer(3), 100);
        assert!(gate.poll_pass(at(2)).is_some());
        gate.ask(peer(4), 1_000_000);
        assert!(gate.poll_pass(at(60_000)).is_some());
        assert_eq!(gate.poll_pass(at(120_000)), None);
        assert!(gate.accounts.is_empty(), "{:?}", gate.accounts);
    }

    #[test]
    fn nobody_waits_at_an_open_gate() {
        let mut gate = Gate::default();
        assert!(Flow::FREE.is_free());
        for n in 0..100 {
            let ticket = gate.ask(peer(n), 256 * 1024);
            let bytes = 256 * 1024;
            assert_eq!(gate.poll_pass(at(0)), Some(Pass { ticket, bytes }));
        }
    }
}
