//! stationd and stationctl: settings, wiring, life cycle, control socket, journal.
