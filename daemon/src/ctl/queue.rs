//! `queue …`: the reports that wait for the server.

mod drop;
mod export;
mod flush;
mod import;
mod list;
mod retry;
mod show;
mod stats;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::context::Context;
use super::error::CtlError;

/// What to do with the queue.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Show its figures
    Stats,
    /// List its entries: those on their way, then in the order they will be sent, then the refused ones
    List(list::Arguments),
    /// Show one entry with its report
    Show(show::Arguments),
    /// Make entries due now; refused ones are tried again
    Retry(Selected),
    /// Take entries out for good
    Drop(drop::Arguments),
    /// Write entries with their reports to a file, one JSON object a line; they stay in the queue
    Export(export::Arguments),
    /// Put what `export` wrote into the queue of this daemon; reports that are known are passed over
    Import(import::Arguments),
    /// Try to send everything now: ends all delays
    Flush,
}

/// Reads the number of an entry.
fn entry(text: &str) -> Result<u64, &'static str> {
    text.parse()
        .map_err(|_| "not the number of an entry, see `stationctl queue list`; a serial number is for `stationctl trace`")
}

/// Which entries.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub struct Selected {
    /// Numbers of the entries
    #[arg(value_name = "ENTRY", value_parser = entry)]
    entries: Vec<u64>,
    /// All that the server refused for good
    #[arg(long)]
    dead: bool,
    /// All that wait or are refused
    #[arg(long)]
    all: bool,
}

impl Selected {
    fn to_json(&self) -> Value {
        if self.all {
            json!({ "select": "all" })
        } else if self.dead {
            json!({ "select": "dead" })
        } else {
            json!({ "entries": self.entries })
        }
    }
}

pub(super) fn run(context: &Context, command: &Command) -> Result<(), CtlError> {
    match command {
        Command::Stats => stats::run(context),
        Command::List(arguments) => list::run(context, arguments),
        Command::Show(arguments) => show::run(context, arguments),
        Command::Retry(selected) => retry::run(context, selected),
        Command::Drop(arguments) => drop::run(context, arguments),
        Command::Export(arguments) => export::run(context, arguments),
        Command::Import(arguments) => import::run(context, arguments),
        Command::Flush => flush::run(context),
    }
}

/// The answer to an order: how many entries it was about.
#[derive(Debug, serde::Serialize, serde::Deserialize)]
struct Counted {
    count: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_an_entrys_number_is_sent_to_the_right_command() {
        assert_eq!(entry("12"), Ok(12));
        for wrong in ["SN123", "-1", "99999999999999999999999"] {
            assert!(entry(wrong).unwrap_err().contains("stationctl trace"), "{wrong}");
        }
    }
}
