//! The WATS-compatible test receiver of `stationctl receiver`, `stationd --demo` and the tests.
//!
//! It speaks the server's side of an upload over HTTP and HTTPS, stores each report as `<report id>.json`, keeps a log
//! of requests (`requests.jsonl`), and can be told to fail (see [`Fail`] for the words). It is for commissioning and
//! for tests: it neither syncs its files nor checks reports beyond their being JSON.

mod answer;
mod error;
mod fail;
mod http;
mod serve;
mod server;
mod settings;
mod store;
mod tls;

pub use error::ReceiverError;
pub use fail::{Fail, FailMode, ParseFailError};
pub use server::Receiver;
pub use settings::{ReceiverSettings, ReceiverTls};
pub use store::Counts;

#[cfg(test)]
mod tests;
