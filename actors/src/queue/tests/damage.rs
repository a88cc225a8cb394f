//! Stores that a crash, a bad disk, another version or another machine left behind.

use std::fs;
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::*;
use crate::messages::queue::{ExportedPage, Selection, StoreError, Verdict};
use crate::model::EntryState;
use crate::queue::OpenError;

/// Bytes of a page, or a part of one on machines with larger ones.
const PAGE: usize = 4096;

/// A report of another size each time.
fn queue_small(store: &mut Store, number: u32) {
    let mut one = append(&format!("SN{number}"));
    one.reports[0].document = large_document()[..usize::try_from(number * 37 % 9000).unwrap()].to_vec();
    queue(store, &one);
}

fn data(dir: &Path) -> PathBuf {
    dir.join("store/data.mdb")
}

fn moved_aside(dir: &Path) -> usize {
    let names = fs::read_dir(dir).unwrap().map(|item| item.unwrap().file_name());
    names
        .filter(|name| name.to_string_lossy().starts_with("damaged-"))
        .count()
}

/// Makes a closed store look like one whose holder was killed.
fn killed(dir: &Path) {
    fs::rename(dir.join("store/closed"), dir.join("store/was-closed")).unwrap();
}

/// A store with a small and a large report.
fn filled(dir: &Path) {
    let mut store = open(dir);
    queue(&mut store, &append("small"));
    let mut large = append("large");
    large.reports = vec![report("large", &large_document())];
    queue(&mut store, &large);
}

#[test]
fn a_second_process_is_told_who_has_the_store() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let second = Store::open(&settings(dir.path()));
    let own = std::process::id();
    assert!(
        matches!(second, Err(OpenError::Busy { pid: Some(pid), .. }) if pid == own),
        "{second:?}"
    );
    drop(store);
    open(dir.path());
}

#[test]
fn a_store_that_is_garbage_is_moved_aside_and_the_spool_is_saved() {
    let dir = tempfile::tempdir().unwrap();
    filled(dir.path());
    fs::write(data(dir.path()), vec![0xa5; 64 * 1024]).unwrap();
    let store = open(dir.path());
    assert_eq!(moved_aside(dir.path()), 1);
    let saved = store.show(EntryId(2)).unwrap();
    assert_eq!(
        (saved.entry.serial.as_str(), saved.entry.state),
        ("large", EntryState::Ready)
    );
    assert_eq!(saved.document, large_document());
    assert_eq!(store.describe(NOW).unwrap().ready, 1);
}

#[test]
fn a_store_that_is_cut_short_is_moved_aside() {
    let dir = tempfile::tempdir().unwrap();
    filled(dir.path());
    let file = fs::File::options().write(true).open(data(dir.path())).unwrap();
    file.set_len(file.metadata().unwrap().len() / 2).unwrap();
    drop(file);
    killed(dir.path());
    assert_eq!(open(dir.path()).describe(NOW).unwrap().ready, 1);
    assert_eq!(moved_aside(dir.path()), 1);
}

#[test]
fn a_page_that_is_garbled_is_found_before_it_is_used() {
    let dir = tempfile::tempdir().unwrap();
    let roomy = QueueSettings {
        max_size: 0,
        ..settings(dir.path())
    };
    let mut store = Store::open(&roomy).unwrap();
    for number in 0..300 {
        queue_small(&mut store, number);
    }
    drop(store);
    let sound = fs::read(data(dir.path())).unwrap();
    let pages = sound.len() / PAGE;
    let mut found = 0;
    for page in 2..pages {
        let mut garbled = sound.clone();
        garbled[page * PAGE..][..PAGE].reverse();
        fs::write(data(dir.path()), &garbled).unwrap();
        found += usize::from(crate::queue::check::check(&data(dir.path())).is_err());
    }
    // Free pages may hold anything.
    assert!(found > pages / 4, "{found} of {pages}");
    fs::write(data(dir.path()), &sound).unwrap();
    crate::queue::check::check(&data(dir.path())).unwrap();
    let mut store = open(dir.path());
    assert_eq!(lease(&mut store, NOW).len(), 300);
}

