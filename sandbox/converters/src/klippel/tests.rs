use std::ffi::OsStr;

use serde_json::json;

use crate::Format;
use crate::fixtures::answered;
use crate::samples::sample;

#[test]
fn the_sample_failed_three_of_eight_tests() {
    let Some(input) = sample("klippel/DUT xyz115 2020-05-14 10-01-37-5 UTC+0200.txt") else {
        return;
    };
    let arguments = r#"{"process_code": 30, "part_number": "SPK", "revision": "A"}"#;
    let answer = answered(Format::Klippel, &input, OsStr::new("x.txt"), arguments);
    assert_eq!(answer["status"], "converted", "{answer}");
    let report = &answer["reports"][0];
    assert_eq!(
        (&report["sn"], &report["result"], &report["start"]),
        (
            &json!("xyz115"),
            &json!("F"),
            &json!("2020-05-14T10:01:37.563+02:00")
        )
    );
    assert_eq!(report["uut"]["user"], "win:m.liebig");
    let found: Vec<_> = report["root"]["steps"]
        .as_array()
        .unwrap()
        .iter()
        .map(|step| (step["name"].as_str().unwrap(), step["status"].as_str().unwrap()))
        .collect();
    assert_eq!(
        found,
        [
            ("resp", "P"),
            ("level", "P"),
            ("pol", "P"),
            ("thd", "P"),
            ("rbz", "P"),
            ("imp", "F"),
            ("re", "F"),
            ("fs", "F")
        ]
    );
    assert!(
        answer["reason"]
            .as_str()
            .unwrap()
            .contains("no folder of the file's name")
    );
}

/// The sample's file and folder, as the daemon packs them.
fn with_folder() -> Option<Vec<u8>> {
    const NAME: &str = "DUT xyz115 2020-05-14 10-01-37-5 UTC+0200";
    let mut files = vec![(format!("{NAME}.txt"), sample(&format!("klippel/{NAME}.txt"))?)];
    for name in [
        "Impedance-imp.txt",
        "Impedance-values.txt",
        "Sound Pressure-rbz.txt",
        "Sound Pressure-resp.txt",
        "Sound Pressure-thd.txt",
        "Sound Pressure-values.txt",
    ] {
        let path = format!("{NAME}/{name}");
        files.push((path.clone(), sample(&format!("klippel/{path}"))?));
    }
    Some(crate::pack(&files).unwrap())
}

#[test]
fn the_folder_beside_the_sample_has_its_values_and_curves() {
    let Some(input) = with_folder() else { return };
    let arguments = r#"{"process_code": 30, "part_number": "SPK", "revision": "A"}"#;
    let answer = answered(Format::Klippel, &input, OsStr::new("x.txt"), arguments);
    assert_eq!(answer["status"], "converted", "{answer}");
    let steps = answer["reports"][0]["root"]["steps"].as_array().unwrap();
    let step = |name: &str| steps.iter().find(|step| step["name"] == name).unwrap();
    // The eight tests of the lists: `qts` was not measured and not judged.
    assert_eq!(steps.len(), 8);
    let level = &step("level")["numericMeas"][0];
    assert_eq!(
        (
            &level["value"],
            &level["lowLimit"],
            &level["highLimit"],
            &level["compOp"]
        ),
        (&json!(95.203), &json!(91.337), &json!(97.337), &json!("GELE"))
    );
    // `re` failed without a value.
    assert_eq!(step("re")["status"], "F");
    assert!(step("re")["numericMeas"].is_null());
    let chart = &step("resp")["chart"];
    let names: Vec<_> = chart["series"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["name"])
        .collect();
    assert_eq!(names, ["resp", "max", "min"]);
    assert!(
        chart["series"][0]["xdata"]
            .as_str()
            .unwrap()
            .starts_with("200.00;206.00;")
    );
    assert!(
        chart["series"][0]["ydata"]
            .as_str()
            .unwrap()
            .starts_with("91.346;91.398;")
    );
    // The first points of `thd` have no value: they are left out, not 0.
    let thd = &step("thd")["chart"]["series"][0];
    assert!(thd["xdata"].as_str().unwrap().starts_with("230.00;236.00;"));
    assert!(thd["ydata"].as_str().unwrap().starts_with("50.748;48.942;"));
    for series in ["imp", "rbz", "resp", "thd"].map(|name| &step(name)["chart"]["series"]) {
        for one in series.as_array().unwrap() {
            let count = |member: &str| one[member].as_str().unwrap().split(';').count();
            assert_eq!(count("xdata"), count("ydata"));
        }
    }
    assert!(answer["reason"].is_null(), "{answer}");
}

#[test]
fn a_fault_in_the_folder_names_its_file() {
    let files = [
        (
            "x.txt".to_owned(),
            b"Cfg_SerialNumber=S\nCtrl_OverallVerdict=1\nResults_Pass=re\n".to_vec(),
        ),
        (
            "x/Impedance-values.txt".to_owned(),
            b"name\tvalue\tmax\tmin\nre\t3,5\t4\t3\n".to_vec(),
        ),
    ];
    let arguments = r#"{"process_code": 30, "part_number": "SPK", "revision": "A"}"#;
    let answer = answered(
        Format::Klippel,
        &crate::pack(&files).unwrap(),
        OsStr::new("x.txt"),
        arguments,
    );
    assert_eq!(
        answer["reason"],
        "line=2 column=2: Impedance-values.txt: expected a number, found \"3,5\""
    );
}

#[test]
fn a_file_that_ends_before_its_results_is_cut_off() {
    let input = b"Cfg_SerialNumber=S\nCtrl_OverallVerdict=1\n";
    let arguments = r#"{"process_code": 30, "part_number": "SPK", "revision": "A"}"#;
    let answer = answered(Format::Klippel, input, OsStr::new("x.txt"), arguments);
    assert_eq!(
        answer["reason"],
        "line=2: no list of results (Results_Pass and the like): the file is incomplete"
    );
}

#[test]
fn values_that_are_none_and_two_columns_of_a_name_are_kept_apart() {
    let files = [
        (
            "x.txt".to_owned(),
            b"Cfg_SerialNumber=S\nCtrl_OverallVerdict=0\nResults_Fail=re\timp\n".to_vec(),
        ),
        (
            "x/Impedance-values.txt".to_owned(),
            b"name\tvalue\tmax\tmin\nre\tNaN\tInf\t3\n".to_vec(),
        ),
        (
            "x/Impedance-imp.txt".to_owned(),
            b"f\timp\tmax\tmax\n1\t2\t3\t4\n2\tNaN\t5\t6\n".to_vec(),
        ),
    ];
    let arguments = r#"{"process_code": 30, "part_number": "SPK", "revision": "A"}"#;
    let input = crate::pack(&files).unwrap();
    let answer = answered(Format::Klippel, &input, OsStr::new("x.txt"), arguments);
    let steps = &answer["reports"][0]["root"]["steps"];
    assert_eq!(
        steps[0]["numericMeas"][0],
        json!({"status": "F", "value": "NaN", "compOp": "GELE", "lowLimit": 3, "highLimit": "Inf"}),
        "{answer}"
    );
    let series = steps[1]["chart"]["series"].as_array().unwrap();
    let points: Vec<_> = series.iter().map(|one| (&one["xdata"], &one["ydata"])).collect();
    assert_eq!(
        points,
        [
            (&json!("1"), &json!("2")),
            (&json!("1;2"), &json!("3;5")),
            (&json!("1;2"), &json!("4;6"))
        ]
    );
}
