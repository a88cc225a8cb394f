use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use proptest::prelude::*;
use rand::SeedableRng;

use super::*;
use crate::messages::transport::{Answer, Outcome};
use crate::model::{BreakerState, ServerState};
use crate::uploader::settings::{Gzip, Server};
use crate::uploader::tests::lease;

/// Drives a state by hand; the wall clock runs with the time since the start.
struct Desk {
    state: State,
    up: Duration,
}

fn settings() -> UploaderSettings {
    UploaderSettings {
        server: Server::Directory(PathBuf::from("/")),
        max_concurrent: 3,
        backoff_base: Duration::from_secs(2),
        backoff_max: Duration::from_secs(900),
        max_attempts: 0,
        breaker_threshold: 5,
        breaker_timeout: Duration::from_secs(30),
        gzip: Gzip::Auto,
        rate_limit_bytes_per_s: 0,
    }
}

impl Desk {
    fn with(settings: &UploaderSettings) -> Self {
        let state = State::new(settings, StdRng::seed_from_u64(7));
        Self {
            state,
            up: Duration::from_secs(1),
        }
    }

    /// One that has asked for its first leases.
    fn started() -> Self {
        let mut desk = Self::with(&settings());
        assert_eq!(desk.takes(Event::Started(None)), Some(3));
        desk
    }

    fn now(&self) -> Now {
        Now {
            up: self.up,
            wall: UnixMs(i64::try_from(self.up.as_millis()).unwrap()),
        }
    }

    fn step(&mut self, event: Event) -> Vec<Effect> {
        self.state.step(event, self.now())
    }

    fn takes(&mut self, event: Event) -> Option<usize> {
        let effects = self.step(event);
        effects.iter().find_map(|effect| match effect {
            Effect::Take(max) => Some(*max),
            _ => None,
        })
    }

    fn lease(&mut self, ids: &[u64]) -> Vec<Effect> {
        let leases = ids.iter().copied().map(lease).collect();
        self.step(Event::Leased(Ok(Leased {
            leases,
            next_due: None,
            ready: 0,
        })))
    }

    fn sent(&mut self, id: u64, outcome: Outcome) -> Vec<Effect> {
        let sent = Sent {
            outcome,
            took: Duration::ZERO,
            gzip: None,
        };
        let entry = EntryId(id);
        self.step(Event::Sent { entry, sent })
    }

    fn settled(&mut self, id: u64) -> Vec<Effect> {
        let entry = EntryId(id);
        self.step(Event::Settled {
            entry,
            result: Ok(()),
        })
    }

    fn after(&mut self, seconds: u64) -> Vec<Effect> {
        self.up += Duration::from_secs(seconds);
        self.step(Event::Woke)
    }

    /// Sends entry after entry into failure until the breaker opens; gives how many it took.
    fn fail_until_open(&mut self, outcome: &Outcome) -> u64 {
        for id in 1..100 {
            while self.state.asked.is_none() {
                self.after(1);
            }
            self.lease(&[id]);
            self.sent(id, outcome.clone());
            self.settled(id);
            if self.state.status(self.now()).breaker == BreakerState::Open {
                return id;
            }
        }
        unreachable!("the breaker opens after some failures");
    }
}

fn answer(status: u16) -> Outcome {
    Outcome::Answered(Answer {
        status,
        json: true,
        ..Answer::default()
    })
}

fn unreachable() -> Outcome {
    Outcome::Unreachable("connection refused".to_owned())
}

fn verdicts(effects: &[Effect]) -> Vec<(u64, Verdict)> {
    let settles = effects.iter().filter_map(|effect| match effect {
        Effect::Settle { entry, verdict } => Some((entry.0, verdict.clone())),
        _ => None,
    });
    settles.collect()
}

fn puts(effects: &[Effect]) -> usize {
    effects
        .iter()
        .filter(|effect| matches!(effect, Effect::Put(_)))
        .count()
}

