//! Health, metrics and the status page over HTTP, for probes, dashboards and browsers.
//!
//! GET only, one request a connection, on loopback unless the settings say otherwise; [`serve`] runs on the daemon's
//! main arbiter and asks the roles through the same desk as the control socket.

mod error;
mod exposition;
mod health;
mod history;
pub mod journal;
mod metrics;
mod page;
mod plot;
mod process;
mod recorder;
mod request;
mod response;
mod server;

pub use error::HttpError;
pub use health::{Grade, Health, Part};
pub(crate) use metrics::metrics;
pub use server::{HttpServer, Listening, serve};
