//! `queue flush`: everything is tried now.

use serde_json::json;

use super::Counted;
use crate::control::Status;
use crate::ctl::context::Context;
use crate::ctl::error::CtlError;
use crate::ctl::words::count;

pub(super) fn run(context: &Context) -> Result<(), CtlError> {
    let mut client = context.client()?;
    let counted: Counted = client.ask("queue.flush", &json!({}))?;
    let status: Status = client.ask("status", &json!({}))?;
    context.show(&counted, |counted| {
        let ended = count(counted.count, "delay", "delays");
        if status.paused {
            format!("{ended} ended; nothing is sent until: stationctl resume\n")
        } else {
            format!("sending now; {ended} ended\n")
        }
    })
}
