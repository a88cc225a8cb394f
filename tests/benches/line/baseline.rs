//! The stored run that others are compared with.

use std::fs;
use std::io;

use serde_json::{Map, Value, json};

use crate::calibration::Calibration;
use crate::figure::Figures;

const FILE: &str = "baseline.json";

/// A ratio this many times the stored one is worth a look, for figures that the disk and the scheduler have a part in.
const WORSE: f64 = 1.5;

/// Shows what is worse than the stored run; whether nothing is.
pub(crate) fn compare(figures: &Figures, calibration: &Calibration) -> bool {
    let stored: Value = fs::read(crate::beside(FILE))
        .ok()
        .and_then(|text| serde_json::from_slice(&text).ok())
        .unwrap_or_default();
    let mut good = true;
    for figure in figures.iter() {
        let Some(before) = stored.get(&figure.name).and_then(Value::as_f64) else {
            continue;
        };
        let times = calibration.ratio(figure) / before;
        if before > 0.0 && times > WORSE {
            good = false;
            println!("WORSE: {}: {times:.2} times the stored ratio", figure.name);
        }
    }
    good
}

/// Stores this run.
pub(crate) fn keep(figures: &Figures, calibration: &Calibration) -> io::Result<()> {
    let ratios: Map<String, Value> = figures
        .iter()
        .map(|figure| (figure.name.clone(), json!(calibration.ratio(figure))))
        .collect();
    fs::write(crate::beside(FILE), format!("{:#}\n", Value::Object(ratios)))
}
