//! Where in a JSON text something stands.

use std::borrow::Cow;
use std::fmt;

/// One step from a JSON value to a value inside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Segment<'a> {
    /// A member of an object.
    Key(Cow<'a, str>),
    /// An element of an array.
    Index(usize),
}

/// The way from the top of a JSON text, shown like `$.root.steps[3].name`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Path<'a>(Vec<Segment<'a>>);

impl<'a> Path<'a> {
    pub(crate) fn enter(&mut self, segment: Segment<'a>) {
        self.0.push(segment);
    }

    pub(crate) fn leave(&mut self) {
        self.0.pop();
    }

    /// The steps from the top.
    pub(crate) fn segments(&self) -> &[Segment<'a>] {
        &self.0
    }

    /// Objects and arrays above the present value.
    pub(crate) fn depth(&self) -> usize {
        self.0.len()
    }

    /// The path of a member of the present value.
    pub(crate) fn member(&self, key: &str) -> String {
        format!("{self}{}", Segment::Key(key.into()))
    }
}

impl fmt::Display for Segment<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Index(index) => write!(f, "[{index}]"),
            Self::Key(key) if is_plain(key) => write!(f, ".{key}"),
            Self::Key(key) => write!(f, "[\"{}\"]", crate::Excerpt::of(key)),
        }
    }
}

/// Whether a key reads well after a dot.
fn is_plain(key: &str) -> bool {
    !key.is_empty() && key.len() <= 60 && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("$")?;
        self.0.iter().try_for_each(|segment| segment.fmt(f))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_reads_like_the_way_through_the_text() {
        let mut path = Path::default();
        path.enter(Segment::Key("root".into()));
        path.enter(Segment::Key("steps".into()));
        path.enter(Segment::Index(3));
        assert_eq!(path.member("a b"), "$.root.steps[3][\"a b\"]");
        assert_eq!(path.depth(), 3);
    }
}
