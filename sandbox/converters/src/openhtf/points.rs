//! The points of a measurement with dimensions.

use serde_json::value::RawValue;
use stationd_report::{
    Chart, ChartSeries, ChartType, CompOp, Measurements, Number, NumberOrText, NumericMeasurement, Step,
    StringMeasurement,
};

use super::json::{Json, text};
use super::measurement::suffix;
use crate::ConvertError;
use crate::fit::fitted;

/// One axis.
struct Axis {
    name: String,
    unit: Option<String>,
}

/// Puts the points into a step: a chart for one axis of numbers, else a measurement for each point. A point is the
/// coordinates and the value; some writers list the value among the dimensions.
pub(super) fn points<'a>(
    json: Json<'a>,
    dimensions: &'a RawValue,
    value: &'a RawValue,
    unit: Option<String>,
    step: &mut Step,
) -> Result<(), ConvertError> {
    let mut axes = Vec::new();
    for dimension in json.array(dimensions, "dimensions")? {
        let dimension = json.object(dimension, "dimensions")?;
        axes.push(Axis {
            name: dimension.get("name").map(text).unwrap_or_default(),
            unit: suffix(&dimension),
        });
    }
    let mut rows = Vec::new();
    for row in json.array(value, "measured_value")? {
        let mut row = json.array(row, "measured_value")?;
        let longest = axes.len() + 1;
        let last = row.pop().filter(|_| !row.is_empty() && row.len() < longest);
        let last = last
            .ok_or_else(|| json.expected(value, "measured_value", "coordinates and a value in each point"))?;
        rows.push((row, last));
    }
    let whole = axes.len();
    let inside = !rows.is_empty() && rows.iter().all(|(row, _)| row.len() + 1 == whole);
    let unit = match axes.pop() {
        Some(last) if inside => last.unit,
        Some(last) => {
            axes.push(last);
            unit
        }
        None => unit,
    };
    if rows.iter().any(|(row, _)| row.len() != axes.len()) {
        return Err(json.expected(value, "measured_value", "as many coordinates as dimensions"));
    }
    let is_number = |value: &RawValue| Number::new(value.get()).is_some();
    let numeric = rows.iter().all(|(_, value)| is_number(value));
    let on_numbers = rows.iter().all(|(row, _)| row.iter().all(|one| is_number(one)));
    match axes.as_slice() {
        [only] if numeric && on_numbers && !rows.is_empty() => chart(only, &rows, unit, step),
        _ => each(&axes, &rows, unit.as_ref(), numeric, step),
    }
    Ok(())
}

fn chart(axis: &Axis, rows: &[(Vec<&RawValue>, &RawValue)], unit: Option<String>, step: &mut Step) {
    let x: Vec<&str> = rows
        .iter()
        .filter_map(|(row, _)| row.first())
        .map(|x| x.get())
        .collect();
    let y: Vec<&str> = rows.iter().map(|(_, value)| value.get()).collect();
    let name = step.name.clone().unwrap_or_default();
    step.step_type = Some("ET_PFT".to_owned());
    step.boolean = Some(Measurements::from(stationd_report::BooleanMeasurement {
        status: step.status.clone(),
        ..stationd_report::BooleanMeasurement::default()
    }));
    step.chart = Some(Box::new(Chart {
        chart_type: Some(ChartType::Line.into()),
        label: Some(name.clone()),
        x_label: Some(fitted(&axis.name).0),
        x_unit: axis.unit.clone().filter(|unit| unit.len() <= 50),
        y_label: Some(name.clone()),
        y_unit: unit.filter(|unit| unit.len() <= 50),
        series: Some(vec![ChartSeries {
            data_type: Some("XYG".to_owned()),
            name: Some(name),
            x_data: Some(x.join(";")),
            y_data: Some(y.join(";")),
            ..ChartSeries::default()
        }]),
        ..Chart::default()
    }));
}

fn each(
    axes: &[Axis],
    rows: &[(Vec<&RawValue>, &RawValue)],
    unit: Option<&String>,
    numeric: bool,
    step: &mut Step,
) {
    let named = rows.iter().map(|(row, value)| {
        let place: Vec<String> = axes
            .iter()
            .zip(row)
            .map(|(axis, at)| format!("{}={}", axis.name, text(at)))
            .collect();
        (Some(place.join(", ")), *value)
    });
    if numeric {
        step.step_type = Some("ET_MNLT".to_owned());
        let all = named.map(|(name, value)| NumericMeasurement {
            status: step.status.clone(),
            name,
            value: Number::new(value.get()).map(NumberOrText::Number),
            unit: unit.cloned(),
            comp_op: Some(CompOp::Log.into()),
            ..NumericMeasurement::default()
        });
        step.numeric = Some(all.collect()).filter(|_: &Measurements<_>| !rows.is_empty());
    } else {
        step.step_type = Some("ET_MSVT".to_owned());
        let all = named.map(|(name, value)| StringMeasurement {
            status: step.status.clone(),
            name,
            value: Some(text(value)),
            comp_op: Some(CompOp::Log.into()),
            ..StringMeasurement::default()
        });
        step.string = Some(all.collect());
    }
}
