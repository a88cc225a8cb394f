//! `config show`: every value in force.

use super::{Shown, in_force};
use crate::ctl::client::read_as;
use crate::ctl::context::Context;
use crate::ctl::error::CtlError;
use crate::ctl::table::{Align, Table};

pub(super) fn run(context: &Context) -> Result<(), CtlError> {
    let values = in_force(context)?;
    context.show(&values, |values| {
        let mut table = Table::new([
            ("setting", Align::Left),
            ("value", Align::Cut),
            ("from", Align::Cut),
        ]);
        for (key, shown) in values {
            // What is not of this form comes from a newer daemon; --json shows it.
            if let Ok(shown) = read_as::<Shown>(shown.clone()) {
                table.row([key.into(), shown.value.into(), shown.origin.into()]);
            }
        }
        table.render(context.output)
    })
}