fn notices(effects: &[Effect]) -> usize {
    effects
        .iter()
        .filter(|effect| matches!(effect, Effect::Say(_)))
        .count()
}

#[test]
fn leases_are_asked_for_as_long_as_there_is_room_and_answered_one_to_one() {
    let mut desk = Desk::started();
    assert_eq!(puts(&desk.lease(&[1, 2])), 2);
    assert_eq!(desk.takes(Event::EntriesWaiting { ready: 1 }), Some(1));
    assert_eq!(
        desk.takes(Event::EntriesWaiting { ready: 1 }),
        None,
        "a second open request"
    );
    assert_eq!(puts(&desk.lease(&[3])), 1);
    assert_eq!(desk.takes(Event::EntriesWaiting { ready: 1 }), None, "no room");
    let effects = desk.sent(1, answer(200));
    assert_eq!(
        verdicts(&effects),
        [(
            1,
            Verdict::Delivered {
                server_id: String::new()
            }
        )]
    );
    assert!(
        effects.contains(&Effect::Take(1)),
        "the queue commits while others are sent"
    );
}

#[test]
fn a_queue_that_does_not_commit_soon_gets_no_more_to_commit() {
    let mut desk = Desk::started();
    let mut sent = 0;
    while desk.state.asked.is_some() {
        sent += 1;
        desk.lease(&[sent]);
        desk.sent(sent, answer(200));
        desk.step(Event::EntriesWaiting { ready: 1 });
    }
    assert_eq!(usize::try_from(sent), Ok(SETTLING_MAX));
    assert!(desk.settled(1).contains(&Effect::Take(1)));
}

#[test]
fn an_idle_uploader_wakes_when_a_delay_ends_and_looks_again_for_a_lost_hint() {
    let mut desk = Desk::started();
    let due = UnixMs(desk.now().wall.0 + 4000);
    let effects = desk.step(Event::Leased(Ok(Leased {
        leases: Vec::new(),
        next_due: Some(due),
        ready: 0,
    })));
    assert!(effects.contains(&Effect::WakeAt(Duration::from_secs(5))));
    assert!(desk.after(4).contains(&Effect::Take(3)));
    let effects = desk.lease(&[]);
    assert!(effects.contains(&Effect::WakeAt(Duration::from_secs(65))));
}

#[test]
fn a_hint_that_crosses_an_empty_answer_is_not_lost() {
    let mut desk = Desk::started();
    desk.step(Event::EntriesWaiting { ready: 1 });
    assert!(desk.lease(&[]).contains(&Effect::Take(3)));
}

#[test]
fn a_settlement_is_repeated_until_the_queue_has_it() {
    let mut desk = Desk::started();
    desk.lease(&[1]);
    desk.sent(1, answer(200));
    let result = Err("store: commit".to_owned());
    let entry = EntryId(1);
    assert_eq!(notices(&desk.step(Event::Settled { entry, result })), 1);
    assert!(desk.state.problem().is_some());
    assert!(verdicts(&desk.after(1)).is_empty());
    assert_eq!(verdicts(&desk.after(5)).len(), 1);
    assert_eq!(notices(&desk.settled(1)), 1);
    assert!(desk.state.problem().is_none());
    assert!(verdicts(&desk.after(60)).is_empty());
}

#[test]
fn a_lease_that_overtakes_the_word_on_its_settlement_is_sent() {
    let mut desk = Desk::started();
    desk.lease(&[1]);
    assert!(matches!(
        verdicts(&desk.sent(1, answer(500)))[..],
        [(1, Verdict::Retry { .. })]
    ));
    desk.step(Event::EntriesWaiting { ready: 1 });
    assert_eq!(puts(&desk.lease(&[1])), 1);
    desk.settled(1);
    assert_eq!(verdicts(&desk.sent(1, answer(200))).len(), 1);
}

