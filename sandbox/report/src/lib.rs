//! The WSJF report model: serde types, checks, limits.
