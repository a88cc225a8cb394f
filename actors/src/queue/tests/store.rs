//! Transitions of the store, one at a time.

use std::time::{Duration, Instant};

use super::super::retention::PASS;
use super::*;
use crate::messages::queue::{
    AppendError, FullReason, ImportEntries, ImportedReport, Selection, StoreError, TraceBy,
};
use crate::model::{EntryState, Lease, Outcome};

const MINUTE: Duration = Duration::from_secs(60);

#[test]
fn a_report_goes_in_out_and_leaves_a_receipt() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path());
    let [entry] = queue(&mut store, &append("SN1"))[..] else {
        panic!("one report, one entry")
    };
    let leased = store.take_leases(5, NOW).unwrap();
    assert_eq!(leased.leases[0].document, br#"{"sn":"SN1"}"#);
    assert_eq!(leased.leases[0].entry.state, EntryState::Leased);
    assert_eq!(lease(&mut store, NOW), [], "a leased entry is not leased again");
    store.settle(&delivered(entry), NOW).unwrap();
    let status = store.describe(NOW).unwrap();
    assert_eq!(
        (status.ready, status.leased, status.dead, status.done_total),
        (0, 0, 0, 1)
    );
    let traced = store.trace(&TraceBy::Serial("SN1".to_owned()), 10).unwrap();
    let receipt = traced[0].reports[0].receipt.clone().unwrap();
    assert_eq!(
        (receipt.outcome, receipt.server_id.as_str(), receipt.attempts),
        (Outcome::Delivered, "srv-1", 1)
    );
    assert_eq!(traced[0].job, Some(job("SN1")));
    assert!(matches!(store.show(entry), Err(StoreError::NoEntry(_))));
}

#[test]
fn the_same_job_again_is_the_same_entries() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path());
    let first = queue(&mut store, &append("SN1"));
    assert_eq!(queue(&mut store, &append("SN1")), first);
    drop(store);
    let mut store = open(dir.path());
    assert_eq!(queue(&mut store, &append("SN1")), first, "also after a restart");
    assert_eq!(store.describe(NOW).unwrap().ready, 1);
}

#[test]
fn the_same_content_under_another_name_is_skipped_or_sent_as_the_setting_says() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path());
    queue(&mut store, &append("SN1"));
    let mut copy = append("SN1");
    copy.job.id = JobId(77);
    copy.job.path = b"/srv/ict/copy-of-SN1".to_vec();
    let known = Appended::Duplicate {
        at: NOW,
        path: b"/srv/ict/SN1".to_vec(),
    };
    assert_eq!(store.append(&copy, NOW).unwrap(), known);
    drop(store);
    let send = QueueSettings {
        duplicates: Duplicates::Send,
        ..settings(dir.path())
    };
    let mut store = Store::open(&send).unwrap();
    assert_eq!(queue(&mut store, &copy), [EntryId(2)]);
}

#[test]
fn a_dropped_report_may_come_again() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path());
    let entries = queue(&mut store, &append("SN1"));
    assert_eq!(store.drop_entries(&Selection::Entries(entries), NOW).unwrap(), 1);
    let traced = store.trace(&TraceBy::Serial("SN1".to_owned()), 10).unwrap();
    assert_eq!(
        traced[0].reports[0].receipt.clone().unwrap().outcome,
        Outcome::Dropped
    );
    assert_eq!(queue(&mut store, &append("SN1")), [EntryId(2)]);
}

#[test]
fn a_full_queue_takes_nothing_and_changes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let small = QueueSettings {
        max_size: 2,
        ..settings(dir.path())
    };
    let mut store = Store::open(&small).unwrap();
    queue(&mut store, &append("SN1"));
    let mut large = append("SN2");
    large.reports.push(report("SN3", b"{}"));
    let full = store.append(&large, NOW);
    assert!(
        matches!(full, Err(AppendError::Full(FullReason::MaxSize(2)))),
        "{full:?}"
    );
    queue(&mut store, &append("SN4"));
    assert!(store.append(&append("SN5"), NOW).is_err());
    assert_eq!(store.describe(NOW).unwrap().ready, 2);
    assert!(store.describe(NOW).unwrap().full);
}

#[test]
fn a_job_larger_than_the_queue_goes_into_an_empty_one() {
    let dir = tempfile::tempdir().unwrap();
    let small = QueueSettings {
        max_size: 2,
        ..settings(dir.path())
    };
    let mut store = Store::open(&small).unwrap();
    let mut large = append("SN1");
    large.reports = (0..5).map(|n| report(&format!("SN{n}"), b"{}")).collect();
    assert_eq!(queue(&mut store, &large).len(), 5);
}

