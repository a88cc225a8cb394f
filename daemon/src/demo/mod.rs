//! `stationd --demo`: the whole job with nothing else installed.
//!
//! The real daemon (`stationd`, started again) watches folders in a working folder, and the project's own test
//! receiver takes the reports over HTTPS. Every report received is compared, field for field, with what its file says.

mod compare;
mod error;
mod run;
mod samples;
mod scene;
mod story;
mod table;

pub use error::DemoError;
pub use run::present;
