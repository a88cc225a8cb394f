//! Where the members of a text's reports stand, noted by the scan so that nobody has to look for them again.
//!
//! Only what every report needs is noted: the members of the outermost object, and of the objects in the outermost array
//! or in the member `reports`. What does not fit this (a key with escapes, an element that is no object) makes it unfit
//! for use, and the text is read the long way.

use std::borrow::Cow;
use std::ops::Range;

use crate::path::{Path, Segment};

/// The member in which an envelope has its reports.
const REPORTS: &str = "reports";

/// A key, and where its value begins.
pub(crate) type Member<'a> = (Cow<'a, str>, usize);

/// The outer objects of a text, in their order.
#[derive(Debug)]
pub(crate) struct Outline<'a> {
    text: &'a str,
    objects: Vec<Vec<Member<'a>>>,
    /// Elements of the array that holds reports.
    elements: usize,
    is_unfit: bool,
}

impl<'a> Outline<'a> {
    pub(crate) fn of(text: &'a str) -> Self {
        Self {
            text,
            objects: Vec::new(),
            elements: 0,
            is_unfit: false,
        }
    }

    /// An object begins; where its members are to be noted, if they are.
    pub(crate) fn begin(&mut self, path: &Path<'a>) -> Option<usize> {
        let is_outer = match path.segments() {
            [] | [Segment::Index(_)] => true,
            [Segment::Key(key), Segment::Index(_)] => key == REPORTS,
            _ => false,
        };
        is_outer.then(|| {
            self.objects.push(Vec::new());
            self.objects.len() - 1
        })
    }

    /// An array has another element.
    pub(crate) fn element(&mut self, path: &Path<'a>) {
        let is_outer = match path.segments() {
            [] => true,
            [Segment::Key(key)] => key == REPORTS,
            _ => false,
        };
        self.elements += usize::from(is_outer);
    }

    /// Notes a member of an object.
    pub(crate) fn member(&mut self, object: usize, key: Cow<'a, str>) {
        let place = match &key {
            Cow::Borrowed(key) => self.value_after(key),
            Cow::Owned(_) => None,
        };
        match (place, self.objects.get_mut(object)) {
            (Some(place), Some(members)) => members.push((key, place)),
            _ => self.is_unfit = true,
        }
    }

    /// Where the value of a key begins, which is a part of the text.
    fn value_after(&self, key: &str) -> Option<usize> {
        let end = key.as_ptr().addr() - self.text.as_ptr().addr() + key.len();
        let rest = self.text.get(end..)?.strip_prefix('"')?.trim_ascii_start();
        let value = rest.strip_prefix(':')?.trim_ascii_start();
        Some(value.as_ptr().addr() - self.text.as_ptr().addr())
    }

    /// The members of the outermost object.
    pub(crate) fn root(&self) -> Option<&[Member<'a>]> {
        let root = self.objects.first().filter(|_| !self.is_unfit)?;
        (!root.is_empty()).then_some(root)
    }

    /// Each report of the array that is `skip` objects in: its place, and its members. `None` when some element is no
    /// object.
    pub(crate) fn reports(&self, skip: usize) -> Option<Vec<(Range<usize>, &[Member<'a>])>> {
        let reports = self.objects.get(skip..)?;
        if self.is_unfit || reports.len() != self.elements {
            return None;
        }
        let starts: Option<Vec<usize>> = reports.iter().map(|members| self.start(members)).collect();
        let starts = starts?;
        let last = starts.last().copied().unwrap_or_default();
        // What follows the last: a member of the envelope, or its end.
        let further = self.objects.first().filter(|_| skip > 0);
        let further = further.into_iter().flatten().map(|(_, place)| *place);
        let limit = match further.filter(|place| *place > last).min() {
            // Before its value stand the key, in quotes, and a colon.
            Some(value) => self
                .text
                .get(..value)?
                .rfind(':')
                .and_then(|at| self.key_before(at))?,
            None => self.text.len().checked_sub(usize::from(skip > 0))?,
        };
        let ends = starts.iter().skip(1).copied().chain([limit]);
        let places = starts.iter().copied().zip(ends).map(|(start, limit)| {
            let end = self.text.get(start..limit)?.rfind('}')?;
            Some(start..start + end + 1)
        });
        let places: Option<Vec<_>> = places.collect();
        Some(
            places?
                .into_iter()
                .zip(reports.iter().map(Vec::as_slice))
                .collect(),
        )
    }

    /// Where the opening quote of the key stands whose colon is at `colon`.
    fn key_before(&self, colon: usize) -> Option<usize> {
        let key = self.text.get(..colon)?.trim_ascii_end().strip_suffix('"')?;
        key.rfind('"')
    }

    /// Where the object of these members begins.
    fn start(&self, members: &[Member<'a>]) -> Option<usize> {
        let (first, _) = members.first()?;
        let key = first.as_ptr().addr() - self.text.as_ptr().addr();
        self.text.get(..key)?.rfind('{')
    }
}

#[cfg(test)]
mod tests {
    use serde_json::value::RawValue;

    use crate::ReadLimits;
    use crate::scan::outline;
    use crate::top::Top;

    /// What the long way finds: the reports, and each value of each by its key.
    fn read(list: &str) -> Vec<(String, Vec<String>)> {
        let reports: Vec<&RawValue> = serde_json::from_str(list).unwrap();
        let read = |report: &&RawValue| {
            let top = Top::of(report.get()).unwrap();
            (report.get().to_owned(), values(&top))
        };
        reports.iter().map(read).collect()
    }

    fn values(top: &Top<'_>) -> Vec<String> {
        let value = |key| format!("{key}: {:?}", top.get(key));
        top.keys().map(value).collect()
    }

    fn noted(text: &str, skip: usize) -> Option<Vec<(String, Vec<String>)>> {
        let (_, outline) = outline(text, &ReadLimits::default()).unwrap();
        let reports = outline.reports(skip)?;
        let noted = reports.into_iter().map(|(place, members)| {
            let report = text.get(place.clone()).unwrap();
            let top = Top::noted(report, place.start, members);
            (report.to_owned(), values(&top))
        });
        Some(noted.collect())
    }

    const LISTS: [&str; 4] = [
        r#"[{"a":1}]"#,
        r#"[ {"a" : {"b":[{"reports":[{"c":2}]}]} , "d" : "}],{" } ]"#,
        "[{\"a\":null,\"b\":-1.50},\n\t{\"a\":\"\\\"}\"} , {\"z\":[]}]",
        r#"[{"reports":[{"x":1},{"y":2}],"e":{}},{"f":true}]"#,
    ];

    #[test]
    fn what_the_scan_notes_is_what_the_long_way_finds() {
        for list in LISTS {
            assert_eq!(noted(list, 0), Some(read(list)), "{list}");
            for envelope in [
                format!(r#"{{"status":"converted","reports":{list}}}"#),
                format!(
                    r#"{{ "reports" : {list} , "reason" : "a: }} ] \"b\" : c" , "status":"converted" }}"#
                ),
                format!("{{\n\"reason\":\"x\",\"reports\"\n:{list}\n}}"),
            ] {
                assert_eq!(noted(&envelope, 1), Some(read(list)), "{envelope}");
            }
        }
    }

    #[test]
    fn what_does_not_fit_is_read_the_long_way() {
        for text in [
            r#"[{"a":1},2]"#,
            "[{}]",
            r#"[{"\u0061":1}]"#,
            r#"[[{"a":1}],{"b":1}]"#,
        ] {
            assert_eq!(noted(text, 0), None, "{text}");
        }
    }
}
