use std::ffi::OsStr;

use serde_json::json;

use crate::Format;
use crate::fixtures::answered;
use crate::samples::sample;

#[test]
fn a_functional_test_is_read_as_a_person_reads_it() {
    let Some(input) = sample("keysight/testexec-sl.xml") else {
        return;
    };
    let name = OsStr::new("testexec-sl.xml");
    let answer = answered(Format::KeysightTestExec, &input, name, r#"{"process_code": 50}"#);
    assert_eq!(answer.get("reason"), None, "{answer}");
    let report = &answer["reports"][0];
    assert_eq!(
        json!([
            report["sn"],
            report["pn"],
            report["rev"],
            report["result"],
            report["start"]
        ]),
        json!(["SN123456789", "PCBA-1234", "A2", "F", "2024-01-15T10:30:00"])
    );
    assert_eq!(
        json!([report["machineName"], report["uut"]]),
        json!(["FCT-STATION-01", {"user": "JohnDoe", "execTime": 285.3}])
    );
    assert_eq!(
        report["miscInfos"],
        json!([
            {"description": "EndTime", "text": "2024-01-15T10:35:00"},
            {"description": "TotalTests", "text": "6"},
            {"description": "PassedTests", "text": "5"},
            {"description": "FailedTests", "text": "1"},
        ])
    );
    let steps = report["root"]["steps"].as_array().unwrap();
    assert_eq!(steps.len(), 3);
    assert_eq!(
        steps[0]["numericMeas"],
        json!([{"status": "P", "name": "InitialCurrent", "value": 0.125, "unit": "A", "compOp": "GELE", "lowLimit": 0.05, "highLimit": 0.25}])
    );
    assert_eq!(
        json!([
            steps[1]["name"],
            steps[1]["status"],
            steps[1]["steps"][1]["numericMeas"][0]["value"]
        ]),
        json!(["VoltageTests", "P", 3.31])
    );
    assert_eq!(
        json!([
            steps[2]["status"],
            steps[2]["steps"][2]["name"],
            steps[2]["steps"][2]["booleanMeas"]
        ]),
        json!(["F", "I2C_EEPROM_Test", [{"status": "F"}]])
    );
}
