//! The working folder: settings, drop folders, the receiver's store.

use std::fs;
use std::path::{Path, PathBuf};

use super::error::DemoError;
use super::samples::Sample;

/// The demo's working folder.
#[derive(Debug)]
pub(super) struct Scene {
    dir: PathBuf,
}

impl Scene {
    /// Makes the folder with all that is in it: `dir`, which must be new or empty, or a temporary one.
    pub(super) fn set(dir: Option<PathBuf>) -> Result<Self, DemoError> {
        let dir = match dir {
            Some(dir) => empty_folder(dir)?,
            None => tempfile::Builder::new()
                .prefix("stationd-demo-")
                .tempdir()
                .map_err(|cause| DemoError::Folder {
                    path: std::env::temp_dir(),
                    cause,
                })?
                .keep(),
        };
        let scene = Self { dir };
        for folder in ["state", "received", "line/wsjf", "line/text", "line/csv"] {
            let path = scene.path(folder);
            fs::create_dir_all(&path).map_err(|cause| DemoError::Folder { path, cause })?;
        }
        Ok(scene)
    }

    /// A path in the folder.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    /// Writes the settings of a station whose server is at `url`.
    pub(super) fn write_settings(&self, url: &str) -> Result<PathBuf, DemoError> {
        let path = self.path("stationd.toml");
        fs::write(&path, self.settings(url)).map_err(|cause| DemoError::Folder {
            path: path.clone(),
            cause,
        })?;
        Ok(path)
    }

    fn settings(&self, url: &str) -> String {
        let quoted = |name: &str| toml::Value::from(self.path(name).display().to_string()).to_string();
        format!(
            r#"# The settings of this demo; the daemon reads them as it would read /etc/stationd/stationd.toml.
schema_version = "2.0"
state_dir = {state}

[station]
name = "DEMO"
name_source = "config"
location = "Workbench"
purpose = "Demonstration"

[server]
url = "{url}"
ca_file = {ca}

[control]
socket = {socket}

[http]
listen = ""

[log]
format = "json"

[[converter]]
name = "wsjf"
drop_dir = {wsjf}
kind = "builtin"
format = "wsjf"

[[converter]]
name = "text"
drop_dir = {text}
kind = "builtin"
format = "wats-text"

[[converter]]
name = "csv"
drop_dir = {csv}
kind = "builtin"
format = "csv"
[converter.arguments]
delimiter = ";"
decimal_mark = ","
columns = {{ serial = "Serial", part_number = "Part", start = "Start", step = "Test", value = "Measured", low_limit = "Lower", high_limit = "Upper", unit = "Unit", status = "Verdict" }}
constants = {{ revision = "A", process_code = 20 }}
"#,
            state = quoted("state"),
            ca = quoted("received/ca.pem"),
            socket = quoted("control.sock"),
            wsjf = quoted("line/wsjf"),
            text = quoted("line/text"),
            csv = quoted("line/csv"),
        )
    }

    /// Drops a sample as a careful tester does: written elsewhere, then renamed in.
    pub(super) fn drop_sample(&self, sample: &Sample) -> Result<(), DemoError> {
        let beside = self.path("being-written");
        let path = self.path("line").join(sample.converter).join(sample.name);
        fs::write(&beside, sample.content)
            .and_then(|()| fs::rename(&beside, &path))
            .map_err(|cause| DemoError::Folder { path, cause })
    }
}

fn empty_folder(dir: PathBuf) -> Result<PathBuf, DemoError> {
    let folder = |cause| DemoError::Folder {
        path: dir.clone(),
        cause,
    };
    fs::create_dir_all(&dir).map_err(folder)?;
    if fs::read_dir(&dir).map_err(folder)?.next().is_some() {
        return Err(DemoError::NotEmpty(dir));
    }
    // The settings name absolute paths.
    Path::canonicalize(&dir).map_err(folder)
}
