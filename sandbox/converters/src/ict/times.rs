//! Durations from two local times.

use jiff::civil::DateTime;
use stationd_report::Number;

/// The seconds between two local times of a report; `None` when the second is earlier: a clock was set, or summer
/// ended.
pub(crate) fn seconds_between(start: &str, end: &str) -> Option<Number> {
    let (start, end): (DateTime, DateTime) = (start.parse().ok()?, end.parse().ok()?);
    let between = end.duration_since(start);
    if between.is_negative() {
        return None;
    }
    let (whole, milliseconds) = (between.as_secs(), between.subsec_millis());
    if milliseconds == 0 {
        return Some(Number::from(whole));
    }
    Number::new(&format!("{whole}.{milliseconds:03}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_never_below_zero() {
        let text = |start, end| seconds_between(start, end).map(|number| number.text().to_owned());
        assert_eq!(
            text("2012-07-31T23:59:51", "2012-08-01T00:00:03").as_deref(),
            Some("12")
        );
        assert_eq!(
            text("2012-07-31T14:18:51.5", "2012-07-31T14:18:52").as_deref(),
            Some("0.500")
        );
        assert_eq!(text("2012-07-31T14:18:51", "2012-07-31T14:18:50"), None);
    }
}