#[test]
fn a_full_queue_may_give_up_the_oldest_of_the_least_urgent() {
    let dir = tempfile::tempdir().unwrap();
    let evicting = QueueSettings {
        max_size: 3,
        when_full: WhenFull::EvictOldestUploadedLast,
        ..settings(dir.path())
    };
    let mut store = Store::open(&evicting).unwrap();
    for (name, priority) in [("A", 2), ("B", 9), ("C", 9)] {
        let mut one = append(name);
        one.priority = Priority::try_from(priority).unwrap();
        queue(&mut store, &one);
    }
    queue(&mut store, &append("D"));
    assert_eq!(
        lease(&mut store, NOW),
        [EntryId(1), EntryId(4), EntryId(3)],
        "B gave way"
    );
    let receipt = store.trace(&TraceBy::File(b"B".to_vec()), 1).unwrap()[0].reports[0]
        .receipt
        .clone();
    assert_eq!(receipt.unwrap().outcome, Outcome::Evicted);
    let refused = store.append(&append("E"), NOW);
    assert!(refused.is_err(), "what is on its way does not give way");
}

#[test]
fn the_most_urgent_goes_first_then_the_oldest_also_after_a_delay() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path());
    for (name, priority) in [("A", 5), ("B", 1), ("C", 5), ("D", 5)] {
        let mut one = append(name);
        one.priority = Priority::try_from(priority).unwrap();
        queue(&mut store, &one);
    }
    assert_eq!(lease(&mut store, NOW), [2, 1, 3, 4].map(EntryId));
    for entry in [1, 2, 4] {
        store
            .settle(
                &Settle {
                    entry: EntryId(entry),
                    verdict: Verdict::Returned,
                },
                NOW,
            )
            .unwrap();
    }
    let retry = Verdict::Retry {
        not_before: NOW.plus(MINUTE),
        cause: failed(NOW),
    };
    store
        .settle(
            &Settle {
                entry: EntryId(3),
                verdict: retry,
            },
            NOW,
        )
        .unwrap();
    let leased = store.take_leases(2, NOW).unwrap();
    assert_eq!(leased.next_due, Some(NOW.plus(MINUTE)));
    for lease in &leased.leases {
        store
            .settle(
                &Settle {
                    entry: lease.entry.id,
                    verdict: Verdict::Returned,
                },
                NOW,
            )
            .unwrap();
    }
    let later = NOW.plus(MINUTE);
    assert_eq!(
        lease(&mut store, later),
        [2, 1, 3, 4].map(EntryId),
        "a delay that ended costs no place"
    );
}

#[test]
fn a_delay_written_by_a_clock_that_was_ahead_ends_within_the_longest_delay() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path());
    let [entry] = queue(&mut store, &append("SN1"))[..] else {
        panic!()
    };
    lease(&mut store, NOW);
    let year = Duration::from_secs(365 * 24 * 3600);
    let ahead = NOW.plus(year);
    let verdict = Verdict::Retry {
        not_before: ahead.plus(year),
        cause: failed(ahead),
    };
    store.settle(&Settle { entry, verdict }, ahead).unwrap();
    assert_eq!(lease(&mut store, ahead), []);
    assert_eq!(lease(&mut store, NOW), [entry], "the clock is right again");
}

#[test]
fn a_delay_lasts_as_long_as_the_setting_allows_and_an_hour_where_it_allows_less() {
    let hour = Duration::from_secs(3600);
    for (backoff_max, lasts) in [(hour / 4, hour), (hour * 24, hour * 10)] {
        let dir = tempfile::tempdir().unwrap();
        let settings = QueueSettings {
            backoff_max,
            ..settings(dir.path())
        };
        let mut store = Store::open(&settings).unwrap();
        let [entry] = queue(&mut store, &append("SN1"))[..] else {
            panic!()
        };
        lease(&mut store, NOW);
        let verdict = Verdict::Retry {
            not_before: NOW.plus(hour * 10),
            cause: failed(NOW),
        };
        store.settle(&Settle { entry, verdict }, NOW).unwrap();
        let end = NOW.plus(lasts);
        assert_eq!(lease(&mut store, UnixMs(end.0 - 1)), []);
        assert_eq!(lease(&mut store, end), [entry]);
    }
}

#[test]
fn a_steady_stream_of_urgent_reports_does_not_hold_back_a_neglected_one() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path());
    let mut patient = append("patient");
    patient.priority = Priority::try_from(10).unwrap();
    let [patient] = queue(&mut store, &patient)[..] else {
        panic!()
    };
    let later = NOW.plus(MINUTE * 61);
    for turn in 0..20 {
        let mut urgent = append(&format!("urgent-{turn}"));
        urgent.priority = Priority::try_from(1).unwrap();
        store.append(&urgent, later).unwrap();
        let leased = store.take_leases(1, later).unwrap();
        if leased.leases[0].entry.id == patient {
            return;
        }
        store
            .settle(&delivered(leased.leases[0].entry.id), later)
            .unwrap();
    }
    panic!("the patient one starved");
}

