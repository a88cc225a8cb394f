//! Figures in words.

use stationd_actors::model::UnixMs;

/// A time span in its two largest units: `12 s`, `4 min`, `3 h 10 min`, `2 d 4 h`.
pub(crate) fn span(seconds: u64) -> String {
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400);
    match () {
        () if days > 0 => format!("{days} d {} h", hours % 24),
        () if hours > 0 => format!("{hours} h {} min", minutes % 60),
        () if minutes > 0 => format!("{minutes} min"),
        () => format!("{seconds} s"),
    }
}

/// For `in the last …`, so much of an hour: `12 s`, `4 min`, `hour`.
pub(crate) fn of_an_hour(seconds: u64) -> String {
    if seconds < 3600 {
        span(seconds)
    } else {
        "hour".to_owned()
    }
}

/// Bytes in the unit that suits: `512 B`, `3.4 MiB`.
pub(crate) fn bytes(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["KiB", "MiB", "GiB", "TiB"];
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    // Tenths, rounded down; the unit is the largest that gives at least 1.
    let mut tenths = bytes.saturating_mul(10) / 1024;
    let mut unit = 0;
    while tenths >= 10_240 && unit + 1 < UNITS.len() {
        tenths /= 1024;
        unit += 1;
    }
    let name = UNITS.get(unit).copied().unwrap_or_default();
    format!("{}.{} {name}", tenths / 10, tenths % 10)
}

/// How long ago a moment in RFC 3339 was; the text itself when it is none, or lies ahead.
pub(crate) fn ago(moment: &str, now: UnixMs) -> String {
    match moment.parse::<jiff::Timestamp>() {
        Ok(at) if at.as_millisecond() <= now.0 => {
            format!("{} ago", span(now.since(UnixMs(at.as_millisecond())).as_secs()))
        }
        _ => moment.to_owned(),
    }
}

/// How long it is until a moment in RFC 3339; none when it has come, or the text is none.
pub(crate) fn until(moment: &str, now: UnixMs) -> Option<String> {
    let at = UnixMs(moment.parse::<jiff::Timestamp>().ok()?.as_millisecond());
    (at > now).then(|| span(at.since(now).as_secs().max(1)))
}

/// A moment in RFC 3339 as date and time of this machine's time zone, to the second.
pub(crate) fn local(moment: &str) -> String {
    moment.parse::<jiff::Timestamp>().map_or_else(
        |_| moment.to_owned(),
        |at| {
            let at = stationd_actors::clock::zone().to_datetime(at);
            let (hour, minute, second) = (at.hour(), at.minute(), at.second());
            format!("{} {hour:02}:{minute:02}:{second:02}", at.date())
        },
    )
}

/// A line of somebody else's text, in which nothing can move the cursor or colour the terminal.
#[cfg(feature = "tools")]
pub(crate) fn visible(line: &str) -> String {
    let shown = |letter: char| match letter {
        '\t' => vec![' '],
        letter if letter.is_control() => letter.escape_default().collect(),
        letter => vec![letter],
    };
    line.chars().flat_map(shown).collect()
}

/// `1 report`, `2 reports`.
#[cfg(feature = "tools")]
pub(crate) fn count(number: u64, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_and_sizes_are_short() {
        let spans: Vec<_> = [0, 59, 60, 3599, 11_400, 187_200].map(span).into();
        assert_eq!(spans, ["0 s", "59 s", "1 min", "59 min", "3 h 10 min", "2 d 4 h"]);
        assert_eq!([240, 3600].map(of_an_hour), ["4 min", "hour"]);
        let sizes: Vec<_> = [0, 1023, 1024, 1_572_864, u64::MAX].map(bytes).into();
        assert_eq!(sizes[..4], ["0 B", "1023 B", "1.0 KiB", "1.5 MiB"]);
        assert!(sizes[4].ends_with("TiB"));
    }

    #[test]
    fn a_moment_ahead_of_our_clock_is_written_as_it_is() {
        assert_eq!(ago("1970-01-01T00:01:00.000Z", UnixMs(61_000)), "1 s ago");
        assert_eq!(
            ago("1970-01-01T00:01:00.000Z", UnixMs(0)),
            "1970-01-01T00:01:00.000Z"
        );
    }
}
