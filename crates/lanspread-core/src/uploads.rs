//! The upload slots: which request of another peer is served now, and which waits.
//!
//! One chunk after the other reaches its receiver whole and soon, and is passed on; all at once reach
//! theirs late. So few uploads run at a time, and the others wait their turn, by start-time fair
//! queueing between receivers (Goyal, Vin, Cheng: "Start-time fair queuing", SIGCOMM 1996): nobody
//! starves, and nobody gets more by asking more. An upload that takes much longer than others is held up by its
//! receiver's link rather than by this one's, and does not keep a slot. Of one game, what others wait to get for
//! the first time goes before what was given already, whoever has had less: repeats they can get of each other.
//!
//! Invariant: an upload waits or runs, and leaves by [`Uploads::ended`] alone; while any waits and a
//! slot is free, `poll_start` names one.

use std::{
    collections::{BTreeMap, VecDeque},
    time::Duration,
};

use lanspread_db::{ChunkRef, ManifestHash};
use lanspread_proto::{ChunkRequest, PeerId};

use crate::{Now, ties::mix};

/// Uploads that run at a time, as long as none takes long. Fewer leave a link idle whose few receivers
/// get much from others at that moment; more make each chunk late. On links as a fluid, 8 and 16 slots
/// end at 1.11 and 1.05 of the bound with 16 receivers and at 1.07 and 1.06 with 32.
pub const UPLOAD_SLOTS: usize = 16;

/// An upload that takes so many times as long as is usual here is slow: it gives its slot to another one and goes on
/// beside it. What is usual follows from what this link does: sixteen uploads of a chunk of 256 KiB take 34 ms on a
/// gigabit and 3.4 s on 10 Mbit/s. On links as a fluid 1.5, 2 and 3 come to the same.
pub const SLOW_UPLOAD_TIMES: u32 = 2;

/// No upload is slow before.
pub const SLOW_UPLOAD_TIME_MIN: Duration = Duration::from_millis(200);

/// An upload that took longer counts as if it had taken so long: whoever pulls his cable must not hold all slots
/// for half a minute. Until one has ended it is not known what is usual, and an upload is slow after so long.
pub const USUAL_UPLOAD_TIME_MAX: Duration = Duration::from_secs(5);

/// What is usual is the mean of about so many uploads, later ones counting more.
pub const USUAL_OF_UPLOADS: u32 = 8;

/// Most uploads that run at a time, slow ones included.
pub const UPLOADS_MAX: usize = 64;

/// A request that has waited so long is not passed over any more for one that asks for a rarer chunk.
/// Well below [`crate::transfer::limits::FIRST_BYTE_TIMEOUT`].
pub const RARITY_WAIT: Duration = Duration::from_secs(10);

/// Chunks that are noted as given; then the notes begin anew. A game of 100 GB has four times as many.
pub const GIVEN_MAX: usize = 100_000;

/// Names one upload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UploadId(u64);

/// What one receiver got.
#[derive(Debug, Default)]
struct Account {
    /// Bytes it was given, on the clock of `served_bytes`.
    tag_bytes: u64,
    /// Its uploads that wait, oldest first.
    waiting: VecDeque<Waiting>,
    running: usize,
}

/// An upload that waits.
#[derive(Debug)]
struct Waiting {
    id: UploadId,
    since: Now,
    manifest: ManifestHash,
    chunks: Vec<ChunkRef>,
}

/// An upload that waits, as it is weighed.
struct Candidate<'a> {
    peer: PeerId,
    account: &'a Account,
    /// Its place among those of its receiver.
    at: usize,
    upload: &'a Waiting,
    /// How often the chunk was given that it begins with.
    given: u32,
}

/// All uploads of this peer.
#[derive(Debug, Default)]
pub struct Uploads {
    accounts: BTreeMap<PeerId, Account>,
    /// When each running upload began, and for whom.
    running: BTreeMap<UploadId, (PeerId, Now)>,
    /// The tag of the receiver that was served last: who comes anew starts here.
    served_bytes: u64,
    /// How often each chunk was given since uploads last came to rest.
    given: BTreeMap<(ManifestHash, ChunkRef), u32>,
    /// How long an upload takes, in the mean of the last ones; nothing until one has ended since uploads last
    /// came to rest.
    usual: Option<Duration>,
    waiting: usize,
    next: u64,
    /// What this peer draws from between receivers that got as much: each sender in an order of its own, or all
    /// would send to the same ones at the same time.
    seed: u64,
}

