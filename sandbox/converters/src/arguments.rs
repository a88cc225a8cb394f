//! The arguments of a format where there is no file yet: in the settings, before the first one comes.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::argument_words::worded;
use crate::rows::StatusWords;
use crate::source::TIME_ZONE;
use crate::{
    ConvertError, Format, atml, csv, gr228x, i3070, junit, keysight, klippel, openhtf, saki, seica,
    sigmaquest, spea, spectrum, stdf, takaya, teststand, text, wats_text, wsjf, wsxf, xjtag,
};

/// What is wrong with an argument.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArgumentFault {
    /// Its name; for one of `auto` with the format before it, as `junit.process_code`.
    pub argument: String,
    /// What is wrong with it.
    pub problem: ArgumentProblem,
}

/// What is wrong with an argument, as a fragment without a period.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ArgumentProblem {
    /// The format has no such argument.
    Unknown {
        /// Those it has.
        known: Vec<&'static str>,
    },
    /// It must be given.
    Missing {
        /// What can be given in its place.
        instead: &'static [&'static str],
    },
    /// It cannot be used, in words.
    Wrong(String),
}

impl fmt::Display for ArgumentProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown { known } => write!(f, "no such argument; there are: {}", known.join(", ")),
            Self::Missing { instead } => {
                f.write_str("missing; without it")?;
                for other in *instead {
                    write!(f, " or `{other}`")?;
                }
                f.write_str(" no file is converted")
            }
            Self::Wrong(what) => f.write_str(what),
        }
    }
}

/// What is wrong with the arguments of `format`, as far as that can be seen without a file. `time_zone` is left to
/// whoever has the time zone database.
pub fn check_arguments(format: Format, arguments: &Map<String, Value>) -> Vec<ArgumentFault> {
    let mut faults = Vec::new();
    if format == Format::Auto {
        check_each_format(arguments, &mut faults);
    } else {
        check_each(format, arguments, "", &mut faults);
        check_whole(format, arguments, &mut faults);
    }
    faults
}

/// The arguments of `auto` are those of other formats, by their names. What one of them requires may be missing: only its
/// files need it, and there may be none.
fn check_each_format(arguments: &Map<String, Value>, faults: &mut Vec<ArgumentFault>) {
    let known = || Format::ALL.iter().filter(|format| **format != Format::Auto);
    for (name, own) in arguments.iter().filter(|(name, _)| *name != TIME_ZONE) {
        let format = known().find(|format| format.as_str() == name);
        let problem = match (format, own) {
            (Some(format), Value::Object(own)) => {
                check_each(*format, own, &format!("{name}."), faults);
                continue;
            }
            (Some(_), _) => ArgumentProblem::Wrong("expected a table of this format's arguments".to_owned()),
            (None, _) => ArgumentProblem::Unknown {
                known: known().map(|format| format.as_str()).collect(),
            },
        };
        faults.push(ArgumentFault {
            argument: name.clone(),
            problem,
        });
    }
}

fn check_each(format: Format, arguments: &Map<String, Value>, prefix: &str, faults: &mut Vec<ArgumentFault>) {
    for (name, value) in arguments.iter().filter(|(name, _)| *name != TIME_ZONE) {
        let known = format.arguments();
        let problem = if known.contains(&name.as_str()) {
            check_one(format, name, value).err().map(ArgumentProblem::Wrong)
        } else {
            let known = known.to_vec();
            Some(ArgumentProblem::Unknown { known })
        };
        faults.extend(problem.map(|problem| ArgumentFault {
            argument: format!("{prefix}{name}"),
            problem,
        }));
    }
}

