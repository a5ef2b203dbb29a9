//! Who is kept away, until when, and why; and how fast anybody may ask.
//!
//! Invariant: whoever is kept away has a reason that is not over; when the last of its reasons is
//! over, or its record has to make room, it is told as readmitted exactly once. It does not know what
//! being kept away means: that is carried out by those who ask it.

pub(crate) mod leak;
mod offence;
#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeMap, VecDeque},
    fmt,
    time::Duration,
};

use lanspread_proto::{PeerId, PeerName};

use crate::{Advertisement, Expelled, ExpelledBy, Now};

use leak::Leak;
pub use offence::{FORGIVEN_EVERY, Offence, POINTS_MAX, TRICKLE_PAUSE};

/// How long a peer is kept away for the first time.
pub const KEEP_AWAY: Duration = Duration::from_mins(10);

/// How long it is kept away at most; each time is twice as long as the one before.
pub const KEEP_AWAY_MAX: Duration = Duration::from_hours(2);

/// Whoever behaved for so long after it was let in again begins anew.
pub const FORGOTTEN_AFTER: Duration = Duration::from_hours(2);

/// Two times at which an expulsion ends are the same if they are this close.
const SAME_TIME: Duration = Duration::from_secs(30);

/// Most peers whose conduct is remembered; past it those go first who did least.
pub const RECORDS_MAX: usize = 1_024;

/// Why a peer is kept away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeepAwayReason {
    /// It misbehaved.
    Misconduct {
        /// What filled the measure.
        offence: Offence,
        /// For how long it is kept away, from the moment it was told.
        time: Duration,
    },
    /// Somebody wants it out.
    Expelled {
        /// Who.
        by: ExpelledBy,
        /// For how long, from the moment it was told.
        time: Duration,
    },
}

impl KeepAwayReason {
    /// The name of the kind in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Misconduct { offence, .. } => offence.as_str(),
            Self::Expelled { .. } => "expelled",
        }
    }
}

/// A sentence for people.
impl fmt::Display for KeepAwayReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Misconduct { offence, time } => {
                let minutes = time.as_secs() / 60;
                write!(f, "it is kept away for {minutes} min because it {offence}")
            }
            Self::Expelled { by, time } => {
                let minutes = time.as_secs().div_ceil(60);
                let (time, unit) = if minutes >= 120 {
                    (minutes / 60, "h")
                } else {
                    (minutes, "min")
                };
                let by = match by {
                    ExpelledBy::ThisPeer => "here",
                    ExpelledBy::Organiser => "by the organiser of this party",
                };
                write!(f, "it is expelled {by} for {time} {unit}")
            }
        }
    }
}

/// What a request costs the peer that makes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Toll {
    /// It makes this peer look at another library: `Hello` and `LibrarySummary`.
    Announcement,
    /// Any other control request.
    Question,
    /// File contents: pays by its size already, and may come fast.
    Contents,
}

/// `Hello`s and announcements that a peer may make in one go.
pub const ANNOUNCEMENTS_BURST_MAX: u32 = 20;

/// Then one so often. An honest peer whose announcement is refused makes it again after a second.
pub const ANNOUNCEMENT_EVERY: Duration = Duration::from_millis(500);

/// Other control requests that a peer may make in one go.
pub const QUESTIONS_BURST_MAX: u32 = 200;

/// Then one so often.
pub const QUESTION_EVERY: Duration = Duration::from_millis(50);

/// Requests for contents that a peer may make in one go.
pub const CONTENTS_BURST_MAX: u32 = 8_000;

/// Then one so often: small chunks at 10 Gbit/s are fewer.
pub const CONTENTS_EVERY: Duration = Duration::from_micros(200);

impl Toll {
    const fn burst_max(self) -> u32 {
        match self {
            Self::Announcement => ANNOUNCEMENTS_BURST_MAX,
            Self::Question => QUESTIONS_BURST_MAX,
            Self::Contents => CONTENTS_BURST_MAX,
        }
    }

    const fn every(self) -> Duration {
        match self {
            Self::Announcement => ANNOUNCEMENT_EVERY,
            Self::Question => QUESTION_EVERY,
            Self::Contents => CONTENTS_EVERY,
        }
    }