#[test]
fn an_empty_file_as_after_a_power_cut_at_the_first_start_is_a_new_store() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir_all(dir.path().join("store")).unwrap();
    fs::write(data(dir.path()), b"").unwrap();
    assert_eq!(open(dir.path()).describe(NOW).unwrap().ready, 0);
    assert_eq!(moved_aside(dir.path()), 0);
}

#[test]
fn a_store_of_the_other_word_size_is_refused_by_name() {
    let dir = tempfile::tempdir().unwrap();
    filled(dir.path());
    let mut head = fs::read(data(dir.path())).unwrap();
    let (from, to) = if cfg!(target_pointer_width = "64") {
        (16, 12)
    } else {
        (12, 16)
    };
    head.copy_within(from..from + 4, to);
    head[from..from + 4].fill(0);
    fs::write(data(dir.path()), &head).unwrap();
    let opened = Store::open(&settings(dir.path()));
    assert!(
        matches!(opened, Err(OpenError::OtherArchitecture { .. })),
        "{opened:?}"
    );
    assert!(opened.unwrap_err().remedy().contains("queue export"));
    assert_eq!(moved_aside(dir.path()), 0);
}

#[test]
fn a_store_of_a_newer_version_is_refused_and_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path());
    let meta = store.base.tables.meta;
    store.write(|change| change.put(meta, b"schema", &[9])).unwrap();
    drop(store);
    let opened = Store::open(&settings(dir.path()));
    assert!(
        matches!(opened, Err(OpenError::Newer { found: 9, known: 1 })),
        "{opened:?}"
    );
    assert_eq!(moved_aside(dir.path()), 0);
}

#[test]
fn a_record_of_a_newer_version_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path());
    let tables = store.base.tables;
    let entry = crate::queue::record::tests::with_version(&crate::queue::record::Attempts::default(), 2);
    queue(&mut store, &append("SN1"));
    store
        .write(|change| change.put(tables.attempts, &1_u64.to_be_bytes(), &entry))
        .unwrap();
    let leased = store.take_leases(1, NOW);
    assert!(
        matches!(leased, Err(StoreError::Newer { found: 2, known: 1 })),
        "{leased:?}"
    );
}

#[test]
fn a_damaged_record_is_set_aside_and_holds_nobody_up() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path());
    for name in ["A", "B", "C"] {
        queue(&mut store, &append(name));
    }
    let tables = store.base.tables;
    store
        .write(|change| change.put(tables.reports, &2_u64.to_be_bytes(), b"no record at all"))
        .unwrap();
    assert_eq!(lease(&mut store, NOW), [1, 3].map(EntryId));
    let status = store.describe(NOW).unwrap();
    assert_eq!((status.ready, status.leased, status.dead), (0, 2, 0));
    let txn = store.base.read().unwrap();
    assert_eq!(tables.damaged.len(&txn).unwrap(), 1, "its bytes are kept");
    drop(txn);
    drop(store);
    assert_eq!(lease(&mut open(dir.path()), NOW), [1, 3].map(EntryId));
    assert_eq!(moved_aside(dir.path()), 0);
}

#[test]
fn a_report_whose_history_is_damaged_is_sent_at_its_time_and_settled() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path());
    let entry = queue(&mut store, &append("A"))[0];
    let later = NOW.plus(Duration::from_secs(60));
    assert_eq!(lease(&mut store, NOW), [entry]);
    let verdict = Verdict::Retry {
        not_before: later,
        cause: failed(NOW),
    };
    store.settle(&Settle { entry, verdict }, NOW).unwrap();
    let tables = store.base.tables;
    store
        .write(|change| change.put(tables.attempts, &1_u64.to_be_bytes(), b"no record at all"))
        .unwrap();
    assert_eq!(lease(&mut store, NOW), [], "it waits for its time");
    assert_eq!(lease(&mut store, later), [entry]);
    store.settle(&delivered(entry), later).unwrap();
    let status = store.describe(later).unwrap();
    assert_eq!((status.ready, status.damaged, status.done_total), (0, 0, 1));
}