/// Whether everything is there, and fits together.
fn check_whole(format: Format, arguments: &Map<String, Value>, faults: &mut Vec<ArgumentFault>) {
    let given = |name: &&str| arguments.get(*name).is_some_and(is_given);
    for names in format.required() {
        if let ([name, instead @ ..], false) = (names, names.iter().any(given)) {
            faults.push(ArgumentFault {
                argument: (*name).to_owned(),
                problem: ArgumentProblem::Missing { instead },
            });
        }
    }
    if format == Format::Csv && faults.is_empty() {
        let wrong = check_table(arguments).err();
        faults.extend(wrong.map(|(name, what)| ArgumentFault {
            argument: name.to_owned(),
            problem: ArgumentProblem::Wrong(what),
        }));
    }
}

/// An empty text and a switch that is off leave a format without what it requires.
fn is_given(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => false,
        Value::String(text) => !text.is_empty(),
        Value::Object(members) => !members.is_empty(),
        _ => true,
    }
}

/// Checks one argument: alone, so that a fault of its value is known to be its own.
fn check_one(format: Format, name: &str, value: &Value) -> Result<(), String> {
    let alone = Value::Object(Map::from_iter([(name.to_owned(), value.clone())]));
    // It repeats what it found as it stands there.
    parse(format, alone).map_err(|error| worded(&error.to_string()).replace(char::is_control, " "))?;
    let used = match name {
        "status_words" => BTreeMap::deserialize(value)
            .map_err(|error| ConvertError::new(worded(&error.to_string())))
            .and_then(|words| StatusWords::new(&words).map(drop)),
        "encoding" => text::encoding(value.as_str()).map(drop),
        _ => Ok(()),
    };
    let before = format!("arguments: {name}: ");
    used.map_err(|error| error.what.strip_prefix(&before).unwrap_or(&error.what).to_owned())
}

fn check_table(arguments: &Map<String, Value>) -> Result<(), (&'static str, String)> {
    let mut arguments = arguments.clone();
    arguments.remove(TIME_ZONE);
    csv::CsvArguments::deserialize(Value::Object(arguments))
        .map_err(|error| ("columns", worded(&error.to_string())))?
        .check()
}