#[test]
fn behind_an_old_backlog_a_fresh_report_goes_soon_and_before_that_all_go_in_order() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path());
    for number in 0..50 {
        queue(&mut store, &append(&format!("backlog-{number}")));
    }
    let place_of_a_fresh_one = |store: &mut Store, name: &str, now: UnixMs| {
        let Ok(Appended::Queued(fresh)) = store.append(&append(name), now) else {
            panic!("not queued")
        };
        let place = (0..60_u64).find(|_| {
            let leased = store.take_leases(1, now).unwrap().leases;
            let entry = leased[0].entry.id;
            store.settle(&delivered(entry), now).unwrap();
            entry == fresh[0]
        });
        place.unwrap()
    };
    let later = NOW.plus(MINUTE * 61);
    assert!(place_of_a_fresh_one(&mut store, "fresh", later) < 8);
    assert!(place_of_a_fresh_one(&mut store, "fresher", later) < 8);
    let left = store.waiting().unwrap();
    assert!(left > 30);
    let soon = NOW.plus(MINUTE * 59);
    assert_eq!(place_of_a_fresh_one(&mut store, "early", soon), left);
}

#[test]
fn a_refused_report_waits_for_an_operator_with_the_servers_words() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path());
    let [entry] = queue(&mut store, &append("SN1"))[..] else {
        panic!()
    };
    lease(&mut store, NOW);
    store.settle(&refused(entry), NOW).unwrap();
    assert_eq!(lease(&mut store, NOW), []);
    let dead = store.list(Some(EntryState::Dead), 10).unwrap();
    assert_eq!(
        (dead[0].id, dead[0].attempts, dead[0].last.clone()),
        (entry, 1, Some(failed(NOW)))
    );
    assert_eq!(store.retry(&Selection::Dead).unwrap(), 1);
    assert_eq!(lease(&mut store, NOW), [entry]);
    let one = Selection::Entries(vec![entry]);
    assert!(matches!(store.retry(&one), Err(StoreError::OnItsWay(_))));
}

#[test]
fn a_verdict_told_twice_counts_once() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path());
    let [entry] = queue(&mut store, &append("SN1"))[..] else {
        panic!()
    };
    lease(&mut store, NOW);
    store.settle(&delivered(entry), NOW).unwrap();
    store.settle(&delivered(entry), NOW).unwrap();
    assert_eq!(store.describe(NOW).unwrap().done_total, 1);
    assert!(matches!(
        store.settle(&delivered(EntryId(9)), NOW),
        Err(StoreError::NoEntry(_))
    ));
}

#[test]
fn a_large_document_lies_in_the_spool_until_it_is_settled() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path());
    let mut large = append("SN1");
    large.reports = vec![report("SN1", &large_document())];
    let [entry] = queue(&mut store, &large)[..] else {
        panic!()
    };
    let files = || std::fs::read_dir(dir.path().join("spool")).unwrap().count();
    assert_eq!(files(), 1);
    drop(store);
    let mut store = open(dir.path());
    let leased = store.take_leases(1, NOW).unwrap();
    assert_eq!(leased.leases[0].document, large_document());
    store.settle(&delivered(entry), NOW).unwrap();
    assert_eq!(files(), 0);
}

/// An exported entry as another store takes it.
fn as_imported(Lease { entry, document, .. }: Lease) -> ImportedReport {
    ImportedReport {
        report: NewReport {
            report_id: entry.report_id,
            serial: entry.serial,
            part_number: entry.part_number,
            document,
        },
        converter: entry.converter,
        priority: entry.priority,
        queued: entry.queued,
        dead: entry.state == EntryState::Dead,
        failures: entry.last.into_iter().collect(),
    }
}

#[test]
fn an_export_goes_into_another_store_once() {
    let (here, there) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (mut from, mut to) = (open(here.path()), open(there.path()));
    for name in ["A", "B", "C"] {
        queue(&mut from, &append(name));
    }
    lease(&mut from, NOW);
    from.settle(&refused(EntryId(2)), NOW).unwrap();
    let first = from.export(None, 2).unwrap();
    let second = from.export(first.next, 2).unwrap();
    assert_eq!(second.next, None);
    let reports: Vec<_> = first
        .entries
        .into_iter()
        .chain(second.entries)
        .map(as_imported)
        .collect();
    assert_eq!(reports.len(), 3);
    let import = ImportEntries { reports };
    let imported = to.import(&import, NOW).unwrap();
    assert_eq!((imported.queued, imported.known), (3, 0));
    let imported = to.import(&import, NOW).unwrap();
    assert_eq!((imported.queued, imported.known), (0, 3));
    let status = to.describe(NOW).unwrap();
    assert_eq!((status.ready, status.dead), (2, 1));
    assert_eq!(
        to.list(Some(EntryState::Dead), 1).unwrap()[0].last,
        Some(failed(NOW))
    );
}

