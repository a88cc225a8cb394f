//! One element.

use stationd_report::Excerpt;

use crate::ConvertError;
use crate::rows::Cell;

/// An element without its namespace prefix.
#[derive(Debug, Default)]
pub(crate) struct Element {
    pub(crate) name: String,
    /// Attributes with their prefixes, in their order.
    pub(crate) attributes: Vec<(String, String)>,
    pub(crate) children: Vec<Element>,
    /// The text directly inside it.
    pub(crate) text: String,
    /// From 1.
    pub(crate) line: usize,
}

impl Element {
    /// Itself, when it has one of these names.
    pub(crate) fn named(&self, names: &[&str]) -> Result<&Self, ConvertError> {
        if names.contains(&self.name.as_str()) {
            return Ok(self);
        }
        let expected: Vec<_> = names.iter().map(|name| format!("<{name}>")).collect();
        let what = format!(
            "expected {}, found <{}>",
            expected.join(" or "),
            Excerpt::of(&self.name)
        );
        Err(ConvertError::at(self.line, what))
    }

    /// The units of a file whose root is a unit, `one`, or stands around several: `all` around `each`.
    pub(crate) fn units<'a>(
        &'a self,
        all: &str,
        each: &'a str,
        one: &str,
    ) -> Result<Vec<&'a Self>, ConvertError> {
        let root = self.named(&[all, one])?;
        Ok(if root.name == one {
            vec![root]
        } else {
            root.children(each).collect()
        })
    }

    /// The value of an attribute as a cell; empty when there is none.
    pub(crate) fn attribute<'a>(&'a self, name: &'a str) -> Cell<'a> {
        let found = self.attributes.iter().find(|(found, _)| found == name);
        Cell::named(found.map_or("", |(_, value)| value), self.line, name)
    }

    /// Its text as a cell.
    pub(crate) fn text(&self) -> Cell<'_> {
        Cell::named(&self.text, self.line, &self.name)
    }

    /// The first child of a name.
    pub(crate) fn child(&self, name: &str) -> Option<&Element> {
        self.children.iter().find(|child| child.name == name)
    }

    /// All children of a name.
    pub(crate) fn children<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Element> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// Attributes and children that a mapping does not know, as `Step/@Foo` and `Step/Foo`; empty ones say nothing.
    pub(crate) fn unknown(&self, attributes: &[&str], children: &[&str]) -> Vec<String> {
        let foreign = |name: &str| name.starts_with("xmlns") || name.starts_with("xsi:");
        let more = self.attributes.iter().filter(|(name, value)| {
            !attributes.contains(&name.as_str()) && !foreign(name) && !value.trim().is_empty()
        });
        let below = self
            .children
            .iter()
            .filter(|child| !children.contains(&child.name.as_str()));
        more.map(|(name, _)| format!("{}/@{name}", self.name))
            .chain(below.map(|child| format!("{}/{}", self.name, child.name)))
            .collect()
    }
}
