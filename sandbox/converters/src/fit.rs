//! Texts that are longer than their place in a report.

use stationd_report::{AdditionalData, AdditionalProperty, MiscInfo, Report, Step};

/// The longest name, description or text of a report's header, in characters.
const LONGEST: usize = 100;

/// Fits a name: when it is too long it is cut, and the whole name comes second.
pub(crate) fn fitted(name: &str) -> (String, Option<String>) {
    if name.chars().count() <= LONGEST {
        return (name.to_owned(), None);
    }
    let cut: String = name.chars().take(LONGEST - 3).collect();
    (cut + "...", Some(name.to_owned()))
}

/// Keeps what has no place of its own: as misc info, or whole as additional data when it does not fit there.
pub(crate) fn keep(report: &mut Report, name: &str, value: &str) {
    if name.chars().count() <= LONGEST && value.chars().count() <= LONGEST {
        let info = MiscInfo {
            description: Some(name.to_owned()),
            text: Some(value.to_owned()),
            ..MiscInfo::default()
        };
        report.misc_infos.get_or_insert_default().push(info);
        return;
    }
    let property = text_property(name, value);
    let all = report.additional_data.get_or_insert_default();
    if all.is_empty() {
        all.push(AdditionalData {
            name: Some("Header".to_owned()),
            ..AdditionalData::default()
        });
    }
    if let Some(header) = all.first_mut() {
        header.props.get_or_insert_default().push(property);
    }
}

/// Keeps what has no place of its own in a step, in its additional results of the name `set`.
pub(crate) fn keep_in_step(step: &mut Step, set: &str, name: &str, value: &str) {
    let all = step.additional_results.get_or_insert_default();
    if !all.iter().any(|data| data.name.as_deref() == Some(set)) {
        all.push(AdditionalData {
            name: Some(set.to_owned()),
            ..AdditionalData::default()
        });
    }
    if let Some(data) = all.iter_mut().find(|data| data.name.as_deref() == Some(set)) {
        let property = text_property(name, value);
        data.props.get_or_insert_default().push(property);
    }
}

/// A property that holds a text.
pub(crate) fn text_property(name: &str, value: &str) -> AdditionalProperty {
    AdditionalProperty {
        name: Some(name.to_owned()),
        kind: Some("String".to_owned()),
        value: Some(value.to_owned()),
        ..AdditionalProperty::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_name_is_cut_and_kept_whole_beside() {
        let (name, whole) = fitted(&"\u{e4}".repeat(101));
        assert_eq!(name.chars().count(), 100);
        assert_eq!(whole.unwrap().chars().count(), 101);
        assert_eq!(fitted("short"), ("short".to_owned(), None));
    }

    #[test]
    fn a_long_value_goes_whole_into_additional_data() {
        let mut report = Report::default();
        keep(&mut report, "FW", "1.2");
        keep(&mut report, "Log", &"x".repeat(101));
        assert_eq!(report.misc_infos.unwrap().len(), 1);
        let value = report.additional_data.unwrap()[0].props.as_ref().unwrap()[0]
            .value
            .clone();
        assert_eq!(value.unwrap().len(), 101);
    }
}
