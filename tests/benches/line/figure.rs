//! What was measured, by name.

use serde_json::{Map, Value, json};

use crate::calibration::Calibration;

/// What a figure is to be divided by before it is compared with one of another run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A time that passed, in ms: less is better.
    Wall,
    /// CPU time, in ms: less is better.
    Cpu,
    /// Work in a time: more is better.
    Rate,
    /// A count or size that the machine has no part in: less is better.
    Count,
    /// The same, more is better.
    Share,
    /// A rate beside another one of the same minute, whose machine is the same: more is better.
    Relative,
}

/// One figure.
#[derive(Debug, Clone)]
pub(crate) struct Figure {
    pub(crate) name: String,
    pub(crate) value: f64,
    pub(crate) unit: &'static str,
    pub(crate) kind: Kind,
}

/// All figures of a run, in order.
#[derive(Debug, Default)]
pub(crate) struct Figures(Vec<Figure>);

impl Figures {
    /// Adds one, and shows it. Of several of one name the best counts where the machine has a part in it, as what others
    /// do there can only slow it down, else the worst.
    pub(crate) fn add(&mut self, name: impl Into<String>, value: f64, unit: &'static str, kind: Kind) {
        let name = name.into();
        println!("{name:<58} {value:>10.2} {unit}");
        if let Some(known) = self.0.iter_mut().find(|figure| figure.name == name) {
            known.value = match kind {
                Kind::Wall | Kind::Cpu | Kind::Share => known.value.min(value),
                Kind::Rate | Kind::Relative | Kind::Count => known.value.max(value),
            };
            return;
        }
        self.0.push(Figure {
            name,
            value,
            unit,
            kind,
        });
    }

    /// Figures of one thing, whose name goes before theirs.
    pub(crate) fn about(&mut self, name: String) -> About<'_> {
        About { figures: self, name }
    }

    /// The value of that name.
    pub(crate) fn value(&self, name: &str) -> Option<f64> {
        self.iter()
            .find(|figure| figure.name == name)
            .map(|figure| figure.value)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Figure> {
        self.0.iter()
    }

    /// The run as JSON.
    pub(crate) fn json(&self, machine: &str, calibration: &Calibration) -> String {
        let figures: Map<String, Value> = self
            .iter()
            .map(|figure| {
                let value =
                    json!({"value": figure.value, "unit": figure.unit, "ratio": calibration.ratio(figure)});
                (figure.name.clone(), value)
            })
            .collect();
        format!(
            "{:#}\n",
            json!({"machine": machine, "calibration": calibration.json(), "figures": figures})
        )
    }
}

/// Figures of one thing in the making.
#[derive(Debug)]
pub(crate) struct About<'f> {
    figures: &'f mut Figures,
    name: String,
}

impl About<'_> {
    /// Adds one, and shows it.
    pub(crate) fn add(&mut self, what: &str, value: f64, unit: &'static str, kind: Kind) {
        self.figures
            .add(format!("{}: {what}", self.name), value, unit, kind);
    }
}
