//! Moments as people write them.

use jiff::civil::DateTime;
use jiff::{Timestamp, ToSpan as _};
use stationd_actors::clock;

use crate::ctl::error::CtlError;

/// Reads a moment: a time with a zone, a date or local time, or how long ago. RFC 3339, for the daemon.
pub(super) fn read(text: &str) -> Result<String, CtlError> {
    at(text, Timestamp::now())
        .map(|at| at.to_string())
        .ok_or_else(|| {
            let example = "2026-11-21, 2026-11-21T08:00, 2026-11-21T08:00:00Z, 90m, 36h or 7d";
            CtlError::Usage(format!("`{}` is no time; write {example}", text.escape_debug()))
        })
}

fn at(text: &str, now: Timestamp) -> Option<Timestamp> {
    if let Ok(at) = text.parse::<Timestamp>() {
        return Some(at);
    }
    if let Ok(local) = text.parse::<DateTime>() {
        let at = local.to_zoned(clock::zone()).ok()?;
        return Some(at.timestamp());
    }
    let unit = text.chars().last()?;
    let number: i64 = text
        .strip_suffix(unit)?
        .parse()
        .ok()
        .filter(|number| *number >= 0)?;
    let minutes = match unit {
        'm' => number,
        'h' => number.checked_mul(60)?,
        'd' => number.checked_mul(24 * 60)?,
        _ => return None,
    };
    now.checked_sub(minutes.min(1_000_000_000).minutes()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_zones_dates_and_ages_are_understood() {
        let now: Timestamp = "2026-11-21T12:00:00Z".parse().unwrap();
        let read = |text| at(text, now).map(|at| at.to_string());
        for (text, expected) in [
            ("2026-11-21T08:00:00Z", "2026-11-21T08:00:00Z"),
            ("2026-11-21T08:00:00+02:00", "2026-11-21T06:00:00Z"),
            ("90m", "2026-11-21T10:30:00Z"),
            ("36h", "2026-11-20T00:00:00Z"),
            ("7d", "2026-11-14T12:00:00Z"),
        ] {
            assert_eq!(read(text).as_deref(), Some(expected), "{text}");
        }
        assert!(read("2026-11-21").is_some() && read("2026-11-21T08:00").is_some());
        for text in ["", "d", "-1d", "7w", "yesterday", "99999999999999999999d", "ü"] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
