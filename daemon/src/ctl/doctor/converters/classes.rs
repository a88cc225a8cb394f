//! Is the class of a `pywats` converter where its settings say, for the user and the Python that will run it?
//!
//! Its runner is ours, and needs no advice. Nothing of the class is run: its module is searched as Python would, and
//! parsed.

use std::path::PathBuf;

use serde::Deserialize;
use serde_json::json;
use stationd_actors::converter::ConverterSettings;

use super::reader::{self, Question};
use super::{CHECK, Finding};
use crate::ctl::words::visible;
use crate::settings::Settings;

/// Searches folders for a class; writes [`Fault`]s.
const READER: &str = include_str!("classes.py");

/// What the settings say of a class.
pub(super) struct Class {
    name: String,
    /// The folders of `python_path`.
    folders: Vec<PathBuf>,
}

/// Why it will not be found.
#[derive(Debug, Deserialize)]
struct Fault {
    words: String,
    remedy: String,
    /// Whether no file can be converted so.
    fatal: bool,
}

impl Class {
    /// The class of a converter; `None` for one of another kind.
    pub(super) fn of(settings: &Settings, converter: &ConverterSettings) -> Option<Self> {
        let value = |key: &str| {
            let setting = settings
                .values
                .get(&format!("converter.{}.{key}", converter.name));
            setting.map(|setting| &setting.value)
        };
        if value("kind")?.as_str() != Some("pywats") {
            return None;
        }
        let folders = value("python_path")?.as_array()?.iter();
        Some(Self {
            name: value("class")?.as_str()?.to_owned(),
            folders: folders
                .filter_map(|folder| folder.as_str().map(PathBuf::from))
                .collect(),
        })
    }

    pub(super) fn check(&self, converter: &str) -> Vec<Finding> {
        let question = Question {
            arguments: json!({ "class": self.name }),
            input: None,
            folders: self.folders.clone(),
        };
        let finding = |fault: &Fault| {
            let words = format!("{converter}: {}", visible(&fault.words));
            if fault.fatal {
                Finding::failure(CHECK, words, visible(&fault.remedy))
            } else {
                Finding::warning(CHECK, words, visible(&fault.remedy))
            }
        };
        match reader::read::<Fault>(converter, "class", READER, question) {
            Ok(faults) => faults.iter().map(finding).collect(),
            Err(unread) => vec![unread],
        }
    }
}
