//! stationd and stationctl: settings, wiring, life cycle, control socket, journal.

pub mod arguments;
pub mod control;
pub mod ctl;
pub mod exit;
pub mod http;
pub mod journal;
pub mod offline;
pub mod receiver;
pub mod settings;
pub mod start;
