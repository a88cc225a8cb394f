use std::ffi::OsStr;
use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
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

/// A file of these records behind its FAR.
fn file(records: &[((u8, u8), Vec<u8>)]) -> Vec<u8> {
    let mut file = b"\x02\x00\x00\x0a\x02\x04".to_vec();
    for ((kind, subtype), body) in records {
        file.extend(u16::try_from(body.len()).unwrap().to_le_bytes());
        file.extend([*kind, *subtype]);
        file.extend(body);
    }
    file
}

/// A lot `L` of a part number.
fn mir() -> ((u8, u8), Vec<u8>) {
    let mut body = vec![0; 15];
    body.extend(b"\x01L\x02PN");
    ((1, 10), body)
}

fn pir(head: u8, site: u8) -> ((u8, u8), Vec<u8>) {
    ((5, 10), vec![head, site])
}

/// A part that passed.
fn prr(head: u8, site: u8, id: &str) -> ((u8, u8), Vec<u8>) {
    let mut body = vec![head, site, 0, 1, 0, 1, 0];
    body.extend([0xff, 0xff, 0x00, 0x80, 0x00, 0x80, 0, 0, 0, 0]);
    body.push(u8::try_from(id.len()).unwrap());
    body.extend(id.bytes());
    ((5, 20), body)
}

/// A number that test 7 measured; `whole` is false for a record that ends inside it.
fn ptr(head: u8, site: u8, whole: bool) -> ((u8, u8), Vec<u8>) {
    let mut body = vec![7, 0, 0, 0, head, site, 0, 0];
    body.extend(2.5_f32.to_le_bytes());
    body.truncate(if whole { 12 } else { 10 });
    ((15, 10), body)
}

fn wir(head: u8, id: &str) -> ((u8, u8), Vec<u8>) {
    let mut body = vec![head, 255, 1, 0, 0, 0];
    body.push(u8::try_from(id.len()).unwrap());
    body.extend(id.bytes());
    ((2, 10), body)
}