/// Writes nonsense in place of a report's record.
fn spoil(store: &mut Store, seq: u64) {
    let reports = store.base.tables.reports;
    store
        .write(|change| change.put(reports, &seq.to_be_bytes(), b"no record at all"))
        .unwrap();
}

#[test]
fn a_record_that_the_spool_has_too_is_restored() {
    let dir = tempfile::tempdir().unwrap();
    filled(dir.path());
    let mut store = open(dir.path());
    spoil(&mut store, 2);
    let leased = store.take_leases(10, NOW).unwrap().leases;
    let serials = leased.iter().map(|lease| lease.entry.serial.as_str());
    assert_eq!(serials.collect::<Vec<_>>(), ["small", "large"]);
    assert_eq!(leased[1].document, large_document());
    spoil(&mut store, 2);
    store.settle(&delivered(EntryId(2)), NOW).unwrap();
    let status = store.describe(NOW).unwrap();
    assert_eq!((status.leased, status.damaged, status.done_total), (1, 0, 1));
}

#[test]
fn what_is_kept_of_a_damaged_report_outlives_restarts_until_it_is_dropped() {
    let dir = tempfile::tempdir().unwrap();
    filled(dir.path());
    let file = dir.path().join("spool/00000000000000000002.report");
    fs::write(&file, "nonsense too").unwrap();
    let mut store = open(dir.path());
    spoil(&mut store, 2);
    assert_eq!(lease(&mut store, NOW), [EntryId(1)]);
    drop(store);
    let mut store = open(dir.path());
    assert!(file.exists());
    assert_eq!(store.describe(NOW).unwrap().damaged, 1);
    let mut large = append("large");
    large.reports = vec![report("large", &large_document())];
    assert_eq!(
        queue(&mut store, &large),
        [EntryId(3)],
        "its source may come again"
    );
    assert_eq!(
        store
            .drop_entries(&Selection::Entries(vec![EntryId(2)]), NOW)
            .unwrap(),
        1
    );
    assert!(!file.exists());
    assert_eq!(store.describe(NOW).unwrap().damaged, 0);
}

#[test]
fn a_damaged_report_that_was_dropped_may_come_again_and_is_no_delivered_one() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path());
    assert_eq!(queue(&mut store, &append("A")), [EntryId(1)]);
    spoil(&mut store, 1);
    assert_eq!(lease(&mut store, NOW), []);
    let status = store.describe(NOW).unwrap();
    assert_eq!(
        (status.damaged, &status.damaged_entries[..]),
        (1, &[EntryId(1)][..])
    );
    let named = Selection::Entries(vec![EntryId(1)]);
    assert_eq!(store.retry(&named).unwrap(), 0);
    assert_eq!(store.drop_entries(&named, NOW).unwrap(), 1);
    assert_eq!(queue(&mut store, &append("A")), [EntryId(2)]);
}

#[test]
fn a_damaged_report_that_the_server_took_is_delivered() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path());
    let entry = queue(&mut store, &append("A"))[0];
    assert_eq!(lease(&mut store, NOW), [entry]);
    spoil(&mut store, 1);
    store.settle(&delivered(entry), NOW).unwrap();
    let status = store.describe(NOW).unwrap();
    assert_eq!((status.damaged, status.done_total, status.leased), (0, 1, 0));
}

#[test]
fn a_spool_file_of_another_report_restores_nothing() {
    let dir = tempfile::tempdir().unwrap();
    filled(dir.path());
    let mut store = open(dir.path());
    let other = dir.path().join("spool/00000000000000000001.report");
    fs::copy(dir.path().join("spool/00000000000000000002.report"), other).unwrap();
    spoil(&mut store, 1);
    assert_eq!(lease(&mut store, NOW), [EntryId(2)]);
    assert_eq!(store.describe(NOW).unwrap().damaged, 1);
}

