//! `converter check`: settings, program and folders of one converter, or of all.

use clap::Args;

use crate::ctl::config;
use crate::ctl::context::Context;
use crate::ctl::doctor;
use crate::ctl::error::CtlError;

/// Which converter.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Its name in the settings; none checks all
    name: Option<String>,
}

/// Exit code 1 when a check has failed.
pub(super) fn run(context: &Context, arguments: &Arguments) -> Result<(), CtlError> {
    let mut settings = config::load(context)?;
    if let Some(name) = &arguments.name {
        if settings
            .converters
            .iter()
            .all(|converter| converter.name != *name)
        {
            return Err(super::unknown(&settings, name));
        }
        settings.keep_converters(|converter| converter.name == *name);
    }
    doctor::check_converters(context, settings)
}
