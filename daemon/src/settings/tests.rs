mod faults;
mod layers;
mod random;

use std::path::Path;

use stationd_actors::uploader::Server;
use tempfile::TempDir;

use super::*;

/// A minimal good file.
const GOOD: &str = r#"schema_version = "2.0"
[server]
url = "https://wats.example"
[[converter]]
name = "ict"
drop_dir = "/srv/stationd/ict"
format = "wsjf"
"#;

fn variables(pairs: &[(&str, &str)]) -> Environment {
    let pairs = pairs
        .iter()
        .map(|(name, text)| ((*name).to_owned(), (*text).to_owned()));
    Environment::new(pairs, "box7")
}

fn load_in(folder: &Path, text: &str, environment: Environment) -> Result<Settings, Faults> {
    let file = folder.join("stationd.toml");
    std::fs::write(&file, text).unwrap();
    load(&LoadOptions {
        file: Some(file),
        environment,
        ..LoadOptions::default()
    })
}

fn load_text(text: &str) -> Result<Settings, Faults> {
    load_in(TempDir::new().unwrap().path(), text, variables(&[]))
}

/// The faults of `text`, each without the folder of the file.
fn faults(text: &str) -> Vec<String> {
    let folder = TempDir::new().unwrap();
    let faults = load_in(folder.path(), text, variables(&[])).unwrap_err();
    let prefix = format!("{}/", folder.path().display());
    faults
        .iter()
        .map(|fault| fault.to_string().replace(&prefix, ""))
        .collect()
}

#[test]
fn a_small_file_is_enough() {
    let settings = load_text(GOOD).unwrap();
    let Server::Wats(server) = &settings.uploader.server else {
        panic!("not a WATS server")
    };
    assert_eq!(server.url, "https://wats.example");
    assert_eq!(settings.identity.station.name, "BOX7");
    assert_eq!(settings.folders.len(), 1);
    assert_eq!(settings.converters[0].done_dir, Path::new("/srv/stationd/done"));
    assert_eq!(settings.queue.dir, Path::new("/var/lib/stationd/queue"));
    assert!(settings.folders[0].patterns.is_match("any.thing"));
    assert!(settings.folders[0].ignore.is_match("half.part"));
}

#[test]
fn every_fault_is_reported_with_its_line() {
    let text = GOOD.replace("url =", "urll =") + "priority = 11\n[upload]\nmax_concurrent = \"five\"\n";
    assert_eq!(
        faults(&text),
        [
            "stationd.toml:2: server: missing, allowed is exactly one of `url` and `directory`",
            "stationd.toml:3: server.urll: unknown key; did you mean `url`?",
            "stationd.toml:8: converter.ict.priority: found 11, allowed is a whole number from 1 to 10",
            "stationd.toml:10: upload.max_concurrent: found \"five\", allowed is a whole number from 1 to 64",
        ]
    );
}
