//! `[server]`: where reports go, and how to get there.

use std::path::{Path, PathBuf};
use std::time::Duration;

use stationd_actors::uploader::{Proxy, Server, WatsServer};

use super::environment::Environment;
use super::keys::{Keys, Section};
use super::reader::Findings;
use super::rule::{LINE, OPTIONAL_PATH};
use super::{Problem, secret, url};

/// The keys of `[server]`.
#[derive(Debug, Clone)]
pub(super) struct ServerKeys {
    url: String,
    allow_plain_http: bool,
    directory: String,
    token_file: String,
    ca_file: String,
    client_cert_file: String,
    client_key_file: String,
    proxy: String,
    connect_timeout_s: u32,
    request_timeout_s: u32,
}

impl Default for ServerKeys {
    fn default() -> Self {
        Self {
            url: String::new(),
            allow_plain_http: false,
            directory: String::new(),
            token_file: String::new(),
            ca_file: String::new(),
            client_cert_file: String::new(),
            client_key_file: String::new(),
            proxy: String::new(),
            connect_timeout_s: 15,
            request_timeout_s: 60,
        }
    }
}

impl Section for ServerKeys {
    fn describe<K: Keys>(&mut self, keys: &mut K) {
        keys.text(
            "url",
            &mut self.url,
            &LINE,
            "The WATS server; exactly one of url and directory.",
        );
        let about = "Whether http:// may go to another host than this one; the token is readable on the way.";
        keys.switch("allow_plain_http", &mut self.allow_plain_http, about);
        keys.text(
            "directory",
            &mut self.directory,
            &OPTIONAL_PATH,
            "A folder that takes reports as files.",
        );
        let about = "A file with the token; empty: credential wats-token, then STATIOND_SERVER__TOKEN.";
        keys.text("token_file", &mut self.token_file, &OPTIONAL_PATH, about);
        let about = "The only certificates to trust (PEM); empty: those of the system.";
        keys.text("ca_file", &mut self.ca_file, &OPTIONAL_PATH, about);
        keys.text(
            "client_cert_file",
            &mut self.client_cert_file,
            &OPTIONAL_PATH,
            "Our certificate (PEM).",
        );
        keys.text(
            "client_key_file",
            &mut self.client_key_file,
            &OPTIONAL_PATH,
            "Its key (PEM).",
        );
        let about = "A proxy's URL, \"none\", or empty for what the environment says.";
        keys.text("proxy", &mut self.proxy, &LINE, about);
        keys.integer(
            "connect_timeout_s",
            &mut self.connect_timeout_s,
            1..=300,
            "Longest time to connect.",
        );
        keys.integer(
            "request_timeout_s",
            &mut self.request_timeout_s,
            1..=3600,
            "Longest time of a request.",
        );
    }
}

impl ServerKeys {
    /// The server these keys name; nothing when they name none that can be used.
    pub(super) fn check(&self, environment: &Environment, findings: &mut Findings) -> Option<Server> {
        const EXACTLY_ONE: &str = "exactly one of `url` and `directory`";
        match (self.url.is_empty(), self.directory.is_empty()) {
            (false, true) => return self.wats(environment, findings).map(Server::Wats),
            (true, false) => return Some(Server::Directory(PathBuf::from(&self.directory))),
            (false, false) => findings.fault("server", Problem::value("both", EXACTLY_ONE)),
            (true, true) if findings.is_faulty("server.directory") || findings.is_faulty("server.url") => {}
            (true, true) => {
                let allowed = EXACTLY_ONE.into();
                findings.fault("server", Problem::Missing { allowed });
            }
        }
        None
    }

    fn wats(&self, environment: &Environment, findings: &mut Findings) -> Option<WatsServer> {
        let url = url::server(&self.url, self.allow_plain_http)
            .map_err(|problem| findings.fault("server.url", problem))
            .ok();
        let token = secret::server_token(Path::new(&self.token_file), environment, findings);
        let client_cert = self.client_cert(findings);
        let proxy = self.proxy(findings);
        if !self.ca_file.is_empty() {
            readable("server.ca_file", &self.ca_file, findings);
        }
        Some(WatsServer {
            url: url?,
            token,
            ca_file: (!self.ca_file.is_empty()).then(|| PathBuf::from(&self.ca_file)),
            client_cert,
            proxy: proxy?,
            connect_timeout: Duration::from_secs(self.connect_timeout_s.into()),
            request_timeout: Duration::from_secs(self.request_timeout_s.into()),
        })
    }

    fn client_cert(&self, findings: &mut Findings) -> Option<(PathBuf, PathBuf)> {
        let (given, missing) = match (self.client_cert_file.is_empty(), self.client_key_file.is_empty()) {
            (true, true) => return None,
            (false, false) => {
                readable("server.client_cert_file", &self.client_cert_file, findings);
                secret::check_file(
                    "server.client_key_file",
                    Path::new(&self.client_key_file),
                    findings,
                );
                return Some((
                    PathBuf::from(&self.client_cert_file),
                    PathBuf::from(&self.client_key_file),
                ));
            }
            (false, true) => ("client_cert_file", "client_key_file"),
            (true, false) => ("client_key_file", "client_cert_file"),
        };
        let text = format!("needs `{missing}` too");
        findings.fault(&format!("server.{given}"), Problem::Conflict(text.into()));
        None
    }

    fn proxy(&self, findings: &mut Findings) -> Option<Proxy> {
        match self.proxy.as_str() {
            "" => Some(Proxy::Environment),
            "none" => Some(Proxy::Direct),
            text => url::proxy(text)
                .map(Proxy::Url)
                .map_err(|problem| findings.fault("server.proxy", problem))
                .ok(),
        }
    }
}

/// A file that must be there when its setting says so.
fn readable(key: &str, path: &str, findings: &mut Findings) {
    if let Err(error) = std::fs::File::open(path) {
        let problem = secret::unreadable(Path::new(path), &error, findings.daemon.as_ref());
        findings.fault(key, problem);
    }
}
