//! Properties that have no place of their own: additional results.

use stationd_report::{AdditionalArray, AdditionalArrayIndex, AdditionalProperty, Number};

use crate::xml::Element;

/// Whether a property says anything: an empty object or array does not.
pub(super) fn says_something(prop: &Element) -> bool {
    let values = prop
        .children("Value")
        .any(|value| !value.text.trim().is_empty() || !value.children.is_empty());
    values || prop.children("Prop").any(says_something)
}

/// A property as it stands.
pub(super) fn property(prop: &Element, name: &str) -> AdditionalProperty {
    let kind = prop.attribute("Type").given().unwrap_or("Obj");
    let mut property = AdditionalProperty {
        name: Some(name.to_owned()),
        kind: Some(kind.to_owned()),
        ..AdditionalProperty::default()
    };
    if kind == "Array" {
        property.array = Some(array(prop));
    } else if let Some(value) = prop.child("Value") {
        property.value = Some(value.text.clone());
    } else {
        let inside = prop.children("Prop").map(|inside| {
            let name = inside.attribute("Name").given().unwrap_or("Prop");
            Some(self::property(inside, name))
        });
        property.props = Some(inside.collect());
    }
    property
}

fn array(prop: &Element) -> AdditionalArray {
    let kind = prop.attribute("ElementType").given().unwrap_or("Obj");
    let indexes = prop.children("Value").map(|value| {
        let id = value.attribute("ID").text;
        let places = id
            .split(['[', ']', ','])
            .filter_map(|place| place.trim().parse::<i64>().ok());
        let element = match value.child("Prop") {
            Some(object) => property(object, object.attribute("Name").given().unwrap_or("Prop")),
            None => AdditionalProperty {
                name: Some(if id.is_empty() {
                    "[]".to_owned()
                } else {
                    id.to_owned()
                }),
                kind: Some(kind.to_owned()),
                value: Some(value.text.clone()),
                ..AdditionalProperty::default()
            },
        };
        Some(AdditionalArrayIndex {
            text: Some(id.to_owned()),
            indexes: Some(places.map(Number::from).collect()),
            value: Some(Box::new(element)),
            ..AdditionalArrayIndex::default()
        })
    });
    let dimensions = prop.attribute("HBound").text.matches('[').count().max(1);
    AdditionalArray {
        dimension: Some(Number::from(i64::try_from(dimensions).unwrap_or(1))),
        kind: Some(kind.to_owned()),
        indexes: Some(indexes.collect()),
        ..AdditionalArray::default()
    }
}
