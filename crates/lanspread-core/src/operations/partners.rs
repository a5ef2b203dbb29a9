//! Who gathers the same manifest at the same time: whom to ask what it has, and whom to answer when.
//!
//! Invariant: a live peer is asked once, and a partner again after each answer; one question of each
//! asker is kept at most, and every question is answered exactly once. It does not know what is
//! stored, only how much.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    time::Duration,
};

use lanspread_proto::{ChunkRuns, Holdings, HoldingsLog, PeerId};

use crate::{
    EffectId, Now, ReplyId,
    limits::{HOLDINGS_LOGS_MAX, HOLDINGS_WAIT},
    news::NewsPace,
};

/// All peers, as one gathering sees them.
#[derive(Debug)]
pub(super) struct Partners {
    /// The own log.
    log: HoldingsLog,
    chunk_count: u32,
    peers: BTreeMap<PeerId, Partner>,
    aborts: Vec<EffectId>,
    /// Answers that wait for nothing.
    answers: VecDeque<Answer>,
    pace: NewsPace,
}

/// One other peer.
#[derive(Debug)]
struct Partner {
    asking: Asking,
    asked_at: Option<Now>,
    /// Its log, as far as it is known.
    log: HoldingsLog,
    since: u32,
    /// How many logs it had so far, and the last one.
    logs: (u32, HoldingsLog),
    kept: Option<Kept>,
    /// When it was last told something new.
    told_at: Option<Now>,
}

/// What is asked of a peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asking {
    /// What it has, at this time.
    Due(Now),
    /// It was asked, and has not answered yet.
    Waits(EffectId),
    /// Nothing: it does not gather this, unless it asks.
    Never,
    /// Nothing: it announces the whole manifest.
    Whole,
    /// Nothing any more: it broke the rules.
    Banned,
}

/// A question that is not answered yet.
#[derive(Debug, Clone, Copy)]
struct Kept {
    reply: ReplyId,
    /// How much of the own log the asker knows.
    since: u32,
    at: Now,
}

/// A question that is to be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Question {
    pub(super) peer: PeerId,
    pub(super) log: HoldingsLog,
    pub(super) since: u32,
}

/// An answer that is to be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) reply: ReplyId,
    pub(super) says: Says,
}

/// What an answer says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Says {
    /// What was stored since this position.
    News(u32),
    /// That there is nothing since this position.
    Nothing(u32),
    /// That the position is none of this log.
    NoSuchPosition,
    /// That nothing is gathered here any more.
    Over,
}

/// What came back to a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Reported {
    /// What it has.
    Holdings(Holdings),
    /// That it does not gather this.
    NotGathering,
    /// Nothing, this time.
    Failed,
    /// Something that no peer may say.
    Broken,
}

/// What an answer means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Heard {
    /// No more than is known.
    Nothing,
    /// The peer holds these chunks too.
    Holds(ChunkRuns),
    /// It holds these chunks, and nothing of what it said before counts.
    HoldsAnew(ChunkRuns),
    /// It is no partner any more.
    Gone,
    /// It breaks the rules, and is not asked again.
    Broken(&'static str),
}

impl Partners {
    /// Nobody yet. `log` names this run of the gathering.
    pub(super) fn new(log: HoldingsLog, chunk_count: u32) -> Self {
        Self {
            log,
            chunk_count,
            peers: BTreeMap::new(),
            aborts: Vec::new(),
            answers: VecDeque::new(),
            pace: NewsPace::new(0, 1),
        }
    }

    /// The own log.
    pub(super) fn log(&self) -> HoldingsLog {
        self.log
    }

    /// Takes in who is there, and who of them announces the whole manifest.
    pub(super) fn present(
        &mut self,
        now: Now,
        live: &BTreeSet<PeerId>,
        announcing: &BTreeSet<PeerId>,
    ) {
        let gone: Vec<PeerId> = self
            .peers
            .keys()
            .filter(|peer| !live.contains(*peer))
            .copied()
            .collect();
        for peer in gone {
            if let Some(mut partner) = self.peers.remove(&peer) {
                self.aborts.extend(partner.turn(Asking::Never));
                self.answers.extend(partner.release(Says::Over));
            }
        }
        for &peer in live {
            let partner = self.peers.entry(peer).or_insert_with(|| Partner::met(now));
            let is_whole = partner.asking == Asking::Whole;
            match (announcing.contains(&peer), partner.asking) {
                (true, Asking::Due(_) | Asking::Waits(_) | Asking::Never) => {
                    self.aborts.extend(partner.turn(Asking::Whole));
                }
                (false, _) if is_whole => partner.asking = Asking::Due(now),
                (true, Asking::Whole | Asking::Banned) | (false, _) => {}
            }
        }
    }

