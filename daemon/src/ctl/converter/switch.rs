//! `converter enable` and `converter disable`.

use clap::Args;
use serde_json::{Value, json};

use crate::ctl::context::Context;
use crate::ctl::error::CtlError;

/// Which converter.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Its name in the settings
    name: String,
}

pub(super) fn run(context: &Context, arguments: &Arguments, enable: bool) -> Result<(), CtlError> {
    let command = if enable {
        "converter.enable"
    } else {
        "converter.disable"
    };
    let answer: Value = context
        .client()?
        .call(command, &json!({ "name": arguments.name }))?;
    context.show(&answer, |_| {
        let word = if enable { "on" } else { "off" };
        format!("converter {} is {word} until the next start\n", arguments.name)
    })
}
