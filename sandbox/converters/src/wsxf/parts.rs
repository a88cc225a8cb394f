//! What a step has besides its measurements. Sources: the export of a server, and for names that it does not show
//! the vendor's client, which reads them.

use stationd_report::{
    AdditionalData, Attachment, CallExe, Chart, ChartSeries, ChartType, Code as _, Loop, MessagePopup,
    SequenceCall,
};

use crate::ConvertError;
use crate::fit::text_property;
use crate::xml::{Element, property};

/// `SequenceCall`
pub(super) fn sequence_call(element: &Element, left: &mut Vec<String>) -> SequenceCall {
    left.extend(element.unknown(&["Name", "Version", "Filename", "Filepath", "MeasIndex"], &[]));
    let (path, file) = (element.attribute("Filepath"), element.attribute("Filename"));
    if !path.is_empty() && !path.text.ends_with(file.text) {
        left.push(format!("the Filename beside the Filepath {}", path.text));
    }
    SequenceCall {
        path: path.owned().or_else(|| file.owned()),
        name: element.attribute("Name").owned(),
        version: element.attribute("Version").owned(),
        ..SequenceCall::default()
    }
}

/// `Loop`
pub(super) fn iteration(element: &Element, left: &mut Vec<String>) -> Result<Loop, ConvertError> {
    left.extend(element.unknown(&["num", "passed", "failed", "ending_index", "index"], &[]));
    Ok(Loop {
        idx: element.attribute("index").integer()?,
        num: element.attribute("num").integer()?,
        passed: element.attribute("passed").integer()?,
        failed: element.attribute("failed").integer()?,
        ending_index: element.attribute("ending_index").integer()?,
        ..Loop::default()
    })
}

/// `MessagePopup`
pub(super) fn popup(element: &Element, left: &mut Vec<String>) -> Result<MessagePopup, ConvertError> {
    left.extend(element.unknown(&["Button", "Response", "MeasIndex"], &[]));
    Ok(MessagePopup {
        response: element.attribute("Response").owned(),
        button: element.attribute("Button").integer()?,
        ..MessagePopup::default()
    })
}

/// `Callexe`
pub(super) fn call_exe(element: &Element, left: &mut Vec<String>) -> Result<CallExe, ConvertError> {
    left.extend(element.unknown(&["ExitCode", "MeasIndex"], &[]));
    Ok(CallExe {
        exit_code: element.attribute("ExitCode").number('.')?,
        ..CallExe::default()
    })
}

/// `Attachment`: a file in base64. One without content names a file of the tester, which no parser can open.
pub(super) fn attachment(
    element: &Element,
    left: &mut Vec<String>,
) -> Result<Option<Attachment>, ConvertError> {
    left.extend(element.unknown(&["Name", "ContentType", "Size", "size", "MeasIndex"], &[]));
    let name = element.attribute("Name");
    let data: String = element.text.split_whitespace().collect();
    if data.is_empty() {
        left.push(format!("the attachment {}, which has no content,", name.text));
        return Ok(None);
    }
    Ok(Some(Attachment {
        name: Some(name.owned().ok_or_else(|| name.expected("the file's name"))?),
        content_type: element.attribute("ContentType").owned(),
        data: Some(data),
        ..Attachment::default()
    }))
}

/// `Chart`
pub(super) fn chart(element: &Element, left: &mut Vec<String>) -> Result<Chart, ConvertError> {
    let known = ["idx", "ChartType", "Label", "XLabel", "XUnit", "YLabel", "YUnit"];
    left.extend(element.unknown(&known, &["Series"]));
    let kind = element.attribute("ChartType");
    let kind = match kind.given() {
        None => None,
        Some(word) => Some(ChartType::find(word).ok_or_else(|| kind.expected(ChartType::WORDS))?),
    };
    let series = element.children("Series");
    left.extend(series.flat_map(|one| one.unknown(&["Name", "DataType"], &["xdata", "ydata"])));
    Ok(Chart {
        chart_type: kind.map(Into::into),
        label: element.attribute("Label").owned(),
        x_label: element.attribute("XLabel").owned(),
        x_unit: element.attribute("XUnit").owned(),
        y_label: element.attribute("YLabel").owned(),
        y_unit: element.attribute("YUnit").owned(),
        series: Some(element.children("Series").map(series_of).collect()),
        ..Chart::default()
    })
}

fn series_of(element: &Element) -> ChartSeries {
    ChartSeries {
        name: element.attribute("Name").owned(),
        data_type: element.attribute("DataType").owned(),
        x_data: element.child("xdata").and_then(|data| data.text().owned()),
        y_data: element.child("ydata").and_then(|data| data.text().owned()),
        ..ChartSeries::default()
    }
}

/// `AdditionalResults`, `AdditionalData`: any elements below a name. They are kept as properties, attributes too.
pub(super) fn additional(holder: &Element, name: &str) -> Option<Vec<AdditionalData>> {
    let all = holder.children(name).map(|element| {
        let own = element.attribute("Name");
        let inside = element.children.iter().map(property);
        let text = element.text().owned();
        AdditionalData {
            name: own.owned().or_else(|| Some(name.to_owned())),
            props: Some(
                text.map(|text| text_property(name, &text))
                    .into_iter()
                    .chain(inside)
                    .collect(),
            ),
            ..AdditionalData::default()
        }
    });
    Some(all.collect::<Vec<_>>()).filter(|all| !all.is_empty())
}