    /// Sets how fast answers follow each other, with so many downloads running here.
    pub(super) fn pace(&mut self, gathering: usize) {
        let askers = self
            .peers
            .values()
            .filter(|partner| partner.kept.is_some() || partner.told_at.is_some())
            .count();
        self.pace = NewsPace::new(askers, gathering);
    }

    /// The next question that is due; [`Partners::asked`] or [`Partners::rests`] has to follow.
    pub(super) fn poll_question(&self, now: Now) -> Option<Question> {
        let due = |partner: &Partner| matches!(partner.asking, Asking::Due(at) if at <= now);
        let (&peer, partner) = self.peers.iter().find(|(_, partner)| due(partner))?;
        Some(Question {
            peer,
            log: partner.log,
            since: partner.since,
        })
    }

    /// The question is on its way.
    pub(super) fn asked(&mut self, now: Now, peer: PeerId, effect: EffectId) {
        if let Some(partner) = self.peers.get_mut(&peer) {
            partner.asking = Asking::Waits(effect);
            partner.asked_at = Some(now);
        }
    }

    /// A peer is asked at this time, not before.
    pub(super) fn rests(&mut self, peer: PeerId, until: Now) {
        if let Some(partner) = self.peers.get_mut(&peer) {
            partner.asking = Asking::Due(until);
        }
    }

    /// What a peer said counts no more; it is asked for everything again, at this time.
    pub(super) fn start_over(&mut self, peer: PeerId, at: Now) {
        if let Some(partner) = self.peers.get_mut(&peer)
            && matches!(partner.asking, Asking::Due(_) | Asking::Waits(_))
        {
            self.aborts.extend(partner.turn(Asking::Due(at)));
        }
    }

    /// A peer is not asked any more.
    pub(super) fn ban(&mut self, peer: PeerId) {
        if let Some(partner) = self.peers.get_mut(&peer) {
            self.aborts.extend(partner.turn(Asking::Banned));
        }
    }

    /// The next question whose answer is not wanted any more.
    pub(super) fn poll_abort(&mut self) -> Option<EffectId> {
        self.aborts.pop()
    }

    /// A peer answered, or did not. What was asked with another effect means nothing.
    pub(super) fn answered(
        &mut self,
        now: Now,
        (peer, effect): (PeerId, EffectId),
        reported: Reported,
        rest: Duration,
    ) -> Heard {
        let Some(partner) = self.peers.get_mut(&peer) else {
            return Heard::Nothing;
        };
        if partner.asking != Asking::Waits(effect) {
            return Heard::Nothing;
        }
        partner.asking = Asking::Never;
        let holdings = match reported {
            Reported::Holdings(holdings) => holdings,
            Reported::NotGathering => {
                partner.turn(Asking::Never);
                return Heard::Gone;
            }
            Reported::Failed => {
                partner.asking = Asking::Due(now + rest);
                return Heard::Nothing;
            }
            Reported::Broken => {
                partner.turn(Asking::Banned);
                return Heard::Broken("said what answers no question");
            }
        };
        let is_same = holdings.log == partner.log;
        let since = if is_same { partner.since } else { 0 };
        if partner.logs.1 != holdings.log {
            partner.logs = (partner.logs.0 + 1, holdings.log);
        }
        let broken = broken_rule(&holdings, since, self.chunk_count)
            .or((partner.logs.0 > HOLDINGS_LOGS_MAX).then_some("began anew again and again"));
        if let Some(broken) = broken {
            partner.turn(Asking::Banned);
            return Heard::Broken(broken);
        }
        partner.log = holdings.log;
        partner.since = holdings.upto;
        let asked_at = partner.asked_at.unwrap_or(now);
        // Whoever is asked too soon keeps the question.
        partner.asking = Asking::Due(now.max(asked_at + self.pace.of_much));
        if !is_same {
            Heard::HoldsAnew(holdings.chunks)
        } else if holdings.chunks.count() == 0 {
            Heard::Nothing
        } else {
            Heard::Holds(holdings.chunks)
        }
    }

