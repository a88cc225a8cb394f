//! `queue retry`: entries are due now; refused ones get another chance.

use super::{Counted, Selected};
use crate::ctl::context::Context;
use crate::ctl::error::CtlError;
use crate::ctl::words::count;

pub(super) fn run(context: &Context, selected: &Selected) -> Result<(), CtlError> {
    let counted: Counted = context.client()?.ask("queue.retry", &selected.to_json())?;
    context.show(&counted, |counted| {
        format!(
            "{} due now\n",
            count(counted.count, "more entry is", "more entries are")
        )
    })
}
