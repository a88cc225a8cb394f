//! The four plots of the last day.

use std::fmt::{self, Display as _};

use stationd_actors::model::UnixMs;

use crate::http::history::{History, Point, STEP};
use crate::http::plot::Plot;

/// Writes them side by side.
pub(super) fn plots(f: &mut fmt::Formatter<'_>, history: &History, now: UnixMs) -> fmt::Result {
    f.write_str("<div class=\"plots\">\n")?;
    let a_minute = |count: u64| {
        let tenths = count.saturating_mul(600) / STEP.as_secs();
        format!("{}.{}", tenths / 10, tenths % 10)
    };
    let whole = |value: u64| value.to_string();
    let of = |value: fn(&Point) -> Option<u64>| {
        let points = history.points();
        points
            .filter_map(|point| Some((point.at, value(point)?)))
            .collect()
    };
    Plot {
        title: "Waiting reports",
        unit: "",
        class: "plain",
        points: of(|point| Some(point.waiting)),
        shown: &whole,
        now,
    }
    .fmt(f)?;
    Plot {
        title: "Files converted",
        unit: "a minute",
        class: "plain",
        points: of(|point| Some(point.converted)),
        shown: &a_minute,
        now,
    }
    .fmt(f)?;
    Plot {
        title: "Files failed",
        unit: "in 5 minutes",
        class: "bad",
        points: of(|point| Some(point.failed)),
        shown: &whole,
        now,
    }
    .fmt(f)?;
    Plot {
        title: "Upload time",
        unit: "ms",
        class: "plain",
        // Without an upload there is no time to show.
        points: of(|point| (point.upload_ms > 0).then_some(point.upload_ms)),
        shown: &whole,
        now,
    }
    .fmt(f)?;
    f.write_str("</div>\n")
}
