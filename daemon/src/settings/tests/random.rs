//! Random settings: reading never panics, and what is printed has the same effect as what was read.

use proptest::prelude::*;
use tempfile::TempDir;

use super::super::*;
use super::{load_in, variables};

/// A value of any kind, often near a limit.
fn value() -> impl Strategy<Value = String> {
    prop_oneof![
        prop::sample::select(vec![
            "0",
            "1",
            "-1",
            "5",
            "64",
            "86400",
            "1e9",
            "0.5",
            "nan",
            "-inf",
            "true",
            "false",
            "\"\"",
            "\"auto\"",
            "\"/srv/x\"",
            "\"*\"",
            "\"https://a.example\"",
            "\"none\"",
            "[]",
            "[\"*.log\"]",
            "[1, \"a\"]",
            "{}",
            "{ a = 1, b = [true, { c = 'd' }] }",
            "1979-05-27",
            "0xff",
            "\"\\u0000\"",
            "\"\\\"#\"",
        ])
        .prop_map(str::to_owned),
        any::<i64>().prop_map(|number| number.to_string()),
        "[ -~]{0,8}".prop_map(|text| format!("{text:?}")),
    ]
}

const KEYS: &[&str] = &[
    "schema_version",
    "state_dir",
    "name",
    "name_source",
    "location",
    "key",
    "url",
    "directory",
    "proxy",
    "gzip",
    "max_concurrent",
    "max_size",
    "warn_at",
    "policy",
    "user",
    "wall_s",
    "drop_dir",
    "patterns",
    "kind",
    "format",
    "command",
    "arguments",
    "after",
    "station",
    "sandbox",
    "socket",
    "listen",
    "level",
    "processes",
    "unit",
    "done_dir",
];

const TABLES: &[&str] = &[
    "",
    "[station]",
    "[[station.presets]]",
    "[server]",
    "[upload]",
    "[queue]",
    "[retention]",
    "[sandbox]",
    "[[converter]]",
    "[converter.sandbox]",
    "[control]",
    "[http]",
    "[log]",
];

/// Lines that look like settings: keys and tables that exist, in any order.
fn file() -> impl Strategy<Value = String> {
    let line = prop_oneof![
        4 => (prop::sample::select(KEYS), value()).prop_map(|(key, value)| format!("{key} = {value}")),
        1 => prop::sample::select(TABLES).prop_map(str::to_owned),
    ];
    prop::collection::vec(line, 0..24).prop_map(|lines| lines.join("\n"))
}

/// A file without a fault.
fn good_file() -> impl Strategy<Value = String> {
    let text = prop::sample::select(vec!["", "a", "Hall \"3\"", "ä#=", "'\\'"]);
    (text, 1..=64u32, 0.0..=1.0f64, any::<bool>(), -9i64..9).prop_map(|(text, children, part, switch, number)| {
        format!(
            "[station]\nlocation = {text:?}\n[server]\nurl = \"https://a.example\"\nallow_plain_http = {switch}\n\
             [queue]\nwarn_at = {part:?}\n[sandbox]\nmax_children = {children}\nwall_s = {children}\n\
             [[converter]]\nname = \"a\"\ndrop_dir = \"/srv/a\"\nkind = \"exec\"\ncommand = [\"/usr/bin/a\"]\nrecursive = {switch}\n\
             arguments = {{ text = {text:?}, number = {number}, part = {part:?}, list = [{switch}], 'odd key' = {{}} }}\n\
             [converter.sandbox]\ncpu_s = {children}\n"
        )
    })
}

/// Values without their origins.
fn effect(values: &Values) -> Vec<(String, String)> {
    let show = |setting: &Setting| (setting.key.clone(), setting.value.to_string());
    values.iter().map(show).collect()
}

proptest! {
    #[test]
    fn no_file_makes_the_reader_panic(text in prop_oneof![file(), any::<String>()]) {
        let folder = TempDir::new().unwrap();
        match load_in(folder.path(), &text, variables(&[])) {
            Ok(settings) => prop_assert!(!settings.values.to_string().is_empty()),
            Err(faults) => prop_assert!(faults.iter().count() > 0 && !faults.to_string().contains('\n') || faults.iter().count() > 1),
        }
    }

    #[test]
    fn what_is_printed_has_the_same_effect(text in good_file()) {
        let folder = TempDir::new().unwrap();
        let first = load_in(folder.path(), &text, variables(&[])).unwrap().values;
        let second = load_in(folder.path(), &first.to_string(), variables(&[])).unwrap().values;
        prop_assert_eq!(effect(&first), effect(&second));
    }
}