#[test]
fn an_order_for_all_and_an_export_pass_over_what_is_damaged() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path());
    for name in ["A", "B", "C", "D"] {
        queue(&mut store, &append(name));
    }
    spoil(&mut store, 2);
    spoil(&mut store, 4);
    let exported = [store.export(None, 2), store.export(Some(EntryId(3)), 2)].map(Result::unwrap);
    let numbers = |page: &ExportedPage| {
        page.entries
            .iter()
            .map(|lease| lease.entry.id.0)
            .collect::<Vec<_>>()
    };
    assert_eq!(exported.each_ref().map(numbers), [vec![1, 3], vec![]]);
    assert_eq!(exported[0].next, Some(EntryId(3)));
    assert_eq!(exported[0].damaged, [EntryId(2)]);
    assert_eq!(
        (exported[1].next, &exported[1].damaged[..]),
        (None, &[EntryId(4)][..])
    );
    assert_eq!(store.drop_entries(&Selection::All, NOW).unwrap(), 2);
    let status = store.describe(NOW).unwrap();
    assert_eq!((status.ready, status.damaged), (0, 2));
}

#[test]
fn a_store_without_its_counters_is_damaged() {
    let dir = tempfile::tempdir().unwrap();
    filled(dir.path());
    let store = open(dir.path());
    let mut txn = store.base.begin().unwrap();
    store.base.tables.meta.delete(&mut txn, b"counters").unwrap();
    txn.commit().unwrap();
    drop(store);
    assert_eq!(open(dir.path()).describe(NOW).unwrap().ready, 1, "from the spool");
    assert_eq!(moved_aside(dir.path()), 1);
}

#[test]
fn a_report_whose_document_is_lost_goes_to_the_dead_letters() {
    let dir = tempfile::tempdir().unwrap();
    filled(dir.path());
    let file = dir.path().join("spool/00000000000000000002.report");
    let mut bytes = fs::File::options().write(true).open(&file).unwrap();
    bytes.seek(SeekFrom::Start(100_000)).unwrap();
    bytes.write_all(b"garbage").unwrap();
    let mut store = open(dir.path());
    assert_eq!(lease(&mut store, NOW), [EntryId(1)]);
    let dead = store.list(Some(EntryState::Dead), 10).unwrap();
    assert!(
        dead[0].last.clone().unwrap().words.contains("damaged"),
        "{dead:?}"
    );
}

#[test]
fn spool_files_that_no_record_names_go_at_the_start() {
    let dir = tempfile::tempdir().unwrap();
    filled(dir.path());
    let file = |seq: u64| dir.path().join(format!("spool/{seq:020}.report"));
    fs::copy(file(2), file(3)).unwrap();
    fs::copy(file(2), file(1)).unwrap();
    let store = open(dir.path());
    assert!(!file(3).exists(), "its commit never came");
    assert!(!file(1).exists(), "the record has its document inside");
    assert_eq!(store.show(EntryId(2)).unwrap().document, large_document());
}

#[test]
fn a_failed_append_leaves_no_spool_file() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path());
    let mut large = append("large");
    large.reports = vec![report("large", &large_document())];
    let failed: Result<(), StoreError> = store.write(|change| {
        change.append(&large, NOW)?.unwrap();
        Err(StoreError::Closed)
    });
    failed.unwrap_err();
    assert_eq!(fs::read_dir(dir.path().join("spool")).unwrap().count(), 0);
    assert_eq!(queue(&mut store, &large), [EntryId(1)]);
}

#[test]
fn what_is_in_a_full_map_can_still_be_sent() {
    let dir = tempfile::tempdir().unwrap();
    let small = QueueSettings {
        map_bytes: 2 * 1024 * 1024,
        max_size: 0,
        ..settings(dir.path())
    };
    let mut store = Store::open(&small).unwrap();
    let document = &large_document()[..20_000];
    let mut entries = Vec::new();
    for number in 0..1000 {
        let mut one = append(&format!("SN{number}"));
        one.reports[0].document = document.to_vec();
        match store.append(&one, NOW) {
            Ok(Appended::Queued(new)) => entries.extend(new),
            other => {
                assert!(other.is_err());
                break;
            }
        }
    }
    assert!(entries.len() > 10);
    let status = store.describe(NOW).unwrap();
    assert!(
        status.full && status.full_reason.contains("map_size_mib"),
        "{status:?}"
    );
    // Fill what is left for sending, as a long list of failures would.
    let filler = vec![0; 4000];
    let meta = store.base.tables.meta;
    for number in 0..1000_u32 {
        let key = number.to_be_bytes();
        if store.write(|change| change.put(meta, &key, &filler)).is_err() {
            break;
        }
    }
    assert_eq!(lease(&mut store, NOW).len(), entries.len());
    for entry in entries {
        store.settle(&delivered(entry), NOW).unwrap();
    }
    assert_eq!(store.describe(NOW).unwrap().ready, 0);
}

