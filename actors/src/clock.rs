//! The one place that reads the wall clock.
//!
//! Boards without a battery-backed clock boot in the past, so nothing may be lost or expired because the clock moved;
//! code takes `now` as an argument and only the edges call [`now`].

use crate::model::UnixMs;

/// The wall clock, in milliseconds since 1970-01-01T00:00:00Z.
pub fn now() -> UnixMs {
    UnixMs(jiff::Timestamp::now().as_millisecond())
}
