//! The text format of Prometheus. Source: Prometheus exposition formats, "Text-based format".

use std::fmt::Write as _;

use stationd_actors::model::Timings;

/// What a family of samples is.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    /// Only grows.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Buckets, sum and count.
    Histogram,
}

/// Metrics as text.
#[derive(Debug, Default)]
pub(super) struct Exposition {
    text: String,
    name: &'static str,
}

/// Label names and values.
pub(super) type Labels<'a> = &'a [(&'static str, &'a str)];

impl Exposition {
    /// Begins a family; its samples follow.
    pub(super) fn family(&mut self, name: &'static str, kind: Kind, help: &str) {
        let kind = match kind {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
            Kind::Histogram => "histogram",
        };
        self.name = name;
        self.push(format_args!("# HELP {name} {help}\n# TYPE {name} {kind}\n"));
    }

    /// A sample of the family.
    pub(super) fn sample(&mut self, labels: Labels<'_>, value: impl Into<Value>) {
        self.line("", labels, None, value.into());
    }

    /// A family of one sample without labels.
    pub(super) fn single(&mut self, name: &'static str, kind: Kind, help: &str, value: impl Into<Value>) {
        self.family(name, kind, help);
        self.sample(&[], value);
    }

    /// A histogram of the family.
    pub(super) fn histogram(&mut self, labels: Labels<'_>, timings: &Timings) {
        for (bound, count) in timings.cumulative() {
            let bound = bound.as_secs_f64().to_string();
            self.line("_bucket", labels, Some(&bound), count.into());
        }
        self.line("_bucket", labels, Some("+Inf"), timings.count().into());
        self.line("_sum", labels, None, timings.sum().as_secs_f64().into());
        self.line("_count", labels, None, timings.count().into());
    }

    /// The whole text.
    pub(super) fn into_text(self) -> String {
        self.text
    }

    fn line(&mut self, suffix: &str, labels: Labels<'_>, bound: Option<&str>, value: Value) {
        let name = self.name;
        self.push(format_args!("{name}{suffix}"));
        let bound = bound.map(|bound| ("le", bound));
        let mut open = '{';
        for (label, text) in labels.iter().copied().chain(bound) {
            self.push(format_args!("{open}{label}=\"{}\"", escaped(text)));
            open = ',';
        }
        let close = if open == ',' { "}" } else { "" };
        match value {
            Value::Whole(number) => self.push(format_args!("{close} {number}\n")),
            Value::Real(number) => self.push(format_args!("{close} {number}\n")),
        }
    }

    fn push(&mut self, arguments: std::fmt::Arguments<'_>) {
        self.text
            .write_fmt(arguments)
            .expect("writing to a String does not fail");
    }
}

/// The value of a sample.
#[derive(Debug, Clone, Copy)]
pub(super) enum Value {
    Whole(u64),
    Real(f64),
}

impl From<u64> for Value {
    fn from(number: u64) -> Self {
        Self::Whole(number)
    }
}

impl From<f64> for Value {
    fn from(number: f64) -> Self {
        Self::Real(number)
    }
}

impl From<bool> for Value {
    fn from(fact: bool) -> Self {
        Self::Whole(fact.into())
    }
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_histogram_has_buckets_sum_and_count() {
        let mut timings = Timings::default();
        timings.observe(Duration::from_millis(4));
        let mut exposition = Exposition::default();
        exposition.family("x_seconds", Kind::Histogram, "How long.");
        exposition.histogram(&[("converter", "a\"b\\\n")], &timings);
        let text = exposition.into_text();
        let converter = r#"converter="a\"b\\\n""#;
        for line in [
            "# TYPE x_seconds histogram".to_owned(),
            format!("x_seconds_bucket{{{converter},le=\"0.001\"}} 0"),
            format!("x_seconds_bucket{{{converter},le=\"0.005\"}} 1"),
            format!("x_seconds_bucket{{{converter},le=\"+Inf\"}} 1"),
            format!("x_seconds_sum{{{converter}}} 0.004"),
            format!("x_seconds_count{{{converter}}} 1"),
        ] {
            assert!(
                text.lines().any(|found| found == line),
                "{line} is missing in\n{text}"
            );
        }
    }
}