#[test]
fn a_delivered_report_that_is_leased_anew_before_the_queue_could_note_it_is_not_sent_again() {
    let mut desk = Desk::started();
    desk.lease(&[1]);
    desk.sent(1, answer(200));
    let result = Err("store: closed".to_owned());
    let entry = EntryId(1);
    desk.step(Event::Settled { entry, result });
    desk.step(Event::EntriesWaiting { ready: 1 });
    assert_eq!(puts(&desk.lease(&[1])), 0);
    assert!(matches!(
        verdicts(&desk.after(5))[..],
        [(1, Verdict::Delivered { .. })]
    ));
    desk.settled(1);
    assert_eq!(puts(&desk.lease(&[1])), 1, "an operator has it sent again");
}

#[test]
fn an_unreachable_server_costs_reports_neither_place_nor_attempts() {
    let mut desk = Desk::started();
    desk.lease(&[1, 2, 3]);
    for id in 1..=3 {
        let effects = desk.sent(id, unreachable());
        assert_eq!(verdicts(&effects), [(id, Verdict::Returned)]);
        assert_eq!(notices(&effects), usize::from(id == 1), "one line");
    }
    assert_eq!(desk.state.status(desk.now()).state, ServerState::Unreachable);
    assert!(desk.state.problem().is_some());
}

#[test]
fn a_server_that_answers_every_report_with_an_error_fails_since_the_breaker_opened_and_says_its_status() {
    let mut desk = Desk::started();
    desk.fail_until_open(&Outcome::Answered(Answer {
        status: 503,
        words: "in maintenance".to_owned(),
        json: true,
        ..Answer::default()
    }));
    let status = desk.state.status(desk.now());
    assert_eq!(status.state, ServerState::Failing);
    assert_eq!(status.down_since, Some(desk.now().wall));
    assert_eq!(status.last_error, "HTTP status 503: in maintenance");
}

#[test]
fn after_days_without_a_server_the_first_report_goes_within_a_minute() {
    let mut desk = Desk::started();
    assert_eq!(desk.fail_until_open(&unreachable()), 5);
    let (mut probes, mut lines) = (0, 0);
    for _ in 0..3 * 24 * 3600 {
        for effect in desk.after(1) {
            if effect == Effect::Take(1) {
                probes += 1;
                desk.lease(&[9]);
                lines += notices(&desk.sent(9, unreachable()));
                desk.settled(9);
            }
        }
    }
    assert!((3 * 24 * 60..=3 * 24 * 120).contains(&probes), "{probes} probes");
    assert!(lines <= 3 * 24 * 6, "{lines} lines");
    let waited = (1..=60).find(|_| desk.after(1).contains(&Effect::Take(1)));
    assert!(waited.is_some());
    desk.lease(&[9]);
    let effects = desk.sent(9, answer(200));
    assert!(effects.contains(&Effect::EndDelays) && effects.contains(&Effect::Take(1)));
}

#[test]
fn a_report_the_server_fails_on_waits_by_itself_while_others_go() {
    let mut desk = Desk::started();
    desk.lease(&[1, 2]);
    let effects = desk.sent(1, answer(500));
    let Some((1, Verdict::Retry { not_before, cause })) = verdicts(&effects).pop() else {
        unreachable!("a failure of the server is no verdict on the report")
    };
    assert!(not_before.since(desk.now().wall) <= Duration::from_secs(2));
    assert_eq!(cause.status, Some(500));
    desk.settled(1);
    assert_eq!(desk.state.status(desk.now()).breaker, BreakerState::Closed);
    assert_eq!(verdicts(&desk.sent(2, answer(200))).len(), 1);
}

