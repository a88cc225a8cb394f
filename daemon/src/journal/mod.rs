//! The journal: how a line is written, where it goes, and what is written when the daemon panics.
//!
//! Roles log through the `log` crate with key-values: `code` first, `cause` and `next` for the end of the line, anything
//! else as ` key=value` in between. Under systemd each line is an entry with native fields; elsewhere it is a line of
//! text or JSON on standard error.

mod daemon;
mod fields;
mod line;
mod open;
mod panic;
mod tally;

pub use daemon::{
    backup_used, confinement, late_role, no_state_dir, not_started, settings_fault, settings_kept,
    settings_not_upgraded, settings_reloaded, settings_repaired, settings_upgraded, settings_warning,
    silent_role, started, stopped,
};
pub use fields::message_id;
pub use open::{open, set_level};
pub use panic::install_panic_hook;
pub use tally::{Told, errors, recent};
