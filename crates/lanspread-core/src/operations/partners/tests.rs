//! Whom a gathering asks, and whom it answers when.

use lanspread_proto::limits::HOLDINGS_RUNS_MAX;

use super::*;
use crate::limits::{
    HOLDINGS_MUCH, HOLDINGS_PAUSE, HOLDINGS_PAUSE_MAX, HOLDINGS_PAUSE_PER_PARTNER,
};

const OWN: HoldingsLog = HoldingsLog(77);
const THEIRS: HoldingsLog = HoldingsLog(99);
const CHUNKS: u32 = 100;
const REST: Duration = Duration::from_secs(1);

fn peer(n: u8) -> PeerId {
    PeerId::from_bytes([n; 32])
}

fn at(ms: u64) -> Now {
    Now(Duration::from_millis(ms))
}

fn all(peers: &[u8]) -> BTreeSet<PeerId> {
    peers.iter().map(|&n| peer(n)).collect()
}

/// A gathering that sees these peers, none of which announces the game.
fn among(peers: &[u8]) -> Partners {
    let mut partners = Partners::new(OWN, CHUNKS);
    partners.present(at(0), &all(peers), &all(&[]));
    partners
}

/// Sends the questions that are due; says of whom.
fn ask(partners: &mut Partners, now: Now) -> Vec<Question> {
    let mut asked = Vec::new();
    while let Some(question) = partners.poll_question(now) {
        partners.asked(now, question.peer, effect(question.peer));
        asked.push(question);
    }
    asked
}

/// The effect that carries the questions of a peer.
fn effect(peer: PeerId) -> EffectId {
    EffectId(u64::from(peer.as_bytes()[0]))
}

fn answers(partners: &mut Partners, now: Now, stored: u32) -> Vec<Answer> {
    std::iter::from_fn(|| partners.poll_answer(now, stored)).collect()
}

fn answer(reply: u64, says: Says) -> Answer {
    let reply = ReplyId(reply);
    Answer { reply, says }
}

/// Runs of so many chunks from these on.
fn runs(of: &[(u32, u32)]) -> ChunkRuns {
    ChunkRuns::try_from(of.to_vec()).unwrap()
}

fn holdings(log: HoldingsLog, upto: u32, of: &[(u32, u32)]) -> Reported {
    let chunks = runs(of);
    Reported::Holdings(Holdings { log, upto, chunks })
}

fn hear(partners: &mut Partners, now: Now, n: u8, reported: Reported) -> Heard {
    partners.answered(now, (peer(n), effect(peer(n))), reported, REST)
}

#[test]
fn every_live_peer_is_asked_once_and_one_that_gathers_nothing_not_again() {
    let mut partners = among(&[1, 2, 3]);
    partners.present(at(0), &all(&[1, 2, 3]), &all(&[2]));
    let asked: Vec<PeerId> = ask(&mut partners, at(0)).iter().map(|q| q.peer).collect();
    assert_eq!(
        asked,
        [peer(1), peer(3)],
        "whoever has the game is not asked"
    );
    assert_eq!(
        hear(&mut partners, at(5), 1, Reported::NotGathering),
        Heard::Gone
    );
    partners.present(at(9), &all(&[1, 2, 3, 4]), &all(&[2]));
    let asked = ask(&mut partners, at(60_000));
    assert_eq!(asked.len(), 1, "{asked:?}");
    assert_eq!(asked[0].peer, peer(4), "introduced later, asked then");
    assert_eq!(partners.deadline(0), None);
}

#[test]
fn whoever_asks_is_asked_in_turn() {
    let mut partners = among(&[1]);
    ask(&mut partners, at(0));
    hear(&mut partners, at(1), 1, Reported::NotGathering);
    partners.question(at(500), peer(1), ReplyId(4), (HoldingsLog::NONE, 0), 0);
    assert_eq!(ask(&mut partners, at(500)).len(), 1);
}

#[test]
fn a_partner_is_asked_again_from_where_its_answer_ended() {
    let mut partners = among(&[1]);
    let first = ask(&mut partners, at(0));
    assert_eq!((first[0].log, first[0].since), (HoldingsLog::NONE, 0));
    let heard = hear(
        &mut partners,
        at(3),
        1,
        holdings(THEIRS, 4, &[(0, 3), (7, 1)]),
    );
    assert_eq!(heard, Heard::HoldsAnew(runs(&[(0, 3), (7, 1)])));
    assert_eq!(
        ask(&mut partners, at(99)),
        [],
        "no faster than partners answer"
    );
    let again = ask(&mut partners, at(100));
    assert_eq!((again[0].log, again[0].since), (THEIRS, 4));
    let heard = hear(&mut partners, at(1500), 1, holdings(THEIRS, 5, &[(99, 1)]));
    assert_eq!(heard, Heard::Holds(runs(&[(99, 1)])));
    assert_eq!(ask(&mut partners, at(1500)).len(), 1);
    assert_eq!(
        hear(&mut partners, at(3500), 1, holdings(THEIRS, 5, &[])),
        Heard::Nothing
    );
    assert_eq!(ask(&mut partners, at(3500))[0].since, 5);
}