#[test]
fn a_pause_the_server_asks_for_holds_all_reports() {
    let mut desk = Desk::started();
    desk.lease(&[1]);
    let effects = desk.sent(
        1,
        Outcome::Answered(Answer {
            status: 429,
            json: true,
            retry_after: Some(Duration::from_secs(120)),
            ..Answer::default()
        }),
    );
    let Some((1, Verdict::Retry { not_before, .. })) = verdicts(&effects).pop() else {
        unreachable!("too many requests is no verdict on the report")
    };
    assert_eq!(not_before.since(desk.now().wall), Duration::from_secs(120));
    // One answer is enough to be told of: nothing is sent for minutes.
    let told = effects
        .iter()
        .any(|effect| matches!(effect, Effect::Say(Notice::Outage { next, .. }) if next.as_secs() >= 120));
    assert!(told, "{effects:?}");
    let status = desk.state.status(desk.now());
    assert_eq!(status.state, ServerState::Failing);
    let wait = status.next_try.map(|at| at.since(desk.now().wall).as_secs());
    assert!(
        wait.is_some_and(|seconds| (120..=180).contains(&seconds)),
        "{wait:?}"
    );
    desk.settled(1);
    assert_eq!(desk.takes(Event::EntriesWaiting { ready: 1 }), None);
    assert!(!desk.after(119).contains(&Effect::Take(3)));
    let begins = (0..=61).find(|_| desk.after(1).contains(&Effect::Take(3)));
    assert!(begins.is_some(), "it begins within a minute after the pause");
}

#[test]
fn an_answer_from_before_a_pause_does_not_end_it() {
    let mut desk = Desk::started();
    desk.lease(&[1, 2]);
    let pause = Outcome::Answered(Answer {
        status: 429,
        json: true,
        retry_after: Some(Duration::from_secs(600)),
        ..Answer::default()
    });
    desk.sent(1, pause);
    desk.sent(2, answer(200));
    assert_eq!(desk.state.status(desk.now()).state, ServerState::Failing);
    assert!(desk.state.problem().is_some());
}

#[test]
fn a_refusal_that_lasts_is_as_old_as_its_first() {
    let mut desk = Desk::started();
    desk.lease(&[1]);
    desk.sent(1, answer(401));
    desk.settled(1);
    let since = desk.state.status(desk.now()).down_since;
    assert!(since.is_some());
    // The version is told to anybody.
    desk.after(300);
    desk.step(Event::Probed(Sent {
        outcome: answer(200),
        took: Duration::ZERO,
        gzip: None,
    }));
    desk.lease(&[2]);
    desk.sent(2, answer(401));
    let status = desk.state.status(desk.now());
    assert_eq!((status.state, status.down_since), (ServerState::Parked, since));
}

#[test]
fn refused_credentials_park_uploads_until_a_probe_is_welcome() {
    let mut desk = Desk::started();
    desk.lease(&[1, 2]);
    assert_eq!(verdicts(&desk.sent(1, answer(401))), [(1, Verdict::Returned)]);
    desk.sent(2, answer(401));
    desk.settled(1);
    desk.settled(2);
    assert_eq!(desk.state.status(desk.now()).state, ServerState::Parked);
    assert_eq!(desk.takes(Event::EntriesWaiting { ready: 1 }), None);
    assert!(!desk.after(299).contains(&Effect::Probe));
    assert!(desk.after(1).contains(&Effect::Probe));
    let probed = |outcome| {
        Event::Probed(Sent {
            outcome,
            took: Duration::ZERO,
            gzip: None,
        })
    };
    assert_eq!(desk.takes(probed(answer(401))), None);
    assert!(
        desk.step(Event::Flush).contains(&Effect::Probe),
        "an operator's word"
    );
    assert_eq!(
        desk.takes(probed(answer(200))),
        Some(1),
        "one report to begin with"
    );
    desk.lease(&[1]);
    desk.sent(1, answer(200));
    assert_eq!(desk.state.status(desk.now()).state, ServerState::Reachable);
}

