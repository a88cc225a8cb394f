//! `Prop`: a named property object, the one building block of these files.

use crate::rows::Cell;
use crate::xml::Element;

/// The property of a name inside another.
pub(super) fn prop<'a>(holder: &'a Element, name: &str) -> Option<&'a Element> {
    holder
        .children("Prop")
        .find(|prop| prop.attribute("Name").text == name)
}

/// The property at the end of a way of names.
pub(super) fn at<'a>(holder: &'a Element, way: &[&str]) -> Option<&'a Element> {
    way.iter().try_fold(holder, |holder, name| prop(holder, name))
}

/// The value of the property of a name; empty when there is none.
pub(super) fn value<'a>(holder: &'a Element, name: &'a str) -> Cell<'a> {
    let found = prop(holder, name).and_then(|prop| prop.child("Value"));
    match found {
        Some(value) => Cell::named(&value.text, value.line, name),
        None => Cell::named("", holder.line, name),
    }
}

/// The elements of an array of objects.
pub(super) fn objects(array: &Element) -> impl Iterator<Item = &Element> {
    array.children("Value").flat_map(|value| value.children("Prop"))
}
