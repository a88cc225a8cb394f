use std::ffi::OsStr;

use serde_json::{Value, json};

use crate::fixtures::answered;
use crate::samples::sample;
use crate::{Format, Source, convert};

const ARGUMENTS: &str = r#"{"process_codes": {"E38": 70}, "revision": "A"}"#;

#[test]
fn a_wafer_of_1569_parts_is_read_to_the_last() {
    let Some(input) = sample("stdf/lot2.stdf.gz") else {
        return;
    };
    let source = Source {
        name: OsStr::new("lot2.stdf.gz"),
        arguments: r#"{"process_code": 70, "revision": "A"}"#,
    };
    let conversion = convert(Format::Stdf, &input, &source).unwrap();
    assert_eq!(
        conversion.notes,
        [
            "start is that of the lot or wafer: the format has none for a part",
            "records without a place in a report: BPS (784), EPS (703), GDR (785), HBR (10), MRR (1), PCR (1), SBR (10), \
             SDR (1), TSR (179), WCR (1), WRR (1)",
        ]
    );
    let reports: Vec<Value> = conversion
        .reports
        .iter()
        .map(|text| serde_json::from_str(text).unwrap())
        .collect();
    assert_eq!(reports.len(), 1569);
    assert_eq!(
        reports.iter().filter(|report| report["result"] == "F").count(),
        180
    );
    let steps = |report: &Value| report["root"]["steps"].as_array().unwrap().len();
    assert_eq!(reports.iter().map(steps).sum::<usize>(), 52_403);
    assert_eq!((steps(&reports[0]), steps(&reports[1])), (0, 74));
    let second = &reports[1];
    assert_eq!(
        (&second["sn"], &second["pn"], &second["result"]),
        (&json!("2"), &json!("GOLD8BAR"), &json!("P"))
    );
    assert_eq!(
        (&second["machineName"], &second["uut"]["batchSN"]),
        (&json!("galaxy-t"), &json!("GAL-LOT"))
    );
    assert_eq!(
        second["start"], "2001-06-05T20:50:22",
        "the standard's local time"
    );
    assert_eq!(
        second["root"]["seqCall"],
        json!({"name": "mobile-05", "version": "16"})
    );
    let first = &second["root"]["steps"][0];
    assert_eq!(
        (&first["name"], &first["id"]),
        (&json!("glxy_SS_IH     <> glxy_pin2"), &json!(1000))
    );
    assert_eq!(
        first["numericMeas"],
        json!([{"status": "P", "value": -0.661_640_64, "unit": "v", "compOp": "GTLT", "lowLimit": -0.9, "highLimit": -0.4}])
    );
    let bins = second["miscInfos"].as_array().unwrap();
    assert!(bins.contains(&json!({"description": "X_COORD", "text": "20"})));
}

#[test]
fn every_report_of_the_wafer_passes_the_checks() {
    let Some(input) = sample("stdf/lot2.stdf.gz") else {
        return;
    };
    let answer = answered(Format::Stdf, &input, OsStr::new("lot2.stdf.gz"), ARGUMENTS);
    assert_eq!(answer["reports"][1568]["sn"], "1569");
}

#[test]
fn hostile_files_are_rejected_with_a_reason() {
    for (input, reason) in [
        (&b""[..], "no STDF file"),
        (b"\x02\x00\x00\x0a", "offset=0: the file ends inside a record"),
        (b"\x02\x00\x00\x0a\x00\x04", "VAX"),
        (b"\x02\x00\x00\x0a\x02\x04", "no part that gives a report"),
        (
            b"\x00\x02\x00\x0a\x01\x04\x00",
            "offset=6: the file ends inside a record",
        ),
        (
            b"\x02\x00\x00\x0a\x02\x04\x02\x00\x05\x14\x01\x01",
            "offset=6: a result without the PIR",
        ),
        (
            b"\x02\x00\x00\x0a\x02\x04\x02\x00\x05\x0a\x01\x01",
            "offset=6: the part that begins here has no PRR",
        ),
        (
            b"\x02\x00\x00\x0a\x02\x04\x02\x00\x0f\x0a\x01\x01",
            "offset=6: the record ends inside a field",
        ),
        (b"\x1f\x8b\x08\x00", "not a whole gzip file"),
    ] {
        let answer = answered(Format::Stdf, input, OsStr::new("x.stdf"), ARGUMENTS);
        let found = answer["reason"].as_str().unwrap();
        assert!(found.contains(reason), "{reason}: {found}");
    }
}
