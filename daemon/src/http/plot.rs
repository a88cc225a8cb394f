//! A day as a small SVG plot.

use std::fmt;
use std::time::Duration;

use stationd_actors::model::UnixMs;

use super::history::{DAY, STEP};

const WIDTH: f64 = 576.0;
const HEIGHT: f64 = 96.0;

/// A figure with heading, plot and time axis, as HTML. The texts are our own and need no escaping.
pub(super) struct Plot<'a> {
    /// Heading, and what a screen reader says.
    pub(super) title: &'a str,
    /// Unit of the values: `a minute`, `ms`; empty where the title says it.
    pub(super) unit: &'a str,
    /// `plain` or `bad`: its colour.
    pub(super) class: &'a str,
    /// Ends of steps and their values, oldest first.
    pub(super) points: Vec<(UnixMs, u64)>,
    /// A value in the unit.
    pub(super) shown: &'a dyn Fn(u64) -> String,
    /// The right edge.
    pub(super) now: UnixMs,
}

impl fmt::Display for Plot<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            title, unit, class, ..
        } = self;
        let highest = self.points.iter().map(|(_, value)| *value).max().unwrap_or(0);
        let latest = self.points.last().map_or(0, |(_, value)| *value);
        let [top, now] = [highest, latest].map(self.shown);
        write!(
            f,
            "<figure><figcaption><b>{title}</b> <span>{unit}</span> <span class=\"now\">now {now}</span></figcaption>\
             <div class=\"plot\"><span class=\"top\">{top}</span>\
             <svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" preserveAspectRatio=\"none\" \
             aria-label=\"{title} {unit} over the last day: now {now}, highest {top}\">\
             <path class=\"grid\" d=\"M144 0V{HEIGHT}M288 0V{HEIGHT}M432 0V{HEIGHT}\"/><path class=\"{class}\" d=\""
        )?;
        self.area(f, highest.max(1))?;
        f.write_str(
            "\"/></svg></div><p class=\"axis\"><span>24 h ago</span><span>18 h</span><span>12 h</span><span>6 h</span>\
             <span>now</span></p></figure>\n",
        )
    }
}

impl Plot<'_> {
    /// The area below the steps, piece by piece: where the daemon did not run there is a gap.
    fn area(&self, f: &mut fmt::Formatter<'_>, highest: u64) -> fmt::Result {
        let runs = self
            .points
            .chunk_by(|(earlier, _), (later, _)| later.since(*earlier) <= STEP * 2);
        for run in runs {
            let Some((first, _)) = run.first() else { continue };
            write!(f, "M{:.1} {HEIGHT}", position(self.now.since(*first) + STEP))?;
            for (at, value) in run {
                let y = HEIGHT - HEIGHT * ratio(*value, highest);
                write!(f, "V{y:.1}H{:.1}", position(self.now.since(*at)))?;
            }
            write!(f, "V{HEIGHT}Z")?;
        }
        Ok(())
    }
}

/// The place of a moment so long ago.
fn position(ago: Duration) -> f64 {
    WIDTH - WIDTH * (ago.min(DAY).as_secs_f64() / DAY.as_secs_f64())
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a plot of 96 units needs no more than seven bits"
)]
fn ratio(value: u64, highest: u64) -> f64 {
    value as f64 / highest as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figure(points: Vec<(UnixMs, u64)>) -> String {
        let plot = Plot {
            title: "Waiting",
            unit: "reports",
            class: "plain",
            points,
            shown: &|value| value.to_string(),
            now: UnixMs(ms(DAY)),
        };
        plot.to_string()
    }

    fn ms(time: Duration) -> i64 {
        i64::try_from(time.as_millis()).unwrap()
    }

    #[test]
    fn a_stop_of_the_daemon_is_a_gap() {
        let figure = figure([1, 2, 9, 10].map(|step| (UnixMs(step * ms(STEP)), 5)).to_vec());
        assert_eq!(
            figure.matches("M0.0 96V0.0H2.0V0.0H4.0V96Z").count(),
            1,
            "{figure}"
        );
        assert_eq!(figure.matches('Z').count(), 2, "{figure}");
        assert!(figure.contains("now 5, highest 5"));
    }

    #[test]
    fn an_empty_day_is_an_empty_plot() {
        assert!(figure(Vec::new()).contains("<path class=\"plain\" d=\"\"/>"));
    }
}
