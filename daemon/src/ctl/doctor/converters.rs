//! Can each converter's program be run, and is it what it should be?

mod advice;
mod classes;
mod libraries;
mod reader;
mod rights;

use std::path::Path;

use stationd_actors::converter::ConverterSettings;
use stationd_sandbox::{ExternalKind, ProgramFault, examine};

use self::classes::Class;
use super::{Finding, Scene};
use crate::causes::joined;

const CHECK: &str = "converters";

/// What a job would look at before its program runs.
pub(super) fn check(scene: &Scene) -> Vec<Finding> {
    let converters = &scene.settings.converters;
    if converters.is_empty() && !scene.some_are_silent {
        let remedy = "add a [[converter]] with name, drop_dir and format; README.md (in /usr/share/doc/stationd) shows one, \
                      stationctl config schema has every key";
        return vec![Finding::warning(
            CHECK,
            "none in the settings: nothing is converted",
            remedy,
        )];
    }
    let keys = &scene.settings.sandbox.trusted_keys;
    let faults = converters.iter().filter_map(|converter| {
        let fault = examine(&converter.program, keys).err()?;
        Some(failure(converter, &fault))
    });
    let mut findings: Vec<_> = faults.collect();
    if findings.is_empty() && !scene.some_are_silent {
        let off = converters.iter().filter(|converter| !converter.enabled).count();
        findings.push(Finding::ok(
            CHECK,
            format!("{} in the settings, {off} of them off", converters.len()),
        ));
    }
    findings
}

/// What takes longer, and is worth it when a converter is new: libraries, rights, where a class is, and advice about Python code.
pub(super) fn look_into(scene: &Scene) -> Vec<Finding> {
    let settings = &scene.settings;
    let mut findings = Vec::new();
    for converter in &settings.converters {
        let Some(external) = converter.program.external() else {
            continue;
        };
        let program = &external.file;
        if external.trusted {
            let words = format!("{}: trusted = true: it runs unconfined", converter.name);
            let remedy = "leave `trusted` out unless it really needs what the sandbox keeps from it";
            findings.push(Finding::warning(CHECK, words, remedy));
        }
        findings.extend(rights::check(&converter.name, program));
        let Ok(Some(anatomy)) = examine(&converter.program, &settings.sandbox.trusted_keys) else {
            continue;
        };
        if let (None, Some(loader)) = (&anatomy.interpreter, &anatomy.loader) {
            findings.extend(libraries::check(&converter.name, program, loader));
        }
        if let Some(class) = Class::of(settings, converter) {
            findings.extend(class.check(&converter.name));
        } else if external.kind == ExternalKind::Python && !external.trusted {
            findings.extend(advice::check(&converter.name, program));
        }
    }
    findings
}

fn failure(converter: &ConverterSettings, fault: &ProgramFault) -> Finding {
    let name = &converter.name;
    let program = converter.program.external();
    let shown = program.map_or(Path::new(""), |external| &external.file).display();
    let remedy = match fault {
        ProgramFault::Signature(_) => {
            format!("look at what it is before you sign it: stationctl converter sign {shown} --key KEY")
        }
        ProgramFault::NotExecutable => format!("chmod a+rx {shown}"),
        _ => format!("correct its command; try it with: stationctl converter test {name} FILE"),
    };
    Finding::failure(CHECK, format!("{name}: {shown}: {}", joined(fault)), remedy)
}
