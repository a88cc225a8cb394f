//! Serial numbers that a site makes of what the file says.

use serde::de::Error as _;
use serde::{Deserialize as _, Deserializer};

use crate::ConvertError;

/// A text in which names in braces stand for what the file says: `{lot}-{part}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SerialPattern {
    /// What stands before the first name.
    before: String,
    /// Each name with the text behind it; at least one, as all units would else have one serial number.
    names: Vec<(String, String)>,
}

impl SerialPattern {
    /// Reads an argument, whose names are some of `known`.
    pub(crate) fn of<'de, D: Deserializer<'de>>(
        argument: D,
        known: &[&str],
    ) -> Result<Option<Self>, D::Error> {
        let text = Option::<String>::deserialize(argument)?;
        let pattern = text.map(|text| Self::new(&text, known)).transpose();
        pattern.map_err(|what| D::Error::custom(format!("{what}; there are: {{{}}}", known.join("}, {"))))
    }

    fn new(text: &str, known: &[&str]) -> Result<Self, String> {
        let Some((before, names)) = text.split_once('{') else {
            return Err(format!("all units would have the serial number {text:?}"));
        };
        let names = names.split('{').map(|part| match part.split_once('}') {
            Some((name, behind)) if known.contains(&name) => Ok((name.to_owned(), behind.to_owned())),
            Some((name, _)) => Err(format!("{{{name}}} stands for nothing")),
            None => Err(format!("a brace does not end in {text:?}")),
        });
        Ok(Self {
            before: before.to_owned(),
            names: names.collect::<Result<_, _>>()?,
        })
    }

    /// Puts what `value` gives in the place of each name.
    pub(crate) fn fill(
        &self,
        value: impl Fn(&str) -> Result<String, ConvertError>,
    ) -> Result<String, ConvertError> {
        self.names
            .iter()
            .try_fold(self.before.clone(), |filled, (name, behind)| {
                Ok(filled + &value(name)? + behind)
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: [&str; 2] = ["lot", "part"];

    #[test]
    fn a_value_stands_for_its_name_also_where_it_looks_like_one() {
        let pattern = SerialPattern::new("A{lot}-{part}/", &KNOWN).unwrap();
        let filled = pattern.fill(|name| Ok(format!("{{part}}{name}")));
        assert_eq!(filled.unwrap(), "A{part}lot-{part}part/");
        let missing = pattern.fill(|name| Err(ConvertError::new(name)));
        assert_eq!(missing.unwrap_err().what, "lot");
    }

    #[test]
    fn a_pattern_without_a_name_or_with_an_unknown_one_is_refused() {
        for (text, fault) in [
            ("part", "all units would have the serial number \"part\""),
            ("", "all units would have the serial number \"\""),
            ("{part}-{wafr}", "{wafr} stands for nothing"),
            ("{lot}-{part", "a brace does not end in \"{lot}-{part\""),
        ] {
            assert_eq!(SerialPattern::new(text, &KNOWN).unwrap_err(), fault);
        }
    }
}
