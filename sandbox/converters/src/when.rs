//! Dates and times of testers, as reports write them.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::fmt::strtime::BrokenDownTime;
use jiff::tz::Offset;
use stationd_report::Number;

use crate::rows::Cell;
use crate::{ConvertError, origin};

/// How a tester writes dates and times.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Dates<'a> {
    /// ISO 8601, `T` or a blank between date and time, fraction and offset where there are some.
    Iso,
    /// A pattern of strftime(3): `%d.%m.%Y %H:%M:%S`.
    Pattern(&'a str),
}

impl<'a> Dates<'a> {
    /// The pattern of a site, else ISO 8601.
    pub(crate) fn of(pattern: Option<&'a str>) -> Self {
        pattern.map_or(Self::Iso, Self::Pattern)
    }
}

/// Turns a tester's date and time into a report's: local time with the offset if the text has one, else without;
/// the daemon then adds the station's. `None` when the text does not fit, or names a zone: nothing here knows zones, and
/// the station's is another.
pub(crate) fn start(text: &str, dates: Dates<'_>) -> Option<String> {
    let text = text.trim();
    let start = match dates {
        Dates::Iso => iso(text),
        Dates::Pattern(pattern) => {
            let parsed = BrokenDownTime::parse(pattern, text).ok()?;
            if parsed.iana_time_zone().is_some() {
                return None;
            }
            let local = parsed
                .to_datetime()
                .or_else(|_| parsed.to_date().map(|date| date.at(0, 0, 0, 0)))
                .ok()?;
            Some(write(local, parsed.offset()))
        }
    }?;
    origin::became(text, &start);
    Some(start)
}

/// The same for a time that is known to be UTC when it has no offset. Beside local times in a form of their own it may be
/// in ISO 8601 all the same.
pub(crate) fn utc(text: &str, dates: Dates<'_>) -> Option<String> {
    let start = start(text, dates).or_else(|| iso(text.trim()))?;
    Some(if has_offset(&start) {
        start
    } else {
        start + "+00:00"
    })
}

/// A local time as [`start`] writes it, with its offset: its own, else what it differs by from the same moment in UTC.
/// `None` when the two are no such pair; seconds that one of them rounded off do not count.
pub(crate) fn placed(local: &str, utc: &str) -> Option<String> {
    const QUARTER: i64 = 15 * 60;
    let moment: Timestamp = utc.parse().ok()?;
    if let Ok(own) = local.parse::<Timestamp>() {
        let apart = own.as_second().abs_diff(moment.as_second());
        return (apart <= 1).then(|| local.to_owned());
    }
    let clock: DateTime = local.parse().ok()?;
    let apart = clock.duration_since(Offset::UTC.to_datetime(moment)).as_secs();
    let quarters = (apart + QUARTER / 2).div_euclid(QUARTER);
    let offset = quarters * QUARTER;
    if (apart - offset).abs() > 1 || offset.abs() > 14 * 3600 {
        return None;
    }
    let offset = Offset::from_seconds(i32::try_from(offset).ok()?).ok()?;
    Some(write(clock, Some(offset)))
}

/// The time so many milliseconds after 1970 began, in UTC; `None` beyond the years that dates have.
pub(crate) fn epoch(milliseconds: i64) -> Option<String> {
    let moment = Timestamp::from_millisecond(milliseconds).ok()?;
    Some(write(Offset::UTC.to_datetime(moment), Some(Offset::UTC)))
}

/// Seconds from one time to another, both as [`start`] writes them and both with an offset or both without; `None`
/// when they cannot be compared. Below zero when the second is before the first: a clock was set, or summer ended.
pub(crate) fn between(first: &str, second: &str) -> Option<Number> {
    let milliseconds = match (first.parse::<Timestamp>(), second.parse::<Timestamp>()) {
        (Ok(first), Ok(second)) => second.as_millisecond() - first.as_millisecond(),
        (Err(_), Err(_)) => {
            let (first, second): (DateTime, DateTime) = (first.parse().ok()?, second.parse().ok()?);
            let milliseconds = second.duration_since(first).as_millis();
            i64::try_from(milliseconds).ok()?
        }
        _ => return None,
    };
    seconds(&Number::from(milliseconds))
}

