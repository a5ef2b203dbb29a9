//! Downloads that were asked for: which runs, which waits for its turn, which rests.
//!
//! Invariant: pure. It says what is to be done next and is told what became of it; so many gather at the
//! same time and no more, since one game that is whole is worth more than two halves. A download that
//! waits for somebody, or is being unpacked, keeps nobody from its turn, and neither does one that nobody
//! offers at the moment: after a start the others have to be found first.

use std::collections::BTreeMap;

use lanspread_db::GameId;
use serde::{Deserialize, Serialize};

use crate::snapshot::{Queued, Turn};

/// Most downloads that gather at the same time.
pub const GATHERING_MAX: usize = 2;

/// Most downloads that are asked for at the same time.
pub const QUEUE_MAX: usize = 1_000;

/// A download that was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "what was asked for, whether it rests and whether it was begun do not exclude each other"
)]
pub(crate) struct Asked {
    pub(crate) id: GameId,
    pub(crate) install: bool,
    pub(crate) give_up_old: bool,
    pub(crate) paused: bool,
    /// Whether it was begun in this run.
    #[serde(skip)]
    begun: bool,
    /// Whether it could not begin, or not rest, as things stood; it is tried again when something changed.
    #[serde(skip)]
    put_off: bool,
    /// Whether it was told to rest and has not ended yet.
    #[serde(skip)]
    ending: bool,
}

/// What runs on a game, as far as it matters here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Runs {
    /// A download that gathers.
    Gathers,
    /// A download that waits for something.
    Waits,
    /// Something else.
    Else,
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Due {
    /// A download begins.
    Begin(Asked),
    /// A download that runs is to rest.
    Rest(GameId),
}

/// How a download ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ended {
    /// It was told to rest. One that the user cancels is forgotten before it ends.
    ToRest,
    /// The peer ends.
    WithPeer,
    /// It came to its end.
    ByItself,
}

/// All of them, in their order.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Queue {
    asked: Vec<Asked>,
}

/// Why a command on the queue is not carried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum NotQueued {
    /// There are as many as there may be.
    Full,
    /// The game is not in it.
    Unknown,
}

impl Queue {
    /// Puts a download at the end; one that is there already takes its turn again, if it rested.
    pub(crate) fn ask(
        &mut self,
        id: &GameId,
        install: bool,
        give_up_old: bool,
    ) -> Result<(), NotQueued> {
        if let Some(asked) = self.find(id) {
            asked.paused = false;
            asked.install = install;
            asked.give_up_old = give_up_old;
            return Ok(());
        }
        if self.asked.len() >= QUEUE_MAX {
            return Err(NotQueued::Full);
        }
        self.asked.push(Asked {
            id: id.clone(),
            install,
            give_up_old,
            paused: false,
            begun: false,
            put_off: false,
            ending: false,
        });
        Ok(())
    }

    /// Lets one rest, or not.
    pub(crate) fn pause(&mut self, id: &GameId, paused: bool) -> Result<(), NotQueued> {
        let asked = self.find(id).ok_or(NotQueued::Unknown)?;
        asked.paused = paused;
        Ok(())
    }

    /// Puts one before another, or at the end.
    pub(crate) fn put_before(
        &mut self,
        id: &GameId,
        before: Option<&GameId>,
    ) -> Result<(), NotQueued> {
        let from = self.position(id).ok_or(NotQueued::Unknown)?;
        if before == Some(id) {
            return Ok(());
        }
        if before.is_some_and(|before| self.position(before).is_none()) {
            return Err(NotQueued::Unknown);
        }
        let asked = self.asked.remove(from);
        let to = before.and_then(|before| self.position(before));
        self.asked.insert(to.unwrap_or(self.asked.len()), asked);
        Ok(())
    }

    /// Forgets one; whether it was there.
    pub(crate) fn forget(&mut self, id: &GameId) -> bool {
        let before = self.asked.len();
        self.asked.retain(|asked| asked.id != *id);
        self.asked.len() != before
    }

