//! `completions`: what a shell needs to complete the command line of `stationctl`; made of its own arguments.

use clap::{Args, CommandFactory as _, ValueEnum};
use clap_complete::{Shell, generate};

use super::arguments;
use super::error::CtlError;
use super::output;

/// For which shell.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The shell
    shell: For,
}

/// A shell.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum For {
    /// For `/usr/share/bash-completion/completions/stationctl`
    Bash,
    /// For `/usr/share/fish/vendor_completions.d/stationctl.fish`
    Fish,
    /// For `/usr/share/zsh/vendor-completions/_stationctl`
    Zsh,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), CtlError> {
    let shell = match arguments.shell {
        For::Bash => Shell::Bash,
        For::Fish => Shell::Fish,
        For::Zsh => Shell::Zsh,
    };
    let mut script = Vec::new();
    generate(
        shell,
        &mut arguments::Arguments::command(),
        "stationctl",
        &mut script,
    );
    output::write_bytes(&script)
}
