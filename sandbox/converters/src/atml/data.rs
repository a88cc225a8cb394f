//! Data that is no measurement: `Data`, and results that belong to no limit.

use stationd_report::{AdditionalArray, AdditionalArrayIndex, AdditionalProperty, Number};

use crate::xml::Element;

/// The text of a `Datum`: its attribute or its child.
pub(super) fn text(datum: &Element) -> Option<String> {
    let value = datum.attribute("value");
    value
        .owned()
        .or_else(|| datum.child("Value").map(|value| value.text.clone()))
}

/// The unit of a `Datum`.
pub(super) fn unit(datum: &Element) -> Option<String> {
    datum
        .attribute("nonStandardUnit")
        .owned()
        .or_else(|| datum.attribute("standardUnit").owned())
}

/// A named value: the element holds a `Datum`, a `Collection` or an `IndexedArray`.
pub(super) fn property(name: &str, holder: &Element) -> AdditionalProperty {
    let mut property = AdditionalProperty {
        name: Some(name.to_owned()),
        ..AdditionalProperty::default()
    };
    if let Some(datum) = holder.child("Datum") {
        property.kind = Some(kind(datum).to_owned());
        property.value = text(datum);
        property.flags = flags(datum);
        property.num_format = unit(datum);
    } else if let Some(collection) = holder.child("Collection") {
        property.kind = Some("Obj".to_owned());
        let items = collection
            .children("Item")
            .map(|item| Some(self::property(item.attribute("name").text, item)));
        property.props = Some(items.collect());
    } else if let Some(array) = holder.child("IndexedArray") {
        property.kind = Some("Array".to_owned());
        property.array = Some(self::array(array));
    } else {
        property.kind = Some("Obj".to_owned());
    }
    property
}

fn array(element: &Element) -> AdditionalArray {
    let kind = kind(element);
    let indexes: Vec<_> = element.children("Element").map(|one| index(one, kind)).collect();
    let dimension = element.attribute("dimensions").text.matches('[').count();
    AdditionalArray {
        dimension: Some(Number::from(i64::try_from(dimension.max(1)).unwrap_or(1))),
        kind: Some(kind.to_owned()),
        indexes: Some(indexes.into_iter().map(Some).collect()),
        ..AdditionalArray::default()
    }
}

fn index(element: &Element, kind: &str) -> AdditionalArrayIndex {
    let position = element.attribute("position").text;
    let places = position
        .split(['[', ']', ','])
        .filter_map(|place| place.trim().parse::<i64>().ok());
    let value = AdditionalProperty {
        name: Some(position.to_owned())
            .filter(|name| !name.is_empty())
            .or(Some("[]".to_owned())),
        kind: Some(kind.to_owned()),
        value: text(element),
        ..AdditionalProperty::default()
    };
    AdditionalArrayIndex {
        text: Some(position.to_owned()),
        indexes: Some(places.map(Number::from).collect()),
        value: Some(Box::new(value)),
        ..AdditionalArrayIndex::default()
    }
}

/// The type in the words of a report, from `xsi:type`: `c:double`, `ts:TS_string`.
fn kind(element: &Element) -> &'static str {
    let name = element.attribute("xsi:type").text.to_ascii_lowercase();
    if name.contains("string") {
        "String"
    } else if name.contains("boolean") {
        "Boolean"
    } else if name.contains("collection") {
        "Obj"
    } else {
        "Number"
    }
}

/// TestStand's property flags, hexadecimal.
fn flags(element: &Element) -> Option<Number> {
    let digits = element.attribute("flags").text.strip_prefix("0x")?;
    i64::from_str_radix(digits, 16).ok().map(Number::from)
}
