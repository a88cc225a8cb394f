//! Which program a `[[converter]]` runs.

use std::ffi::OsString;

use stationd_converters::Format;
use stationd_sandbox::Program;

use super::Problem;
use super::converter::{ConverterKeys, Kind};
use super::reader::Findings;
use super::rule::PATH;

/// The program of `keys`; nothing when it cannot be run. `path` is the converter's place in the settings.
pub(super) fn check(keys: &ConverterKeys, path: &str, findings: &mut Findings) -> Option<Program> {
    refuse_foreign_keys(keys, path, findings);
    match keys.kind {
        Kind::Builtin => builtin(keys, path, findings),
        Kind::Exec => command(keys, path, findings).map(|command| Program::Exec {
            command,
            trusted: keys.sandbox.trusted,
        }),
        Kind::Python => command(keys, path, findings).map(|command| Program::Python {
            command,
            trusted: keys.sandbox.trusted,
        }),
        Kind::PyWats => {
            let found = "\"pywats\"".to_owned();
            findings.fault(&format!("{path}.kind"), Problem::Unsupported { found });
            None
        }
    }
}

/// A key of another kind of program would be ignored, and whoever wrote it surprised.
fn refuse_foreign_keys(keys: &ConverterKeys, path: &str, findings: &mut Findings) {
    let external = matches!(keys.kind, Kind::Exec | Kind::Python);
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
            "sandbox.trusted",
            "\"exec\" or \"python\"",
            keys.sandbox.trusted && !external,
        ),
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
        Ok(format) => return Some(Program::Builtin { format }),
        Err(_) if keys.format.is_empty() => Problem::Missing {
            allowed: allowed.into(),
        },
        Err(_) => Problem::value(format!("{:?}", keys.format), allowed),
    };
    findings.fault(&format!("{path}.format"), problem);
    None
}

fn command(keys: &ConverterKeys, path: &str, findings: &mut Findings) -> Option<Vec<OsString>> {
    const ALLOWED: &str = "an absolute path, then the program's arguments";
    let key = format!("{path}.command");
    let Some(program) = keys.command.first() else {
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
    if keys.sandbox.trusted {
        findings.warn(
            &format!("{path}.sandbox.trusted"),
            "the converter runs unconfined: it can read and change whatever the daemon can",
        );
    }
    Some(keys.command.iter().map(OsString::from).collect())
}
