//! What the crate does as a whole.

mod exports;
mod faults;
mod hostile;
mod outputs;
mod properties;

use jiff::Zoned;
use uuid::Uuid;

use crate::*;

/// A small report that has all it needs.
const SMALL: &str = r#"{"id":"0a1b2c3d-0000-4000-8000-000000000001","type":"T","pn":"PN","sn":"SN","rev":"A",
 "processCode":10,"result":"P","machineName":"M","location":"L","purpose":"Q",
 "start":"2026-01-02T03:04:05+01:00","root":{"stepType":"SequenceCall","name":"Main","status":"P"}}"#;

fn limits() -> ReadLimits {
    ReadLimits::default()
}

fn file_time() -> Zoned {
    "2026-01-05T08:00:00.25+01:00[+01:00]".parse().unwrap()
}

fn complete(document: Document) -> (Document, Vec<String>) {
    let defaults = Defaults {
        id: Uuid::from_u128(7),
        machine_name: "ICT-3",
        location: "Hall 3",
        purpose: "Production",
        file_time: &file_time(),
    };
    let (document, assumed) = document.complete(&defaults).unwrap();
    (document, assumed.iter().map(ToString::to_string).collect())
}

fn json(text: &str) -> serde_json::Value {
    serde_json::from_str(text).unwrap()
}