impl Uploads {
    /// None yet. The same `seed` draws the same.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self {
            seed,
            ..Self::default()
        }
    }

    /// A request of a peer wants to be served.
    pub fn enqueue(&mut self, now: Now, peer: PeerId, request: &ChunkRequest) -> UploadId {
        let id = UploadId(self.next);
        self.next += 1;
        let floor = self.served_bytes;
        let account = self.accounts.entry(peer).or_default();
        account.tag_bytes = account.tag_bytes.max(floor);
        account.waiting.push_back(Waiting {
            id,
            since: now,
            manifest: request.manifest,
            chunks: request.chunks.clone(),
        });
        self.waiting += 1;
        id
    }

    /// The next upload to begin, if a slot is free. To be called until `None` after every change, and
    /// when the time of [`Uploads::poll_deadline`] comes.
    pub fn poll_start(&mut self, now: Now) -> Option<UploadId> {
        if self.waiting == 0 || !self.has_slot(now) {
            return None;
        }
        let (peer, at) = self.next(now)?;
        let account = self.accounts.get_mut(&peer)?;
        let Waiting {
            id,
            manifest,
            chunks,
            ..
        } = account.waiting.remove(at)?;
        account.running += 1;
        self.served_bytes = self.served_bytes.max(account.tag_bytes);
        self.waiting -= 1;
        self.running.insert(id, (peer, now));
        if self.given.len() + chunks.len() > GIVEN_MAX {
            self.given.clear();
        }
        for chunk in chunks {
            *self.given.entry((manifest, chunk)).or_default() += 1;
        }
        Some(id)
    }

    /// Whose turn it is, and at which of its uploads that wait.
    fn next(&self, now: Now) -> Option<(PeerId, usize)> {
        let candidates: Vec<Candidate<'_>> = self.candidates().collect();
        // The least of each game: who asks for another game that was given before is not behind those who
        // ask for what is new.
        let mut least_given: BTreeMap<ManifestHash, u32> = BTreeMap::new();
        for it in &candidates {
            let least = least_given.entry(it.upload.manifest).or_insert(it.given);
            *least = it.given.min(*least);
        }
        let turn = |it: &Candidate<'_>| {
            let repeats = if now.since(it.upload.since) < RARITY_WAIT {
                it.given - least_given[&it.upload.manifest]
            } else {
                0
            };
            let first = it.account.waiting.front();
            let draw = first.map(|first| mix(self.seed ^ first.id.0));
            let account = it.account;
            (repeats, account.running, account.tag_bytes, draw, it.at)
        };
        let next = candidates.iter().min_by_key(|it| turn(it))?;
        Some((next.peer, next.at))
    }

    fn candidates(&self) -> impl Iterator<Item = Candidate<'_>> {
        self.accounts.iter().flat_map(move |(&peer, account)| {
            let uploads = account.waiting.iter().enumerate();
            uploads.map(move |(at, upload)| {
                let first = upload.chunks.first();
                let given = first.and_then(|&chunk| self.given.get(&(upload.manifest, chunk)));
                Candidate {
                    peer,
                    account,
                    at,
                    upload,
                    given: given.copied().unwrap_or(0),
                }
            })
        })
    }

    /// When `poll_start` may name another upload although none ended.
    #[must_use]
    pub fn poll_deadline(&self) -> Option<Now> {
        if self.waiting == 0 || self.running.len() >= UPLOADS_MAX {
            return None;
        }
        let mut begun: Vec<Now> = self.running.values().map(|&(_, began)| began).collect();
        begun.sort_unstable();
        // A slot is free when so many have become slow that fewer than all slots are taken.
        let slow = self.running.len().checked_sub(UPLOAD_SLOTS)?;
        begun.get(slow).map(|&began| began + self.slow_time())
    }

    /// An upload ended or is given up at this time, whether it ran or waited; `sent_bytes` went out.
    pub fn ended(&mut self, now: Now, id: UploadId, sent_bytes: u64) {
        if let Some((peer, began)) = self.running.remove(&id) {
            if sent_bytes > 0 {
                self.took(now.since(began));
            }
            if let Some(account) = self.accounts.get_mut(&peer) {
                account.running -= 1;
                account.tag_bytes = account.tag_bytes.saturating_add(sent_bytes);
            }
        } else {
            let all = self.accounts.values_mut();
            let waited = all
                .filter_map(|account| {
                    let at = account.waiting.iter().position(|it| it.id == id)?;
                    account.waiting.remove(at)
                })
                .count();
            self.waiting -= waited;
        }
        let floor = self.served_bytes;
        self.accounts.retain(|_, account| {
            account.running > 0 || !account.waiting.is_empty() || account.tag_bytes > floor
        });
        if self.waiting == 0 && self.running.is_empty() {
            self.given.clear();
            self.usual = None;
        }
    }

    /// An upload took so long.
    fn took(&mut self, time: Duration) {
        let time = time.min(USUAL_UPLOAD_TIME_MAX);
        let usual = self.usual.unwrap_or(time);
        self.usual = Some((usual * (USUAL_OF_UPLOADS - 1) + time) / USUAL_OF_UPLOADS);
    }

    /// How long an upload keeps its slot.
    fn slow_time(&self) -> Duration {
        self.usual.map_or(USUAL_UPLOAD_TIME_MAX, |usual| {
            (usual * SLOW_UPLOAD_TIMES).max(SLOW_UPLOAD_TIME_MIN)
        })
    }

    fn has_slot(&self, now: Now) -> bool {
        let slow_time = self.slow_time();
        let young = self
            .running
            .values()
            .filter(|&&(_, began)| now.since(began) < slow_time)
            .count();
        young < UPLOAD_SLOTS && self.running.len() < UPLOADS_MAX
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use lanspread_db::{ContentHash, GameId};

    use super::*;

    fn peer(n: u8) -> PeerId {
        PeerId::from_bytes([n; 32])
    }

    /// A request that nobody made before.
    fn new(n: u32) -> ChunkRequest {
        ChunkRequest {
            id: GameId::parse("game").unwrap(),
            manifest: ManifestHash(ContentHash([1; 32])),
            chunks: vec![ChunkRef { file: 0, chunk: n }],
        }
    }

    fn at(ms: u64) -> Now {
        Now(Duration::from_millis(ms))
    }

    fn started(uploads: &mut Uploads, now: Now) -> Vec<UploadId> {
        std::iter::from_fn(|| uploads.poll_start(now)).collect()
    }

    #[test]
    fn uploads_run_up_to_the_slots_and_the_others_wait_their_turn() {
        let mut uploads = Uploads::default();
        let ids: Vec<UploadId> = (0..=UPLOAD_SLOTS)
            .map(|n| uploads.enqueue(at(0), peer(u8::try_from(n).unwrap()), &new(0)))
            .collect();
        let running = started(&mut uploads, at(0));
        assert_eq!(running.len(), UPLOAD_SLOTS);
        uploads.ended(at(1), running[2], 1_000);
        let late = started(&mut uploads, at(1));
        let all: BTreeSet<UploadId> = running.into_iter().chain(late).collect();
        assert_eq!(all, ids.into_iter().collect());
        assert_eq!(uploads.poll_deadline(), None, "nothing waits any more");
    }

    #[test]
    fn senders_serve_those_who_got_as_much_each_in_an_order_of_its_own() {
        let order = |seed| {
            let mut uploads = Uploads::new(seed);
            for n in 0..100 {
                uploads.enqueue(at(0), peer(n), &new(0));
            }
            let mut order = Vec::new();
            while let Some(upload) = uploads.poll_start(at(0)) {
                uploads.ended(at(0), upload, 1_000);
                order.push(upload);
            }
            order
        };
        let orders: BTreeSet<Vec<UploadId>> = (0..10).map(order).collect();
        assert_eq!(orders.len(), 10);
        let of_all = |order: &Vec<UploadId>| order.iter().collect::<BTreeSet<_>>().len() == 100;
        assert!(orders.iter().all(of_all), "nobody is passed over");
        assert_eq!(order(7), order(7));
    }

    #[test]
    fn who_ends_upload_after_upload_without_a_byte_holds_nobody_up() {
        for seed in 0..20 {
            let mut uploads = Uploads::new(seed);
            for _ in 0..UPLOAD_SLOTS {
                uploads.enqueue(at(0), peer(1), &new(0));
            }
            let running = started(&mut uploads, at(0));
            let waits = uploads.enqueue(at(1), peer(2), &new(0));
            for _ in 0..100 {
                uploads.enqueue(at(1), peer(1), &new(0));
            }
            uploads.ended(at(1), running[0], 0);
            assert_eq!(started(&mut uploads, at(1)), [waits], "seed {seed}");
        }
    }

    #[test]
    fn an_upload_that_takes_long_gives_its_slot_to_another() {
        let mut uploads = Uploads::default();
        for n in 0..UPLOAD_SLOTS {
            uploads.enqueue(at(5), peer(u8::try_from(n % 4).unwrap()), &new(0));
        }
        started(&mut uploads, at(5));
        let late = uploads.enqueue(at(5), peer(99), &new(0));
        assert_eq!(uploads.poll_start(at(5)), None);
        let due = at(5) + USUAL_UPLOAD_TIME_MAX;
        assert_eq!(uploads.poll_deadline(), Some(due));
        assert_eq!(started(&mut uploads, due), [late]);
        for n in 0..UPLOAD_SLOTS {
            uploads.enqueue(due, peer(u8::try_from(100 + n % 4).unwrap()), &new(0));
        }
        assert_eq!(started(&mut uploads, due).len(), UPLOAD_SLOTS - 1);
        let next = uploads.poll_deadline();
        assert_eq!(
            next,
            Some(due + USUAL_UPLOAD_TIME_MAX),
            "no time that has passed"
        );
    }

    /// As many uploads as there are slots, begun at 0 ms.
    fn all_slots(uploads: &mut Uploads) -> Vec<UploadId> {
        for _ in 0..UPLOAD_SLOTS {
            uploads.enqueue(at(0), peer(1), &new(0));
        }
        started(uploads, at(0))
    }

    #[test]
    fn how_long_an_upload_keeps_its_slot_follows_from_what_is_usual() {
        let longest = u64::try_from(USUAL_UPLOAD_TIME_MAX.as_millis()).unwrap();
        let least = u64::try_from(SLOW_UPLOAD_TIME_MIN.as_millis()).unwrap();
        let twice = u64::from(SLOW_UPLOAD_TIMES);
        for (usual_ms, slow_ms) in [
            (0, least),
            (least / twice, least),
            (1_000, 1_000 * twice),
            (longest, longest * twice),
            (longest + 1, longest * twice),
            (3_600_000, longest * twice),
        ] {
            let mut uploads = Uploads::default();
            let running = all_slots(&mut uploads);
            uploads.enqueue(at(0), peer(2), &new(0));
            uploads.enqueue(at(0), peer(3), &new(0));
            uploads.ended(at(usual_ms), running[0], 1_000);
            // Those that are slow already have no slot any more.
            let next = started(&mut uploads, at(0));
            assert_eq!(next.len(), 1);
            assert_eq!(uploads.poll_deadline(), Some(at(slow_ms)), "{usual_ms} ms");
        }
    }

    #[test]
    fn what_is_usual_is_the_mean_of_the_last_ones_and_forgotten_at_rest() {
        let mut uploads = Uploads::default();
        let running = all_slots(&mut uploads);
        uploads.ended(at(0), running[0], 0);
        assert_eq!(uploads.usual, None, "nothing went out");
        uploads.ended(at(1_000), running[0], 1_000);
        assert_eq!(uploads.usual, None, "it had ended");
        uploads.ended(at(1_000), running[1], 1_000);
        assert_eq!(uploads.usual, Some(Duration::from_secs(1)));
        uploads.ended(at(2_000), running[2], 1_000);
        let one_of_all = Duration::from_secs(1) / USUAL_OF_UPLOADS;
        assert_eq!(uploads.usual, Some(Duration::from_secs(1) + one_of_all));
        for &upload in &running[3..] {
            uploads.ended(at(2_000), upload, 1_000);
        }
        assert_eq!(uploads.usual, None);
    }

    /// Eight receivers for a minute, an upload to each of which takes so many seconds: most uploads at a time, and
    /// how many ended.
    fn minute(takes_s: [u64; 8]) -> (usize, usize) {
        let mut uploads = Uploads::default();
        let mut running: Vec<(Now, UploadId)> = Vec::new();
        let (mut most, mut ended, mut asked) = (0, 0, 0);
        for now in (0..60_000).step_by(100).map(at) {
            running.retain(|&(ends, upload)| {
                if ends <= now {
                    uploads.ended(now, upload, 1_000);
                    ended += 1;
                }
                ends > now
            });
            while uploads.waiting < 40 {
                let receiver = u8::try_from(asked % 8).unwrap();
                uploads.enqueue(now, peer(receiver), &new(asked));
                asked += 1;
            }
            for upload in started(&mut uploads, now) {
                let (peer, _) = uploads.running[&upload];
                let takes_s = takes_s[usize::from(peer.as_bytes()[0])];
                running.push((now + Duration::from_secs(takes_s), upload));
            }
            most = running.len().max(most);
        }
        (most, ended)
    }

    #[test]
    fn a_slow_link_has_no_more_uploads_than_slots_and_slow_receivers_keep_none() {
        let (most, ended) = minute([4; 8]);
        assert_eq!((most, ended), (UPLOAD_SLOTS, 14 * UPLOAD_SLOTS));
        let (most, beside) = minute([60, 60, 4, 4, 4, 4, 4, 4]);
        assert!(most > UPLOAD_SLOTS, "{most}");
        let theirs = ended * 6 / 8;
        assert!(beside > theirs * 9 / 10, "{beside} of {theirs}");
    }

    #[test]
    fn slow_uploads_run_up_to_the_limit_and_not_past_it() {
        let mut uploads = Uploads::default();
        for _ in 0..=UPLOADS_MAX {
            uploads.enqueue(at(0), peer(1), &new(0));
        }
        let mut running = 0;
        for hour in 0..100 {
            running += started(&mut uploads, at(hour * 3_600_000)).len();
        }
        assert_eq!(running, UPLOADS_MAX);
        assert_eq!(uploads.poll_deadline(), None, "only an end helps");
    }

    #[test]
    fn who_asks_for_much_gets_no_more_than_who_asks_for_little() {
        let mut uploads = Uploads::default();
        let mut of: BTreeMap<UploadId, u8> = BTreeMap::new();
        for _ in 0..100 {
            of.insert(uploads.enqueue(at(0), peer(1), &new(0)), 1);
        }
        let mut served = [0, 0];
        let mut running = started(&mut uploads, at(0));
        for step in 1..60 {
            // The second one asks for one thing after the other.
            let asked = of.values().filter(|&&n| n == 2).count();
            if asked == served[1] {
                of.insert(uploads.enqueue(at(step), peer(2), &new(0)), 2);
            }
            let done = running.remove(0);
            served[usize::from(of[&done] - 1)] += 1;
            uploads.ended(at(step), done, 1_000);
            running.extend(started(&mut uploads, at(step)));
        }
        // One of its uploads runs at a time, of eight in all.
        assert!(served[1] + 1 >= 59 / UPLOAD_SLOTS, "{served:?}");
    }

    #[test]
    fn what_waits_can_be_given_up_and_nothing_is_kept_of_who_left() {
        let mut uploads = Uploads::default();
        for _ in 0..UPLOAD_SLOTS {
            uploads.enqueue(at(0), peer(1), &new(0));
        }
        let running = started(&mut uploads, at(0));
        let waiting = uploads.enqueue(at(0), peer(2), &new(0));
        uploads.ended(at(0), waiting, 0);
        uploads.ended(at(0), waiting, 0);
        for id in running {
            uploads.ended(at(0), id, 0);
        }
        assert_eq!(uploads.poll_start(at(1)), None);
        assert!(uploads.accounts.is_empty() && uploads.running.is_empty());
        assert!(uploads.given.is_empty());
    }

    #[test]
    fn a_chunk_that_was_given_less_often_comes_first() {
        let mut uploads = Uploads::default();
        for n in 0..UPLOAD_SLOTS {
            uploads.enqueue(at(0), peer(u8::try_from(n).unwrap()), &new(1));
        }
        let mut running = started(&mut uploads, at(0));
        let common = uploads.enqueue(at(1), peer(100), &new(1));
        let common_of_another = uploads.enqueue(at(1), peer(101), &new(1));
        let rare = uploads.enqueue(at(1), peer(101), &new(2));
        for expected in [rare, common, common_of_another] {
            uploads.ended(at(2), running.remove(0), 1_000);
            assert_eq!(started(&mut uploads, at(2)), [expected]);
        }
    }

    #[test]
    fn what_is_given_for_the_first_time_goes_before_repeats_also_to_who_gets_more() {
        let mut uploads = Uploads::default();
        for n in 0..UPLOAD_SLOTS {
            uploads.enqueue(at(0), peer(1), &new(u32::try_from(n).unwrap()));
        }
        let mut running = started(&mut uploads, at(0));
        let repeat = uploads.enqueue(at(1), peer(2), &new(1));
        let first = uploads.enqueue(at(1), peer(1), &new(1_000));
        for expected in [first, repeat] {
            uploads.ended(at(2), running.remove(0), 1_000);
            assert_eq!(started(&mut uploads, at(2)), [expected]);
        }
    }

    #[test]
    fn who_asks_for_another_game_that_was_given_before_is_not_behind_what_is_new() {
        let another = |n| ChunkRequest {
            manifest: ManifestHash(ContentHash([2; 32])),
            ..new(n)
        };
        let mut uploads = Uploads::default();
        let before = uploads.enqueue(at(0), peer(2), &another(0));
        for n in 1..UPLOAD_SLOTS {
            uploads.enqueue(at(0), peer(1), &new(u32::try_from(n).unwrap()));
        }
        assert_eq!(started(&mut uploads, at(0)).len(), UPLOAD_SLOTS);
        uploads.enqueue(at(1), peer(1), &new(1_000));
        let again = uploads.enqueue(at(1), peer(3), &another(0));
        uploads.ended(at(2), before, 1_000);
        assert_eq!(
            started(&mut uploads, at(2)),
            [again],
            "fewer of its uploads run"
        );
    }

    #[test]
    fn who_asks_for_what_many_have_waits_for_rarer_chunks_only_so_long() {
        let mut uploads = Uploads::default();
        for n in 0..UPLOAD_SLOTS {
            uploads.enqueue(at(0), peer(u8::try_from(n).unwrap()), &new(1));
        }
        let mut running = started(&mut uploads, at(0));
        let common = uploads.enqueue(at(1), peer(100), &new(1));
        let limit = at(1) + RARITY_WAIT;
        for (now, n) in [
            (Now(limit.0.saturating_sub(Duration::from_millis(1))), 2),
            (limit, 3),
        ] {
            let rare = uploads.enqueue(now, peer(101), &new(n));
            uploads.ended(now, running.remove(0), 0);
            let waited_enough = now == limit;
            let expected = if waited_enough { common } else { rare };
            assert_eq!(uploads.poll_start(now), Some(expected));
        }
    }

    #[test]
    fn chunks_are_noted_up_to_the_limit_and_past_it_anew() {
        let mut uploads = Uploads::default();
        let mut request = new(0);
        let count = u32::try_from(GIVEN_MAX).unwrap();
        request.chunks = (0..count)
            .map(|chunk| ChunkRef { file: 0, chunk })
            .collect();
        uploads.enqueue(at(0), peer(1), &request);
        started(&mut uploads, at(0));
        assert_eq!(uploads.given.len(), GIVEN_MAX);
        uploads.enqueue(at(0), peer(1), &new(count));
        started(&mut uploads, at(0));
        assert_eq!(uploads.given.len(), 1);
    }
}
