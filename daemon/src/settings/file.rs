//! The whole of a settings file.

use std::path::Path;

use super::converter::ConverterKeys;
use super::environment::Environment;
use super::folders;
use super::keys::{Keys, Section};
use super::queue::{QueueKeys, RetentionKeys};
use super::reader::Findings;
use super::rule::{OPTIONAL_PATH, Rule};
use super::sandbox::SandboxKeys;
use super::server::ServerKeys;
use super::service::{ControlKeys, HttpKeys, LogSettings};
use super::station::StationKeys;
use super::upload::UploadKeys;
use super::{Origin, Problem};

/// The newest schema of the settings that this version knows.
pub(super) const SCHEMA: (u32, u32) = (2, 0);

/// Any text: which version it names is checked when all is read.
const VERSION: Rule = Rule {
    allowed: "\"2.0\"",
    pattern: r"^2\.0$",
    holds: |_| true,
};

/// The state folder when nobody names one.
const STATE_DIR: &str = "/var/lib/stationd";

/// Every key there is.
#[derive(Debug, Clone)]
pub(super) struct FileKeys {
    schema_version: String,
    pub(super) state_dir: String,
    pub(super) station: StationKeys,
    pub(super) server: ServerKeys,
    pub(super) upload: UploadKeys,
    pub(super) queue: QueueKeys,
    pub(super) retention: RetentionKeys,
    pub(super) sandbox: SandboxKeys,
    pub(super) converters: Vec<ConverterKeys>,
    pub(super) control: ControlKeys,
    pub(super) http: HttpKeys,
    pub(super) log: LogSettings,
}

impl Default for FileKeys {
    fn default() -> Self {
        Self {
            schema_version: format!("{}.{}", SCHEMA.0, SCHEMA.1),
            state_dir: String::new(),
            station: StationKeys::default(),
            server: ServerKeys::default(),
            upload: UploadKeys::default(),
            queue: QueueKeys::default(),
            retention: RetentionKeys::default(),
            sandbox: SandboxKeys::default(),
            converters: Vec::new(),
            control: ControlKeys::default(),
            http: HttpKeys::default(),
            log: LogSettings::default(),
        }
    }
}

impl Section for FileKeys {
    fn describe<K: Keys>(&mut self, keys: &mut K) {
        keys.text(
            "schema_version",
            &mut self.schema_version,
            &VERSION,
            "The version of these keys.",
        );
        let about = "Store, spool and archive; empty: $STATE_DIRECTORY, else /var/lib/stationd.";
        keys.text("state_dir", &mut self.state_dir, &OPTIONAL_PATH, about);
        keys.table("station", "Whose reports these are.", &mut self.station);
        keys.table("server", "Where reports go.", &mut self.server);
        keys.table("upload", "How reports are sent.", &mut self.upload);
        keys.table("queue", "How much waits.", &mut self.queue);
        keys.table("retention", "How long what is done is kept.", &mut self.retention);
        keys.table("sandbox", "What a converter may use.", &mut self.sandbox);
        let template = ConverterKeys::template(&self.sandbox.limits);
        let about = "A drop folder and what becomes of its files.";
        keys.tables("converter", "name", about, &template, &mut self.converters);
        keys.table("control", "The socket of stationctl.", &mut self.control);
        keys.table("http", "Health, metrics and the status page.", &mut self.http);
        keys.table("log", "How the journal is written.", &mut self.log);
    }
}

impl FileKeys {
    /// Refuses a schema that this version does not know.
    pub(super) fn check_schema(&self, findings: &mut Findings) {
        let parts = self.schema_version.split_once('.');
        let version: Option<(u32, u32)> =
            parts.and_then(|(major, minor)| Some((major.parse().ok()?, minor.parse().ok()?)));
        let allowed = format!("\"{}.{}\"", SCHEMA.0, SCHEMA.1);
        let found = format!("{:?}", self.schema_version);
        let problem = match version {
            Some(version) if version == SCHEMA => return,
            Some(version) if version > SCHEMA => Problem::value(
                format!("{found}, which is newer than this version of stationd"),
                allowed,
            ),
            Some(_) => Problem::value(
                found,
                format!("{allowed}; for older files: stationctl config upgrade"),
            ),
            None => Problem::value(found, allowed),
        };
        findings.fault("schema_version", problem);
    }

    /// Fills in what follows from elsewhere, so that the values shown are the ones that count.
    pub(super) fn fill_in(&mut self, environment: &Environment, findings: &mut Findings) {
        if self.state_dir.is_empty() {
            let given = environment.state_directory();
            if given.is_some() {
                let origin = Origin::Variable("STATE_DIRECTORY".to_owned());
                findings.places.insert("state_dir".to_owned(), origin);
            }
            given.unwrap_or(STATE_DIR).clone_into(&mut self.state_dir);
        }
        let state_dir = Path::new(&self.state_dir);
        if self.sandbox.scratch_dir.is_empty() {
            self.sandbox.scratch_dir = state_dir.join("scratch").to_string_lossy().into_owned();
        }
        self.control.fill_in(state_dir);
        folders::fill_in(&mut self.converters, Path::new(&self.state_dir));
    }
}
