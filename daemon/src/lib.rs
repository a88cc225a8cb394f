//! stationd and stationctl: settings, wiring, life cycle, control socket, journal.

pub mod arguments;
pub mod control;
pub mod exit;
pub mod journal;
pub mod offline;
pub mod receiver;
pub mod settings;
