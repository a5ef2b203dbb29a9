//! How many connections come from which address: what anybody costs before it has proved who it is.
//!
//! Invariant: an address has no more connections, and gets no more handshakes in a time, than its
//! limits say, whoever it claims to be; so one machine cannot use up what all share. Pure: the time is
//! an argument.

use std::{
    collections::BTreeMap,
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use super::limits::{
    ADDRESSES_MAX, CONNECTIONS_PER_ADDRESS_MAX, HANDSHAKE_EVERY, HANDSHAKES_BURST_MAX,
};

/// The connections of one endpoint by the address they come from. Clones are the same census.
#[derive(Debug, Clone, Default)]
pub(super) struct Census(Arc<Mutex<Counts>>);

#[derive(Debug, Default)]
struct Counts {
    by_ip: BTreeMap<IpAddr, Source>,
    /// Whose connection the endpoint is about to make.
    admitted: Option<IpAddr>,
    turned_away: u64,
}

/// What comes from one address.
#[derive(Debug, Clone, Copy)]
struct Source {
    open: usize,
    /// Handshakes that are not paid off yet, and since when they are.
    handshakes: u32,
    since: Instant,
}

impl Source {
    const fn new(now: Instant) -> Self {
        Self {
            open: 0,
            handshakes: 0,
            since: now,
        }
    }

    /// Pays off one handshake for each [`HANDSHAKE_EVERY`] that passed.
    fn pay_off(&mut self, now: Instant) {
        let passed = now.saturating_duration_since(self.since);
        let paid = u32::try_from(passed.as_nanos() / HANDSHAKE_EVERY.as_nanos());
        match paid {
            Ok(paid) if paid < self.handshakes => {
                self.handshakes -= paid;
                self.since += HANDSHAKE_EVERY * paid;
            }
            Ok(_) | Err(_) => {
                self.handshakes = 0;
                self.since = now;
            }
        }
    }
}

impl Census {
    fn lock(&self) -> MutexGuard<'_, Counts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether one more connection of this address may begin its handshake.
    pub(super) fn admit(&self, ip: IpAddr, now: Instant) -> bool {
        let ip = ip.to_canonical();
        let mut counts = self.lock();
        let counts = &mut *counts;
        if counts.by_ip.len() >= ADDRESSES_MAX && !counts.by_ip.contains_key(&ip) {
            counts.forget_idle(now);
        }
        let is_full = counts.by_ip.len() >= ADDRESSES_MAX && !counts.by_ip.contains_key(&ip);
        let admitted = !is_full && {
            let source = counts.by_ip.entry(ip).or_insert(Source::new(now));
            source.pay_off(now);
            let has_room = source.open < CONNECTIONS_PER_ADDRESS_MAX
                && source.handshakes < HANDSHAKES_BURST_MAX;
            source.handshakes += u32::from(has_room);
            has_room
        };
        if admitted {
            counts.admitted = Some(ip);
            return true;
        }
        counts.turned_away += 1;
        if counts.turned_away.is_power_of_two() {
            tracing::warn!(
                %ip, turned_away = counts.turned_away,
                "a connection storm: this address makes more connections than a peer may, and is \
                 turned away for a while"
            );
        }
        false
    }

    /// The endpoint makes the connection that was admitted last.
    pub(super) fn enter(&self) -> Seat {
        let mut counts = self.lock();
        let ip = counts.admitted.take();
        if let Some(source) = ip.and_then(|ip| counts.by_ip.get_mut(&ip)) {
            source.open += 1;
        }
        drop(counts);
        Seat {
            census: self.clone(),
            ip,
        }
    }
}

impl Counts {
    /// Forgets addresses without connections that owe nothing.
    fn forget_idle(&mut self, now: Instant) {
        self.by_ip.retain(|_, source| {
            source.pay_off(now);
            source.open > 0 || source.handshakes > 0
        });
    }
}

/// One connection, counted until its endpoint forgets it.
#[derive(Debug)]
pub(super) struct Seat {
    census: Census,
    ip: Option<IpAddr>,
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut counts = self.census.lock();
        if let Some(source) = self.ip.and_then(|ip| counts.by_ip.get_mut(&ip)) {
            source.open -= 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 1));
    const B: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 2));

    #[test]
    fn handshakes_of_one_address_are_paced_and_others_are_not_touched() {
        let (census, start) = (Census::default(), Instant::now());
        for nth in 0..HANDSHAKES_BURST_MAX {
            assert!(census.admit(A, start), "{nth}");
        }
        assert!(!census.admit(A, start));
        assert!(census.admit(B, start));
        assert!(census.admit(A, start + HANDSHAKE_EVERY));
        assert!(!census.admit(A, start + HANDSHAKE_EVERY));
    }

    #[test]
    fn an_address_has_no_more_connections_than_the_limit_and_a_closed_one_makes_room() {
        let census = Census::default();
        let mut now = Instant::now();
        let mut seats = Vec::new();
        for _ in 0..CONNECTIONS_PER_ADDRESS_MAX {
            now += HANDSHAKE_EVERY;
            assert!(census.admit(A, now));
            seats.push(census.enter());
        }
        // Every handshake is paid off by then.
        now += HANDSHAKE_EVERY * HANDSHAKES_BURST_MAX;
        assert!(!census.admit(A, now));
        assert!(census.admit(B, now));
        seats.pop();
        assert!(census.admit(A, now));
    }

    #[test]
    fn a_mapped_address_is_the_one_it_stands_for() {
        let (census, start) = (Census::default(), Instant::now());
        let mapped: IpAddr = "::ffff:10.0.0.1".parse().unwrap();
        for _ in 0..HANDSHAKES_BURST_MAX {
            assert!(census.admit(A, start));
        }
        assert!(!census.admit(mapped, start));
    }

    #[test]
    fn the_last_address_has_room_and_one_more_waits_until_one_is_forgotten() {
        let (census, start) = (Census::default(), Instant::now());
        let ip = |n: usize| IpAddr::V4(std::net::Ipv4Addr::from_bits(u32::try_from(n).unwrap()));
        for n in 0..ADDRESSES_MAX {
            assert!(census.admit(ip(n), start));
        }
        assert!(!census.admit(ip(ADDRESSES_MAX), start));
        assert!(census.admit(ip(ADDRESSES_MAX), start + HANDSHAKE_EVERY));
        assert_eq!(census.lock().by_ip.len(), 1);
    }
}
