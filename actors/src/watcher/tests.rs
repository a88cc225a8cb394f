//! The role on real folders: what is dropped is offered, once, and nothing else.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::time::Duration;

use actix::{Actor, Addr};
use rustix::fs::{CWD, Mode, RenameFlags, mkfifoat, renameat_with};
use tempfile::TempDir;

use super::window::WINDOW;
use super::{FolderSettings, Patterns, Unit, WatchMode, Watcher};
use crate::messages::converter::{ConverterIndex, FolderCame, Offer};
use crate::messages::lifecycle::{Drain, Drained, Health, Pause, Pulse, Resume};
use crate::messages::watcher::{Credit, DescribeFolders, JobEnded, Left, Rescan, SetEnabled};
use crate::model::Priority;
use crate::recorder::{Received, Recorder};

/// A source that was set aside to be removed.
const LEFT_OVER: &str = ".stationd-0123456789abcdef.taken";
/// The cap on every wait.
const PATIENCE: Duration = Duration::from_secs(60);

fn settings(dir: &Path) -> FolderSettings {
    FolderSettings {
        converter: "ict".to_owned(),
        enabled: true,
        priority: Priority::default(),
        drop_dir: dir.to_owned(),
        patterns: Patterns::new(["*.log"]).unwrap(),
        ignore: Patterns::new(["*.tmp.log"]).unwrap(),
        unit: Unit::File,
        recursive: false,
        excluded: vec![dir.join("done"), dir.join("error")],
        watch: WatchMode::Inotify,
        settle: Duration::from_millis(20),
        poll: Duration::from_millis(100),
        rescan: Duration::from_secs(300),
    }
}

struct Station {
    watcher: Addr<Watcher>,
    offers: Received<Offer>,
    came: Received<FolderCame>,
}

impl Station {
    fn new(folders: Vec<FolderSettings>) -> Self {
        let (recipient, offers) = Recorder::<Offer>::silent();
        let (told, came) = Recorder::<FolderCame>::silent();
        Self {
            watcher: Watcher::new(folders, recipient, told).start(),
            offers,
            came,
        }
    }

    /// One whose first folder has been scanned, and so is watched, with so many credits.
    async fn watching(folders: Vec<FolderSettings>, credits: usize) -> Self {
        let first = folders[0].drop_dir.join("first.log");
        fs::write(&first, "x").unwrap();
        let mut station = Self::new(folders);
        station.credit(1).await;
        assert_eq!(station.next().await, first);
        fs::rename(&first, first.with_extension("gone")).unwrap();
        station.ended(&first, Left::Gone).await;
        station.credit(credits).await;
        station
    }

    async fn credit(&self, jobs: usize) {
        self.watcher.send(Credit { jobs }).await.unwrap();
    }

    async fn ended(&self, path: &Path, left: Left) {
        let job = JobEnded {
            converter: ConverterIndex(0),
            path: path.to_owned(),
            left,
        };
        self.watcher.send(job).await.unwrap();
    }

    async fn next(&mut self) -> PathBuf {
        self.offers.next().await.file.path
    }

    async fn problem(&self) -> String {
        self.watcher
            .send(DescribeFolders)
            .await
            .unwrap()
            .remove(0)
            .problem
    }

