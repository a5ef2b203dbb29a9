//! What was said at the party, and who heard it.
//!
//! Invariant: it learns from what users say and what peers tell their users, and knows nothing of how one
//! comes to the other. Every text is said once in the whole party, so that it names what was said.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use lanspread_core::{Now, limits::MESSAGES_PER_PEER_MAX};
use lanspread_proto::limits::MESSAGE_AGE_MS_MAX;

/// Something that a peer accepted to tell the others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Saying {
    pub(crate) by: usize,
    run: u32,
    pub(crate) text: String,
    at: Now,
}

/// Everything that was said.
#[derive(Debug, Default)]
pub(crate) struct Sayings {
    /// Who wanted to say what.
    authors: BTreeMap<String, usize>,
    accepted: Vec<Saying>,
    /// What the present run of each peer told its user.
    heard: BTreeMap<usize, BTreeSet<String>>,
}

impl Sayings {
    /// A text that was never said before.
    pub(crate) fn next_text(&mut self, by: usize) -> String {
        let text = format!("peer{by} says thing {}", self.authors.len() + 1);
        self.authors.insert(text.clone(), by);
        text
    }

    /// The peer accepted it. What it tells those who come later is no more than the newest of it.
    pub(crate) fn accepted(&mut self, by: usize, run: u32, text: String, at: Now) {
        let saying = Saying { by, run, text, at };
        self.accepted.push(saying);
        let is_theirs = |it: &Saying| it.by == by && it.run == run;
        if self.accepted.iter().filter(|it| is_theirs(it)).count() > MESSAGES_PER_PEER_MAX {
            let oldest = self.accepted.iter().position(is_theirs);
            oldest.map(|at| self.accepted.remove(at));
        }
    }

    /// A peer tells its user what another one said. What is wrong with that, if anything.
    pub(crate) fn heard(&mut self, n: usize, by: Option<usize>, text: &str) -> Option<String> {
        if by.is_none() || self.authors.get(text).copied() != by {
            return Some(format!("peer{n} hears \"{text}\" from {by:?}"));
        }
        let is_news = self.heard.entry(n).or_default().insert(text.to_owned());
        (!is_news).then(|| format!("peer{n} hears \"{text}\" twice"))
    }

    /// A run of a peer is over: the next one knows nothing.
    pub(crate) fn forget(&mut self, n: usize) {
        self.heard.remove(&n);
    }

    /// Whether a peer's user heard it.
    pub(crate) fn is_heard(&self, n: usize, saying: &Saying) -> bool {
        let heard = self.heard.get(&n);
        heard.is_some_and(|heard| heard.contains(&saying.text))
    }

    /// What everybody has to have heard who is there: what was said within the hour by peers that run on,
    /// `runs` by number.
    pub(crate) fn due(&self, now: Now, runs: &[u32]) -> Vec<Saying> {
        let hour = Duration::from_millis(MESSAGE_AGE_MS_MAX);
        let due = self.accepted.iter().filter(|saying| {
            runs.get(saying.by) == Some(&saying.run) && now.since(saying.at) <= hour
        });
        due.cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_heard_was_said_by_that_peer_and_is_heard_once() {
        let mut sayings = Sayings::default();
        let text = sayings.next_text(1);
        assert_eq!(sayings.heard(2, Some(1), &text), None);
        assert!(sayings.heard(2, Some(1), &text).is_some(), "twice");
        assert!(sayings.heard(3, Some(0), &text).is_some(), "somebody else");
        assert!(sayings.heard(3, Some(1), "nothing").is_some());
        sayings.forget(2);
        assert_eq!(sayings.heard(2, Some(1), &text), None);
    }

    #[test]
    fn what_is_due_was_said_within_the_hour_by_the_run_that_goes_on() {
        let mut sayings = Sayings::default();
        let hour = Duration::from_millis(MESSAGE_AGE_MS_MAX);
        let start = Now::default();
        for n in 0..=MESSAGES_PER_PEER_MAX {
            sayings.accepted(0, 1, format!("thing {n}"), start);
        }
        let due = sayings.due(start + hour, &[1]);
        assert_eq!(due.len(), MESSAGES_PER_PEER_MAX);
        assert_eq!(due[0].text, "thing 1");
        assert!(sayings.due(start + hour, &[2]).is_empty());
        let later = start + hour + Duration::from_millis(1);
        assert!(sayings.due(later, &[1]).is_empty());
    }
}
