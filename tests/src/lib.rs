//! Whole-program tests of stationd and stationctl.
