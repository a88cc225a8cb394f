//! Goes through sections to list keys and values.

use super::keys::{Keys, Section, Slot};

/// The variable of each key that a variable can set: all but those in lists of tables.
pub(super) fn variables<S: Section>(section: &mut S) -> Vec<String> {
    let mut names = Variables {
        prefix: "STATIOND_".to_owned(),
        names: Vec::new(),
    };
    section.describe(&mut names);
    names.names
}

struct Variables {
    prefix: String,
    names: Vec<String>,
}

impl Keys for Variables {
    fn slot(&mut self, name: &'static str, _about: &'static str, _slot: Slot<'_>) {
        self.names.push(format!("{}{}", self.prefix, name.to_uppercase()));
    }

    fn table<S: Section>(&mut self, name: &'static str, _about: &'static str, section: &mut S) {
        let longer = format!("{}{}__", self.prefix, name.to_uppercase());
        let prefix = std::mem::replace(&mut self.prefix, longer);
        section.describe(self);
        self.prefix = prefix;
    }

    fn tables<S: Section + Clone>(
        &mut self,
        _name: &'static str,
        _id: &'static str,
        _about: &'static str,
        _template: &S,
        _items: &mut Vec<S>,
    ) {
    }
}
