//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use super::{
    completions, config, convert, converter, log_level, manual, queue, receiver, replay, status, trace,
};

/// Shows what stationd is doing on this machine, and tells it what to do.
#[derive(Debug, Parser)]
#[command(
    name = "stationctl",
    version,
    max_term_width = 80,
    arg_required_else_help = true
)]
#[command(
    after_help = "Exit codes: 0 done, 1 the answer is no, 64 usage, 65 file or program not valid, 66 file or \
                        program not there, 69 stationd not reachable, or no sandbox or Python for a converter, 70 internal, \
                        74 input or output failed, 78 settings wrong."
)]
pub struct Arguments {
    /// What holds for every command.
    #[command(flatten)]
    pub global: Global,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What holds for every command.
#[derive(Debug, Clone, Args)]
pub struct Global {
    /// Write JSON for programs instead of text for people
    #[arg(long, global = true)]
    pub json: bool,
    /// Socket of the daemon [default: the one that the file of --config names, else /run/stationd/control.sock]
    #[arg(long, global = true, value_name = "PATH", env = "STATIOND_CONTROL__SOCKET")]
    pub socket: Option<PathBuf>,
    /// Settings file of the daemon, where it is not the usual one
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// File with the secret of the socket [default: where the daemon says it is]
    #[arg(
        long,
        global = true,
        value_name = "PATH",
        env = "STATIOND_CONTROL__TOKEN_FILE",
        hide_env_values = true
    )]
    pub key_file: Option<PathBuf>,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Show on one screen whether all is well, and what to do if not
    Status(status::Arguments),
    /// Tell the whole way of a unit: seen, converted, queued, each attempt, receipt
    Trace(trace::Arguments),
    /// Look at the reports that wait for the server, and act on them
    #[command(subcommand)]
    Queue(queue::Command),
    /// Look at the converters, and try them out
    #[command(subcommand)]
    Converter(converter::Command),
    /// Convert archived sources again with today's converter, and send their reports
    Replay(replay::Arguments),
    /// Convert a file with a built-in parser, in the sandbox; WSJF on standard output
    Convert(convert::Arguments),
    /// Ask whether the daemon is healthy; exit code 1 when it is not
    Health,
    /// Stop taking up files and sending reports until `resume`
    Pause,
    /// End a pause
    Resume,
    /// Look through all drop folders now
    Rescan,
    /// Read the settings again
    Reload,
    /// Look at the settings
    #[command(subcommand)]
    Config(config::Command),
    /// Check everything around the daemon, each with a remedy; exit code 1 when something has failed
    Doctor,
    /// Show the figures that Prometheus gets
    Metrics,
    /// Set which lines the daemon writes, until the next start or reload
    LogLevel(log_level::Arguments),
    /// Show the version of stationctl, and of the daemon if it runs
    Version,
    /// Run a WATS-compatible test receiver for commissioning
    Receiver(receiver::Arguments),
    /// Write the completion script of a shell to standard output
    Completions(completions::Arguments),
    /// Write the manual pages of stationd and stationctl
    Manual(manual::Arguments),
}
