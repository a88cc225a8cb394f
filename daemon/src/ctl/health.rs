//! `health`: each part of the daemon, and whether it is well.

use serde_json::json;

use super::context::Context;
use super::error::CtlError;
use super::output::{Output, Tone};
use super::table::{Align, Cell, Table};
use crate::http::{Grade, Health};

/// Exit code 1 when a part has failed.
pub(super) fn run(context: &Context) -> Result<(), CtlError> {
    let health: Health = context.client()?.ask("health", &json!({}))?;
    context.show(&health, |health| render(health, context.output))?;
    if health.status == Grade::Failure {
        return Err(CtlError::No);
    }
    Ok(())
}

fn render(health: &Health, output: Output) -> String {
    let mut table = Table::new([("part", Align::Left), ("state", Align::Left), ("", Align::Cut)]);
    for (name, part) in health.parts() {
        let (word, tone) = match part.status {
            Grade::Ok => ("ok", Tone::Good),
            Grade::Warning => ("warning", Tone::Warn),
            Grade::Failure => ("failure", Tone::Bad),
        };
        table.row([name.into(), Cell::toned(word, tone), (&part.words).into()]);
    }
    table.render(output)
}
