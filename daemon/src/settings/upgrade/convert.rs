//! From the old format to the new one, without touching a file.

use std::collections::BTreeSet;

use serde_json::Value as Json;
use toml::{Table, Value};
use zeroize::Zeroizing;

use super::super::url;
use super::UpgradeError;
use super::converters;
use super::old::Old;

/// Old settings in the new format.
#[derive(Debug)]
pub struct Upgrade {
    /// The new settings.
    pub settings: Table,
    /// The server's token, which has no place in a settings file.
    pub token: Option<Zeroizing<String>>,
    /// Keys without a counterpart, and those that could not be taken over as they were.
    pub without_counterpart: Vec<String>,
}

impl Upgrade {
    /// Whether there is nothing in it but the version of the schema.
    pub(super) fn is_empty(&self) -> bool {
        self.settings.len() == 1 && self.token.is_none()
    }

    /// Whether the new settings hold a proxy's password.
    pub(super) fn has_password(&self) -> bool {
        let server = self.settings.get("server").and_then(Value::as_table);
        let proxy = server
            .and_then(|server| server.get("proxy"))
            .and_then(Value::as_str);
        proxy.is_some_and(|proxy| proxy.contains('@'))
    }
}

/// Whether `text` is of the old format: JSON, which TOML never begins like.
pub fn is_old(text: &str) -> bool {
    text.trim_start_matches(['\u{feff}', ' ', '\t', '\r', '\n'])
        .starts_with('{')
}

/// Takes over what has a counterpart.
///
/// # Errors
///
/// When `text` is no JSON object, or its schema is newer than 2.0.
pub fn convert(text: &str) -> Result<Upgrade, UpgradeError> {
    let text = text.trim_start_matches('\u{feff}');
    let members: serde_json::Map<String, Json> = serde_json::from_str(text).map_err(UpgradeError::Json)?;
    let mut old = Old::new(String::new(), members);
    check_version(&mut old)?;
    let token = old.secret("api_token");
    let mut lost = Vec::new();
    let mut settings = Table::new();
    settings.insert("schema_version".to_owned(), "2.0".into());
    for (name, table) in [
        ("station", station(&mut old, &mut lost)),
        ("server", server(&mut old)),
        ("upload", upload(&mut old)),
        ("queue", queue(&mut old)),
        ("http", http(&mut old)),
        ("log", log(&mut old)),
    ] {
        if !table.is_empty() {
            settings.insert(name.to_owned(), Value::Table(table));
        }
    }
    let converters = converters::convert(&mut old, &mut lost);
    if !converters.is_empty() {
        let tables = converters.into_iter().map(Value::Table).collect();
        settings.insert("converter".to_owned(), Value::Array(tables));
    }
    lost.extend(old.rest());
    Ok(Upgrade {
        settings,
        token: token.filter(|token| !is_encrypted(token, &mut lost)),
        without_counterpart: lost,
    })
}

/// The vendor's client counts the same flat file as 1.0 and, with its newer keys, as 2.0.
fn check_version(old: &mut Old) -> Result<(), UpgradeError> {
    let Some(version) = old.text("schema_version") else {
        return Ok(());
    };
    let major = version
        .split('.')
        .next()
        .and_then(|major| major.parse::<u32>().ok());
    match major {
        Some(1) => Ok(()),
        Some(2) if version == "2.0" => Ok(()),
        _ => Err(UpgradeError::Newer(version)),
    }
}

/// The vendor's client can keep its token encrypted for itself alone.
fn is_encrypted(token: &str, lost: &mut Vec<String>) -> bool {
    // How a Fernet token begins, once and twice in base64. Source: the Fernet specification, "Version".
    let encrypted = token.starts_with("gAAAA") || token.starts_with("Z0FBQUFB");
    if encrypted {
        lost.push("api_token (is encrypted for the old client)".to_owned());
    }
    encrypted
}

/// Puts a value under `key`, when there is one.
pub(super) fn put(table: &mut Table, key: &str, value: Option<impl Into<Value>>) {
    if let Some(value) = value {
        table.insert(key.to_owned(), value.into());
    }
}

