//! Health, metrics and the status page over HTTP, for probes, dashboards and browsers.

mod health;

pub use health::{Grade, Health, Part};
