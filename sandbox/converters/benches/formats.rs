//! How fast each format is converted: `cargo bench -p stationd-converters [FORMAT]`.
//!
//! The files are the samples beside the checkout, `csv` a table made here. Each is converted until a second has passed,
//! answer included; the middle time counts. Prints the table of README.md.
#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark prints, and ends where it cannot measure"
)]

use std::ffi::OsStr;
use std::fmt::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use nix::time::{ClockId, clock_gettime};
use stationd_converters::{Format, Source, answer, convert};

/// How long each file is converted over and over.
const LONG_ENOUGH: Duration = Duration::from_secs(1);

/// The largest sample of each format, and the arguments that it needs.
const SAMPLES: [(&str, &str, &str); 19] = [
    ("wsjf", "wats/uut-wsjf-export.json", ""),
    (
        "wats-text",
        "wats/generated/wstf-pass.txt",
        r#"{"process_code": 10}"#,
    ),
    ("wsxf", "wats/uut-wsxf-export.xml", ""),
    (
        "atml",
        "atml/Report_LS2621-1002[Passed][9190300075][2019-03-11][15 06 37].xml",
        r#"{"process_code": 10, "revision": "A"}"#,
    ),
    (
        "teststand",
        "teststand/TsWithoutWats.xml",
        r#"{"process_code": 10, "part_number": "P", "revision": "A"}"#,
    ),
    (
        "junit",
        "junit/junit-report-1463.xml",
        r#"{"process_code": 10, "part_number": "P", "revision": "A", "serial_from_name": true}"#,
    ),
    (
        "stdf",
        "stdf/lot2.stdf.gz",
        r#"{"process_code": 10, "revision": "A", "serial": "{lot}-{part}"}"#,
    ),
    (
        "i3070",
        "i3070/classic.txt",
        r#"{"process_code": 10, "revision": "A", "part_number": "P", "serial_from_name": true}"#,
    ),
    (
        "teradyne-gr228x",
        "teradyne-gr228x/43420_BIO2.LOG",
        r#"{"process_code": 10, "revision": "A", "part_number_ends": "_"}"#,
    ),
    (
        "openhtf",
        "openhtf/multidim_testdata.json",
        r#"{"process_code": 10, "part_number": "P", "revision": "A", "serial_from_name": true}"#,
    ),
    ("seica", "seica/seica.xml", r#"{"process_code": 10}"#),
    (
        "saki",
        "saki/SAKI-testdata.xml",
        r#"{"process_code": 10, "revision": "A", "part_number": "P"}"#,
    ),
    (
        "sigmaquest",
        "sigmaquest/testdata_SN651658.xml",
        r#"{"process_code": 10, "part_number": "P", "revision": "A"}"#,
    ),
    (
        "spea",
        "spea/testdata_SN9871234012.csv",
        r#"{"process_code": 10, "revision": "A"}"#,
    ),
    (
        "xjtag",
        "xjtag/55804022_XJT_2019-06-20_12-55-57_lumi_Pass.xjlog",
        r#"{"process_code": 10, "part_number": "P", "revision": "A"}"#,
    ),
    (
        "takaya",
        "takaya/ATD/PB2939800_E_BOT-20230420130239.ATD",
        r#"{"process_code": 10, "part_number": "P", "revision": "A", "date_order": "ddmm"}"#,
    ),
    (
        "teradyne-spectrum",
        "teradyne-spectrum/sample_ict_data.txt",
        r#"{"process_code": 10, "revision": "A", "date_order": "ddmm"}"#,
    ),
    (
        "klippel",
        "klippel/DUT xyz115 2020-05-14 10-01-37-5 UTC+0200.txt",
        r#"{"process_code": 10, "part_number": "P", "revision": "A"}"#,
    ),
    (
        "keysight-testexec",
        "keysight/testexec-sl.xml",
        r#"{"process_code": 10, "part_number": "P", "revision": "A"}"#,
    ),
];

fn main() {
    let only = std::env::args().skip(1).find(|word| !word.starts_with('-'));
    let wanted = |format: &str| only.as_deref().is_none_or(|only| only == format);
    println!("| format | file | reports | time | MB/s | reports/s |\n|---|---|---|---|---|---|");
    for (format, file, arguments) in SAMPLES {
        if !wanted(format) {
            continue;
        }
        let path = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../../../shared/samples")
            .join(file);
        match std::fs::read(&path) {
            Ok(input) => measure(format, &input, file.rsplit('/').next().unwrap(), arguments),
            Err(error) => println!("| `{format}` | no sample: {error} | | | | |"),
        }
    }
    if wanted("csv") {
        let arguments = r#"{"columns": {"serial": "SN", "step": "Step", "value": "Value", "low_limit": "Low",
            "high_limit": "High", "unit": "Unit", "status": "Status"},
            "constants": {"part_number": "P", "revision": "A", "process_code": 10}}"#;
        measure("csv", table().as_bytes(), "table.csv", arguments);
    }
}

/// A table of 100 units with 100 rows each.
fn table() -> String {
    let mut text = "SN,Step,Value,Low,High,Unit,Status\n".to_owned();
    for unit in 0..100 {
        for row in 0..100 {
            writeln!(text, "SN{unit:04},Measurement {row},{row}.125,0,1000,mV,PASS").unwrap();
        }
    }
    text
}

/// CPU time of this process: what other processes do does not count.
fn cpu_time() -> Duration {
    clock_gettime(ClockId::CLOCK_PROCESS_CPUTIME_ID).unwrap().into()
}

fn measure(name: &str, input: &[u8], file: &str, arguments: &str) {
    let format: Format = name.parse().unwrap();
    let source = Source {
        name: OsStr::new(file),
        arguments,
    };
    let reports = match convert(format, input, &source) {
        Ok(conversion) => conversion.reports.len(),
        Err(error) => return println!("| `{name}` | rejected: {error} | | | | |"),
    };
    let mut times = Vec::new();
    let began = Instant::now();
    while began.elapsed() < LONG_ENOUGH || times.len() < 5 {
        let mut out = Vec::new();
        let start = cpu_time();
        answer(format, input, &source, &mut out).unwrap();
        times.push(cpu_time().saturating_sub(start).as_secs_f64());
    }
    times.sort_by(f64::total_cmp);
    let middle = times.get(times.len() / 2).copied().unwrap();
    let count = f64::from(u32::try_from(reports).unwrap());
    let megabytes = f64::from(u32::try_from(input.len()).unwrap()) / 1e6;
    println!(
        "| `{name}` | {:.0} KB | {reports} | {:.2} ms | {:.0} | {:.0} |",
        megabytes * 1e3,
        middle * 1e3,
        megabytes / middle,
        count / middle
    );
}
