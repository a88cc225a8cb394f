//! Which program a `[[converter]]` runs.

use std::io;

use jiff::tz::TimeZone;
use stationd_actors::converter::Station;
use stationd_converters::{ArgumentProblem, Format, check_arguments};
use stationd_sandbox::{ExternalKind, ExternalProgram, Program};

use super::converter::{ConverterKeys, Kind};
use super::nearest::nearest;
use super::reader::Findings;
use super::rule::PATH;
use super::{Problem, Settings, Warning};

/// The program of `keys`; nothing when it cannot be run. `path` is the converter's place in the settings, `station`
/// whose reports it makes.
pub(super) fn check(
    keys: &ConverterKeys,
    path: &str,
    station: &Station,
    findings: &mut Findings,
) -> Option<Program> {
    refuse_foreign_keys(keys, path, findings);
    match keys.kind {
        Kind::Builtin => builtin(keys, path, findings),
        Kind::Exec => command(keys, ExternalKind::Exec, path, findings),
        Kind::Python => command(keys, ExternalKind::Python, path, findings),
        Kind::PyWats => pywats(keys, path, station, findings),
    }
}

/// A key of another kind of program would be ignored, and whoever wrote it surprised.
fn refuse_foreign_keys(keys: &ConverterKeys, path: &str, findings: &mut Findings) {
    let external = matches!(keys.kind, Kind::Exec | Kind::Python);
    let trusted = keys.sandbox.trusted && keys.kind == Kind::Builtin;
    let foreign = [
        (
            "format",
            "\"builtin\"",
            !keys.format.is_empty() && keys.kind != Kind::Builtin,
        ),
        (
            "command",
            "\"exec\" or \"python\"",
            !keys.command.is_empty() && !external,
        ),
        (
            "class",
            "\"pywats\"",
            !keys.class.is_empty() && keys.kind != Kind::PyWats,
        ),
        (
            "python_path",
            "\"pywats\"",
            !keys.python_path.is_empty() && keys.kind != Kind::PyWats,
        ),
        ("sandbox.trusted", "\"exec\", \"python\" or \"pywats\"", trusted),
    ];
    for (key, kind, wrong) in foreign {
        if wrong {
            let text = format!("has a meaning only with kind = {kind}");
            findings.fault(&format!("{path}.{key}"), Problem::Conflict(text.into()));
        }
    }
}

fn builtin(keys: &ConverterKeys, path: &str, findings: &mut Findings) -> Option<Program> {
    let names: Vec<_> = Format::ALL.iter().map(|format| format.as_str()).collect();
    let allowed = format!("one of {}", names.join(", "));
    let problem = match keys.format.parse() {
        Ok(format) => {
            arguments(keys, format, path, findings);
            return Some(Program::Builtin { format });
        }
        Err(_) if keys.format.is_empty() => Problem::Missing {
            allowed: allowed.into(),
        },
        Err(_) => Problem::value(format!("{:?}", keys.format), allowed),
    };
    findings.fault(&format!("{path}.format"), problem);
    None
}

/// What a format can say of its arguments before there is a file.
fn arguments(keys: &ConverterKeys, format: Format, path: &str, findings: &mut Findings) {
    for fault in check_arguments(format, &keys.arguments) {
        let meant = match &fault.problem {
            ArgumentProblem::Unknown { known } => {
                let name = fault.argument.rsplit('.').next().unwrap_or_default();
                nearest(name, known.iter().copied()).map(str::to_owned)
            }
            _ => None,
        };
        let problem = match meant {
            None => Problem::Conflict(fault.problem.to_string().into()),
            nearest => Problem::UnknownKey { nearest },
        };
        findings.fault(
            &format!("{path}.arguments.{}", fault.argument.escape_debug()),
            problem,
        );
    }
}

fn command(keys: &ConverterKeys, kind: ExternalKind, path: &str, findings: &mut Findings) -> Option<Program> {
    const ALLOWED: &str = "an absolute path, then the program's arguments";
    let key = format!("{path}.command");
    let Some((program, arguments)) = keys.command.split_first() else {
        findings.fault(
            &key,
            Problem::Missing {
                allowed: ALLOWED.into(),
            },
        );
        return None;
    };
    if !(PATH.holds)(program) {
        findings.fault(&key, Problem::value(format!("{program:?} first"), ALLOWED));
        return None;
    }
    Some(external(keys, kind, program, arguments, path, findings))
}

