//! Tables in which each row is a measurement: what `wats-text` and `csv` have in common.

mod cell;
mod field;
mod limits;
mod names;
mod row;
mod status;
mod tree;
mod unit;

pub(crate) use cell::{Cell, is_endless};
pub(crate) use field::Field;
pub(crate) use limits::{Bound, Comparison, UNUSED_LIMIT, operator};
pub(crate) use names::Names;
pub(crate) use row::Row;
pub(crate) use status::{NO_STATUS, StatusWords, inherit, worst};
pub(crate) use tree::Tree;
pub(crate) use unit::{Site, Unit};
