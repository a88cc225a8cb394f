//! stationd: arguments, settings, run, exit code.

use std::process::ExitCode;

use stationd::arguments::{Arguments, HELP, Task};
use stationd::exit::Exit;
use stationd::settings::LoadOptions;
use stationd::{journal, offline};
use stationd_sandbox::{FORKER_ARGUMENT, forker_main};

fn main() -> ExitCode {
    let mut words = std::env::args_os().skip(1).peekable();
    // Before anything else: a forker has one thread and none of the daemon's business.
    if words.next_if(|word| word == FORKER_ARGUMENT).is_some() {
        return forker_main(words);
    }
    let arguments = match Arguments::parse(words) {
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
        Task::Demo(dir) => offline::demo(dir),
        Task::Run => stationd::run(&options),
    };
    exit.into()
}
