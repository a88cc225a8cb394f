//! Tables in which each row is a measurement: what `wats-text` and `csv` have in common.

mod cell;
mod limits;
mod row;
mod status;
mod tree;
mod unit;

pub(crate) use cell::Cell;
pub(crate) use limits::Comparison;
pub(crate) use row::Row;
pub(crate) use status::{NO_STATUS, StatusWords, inherit, worst};
pub(crate) use tree::Tree;
pub(crate) use unit::{Field, Site, Unit};
