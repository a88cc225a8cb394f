use std::fmt::Write;

use uuid::Uuid;

use super::*;
use crate::model::{
    JobEnd, JobId, JobRecord, NewReport, Outcome, Priority, Refusal, SourceHash, TraceId, UnixMs,
};

/// The bytes of `record` as a stationd of another version would write them.
pub(in crate::queue) fn with_version<R: Record>(record: &R, version: u8) -> Vec<u8> {
    let mut bytes = encode(record);
    bytes[1] = version;
    let sum = checksum(&bytes);
    fill(&mut bytes, 6, sum.to_le_bytes());
    bytes
}

fn job() -> JobRecord {
    JobRecord {
        id: JobId(0x0102_0304_0506_0708),
        trace: TraceId([0x11; 16]),
        path: b"/srv/ict/SN1.log".to_vec(),
        converter: "ict".to_owned(),
        program: "builtin:csv".to_owned(),
        arguments: "{}".to_owned(),
        source_hash: SourceHash([0x22; 32]),
        source_size: 300,
        seen: UnixMs(1),
        started: UnixMs(2),
        ended: UnixMs(-3),
        cpu_ms: 4,
        max_rss_kib: 5,
        end: JobEnd::Rejected,
        reason: "why".to_owned(),
        confinement: "full".to_owned(),
        denied: vec!["network: x".to_owned()],
    }
}

fn entry() -> EntryRecord {
    let report = NewReport {
        report_id: Uuid::from_u128(0x33),
        serial: "SN1".to_owned(),
        part_number: "PN1".to_owned(),
        document: b"{}".to_vec(),
    };
    EntryRecord::new(&job(), &report, Priority::default(), UnixMs(1_790_000_000_000))
}

fn attempts() -> Attempts {
    let mut attempts = Attempts::default();
    attempts.failed(&Refusal {
        at: UnixMs(6),
        status: Some(503),
        words: "busy".to_owned(),
    });
    attempts.not_before = 7;
    attempts
}

fn receipt() -> ReceiptRecord {
    ReceiptRecord::new(entry(), Outcome::Evicted, "srv", attempts(), UnixMs(8))
}

fn golden<R: Record + PartialEq + std::fmt::Debug>(record: &R, hex: &str) {
    let bytes = encode(record);
    let text = bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    });
    assert_eq!(text, hex, "bytes of a released version never change");
    assert_eq!(&decode::<R>(&bytes).unwrap(), record);
}

#[test]
fn version_1_of_each_record_is_these_bytes() {
    golden(
        &entry(),
        "45013e000000a9ad8504888e98a8c0e0808101111111111111111111111111111111110000000000000000000000000000003303534e3103504e31036963740580b083c598680200",
    );
    golden(&attempts(), "41010c000000b87691590107010c01f7030462757379");
    golden(
        &receipt(),
        "5201490000008be6e3cf02888e98a8c0e080810111111111111111111111111111111111000000000000000000000000000000330373727603534e310369637480b083c59868100107010c01f7030462757379",
    );
    golden(&Counters::default(), "4301040000003ec348bc01010000");
}

/// A job as version 1 wrote it, which every version since reads.
const JOB_1: &str = "4a016d000000988567f1888e98a8c0e080810111111111111111111111111111111111102f7372762f6963742f534e312e6c6f67036963740b6275696c74696e3a637376027b7d2222222222222222222222222222222222222222222222222222222222222222ac02020405040503037768790209ac02";

#[test]
fn version_2_of_a_job_is_these_bytes_and_version_1_is_read() {
    let job = JobEntry::new(&job(), vec![9, 300]);
    golden(
        &job,
        "4a027e000000a5bc3282888e98a8c0e080810111111111111111111111111111111111102f7372762f6963742f534e312e6c6f67036963740b6275696c74696e3a637376027b7d2222222222222222222222222222222222222222222222222222222222222222ac02020405040503037768790209ac020466756c6c010a6e6574776f726b3a2078",
    );
    let pairs = JOB_1
        .as_bytes()
        .chunks(2)
        .map(|pair| std::str::from_utf8(pair).unwrap());
    let bytes: Vec<u8> = pairs.map(|pair| u8::from_str_radix(pair, 16).unwrap()).collect();
    let read = decode::<JobEntry>(&bytes).unwrap();
    assert_eq!(read.entries, job.entries);
    let known = JobRecord {
        confinement: String::new(),
        denied: Vec::new(),
        ..job.job()
    };
    assert_eq!(read.job(), known);
}

#[test]
fn any_flipped_bit_is_noticed() {
    let bytes = encode(&receipt());
    for at in 0..bytes.len() * 8 {
        let mut flipped = bytes.clone();
        flipped[at / 8] ^= 1 << (at % 8);
        let read = decode::<ReceiptRecord>(&flipped);
        assert!(
            matches!(read, Err(StoreError::Damaged { .. })),
            "bit {at}: {read:?}"
        );
    }
}

#[test]
fn any_cut_is_noticed() {
    let bytes = encode(&receipt());
    for end in 0..bytes.len() {
        assert!(decode::<ReceiptRecord>(&bytes[..end]).is_err(), "{end} bytes");
    }
    let longer = [&bytes[..], b"x"].concat();
    assert!(decode::<ReceiptRecord>(&longer).is_err());
    assert_eq!(split::<ReceiptRecord>(&longer).unwrap().1, b"x");
}

#[test]
fn a_newer_version_is_told_from_damage() {
    let newer = with_version(&receipt(), 2);
    let read = decode::<ReceiptRecord>(&newer);
    assert!(
        matches!(read, Err(StoreError::Newer { found: 2, known: 1 })),
        "{read:?}"
    );
}

#[test]
fn failures_are_kept_up_to_eight_the_first_among_them() {
    let mut attempts = Attempts::default();
    for at in 0..20 {
        attempts.failed(&Refusal {
            at: UnixMs(at),
            status: None,
            words: "é".repeat(4096),
        });
    }
    let kept: Vec<i64> = attempts.failures().iter().map(|failure| failure.at.0).collect();
    assert_eq!(kept, [0, 13, 14, 15, 16, 17, 18, 19]);
    assert_eq!(attempts.count, 20);
    assert_eq!(attempts.failures()[0].words.len(), 4096);
}
