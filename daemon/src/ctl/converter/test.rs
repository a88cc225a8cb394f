//! `converter test` and `converter explain`: a converter of the settings in the real sandbox; nothing is queued.

use std::path::PathBuf;

use clap::Args;
use stationd_actors::clock;
use stationd_sandbox::JobSpec;

use crate::ctl::config;
use crate::ctl::context::Context;
use crate::ctl::error::CtlError;
use crate::ctl::job::{self, Job, open_input};
use crate::ctl::verdict::Verdict;

/// Which converter, on what.
#[derive(Debug, Args)]
#[command(
    after_help = "Exit code 0 when the daemon would take what came of the file, 65 when it would reject the file, by the \
                        converter's word or its confidence below reject_below; 1 when the converter failed."
)]
pub struct Arguments {
    /// Its name in the settings
    name: String,
    /// The file, or folder, to convert
    file: PathBuf,
}

/// Runs with the rights of whoever asks; the confinement and the limits are the daemon's. With `explain`, also files
/// that may not be opened are noted.
pub(super) fn run(context: &Context, arguments: &Arguments, explain: bool) -> Result<(), CtlError> {
    let settings = config::load(context)?;
    let name = &arguments.name;
    let Some(converter) = settings
        .converters
        .iter()
        .find(|converter| converter.name == *name)
    else {
        return Err(super::unknown(&settings, name));
    };
    let spec = JobSpec {
        program: converter.program.clone(),
        arguments: converter.arguments.clone(),
        name: arguments.file.file_name().unwrap_or_default().to_owned(),
        limits: converter.limits.clone(),
        readable: converter.readable.clone(),
        explain,
    };
    let ran = job::run(Job {
        spec,
        input: open_input(&arguments.file)?,
        scratch: None,
        policy: settings.sandbox.policy,
        keys: settings.sandbox.trusted_keys,
    });
    let zone = converter.time_zone.clone().unwrap_or_else(clock::zone);
    let mut verdict = Verdict::new(ran, &converter.limits, &zone);
    verdict.weigh(converter.alarm_below, converter.reject_below);
    context.show(&verdict, |verdict| verdict.render(context.output))?;
    match verdict.result() {
        Ok(()) if verdict.is_rejected() => Err(CtlError::BadInput),
        result => result,
    }
}
