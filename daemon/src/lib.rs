//! stationd and stationctl: settings, wiring, life cycle, control socket, journal.

pub mod control;
pub mod receiver;
pub mod settings;
