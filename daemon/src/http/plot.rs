//! A day as a small SVG plot.

use std::fmt;

use stationd_actors::model::UnixMs;

use super::history::{DAY, STEP};

const WIDTH: f64 = 600.0;
const HEIGHT: f64 = 90.0;

/// A figure with heading, plot and time axis, as HTML. The texts are our own and need no escaping.
#[derive(Debug)]
pub(super) struct Plot<'a> {
    /// Heading, and what a screen reader says.
    pub(super) title: &'a str,
    /// Unit of the values: `reports`, `ms`.
    pub(super) unit: &'a str,
    /// Moments and values, oldest first.
    pub(super) points: Vec<(UnixMs, u64)>,
    /// The right edge.
    pub(super) now: UnixMs,
}

impl fmt::Display for Plot<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { title, unit, .. } = self;
        let highest = self.points.iter().map(|(_, value)| *value).max().unwrap_or(0);
        let latest = self.points.last().map_or(0, |(_, value)| *value);
        write!(
            f,
            "<figure><figcaption>{title} <span>now {latest}, highest {highest} {unit}</span></figcaption>\
             <svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" preserveAspectRatio=\"none\" \
             aria-label=\"{title} over the last day: now {latest} {unit}, highest {highest} {unit}\"><path d=\""
        )?;
        self.area(f, highest.max(1))?;
        f.write_str(
            "\"/></svg><p class=\"axis\"><span>24 h ago</span><span>12 h</span><span>now</span></p></figure>\n",
        )
    }
}

impl Plot<'_> {
    /// The area below the line, piece by piece: where the daemon did not run there is a gap.
    fn area(&self, f: &mut fmt::Formatter<'_>, highest: u64) -> fmt::Result {
        let runs = self
            .points
            .chunk_by(|(earlier, _), (later, _)| later.since(*earlier) <= STEP * 2);
        for run in runs {
            let (Some((first, _)), Some((last, _))) = (run.first(), run.last()) else {
                continue;
            };
            write!(f, "M{:.1} {HEIGHT}", position(*first, self.now))?;
            for (at, value) in run {
                let y = HEIGHT - HEIGHT * ratio(*value, highest);
                write!(f, "L{:.1} {y:.1}", position(*at, self.now))?;
            }
            write!(f, "L{:.1} {HEIGHT}Z", position(*last, self.now))?;
        }
        Ok(())
    }
}

fn position(at: UnixMs, now: UnixMs) -> f64 {
    let ago = now.since(at).min(DAY);
    WIDTH - WIDTH * (ago.as_secs_f64() / DAY.as_secs_f64())
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a plot of 90 units needs no more than seven bits"
)]
fn ratio(value: u64, highest: u64) -> f64 {
    value as f64 / highest as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(time: std::time::Duration) -> i64 {
        i64::try_from(time.as_millis()).unwrap()
    }

    #[test]
    fn a_stop_of_the_daemon_is_a_gap() {
        let now = UnixMs(ms(DAY));
        let points = [0, 1, 2, 9, 10].map(|step| (UnixMs(step * ms(STEP)), 5)).to_vec();
        let plot = Plot {
            title: "Waiting",
            unit: "reports",
            points,
            now,
        };
        let figure = plot.to_string();
        assert_eq!(figure.matches('M').count(), 2, "{figure}");
        assert!(figure.contains("now 5 reports, highest 5 reports"));
    }

    #[test]
    fn an_empty_day_is_an_empty_plot() {
        let plot = Plot {
            title: "Waiting",
            unit: "reports",
            points: Vec::new(),
            now: UnixMs(0),
        };
        assert!(plot.to_string().contains("<path d=\"\"/>"));
    }
}
