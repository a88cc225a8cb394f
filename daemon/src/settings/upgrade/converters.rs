//! The old format's list of converters.

use std::collections::BTreeSet;

use serde_json::Value as Json;
use toml::{Table, Value};

use super::convert::put;
use super::old::Old;

/// The vendor's own converters that are built in here: how their class ends, and the format.
const BUILT_IN: &[(&str, &str)] = &[
    ("WATSStandardJsonConverter", "wsjf"),
    ("WATSStandardTextConverter", "wats-text"),
];

/// Every converter; names become unique and fit for the new format.
pub(super) fn convert(old: &mut Old, lost: &mut Vec<String>) -> Vec<Table> {
    let all_enabled = old.switch("converters_enabled").unwrap_or(true);
    let mut names = BTreeSet::new();
    let mut converted = Vec::new();
    for mut one in old.tables("converters") {
        let mut table = Table::new();
        let name = one.text("name").unwrap_or_else(|| "converter".to_owned());
        put(&mut table, "name", Some(one.renamed("name", &name, &mut names)));
        put(
            &mut table,
            "enabled",
            Some(one.switch("enabled").unwrap_or(true) && all_enabled),
        );
        put(&mut table, "priority", one.integer("priority", 1, 10));
        let unit = files(&mut one, &mut table, lost);
        program(&mut one, &mut table);
        end(&mut one, &mut table, unit, lost);
        lost.extend(one.rest());
        converted.push(table);
    }
    converted
}

/// Which files it takes; the answer is its unit.
fn files(one: &mut Old, table: &mut Table, lost: &mut Vec<String>) -> &'static str {
    put(table, "drop_dir", one.text("watch_folder"));
    put(table, "done_dir", one.text("done_folder"));
    put(table, "error_dir", one.text("error_folder"));
    put(table, "pending_dir", one.text("pending_folder"));
    let unit = match one.text("converter_type").as_deref() {
        None | Some("file") => "file",
        Some("folder") => "folder",
        Some("scheduled") => "schedule",
        Some(_) => {
            lost.push(one.called("converter_type"));
            "file"
        }
    };
    let (of_files, of_folders) = (one.texts("file_patterns"), one.texts("folder_patterns"));
    let patterns = match unit {
        "folder" => of_folders,
        "file" => of_files,
        _ => None,
    };
    put(
        table,
        "patterns",
        patterns.filter(|patterns| !patterns.is_empty()),
    );
    // These stand in every old converter, and count only for the kind they are about.
    let marker = one.text("readiness_marker");
    let least = one.integer("min_file_count", 0, 1_000_000);
    let every = one.integer("schedule_interval_seconds", 1, 31_536_000);
    let (cron, on_start) = (one.text("cron_expression"), one.switch("run_on_startup"));
    match unit {
        "folder" => {
            put(table, "marker", marker);
            put(table, "min_files", least);
        }
        "schedule" => {
            put(table, "every_s", every);
            put(table, "cron", cron);
            put(table, "on_start", on_start);
        }
        _ => {}
    }
    if unit != "file" {
        put(table, "unit", Some(unit));
    }
    unit
}

fn program(one: &mut Old, table: &mut Table) {
    if let Some(class) = one.text("module_path") {
        let own = BUILT_IN.iter().find(|(end, _)| class.ends_with(end));
        if let Some((_, format)) = own {
            put(table, "format", Some(*format));
        } else {
            put(table, "kind", Some("pywats"));
            put(table, "class", Some(class));
        }
    }
    let arguments = one.object("arguments").unwrap_or_default();
    if let Some(Value::Table(arguments)) = toml_of(Json::Object(arguments)).filter(is_filled) {
        put(table, "arguments", Some(arguments));
    }
}

fn is_filled(value: &Value) -> bool {
    value.as_table().is_some_and(|table| !table.is_empty())
}

/// JSON as TOML; null, which TOML lacks, is left out.
fn toml_of(json: Json) -> Option<Value> {
    Some(match json {
        Json::Null => return None,
        Json::Bool(switch) => switch.into(),
        Json::Number(number) => match number.as_i64() {
            Some(number) => number.into(),
            None => number.as_f64()?.into(),
        },
        Json::String(text) => text.into(),
        Json::Array(items) => Value::Array(items.into_iter().filter_map(toml_of).collect()),
        Json::Object(members) => {
            let members = members.into_iter();
            Value::Table(
                members
                    .filter_map(|(key, value)| Some((key, toml_of(value)?)))
                    .collect(),
            )
        }
    })
}

fn end(one: &mut Old, table: &mut Table, unit: &str, lost: &mut Vec<String>) {
    match one.text("post_action").as_deref() {
        None => {}
        // It stands in every old converter; a schedule takes nothing that could be put away.
        Some(_) if unit == "schedule" => {}
        Some(action @ ("move" | "zip" | "archive" | "delete" | "keep")) => put(table, "after", Some(action)),
        Some(_) => lost.push(one.called("post_action")),
    }
    put(table, "retries", one.integer("max_retries", 0, 1000));
    put(
        table,
        "retry_delay_s",
        one.integer("retry_delay_seconds", 1, 86_400),
    );
    put(table, "alarm_below", one.number("alarm_threshold"));
    put(table, "reject_below", one.number("reject_threshold"));
}