/// Reads arguments as the parser of `format` does.
fn parse(format: Format, arguments: Value) -> Result<(), serde_json::Error> {
    fn as_those<T: DeserializeOwned>(arguments: Value) -> Result<(), serde_json::Error> {
        T::deserialize(arguments).map(drop)
    }
    match format {
        Format::Wsjf => as_those::<wsjf::WsjfArguments>(arguments),
        Format::WatsText => as_those::<wats_text::WatsTextArguments>(arguments),
        Format::Csv => as_those::<csv::CsvArguments>(arguments),
        Format::Wsxf => as_those::<wsxf::WsxfArguments>(arguments),
        Format::Atml => as_those::<atml::AtmlArguments>(arguments),
        Format::TestStand => as_those::<teststand::TestStandArguments>(arguments),
        Format::Junit => as_those::<junit::JunitArguments>(arguments),
        Format::Stdf => as_those::<stdf::StdfArguments>(arguments),
        Format::TeradyneGr228x => as_those::<gr228x::Gr228xArguments>(arguments),
        Format::I3070 => as_those::<i3070::I3070Arguments>(arguments),
        Format::Seica => as_those::<seica::SeicaArguments>(arguments),
        Format::Saki => as_those::<saki::SakiArguments>(arguments),
        Format::SigmaQuest => as_those::<sigmaquest::SigmaQuestArguments>(arguments),
        Format::Spea => as_those::<spea::SpeaArguments>(arguments),
        Format::Xjtag => as_those::<xjtag::XjtagArguments>(arguments),
        Format::Takaya => as_those::<takaya::TakayaArguments>(arguments),
        Format::TeradyneSpectrum => as_those::<spectrum::SpectrumArguments>(arguments),
        Format::Klippel => as_those::<klippel::KlippelArguments>(arguments),
        Format::OpenHtf => as_those::<openhtf::OpenHtfArguments>(arguments),
        Format::KeysightTestExec => as_those::<keysight::KeysightArguments>(arguments),
        // Those of the formats it recognises, each of which comes here by itself.
        Format::Auto => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn faults(format: Format, arguments: &Value) -> Vec<String> {
        check_arguments(format, arguments.as_object().unwrap())
            .into_iter()
            .map(|fault| format!("{}: {}", fault.argument, fault.problem))
            .collect()
    }

    #[test]
    fn each_fault_names_its_argument() {
        for (format, arguments, expected) in [
            (
                Format::Csv,
                json!({}),
                "columns: missing; without it no file is converted",
            ),
            (
                Format::Csv,
                json!({"columns": {"serial": "SN", "part_number": "PN", "revision": "R", "process_code": "C"}}),
                "columns: `step` is missing",
            ),
            (
                Format::Junit,
                json!({"serial_from_name": true, "part_number": "P", "revision": "1", "process_code": "ten"}),
                "process_code: found \"ten\", allowed is a whole number from 0 to 4294967295",
            ),
            (
                Format::Xjtag,
                json!({"process_code": 10, "revision": "1", "part_number_from_project": false}),
                "part_number: missing; without it or `part_number_from_project` no file is converted",
            ),
            (
                Format::WatsText,
                json!({"encoding": "latin-none"}),
                "encoding: unknown encoding \"latin-none\"",
            ),
            (
                Format::Auto,
                json!({"sigmaquest": {"process_code": 10}, "saki": 3}),
                "saki: expected a table of this format's arguments",
            ),
            (
                Format::Csv,
                json!({"columns": {"serial": "SN"}, "unit_rows": "a\nb"}),
                "unit_rows: found \"a\\nb\", allowed is \"adjacent\" or \"anywhere\"",
            ),
            (
                Format::Auto,
                json!({"sigmaquest": {"process_code": -1}}),
                "sigmaquest.process_code: found -1, allowed is a whole number from 0 to 4294967295",
            ),
        ] {
            assert_eq!(faults(format, &arguments), [expected], "{format} {arguments}");
        }
        let words = faults(Format::WatsText, &json!({"status_words": {"GOOD": "fine"}}));
        assert!(
            words[0].starts_with("status_words: \"GOOD\" is mapped to \"fine\""),
            "{words:?}"
        );
    }

    #[test]
    fn no_fault_is_told_in_the_words_of_a_parser() {
        let values =
            json!([null, true, -1, 1.5, 5_000_000_000_u64, "x", "a\"b", [], [1], {}, {"x": 1}, {"x": [1]}]);
        let values = values.as_array().unwrap();
        for format in Format::ALL {
            let names = format.arguments().iter().filter(|name| **name != TIME_ZONE);
            for (name, value) in names.flat_map(|name| values.iter().map(move |value| (*name, value))) {
                let Err(said) = check_one(*format, name, value) else {
                    continue;
                };
                for word in [
                    "invalid ",
                    "expected ",
                    "variant",
                    "struct ",
                    "enum ",
                    "found sequence",
                    "found map",
                    "a sequence",
                    "a map",
                    "untagged",
                    "unit value",
                    "unknown field",
                    "missing field",
                ] {
                    assert!(!said.contains(word), "{format} {name} = {value}: {said}");
                }
            }
        }
    }

    #[test]
    fn an_argument_that_a_format_has_not_is_named_with_those_it_has() {
        let found = check_arguments(Format::Wsjf, json!({"serial": "x"}).as_object().unwrap());
        let known = Format::Wsjf.arguments().to_vec();
        assert_eq!(found[0].problem, ArgumentProblem::Unknown { known });
        assert_eq!(faults(Format::Auto, &json!({"auto": {}})).len(), 1);
    }

    #[test]
    fn the_time_zone_is_nobodys_fault_here() {
        assert!(faults(Format::Wsjf, &json!({"time_zone": 1})).is_empty());
        assert!(faults(Format::Auto, &json!({"time_zone": "Europe/Oslo"})).is_empty());
    }
}
