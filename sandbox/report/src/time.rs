//! Dates and times as reports write them.

use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, Offset, TimeZone};

/// A date and time, with its offset where the text has one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Start {
    local: DateTime,
    offset: Option<Offset>,
}

impl Start {
    pub(crate) fn has_offset(&self) -> bool {
        self.offset.is_some()
    }

    /// The offset that a zone has at this local time, and whether the clock showed that time twice or never.
    /// Of two the first is taken; in a gap the offset before it.
    pub(crate) fn offset_in(&self, zone: &TimeZone) -> (Offset, Doubt) {
        match zone.to_ambiguous_timestamp(self.local).offset() {
            AmbiguousOffset::Unambiguous { offset } => (offset, Doubt::None),
            AmbiguousOffset::Fold { before, .. } => (before, Doubt::Twice),
            AmbiguousOffset::Gap { before, .. } => (before, Doubt::Never),
        }
    }
}

/// Whether a local time names one instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doubt {
    /// It does.
    None,
    /// The clock was set back: it showed this time twice, the first is meant.
    Twice,
    /// The clock was set forward over it.
    Never,
}

/// Reads `YYYY-MM-DDThh:mm:ss[.fraction][Z|+hh:mm|-hh:mm]`, the fraction with up to nine digits. Nothing else of
/// ISO 8601 is read: servers write no other form.
pub(crate) fn parse(text: &str) -> Option<Start> {
    let bytes = text.as_bytes();
    let shape = bytes.len() >= 19
        && [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':')]
            .iter()
            .all(|&(at, mark)| bytes.get(at) == Some(&mark));
    if !shape || !text.is_ascii() {
        return None;
    }
    let (seconds, rest) = text.split_at_checked(19)?;
    let after_fraction = match rest.strip_prefix('.') {
        Some(digits) => {
            let zone = digits.trim_start_matches(|c: char| c.is_ascii_digit());
            let count = digits.len() - zone.len();
            if !(1..=9).contains(&count) {
                return None;
            }
            zone
        }
        None => rest,
    };
    let local = seconds.parse::<DateTime>().ok()?;
    let offset = match after_fraction {
        "" => None,
        "Z" => Some(Offset::UTC),
        zone => Some(offset(zone)?),
    };
    Some(Start { local, offset })
}

/// Reads `+hh:mm`.
fn offset(text: &str) -> Option<Offset> {
    let (sign, digits) = match text.as_bytes() {
        [b'+', digits @ ..] => (1, digits),
        [b'-', digits @ ..] => (-1, digits),
        _ => return None,
    };
    let &[h1, h0, b':', m1, m0] = digits else {
        return None;
    };
    let digit = |c: u8| c.is_ascii_digit().then(|| i32::from(c - b'0'));
    let (hours, minutes) = (digit(h1)? * 10 + digit(h0)?, digit(m1)? * 10 + digit(m0)?);
    if hours > 14 || minutes > 59 {
        return None;
    }
    Offset::from_seconds(sign * (hours * 3600 + minutes * 60)).ok()
}

/// Writes an offset as reports do: `+01:00`. Seconds, which only historic offsets have, are cut.
pub(crate) fn offset_text(offset: Offset) -> String {
    let minutes = offset.seconds() / 60;
    let sign = if minutes < 0 { '-' } else { '+' };
    format!("{sign}{:02}:{:02}", minutes.abs() / 60, minutes.abs() % 60)
}

/// Writes a date and time as reports do, with a fraction of six digits when it is not zero.
pub(crate) fn instant_text(time: &jiff::Zoned) -> String {
    let (local, micros) = (time.datetime(), time.subsec_nanosecond() / 1000);
    let fraction = if micros == 0 {
        String::new()
    } else {
        format!(".{micros:06}")
    };
    format!(
        "{}T{:02}:{:02}:{:02}{fraction}{}",
        local.date(),
        local.hour(),
        local.minute(),
        local.second(),
        offset_text(time.offset())
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_forms_of_servers_are_read() {
        for text in [
            "2026-01-02T03:04:05Z",
            "2026-01-30T22:01:41.4707353+01:00",
            "2025-12-21T22:01:45-11:30",
        ] {
            assert!(parse(text).unwrap().has_offset(), "{text}");
        }
        assert!(!parse("2024-01-15T10:00:00").unwrap().has_offset());
    }

    #[test]
    fn other_forms_are_not_read() {
        for text in [
            "",
            "2024-01-15",
            "2024-01-15 10:00:00",
            "2024-13-15T10:00:00",
            "2024-02-30T10:00:00",
            "2024-01-15T24:00:00",
            "2024-01-15T10:00",
            "2024-01-15T10:00:00.",
            "2024-01-15T10:00:00+1:00",
            "2024-01-15T10:00:00+25:00",
            "2024-01-15T10:00:00 ",
            "2024-01-15T10:00:00Z[UTC]",
            "20240115T100000",
            "2024-01-15T10:00:0\u{e9}",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn offsets_read_well() {
        assert_eq!(offset_text(Offset::from_seconds(-34_200).unwrap()), "-09:30");
        assert_eq!(offset_text(Offset::UTC), "+00:00");
    }
}
