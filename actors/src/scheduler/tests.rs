//! The role with a queue that answers as told, and a clock that is the real one.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use actix::Actor;
use serde_json::Value;
use tempfile::TempDir;

use super::actor::{Due, order_run};
use super::{ScheduleSettings, Scheduler, journal, order};
use crate::listener::heard;
use crate::messages::queue::Trace;
use crate::model::UnixMs;
use crate::recorder::Recorder;

fn settings(dir: &Path, every: Option<Duration>, on_start: bool) -> ScheduleSettings {
    ScheduleSettings {
        converter: "db".to_owned(),
        dir: dir.join("db"),
        pending_dir: dir.join("db/pending"),
        place: PathBuf::from("/srv/db"),
        every,
        cron: None,
        on_start,
    }
}

async fn first_order(settings: &ScheduleSettings) -> Value {
    loop {
        let names = fs::read_dir(settings.orders()).into_iter().flatten();
        let mut paths = names.map(|entry| entry.unwrap().path());
        if let Some(path) = paths.find(|path| path.extension() == Some("json".as_ref())) {
            return serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[actix::test]
async fn a_start_gives_an_order_and_an_order_that_waits_is_not_given_twice() {
    let dir = TempDir::new().unwrap();
    let settings = settings(dir.path(), None, true);
    let (trace, mut asked) = Recorder::answering(|_: &Trace| Ok(Vec::new()));
    Scheduler::new(vec![settings.clone()], trace.clone(), true).start();
    let order = first_order(&settings).await;
    assert_eq!(order["folder"], "/srv/db");
    assert!(order["since"].is_null());
    let again = order_run(Arc::new(settings.clone()), trace, UnixMs(0)).await;
    assert!(matches!(again, Some(Due::LeftOut)), "{again:?}");
    assert_eq!(fs::read_dir(settings.orders()).unwrap().count(), 1);
    assert!(asked.waiting().is_none());
}

#[actix::test]
async fn a_run_that_ended_badly_does_not_move_the_moment_since_when() {
    let dir = TempDir::new().unwrap();
    let settings = settings(dir.path(), Some(Duration::from_millis(20)), false);
    let (good, bad) = (UnixMs(1_795_262_400_000), UnixMs(1_795_262_460_000));
    let path = order::drop_order(&settings, bad, Some(good)).unwrap();
    fs::rename(path, dir.path().join("carried-out")).unwrap();
    let (trace, _) = Recorder::answering(|_: &Trace| Ok(Vec::new()));
    Scheduler::new(vec![settings.clone()], trace, true).start();
    let order = first_order(&settings).await;
    assert_eq!(order["since"], good.to_string());
}

#[test]
fn an_order_is_found_again_with_what_it_said() {
    let dir = TempDir::new().unwrap();
    let settings = settings(dir.path(), None, false);
    assert!(!order::waits(&settings).unwrap());
    assert_eq!(order::last(&settings), None);
    let due = UnixMs(1_795_262_400_000);
    let path = order::drop_order(&settings, due, None).unwrap();
    assert_eq!(path.file_name().unwrap(), "20261121T120000.000Z.json");
    assert!(order::waits(&settings).unwrap());
    assert_eq!(order::last(&settings).unwrap().due, due);
    fs::write(settings.dir.join("last.json"), "{}").unwrap();
    assert_eq!(order::last(&settings), None, "damaged, it counts as none");
}

#[test]
fn every_line_has_its_level_code_and_keys() {
    let settings = settings(Path::new("/state"), None, false);
    let lines = heard(|| {
        journal::left_out(&settings);
        journal::not_ordered(&settings, &io::ErrorKind::PermissionDenied.into());
        journal::works_again(&settings);
    });
    let found: Vec<_> = lines
        .iter()
        .map(|line| (line.level, line.code.as_str(), line.keys.join(" ")))
        .collect();
    assert_eq!(
        found,
        [
            (log::Level::Info, "S510", "converter".to_owned()),
            (log::Level::Warn, "S520", "converter folder cause".to_owned()),
            (log::Level::Info, "S521", "converter".to_owned()),
        ]
    );
}