    /// Waits until the first folder has a problem, or none.
    async fn until_problem(&self, wanted: bool) {
        let look = async {
            while self.problem().await.is_empty() == wanted {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(PATIENCE, look).await.unwrap();
    }
}

#[actix::test]
async fn a_file_that_lay_there_before_the_start_is_offered() {
    let dir = TempDir::new().unwrap();
    let file = dir.path().join("SN1.log");
    fs::write(&file, "x").unwrap();
    let mut station = Station::new(vec![settings(dir.path())]);
    station.credit(1).await;
    let offer = station.offers.next().await;
    assert_eq!(
        (offer.file.path, offer.file.size, offer.converter),
        (file, 1, ConverterIndex(0))
    );
}

#[actix::test]
async fn closed_and_renamed_files_are_offered_and_others_are_not() {
    let dir = TempDir::new().unwrap();
    let mut station = Station::watching(vec![settings(dir.path())], 9).await;
    let at = |name: &str| dir.path().join(name);
    fs::write(at("other.txt"), "x").unwrap();
    fs::write(at("half.tmp.log"), "x").unwrap();
    fs::write(at(".stationd-1.part"), "x").unwrap();
    fs::write(at("closed.log"), "x").unwrap();
    fs::write(at("empty.log"), "").unwrap();
    fs::write(at("moved.part"), "x").unwrap();
    fs::rename(at("moved.part"), at("moved.log")).unwrap();
    let mut got = HashSet::new();
    for _ in 0..3 {
        got.insert(station.next().await);
    }
    assert_eq!(
        got,
        HashSet::from([at("closed.log"), at("empty.log"), at("moved.log")])
    );
    station.watcher.send(Rescan).await.unwrap();
    fs::write(at("last.log"), "x").unwrap();
    assert_eq!(station.next().await, at("last.log"), "nothing was offered twice");
}

#[actix::test]
async fn a_file_is_not_offered_while_its_writer_has_it_open() {
    let dir = TempDir::new().unwrap();
    let mut station = Station::watching(vec![settings(dir.path())], 9).await;
    let mut open = File::create(dir.path().join("open.log")).unwrap();
    open.write_all(b"half").unwrap();
    fs::write(dir.path().join("whole.log"), "x").unwrap();
    assert_eq!(station.next().await, dir.path().join("whole.log"));
    open.write_all(b" and whole").unwrap();
    drop(open);
    let offer = station.offers.next().await;
    assert_eq!(
        (offer.file.path, offer.file.size),
        (dir.path().join("open.log"), 14)
    );
}

#[actix::test]
async fn a_file_that_its_writer_has_open_is_not_taken_by_a_scan_though_nothing_was_written_for_minutes() {
    let (dir, aside) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let mut folder = settings(dir.path());
    folder.recursive = true;
    let mut station = Station::watching(vec![folder], 9).await;
    let mut open = File::create(dir.path().join("open.log")).unwrap();
    open.write_all(b"half").unwrap();
    fs::write(dir.path().join("whole.log"), "x").unwrap();
    assert_eq!(station.next().await, dir.path().join("whole.log"));
    let now = open.metadata().unwrap().modified().unwrap();
    let minutes_ago = |minutes: u64| now - Duration::from_secs(60 * minutes);
    open.set_modified(minutes_ago(20)).unwrap();
    // What lies in a folder that is moved in is found by a scan only; the older one would come first.
    fs::create_dir(aside.path().join("below")).unwrap();
    let below = File::create(aside.path().join("below/found.log")).unwrap();
    below.set_modified(minutes_ago(10)).unwrap();
    fs::rename(aside.path().join("below"), dir.path().join("below")).unwrap();
    assert_eq!(station.next().await, dir.path().join("below/found.log"));
    drop(open);
    assert_eq!(station.next().await, dir.path().join("open.log"));
}

#[actix::test]
async fn a_hard_link_is_offered_though_it_is_never_closed() {
    let dir = TempDir::new().unwrap();
    let mut station = Station::watching(vec![settings(dir.path())], 9).await;
    fs::write(dir.path().join("spool"), "x").unwrap();
    fs::hard_link(dir.path().join("spool"), dir.path().join("linked.log")).unwrap();
    assert_eq!(station.next().await, dir.path().join("linked.log"));
}

#[actix::test]
async fn what_is_no_file_is_passed_over() {
    let dir = TempDir::new().unwrap();
    fs::create_dir(dir.path().join("folder.log")).unwrap();
    symlink("/etc/shadow", dir.path().join("link.log")).unwrap();
    let mut station = Station::watching(vec![settings(dir.path())], 9).await;
    mkfifoat(CWD, dir.path().join("pipe.log"), Mode::RWXU).unwrap();
    symlink("/etc/shadow", dir.path().join("later.log")).unwrap();
    fs::create_dir(dir.path().join("later-folder.log")).unwrap();
    fs::write(dir.path().join("file.log"), "x").unwrap();
    assert_eq!(station.next().await, dir.path().join("file.log"));
    station.watcher.send(Rescan).await.unwrap();
    fs::write(dir.path().join("last.log"), "x").unwrap();
    assert_eq!(station.next().await, dir.path().join("last.log"));
}

#[actix::test]
async fn any_bytes_make_a_name() {
    let dir = TempDir::new().unwrap();
    let mut station = Station::watching(vec![settings(dir.path())], 9).await;
    let mut long = vec![b'n'; 251];
    long.extend(b".log");
    for name in [b"\xff\xfe\n.log".as_slice(), &long] {
        let path = dir.path().join(OsStr::from_bytes(name));
        fs::write(&path, "x").unwrap();
        assert_eq!(station.next().await, path);
    }
}

#[actix::test]
async fn one_file_goes_out_per_credit_and_comes_back_when_it_could_not_be_taken() {
    let dir = TempDir::new().unwrap();
    let mut station = Station::watching(vec![settings(dir.path())], 1).await;
    fs::write(dir.path().join("a.log"), "x").unwrap();
    let path = station.next().await;
    fs::write(dir.path().join("b.log"), "x").unwrap();
    station
        .ended(
            &path,
            Left::Again {
                after: Duration::from_millis(1),
            },
        )
        .await;
    assert!(station.offers.waiting().is_none(), "no credit, no offer");
    station.credit(2).await;
    let both = HashSet::from([station.next().await, station.next().await]);
    assert_eq!(
        both,
        HashSet::from([dir.path().join("a.log"), dir.path().join("b.log")])
    );
}

#[actix::test]
async fn a_kept_file_is_offered_again_only_when_it_changes() {
    let dir = TempDir::new().unwrap();
    let mut station = Station::watching(vec![settings(dir.path())], 9).await;
    let kept = dir.path().join("kept.log");
    fs::write(&kept, "x").unwrap();
    assert_eq!(station.next().await, kept);
    station.ended(&kept, Left::Kept).await;
    station.watcher.send(Rescan).await.unwrap();
    fs::write(dir.path().join("next.log"), "x").unwrap();
    assert_eq!(station.next().await, dir.path().join("next.log"));
    fs::write(&kept, "changed").unwrap();
    assert_eq!(station.next().await, kept);
}

#[actix::test]
async fn a_name_used_again_during_its_conversion_is_offered_again() {
    let dir = TempDir::new().unwrap();
    let mut station = Station::watching(vec![settings(dir.path())], 9).await;
    let path = dir.path().join("reused.log");
    fs::write(&path, "first").unwrap();
    station.next().await;
    fs::rename(&path, dir.path().join("taken")).unwrap();
    fs::write(&path, "second one").unwrap();
    fs::write(dir.path().join("other.log"), "x").unwrap();
    assert_eq!(
        station.next().await,
        dir.path().join("other.log"),
        "the name is still under way"
    );
    station.ended(&path, Left::Gone).await;
    assert_eq!(station.offers.next().await.file.size, 10);
}

#[actix::test]
async fn folders_below_are_watched_when_asked_but_never_the_done_folder() {
    let dir = TempDir::new().unwrap();
    fs::create_dir(dir.path().join("done")).unwrap();
    fs::write(dir.path().join("done/old.log"), "x").unwrap();
    let mut folder = settings(dir.path());
    folder.recursive = true;
    let mut station = Station::watching(vec![folder], 9).await;
    fs::create_dir_all(dir.path().join("line1/shift2")).unwrap();
    fs::write(dir.path().join("line1/shift2/a.log"), "x").unwrap();
    assert_eq!(station.next().await, dir.path().join("line1/shift2/a.log"));
    fs::write(dir.path().join("line1/b.log"), "x").unwrap();
    assert_eq!(station.next().await, dir.path().join("line1/b.log"));
    assert!(station.offers.waiting().is_none());
}

fn result_folders(dir: &Path, marker: &str, min_files: u32) -> FolderSettings {
    let mut folder = settings(dir);
    folder.patterns = Patterns::new(["*"]).unwrap();
    folder.unit = Unit::Folder {
        marker: marker.to_owned(),
        min_files,
    };
    folder
}

/// Tells that the folder is scanned, for a drop folder of folders.
async fn first_result(station: &mut Station, dir: &Path) {
    assert_eq!(station.next().await, dir.join("first"));
    fs::rename(dir.join("first"), dir.join("done/first")).unwrap();
    station.ended(&dir.join("first"), Left::Gone).await;
}

#[actix::test]
async fn a_result_folder_is_offered_once_its_marker_is_there() {
    let dir = TempDir::new().unwrap();
    fs::create_dir_all(dir.path().join("first")).unwrap();
    fs::create_dir(dir.path().join("done")).unwrap();
    fs::write(dir.path().join("first/COMPLETE"), "").unwrap();
    let mut station = Station::new(vec![result_folders(dir.path(), "COMPLETE", 0)]);
    station.credit(9).await;
    first_result(&mut station, dir.path()).await;
    fs::write(dir.path().join("beside.txt"), "none of ours").unwrap();
    fs::create_dir(dir.path().join("unit1")).unwrap();
    fs::write(dir.path().join("unit1/curve.txt"), "12345").unwrap();
    fs::create_dir(dir.path().join("unit2")).unwrap();
    fs::write(dir.path().join("unit2/COMPLETE"), "").unwrap();
    assert_eq!(station.next().await, dir.path().join("unit2"));
    fs::write(dir.path().join("unit1/COMPLETE"), "").unwrap();
    let offer = station.offers.next().await;
    assert_eq!((offer.file.path, offer.file.size), (dir.path().join("unit1"), 5));
}

#[actix::test]
async fn a_result_folder_without_marker_is_offered_when_enough_files_are_quiet() {
    let dir = TempDir::new().unwrap();
    fs::create_dir_all(dir.path().join("first")).unwrap();
    fs::create_dir(dir.path().join("done")).unwrap();
    fs::write(dir.path().join("first/a"), "").unwrap();
    fs::write(dir.path().join("first/b"), "").unwrap();
    let mut station = Station::new(vec![result_folders(dir.path(), "", 2)]);
    station.credit(9).await;
    first_result(&mut station, dir.path()).await;
    fs::create_dir(dir.path().join("short")).unwrap();
    fs::write(dir.path().join("short/a"), "").unwrap();
    fs::create_dir_all(dir.path().join("long/inner")).unwrap();
    fs::write(dir.path().join("long/a"), "").unwrap();
    fs::write(dir.path().join("long/inner/b"), "").unwrap();
    assert_eq!(station.next().await, dir.path().join("long"));
    assert!(station.offers.waiting().is_none());
}

#[actix::test]
async fn a_polled_folder_finds_its_files_without_events() {
    let dir = TempDir::new().unwrap();
    let mut folder = settings(dir.path());
    folder.watch = WatchMode::Poll;
    let mut station = Station::watching(vec![folder], 9).await;
    fs::write(dir.path().join("a.log"), "x").unwrap();
    assert_eq!(station.next().await, dir.path().join("a.log"));
}

#[actix::test]
async fn a_missing_folder_is_made_at_start_and_waited_for_later() {
    let dir = TempDir::new().unwrap();
    let drop_dir = dir.path().join("drop");
    let mut station = Station::new(vec![settings(&drop_dir)]);
    station.credit(9).await;
    let made = async {
        while !drop_dir.is_dir() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, made).await.unwrap();

    fs::rename(&drop_dir, dir.path().join("unmounted")).unwrap();
    station.until_problem(true).await;
    assert!(!drop_dir.exists(), "not made again: it may be a mount point");
    assert!(matches!(
        station.watcher.send(Pulse).await.unwrap(),
        Health::Degraded(_)
    ));
    fs::rename(dir.path().join("unmounted"), &drop_dir).unwrap();
    fs::write(drop_dir.join("a.log"), "x").unwrap();
    assert_eq!(station.next().await, drop_dir.join("a.log"));
    station.until_problem(false).await;
}

#[actix::test]
async fn a_folder_put_in_the_place_of_another_is_noticed() {
    let dir = TempDir::new().unwrap();
    let drop_dir = dir.path().join("drop");
    fs::create_dir(&drop_dir).unwrap();
    let mut station = Station::watching(vec![settings(&drop_dir)], 9).await;
    fs::create_dir(dir.path().join("share")).unwrap();
    fs::write(dir.path().join("share/a.log"), "x").unwrap();
    fs::write(dir.path().join("share").join(LEFT_OVER), "x").unwrap();
    renameat_with(
        CWD,
        dir.path().join("share"),
        CWD,
        &drop_dir,
        RenameFlags::EXCHANGE,
    )
    .unwrap();
    let both = HashSet::from([station.next().await, station.next().await]);
    assert_eq!(
        both,
        HashSet::from([drop_dir.join("a.log"), drop_dir.join(LEFT_OVER)])
    );
}

#[actix::test]
async fn a_folder_of_results_is_told_of_when_it_comes_and_when_it_is_another() {
    let dir = TempDir::new().unwrap();
    let (files, results) = (dir.path().join("files"), dir.path().join("results"));
    let mut folders = vec![settings(&files), settings(&results)];
    folders[1].unit = Unit::Pair;
    let mut station = Station::new(folders);
    let second = FolderCame {
        converter: ConverterIndex(1),
    };
    assert_eq!(station.came.next().await, second);
    station.watcher.send(Rescan).await.unwrap();
    fs::create_dir(dir.path().join("share")).unwrap();
    renameat_with(
        CWD,
        dir.path().join("share"),
        CWD,
        &results,
        RenameFlags::EXCHANGE,
    )
    .unwrap();
    assert_eq!(station.came.next().await, second);
    assert!(station.came.waiting().is_none());
}

#[actix::test]
async fn however_many_results_stay_incomplete_whole_ones_are_offered() {
    const INCOMPLETE: usize = WINDOW + 10;
    let dir = TempDir::new().unwrap();
    for number in 0..INCOMPLETE {
        File::create(dir.path().join(format!("{number}.log"))).unwrap();
    }
    fs::create_dir(dir.path().join("whole")).unwrap();
    File::create(dir.path().join("whole/curve.txt")).unwrap();
    File::create(dir.path().join("whole.log")).unwrap();
    let mut folder = settings(dir.path());
    folder.unit = Unit::Pair;
    let mut station = Station::new(vec![folder]);
    station.credit(1).await;
    assert_eq!(station.next().await, dir.path().join("whole.log"));
}

#[actix::test]
async fn what_a_crash_left_set_aside_on_a_share_that_comes_late_is_found() {
    let dir = TempDir::new().unwrap();
    let drop_dir = dir.path().join("share/drop");
    let mut station = Station::new(vec![settings(&drop_dir)]);
    station.credit(9).await;
    station.until_problem(true).await;
    fs::create_dir_all(dir.path().join("late/drop")).unwrap();
    fs::write(dir.path().join("late/drop").join(LEFT_OVER), "x").unwrap();
    fs::rename(dir.path().join("late"), dir.path().join("share")).unwrap();
    assert_eq!(station.next().await, drop_dir.join(LEFT_OVER));
}

#[actix::test]
async fn a_disabled_folder_rests_until_it_is_enabled_and_a_pause_holds_all() {
    let dir = TempDir::new().unwrap();
    let mut station = Station::watching(vec![settings(dir.path())], 9).await;
    let set = |enabled| SetEnabled {
        converter: ConverterIndex(0),
        enabled,
    };
    station.watcher.send(set(false)).await.unwrap();
    fs::write(dir.path().join("a.log"), "x").unwrap();
    station.watcher.send(Pause).await.unwrap();
    station.watcher.send(set(true)).await.unwrap();
    assert!(station.offers.waiting().is_none());
    station.watcher.send(Resume).await.unwrap();
    assert_eq!(station.next().await, dir.path().join("a.log"));
}

#[actix::test]
async fn a_drained_watcher_offers_nothing_more() {
    let dir = TempDir::new().unwrap();
    let mut station = Station::watching(vec![settings(dir.path())], 9).await;
    let until = std::time::Instant::now() + PATIENCE;
    assert_eq!(
        station.watcher.send(Drain { until }).await.unwrap(),
        Drained { left: 0 }
    );
    fs::write(dir.path().join("a.log"), "x").unwrap();
    station.watcher.send(Rescan).await.unwrap();
    assert!(station.offers.waiting().is_none());
}

#[actix::test]
async fn every_file_of_a_large_backlog_is_offered_once() {
    const FILES: usize = 6_000;
    let dir = TempDir::new().unwrap();
    for number in 0..FILES {
        File::create(dir.path().join(format!("{number}.log"))).unwrap();
    }
    let mut station = Station::new(vec![settings(dir.path())]);
    station.credit(4).await;
    let mut seen = HashSet::new();
    for _ in 0..FILES {
        let path = station.next().await;
        fs::rename(&path, path.with_extension("gone")).unwrap();
        station.ended(&path, Left::Gone).await;
        assert!(seen.insert(path));
        station.credit(1).await;
    }
}
