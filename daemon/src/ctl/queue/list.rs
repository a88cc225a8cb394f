//! `queue list`: the entries of the queue.

use clap::{Args, ValueEnum};
use serde::{Deserialize, Serialize};
use serde_json::json;
use stationd_actors::model::{EntryState, UnixMs};

use crate::control::EntryPart;
use crate::ctl::context::Context;
use crate::ctl::error::CtlError;
use crate::ctl::output::{Output, Tone};
use crate::ctl::table::{Align, Cell, Table};
use crate::ctl::words::ago;

/// Which entries.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Only those in this state
    #[arg(long)]
    state: Option<State>,
    /// At most so many
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=1000))]
    limit: u32,
}

/// Where an entry stands.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum State {
    /// Waits for its turn
    Ready,
    /// On its way to the server
    Leased,
    /// Refused by the server for good
    Dead,
}

/// The daemon's answer.
#[derive(Debug, Serialize, Deserialize)]
struct Answer {
    entries: Vec<EntryPart>,
    limit: usize,
    /// There are entries besides these, or may be.
    #[serde(default)]
    more: bool,
}

/// Most entries in one answer of the daemon.
const MOST: usize = 1000;

pub(super) fn run(context: &Context, arguments: &Arguments) -> Result<(), CtlError> {
    let state = arguments.state.map(|state| match state {
        State::Ready => EntryState::Ready,
        State::Leased => EntryState::Leased,
        State::Dead => EntryState::Dead,
    });
    // One more than wanted says whether there are more.
    let question = json!({ "state": state, "limit": arguments.limit + 1 });
    let mut answer: Answer = context.client()?.ask("queue.list", &question)?;
    let limit = usize::try_from(arguments.limit).unwrap_or(usize::MAX);
    answer.more = answer.entries.len() > limit || answer.entries.len() == MOST;
    answer.entries.truncate(limit);
    answer.limit = limit;
    context.show(&answer, |answer| {
        render(answer, context.output, stationd_actors::clock::now())
    })
}

fn render(answer: &Answer, output: Output, now: UnixMs) -> String {
    if answer.entries.is_empty() {
        return "no entries\n".to_owned();
    }
    let mut table = Table::new([
        ("entry", Align::Right),
        ("state", Align::Left),
        ("serial", Align::Cut),
        ("converter", Align::Cut),
        ("queued", Align::Left),
        ("tries", Align::Right),
        ("last failure", Align::Cut),
    ]);
    for entry in &answer.entries {
        let state = match entry.state {
            EntryState::Ready => Cell::from("ready"),
            EntryState::Leased => Cell::toned("leased", Tone::Good),
            EntryState::Dead => Cell::toned("dead", Tone::Bad),
        };
        table.row([
            entry.id.into(),
            state,
            (&entry.serial).into(),
            (&entry.converter).into(),
            ago(&entry.queued, now).into(),
            entry.attempts.into(),
            entry
                .last
                .as_ref()
                .map_or("", |failure| failure.words.as_str())
                .into(),
        ]);
    }
    let mut text = table.render(output);
    if answer.more && answer.limit < MOST {
        text.extend(["the first ", &answer.limit.to_string(), "; --limit shows more\n"]);
    } else if answer.more {
        text.push_str("the first 1000; queue export writes all\n");
    }
    text
}
