//! What takes more code than the daemon itself: the forker with its converters, and the demo.
//!
//! `stationd` has them in it, so that one build and one file do everything. Built without the feature `tools`, as for an
//! image, it is smaller by a fifth, and has the `stationctl` beside it do both.

use std::path::PathBuf;

use stationd_sandbox::{Executable, SandboxError};

#[cfg(feature = "tools")]
use crate::demo;
use crate::exit::Exit;
#[cfg(not(feature = "tools"))]
use {
    crate::offline::complain,
    std::io,
    std::{env, os::unix::process::CommandExt, process::Command},
};

/// What becomes a forker.
///
/// # Errors
/// When it is not there.
pub(crate) fn forker() -> Result<Executable, SandboxError> {
    #[cfg(feature = "tools")]
    return Executable::own();
    #[cfg(not(feature = "tools"))]
    stationctl()
        .map_err(|source| SandboxError::Start {
            step: "looking for the stationctl beside this program".to_owned(),
            source,
        })
        .and_then(|path| Executable::open(&path))
}

/// Shows the whole job on sample files, in `dir` or a temporary folder.
#[cfg(feature = "tools")]
pub fn demo(dir: Option<PathBuf>) -> Exit {
    demo::present(dir, "/proc/self/exe".as_ref())
}

/// Shows the whole job on sample files, in `dir` or a temporary folder.
#[cfg(not(feature = "tools"))]
pub fn demo(dir: Option<PathBuf>) -> Exit {
    let error = match stationctl() {
        Ok(tool) => Command::new(tool).arg("--demo").args(dir).exec(),
        Err(error) => error,
    };
    complain(&format_args!(
        "stationd --demo: cannot run the stationctl beside this program: {error}"
    ));
    Exit::Unavailable
}

#[cfg(not(feature = "tools"))]
fn stationctl() -> io::Result<PathBuf> {
    env::current_exe().map(|own| own.with_file_name("stationctl"))
}