#[test]
fn a_partner_that_began_anew_has_only_what_it_says_then() {
    let mut partners = among(&[1]);
    ask(&mut partners, at(0));
    hear(&mut partners, at(0), 1, holdings(THEIRS, 4, &[(0, 4)]));
    ask(&mut partners, at(100));
    let heard = hear(
        &mut partners,
        at(100),
        1,
        holdings(HoldingsLog(5), 1, &[(9, 1)]),
    );
    assert_eq!(heard, Heard::HoldsAnew(runs(&[(9, 1)])));
    let question = ask(&mut partners, at(200))[0];
    assert_eq!((question.log, question.since), (HoldingsLog(5), 1));
}

#[test]
fn an_answer_at_the_bounds_is_taken_and_one_past_them_is_a_broken_one() {
    let whole = |n| holdings(THEIRS, n, &[(0, n)]);
    for (reported, is_broken) in [
        (whole(CHUNKS), false),
        (whole(CHUNKS + 1), true),
        (holdings(THEIRS, 0, &[]), false),
        (holdings(THEIRS, 3, &[(0, 2)]), true),
        (holdings(THEIRS, 2, &[(0, 3)]), true),
        (holdings(THEIRS, 1, &[(CHUNKS - 1, 1)]), false),
        (holdings(THEIRS, 1, &[(CHUNKS, 1)]), true),
        (holdings(HoldingsLog::NONE, 1, &[(0, 1)]), true),
        (Reported::Broken, true),
    ] {
        let mut partners = among(&[1]);
        ask(&mut partners, at(0));
        let heard = hear(&mut partners, at(0), 1, reported.clone());
        let broken = matches!(heard, Heard::Broken(_));
        assert_eq!(broken, is_broken, "{reported:?}: {heard:?}");
        partners.question(at(1), peer(1), ReplyId(1), (OWN, 0), 0);
        let asked = ask(&mut partners, at(60_000));
        assert_eq!(asked.is_empty(), is_broken, "not asked again: {reported:?}");
    }
}

#[test]
fn an_answer_may_not_go_back_behind_the_question() {
    let mut partners = among(&[1]);
    ask(&mut partners, at(0));
    hear(&mut partners, at(0), 1, holdings(THEIRS, 4, &[(0, 4)]));
    ask(&mut partners, at(100));
    let heard = hear(&mut partners, at(100), 1, holdings(THEIRS, 3, &[]));
    assert!(matches!(heard, Heard::Broken(_)), "{heard:?}");
}

#[test]
fn a_question_that_failed_is_asked_again_after_a_rest() {
    let mut partners = among(&[1]);
    ask(&mut partners, at(0));
    assert_eq!(
        hear(&mut partners, at(50), 1, Reported::Failed),
        Heard::Nothing
    );
    assert_eq!(partners.deadline(0), Some(at(50) + REST));
    assert_eq!(ask(&mut partners, at(1049)), []);
    assert_eq!(ask(&mut partners, at(1050)).len(), 1);
    let late = partners.answered(at(1051), (peer(1), EffectId(1000)), Reported::Broken, REST);
    assert_eq!(late, Heard::Nothing, "the answer to another question");
}

#[test]
fn what_is_new_is_answered_at_once_and_then_not_before_the_pause_is_over() {
    let mut partners = among(&[1]);
    partners.question(at(0), peer(1), ReplyId(1), (HoldingsLog::NONE, 0), 3);
    assert_eq!(answers(&mut partners, at(0), 3), [answer(1, Says::News(0))]);
    partners.question(at(10), peer(1), ReplyId(2), (OWN, 3), 4);
    assert_eq!(answers(&mut partners, at(99), 9), []);
    partners.asked(at(99), peer(1), EffectId(1));
    assert_eq!(partners.deadline(9), Some(at(100)));
    assert_eq!(
        answers(&mut partners, at(100), 9),
        [answer(2, Says::News(3))]
    );
}

