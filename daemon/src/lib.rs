//! stationd and stationctl: settings, wiring, life cycle, control socket, journal.

pub mod receiver;
pub mod control;
