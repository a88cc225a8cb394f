use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use tempfile::TempDir;

use super::super::{Environment, LoadOptions, Settings, load};
use super::*;

/// Every key of the vendor's format, none with its default.
const EVERY_KEY: &str = include_str!("every_key.json");

fn options(file: &Path, use_backup: bool) -> LoadOptions {
    LoadOptions {
        file: Some(file.to_path_buf()),
        environment: Environment::new([], "box7"),
        use_backup,
        ..LoadOptions::default()
    }
}

fn value(settings: &Settings, key: &str) -> String {
    settings
        .values
        .get(key)
        .map_or_else(|| "none".to_owned(), |setting| setting.value.to_string())
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn old_file(folder: &TempDir, text: &str) -> std::path::PathBuf {
    let file = folder.path().join("stationd.toml");
    fs::write(&file, text).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    file
}

/// A file that this version can carry out.
const SMALL: &str = r#"{
  "service_address": "https://wats.example/",
  "api_token": "c2VjcmV0OnRva2Vu",
  "station_name": "ICT-L2", "location": "Hall 3", "purpose": "Production",
  "max_queue_size": 500, "max_concurrent_uploads": 3, "proxy_mode": "none",
  "start_minimized": true,
  "converters": [{
    "name": "standard-json", "module_path": "pywats_client.converters.standard.WATSStandardJsonConverter",
    "watch_folder": "/srv/stationd/json", "file_patterns": ["*.json"], "priority": 2,
    "alarm_threshold": 0.6, "reject_threshold": 0.3, "post_action": "zip"
  }]
}"#;

#[test]
fn every_key_is_taken_over_or_listed() {
    let upgrade = convert(EVERY_KEY).unwrap();
    assert_eq!(upgrade.settings.to_string(), include_str!("every_key.toml"));
    let lost = include_str!("every_key.lost");
    assert_eq!(upgrade.without_counterpart.join("\n") + "\n", lost);
    assert_eq!(
        upgrade.token.as_deref().map(String::as_str),
        Some("c2VjcmV0OnRva2Vu")
    );
}

#[test]
fn old_settings_have_the_same_effect_before_and_after_they_are_written() {
    let folder = TempDir::new().unwrap();
    let file = old_file(&folder, SMALL);
    let before = load(&options(&file, false)).unwrap();
    assert_eq!(value(&before, "queue.max_size"), "500");
    assert_eq!(value(&before, "converter.standard-json.format"), "\"wsjf\"");
    assert_eq!(
        before.token_origin.as_ref().unwrap().to_string(),
        file.display().to_string()
    );
    assert!(
        before.warnings[0]
            .text
            .ends_with("without counterpart: start_minimized"),
        "{:?}",
        before.warnings
    );

    let written = upgrade_file(&file).unwrap().unwrap();
    assert_eq!(written.backup, folder.path().join("stationd.toml.bak"));
    assert_eq!(fs::read_to_string(&written.backup).unwrap(), SMALL);
    assert_eq!(written.without_counterpart, ["start_minimized"]);
    let token_file = written.token_file.unwrap();
    assert_eq!(mode(&token_file), 0o640);
    assert!(!fs::read_to_string(&file).unwrap().contains("c2VjcmV0OnRva2Vu"));

    let after = load(&options(&file, false)).unwrap();
    let effect = |settings: &Settings| -> Vec<_> {
        let all = settings
            .values
            .iter()
            .filter(|setting| setting.key != "server.token_file");
        all.map(|setting| (setting.key.clone(), setting.value.to_string()))
            .collect()
    };
    assert_eq!(effect(&before), effect(&after));
    assert_eq!(
        after.token_origin.unwrap().to_string(),
        token_file.display().to_string()
    );
    assert!(upgrade_file(&file).unwrap().is_none(), "upgraded twice");
}

#[test]
fn a_newer_schema_or_broken_json_leaves_everything_as_it_was() {
    for (text, expected) in [
        (
            "{\"schema_version\": \"3.0\"}",
            "schema \"3.0\" is newer than this version of stationd, which knows 2.0",
        ),
        ("{\"service_address\": ", "not valid JSON"),
    ] {
        let folder = TempDir::new().unwrap();
        let file = old_file(&folder, text);
        assert_eq!(upgrade_file(&file).unwrap_err().to_string(), expected);
        assert_eq!(fs::read_to_string(&file).unwrap(), text);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        let fault = load(&options(&file, false)).unwrap_err().to_string();
        assert!(fault.contains(expected), "{fault}");
    }
}

#[test]
fn a_token_of_somebody_else_is_never_overwritten() {
    let folder = TempDir::new().unwrap();
    let file = old_file(&folder, SMALL);
    fs::write(folder.path().join("wats-token"), "another").unwrap();
    assert!(matches!(upgrade_file(&file), Err(UpgradeError::OtherToken(_))));
    assert_eq!(fs::read_to_string(&file).unwrap(), SMALL);
}

#[test]
fn a_token_encrypted_for_the_old_client_is_listed() {
    let upgrade = convert("{\"api_token\": \"Z0FBQUFBQm5\"}").unwrap();
    assert!(upgrade.token.is_none());
    assert_eq!(
        upgrade.without_counterpart,
        ["api_token (is encrypted for the old client)"]
    );
}

#[test]
fn a_damaged_file_gives_way_to_its_backup_when_the_daemon_starts() {
    let good = "[server]\nurl = \"https://wats.example\"\n";
    for damaged in ["", "\0\0\0\0", "[server]\nurl = \"https:", "{\"service_address\""] {
        let folder = TempDir::new().unwrap();
        let file = old_file(&folder, damaged);
        fs::write(folder.path().join("stationd.toml.bak"), good).unwrap();
        let settings = load(&options(&file, true)).unwrap();
        let backup = settings.backup.unwrap();
        assert_eq!(backup.path, folder.path().join("stationd.toml.bak"));
        assert!(load(&options(&file, false)).is_err(), "{damaged:?}");
        assert_eq!(fs::read_to_string(&file).unwrap(), damaged);
    }
}

#[test]
fn a_file_with_a_fault_in_a_value_does_not_give_way() {
    let folder = TempDir::new().unwrap();
    let file = old_file(&folder, "[server]\nurl = \"ftp://wats.example\"\n");
    fs::write(
        folder.path().join("stationd.toml.bak"),
        "[server]\nurl = \"https://wats.example\"\n",
    )
    .unwrap();
    assert!(load(&options(&file, true)).is_err());
}

#[test]
fn two_writers_wait_for_each_other() {
    let folder = TempDir::new().unwrap();
    let held = super::super::lock::lock(folder.path()).unwrap();
    let file = old_file(&folder, SMALL);
    let writer = std::thread::spawn(move || upgrade_file(&file).unwrap().is_some());
    drop(held);
    assert!(writer.join().unwrap());
}