fn station(old: &mut Old, lost: &mut Vec<String>) -> Table {
    let mut station = Table::new();
    put(&mut station, "name", old.text("station_name"));
    put(&mut station, "location", old.text("location"));
    put(&mut station, "purpose", old.text("purpose"));
    put(&mut station, "description", old.text("station_description"));
    // "hostname" takes the host's name only where no name is set: that is "auto" here.
    match old.text("station_name_source").as_deref() {
        Some("config") => put(&mut station, "name_source", Some("config")),
        None | Some("hostname") => {}
        Some(_) => lost.push(old.called("station_name_source")),
    }
    let hub = old.switch("multi_station_enabled").unwrap_or(false);
    let active = old.text("active_station_key");
    let mut presets = Vec::new();
    let mut keys = BTreeSet::new();
    for mut preset in old.tables("station_presets") {
        let mut table = Table::new();
        let key = preset.text("key");
        let is_active = hub && key.is_some() && key == active;
        put(
            &mut table,
            "key",
            key.map(|key| preset.renamed("key", &key, &mut keys)),
        );
        for field in ["name", "location", "purpose"] {
            let text = preset.text(field);
            if is_active && text.is_some() {
                if station.contains_key(field) {
                    lost.push(format!(
                        "{field} of the station (that of its active preset counted)"
                    ));
                }
                put(&mut station, field, text.clone());
            }
            put(&mut table, field, text);
        }
        lost.extend(preset.rest());
        presets.push(Value::Table(table));
    }
    if !presets.is_empty() {
        station.insert("presets".to_owned(), Value::Array(presets));
    }
    station
}

fn server(old: &mut Old) -> Table {
    let mut server = Table::new();
    let Some(mut address) = old.text("service_address") else {
        put(&mut server, "proxy", proxy(old));
        return server;
    };
    if !address.contains("://") {
        address.insert_str(0, "https://");
    }
    if address.starts_with("http://") && url::server(&address, false).is_err() {
        put(&mut server, "allow_plain_http", Some(true));
    }
    put(&mut server, "url", Some(address));
    put(&mut server, "proxy", proxy(old));
    server
}

fn proxy(old: &mut Old) -> Option<String> {
    let mode = old.text("proxy_mode");
    let mut nested = Old::new("proxy.".to_owned(), old.object("proxy").unwrap_or_default());
    let by_table = nested.switch("enabled").unwrap_or(false);
    let in_table = proxy_url(&mut nested, "");
    let auth = old.switch("proxy_auth");
    let mut flat = proxy_url(old, "proxy_");
    if auth == Some(false) {
        // A user that is kept but switched off is not sent.
        flat = flat.map(|url| match url.split_once('@') {
            Some((_, host)) => format!("http://{host}"),
            None => url,
        });
    }
    match mode.as_deref() {
        Some("none") => Some("none".to_owned()),
        Some("manual") => flat,
        _ if by_table => in_table,
        _ => None,
    }
}

fn proxy_url(old: &mut Old, prefix: &str) -> Option<String> {
    let host = old.text(&format!("{prefix}host"));
    let port = old.integer(&format!("{prefix}port"), 1, 65_535).unwrap_or(8080);
    let user = old.text(&format!("{prefix}username"));
    let password = old.secret(&format!("{prefix}password"));
    let host = host?;
    let login = user.map(|user| {
        let password = password.as_deref().map_or("", String::as_str);
        format!("{}:{}@", percent(&user), percent(password))
    });
    Some(format!("http://{}{host}:{port}", login.unwrap_or_default()))
}

/// Text as part of a URL. Source: RFC 3986, section 2.3.
fn percent(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            byte if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) => char::from(byte).to_string(),
            byte => format!("%{byte:02X}"),
        })
        .collect()
}

fn upload(old: &mut Old) -> Table {
    let mut upload = Table::new();
    put(
        &mut upload,
        "max_concurrent",
        old.integer("max_concurrent_uploads", 1, 64),
    );
    put(
        &mut upload,
        "max_attempts",
        old.integer("max_retry_attempts", 0, 1_000_000),
    );
    let delay = old.integer("retry_interval_seconds", 1, 3600);
    put(&mut upload, "backoff_base_s", delay);
    // The longest delay is 900 s by default and never below the first.
    put(&mut upload, "backoff_max_s", delay.filter(|delay| *delay > 900));
    upload
}

fn queue(old: &mut Old) -> Table {
    let mut queue = Table::new();
    put(
        &mut queue,
        "max_size",
        old.integer("max_queue_size", 0, 100_000_000),
    );
    queue
}

fn http(old: &mut Old) -> Table {
    let mut http = Table::new();
    let port = old.integer("metrics_port", 1, 65_535);
    let listen = match old.switch("enable_metrics") {
        Some(false) => Some(String::new()),
        _ => port.map(|port| format!("127.0.0.1:{port}")),
    };
    put(&mut http, "listen", listen);
    http
}

fn log(old: &mut Old) -> Table {
    let mut log = Table::new();
    let level = old
        .text("log_level")
        .map(|level| match level.to_ascii_uppercase().as_str() {
            "DEBUG" => "debug",
            "WARNING" | "WARN" => "warn",
            "ERROR" | "CRITICAL" => "error",
            _ => "info",
        });
    put(&mut log, "level", level);
    log
}