    /// Whether one is in it.
    pub(crate) fn has(&self, id: &GameId) -> bool {
        self.position(id).is_some()
    }

    /// What is to be done, given what runs and what somebody offers.
    pub(crate) fn due(
        &self,
        runs: &BTreeMap<GameId, Runs>,
        is_offered: impl Fn(&GameId) -> bool,
    ) -> Option<Due> {
        let on = |asked: &Asked| runs.get(&asked.id).copied();
        let downloads = |asked: &&Asked| matches!(on(asked), Some(Runs::Gathers | Runs::Waits));
        let is_to_rest = |it: &&Asked| it.paused && !it.ending && !it.put_off && downloads(it);
        if let Some(asked) = self.asked.iter().find(is_to_rest) {
            return Some(Due::Rest(asked.id.clone()));
        }
        // One that was begun a moment ago does not show yet.
        let starting = |asked: &&Asked| asked.begun && on(asked).is_none();
        // One that waits although somebody offers it is about to gather, and one that ends takes nothing.
        let gathers = |(id, runs): &(&GameId, &Runs)| match runs {
            Runs::Gathers | Runs::Waits if self.is_ending(id) => false,
            Runs::Gathers => true,
            Runs::Waits => is_offered(id),
            Runs::Else => false,
        };
        let gathering =
            runs.iter().filter(gathers).count() + self.asked.iter().filter(starting).count();
        if gathering >= GATHERING_MAX {
            return None;
        }
        let free = |asked: &&Asked| {
            !asked.paused
                && !asked.begun
                && !asked.put_off
                && on(asked).is_none()
                && is_offered(&asked.id)
        };
        self.asked.iter().find(free).cloned().map(Due::Begin)
    }

    /// One is begun; whether it is still asked for.
    pub(crate) fn begun(&mut self, id: &GameId) -> bool {
        let asked = self.find(id);
        asked.map(|asked| asked.begun = true).is_some()
    }

    /// One could not begin as things stand.
    pub(crate) fn put_off(&mut self, id: &GameId) {
        if let Some(asked) = self.find(id) {
            asked.begun = false;
            asked.put_off = true;
        }
    }

    /// One is told to rest.
    pub(crate) fn ends(&mut self, id: &GameId) {
        if let Some(asked) = self.find(id) {
            asked.ending = true;
        }
    }

    /// One that was told to rest does not, as things stand.
    pub(crate) fn goes_on(&mut self, id: &GameId) {
        if let Some(asked) = self.find(id) {
            asked.ending = false;
            asked.put_off = true;
        }
    }

    /// Something changed: what was put off is tried again, and what does not run has ended.
    pub(crate) fn look_again(&mut self, runs: &BTreeMap<GameId, Runs>) {
        for asked in &mut self.asked {
            asked.put_off = false;
            asked.ending &= runs.contains_key(&asked.id);
        }
    }

    /// A download ended; whether it is gone from here.
    pub(crate) fn ended(&mut self, id: &GameId, how: Ended) -> bool {
        let stays = match how {
            Ended::WithPeer | Ended::ToRest => true,
            Ended::ByItself => false,
        };
        if stays {
            if let Some(asked) = self.find(id) {
                asked.begun = false;
                asked.ending = false;
            }
            return false;
        }
        self.forget(id)
    }

    /// All of them, for people.
    pub(crate) fn shown(&self, runs: &BTreeMap<GameId, Runs>) -> Vec<Queued> {
        let queued = |asked: &Asked| Queued {
            id: asked.id.clone(),
            install: asked.install,
            turn: match runs.get(&asked.id) {
                _ if asked.paused => Turn::Paused,
                Some(_) => Turn::Running,
                None => Turn::Waiting,
            },
        };
        self.asked.iter().map(queued).collect()
    }

    fn is_ending(&self, id: &GameId) -> bool {
        self.asked
            .iter()
            .any(|asked| asked.id == *id && asked.ending)
    }

    fn position(&self, id: &GameId) -> Option<usize> {
        self.asked.iter().position(|asked| asked.id == *id)
    }