#[test]
fn a_question_to_which_there_is_nothing_new_is_kept_up_to_the_limit() {
    let wait = u64::try_from(HOLDINGS_WAIT.as_millis()).unwrap();
    let mut partners = among(&[1]);
    ask(&mut partners, at(0));
    partners.question(at(0), peer(1), ReplyId(1), (OWN, 5), 5);
    assert_eq!(answers(&mut partners, at(wait - 1), 5), []);
    assert_eq!(partners.deadline(5), Some(at(wait)));
    assert_eq!(
        answers(&mut partners, at(wait), 5),
        [answer(1, Says::Nothing(5))]
    );
    partners.question(at(wait), peer(1), ReplyId(2), (OWN, 5), 5);
    let said = answers(&mut partners, at(wait), 6);
    assert_eq!(
        said,
        [answer(2, Says::News(5))],
        "nothing new costs no pause"
    );
}

#[test]
fn one_question_of_each_asker_is_kept() {
    let mut partners = among(&[1, 2]);
    for (n, reply) in [(1, 1), (2, 2), (1, 3)] {
        partners.question(at(0), peer(n), ReplyId(reply), (OWN, 5), 5);
    }
    assert_eq!(
        answers(&mut partners, at(0), 5),
        [answer(1, Says::Nothing(5))]
    );
    let news = answers(&mut partners, at(0), 6);
    assert_eq!(news, [answer(3, Says::News(5)), answer(2, Says::News(5))]);
}

#[test]
fn a_position_at_the_end_of_the_log_is_one_and_a_later_one_is_none() {
    let mut partners = among(&[1]);
    partners.question(at(0), peer(1), ReplyId(1), (OWN, 5), 5);
    assert_eq!(answers(&mut partners, at(0), 5), []);
    partners.question(at(0), peer(1), ReplyId(2), (OWN, 6), 5);
    assert_eq!(
        answers(&mut partners, at(0), 5),
        [answer(2, Says::NoSuchPosition)]
    );
    partners.question(at(0), peer(1), ReplyId(3), (THEIRS, 6), 5);
    let said = answers(&mut partners, at(0), 5);
    assert_eq!(
        said[1],
        answer(3, Says::News(0)),
        "of another log it begins anew"
    );
}

#[test]
fn many_partners_and_many_downloads_are_answered_more_slowly_up_to_a_limit() {
    let pause_with = |askers: u8, gathering| {
        let everybody: Vec<u8> = (0..askers).collect();
        let mut partners = among(&everybody);
        for n in everybody {
            partners.question(at(0), peer(n), ReplyId(n.into()), (OWN, 0), 1);
        }
        partners.pace(gathering);
        partners.pace.of_little
    };
    assert_eq!(pause_with(1, 1), HOLDINGS_PAUSE);
    assert_eq!(pause_with(33, 1), HOLDINGS_PAUSE);
    assert_eq!(pause_with(34, 1), HOLDINGS_PAUSE_PER_PARTNER * 34);
    assert_eq!(pause_with(2, 3), HOLDINGS_PAUSE * 3);
    assert_eq!(pause_with(200, 7), HOLDINGS_PAUSE_MAX);
    assert_eq!(pause_with(200, 8), HOLDINGS_PAUSE_MAX);
}

#[test]
fn what_is_much_to_the_asker_is_told_as_soon_as_with_few_partners() {
    let short = u64::try_from(HOLDINGS_PAUSE.as_millis()).unwrap();
    let long = u64::try_from((HOLDINGS_PAUSE_PER_PARTNER * 200).as_millis()).unwrap();
    let known = 80;
    let much = known + u32::try_from(u64::from(known) / HOLDINGS_MUCH).unwrap();
    for (stored, pause) in [(much, short), (much - 1, long)] {
        let everybody: Vec<u8> = (0..200).collect();
        let mut partners = among(&everybody);
        for n in everybody {
            partners.question(at(0), peer(n), ReplyId(n.into()), (OWN, 0), known);
        }
        assert_eq!(answers(&mut partners, at(0), known).len(), 200);
        partners.pace(1);
        partners.question(at(1), peer(1), ReplyId(1_000), (OWN, known), known);
        assert_eq!(answers(&mut partners, at(pause - 1), stored), []);
        let said = answers(&mut partners, at(pause), stored);
        assert_eq!(said, [answer(1_000, Says::News(known))]);
    }
}

#[test]
fn with_many_partners_each_is_asked_again_as_soon_as_with_few() {
    let everybody: Vec<u8> = (0..200).collect();
    let mut partners = among(&everybody);
    ask(&mut partners, at(0));
    for n in everybody {
        partners.question(at(0), peer(n), ReplyId(n.into()), (OWN, 0), 1);
    }
    partners.pace(1);
    hear(&mut partners, at(5), 1, holdings(THEIRS, 1, &[(0, 1)]));
    let short = u64::try_from(HOLDINGS_PAUSE.as_millis()).unwrap();
    assert_eq!(ask(&mut partners, at(short - 1)), []);
    let again = ask(&mut partners, at(short));
    assert_eq!(again.len(), 1, "it keeps the question until it has much");
}

