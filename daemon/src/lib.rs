//! stationd and stationctl: settings, wiring, life cycle, control socket, journal.

pub mod arguments;
pub mod beside;
pub mod control;
#[cfg(feature = "tools")]
pub mod ctl;
#[cfg(feature = "tools")]
pub mod demo;
mod drain;
pub mod exit;
mod heartbeat;
pub mod http;
pub mod journal;
mod listeners;
mod notify;
pub mod offline;
#[cfg(feature = "tools")]
pub mod receiver;
mod run;
pub mod settings;
mod start;
mod start_error;
mod wiring;
mod words;

pub use run::run;
use stationd_actors::causes;
