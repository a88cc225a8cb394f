//! stationctl.

fn main() {}
