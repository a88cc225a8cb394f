//! stationctl: shows what stationd does, and tells it what to do.

use std::path::PathBuf;
use std::process::ExitCode;

use stationd_sandbox::{FORKER_ARGUMENT, forker_main};

fn main() -> ExitCode {
    // Jobs of `convert` and `converter run` have a forker of this same executable, and so has a stationd built without one.
    let mut arguments = std::env::args_os().skip(1);
    let first = arguments.next();
    if first.as_ref().is_some_and(|first| first == FORKER_ARGUMENT) {
        return forker_main(arguments);
    }
    // A stationd that was built without the test receiver has its demo shown here.
    if first.is_some_and(|first| first == "--demo") {
        let daemon = std::env::current_exe()
            .unwrap_or_default()
            .with_file_name("stationd");
        return stationd::demo::present(arguments.next().map(PathBuf::from), &daemon).into();
    }
    stationd::ctl::main()
}
