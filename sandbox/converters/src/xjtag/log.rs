//! The log: an archive of runs, or a run alone.

use std::collections::BTreeMap;

use super::XjtagArguments;
use super::run::{Log, report};
use crate::archive::{Entry, is_archive, unpack};
use crate::rows::{Site, StatusWords};
use crate::xml::{Element, parse};
use crate::{Conversion, ConvertError, Source};

/// Converts all runs of a log.
pub(crate) fn convert(input: &[u8], source: &Source<'_>) -> Result<Conversion, ConvertError> {
    let arguments: XjtagArguments = source.parse_arguments()?;
    let words = StatusWords::new(&arguments.status_words)?;
    let site = Site::new(&words, arguments.process_code);
    let mut conversion = Conversion::default();
    if !is_archive(input) {
        let log = Log {
            arguments: &arguments,
            site,
            info: None,
            files: &[],
        };
        return one(input, &log, &mut conversion).map(|()| conversion);
    }
    let entries = unpack(input)?;
    let info = entries.iter().find(|entry| entry.name == "Info.xml");
    let info = info.map(|entry| parse(&entry.content).map_err(|error| of(&entry.name, error)));
    let info = info.transpose()?;
    let (runs, files): (Vec<Entry>, Vec<Entry>) = entries
        .into_iter()
        .filter(|entry| entry.name != "Info.xml" && !entry.name.ends_with(".checksum"))
        .partition(|entry| number(&entry.name).is_some());
    let found = runs.len();
    let runs: BTreeMap<u32, Entry> = runs
        .into_iter()
        .filter_map(|entry| Some((number(&entry.name)?, entry)))
        .collect();
    if runs.len() != found {
        return Err(ConvertError::new("two runs of the archive have the same number"));
    }
    check_count(info.as_ref(), runs.len(), &mut conversion)?;
    let log = Log {
        arguments: &arguments,
        site,
        info: info.as_ref(),
        files: &files,
    };
    let texts: Vec<_> = runs
        .values()
        .map(|run| String::from_utf8_lossy(&run.content))
        .collect();
    for file in log.files {
        if !texts.iter().any(|text| text.contains(&file.name)) {
            let name = stationd_report::Excerpt::of(&file.name);
            conversion.note(format!("no run names the file {name}: it was left out"));
        }
    }
    for entry in runs.values() {
        one(&entry.content, &log, &mut conversion).map_err(|error| of(&entry.name, error))?;
    }
    conversion.ended("no run in the archive")
}

fn one(input: &[u8], log: &Log<'_>, conversion: &mut Conversion) -> Result<(), ConvertError> {
    conversion.unit(log.arguments.on_damaged_unit, |notes| {
        parse(input).and_then(|run| report(&run, log, notes))
    })
}

/// `Info.xml` counts the runs: a log that lost some is not whole.
fn check_count(
    info: Option<&Element>,
    found: usize,
    conversion: &mut Conversion,
) -> Result<(), ConvertError> {
    let Some(counted) = info.and_then(|info| info.child("TestRunCount")) else {
        conversion.note("the archive has no Info.xml that counts its runs".to_owned());
        return Ok(());
    };
    let count = counted.text().integer().map_err(|error| of("Info.xml", error))?;
    if count.is_some_and(|count| count.text() != found.to_string()) {
        let what = format!(
            "the log has {} runs, the archive holds {found}",
            counted.text().text
        );
        return Err(of("Info.xml", ConvertError::at(counted.line, what)));
    }
    Ok(())
}

/// The number of a run's file: `Run 12.xml`.
fn number(name: &str) -> Option<u32> {
    name.strip_prefix("Run ")?.strip_suffix(".xml")?.parse().ok()
}

/// Says in which file of the archive a fault is.
fn of(name: &str, mut error: ConvertError) -> ConvertError {
    error.what = format!("{}: {}", stationd_report::Excerpt::of(name), error.what);
    error
}