#[test]
fn a_file_is_found_by_its_name_or_its_whole_path() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path());
    queue(&mut store, &append("SN1"));
    let mut failed = job("SN1-bad");
    failed.end = JobEnd::Rejected;
    failed.reason = "line 3: expected a number".to_owned();
    store.record_job(&failed).unwrap();
    let by = |name: &[u8]| store.trace(&TraceBy::File(name.to_vec()), 10).unwrap();
    assert_eq!(by(b"SN1").len(), 1);
    assert_eq!(by(b"/srv/ict/SN1").len(), 1);
    assert_eq!(by(b"/elsewhere/SN1").len(), 0);
    assert_eq!(by(b"SN1-bad")[0].job, Some(failed));
    let id = report("SN1", b"").report_id;
    assert_eq!(store.trace(&TraceBy::Report(id), 10).unwrap().len(), 1);
    assert_eq!(store.jobs(0, 1).unwrap().next, Some(1));
    assert_eq!(store.jobs(1, 1).unwrap().jobs.len(), 1);
}

#[test]
fn receipts_and_jobs_are_forgotten_after_their_time_and_not_before() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path());
    queue(&mut store, &append("old"));
    queue(&mut store, &append("waiting"));
    lease(&mut store, NOW);
    store.settle(&delivered(EntryId(1)), NOW).unwrap();
    let running = Instant::now();
    store.keep_retention(NOW, running).unwrap();
    let mut now = NOW;
    let day = Duration::from_secs(24 * 3600);
    for _ in 0..30 {
        now = now.plus(day.saturating_sub(MINUTE));
        store.keep_retention(now, running).unwrap();
    }
    assert_eq!(
        store.jobs(0, 10).unwrap().jobs.len(),
        2,
        "30 days less half an hour"
    );
    store.keep_retention(now.plus(MINUTE * 31), running).unwrap();
    let left = store.jobs(0, 10).unwrap().jobs;
    assert_eq!(left, [job("waiting")], "a job is kept while its report waits");
    assert_eq!(store.trace(&TraceBy::Serial("old".to_owned()), 1).unwrap(), []);
}

#[test]
fn a_job_is_forgotten_although_more_than_a_pass_of_older_ones_wait() {
    let dir = tempfile::tempdir().unwrap();
    let settings = QueueSettings {
        max_size: 0,
        ..settings(dir.path())
    };
    let mut store = Store::open(&settings).unwrap();
    for number in 0..PASS {
        queue(&mut store, &append(&format!("SN{number}")));
    }
    let last = queue(&mut store, &append("last"));
    lease(&mut store, NOW);
    store.settle(&delivered(last[0]), NOW).unwrap();
    let running = Instant::now();
    let mut now = NOW;
    for _ in 0..62 {
        now = now.plus(MINUTE * 60 * 12);
        store.keep_retention(now, running).unwrap();
    }
    assert_eq!(store.trace(&TraceBy::Serial("last".to_owned()), 1).unwrap(), []);
    assert_eq!(store.jobs(PASS as u64, 1).unwrap().jobs, []);
    assert_ne!(
        store.jobs(PASS as u64 - 1, 1).unwrap().jobs,
        [],
        "its report waits"
    );
}

#[test]
fn a_clock_that_jumps_ahead_makes_nothing_forgotten() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path());
    queue(&mut store, &append("SN1"));
    lease(&mut store, NOW);
    store.settle(&delivered(EntryId(1)), NOW).unwrap();
    let running = Instant::now();
    store.keep_retention(NOW, running).unwrap();
    let decade = NOW.plus(Duration::from_secs(10 * 365 * 24 * 3600));
    for hour in 0..3 {
        store
            .keep_retention(decade, running + MINUTE * 60 * hour)
            .unwrap();
    }
    store.keep_retention(NOW, running + MINUTE * 200).unwrap();
    assert_eq!(store.jobs(0, 10).unwrap().jobs.len(), 1);
    for hour in 4..9 {
        store
            .keep_retention(decade, running + MINUTE * 60 * hour)
            .unwrap();
    }
    assert_eq!(
        store.jobs(0, 10).unwrap().jobs.len(),
        0,
        "a clock that stays there is believed"
    );
}

#[test]
fn the_uploaders_state_survives_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path());
    assert_eq!(store.server_state().unwrap(), None);
    store.keep_server_state(&[1, 2, 3]).unwrap();
    drop(store);
    assert_eq!(open(dir.path()).server_state().unwrap(), Some(vec![1, 2, 3]));
}
