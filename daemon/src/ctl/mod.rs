//! `stationctl`: the technician's hands. One file per command.

mod arguments;
mod bar;
mod client;
mod completions;
mod config;
mod confirm;
mod context;
mod control;
mod convert;
mod converter;
mod doctor;
mod error;
mod health;
mod job;
mod left_out;
mod limits;
mod log_level;
mod manual;
mod metrics;
mod one_line;
mod output;
mod queue;
mod receiver;
mod replay;
mod run;
mod silent;
mod status;
mod table;
mod trace;
mod verdict;
mod version;

use crate::words;

pub use arguments::{Arguments, Command};
pub use error::CtlError;
pub use run::main;