/// A cell with a duration in milliseconds, as seconds; `None` when it is empty.
pub(crate) fn milliseconds(cell: Cell<'_>, decimal_mark: char) -> Result<Option<Number>, ConvertError> {
    let Some(number) = cell.number(decimal_mark)? else {
        return Ok(None);
    };
    let found = seconds(&number);
    found.map(Some).ok_or_else(|| cell.expected("a time in ms"))
}

/// Milliseconds in seconds.
pub(crate) fn seconds(milliseconds: &Number) -> Option<Number> {
    Number::from_decimal(&(milliseconds.value() / 1000.0).to_string())
}

fn iso(text: &str) -> Option<String> {
    let (stem, offset) = split_offset(text)?;
    let local: DateTime = stem.replacen(' ', "T", 1).parse().ok()?;
    // A date alone is midnight to the parser; a tester that writes no time said nothing about it. A zone's name,
    // `[Europe/Oslo]`, it passes over.
    if !stem.contains(':') || stem.contains('[') {
        return None;
    }
    Some(write(local, offset))
}

/// Splits the offset from a time: `Z`, `+01:00`, `+0100`, `+01`.
fn split_offset(text: &str) -> Option<(&str, Option<Offset>)> {
    if let Some(stem) = text.strip_suffix(['Z', 'z']) {
        return Some((stem, Some(Offset::UTC)));
    }
    let colon = text.find(':')?;
    let (_, time) = text.split_at_checked(colon)?;
    let Some(sign_at) = time.find(['+', '-']) else {
        return Some((text, None));
    };
    let (stem, offset) = text.split_at_checked(colon + sign_at)?;
    let sign = if offset.starts_with('-') { -1 } else { 1 };
    let digits: String = offset.chars().skip(1).filter(|&c| c != ':').collect();
    let number = |range: std::ops::Range<usize>| digits.get(range)?.parse::<i32>().ok();
    let (hours, minutes) = match digits.len() {
        2 => (number(0..2)?, 0),
        4 => (number(0..2)?, number(2..4)?),
        _ => return None,
    };
    if hours > 14 || minutes > 59 {
        return None;
    }
    Some((
        stem.trim_end(),
        Some(Offset::from_seconds(sign * (hours * 3600 + minutes * 60)).ok()?),
    ))
}

fn has_offset(start: &str) -> bool {
    start.len() > 19 && start.get(19..).is_some_and(|rest| rest.contains(['Z', '+', '-']))
}

