//! Is each converter's program there, and may it be run?

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use stationd_sandbox::Program;

use super::{Finding, Scene};

const CHECK: &str = "converters";

pub(super) fn check(scene: &Scene) -> Vec<Finding> {
    let converters = &scene.settings.converters;
    if converters.is_empty() {
        let remedy = "add a [[converter]] with name, drop_dir and format; README.md shows one";
        return vec![Finding::warning(
            CHECK,
            "none in the settings: nothing is converted",
            remedy,
        )];
    }
    let mut findings = Vec::new();
    for converter in converters {
        let fault = match &converter.program {
            Program::Builtin { .. } => None,
            Program::Exec { command, .. } => command.first().and_then(|path| fault(Path::new(path), true)),
            Program::Python { command, .. } => command.first().and_then(|path| fault(Path::new(path), false)),
        };
        if let Some(fault) = fault {
            findings.push(Finding::failure(
                CHECK,
                format!("{}: {fault}", converter.name),
                format!(
                    "correct its command; try it with: stationctl converter test {} FILE",
                    converter.name
                ),
            ));
        }
    }
    if findings.is_empty() {
        let off = converters.iter().filter(|converter| !converter.enabled).count();
        findings.push(Finding::ok(
            CHECK,
            format!("{} in the settings, {off} of them off", converters.len()),
        ));
    }
    findings
}

fn fault(program: &Path, executable: bool) -> Option<String> {
    let shown = program.display();
    match std::fs::metadata(program) {
        Err(error) => Some(format!("{shown}: {error}")),
        Ok(found) if !found.is_file() => Some(format!("{shown} is not a file")),
        Ok(found) if executable && found.permissions().mode() & 0o111 == 0 => {
            Some(format!("{shown} is not executable"))
        }
        Ok(_) => None,
    }
}
