//! stationctl: shows what stationd does, and tells it what to do.

use std::process::ExitCode;

fn main() -> ExitCode {
    stationd::ctl::main()
}
