//! Who reads a hard disk next, if several want to: one at a time, in the order in which its arm comes by.
//!
//! Invariant: at most one reader has the turn, unless it has had it for longer than [`TURN_MAX`]: then it
//! is taken for stuck, and nobody waits for it. Whoever waits is passed over at most [`PASSED_MAX`]
//! times. Pure: the time is an argument, and it knows no file and no thread.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

/// A reader that has had its turn for so long is not waited for any more: the disk is stuck, or another
/// program keeps it busy. Reading what one turn is for takes a thirtieth of it.
pub(crate) const TURN_MAX: Duration = Duration::from_secs(1);

/// How often somebody who waits is passed over for places that the arm comes to sooner.
pub(crate) const PASSED_MAX: u32 = 16;

/// Where something lies: the position of a game among the games, of a file in its game, of bytes in their
/// file. Nobody knows where the disk has put them, but what was written in one go mostly lies in one piece.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Spot {
    pub(crate) game: String,
    pub(crate) file: String,
    pub(crate) offset_bytes: u64,
}

/// Names one reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Ticket(u64);

/// What somebody who waits does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Call {
    /// It reads.
    Read,
    /// It waits, until somebody ends or at the latest until this time.
    Wait(Instant),
}

/// The readers of one disk.
#[derive(Debug, Default)]
pub(crate) struct Turns {
    /// Who waits, in the order of where they want to read; and how often each was passed over.
    waiting: BTreeMap<(Spot, Ticket), u32>,
    reader: Option<(Ticket, Instant)>,
    /// Where the last one ended.
    arm: Option<Spot>,
    next: u64,
}

impl Turns {
    /// Somebody wants to read there.
    pub(crate) fn join(&mut self, spot: Spot) -> Ticket {
        let ticket = Ticket(self.next);
        self.next += 1;
        self.waiting.insert((spot, ticket), 0);
        ticket
    }

    /// What somebody who joined does. Once it is told to read, it has to end.
    pub(crate) fn call(&mut self, ticket: Ticket, now: Instant) -> Call {
        if let Some((_, since)) = self.reader
            && now < since + TURN_MAX
        {
            return Call::Wait(since + TURN_MAX);
        }
        let Some(next) = self.next_key().filter(|(_, next)| *next == ticket) else {
            // Whoever is next was woken as well.
            return Call::Wait(now + TURN_MAX);
        };
        self.waiting.remove(&next);
        for ((_, other), passed) in &mut self.waiting {
            *passed += u32::from(*other < ticket);
        }
        self.reader = Some((ticket, now));
        Call::Read
    }

    /// A reader has read up to there.
    pub(crate) fn end(&mut self, ticket: Ticket, arm: Spot) {
        // One that was taken for stuck ends when somebody else reads.
        if self
            .reader
            .take_if(|(reader, _)| *reader == ticket)
            .is_some()
        {
            self.arm = Some(arm);
        }
    }

    /// Whether nobody reads or waits.
    pub(crate) fn is_idle(&self) -> bool {
        self.reader.is_none() && self.waiting.is_empty()
    }

    /// Whose turn it is: the one who was passed over too often, else the first from where the arm is, else
    /// the first of all.
    fn next_key(&self) -> Option<(Spot, Ticket)> {
        let passed = self
            .waiting
            .iter()
            .filter(|(_, passed)| **passed >= PASSED_MAX);
        let neglected = passed.map(|(key, _)| key).min_by_key(|(_, ticket)| *ticket);
        let ahead = || {
            let arm = self.arm.clone()?;
            let from = (arm, Ticket(0));
            self.waiting.range(from..).next().map(|(key, _)| key)
        };
        let next = neglected
            .or_else(ahead)
            .or_else(|| self.waiting.keys().next());
        next.cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spot(offset_bytes: u64) -> Spot {
        Spot {
            game: "quake".to_owned(),
            file: "pak0.bin".to_owned(),
            offset_bytes,
        }
    }

    /// Everybody who waits reads in turn, each up to just behind where it began; says where.
    fn all(turns: &mut Turns, tickets: &[(u64, Ticket)], now: Instant) -> Vec<u64> {
        let mut left = tickets.to_vec();
        let mut read = Vec::new();
        while !left.is_empty() {
            let called = left
                .iter()
                .position(|(_, ticket)| turns.call(*ticket, now) == Call::Read);
            let (offset, ticket) = left.remove(called.expect("somebody reads"));
            turns.end(ticket, spot(offset + 1));
            read.push(offset);
        }
        read
    }

    fn join_all(turns: &mut Turns, offsets: &[u64]) -> Vec<(u64, Ticket)> {
        let joined = offsets
            .iter()
            .map(|&offset| (offset, turns.join(spot(offset))));
        joined.collect()
    }

    #[test]
    fn one_reads_at_a_time() {
        let (mut turns, now) = (Turns::default(), Instant::now());
        let (first, second) = (turns.join(spot(1)), turns.join(spot(2)));
        assert_eq!(turns.call(first, now), Call::Read);
        assert_eq!(turns.call(second, now), Call::Wait(now + TURN_MAX));
        turns.end(first, spot(2));
        assert_eq!(turns.call(second, now), Call::Read);
        turns.end(second, spot(3));
        assert!(turns.is_idle());
    }

    #[test]
    fn those_who_wait_read_from_where_the_last_one_ended_on_and_then_from_the_beginning() {
        let (mut turns, now) = (Turns::default(), Instant::now());
        let first = join_all(&mut turns, &[50]);
        assert_eq!(all(&mut turns, &first, now), [50]);
        let tickets = join_all(&mut turns, &[90, 10, 51, 30]);
        assert_eq!(all(&mut turns, &tickets, now), [51, 90, 10, 30]);
    }

    #[test]
    fn a_reader_that_is_stuck_is_waited_for_up_to_the_limit_and_no_longer() {
        let (mut turns, now) = (Turns::default(), Instant::now());
        let (stuck, next) = (turns.join(spot(1)), turns.join(spot(2)));
        assert_eq!(turns.call(stuck, now), Call::Read);
        let almost = now + TURN_MAX.saturating_sub(Duration::from_nanos(1));
        assert_eq!(turns.call(next, almost), Call::Wait(now + TURN_MAX));
        assert_eq!(turns.call(next, now + TURN_MAX), Call::Read);
        // That it ends at last changes nothing for the one who reads.
        turns.end(stuck, spot(2));
        let later = turns.join(spot(3));
        assert!(matches!(turns.call(later, now + TURN_MAX), Call::Wait(_)));
    }

    #[test]
    fn whoever_waits_is_passed_over_as_often_as_the_limit_and_not_once_more() {
        let (mut turns, now) = (Turns::default(), Instant::now());
        let first = join_all(&mut turns, &[100]);
        all(&mut turns, &first, now);
        let behind = turns.join(spot(1));
        // Two who go on and on ahead of the arm.
        let mut ahead = turns.join(spot(101));
        for n in 0..u64::from(PASSED_MAX) {
            let other = turns.join(spot(102 + n));
            assert!(matches!(turns.call(behind, now), Call::Wait(_)), "{n}");
            assert_eq!(turns.call(ahead, now), Call::Read, "{n}");
            turns.end(ahead, spot(102 + n));
            ahead = other;
        }
        assert_eq!(turns.call(behind, now), Call::Read);
    }

    #[test]
    fn two_who_want_the_same_read_one_after_the_other() {
        let (mut turns, now) = (Turns::default(), Instant::now());
        let tickets = join_all(&mut turns, &[7, 7]);
        assert_eq!(all(&mut turns, &tickets, now), [7, 7]);
    }
}
