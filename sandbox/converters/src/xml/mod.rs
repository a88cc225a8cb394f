//! XML with bounds: a small tree without namespaces, entities or mixed content.

mod element;
mod parse;
mod property;

pub(crate) use element::Element;
pub(crate) use parse::parse;
pub(crate) use property::property;
