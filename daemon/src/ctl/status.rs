//! `status`: one screen that says whether it works, since when not, and what to do.

mod offline;
mod screen;

use std::time::Duration;

use clap::Args;
use serde_json::{Value, json};
use stationd_actors::clock;

use super::client::{Client, read_as};
use super::context::Context;
use super::error::CtlError;
use super::output::{self, Tone};
use super::words::local;
use crate::causes::joined;
use crate::control::Status;

pub(super) use screen::converters;

/// Once, or again and again.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Refresh in place until Ctrl-C, every so many seconds
    #[arg(long, value_name = "SECONDS", num_args = 0..=1, default_missing_value = "2",
          value_parser = clap::value_parser!(u64).range(1..=3600))]
    watch: Option<u64>,
}

/// With the daemon down, shows what the settings and the folders tell; the exit code says that it is down.
pub(super) fn run(context: &Context, arguments: &Arguments) -> Result<(), CtlError> {
    if let Some(seconds) = arguments.watch {
        return watch(context, Duration::from_secs(seconds));
    }
    match context.client().and_then(|mut client| look(context, &mut client)) {
        Ok(screen) => output::write(screen),
        Err(error) if error.is_silence() && !context.json() => {
            output::write(offline::render(context))?;
            Err(error)
        }
        Err(error) => Err(error),
    }
}

/// Asks the daemon: a screen for people, or a line of JSON.
fn look(context: &Context, client: &mut Client) -> Result<String, CtlError> {
    let answer: Value = client.call("status", &json!({}))?;
    if context.json() {
        return Ok(format!("{answer}\n"));
    }
    let status: Status = read_as(answer)?;
    Ok(screen::render(&status, context.output, clock::now()))
}

/// Goes on when the daemon goes away: that is what one watches for.
fn watch(context: &Context, every: Duration) -> Result<(), CtlError> {
    let mut client = None;
    loop {
        let looked = match &mut client {
            Some(client) => look(context, client),
            None => context
                .client()
                .and_then(|fresh| look(context, client.insert(fresh))),
        };
        let text = looked.unwrap_or_else(|error| {
            client = None;
            if context.json() {
                return format!("{}\n", error.to_json());
            }
            let words = format!("stationctl: {}\n", joined(&error));
            let words = context.output.paint(Tone::Bad, &words);
            if error.is_silence() {
                offline::render(context) + "\n" + &words
            } else {
                words
            }
        });
        if context.json() {
            output::write(text)?;
        } else {
            let now = local(&clock::now().to_string());
            let footer = format!("{now}, again every {} s, Ctrl-C ends\n", every.as_secs());
            let footer = context.output.paint(Tone::Faint, &footer);
            output::write(context.output.redrawn(&format!("{text}\n{footer}")))?;
        }
        pause(every);
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "stationctl has no event loop: between two looks there is nothing to do"
)]
fn pause(time: Duration) {
    std::thread::sleep(time);
}