#[test]
fn an_unknown_path_parks_after_three() {
    let mut desk = Desk::started();
    for id in 1..=3 {
        assert_ne!(desk.state.status(desk.now()).state, ServerState::Parked);
        while desk.state.asked.is_none() {
            desk.after(1);
        }
        desk.lease(&[id]);
        assert_eq!(verdicts(&desk.sent(id, answer(404))), [(id, Verdict::Returned)]);
        desk.settled(id);
    }
    assert_eq!(desk.state.status(desk.now()).state, ServerState::Parked);
}

#[test]
fn leases_that_come_while_paused_or_draining_go_back() {
    let mut desk = Desk::started();
    desk.step(Event::Pause(true));
    assert_eq!(verdicts(&desk.lease(&[1])), [(1, Verdict::Returned)]);
    desk.settled(1);
    assert_eq!(desk.takes(Event::EntriesWaiting { ready: 1 }), None);
    assert_eq!(desk.takes(Event::Pause(false)), Some(3));
    assert!(!desk.step(Event::Drain).contains(&Effect::Drained));
    let effects = desk.lease(&[2]);
    assert_eq!(verdicts(&effects), [(2, Verdict::Returned)]);
    assert!(!effects.contains(&Effect::Drained));
    assert!(desk.settled(2).contains(&Effect::Drained));
}

#[test]
fn attempts_have_a_limit_only_where_one_is_set() {
    let mut desk = Desk::with(&UploaderSettings {
        max_attempts: 1,
        ..settings()
    });
    desk.step(Event::Started(None));
    desk.lease(&[1]);
    assert!(matches!(
        verdicts(&desk.sent(1, answer(500)))[..],
        [(1, Verdict::Refused(_))]
    ));
}

#[test]
fn what_was_known_of_the_server_outlives_a_restart() {
    let mut desk = Desk::started();
    let kept = |effects: &[Effect]| {
        effects.iter().find_map(|effect| match effect {
            Effect::Keep(bytes) => Some(bytes.clone()),
            _ => None,
        })
    };
    desk.lease(&[1]);
    let bytes = kept(&desk.sent(1, answer(403))).unwrap();
    let mut next = Desk::with(&settings());
    let effects = next.step(Event::Started(Some(bytes)));
    assert!(effects.contains(&Effect::Probe), "a new token is tried at once");
    assert_eq!(next.state.status(next.now()).state, ServerState::Parked);
    assert_eq!(kept(&effects), None);

    let mut desk = Desk::started();
    desk.fail_until_open(&unreachable());
    let mut next = Desk::with(&settings());
    let effects = next.step(Event::Started(Some(
        crate::uploader::kept::KeptV1::new(true, None, Some(true)).encode(),
    )));
    assert!(effects.contains(&Effect::RememberGzip(true)));
    assert_eq!(next.state.status(next.now()).breaker, BreakerState::Open);
    assert!(next.after(30).contains(&Effect::Take(1)));
}

#[test]
fn a_clock_that_is_off_is_said_once() {
    let mut desk = Desk::started();
    let mut said = 0;
    for (id, ahead) in [(1, 500), (2, 510), (3, 3), (4, -5)] {
        desk.step(Event::EntriesWaiting { ready: 1 });
        desk.lease(&[id]);
        let effects = desk.sent(
            id,
            Outcome::Answered(Answer {
                status: 200,
                json: true,
                clock_ahead_s: Some(ahead),
                ..Answer::default()
            }),
        );
        said += notices(&effects) - 1;
        desk.settled(id);
    }
    assert_eq!(said, 2);
}

fn outcomes() -> impl Strategy<Value = Outcome> {
    prop_oneof![
        4 => Just(answer(200)),
        1 => Just(answer(400)),
        1 => Just(answer(404)),
        1 => Just(answer(401)),
        2 => Just(answer(503)),
        2 => Just(unreachable()),
        1 => Just(Outcome::Lost("reset".to_owned())),
    ]
}

#[derive(Debug, Clone)]
enum Step {
    Lease(usize),
    Answer(usize, Outcome),
    Settle(usize, bool),
    Probe(Outcome),
    Wait(u64),
    Hint,
    Flush,
    Pause(bool),
}

