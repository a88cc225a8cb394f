//! A source goes into the archive and comes out of it as it was.

use std::fs;
use std::io::Read;
use std::path::Path;

use tempfile::TempDir;

use super::archive::Item;
use super::{Archived, Record, Storeroom};
use crate::converter::RetentionSettings;
use crate::converter::source::{Identity, Offered, Source, open};
use crate::model::{TraceId, UnixMs};

const NOON: UnixMs = UnixMs(1_795_262_400_123);

fn room(dir: &Path) -> Storeroom {
    Storeroom::new(RetentionSettings {
        state_dir: dir.join("state"),
        done_days: 0,
        archive_days: 0,
        archive_max_bytes: 1024,
    })
}

fn source(dir: &Path, content: &str) -> Source {
    let path = dir.join("SN1\n.log");
    fs::write(&path, content).unwrap();
    let seen = Identity::of(&fs::metadata(&path).unwrap());
    open(&Offered {
        root: dir.to_owned(),
        path: path.clone(),
        named: path,
        size: seen.size,
        modified_ns: seen.modified_ns,
    })
    .unwrap()
}

fn put(room: &Storeroom, dir: &Path, converter: &str, content: &str, archived: UnixMs) -> Item {
    let source = source(dir, content);
    let record = Record::new(&Archived {
        converter,
        job: source.job,
        trace: TraceId([7; 16]),
        path: &dir.join("SN1\n.log"),
        hash: source.hash,
        size: source.identity.size,
        modified_ns: source.identity.modified_ns,
        seen: archived,
        at: archived,
    });
    room.archive.put(&record, &source).unwrap();
    Item {
        archived,
        hash: source.hash,
        converter: converter.to_owned(),
    }
}

#[test]
fn a_source_comes_out_as_it_went_in() {
    let dir = TempDir::new().unwrap();
    let room = room(dir.path());
    assert!(room.archive.shelves().unwrap().is_empty());
    let content = "measured 1.5 V\n".repeat(10_000);
    let item = put(&room, dir.path(), "ict", &content, NOON);
    assert!(room.is_filling());
    let record = room.archive.read(&item).unwrap().unwrap();
    assert_eq!(record.path().unwrap(), dir.path().join("SN1\n.log"));
    let mut text = String::new();
    room.archive
        .unpack(&item, record.size)
        .unwrap()
        .read_to_string(&mut text)
        .unwrap();
    assert_eq!(text, content);
    assert!(
        room.archive.unpack(&item, record.size - 1).is_err(),
        "a bomb ends at its size"
    );
    let names = fs::read_dir(room.archive.dir().join(super::archive::shelf(&item.hash))).unwrap();
    assert_eq!(names.count(), 2, "nothing else is left");
}

#[test]
fn a_damaged_content_is_refused() {
    let dir = TempDir::new().unwrap();
    let room = room(dir.path());
    let item = put(&room, dir.path(), "ict", &"content ".repeat(1000), NOON);
    let shelf = room.archive.dir().join(super::archive::shelf(&item.hash));
    let mut files = fs::read_dir(shelf).unwrap().map(|entry| entry.unwrap().path());
    let path = files
        .find(|path| path.extension().is_some_and(|end| end == "gz"))
        .unwrap();
    let mut bytes = fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0x10;
    for bytes in [&bytes[..], &bytes[..middle], b"", b"text"] {
        fs::write(&path, bytes).unwrap();
        let error = room.archive.unpack(&item, 8000).unwrap_err();
        assert!(error.to_string().contains("damaged"), "{error}");
    }
}

#[test]
fn a_content_leaves_with_the_last_of_its_records() {
    let dir = TempDir::new().unwrap();
    let room = room(dir.path());
    let one = put(&room, dir.path(), "ict", "content", NOON);
    let two = put(&room, dir.path(), "fct", "content", NOON);
    assert_eq!(
        room.archive.pick("ict", (NOON, NOON), 10).unwrap(),
        std::slice::from_ref(&one)
    );
    assert!(
        room.archive
            .pick("ict", (UnixMs(0), UnixMs(NOON.0 - 1)), 10)
            .unwrap()
            .is_empty()
    );
    assert!(room.archive.pick("ict", (NOON, NOON), 0).is_err());
    assert_eq!(room.archive.remove(&one).unwrap(), 0);
    let newer = put(&room, dir.path(), "fct", "content", UnixMs(NOON.0 + 5));
    assert_eq!(
        room.archive.remove(&two).unwrap(),
        0,
        "it was archived again meanwhile"
    );
    assert!(room.archive.read(&newer).unwrap().is_some());
    assert!(room.archive.remove(&newer).unwrap() > 0);
    assert!(room.archive.unpack(&newer, 7).is_err());
    assert!(room.archive.read(&newer).unwrap().is_none());
}