fn external(
    keys: &ConverterKeys,
    kind: ExternalKind,
    file: &str,
    arguments: impl IntoIterator<Item: AsRef<str>>,
    path: &str,
    findings: &mut Findings,
) -> Program {
    let trusted = keys.sandbox.trusted;
    if trusted {
        findings.warn(
            &format!("{path}.sandbox.trusted"),
            "the converter runs unconfined: it can read and change whatever the daemon can",
        );
    }
    let external = ExternalProgram::new(kind, file, arguments.into_iter().map(|word| word.as_ref().into()));
    ExternalProgram { trusted, ..external }.into()
}

/// The runner with the class; what it takes besides is written in it.
fn pywats(keys: &ConverterKeys, path: &str, station: &Station, findings: &mut Findings) -> Option<Program> {
    const ALLOWED: &str = "package.module.Class";
    let is_name = |part: &str| {
        let fits = |char: char| char == '_' || char.is_alphanumeric();
        !part.is_empty() && part.chars().all(fits) && !part.starts_with(|char: char| char.is_ascii_digit())
    };
    let problem = if keys.class.is_empty() {
        Problem::Missing {
            allowed: ALLOWED.into(),
        }
    } else if keys.class.contains('.') && keys.class.split('.').all(is_name) {
        let thresholds = [keys.alarm_below, keys.reject_below].map(|number| number.to_string());
        let [alarm_below, reject_below] = thresholds;
        let fixed = [&keys.class, &alarm_below, &reject_below, &station.name];
        let arguments = fixed.into_iter().chain(&keys.python_path);
        return Some(external(
            keys,
            ExternalKind::Python,
            &keys.runner,
            arguments,
            path,
            findings,
        ));
    } else {
        Problem::value(format!("{:?}", keys.class), ALLOWED)
    };
    findings.fault(&format!("{path}.class"), problem);
    None
}

/// The programs that are not there. Whoever looks waits with a share that hangs, so the daemon itself does not: a job finds
/// out.
pub(crate) fn missing(settings: &Settings) -> Vec<Warning> {
    let converters = settings.converters.iter().filter(|converter| converter.enabled);
    let warnings = converters.filter_map(|converter| {
        let file = &converter.program.external()?.file;
        let error = std::fs::metadata(file).err()?;
        if !matches!(
            error.kind(),
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
        ) {
            return None;
        }
        let setting = |key| {
            settings
                .values
                .get(&format!("converter.{}.{key}", converter.name))
        };
        let has_class = setting("class").is_some_and(|class| class.value.as_str() != Some(""));
        let named = setting(if has_class { "runner" } else { "command" })?;
        Some(Warning {
            place: named.origin.clone(),
            key: named.key.clone(),
            text: format!(
                "{} is not there: no file is converted until it is",
                file.display()
            ),
        })
    });
    warnings.collect()
}

/// With `trusted_keys`: what a signature of the runner does not say.
pub(super) fn warn_of_classes(converters: &[ConverterKeys], findings: &mut Findings) {
    for keys in converters.iter().filter(|keys| keys.kind == Kind::PyWats) {
        findings.warn(
            &format!("converter.{}.python_path", keys.name),
            "trusted_keys is set: the runner must be signed, but no signature covers the class and the packages in these \
             folders; let nobody but root write there",
        );
    }
}

/// The argument `time_zone` of a built-in format; an external converter has it for itself.
pub(super) fn time_zone(keys: &ConverterKeys, path: &str, findings: &mut Findings) -> Option<TimeZone> {
    const ALLOWED: &str = "the name of a zone in this machine's time zone database, such as Europe/Oslo";
    if keys.kind != Kind::Builtin {
        return None;
    }
    let value = keys.arguments.get("time_zone")?;
    let zone = value.as_str().and_then(|name| TimeZone::get(name).ok());
    if zone.is_none() {
        let problem = Problem::value(format!("time_zone = {value}"), ALLOWED);
        findings.fault(&format!("{path}.arguments"), problem);
    }
    zone
}
