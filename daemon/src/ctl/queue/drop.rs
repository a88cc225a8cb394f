//! `queue drop`: entries are taken out for good.

use clap::Args;

use super::{Counted, Selected};
use crate::ctl::confirm::confirm;
use crate::ctl::context::Context;
use crate::ctl::error::CtlError;
use crate::ctl::words::count;

/// Which entries, and whether to ask.
#[derive(Debug, Args)]
pub struct Arguments {
    #[command(flatten)]
    selected: Selected,
    /// Do it without asking
    #[arg(long)]
    yes: bool,
}

pub(super) fn run(context: &Context, arguments: &Arguments) -> Result<(), CtlError> {
    let selected = &arguments.selected;
    let which = match () {
        () if selected.all => "ALL reports that wait".to_owned(),
        () if selected.dead => "all reports that the server refused".to_owned(),
        () => count(selected.entries.len() as u64, "report", "reports"),
    };
    confirm(
        arguments.yes,
        &format!("drop {which}? the server will never get them"),
    )?;
    let counted: Counted = context.client()?.ask("queue.drop", &selected.to_json())?;
    context.show(&counted, |counted| {
        format!("{} dropped\n", count(counted.count, "report", "reports"))
    })
}
