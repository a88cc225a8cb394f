//! Settings that cannot be used, each with the exact words of every fault.

use std::fmt::Write;

use stationd_converters::Format;

use super::{GOOD, faults};

/// Cases, each: a line `###`, the file, and a line `==> FAULT` for each fault. A first line `+` of a file stands for
/// [`GOOD`], whose converter is the table still open.
const CASES: &str = include_str!("faults.txt");

#[test]
fn each_fault_says_where_what_and_what_else() {
    let formats: Vec<_> = Format::ALL.iter().map(|format| format.as_str()).collect();
    let formats = formats.join(", ");
    let mut actual = String::new();
    for case in CASES.split_inclusive("###\n").skip(1) {
        let case = case.trim_end_matches("###\n");
        let file: String = case
            .split_inclusive('\n')
            .filter(|line| !line.starts_with("==>"))
            .collect();
        let whole = match file.strip_prefix("+\n") {
            Some(rest) => format!("{GOOD}{rest}"),
            None => file.clone(),
        };
        actual += "###\n";
        actual += &file;
        for fault in faults(&whole) {
            writeln!(actual, "==> {}", fault.replace(&formats, "FORMATS")).unwrap();
        }
    }
    if actual != CASES {
        let place = std::env::temp_dir().join("faults.txt");
        std::fs::write(&place, actual).unwrap();
        panic!("the faults are other ones; compare with {}", place.display());
    }
}
