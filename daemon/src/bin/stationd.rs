//! stationd.

fn main() {}