/// A partner that keeps to the pace is never asking more than the toll of control requests allows.
#[test]
fn the_pace_stays_below_what_a_peer_may_ask() {
    use crate::conduct::QUESTION_EVERY;
    let every = HOLDINGS_PAUSE;
    assert!(every >= QUESTION_EVERY * 2, "half is left for all else");
    let at_most = u32::try_from(crate::limits::OPERATIONS_MAX).unwrap();
    assert!(HOLDINGS_PAUSE_MAX >= QUESTION_EVERY * at_most);
}

#[test]
fn whoever_leaves_is_answered_and_asked_no_more() {
    let mut partners = among(&[1, 2]);
    ask(&mut partners, at(0));
    partners.question(at(0), peer(1), ReplyId(1), (OWN, 5), 5);
    partners.present(at(1), &all(&[2]), &all(&[]));
    assert_eq!(partners.poll_abort(), Some(effect(peer(1))));
    assert_eq!(answers(&mut partners, at(1), 5), [answer(1, Says::Over)]);
    partners.end();
    assert_eq!(partners.poll_abort(), Some(effect(peer(2))));
    assert_eq!(partners.poll_abort(), None);
    assert_eq!(partners.poll_question(at(60_000)), None);
}

#[test]
fn the_end_answers_every_question_that_is_kept() {
    let mut partners = among(&[1, 2]);
    for n in [1, 2] {
        partners.question(at(0), peer(n), ReplyId(n.into()), (OWN, 5), 5);
    }
    partners.end();
    let said = answers(&mut partners, at(0), 5);
    assert_eq!(said, [answer(1, Says::Over), answer(2, Says::Over)]);
    assert_eq!(partners.deadline(5), None);
}

#[test]
fn a_partner_that_has_it_all_is_asked_no_more_until_it_has_not() {
    let mut partners = among(&[1]);
    ask(&mut partners, at(0));
    hear(&mut partners, at(0), 1, holdings(THEIRS, 4, &[(0, 4)]));
    ask(&mut partners, at(100));
    partners.present(at(200), &all(&[1]), &all(&[1]));
    assert_eq!(partners.poll_abort(), Some(effect(peer(1))));
    assert_eq!(partners.deadline(0), None);
    partners.present(at(300), &all(&[1]), &all(&[]));
    let question = ask(&mut partners, at(300))[0];
    assert_eq!((question.log, question.since), (HoldingsLog::NONE, 0));
}

#[test]
fn the_rest_of_a_long_answer_comes_with_the_next_one() {
    let mut partners = among(&[1]);
    let stored = u32::try_from(HOLDINGS_RUNS_MAX).unwrap() * 2;
    partners.question(at(0), peer(1), ReplyId(1), (HoldingsLog::NONE, 0), stored);
    assert_eq!(
        answers(&mut partners, at(0), stored),
        [answer(1, Says::News(0))]
    );
    let half = stored / 2;
    partners.question(at(1), peer(1), ReplyId(2), (OWN, half), stored);
    let said = answers(&mut partners, at(100), stored);
    assert_eq!(said, [answer(2, Says::News(half))]);
}

#[test]
fn a_peer_may_begin_anew_as_often_as_the_limit_and_not_once_more() {
    let mut partners = among(&[1]);
    let mut hear_anew = |n: u32| {
        let now = at(u64::from(n) * 1_000);
        ask(&mut partners, now);
        let log = HoldingsLog(u64::from(n));
        hear(&mut partners, now, 1, holdings(log, 2, &[(0, 2)]))
    };
    for n in 1..=HOLDINGS_LOGS_MAX {
        assert!(matches!(hear_anew(n), Heard::HoldsAnew(_)), "{n}");
    }
    assert!(matches!(hear_anew(HOLDINGS_LOGS_MAX + 1), Heard::Broken(_)));
    assert_eq!(hear_anew(HOLDINGS_LOGS_MAX + 2), Heard::Nothing);
}

#[test]
fn a_peer_that_was_given_up_and_is_asked_again_has_not_begun_anew() {
    let mut partners = among(&[1]);
    for n in 0..=HOLDINGS_LOGS_MAX {
        let now = at(u64::from(n) * 1_000);
        ask(&mut partners, now);
        let heard = hear(&mut partners, now, 1, holdings(THEIRS, 2, &[(0, 2)]));
        assert!(matches!(heard, Heard::HoldsAnew(_)), "{n}");
        partners.start_over(peer(1), now);
    }
}
