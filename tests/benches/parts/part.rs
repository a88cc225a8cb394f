//! The parts, each as so many turns of the same work.

use std::ffi::OsStr;
use std::hint::black_box;
use std::path::Path;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use stationd_actors::messages::queue::{ImportEntries, ImportedReport, Settle, Verdict};
use stationd_actors::model::{EntryId, NewReport, Priority, UnixMs};
use stationd_actors::queue::{Store, recode};
use stationd_converters::{Format, Source, answer};
use stationd_report::{ReadLimits, read_output};
use stationd_tests::bench::{append, defaults, queue_settings, report};
use uuid::Uuid;

use crate::Outcome;

/// Steps of a report: about 6 KB.
const STEPS: u16 = 30;
/// Reports in one transaction while they are put where they wait.
const AT_ONCE: usize = 1_000;
/// Room for the most of them.
const MAP_BYTES: usize = 512 * 1024 * 1024;
const NOW: UnixMs = UnixMs(1_780_000_000_000);

/// A part of the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    ConvertWsjf,
    ConvertCsv,
    CheckReport,
    BuildFilters,
    Records,
    /// With so many thousands of reports that wait.
    Queue {
        thousands: u32,
    },
}

impl Part {
    pub(crate) const ALL: [Self; 8] = [
        Self::ConvertWsjf,
        Self::ConvertCsv,
        Self::CheckReport,
        Self::BuildFilters,
        Self::Records,
        Self::Queue { thousands: 0 },
        Self::Queue { thousands: 10 },
        Self::Queue { thousands: 100 },
    ];

    pub(crate) fn name(self) -> String {
        match self {
            Self::ConvertWsjf => "convert-wsjf".to_owned(),
            Self::ConvertCsv => "convert-csv".to_owned(),
            Self::CheckReport => "check-and-complete-a-report".to_owned(),
            Self::BuildFilters => "build-the-filters".to_owned(),
            Self::Records => "encode-and-decode-the-records-of-a-job".to_owned(),
            Self::Queue { thousands: 0 } => "append-lease-and-settle-when-empty".to_owned(),
            Self::Queue { thousands } => format!("append-lease-and-settle-with-{thousands}000-waiting"),
        }
    }

    /// What is to be there before the turns; not counted.
    pub(crate) fn prepare(self, dir: &Path) -> Outcome<()> {
        let Self::Queue { thousands } = self else {
            return Ok(());
        };
        let mut store = open(dir)?;
        let mut waiting = (0..thousands * 1_000).map(waiting);
        loop {
            let reports: Vec<_> = waiting.by_ref().take(AT_ONCE).collect();
            if reports.is_empty() {
                return Ok(());
            }
            store.import(&ImportEntries { reports }, NOW)?;
        }
    }

    /// Does the work so many times.
    pub(crate) fn run(self, turns: u16, dir: &Path) -> Outcome<()> {
        match self {
            Self::ConvertWsjf => convert(turns, Format::Wsjf, &report(1, STEPS), ""),
            Self::ConvertCsv => convert(turns, Format::Csv, csv().as_bytes(), CSV_ARGUMENTS),
            Self::CheckReport => check(turns),
            Self::BuildFilters => {
                for _ in 0..turns {
                    black_box(stationd_sandbox::filter_lengths());
                }
                Ok(())
            }
            Self::Records => records(turns),
            Self::Queue { .. } => queue(turns, dir),
        }
    }
}

const CSV_ARGUMENTS: &str = r#"{"columns":{"serial":"Serial","step":"Step","value":"Value","unit":"Unit","status":"Status"},"constants":{"part_number":"BENCH","revision":"A","process_code":10}}"#;

fn csv() -> String {
    let rows = (1..=STEPS).map(|step| format!("B000001,Measurement {step},{step}.125,V,P\n"));
    std::iter::once("Serial,Step,Value,Unit,Status\n".to_owned())
        .chain(rows)
        .collect()
}

fn convert(turns: u16, format: Format, input: &[u8], arguments: &str) -> Outcome<()> {
    let source = Source {
        name: OsStr::new("input"),
        arguments,
    };
    for _ in 0..turns {
        let mut output = Vec::new();
        answer(format, black_box(input), &source, &mut output)?;
        if !black_box(&output).starts_with(br#"{"status":"converted""#) {
            return Err(String::from_utf8_lossy(&output).into());
        }
    }
    Ok(())
}

fn check(turns: u16) -> Outcome<()> {
    let input = report(1, STEPS);
    let file_time = Timestamp::UNIX_EPOCH.to_zoned(TimeZone::UTC);
    let defaults = defaults(&file_time);
    for _ in 0..turns {
        for document in read_output(black_box(&input), &ReadLimits::default())?.reports {
            black_box(document.complete(&defaults)?);
        }
    }
    Ok(())
}

fn records(turns: u16) -> Outcome<()> {
    let job = append(1, Vec::new(), NOW).job;
    let report = new_report(1, Vec::new());
    for _ in 0..turns {
        black_box(recode(black_box(&job), &report)?);
    }
    Ok(())
}

fn open(dir: &Path) -> Outcome<Store> {
    Ok(Store::open(&queue_settings(dir, MAP_BYTES))?)
}

/// Each report comes in and goes out.
fn queue(turns: u16, dir: &Path) -> Outcome<()> {
    let mut store = open(dir)?;
    // Unlike those that wait, and those that were appended by an earlier process in the same folder.
    let first = 1_000_000 + u32::from(turns) * 100;
    for number in first..first + u32::from(turns) {
        let report = new_report(number, report(1, STEPS));
        store.append(&append(number, vec![report], NOW), NOW)?;
        for lease in store.take_leases(1, NOW)?.leases {
            let settle = Settle {
                entry: EntryId(lease.entry.id.0),
                verdict: Verdict::Delivered {
                    server_id: String::new(),
                },
            };
            store.settle(&settle, NOW)?;
        }
    }
    Ok(())
}

fn new_report(number: u32, document: Vec<u8>) -> NewReport {
    NewReport {
        report_id: Uuid::from_u128(u128::from(number) << 64),
        serial: format!("B{number:06}"),
        part_number: "BENCH".to_owned(),
        document,
    }
}

/// Short, so that a hundred thousand are there soon.
fn waiting(number: u32) -> ImportedReport {
    ImportedReport {
        report: new_report(number, b"{}".to_vec()),
        converter: "bench".to_owned(),
        priority: Priority::default(),
        queued: NOW,
        dead: false,
        failures: Vec::new(),
    }
}