    /// What it is to go on asking without paying.
    pub(crate) const fn offence(self) -> Offence {
        match self {
            Self::Announcement => Offence::AnnounceStorm,
            Self::Question | Self::Contents => Offence::RequestStorm,
        }
    }
}

/// A peer that is kept away.
#[derive(Debug, Clone)]
pub(crate) struct Kept {
    /// What it called itself.
    pub(crate) name: PeerName,
    /// How discovery showed it last, for the time when it is let in again.
    pub(crate) shown: Option<Advertisement>,
    misconduct: Option<Misconduct>,
    here: Option<Expulsion>,
    organiser: Option<Expulsion>,
}

#[derive(Debug, Clone, Copy)]
struct Misconduct {
    offence: Offence,
    time: Duration,
    until: Now,
}

#[derive(Debug, Clone, Copy)]
struct Expulsion {
    time: Duration,
    until: Now,
}

impl Kept {
    fn called(name: PeerName) -> Self {
        Self {
            name,
            shown: None,
            misconduct: None,
            here: None,
            organiser: None,
        }
    }

    const fn expulsion(&self, by: ExpelledBy) -> Option<Expulsion> {
        match by {
            ExpelledBy::ThisPeer => self.here,
            ExpelledBy::Organiser => self.organiser,
        }
    }

    const fn expulsion_mut(&mut self, by: ExpelledBy) -> &mut Option<Expulsion> {
        match by {
            ExpelledBy::ThisPeer => &mut self.here,
            ExpelledBy::Organiser => &mut self.organiser,
        }
    }

    /// Every reason that is not over.
    pub(crate) fn reasons(&self) -> Vec<KeepAwayReason> {
        let misconduct = self
            .misconduct
            .map(|Misconduct { offence, time, .. }| KeepAwayReason::Misconduct { offence, time });
        let expelled = |by| {
            let time = self.expulsion(by)?.time;
            Some(KeepAwayReason::Expelled { by, time })
        };
        let reasons = [
            misconduct,
            expelled(ExpelledBy::ThisPeer),
            expelled(ExpelledBy::Organiser),
        ];
        reasons.into_iter().flatten().collect()
    }

    /// Drops the reasons that are over. Says whether one is left.
    fn holds(&mut self, now: Now) -> bool {
        self.misconduct = self.misconduct.filter(|misconduct| misconduct.until > now);
        self.here = self.here.filter(|expulsion| expulsion.until > now);
        self.organiser = self.organiser.filter(|expulsion| expulsion.until > now);
        self.misconduct.is_some() || self.is_expelled()
    }

    /// When the next of its reasons is over.
    fn deadline(&self) -> Option<Now> {
        let misconduct = self.misconduct.map(|misconduct| misconduct.until);
        let expulsions = [self.here, self.organiser].map(|expulsion| Some(expulsion?.until));
        expulsions.into_iter().chain([misconduct]).flatten().min()
    }

    const fn is_expelled(&self) -> bool {
        self.here.is_some() || self.organiser.is_some()
    }
}

/// What is remembered of one peer.
#[derive(Debug, Default)]
struct Record {
    points: Leak,
    announcements: Leak,
    questions: Leak,
    contents: Leak,
    /// When an answer that trickled counted last.
    trickled_at: Option<Now>,
    /// How often it was kept away for misconduct.
    times: u32,
    /// When it last did anything that is remembered, or when it is let in again.
    seen_at: Now,
    kept: Option<Kept>,
}

impl Record {
    fn toll(&mut self, toll: Toll) -> &mut Leak {
        match toll {
            Toll::Announcement => &mut self.announcements,
            Toll::Question => &mut self.questions,
            Toll::Contents => &mut self.contents,
        }
    }

    /// Whether an answer that trickled counted less than `time` ago.
    fn trickled_within(&self, now: Now, time: Duration) -> bool {
        self.trickled_at.is_some_and(|at| now.since(at) < time)
    }
}

/// The conduct of every other peer.
#[derive(Debug, Default)]
pub(crate) struct Conduct {
    records: BTreeMap<PeerId, Record>,
    readmitted: VecDeque<(PeerId, Kept)>,
}

