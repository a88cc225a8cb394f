//! The tasks of `stationd` that need no daemon: `--check`, `--print-config`, `--version`, `--help`.

use std::fmt::Display;
use std::io::{self, Write};

use crate::exit::Exit;
use crate::settings::{LoadOptions, Summary, load, missing_programs};

/// Checks the settings: a summary on standard output, or every fault on standard error.
pub fn check(options: &LoadOptions) -> Exit {
    match load(options) {
        Ok(mut settings) => {
            let missing = missing_programs(&settings);
            settings.warnings.extend(missing);
            print(&format_args!(
                "{}: the settings are valid\n{}",
                options.path().display(),
                Summary(&settings)
            ))
        }
        Err(faults) => {
            complain(&faults);
            Exit::Settings
        }
    }
}

/// Prints the values in force as TOML.
pub fn print_config(options: &LoadOptions) -> Exit {
    match load(options) {
        Ok(settings) => {
            let token = match &settings.token_origin {
                Some(origin) => format!("# the server's token comes from {origin}\n"),
                None => String::new(),
            };
            let identity = &settings.identity;
            let name = &identity.station.name;
            print(&format_args!(
                "# the station is {name} ({})\n{token}{}",
                identity.name_origin, settings.values
            ))
        }
        Err(faults) => {
            complain(&faults);
            Exit::Settings
        }
    }
}

/// Prints on standard output; a reader that has gone, as `head` does, is no fault.
pub fn print(text: &dyn Display) -> Exit {
    let mut out = io::stdout().lock();
    match write!(out, "{text}").and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            complain(&format_args!("cannot write to standard output: {error}"));
            Exit::Disk
        }
        _ => Exit::Clean,
    }
}

/// Prints on standard error. There is nowhere to say that it cannot be written.
pub fn complain(text: &dyn Display) {
    let _unsaid = writeln!(io::stderr().lock(), "{text}");
}
