//! From values to a report. Source: a real file, whose comments explain its keys.

use stationd_report::{BooleanMeasurement, Measurements, Step, StepStatus};

use super::KlippelArguments;
use super::attached::attach;
use super::folder;
use super::parse::{Values, parse};
use crate::archive::{Entry, is_archive, unpack};
use crate::fit::fitted;
use crate::rows::{Cell, Field, Site, StatusWords, Unit};
use crate::text::decode;
use crate::{Conversion, ConvertError, Source};

/// The file of an archive that names what of the folder is not in it, a line each. Who packs the archive writes it.
pub const LEFT_OUT: &str = ".stationd-left-out";

const NO_FOLDER: &str = "verdicts without values and curves: there is no folder of the file's name beside it";

/// The key of the overall verdict.
pub(crate) const VERDICT: &str = "Ctrl_OverallVerdict";

/// The overall verdicts, by their number.
const VERDICTS: [(&str, &str); 6] = [
    ("-1", "Void"),
    ("0", "Fail"),
    ("1", "Pass"),
    ("2", "Warning"),
    ("3", "Noise"),
    ("4", "Invalid"),
];

/// The keys that list tests by their verdict.
const LISTS: [(&str, &str); 6] = [
    ("Results_Pass", "Pass"),
    ("Results_Fail", "Fail"),
    ("Results_Warning", "Warning"),
    ("Results_Void", "Void"),
    ("Results_Noise", "Noise"),
    ("Results_Invalid", "Invalid"),
];

/// Converts a file.
pub(crate) fn convert(input: &[u8], source: &Source<'_>) -> Result<Conversion, ConvertError> {
    let arguments: KlippelArguments = source.parse_arguments()?;
    let own = [
        ("noise", StepStatus::Error),
        ("invalid", StepStatus::Error),
        ("void", StepStatus::Done),
    ];
    let words = StatusWords::with(&own, &arguments.status_words)?;
    let site = Site::new(&words, arguments.process_code);
    let encoding = arguments.encoding.as_deref();
    let (files, alone) = if is_archive(input) {
        (unpack(input)?, false)
    } else {
        let content = input.to_vec();
        let name = String::new();
        (vec![Entry { name, content }], true)
    };
    let (own, others) = split(&files)?;
    let text = decode(&own.content, encoding)?;
    let values = parse(&text)?;
    let mut unit = Unit::new(1);
    unit.decided(arguments.part_number.as_deref(), arguments.revision.as_deref());
    header(&values, &mut unit, site)?;
    let mut root = steps(&values, &words)?;
    let mut no_tables = Vec::new();
    let mut decided = Vec::new();
    for file in others {
        if file.name.ends_with(LEFT_OUT) {
            decided.extend(String::from_utf8_lossy(&file.content).lines().map(str::to_owned));
        } else if !folder::add(file, encoding, root.steps.get_or_insert_default())? {
            no_tables.push(file);
        }
    }
    attach(&no_tables, unit.report_mut(), &mut decided);
    Conversion::of_one(|notes| {
        if alone {
            notes.push(NO_FOLDER.to_owned());
        }
        notes.append(&mut decided);
        unit.finish(root, site, notes)
    })
}

/// The file of verdicts: the only one that does not lie in a folder, or the only one of these that has an overall
/// verdict.
fn split(files: &[Entry]) -> Result<(&Entry, impl Iterator<Item = &Entry>), ConvertError> {
    let depth = |entry: &Entry| entry.name.matches('/').count();
    let least = files.iter().map(depth).min();
    let least = least.ok_or_else(|| ConvertError::new("an archive without a file"))?;
    let mut outside: Vec<_> = files.iter().filter(|entry| depth(entry) == least).collect();
    if outside.len() > 1 {
        outside.retain(|entry| {
            let mut words = entry.content.windows(VERDICT.len());
            words.any(|word| word == VERDICT.as_bytes())
        });
    }
    let &[own] = outside.as_slice() else {
        let what = "an archive of several result files, or none; one file and the folder of its name belong together";
        return Err(ConvertError::new(what));
    };
    Ok((own, files.iter().filter(move |entry| entry.name != own.name)))
}