fn converted(records: &[((u8, u8), Vec<u8>)], arguments: &str) -> Value {
    let arguments = format!(r#"{{"process_code": 1, "revision": "A", {arguments}}}"#);
    answered(Format::Stdf, &file(records), OsStr::new("x.stdf"), &arguments)
}

const LEAVE_OUT: &str = r#""on_damaged_unit": "leave_out""#;

fn serials(answer: &Value) -> Vec<&str> {
    let reports = answer["reports"].as_array().unwrap();
    reports
        .iter()
        .map(|report| report["sn"].as_str().unwrap())
        .collect()
}

#[test]
fn a_part_with_a_damaged_result_is_left_out_and_not_sent_without_it() {
    let records = [
        mir(),
        pir(1, 1),
        pir(1, 2),
        ptr(1, 1, false),
        ptr(1, 2, true),
        prr(1, 1, "bad"),
        prr(1, 2, "good"),
    ];
    let answer = converted(&records, LEAVE_OUT);
    assert_eq!(serials(&answer), ["good"]);
    let reason = answer["reason"].as_str().unwrap();
    assert!(
        reason.contains("a damaged unit was left out: offset=42: the record ends inside a field"),
        "{reason}"
    );
    let answer = converted(&records, r#""serial": "{part}""#);
    assert_eq!(answer["reason"], "offset=42: the record ends inside a field");
}

#[test]
fn a_compressed_lot_that_ends_too_early_gives_the_parts_before_its_end() {
    let records = [
        vec![mir()],
        (0..50)
            .flat_map(|id| [pir(1, 1), prr(1, 1, &id.to_string())])
            .collect(),
    ]
    .concat();
    let mut packed = GzEncoder::new(Vec::new(), Compression::none());
    packed.write_all(&file(&records)).unwrap();
    let packed = packed.finish().unwrap();
    let cut = packed.get(..packed.len() / 2).unwrap();
    let convert = |input: &[u8], damage: &str| {
        let arguments = format!(r#"{{"process_code": 1, "revision": "A", "on_damaged_unit": "{damage}"}}"#);
        answered(Format::Stdf, input, OsStr::new("x.stdf.gz"), &arguments)
    };
    let answer = convert(cut, "leave_out");
    let before = serials(&answer);
    assert!((10..40).contains(&before.len()), "{answer}");
    assert_eq!(before[9], "9");
    let reason = answer["reason"].as_str().unwrap();
    assert!(reason.contains("not a whole gzip file"), "{reason}");
    assert_eq!(convert(cut, "reject")["status"], "rejected");
    let mut changed = packed.clone();
    *changed.get_mut(60).unwrap() ^= 1;
    assert_eq!(
        convert(&changed, "leave_out")["status"],
        "rejected",
        "its checksum is wrong"
    );
}

#[test]
fn a_damaged_result_of_nobody_knows_which_part_damages_all_that_are_tested() {
    let records = [
        mir(),
        pir(1, 1),
        prr(1, 1, "before"),
        pir(1, 1),
        ((15, 10), vec![7, 0, 0, 0, 1]),
        prr(1, 1, "during"),
        pir(1, 1),
        prr(1, 1, "after"),
    ];
    assert_eq!(serials(&converted(&records, LEAVE_OUT)), ["before", "after"]);
}

#[test]
fn nothing_is_read_behind_a_lot_that_cannot_be_read() {
    let damaged = ((1, 10), vec![0; 6]);
    let records = [
        mir(),
        pir(1, 1),
        prr(1, 1, "1"),
        damaged,
        pir(1, 1),
        prr(1, 1, "2"),
    ];
    assert_eq!(serials(&converted(&records, LEAVE_OUT)), ["1"]);
    let answer = converted(&records[3..], LEAVE_OUT);
    assert_eq!(
        answer["reason"],
        "every unit is damaged: offset=6: the record ends inside a field"
    );
}

#[test]
fn each_head_has_the_wafer_of_its_own_wir() {
    let records = [
        mir(),
        wir(1, "W1"),
        wir(2, "W2"),
        pir(1, 1),
        prr(1, 1, "1"),
        ((2, 20), vec![1, 255]),
        pir(2, 1),
        prr(2, 1, "2"),
    ];
    let answer = converted(&records, r#""serial": "{wafer}/{part}""#);
    assert_eq!(serials(&answer), ["W1/1", "W2/2"]);
}

#[test]
fn the_wafer_behind_a_damaged_wir_is_unknown_and_not_the_one_before() {
    let damaged = ((2, 10), vec![1, 255, 9, 0, 0, 0, 4, b'W']);
    let records = [
        mir(),
        wir(1, "W1"),
        wir(2, "W2"),
        damaged,
        pir(1, 1),
        prr(1, 1, "1"),
        pir(2, 1),
        prr(2, 1, "2"),
    ];
    let answer = converted(&records, LEAVE_OUT);
    assert_eq!(serials(&answer), ["1", "2"]);
    let report = &answer["reports"][0];
    assert_eq!(report.get("start"), None, "{report:#}");
    assert!(!report.to_string().contains("WAFER_ID"), "{report:#}");
    assert_eq!(answer["reports"][1]["start"], "1970-01-01T00:00:01");
    let reason = answer["reason"].as_str().unwrap();
    assert!(reason.contains("the wafer of this WIR is unknown"), "{reason}");
    assert!(reason.contains("parts of a head that no WIR names"), "{reason}");
}

/// MPR of pins 4 and 9 as the standard has it: four texts behind the limits, then the specification.
fn mpr(flags: u8, values: [f32; 2]) -> ((u8, u8), Vec<u8>) {
    let mut body = vec![7, 0, 0, 0, 1, 1, flags, 0xc0, 2, 0, 2, 0, 0];
    body.extend(values.iter().flat_map(|value| value.to_le_bytes()));
    body.extend(b"\x04Leak\x00\x00\x00\x00\x00");
    for number in [1.0_f32, 2.0, 0.5, 0.25] {
        body.extend(number.to_le_bytes());
    }
    body.extend(b"\x04\x00\x09\x00\x02uA\x01V\x04%9.3\x00\x00");
    body.extend(0.5_f32.to_le_bytes());
    body.extend(3.0_f32.to_le_bytes());
    ((15, 15), body)
}

#[test]
fn each_value_of_a_failed_test_of_several_pins_is_judged_by_the_limits() {
    let records = [mir(), pir(1, 1), mpr(0x80, [1.5, 2.5]), prr(1, 1, "1")];
    let answer = converted(&records, r#""serial": "{part}""#);
    let step = &answer["reports"][0]["root"]["steps"][0];
    assert_eq!(step["status"], "F");
    assert_eq!(
        step["reportText"],
        "START_IN: 0.5 V\nINCR_IN: 0.25 V\nLO_SPEC: 0.5\nHI_SPEC: 3"
    );
    let measured = |status, name, value| {
        json!({
            "status": status, "name": name, "value": value, "unit": "uA",
            "compOp": "GELE", "lowLimit": 1, "highLimit": 2
        })
    };
    assert_eq!(
        step["numericMeas"],
        json!([measured("P", "pin 4", 1.5), measured("F", "pin 9", 2.5)])
    );
    // A failure that the limits do not show is no pass of each value.
    let records = [mir(), pir(1, 1), mpr(0x80, [1.5, 2.0]), prr(1, 1, "1")];
    let answer = converted(&records, r#""serial": "{part}""#);
    let step = &answer["reports"][0]["root"]["steps"][0];
    assert_eq!(
        (
            &step["numericMeas"][0]["status"],
            &step["numericMeas"][1]["status"]
        ),
        (&json!("F"), &json!("F"))
    );
}

#[test]
fn results_and_flags_that_are_cut_off_are_faults() {
    let ((kind, subtype), mut body) = mpr(0, [1.5, 1.5]);
    body.truncate(17);
    let records = [mir(), pir(1, 1), ((kind, subtype), body), prr(1, 1, "1")];
    let answer = converted(&records, r#""serial": "{part}""#);
    assert_eq!(answer["reason"], "offset=36: the record ends inside a field");
    let records = [mir(), pir(1, 1), ((5, 20), vec![1, 1])];
    let answer = converted(&records, r#""serial": "{lot}-{site}""#);
    assert_eq!(answer["reason"], "offset=36: the record ends inside a field");
}

#[test]
fn a_lot_behind_another_has_its_own_limits() {
    let limited = |low: f32, high: f32| {
        let ((kind, subtype), mut body) = ptr(1, 1, true);
        body.extend(b"\x00\x00\x00\x00\x00\x00");
        body.extend([low, high].iter().flat_map(|limit| limit.to_le_bytes()));
        ((kind, subtype), body)
    };
    let part = |result, id| [pir(1, 1), result, prr(1, 1, id)];
    let mut records = vec![mir()];
    records.extend(part(limited(1.0, 2.0), "1"));
    records.push(mir());
    records.extend(part(limited(5.0, 7.0), "2"));
    records.extend(part(ptr(1, 1, true), "3"));
    let answer = converted(&records, r#""serial": "{part}""#);
    let last = &answer["reports"][2]["root"]["steps"][0]["numericMeas"][0];
    assert_eq!((&last["lowLimit"], &last["highLimit"]), (&json!(5), &json!(7)));
}

/// PMR with the names of its channel, of the package and of the signal.
fn pmr(index: u16, names: [&str; 3], site: u8) -> ((u8, u8), Vec<u8>) {
    let mut body = index.to_le_bytes().to_vec();
    body.extend([0, 0]);
    for name in names {
        body.push(u8::try_from(name.len()).unwrap());
        body.extend(name.bytes());
    }
    body.extend([1, site]);
    ((1, 60), body)
}

#[test]
fn pins_have_the_names_of_their_site() {
    let names = |pins: &[((u8, u8), Vec<u8>)]| {
        let records = [mir()].into_iter().chain(pins.iter().cloned());
        let part = [pir(1, 1), mpr(0, [1.5, 1.5]), prr(1, 1, "1")];
        let answer = converted(&records.chain(part).collect::<Vec<_>>(), LEAVE_OUT);
        let step = &answer["reports"][0]["root"]["steps"][0];
        [0, 1].map(|at| step["numericMeas"][at]["name"].as_str().unwrap().to_owned())
    };
    let all = [
        pmr(4, ["17", "B3", "SDA"], 2),
        pmr(4, ["18", "B3", "SCL"], 1),
        pmr(9, ["19", "B4", ""], 2),
    ];
    assert_eq!(names(&all), ["SCL", "B4"]);
    assert_eq!(names(&all[..2]), ["SCL", "pin 9"]);
    let same = [pmr(4, ["17", "", ""], 1), pmr(9, ["17", "", ""], 1)];
    assert_eq!(names(&same), ["pin 4", "pin 9"]);
}

#[test]
fn a_damaged_pmr_costs_the_name_of_a_pin_and_no_part() {
    let damaged = ((1, 60), vec![4, 0, 0, 0, 9, b'S']);
    let records = [
        mir(),
        damaged,
        pmr(9, ["", "", "SDA"], 1),
        pir(1, 1),
        mpr(0, [1.5, 1.5]),
        prr(1, 1, "1"),
    ];
    let answer = converted(&records, r#""serial": "{part}""#);
    let values = &answer["reports"][0]["root"]["steps"][0]["numericMeas"];
    assert_eq!(
        (&values[0]["name"], &values[1]["name"]),
        (&json!("pin 4"), &json!("SDA"))
    );
    let reason = answer["reason"].as_str().unwrap();
    assert!(
        reason.contains("offset=30: the record ends inside a field; the pin of this PMR has no name"),
        "{reason}"
    );
}

#[test]
fn the_failing_pins_of_a_functional_test_are_text_of_its_step() {
    let mut body = vec![7, 0, 0, 0, 1, 1, 0x80, 0xff];
    body.extend([0; 26]);
    // One pin that returned, none that was programmed.
    body.extend(b"\x01\x00\x00\x00\x05\x00\x06");
    // Bits 1 and 10 of 11, then empty texts, a generator and no comparators.
    body.extend(b"\x0b\x00\x02\x04");
    body.extend([0; 7]);
    body.extend(b"\x03\x00\x00");
    let records = [
        mir(),
        pmr(10, ["", "", "SDA"], 1),
        pir(1, 1),
        ((15, 20), body),
        prr(1, 1, "1"),
    ];
    let answer = converted(&records, r#""serial": "{part}""#);
    assert_eq!(
        answer["reports"][0]["root"]["steps"][0]["reportText"],
        "RTN_STAT: 5=6\nPATG_NUM: 3\nFAIL_PIN: 1 SDA"
    );
}

#[test]
fn limits_that_stood_in_a_damaged_record_are_said_to_be_lost() {
    let with_limits = || {
        let ((kind, subtype), mut body) = ptr(1, 1, true);
        body.extend(b"\x00\x00\x00\x00\x00\x00");
        for limit in [1.0_f32, 5.0] {
            body.extend(limit.to_le_bytes());
        }
        ((kind, subtype), body)
    };
    let part = |result, id| [pir(1, 1), result, prr(1, 1, id)];
    let mut records = vec![mir()];
    records.extend(part(ptr(1, 1, false), "damaged"));
    records.extend(part(ptr(1, 1, true), "without limits"));
    records.extend(part(with_limits(), "with limits"));
    records.extend(part(ptr(1, 1, true), "with those"));
    let answer = converted(&records, LEAVE_OUT);
    assert_eq!(
        serials(&answer),
        ["without limits", "with limits", "with those"],
        "{answer}"
    );
    let reason = answer["reason"].as_str().unwrap();
    assert!(
        reason.contains("the first record of test 7 cannot be read"),
        "{reason}"
    );
    let step = &answer["reports"][2]["root"]["steps"][0];
    assert_eq!(step["numericMeas"][0]["highLimit"], 5);
}
