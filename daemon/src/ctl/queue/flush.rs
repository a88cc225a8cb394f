//! `queue flush`: everything is tried now.

use serde_json::json;

use super::Counted;
use crate::ctl::context::Context;
use crate::ctl::error::CtlError;
use crate::ctl::words::count;

pub(super) fn run(context: &Context) -> Result<(), CtlError> {
    let counted: Counted = context.client()?.ask("queue.flush", &json!({}))?;
    context.show(&counted, |counted| {
        format!("sending now; {} ended\n", count(counted.count, "delay", "delays"))
    })
}
