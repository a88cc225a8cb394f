//! What the queue costs: an append on an empty store and behind a backlog, a start with one, a way through.
//!
//! `cargo bench -p stationd-tests --bench queue`. Appends are synced; `TMPDIR` chooses the disk.

#![expect(clippy::print_stdout, reason = "figures are what a benchmark is for")]

use std::error::Error;
use std::path::Path;
use std::time::{Duration, Instant};

use stationd_actors::clock;
use stationd_actors::messages::queue::{Append, Settle, Verdict};
use stationd_actors::model::NewReport;
use stationd_actors::queue::Store;
use stationd_tests::bench::{append, queue_settings};
use uuid::Uuid;

/// Entries that wait while appends are measured.
const BACKLOG: u32 = 100_000;

/// Appends measured at each point.
const SAMPLES: u32 = 300;

/// Reports of one job, to fill a store quickly.
const PANEL: u32 = 500;

/// Room for the backlog.
const MAP_BYTES: usize = 1024 * 1024 * 1024;

/// Bytes of a document: a unit with some hundred measurements.
const DOCUMENT_BYTES: usize = 16 * 1024;

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> Outcome<()> {
    let (here, there) = (tempfile::tempdir()?, tempfile::tempdir()?);
    let document = document();
    let mut empty = Store::open(&queue_settings(here.path(), MAP_BYTES))?;
    let mut store = Store::open(&queue_settings(there.path(), MAP_BYTES))?;
    let mut next = 0;
    while next < BACKLOG {
        store.append(&job(next, PANEL, b"{}"), clock::now())?;
        next += PANEL;
    }
    let (mut alone, mut behind) = (Vec::new(), Vec::new());
    // In turns, so that whatever else the disk does falls on both.
    for _ in 0..SAMPLES {
        next += 1;
        alone.push(append_once(&mut empty, next, &document)?);
        behind.push(append_once(&mut store, next, &document)?);
    }
    let (alone, behind) = (middle(alone), middle(behind));
    let ratio = behind.as_secs_f64() / alone.as_secs_f64();
    println!("append, empty queue        {:>9.1} us", micros(alone));
    println!(
        "append, {BACKLOG} entries    {:>9.1} us ({ratio:.2} times)",
        micros(behind)
    );

    let begun = Instant::now();
    let leased = store.take_leases(1, clock::now())?;
    println!("first lease                {:>9.1} us", micros(begun.elapsed()));
    let begun = Instant::now();
    for lease in &leased.leases {
        let verdict = Verdict::Delivered {
            server_id: String::new(),
        };
        let entry = lease.entry.id;
        store.settle(&Settle { entry, verdict }, clock::now())?;
    }
    println!("settle                     {:>9.1} us", micros(begun.elapsed()));
    drop(store);
    start(10_000)
}

/// Opens a store in which so many reports wait.
fn start(entries: u32) -> Outcome<()> {
    let dir = tempfile::tempdir()?;
    let mut store = Store::open(&queue_settings(dir.path(), MAP_BYTES))?;
    let document = document();
    for first in (0..entries).step_by(100) {
        store.append(&job(first, 100, &document), clock::now())?;
    }
    drop(store);
    opened(dir.path(), "after a stop in order")?;
    // Without the mark of its holder it is checked page by page, as after a kill.
    std::fs::rename(
        dir.path().join("queue/store/closed"),
        dir.path().join("queue/store/was-closed"),
    )?;
    opened(dir.path(), "after a kill")
}

fn opened(dir: &Path, how: &str) -> Outcome<()> {
    let begun = Instant::now();
    let store = Store::open(&queue_settings(dir, MAP_BYTES))?;
    let took = begun.elapsed();
    let waiting = store.describe(clock::now())?.ready;
    println!("start, {waiting} entries      {:>9.1} us {how}", micros(took));
    Ok(())
}

/// The time of one synced append.
fn append_once(store: &mut Store, number: u32, document: &[u8]) -> Outcome<Duration> {
    let job = job(number, 1, document);
    let begun = Instant::now();
    store.append(&job, clock::now())?;
    Ok(begun.elapsed())
}

fn middle(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

/// A job with so many reports; the number makes it unlike every other.
fn job(number: u32, reports: u32, document: &[u8]) -> Append {
    let report = |index| NewReport {
        report_id: Uuid::new_v5(&Uuid::NAMESPACE_OID, format!("{number}/{index}").as_bytes()),
        serial: format!("SN{number}-{index}"),
        part_number: "PN-100".to_owned(),
        document: document.to_vec(),
    };
    append(number, (0..reports).map(report).collect(), clock::now())
}

/// Text that compresses like a report.
fn document() -> Vec<u8> {
    let steps = (0_u32..).map(|step| {
        let value = f64::from(step.wrapping_mul(2_654_435_761) % 100_000) / 1000.0;
        format!("{{\"id\":{step},\"name\":\"R{step} resistance\",\"value\":{value},\"unit\":\"Ohm\"}},")
    });
    steps.flat_map(String::into_bytes).take(DOCUMENT_BYTES).collect()
}
