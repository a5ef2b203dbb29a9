//! What a run did: how often each thing happened.
//!
//! Invariant: counts only. They show that the generator does what it is meant to, and decide nothing.

use std::{borrow::Cow, collections::BTreeMap};

/// How often each thing happened, by name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts(BTreeMap<Cow<'static, str>, u64>);

impl Counts {
    pub(crate) fn add(&mut self, what: impl Into<Cow<'static, str>>, times: u64) {
        *self.0.entry(what.into()).or_default() += times;
    }

    /// How often something happened.
    #[must_use]
    pub fn of(&self, what: &str) -> u64 {
        self.0.get(what).copied().unwrap_or(0)
    }

    /// Adds another run's.
    pub fn merge(&mut self, other: &Self) {
        for (what, times) in &other.0 {
            self.add(what.clone(), *times);
        }
    }

    /// All of them, sorted by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, u64)> {
        self.0.iter().map(|(what, times)| (what.as_ref(), *times))
    }
}