impl Conduct {
    /// Whether a peer is kept away.
    pub(crate) fn is_kept_away(&self, peer: PeerId) -> bool {
        self.kept(peer).is_some()
    }

    fn kept(&self, peer: PeerId) -> Option<&Kept> {
        self.records.get(&peer)?.kept.as_ref()
    }

    /// All that are kept away, sorted by id.
    pub(crate) fn all_kept(&self) -> impl Iterator<Item = (PeerId, &Kept)> {
        self.records
            .iter()
            .filter_map(|(&peer, record)| Some((peer, record.kept.as_ref()?)))
    }

    /// A peer misbehaved, so many times. Says why it is kept away from here on, if that fills the
    /// measure.
    pub(crate) fn offended(
        &mut self,
        now: Now,
        peer: PeerId,
        offence: Offence,
        times: u32,
    ) -> Option<KeepAwayReason> {
        if self
            .kept(peer)
            .is_some_and(|kept| kept.misconduct.is_some())
        {
            // What is still on its way from it changes nothing any more.
            return None;
        }
        let record = self.record(now, peer);
        let times = match offence.counts_once_in() {
            None => times,
            Some(pause) if record.trickled_within(now, pause) => return None,
            Some(_) => {
                record.trickled_at = Some(now);
                1
            }
        };
        let weight = offence.weight().saturating_mul(times);
        let points = record.points.add(now, FORGIVEN_EVERY, weight);
        tracing::debug!(
            peer = %peer.short(), offence = offence.as_str(), times, points, "a peer misbehaved"
        );
        if points < POINTS_MAX {
            return None;
        }
        let time = KEEP_AWAY
            .saturating_mul(1 << record.times.min(16))
            .min(KEEP_AWAY_MAX);
        let until = now + time;
        record.times = record.times.saturating_add(1);
        record.points.clear();
        record.seen_at = until;
        let kept = record
            .kept
            .get_or_insert_with(|| Kept::called(PeerName::new(&peer.short())));
        kept.misconduct = Some(Misconduct {
            offence,
            time,
            until,
        });
        Some(KeepAwayReason::Misconduct { offence, time })
    }

    /// Somebody wants a peer out. Says so as a reason if that is news, or the time is another one.
    pub(crate) fn expelled_for(
        &mut self,
        now: Now,
        peer: PeerId,
        by: ExpelledBy,
        time: Duration,
    ) -> Option<KeepAwayReason> {
        let until = now + time;
        let record = self.record(now, peer);
        record.seen_at = record.seen_at.max(until);
        let kept = record
            .kept
            .get_or_insert_with(|| Kept::called(PeerName::new(&peer.short())));
        let known = kept.expulsion_mut(by).replace(Expulsion { time, until });
        // The same list, told again, has lost and won seconds on the way.
        let same =
            |known: Expulsion| known.until.since(until).max(until.since(known.until)) < SAME_TIME;
        (!known.is_some_and(same)).then_some(KeepAwayReason::Expelled { by, time })
    }

    /// Whoever expelled a peer lets it in again.
    pub(crate) fn readmitted_by(&mut self, peer: PeerId, by: ExpelledBy) {
        if let Some(kept) = self.kept_mut(peer) {
            *kept.expulsion_mut(by) = None;
        }
    }

    /// The user of this peer lets a peer in, whatever it did. Says whether that changes anything.
    pub(crate) fn forgive(&mut self, peer: PeerId) -> bool {
        let Some(kept) = self.kept_mut(peer) else {
            return false;
        };
        let expelled = kept.here.take().is_some();
        kept.misconduct.take().is_some() || expelled
    }

    /// Whether somebody wants a peer out.
    pub(crate) fn is_expelled(&self, peer: PeerId, by: ExpelledBy) -> bool {
        self.kept(peer)
            .is_some_and(|kept| kept.expulsion(by).is_some())
    }

