//! stationd: arguments, settings, run, exit code.

use std::process::ExitCode;

use stationd::arguments::{Arguments, HELP, Task};
use stationd::exit::Exit;
use stationd::settings::LoadOptions;
use stationd::{beside, journal, offline};
#[cfg(feature = "tools")]
use stationd_sandbox::{FORKER_ARGUMENT, forker_main};

fn main() -> ExitCode {
    // Before anything else: a forker has one thread and none of the daemon's business.
    #[cfg(feature = "tools")]
    if std::env::args_os()
        .nth(1)
        .is_some_and(|word| word == FORKER_ARGUMENT)
    {
        return forker_main(std::env::args_os().skip(2));
    }
    let arguments = match Arguments::parse(std::env::args_os().skip(1)) {
        Ok(arguments) => arguments,
        Err(error) => {
            offline::complain(&format_args!("stationd: {error}\n\n{HELP}"));
            return Exit::Usage.into();
        }
    };
    journal::install_panic_hook();
    let options = LoadOptions::of_process(arguments.config);
    let exit = match arguments.task {
        Task::Check => offline::check(&options),
        Task::PrintConfig => offline::print_config(&options),
        Task::Version => offline::print(&concat!("stationd ", env!("CARGO_PKG_VERSION"), "\n")),
        Task::Help => offline::print(&HELP),
        Task::Demo(dir) => beside::demo(dir),
        Task::Run => stationd::run(&options),
    };
    exit.into()
}