#[test]
fn a_large_map_that_is_mostly_free_is_compacted_at_the_start() {
    let dir = tempfile::tempdir().unwrap();
    let roomy = QueueSettings {
        max_size: 0,
        ..settings(dir.path())
    };
    let mut store = Store::open(&roomy).unwrap();
    let document = &large_document()[..40_000];
    let mut large = append("many");
    large.reports = (0..600)
        .map(|number| report(&format!("SN{number}"), document))
        .collect();
    let entries = queue(&mut store, &large);
    let dropped = Selection::Entries(entries[1..].to_vec());
    store.drop_entries(&dropped, NOW).unwrap();
    drop(store);
    let size = || fs::metadata(data(dir.path())).unwrap().len();
    let before = size();
    assert!(before > 16 * 1024 * 1024);
    let mut store = Store::open(&roomy).unwrap();
    assert!(size() < before / 10, "{} of {before}", size());
    assert_eq!(lease(&mut store, NOW), [entries[0]]);
    assert!(!dir.path().join("store/compact.mdb").exists());
}

#[test]
fn a_disk_below_its_floor_admits_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let greedy = QueueSettings {
        min_free_disk_bytes: u64::MAX / 200,
        ..settings(dir.path())
    };
    let mut store = Store::open(&greedy).unwrap();
    let full = store.append(&append("SN1"), NOW).unwrap_err();
    assert!(full.to_string().contains("min_free_disk_mib"), "{full}");
}

/// What a full disk does cannot be made up: `TMPDIR=/a/tmpfs/of/4/MiB cargo test -- --ignored fills_its_disk`.
#[test]
#[ignore = "fills its disk"]
fn a_disk_that_is_full_loses_nothing_and_works_again_when_there_is_room_fills_its_disk() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path());
    let mut queued = Vec::new();
    let refused = (0..1000).find_map(|number| {
        let mut one = append(&format!("SN{number}"));
        // Every other one goes to the spool.
        one.reports[0].document = large_document()[..if number % 2 == 0 { 20_000 } else { 200_000 }].to_vec();
        match store.append(&one, NOW) {
            Ok(Appended::Queued(new)) => {
                queued.extend(new);
                None
            }
            Ok(other) => panic!("{other:?}"),
            Err(error) => Some((one, error)),
        }
    });
    let (one, error) = refused.unwrap();
    assert!(error.to_string().contains("disk is full"), "{error}");
    // The rest of the disk, to the last byte.
    let ballast = dir.path().join("ballast");
    let mut file = fs::File::create(&ballast).unwrap();
    while file.write_all(&[0; 512]).is_ok() {}
    drop(file);
    assert_eq!(lease(&mut store, NOW), queued, "sending goes on");
    // Done or not, as LMDB has free pages or not; told again, it counts once.
    drop(store.settle(&delivered(queued[0]), NOW));
    fs::write(&ballast, "").unwrap();
    store.settle(&delivered(queued[0]), NOW).unwrap();
    store.settle(&delivered(queued[1]), NOW).unwrap();
    queue(&mut store, &one);
    drop(store);
    assert_eq!(
        open(dir.path()).describe(NOW).unwrap().ready,
        queued.len() as u64 - 1
    );
}

#[test]
fn a_folder_that_cannot_be_made_says_which_and_why() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    fs::write(&file, "in the way").unwrap();
    let error = Store::open(&settings(&file.join("state"))).unwrap_err();
    assert!(error.to_string().contains("make folder"), "{error}");
    assert!(!error.is_settings());
}
