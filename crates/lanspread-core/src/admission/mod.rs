//! Whether a stranger may try to prove the party code: how often, how many at once, and what follows
//! a failure.
//!
//! A proof that fails is a guess, whoever made it and whichever side dialed; a guess is booked before
//! the proof is judged and struck off when it was right. Invariant: whatever the strangers are called
//! and wherever they come from, at most [`FAILED_ATTEMPTS_MAX`] guesses of strangers are judged in one
//! [`ATTEMPTS_WINDOW`]. Time is an argument, and it knows neither the code nor how it is proved.

pub mod limits;

use std::{
    collections::{BTreeMap, VecDeque},
    fmt,
    net::IpAddr,
    time::Duration,
};

use lanspread_proto::PeerId;

use crate::Now;
use limits::{
    ADMISSIONS_AT_ONCE_MAX, ADMISSIONS_PER_ADDRESS_MAX, ATTEMPTS_WINDOW, FAILED_ATTEMPTS_MAX,
    FAILED_ATTEMPTS_PER_ADDRESS_MAX, FAILED_ATTEMPTS_PER_IDENTITY_MAX, PROVED_REMEMBERED_MAX,
};

/// Keeps the strangers at the door, and those who are known to have the code, apart.
#[derive(Debug, Default)]
pub struct Doorkeeper {
    /// Guesses that were wrong or are being judged, oldest first.
    guesses: VecDeque<Guess>,
    next: u64,
    /// Peers that proved the code in this run, oldest first: no stranger can use up their chance.
    proved: VecDeque<PeerId>,
    /// Admissions under way with those who dialed, by address.
    at_the_door: BTreeMap<IpAddr, usize>,
}

#[derive(Debug, Clone, Copy)]
struct Guess {
    id: GuessId,
    who: PeerId,
    from: IpAddr,
    at: Now,
    counts: Counts,
}

/// Which limits a guess counts for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Counts {
    /// All of them.
    ForAll,
    /// Only that of its own identity, which proved the code before.
    ForItselfOnly,
}

/// Names one guess until it is judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GuessId(u64);

/// Why nothing may be tried at this moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TooMany {
    /// This identity guessed wrong too often.
    OfIdentity(Duration),
    /// Too many wrong guesses came from this address.
    OfAddress(Duration),
    /// Too many wrong guesses came from everywhere.
    InAll(Duration),
    /// Too many admissions are under way.
    AtOnce,
}

impl fmt::Display for TooMany {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whose, wait) = match self {
            Self::OfIdentity(wait) => ("this peer", wait),
            Self::OfAddress(wait) => ("this address", wait),
            Self::InAll(wait) => ("strangers", wait),
            Self::AtOnce => {
                return f.write_str(
                    "too many peers prove the party code at once: try again in a moment",
                );
            }
        };
        let seconds = wait.as_secs() + 1;
        write!(
            f,
            "{whose} gave a wrong party code too often: try again in {seconds} s"
        )
    }
}

impl std::error::Error for TooMany {}

impl Doorkeeper {
    /// Whether somebody who dialed may begin to prove the code; pairs with [`Doorkeeper::leaves`].
    ///
    /// # Errors
    /// Too many are at the door already.
    pub fn comes(&mut self, from: IpAddr) -> Result<(), TooMany> {
        let at_once: usize = self.at_the_door.values().sum();
        let of_address = self.at_the_door.get(&from).copied().unwrap_or_default();
        if at_once >= ADMISSIONS_AT_ONCE_MAX || of_address >= ADMISSIONS_PER_ADDRESS_MAX {
            return Err(TooMany::AtOnce);
        }
        *self.at_the_door.entry(from).or_default() += 1;
        Ok(())
    }

    /// Whoever [came](Doorkeeper::comes) is let in, turned away or gone.
    pub fn leaves(&mut self, from: IpAddr) {
        if let Some(left) = self.at_the_door.get_mut(&from) {
            *left = left.saturating_sub(1);
            if *left == 0 {
                self.at_the_door.remove(&from);
            }
        }
    }

    /// Whether a guess would be judged at this moment: spares both sides the work if not.
    ///
    /// # Errors
    /// Too many guesses were wrong lately.
    pub fn check(&mut self, now: Now, who: PeerId, from: IpAddr) -> Result<(), TooMany> {
        while let Some(oldest) = self.guesses.front()
            && now.since(oldest.at) >= ATTEMPTS_WINDOW
        {
            self.guesses.pop_front();
        }
        let of_identity = self.full(now, FAILED_ATTEMPTS_PER_IDENTITY_MAX, |guess| {
            guess.who == who
        });
        if let Some(wait) = of_identity {
            return Err(TooMany::OfIdentity(wait));
        }
        if self.proved.contains(&who) {
            return Ok(());
        }
        let of_address = self.full(now, FAILED_ATTEMPTS_PER_ADDRESS_MAX, |guess| {
            guess.counts == Counts::ForAll && guess.from == from
        });
        if let Some(wait) = of_address {
            return Err(TooMany::OfAddress(wait));
        }
        let in_all = self.full(now, FAILED_ATTEMPTS_MAX, |guess| {
            guess.counts == Counts::ForAll
        });
        in_all.map_or(Ok(()), |wait| Err(TooMany::InAll(wait)))
    }

    /// Books a guess, right before it is judged or given away. It counts as wrong until
    /// [`Doorkeeper::was_right`].
    ///
    /// # Errors
    /// Too many guesses were wrong lately; this one must not be judged.
    pub fn books(&mut self, now: Now, who: PeerId, from: IpAddr) -> Result<GuessId, TooMany> {
        self.check(now, who, from)?;
        let id = GuessId(self.next);
        self.next += 1;
        let counts = if self.proved.contains(&who) {
            Counts::ForItselfOnly
        } else {
            Counts::ForAll
        };
        self.guesses.push_back(Guess {
            id,
            who,
            from,
            at: now,
            counts,
        });
        Ok(id)
    }

    /// The guess was no guess: its maker knows the code.
    pub fn was_right(&mut self, id: GuessId) {
        let Some(at) = self.guesses.iter().position(|guess| guess.id == id) else {
            return;
        };
        let Some(guess) = self.guesses.remove(at) else {
            return;
        };
        self.proved.retain(|&peer| peer != guess.who);
        if self.proved.len() >= PROVED_REMEMBERED_MAX {
            self.proved.pop_front();
        }
        self.proved.push_back(guess.who);
    }

    /// How long `max` guesses of this kind stand in the way, if there are so many.
    fn full(&self, now: Now, max: usize, is_it: impl Fn(&Guess) -> bool) -> Option<Duration> {
        let mut guesses = self.guesses.iter().filter(|guess| is_it(guess));
        let oldest = guesses.next()?.at;
        (guesses.count() + 1 >= max).then(|| ATTEMPTS_WINDOW.saturating_sub(now.since(oldest)))
    }
}

#[cfg(test)]
mod tests;