fn header(values: &Values<'_>, unit: &mut Unit, site: Site<'_>) -> Result<(), ConvertError> {
    for cell in values.iter() {
        match cell.name {
            "Cfg_SerialNumber" => unit.set(Field::Serial, cell, site)?,
            "Cfg_PCName" => unit.set(Field::Station, cell, site)?,
            "Cfg_UserName" => unit.set(Field::Operator, cell, site)?,
            "Ctrl_ErrorGeneral" => unit.set(Field::ErrorMessage, cell, site)?,
            "Cfg_DutStartTime" => {
                let start = start(cell).ok_or_else(|| cell.expected("a date and time"))?;
                unit.set(Field::Start, Cell { text: &start, ..cell }, site)?;
            }
            VERDICT => {
                let verdict = VERDICTS.iter().find(|(number, _)| *number == cell.text);
                let (_, word) = verdict.ok_or_else(|| cell.expected("a verdict"))?;
                unit.set(Field::Result, Cell { text: word, ..cell }, site)?;
            }
            name if LISTS.iter().any(|(list, _)| *list == name) => {}
            name => unit.keep(name, cell),
        }
    }
    let verdict = values.get(VERDICT);
    if verdict.is_empty() {
        return Err(verdict.expected("a verdict"));
    }
    if values
        .iter()
        .any(|cell| LISTS.iter().any(|(list, _)| *list == cell.name))
    {
        return Ok(());
    }
    let last = values.iter().last().map_or(1, |cell| cell.line);
    let what = "no list of results (Results_Pass and the like): the file is incomplete";
    Err(ConvertError::at(last, what))
}

/// The tests: pass/fail steps, in the order of the lists.
fn steps(values: &Values<'_>, words: &StatusWords) -> Result<Step, ConvertError> {
    let mut steps = Vec::new();
    for (key, verdict) in LISTS {
        let list = values.get(key);
        for name in list
            .text
            .split('\t')
            .map(str::trim)
            .filter(|name| !name.is_empty())
        {
            let verdict = Cell {
                text: verdict,
                ..list
            };
            let status = words.step(verdict)?.unwrap_or(StepStatus::Done);
            let (name, whole) = fitted(name);
            steps.push(Step {
                step_type: Some("ET_PFT".to_owned()),
                name: Some(name),
                report_text: whole,
                status: Some(status.into()),
                boolean: Some(Measurements::from(BooleanMeasurement {
                    status: Some(status.into()),
                    ..BooleanMeasurement::default()
                })),
                ..Step::default()
            });
        }
    }
    Ok(Step {
        step_type: Some("SequenceCall".to_owned()),
        name: Some("Klippel".to_owned()),
        steps: Some(steps),
        ..Step::default()
    })
}

/// The start as ISO 8601. The file has the numbers of Scilab's `getdate` joined by `-`: year, month, week, day of the
/// year, day of the week, day, hour, minute, second, millisecond, minutes from UTC, seconds since 1970. A number
/// below zero has its own sign.
fn start(cell: Cell<'_>) -> Option<String> {
    let mut numbers = Vec::new();
    let mut negative = false;
    for part in cell.text.split('-') {
        if part.is_empty() {
            negative = true;
            continue;
        }
        let number: i32 = match part.parse() {
            Ok(number) => number,
            // The last one is a rounded count of seconds.
            Err(_) if numbers.len() >= 11 => break,
            Err(_) => return None,
        };
        numbers.push(if negative { number.checked_neg()? } else { number });
        negative = false;
    }
    let &[
        year,
        month,
        _,
        _,
        _,
        day,
        hour,
        minute,
        second,
        millisecond,
        offset,
        ..,
    ] = numbers.as_slice()
    else {
        return None;
    };
    let sign = if offset < 0 { '-' } else { '+' };
    let offset = offset.checked_abs()?;
    Some(format!(
        "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millisecond:03}{sign}{:02}:{:02}",
        offset / 60,
        offset % 60
    ))
}
