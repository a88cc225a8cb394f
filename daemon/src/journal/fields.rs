//! Native fields of the systemd journal.

use log::{Level, Record};
use systemd_journal_logger::JournalLog;
use uuid::Uuid;

use super::line::Line;

/// Names this program's messages; never changes, because catalogues and dashboards hold what follows from it.
const NAMESPACE: Uuid = Uuid::from_u128(0x7d0f_3c1b_52a4_4c8e_9a55_1f0e_6b2d_c401);

/// The `MESSAGE_ID` of a code: the same in every version, as 32 hexadecimal digits.
pub fn message_id(code: &str) -> String {
    Uuid::new_v5(&NAMESPACE, code.as_bytes()).simple().to_string()
}

/// The field of a key: those that other programs search by have names of their own.
fn field(key: &str) -> String {
    match key {
        "serial" => "SERIAL_NUMBER".to_owned(),
        "report_id" => "REPORT_ID".to_owned(),
        "trace" => "TRACE_ID".to_owned(),
        key => format!("STATIOND_{}", key.to_ascii_uppercase()),
    }
}

/// Sends a line as one entry.
///
/// # Errors
///
/// When the journal takes no entry, as while it is restarted.
pub(super) fn send(journal: &JournalLog, record: &Record<'_>) -> std::io::Result<()> {
    let line = Line::of(record);
    let mut pairs = Vec::with_capacity(line.pairs.len() + 4);
    if !line.code.is_empty() {
        pairs.push(("MESSAGE_ID".to_owned(), message_id(&line.code)));
        pairs.push(("STATIOND_CODE".to_owned(), line.code.clone()));
    }
    let end = [("cause", &line.cause), ("next", &line.next)];
    let end = end.into_iter().map(|(key, value)| (key, value.as_str()));
    let all = line
        .pairs
        .iter()
        .map(|(key, value)| (key.as_str(), value.as_str()));
    for (key, value) in all.chain(end).filter(|(_, value)| !value.is_empty()) {
        pairs.push((field(key), value.to_owned()));
    }
    let pairs: Vec<(&str, &str)> = pairs
        .iter()
        .map(|(key, value)| (key.as_str(), value.as_str()))
        .collect();
    journal.journal_send(
        &Record::builder()
            .level(shifted(record.level()))
            .target(record.target())
            .args(format_args!("{}", line.text()))
            .key_values(&pairs.as_slice())
            .build(),
    )
}

/// `JournalLog` takes Info for a notice (5) and Debug for information (6); ours are 6 and 7, as sd-daemon(3) has them.
fn shifted(level: Level) -> Level {
    match level {
        Level::Error | Level::Warn => level,
        Level::Info => Level::Debug,
        Level::Debug | Level::Trace => Level::Trace,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn message_ids_never_change() {
        assert_eq!(message_id("U401"), "b150c3b57a075a71a920314e012e7750");
    }

    #[test]
    fn the_catalogue_has_the_id_of_each_code_once() {
        let catalogue = include_str!("../../../systemd/stationd.catalog");
        let lines: Vec<_> = catalogue.lines().collect();
        let mut codes = Vec::new();
        for pair in lines.windows(2).filter(|pair| pair[0].starts_with("-- ")) {
            let code = pair[1]
                .strip_prefix("Subject: ")
                .unwrap()
                .split(' ')
                .next()
                .unwrap();
            assert_eq!(pair[0], format!("-- {}", message_id(code)), "{code}");
            codes.push(code);
        }
        assert!(codes.is_sorted_by(|a, b| a < b), "{codes:?}");
    }

    #[test]
    fn fields_have_the_names_that_are_promised() {
        let names = ["code", "job", "converter", "file", "serial", "report_id", "trace"].map(field);
        assert_eq!(
            names,
            [
                "STATIOND_CODE",
                "STATIOND_JOB",
                "STATIOND_CONVERTER",
                "STATIOND_FILE",
                "SERIAL_NUMBER",
                "REPORT_ID",
                "TRACE_ID"
            ]
        );
    }
}
