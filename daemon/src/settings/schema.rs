//! The JSON Schema of the settings file, for editors and image builds.

use serde_json::{Map, Value, json};

use super::file::FileKeys;
use super::keys::{Keys, Section, Slot};

/// The JSON Schema (draft 2020-12) of a settings file: every key with its kind, range, default and purpose.
pub fn schema() -> Value {
    let mut schema = table_schema(&mut FileKeys::default());
    if let Value::Object(members) = &mut schema {
        members.insert(
            "$schema".to_owned(),
            "https://json-schema.org/draft/2020-12/schema".into(),
        );
        members.insert("title".to_owned(), "stationd settings".into());
    }
    schema
}

fn table_schema<S: Section>(section: &mut S) -> Value {
    let mut properties = Properties(Map::new());
    section.describe(&mut properties);
    json!({"type": "object", "properties": properties.0, "additionalProperties": false})
}

/// The keys of one table as they are met.
struct Properties(Map<String, Value>);

impl Properties {
    fn insert(&mut self, name: &str, about: &str, mut schema: Value) {
        if let Value::Object(members) = &mut schema {
            members.insert("description".to_owned(), about.into());
        }
        self.0.insert(name.to_owned(), schema);
    }
}

impl Keys for Properties {
    fn slot(&mut self, name: &'static str, about: &'static str, slot: Slot<'_>) {
        let schema = match slot {
            Slot::Text(value, rule) => {
                json!({"type": "string", "pattern": rule.pattern, "default": value})
            }
            Slot::Choice(chosen, names) => {
                json!({"enum": names, "default": names.get(*chosen)})
            }
            Slot::Integer(value, range) => {
                json!({"type": "integer", "minimum": range.start(), "maximum": range.end(), "default": value})
            }
            Slot::Number(value, range) => {
                json!({"type": "number", "minimum": range.start(), "maximum": range.end(), "default": value})
            }
            Slot::Switch(value) => json!({"type": "boolean", "default": value}),
            Slot::Texts(values, rule) => {
                json!({"type": "array", "items": {"type": "string", "pattern": rule.pattern}, "default": values})
            }
            Slot::Object(value) => json!({"type": "object", "default": value}),
        };
        self.insert(name, about, schema);
    }

    fn table<S: Section>(&mut self, name: &'static str, about: &'static str, section: &mut S) {
        self.insert(name, about, table_schema(section));
    }

    fn tables<S: Section + Clone>(
        &mut self,
        name: &'static str,
        id: &'static str,
        about: &'static str,
        template: &S,
        _items: &mut Vec<S>,
    ) {
        let mut items = table_schema(&mut template.clone());
        if let Value::Object(members) = &mut items {
            members.insert("required".to_owned(), json!([id]));
        }
        self.insert(name, about, json!({"type": "array", "items": items}));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_says_what_it_is_for() {
        fn visit(schema: &Value) {
            if let Some(properties) = schema["properties"].as_object() {
                for (name, schema) in properties {
                    assert!(
                        schema["description"]
                            .as_str()
                            .is_some_and(|text| text.ends_with('.')),
                        "{name}"
                    );
                    visit(schema);
                }
            }
            if schema["items"].is_object() {
                visit(&schema["items"]);
            }
        }
        let schema = schema();
        visit(&schema);
        assert_eq!(
            schema["properties"]["upload"]["properties"]["max_concurrent"]["maximum"],
            64
        );
        assert_eq!(schema["properties"]["converter"]["items"]["required"][0], "name");
    }
}