    /// Another peer asks. Whoever asks gathers this as well, and is asked in turn.
    pub(super) fn question(
        &mut self,
        now: Now,
        peer: PeerId,
        reply: ReplyId,
        (log, since): (HoldingsLog, u32),
        stored: u32,
    ) {
        let since = if log == self.log { since } else { 0 };
        if since > stored {
            let says = Says::NoSuchPosition;
            return self.answers.push_back(Answer { reply, says });
        }
        let partner = self.peers.entry(peer).or_insert_with(|| Partner::met(now));
        if partner.asking == Asking::Never {
            partner.asking = Asking::Due(now);
        }
        if let Some(first) = partner.kept {
            self.answers
                .extend(partner.release(Says::Nothing(first.since)));
        }
        let at = now;
        partner.kept = Some(Kept { reply, since, at });
    }

    /// The next answer that is due, with `stored` chunks in the own log.
    pub(super) fn poll_answer(&mut self, now: Now, stored: u32) -> Option<Answer> {
        if let Some(answer) = self.answers.pop_front() {
            return Some(answer);
        }
        let pace = self.pace;
        self.peers.values_mut().find_map(|partner| {
            let kept = partner.kept?;
            if partner
                .news_at(kept, stored, pace)
                .is_some_and(|at| at <= now)
            {
                partner.told_at = Some(now);
                partner.release(Says::News(kept.since))
            } else if kept.at + HOLDINGS_WAIT.max(pace.of_little) <= now {
                partner.release(Says::Nothing(kept.since))
            } else {
                None
            }
        })
    }

    /// The gathering is over: nobody is asked any more, and whoever asked is told.
    pub(super) fn end(&mut self) {
        for (_, mut partner) in std::mem::take(&mut self.peers) {
            self.aborts.extend(partner.turn(Asking::Never));
            self.answers.extend(partner.release(Says::Over));
        }
    }

    /// When there is something to ask or to answer, with `stored` chunks in the own log.
    pub(super) fn deadline(&self, stored: u32) -> Option<Now> {
        let pace = self.pace;
        let of = |partner: &Partner| {
            let question = match partner.asking {
                Asking::Due(at) => Some(at),
                Asking::Waits(_) | Asking::Never | Asking::Whole | Asking::Banned => None,
            };
            let answer = partner.kept.map(|kept| {
                let last = kept.at + HOLDINGS_WAIT.max(pace.of_little);
                let news_at = partner.news_at(kept, stored, pace);
                news_at.map_or(last, |at| at.min(last))
            });
            question.into_iter().chain(answer).min()
        };
        self.peers.values().filter_map(of).min()
    }
}

impl Partner {
    fn met(now: Now) -> Self {
        Self {
            asking: Asking::Due(now),
            asked_at: None,
            log: HoldingsLog::NONE,
            since: 0,
            logs: (0, HoldingsLog::NONE),
            kept: None,
            told_at: None,
        }
    }

    /// Forgets what it said. The question under way, if any, is not wanted any more.
    fn turn(&mut self, asking: Asking) -> Option<EffectId> {
        self.log = HoldingsLog::NONE;
        self.since = 0;
        match std::mem::replace(&mut self.asking, asking) {
            Asking::Waits(effect) => Some(effect),
            Asking::Due(_) | Asking::Never | Asking::Whole | Asking::Banned => None,
        }
    }

    fn release(&mut self, says: Says) -> Option<Answer> {
        let reply = self.kept.take()?.reply;
        Some(Answer { reply, says })
    }

    /// When its question may be answered with something new, if there is something.
    fn news_at(&self, kept: Kept, stored: u32, pace: NewsPace) -> Option<Now> {
        let news = stored.checked_sub(kept.since).filter(|&news| news > 0)?;
        let pause = pace.pause(news, kept.since);
        Some(self.told_at.map_or(kept.at, |at| at + pause))
    }
}

/// Which rule an answer breaks to a question from `since`, if it does.
fn broken_rule(holdings: &Holdings, since: u32, chunk_count: u32) -> Option<&'static str> {
    if holdings.log == HoldingsLog::NONE {
        return Some("gave its log no number");
    }
    if holdings.chunks.end() > chunk_count {
        return Some("said that it has more chunks than there are");
    }
    if holdings.upto.checked_sub(since) != Some(holdings.chunks.count()) {
        return Some("named another number of chunks than it said");
    }
    None
}

#[cfg(test)]
mod tests;