fn steps() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0_usize..5).prop_map(Step::Lease),
        6 => (any::<usize>(), outcomes()).prop_map(|(which, outcome)| Step::Answer(which, outcome)),
        6 => (any::<usize>(), prop::bool::weighted(0.8)).prop_map(|(which, ok)| Step::Settle(which, ok)),
        1 => outcomes().prop_map(Step::Probe),
        4 => (0_u64..100).prop_map(Step::Wait),
        2 => Just(Step::Hint),
        1 => Just(Step::Flush),
        1 => any::<bool>().prop_map(Step::Pause),
    ]
}

proptest! {
    /// Whatever happens: no more on the wire than allowed, one request for leases, each lease settled with one verdict,
    /// delays within their ceiling, and always a time to wake up or something to wait for.
    #[test]
    fn credits_are_conserved_and_no_lease_is_settled_twice(steps in prop::collection::vec(steps(), 1..150)) {
        let mut desk = Desk::started();
        let (mut asked, mut probing, mut next, mut now_settling) = (Some(3), false, 0_u64, Vec::new());
        let mut wire = BTreeSet::new();
        let mut verdict_of = BTreeMap::new();
        for step in steps {
            let effects = match step {
                Step::Lease(count) => {
                    let Some(max) = asked.take() else { continue };
                    let ids: Vec<_> = (0..count.min(max)).map(|_| { next += 1; next }).collect();
                    desk.lease(&ids)
                }
                Step::Answer(which, outcome) => {
                    let Some(id) = wire.iter().copied().nth(which % wire.len().max(1)) else { continue };
                    wire.remove(&id);
                    desk.sent(id, outcome)
                }
                Step::Settle(which, ok) => {
                    if now_settling.is_empty() { continue }
                    let id = now_settling.swap_remove(which % now_settling.len());
                    let result = if ok { Ok(()) } else { Err("no".to_owned()) };
                    desk.step(Event::Settled { entry: EntryId(id), result })
                }
                Step::Probe(outcome) => {
                    if !std::mem::take(&mut probing) { continue }
                    desk.step(Event::Probed(Sent { outcome, took: Duration::ZERO, gzip: None }))
                }
                Step::Wait(seconds) => desk.after(seconds),
                Step::Hint => desk.step(Event::EntriesWaiting { ready: 1 }),
                Step::Flush => desk.step(Event::Flush),
                Step::Pause(pause) => desk.step(Event::Pause(pause)),
            };
            for effect in effects {
                match effect {
                    Effect::Take(max) => {
                        prop_assert!(asked.replace(max).is_none(), "two open requests");
                        prop_assert!(max <= 3);
                    }
                    Effect::Put(lease) => prop_assert!(wire.insert(lease.entry.id.0)),
                    Effect::Probe => prop_assert!(!std::mem::replace(&mut probing, true), "two probes"),
                    Effect::Settle { entry, verdict } => {
                        if let Verdict::Retry { not_before, .. } = &verdict {
                            prop_assert!(not_before.since(desk.now().wall) <= Duration::from_secs(900));
                        }
                        prop_assert!(!now_settling.contains(&entry.0), "a settlement sent while it is on its way");
                        now_settling.push(entry.0);
                        let before = verdict_of.insert(entry.0, verdict.clone());
                        prop_assert!(before.is_none_or(|before| before == verdict), "two verdicts");
                    }
                    Effect::WakeAt(time) => prop_assert!(time > desk.up),
                    _ => {}
                }
            }
            prop_assert!(wire.len() <= 3);
            let waits = asked.is_some() || probing || !wire.is_empty() || !now_settling.is_empty();
            prop_assert!(waits || desk.state.paused || desk.state.wake.is_some_and(|wake| wake > desk.up), "asleep for ever");
        }
    }
}
