//! A crontab expression.

use std::fmt;

use cronexpr::{Crontab, FallbackTimezoneOption, MakeTimestamp, ParseOptions, parse_crontab_with};

use crate::model::UnixMs;

/// Moments by the calendar of the station's time zone, or of the one that stands behind the five fields.
///
/// Source: `crontab(5)`; the two days count together when one of them is `*`, else either is enough.
#[derive(Debug, Clone)]
pub struct Cron(Crontab);

/// Why a text is no crontab expression.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum CronError {
    /// It has another form.
    Form,
    /// No day of the next four years is meant by it, such as 30 February.
    Never,
}

impl fmt::Display for CronError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Form => "not the five fields of crontab(5)",
            Self::Never => "no day of the next four years is meant",
        })
    }
}

impl std::error::Error for CronError {}

impl Cron {
    /// Reads an expression; `now` is where the search for its first moment begins.
    ///
    /// # Errors
    /// When it is none, or no moment is meant by it.
    pub fn parse(text: &str, now: UnixMs) -> Result<Self, CronError> {
        let mut options = ParseOptions::default();
        options.fallback_timezone_option = FallbackTimezoneOption::System;
        let cron = Self(parse_crontab_with(text, options).map_err(|_| CronError::Form)?);
        cron.next(now).map(|_| cron).ok_or(CronError::Never)
    }

    /// The first moment after `from`; none when the clock is beyond all calendars.
    pub(super) fn next(&self, from: UnixMs) -> Option<UnixMs> {
        let from = MakeTimestamp::from_millisecond(from.0).ok()?;
        let next = self.0.find_next(from).ok()?;
        Some(UnixMs(next.timestamp().as_millisecond()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> UnixMs {
        UnixMs(text.parse::<jiff::Timestamp>().unwrap().as_millisecond())
    }

    fn next(cron: &str, from: &str) -> String {
        Cron::parse(cron, at(from))
            .unwrap()
            .next(at(from))
            .unwrap()
            .to_string()
    }

    #[test]
    fn the_next_moment_is_found_over_months_weeks_and_leap_years() {
        let friday = "2026-11-20T12:00:00Z";
        for (cron, expected) in [
            ("*/15 * * * * UTC", "2026-11-20T12:15:00.000Z"),
            ("0 3 * * * UTC", "2026-11-21T03:00:00.000Z"),
            ("30 6 * * MON-FRI UTC", "2026-11-23T06:30:00.000Z"),
            ("0 0 1 1 * UTC", "2027-01-01T00:00:00.000Z"),
            ("0 0 29 2 * UTC", "2028-02-29T00:00:00.000Z"),
        ] {
            assert_eq!(next(cron, friday), expected, "{cron}");
        }
    }

    #[test]
    fn a_moment_that_summer_time_skips_is_not_lost() {
        // On 29 March 2026 there is no 02:30 in Berlin.
        let cron = "30 2 * * * Europe/Berlin";
        let found = next(cron, "2026-03-28T12:00:00Z");
        assert!(
            found.starts_with("2026-03-29") || found.starts_with("2026-03-30"),
            "{found}"
        );
        assert_eq!(next(cron, "2026-10-24T12:00:00Z"), "2026-10-25T00:30:00.000Z");
    }

    #[test]
    fn what_is_no_expression_or_no_day_is_refused() {
        let now = UnixMs(1_795_262_400_000);
        for text in [
            "",
            "daily",
            "* * * *",
            "60 * * * *",
            "* * * * * * *",
            "\u{e4} * * * *",
            "*  * * * * Nowhere/X",
        ] {
            assert_eq!(Cron::parse(text, now).unwrap_err(), CronError::Form, "{text:?}");
        }
        assert_eq!(Cron::parse("0 0 30 2 *", now).unwrap_err(), CronError::Never);
    }
}