    fn find(&mut self, id: &GameId) -> Option<&mut Asked> {
        self.asked.iter_mut().find(|asked| asked.id == *id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn game(name: &str) -> GameId {
        GameId::parse(name).expect("a valid id")
    }

    fn queue(names: &[&str]) -> Queue {
        let mut queue = Queue::default();
        for name in names {
            queue.ask(&game(name), true, false).expect("room");
        }
        queue
    }

    fn order(queue: &Queue) -> Vec<&str> {
        queue.asked.iter().map(|asked| asked.id.as_str()).collect()
    }

    fn running(what: &[(&str, Runs)]) -> BTreeMap<GameId, Runs> {
        what.iter()
            .map(|(name, runs)| (game(name), *runs))
            .collect()
    }

    fn begins(queue: &Queue, runs: &[(&str, Runs)]) -> Option<String> {
        match queue.due(&running(runs), |_| true) {
            Some(Due::Begin(asked)) => Some(asked.id.to_string()),
            Some(Due::Rest(_)) | None => None,
        }
    }

    #[test]
    fn so_many_gather_and_the_next_takes_its_turn_when_one_is_done() {
        let mut queue = queue(&["a", "b", "c"]);
        for name in ["a", "b"] {
            assert_eq!(begins(&queue, &[]).as_deref(), Some(name));
            queue.begun(&game(name));
        }
        assert_eq!(begins(&queue, &[]), None, "both begin and do not show yet");
        let both = [("a", Runs::Gathers), ("b", Runs::Gathers)];
        assert_eq!(begins(&queue, &both), None);
        assert!(queue.ended(&game("a"), Ended::ByItself));
        assert_eq!(begins(&queue, &both[1..]).as_deref(), Some("c"));
        assert_eq!(GATHERING_MAX, 2, "this test has so many");
    }

    #[test]
    fn whoever_waits_for_somebody_or_is_unpacked_keeps_nobody_from_his_turn() {
        let mut queue = queue(&["a", "b", "c"]);
        queue.begun(&game("a"));
        queue.begun(&game("b"));
        let runs = running(&[("a", Runs::Waits), ("b", Runs::Gathers)]);
        assert_eq!(queue.due(&runs, |_| true), None, "a is about to gather");
        let offered = |id: &GameId| id.as_str() != "a";
        let due = queue.due(&runs, offered);
        assert!(matches!(due, Some(Due::Begin(asked)) if asked.id == game("c")));
        let runs = [("a", Runs::Gathers), ("b", Runs::Else)];
        assert_eq!(begins(&queue, &runs).as_deref(), Some("c"));
    }

    #[test]
    fn one_that_rests_is_stopped_keeps_its_place_and_goes_on_when_it_may() {
        let mut queue = queue(&["a", "b"]);
        queue.begun(&game("a"));
        queue.pause(&game("a"), true).expect("it is there");
        let gathers = running(&[("a", Runs::Gathers)]);
        assert_eq!(queue.due(&gathers, |_| true), Some(Due::Rest(game("a"))));
        assert_eq!(queue.shown(&gathers)[0].turn, Turn::Paused);
        assert!(!queue.ended(&game("a"), Ended::ToRest));
        assert_eq!(begins(&queue, &[]).as_deref(), Some("b"));
        queue.pause(&game("a"), false).expect("it is there");
        assert_eq!(begins(&queue, &[]).as_deref(), Some("a"));
    }

    #[test]
    fn while_one_ends_that_was_told_to_rest_the_next_begins_and_nobody_is_told_twice() {
        let mut queue = queue(&["a", "b", "c"]);
        for name in ["a", "b"] {
            queue.begun(&game(name));
        }
        queue.pause(&game("a"), true).expect("it is there");
        let both = running(&[("a", Runs::Gathers), ("b", Runs::Gathers)]);
        assert_eq!(queue.due(&both, |_| true), Some(Due::Rest(game("a"))));
        queue.ends(&game("a"));
        let due = queue.due(&both, |_| true);
        assert!(matches!(due, Some(Due::Begin(asked)) if asked.id == game("c")));
        queue.begun(&game("c"));
        assert_eq!(queue.due(&both, |_| true), None);
        // It is resumed before it has ended, and begins anew only when it has and there is room.
        queue.pause(&game("a"), false).expect("it is there");
        queue.look_again(&both);
        assert_eq!(queue.due(&both, |_| true), None);
        let others = running(&[("b", Runs::Gathers)]);
        assert!(!queue.ended(&game("a"), Ended::ToRest));
        assert!(queue.ended(&game("c"), Ended::ByItself));
        queue.look_again(&others);
        let due = queue.due(&others, |_| true);
        assert!(matches!(due, Some(Due::Begin(asked)) if asked.id == game("a")));
    }

    #[test]
    fn one_that_cannot_rest_as_things_stand_is_told_again_when_something_changed() {
        let mut queue = queue(&["a"]);
        queue.begun(&game("a"));
        queue.pause(&game("a"), true).expect("it is there");
        let runs = running(&[("a", Runs::Gathers)]);
        for _ in 0..2 {
            assert_eq!(queue.due(&runs, |_| true), Some(Due::Rest(game("a"))));
            queue.ends(&game("a"));
            queue.goes_on(&game("a"));
            assert_eq!(queue.due(&runs, |_| true), None);
            queue.look_again(&runs);
        }
    }

    #[test]
    fn what_ends_by_itself_is_gone_and_what_ends_with_the_peer_or_to_rest_is_not() {
        let mut queue = queue(&["a", "b"]);
        for how in [Ended::WithPeer, Ended::ToRest] {
            queue.begun(&game("a"));
            assert!(!queue.ended(&game("a"), how));
            assert_eq!(begins(&queue, &[]).as_deref(), Some("a"));
        }
        assert!(queue.ended(&game("a"), Ended::ByItself));
        assert_eq!(order(&queue), ["b"]);
        assert!(queue.forget(&game("b")) && !queue.forget(&game("b")));
    }

    #[test]
    fn what_nobody_offers_or_was_put_off_keeps_its_place_and_nobody_from_his_turn() {
        let mut queue = queue(&["a", "b"]);
        let offered = |id: &GameId| id.as_str() == "b";
        let due = queue.due(&running(&[]), offered);
        assert!(matches!(due, Some(Due::Begin(asked)) if asked.id == game("b")));
        queue.begun(&game("a"));
        queue.put_off(&game("a"));
        assert_eq!(begins(&queue, &[]).as_deref(), Some("b"));
        queue.look_again(&running(&[]));
        assert_eq!(begins(&queue, &[]).as_deref(), Some("a"));
        assert_eq!(order(&queue), ["a", "b"]);
    }

    #[test]
    fn one_is_put_before_another_or_at_the_end() {
        let mut queue = queue(&["a", "b", "c"]);
        queue
            .put_before(&game("c"), Some(&game("a")))
            .expect("both are there");
        assert_eq!(order(&queue), ["c", "a", "b"]);
        queue.put_before(&game("c"), None).expect("it is there");
        assert_eq!(order(&queue), ["a", "b", "c"]);
        queue
            .put_before(&game("b"), Some(&game("b")))
            .expect("it is there");
        let unknown = queue.put_before(&game("a"), Some(&game("x")));
        assert_eq!(unknown, Err(NotQueued::Unknown));
        assert_eq!(order(&queue), ["a", "b", "c"]);
    }

    #[test]
    fn there_is_room_for_so_many_and_for_each_once() {
        let mut queue = Queue::default();
        for number in 0..QUEUE_MAX {
            queue
                .ask(&game(&format!("g{number}")), true, false)
                .expect("room");
        }
        assert_eq!(queue.ask(&game("x"), true, false), Err(NotQueued::Full));
        assert_eq!(queue.ask(&game("g0"), false, false), Ok(()));
        assert_eq!(queue.asked.len(), QUEUE_MAX);
    }
}