    /// All whom somebody wants out, sorted by id.
    pub(crate) fn expelled(&self, now: Now, by: ExpelledBy) -> impl Iterator<Item = Expelled> {
        self.all_kept().filter_map(move |(peer_id, kept)| {
            let left = kept.expulsion(by)?.until.since(now);
            (!left.is_zero()).then(|| Expelled {
                peer_id,
                name: kept.name.clone(),
                by,
                left,
            })
        })
    }

    /// What a peer that is kept away is called, as far as known.
    pub(crate) fn name_of(&self, peer: PeerId) -> PeerName {
        let kept = self.kept(peer).map(|kept| kept.name.clone());
        kept.unwrap_or_else(|| PeerName::new(&peer.short()))
    }

    /// Remembers how a peer that is kept away is called.
    pub(crate) fn name(&mut self, peer: PeerId, name: PeerName) {
        if let Some(kept) = self.kept_mut(peer) {
            kept.name = name;
        }
    }

    /// Remembers how a peer that is kept away was called and where it was seen.
    pub(crate) fn describe(&mut self, peer: PeerId, name: PeerName, shown: Advertisement) {
        if let Some(kept) = self.kept_mut(peer) {
            kept.name = name;
            kept.shown = Some(shown);
        }
    }

    /// Discovery shows a peer. Says whether it is kept away; then it is shown again when that is over.
    pub(crate) fn shown(&mut self, advertisement: &Advertisement) -> bool {
        let kept = self.kept_mut(advertisement.peer_id);
        let is_kept = kept.is_some();
        if let Some(kept) = kept {
            kept.shown = Some(advertisement.clone());
        }
        is_kept
    }

    fn kept_mut(&mut self, peer: PeerId) -> Option<&mut Kept> {
        self.records.get_mut(&peer)?.kept.as_mut()
    }

    /// A peer asks something: whether it may. The toll that it cannot pay is its own to answer for.
    pub(crate) fn pays(&mut self, now: Now, peer: PeerId, toll: Toll) -> bool {
        let record = self.record(now, peer);
        let leak = record.toll(toll);
        if leak.level(now, toll.every()) >= toll.burst_max() {
            return false;
        }
        leak.add(now, toll.every(), 1);
        true
    }

    /// Lets in again whose time is over, and forgets who behaved for long enough.
    pub(crate) fn tick(&mut self, now: Now) {
        let readmitted = &mut self.readmitted;
        self.records.retain(|&peer, record| {
            if let Some(kept) = record.kept.take_if(|kept| !kept.holds(now)) {
                readmitted.push_back((peer, kept));
            }
            record.kept.is_some() || now.since(record.seen_at) < FORGOTTEN_AFTER
        });
    }

    /// The next peer that is let in again.
    pub(crate) fn next_readmitted(&mut self) -> Option<(PeerId, Kept)> {
        self.readmitted.pop_front()
    }

    /// When [`Conduct::tick`] has somebody to let in.
    pub(crate) fn deadline(&self) -> Option<Now> {
        self.all_kept()
            .filter_map(|(_, kept)| kept.deadline())
            .min()
    }

    /// The record of a peer; a new one may push another out.
    fn record(&mut self, now: Now, peer: PeerId) -> &mut Record {
        if self.records.len() >= RECORDS_MAX && !self.records.contains_key(&peer) {
            self.make_room(now);
        }
        let record = self.records.entry(peer).or_default();
        record.seen_at = record.seen_at.max(now);
        record
    }

    /// Gives up the record that is worth least: nobody kept away, few points, long not seen.
    fn make_room(&mut self, now: Now) {
        let least = self
            .records
            .iter()
            .min_by_key(|(_, record)| {
                let mut points = record.points;
                let points = points.level(now, FORGIVEN_EVERY);
                let kept = record.kept.as_ref();
                // Whom people put out does not come back because others misbehave.
                let expelled = kept.is_some_and(Kept::is_expelled);
                (
                    expelled,
                    kept.is_some(),
                    record.times,
                    points,
                    record.seen_at,
                )
            })
            .map(|(&peer, _)| peer);
        let Some(peer) = least else { return };
        let kept = self.records.remove(&peer).and_then(|record| record.kept);
        self.readmitted.extend(kept.map(|kept| (peer, kept)));
    }
}
