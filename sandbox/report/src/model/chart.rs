//! Curves.

use crate::model::{ChartType, Word};
use crate::read::TextRule::Length;
use crate::read::record;

record! {
    /// A chart of a step.
    pub struct Chart {
        /// The axes.
        "chartType" chart_type: Word<ChartType>,
        /// Up to 100 characters.
        "label" label: String = Length(0, 100),
        /// Up to 100 characters.
        "xLabel" x_label: String = Length(0, 100),
        /// Up to 50 characters.
        "xUnit" x_unit: String = Length(0, 50),
        /// Up to 100 characters.
        "yLabel" y_label: String = Length(0, 100),
        /// Up to 50 characters.
        "yUnit" y_unit: String = Length(0, 50),
        /// The curves.
        "series" series: Vec<ChartSeries>,
    }
    check |_this, _reader| {}
}

record! {
    /// One curve: `xdata` and `ydata` are numbers joined by `;`.
    pub struct ChartSeries {
        /// `XYG`.
        "dataType" data_type: String = Length(1, usize::MAX),
        /// 1 to 100 characters.
        "name" name: String = Length(1, 100),
        /// Not empty.
        "xdata" x_data: String = Length(1, usize::MAX),
        /// Not empty.
        "ydata" y_data: String = Length(1, usize::MAX),
    }
    check |this, reader| { reader.require("name", this.name.is_some()); }
}
