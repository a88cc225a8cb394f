//! stationctl: shows what stationd does, and tells it what to do.

use std::process::ExitCode;

use stationd_sandbox::{FORKER_ARGUMENT, forker_main};

fn main() -> ExitCode {
    // Jobs of `convert` and `converter run` have a forker of this same executable.
    let mut arguments = std::env::args_os().skip(1);
    if arguments.next().is_some_and(|first| first == FORKER_ARGUMENT) {
        return forker_main(arguments);
    }
    stationd::ctl::main()
}
