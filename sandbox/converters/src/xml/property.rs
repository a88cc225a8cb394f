//! Elements that have no place of their own in a report, as properties.

use stationd_report::AdditionalProperty;

use super::Element;
use crate::fit::text_property;

/// An element with everything in it: its text or its only `Value` is the value, attributes and elements are properties.
pub(crate) fn property(element: &Element) -> AdditionalProperty {
    let own = element.attribute("Name");
    let attributes = element.attributes.iter();
    let attributes = attributes
        .filter(|(name, _)| name != "Name" && name != "Type" && !name.starts_with("xmlns"))
        .map(|(name, value)| Some(text_property(name, value)));
    // A value alone in an element of its own is how TestStand writes properties.
    let plain =
        |child: &&Element| child.name == "Value" && child.children.is_empty() && child.attributes.is_empty();
    let own_value = Some(&element.children).filter(|all| all.iter().filter(plain).count() == 1);
    let own_value = own_value.and_then(|all| all.iter().find(plain));
    let inside = element
        .children
        .iter()
        .filter(|child| own_value.is_none() || !plain(child))
        .map(|child| Some(property(child)));
    let props: Vec<_> = attributes.chain(inside).collect();
    let kind = element.attribute("Type").owned();
    let value = own_value.map_or(element.text(), Element::text).owned();
    let usual = if value.is_some() || props.is_empty() {
        "String"
    } else {
        "Obj"
    };
    AdditionalProperty {
        name: own.owned().or_else(|| Some(element.name.clone())),
        kind: kind.or_else(|| Some(usual.to_owned())),
        value,
        props: Some(props).filter(|props| !props.is_empty()),
        ..AdditionalProperty::default()
    }
}