/// Writes a time as reports do; the fraction keeps up to nine digits without trailing zeros.
fn write(local: DateTime, offset: Option<Offset>) -> String {
    let Some(offset) = offset else {
        return local.to_string();
    };
    let minutes = offset.seconds() / 60;
    let sign = if minutes < 0 { '-' } else { '+' };
    format!("{local}{sign}{:02}:{:02}", minutes.abs() / 60, minutes.abs() % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_those_between_two_times() {
        let text = |number: Option<Number>| number.map(|number| number.text().to_owned());
        assert_eq!(
            text(between(
                "2026-01-02T03:04:05+01:00",
                "2026-01-02T02:04:06.5+00:00"
            ))
            .as_deref(),
            Some("1.5")
        );
        assert_eq!(
            text(between("2026-01-02T03:04:05", "2026-01-02T03:09:05")).as_deref(),
            Some("300")
        );
        assert_eq!(
            text(between("2026-01-02T03:04:05", "2026-01-02T03:04:04")).as_deref(),
            Some("-1")
        );
        assert_eq!(between("2026-01-02T03:04:05", "2026-01-02T03:04:06Z"), None);
        assert_eq!(
            epoch(1_700_000_000_250).as_deref(),
            Some("2023-11-14T22:13:20.25+00:00")
        );
        assert_eq!(epoch(i64::MAX), None);
    }

    #[test]
    fn a_local_time_beside_its_time_in_utc_has_an_offset() {
        for (local, utc, expected) in [
            (
                "2026-01-02T03:04:05",
                "2026-01-02T02:04:05Z",
                Some("2026-01-02T03:04:05+01:00"),
            ),
            (
                "2026-01-02T03:04:05.5",
                "2026-01-02T08:34:05Z",
                Some("2026-01-02T03:04:05.5-05:30"),
            ),
            (
                "2026-01-02T03:04:05+01:00",
                "2026-01-02T02:04:05Z",
                Some("2026-01-02T03:04:05+01:00"),
            ),
            ("2026-01-02T03:04:05+01:00", "2026-01-02T03:04:05Z", None),
            ("2026-01-02T03:04:05", "2026-01-02T02:01:05Z", None),
            ("2026-01-02T03:04:05", "2026-01-04T03:04:05Z", None),
        ] {
            assert_eq!(placed(local, utc).as_deref(), expected, "{local} {utc}");
        }
    }

    #[test]
    fn iso_times_keep_what_they_say() {
        for (text, expected) in [
            ("2026-01-02T03:04:05", "2026-01-02T03:04:05"),
            ("2026-01-02 03:04:05.250", "2026-01-02T03:04:05.25"),
            ("2026-01-02T03:04:05Z", "2026-01-02T03:04:05+00:00"),
            (
                "2026-01-02T03:04:05.4707353+0100",
                "2026-01-02T03:04:05.4707353+01:00",
            ),
            ("2026-01-02 03:04-09:30", "2026-01-02T03:04:00-09:30"),
        ] {
            assert_eq!(start(text, Dates::Iso).as_deref(), Some(expected), "{text}");
        }
        assert_eq!(
            utc("2026-01-02 03:04:05", Dates::Iso).as_deref(),
            Some("2026-01-02T03:04:05+00:00")
        );
        assert_eq!(
            utc("2026-01-02T03:04:05+02:00", Dates::Pattern("%d.%m.%Y %H:%M:%S")).as_deref(),
            Some("2026-01-02T03:04:05+02:00")
        );
    }

    #[test]
    fn what_is_no_time_gives_none() {
        for text in [
            "2026-01-02T03:04:05[Europe/Oslo]",
            "",
            "2026-01-02",
            "yesterday",
            "2026-02-30T00:00:00",
            "2026-01-02T03:04:05+99:00",
            "03:04",
        ] {
            assert_eq!(start(text, Dates::Iso), None, "{text}");
        }
        let with_zone = Dates::Pattern("%Y-%m-%d %H:%M:%S %Q");
        assert_eq!(start("2026-01-02 03:04:05 Europe/Oslo", with_zone), None);
        assert_eq!(start("31/12/2026", Dates::Pattern("%m/%d/%Y")), None);
    }

    #[test]
    fn a_pattern_reads_local_forms() {
        let dates = Dates::Pattern("%d.%m.%Y %H:%M:%S");
        assert_eq!(
            start("02.01.2026 03:04:05", dates).as_deref(),
            Some("2026-01-02T03:04:05")
        );
        let dates = Dates::Pattern("%m/%d/%y %I:%M %p %z");
        assert_eq!(
            start("01/02/26 03:04 PM +0100", dates).as_deref(),
            Some("2026-01-02T15:04:00+01:00")
        );
        assert_eq!(
            utc("01/02/26 03:04 PM +0000", dates).as_deref(),
            Some("2026-01-02T15:04:00+00:00")
        );
        assert_eq!(
            start("02.01.2026", Dates::Pattern("%d.%m.%Y")).as_deref(),
            Some("2026-01-02T00:00:00")
        );
    }
}
