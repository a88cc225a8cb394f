//! The server of a line: the project's own test receiver, in the test's process.

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;
use stationd::receiver::{Receiver, ReceiverSettings, ReceiverTls};
use tempfile::TempDir;

use crate::PATIENCE;

/// A running receiver on loopback that keeps what it gets in a temporary folder.
#[derive(Debug)]
pub struct Server {
    receiver: Receiver,
    dir: TempDir,
}

/// A plain HTTP server that is switched off; its reports and its address are kept.
#[derive(Debug)]
pub struct Down {
    address: SocketAddr,
    dir: TempDir,
}

impl Down {
    /// Switches it on again.
    ///
    /// # Panics
    /// When another program has taken the address.
    pub fn up(self) -> Server {
        let settings = ReceiverSettings::new(self.address, self.dir.path().to_owned());
        let receiver = Receiver::start(settings).expect("the address was ours");
        Server {
            receiver,
            dir: self.dir,
        }
    }
}

impl Server {
    /// A plain HTTP server.
    pub fn http() -> Self {
        Self::http_in(&std::env::temp_dir())
    }

    /// An HTTPS server with a certificate of its own private authority.
    pub fn https() -> Self {
        Self::https_in(&std::env::temp_dir())
    }

    /// As [`Server::http`], with its temporary folder in this one.
    pub fn http_in(root: &Path) -> Self {
        Self::with_in(root, |_| {})
    }

    /// As [`Server::https`], with its temporary folder in this one.
    pub fn https_in(root: &Path) -> Self {
        Self::with_in(root, |settings| settings.tls = own_authority())
    }

    /// A plain HTTP server that takes only this token.
    pub fn with_token(token: &str) -> Self {
        Self::with(|settings| settings.token = Some(token.to_owned()))
    }

    /// An HTTPS server with a certificate of its own private authority that takes only this token.
    pub fn https_with_token(token: &str) -> Self {
        Self::with(|settings| {
            settings.tls = own_authority();
            settings.token = Some(token.to_owned());
        })
    }

    /// An HTTPS server that lets in only who has a certificate of its authority; with that of a client, and its key.
    pub fn https_for_clients() -> (Self, PathBuf, PathBuf) {
        let server = Self::with(|settings| {
            settings.tls = own_authority();
            settings.client_certificate = true;
        });
        let path = |name: &str| server.dir.path().join(name);
        let (certificate, key) = (path("client.pem"), path("client.key"));
        (server, certificate, key)
    }

    fn with(change: impl FnOnce(&mut ReceiverSettings)) -> Self {
        Self::with_in(&std::env::temp_dir(), change)
    }

    fn with_in(root: &Path, change: impl FnOnce(&mut ReceiverSettings)) -> Self {
        let dir = tempfile::Builder::new()
            .prefix("stationd-server-")
            .tempdir_in(root)
            .expect("a temporary folder");
        let mut settings =
            ReceiverSettings::new(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), dir.path().to_owned());
        change(&mut settings);
        let receiver = Receiver::start(settings).expect("the receiver starts on a free port");
        Self { receiver, dir }
    }

    /// Its base URL.
    pub fn url(&self) -> String {
        self.receiver.url()
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.receiver.address()
    }

    /// Each request it got, in their order: the lines of its `requests.jsonl`.
    ///
    /// # Panics
    /// When its folder is gone.
    pub fn requests(&self) -> Vec<Value> {
        let text = std::fs::read(self.dir.path().join("requests.jsonl")).expect("the receiver writes it");
        // The last line may be just being written.
        let lines = text.split(|byte| *byte == b'\n');
        lines
            .map_while(|line| serde_json::from_slice(line).ok())
            .collect()
    }

    /// The file with its authority's certificate; none for plain HTTP.
    pub fn ca_file(&self) -> Option<PathBuf> {
        self.receiver.ca_pem().map(|_| self.dir.path().join("ca.pem"))
    }

    /// How it fails from now on, in the receiver's words.
    ///
    /// # Panics
    /// When the words are none of its words.
    pub fn fail(&self, words: &str) {
        let fail = words.parse().expect("the words of a fail mode");
        self.receiver.set_fail(fail).expect("the receiver can fail so");
    }

    /// Ends it: connections are refused from now on, until [`Down::up`].
    pub fn down(self) -> Down {
        let address = self.receiver.address();
        drop(self.receiver);
        Down {
            address,
            dir: self.dir,
        }
    }

    /// Waits until it has so many different reports. Only a standstill ends the wait: how fast they come is no matter of
    /// a test.
    ///
    /// # Panics
    /// When it gets no further one in time.
    pub fn wait_for(&self, reports: usize) {
        loop {
            let counts = self.receiver.counts();
            if counts.reports >= reports {
                return;
            }
            let further = self.receiver.wait_for(counts.reports + 1, PATIENCE);
            assert!(further, "{reports} reports were expected: {counts:?}");
        }
    }

    /// Whether it has so many different reports within a time.
    pub fn waits_for(&self, reports: usize, time: Duration) -> bool {
        self.receiver.wait_for(reports, time)
    }

    /// How many reports it was sent, repeats included.
    ///
    /// # Panics
    /// When there are more than the machine can count.
    pub fn uploads(&self) -> usize {
        let counts = self.receiver.counts();
        counts.reports + usize::try_from(counts.repeats).expect("the count of a test")
    }

    /// The ids of all reports it has.
    ///
    /// # Panics
    /// When its folder is gone.
    pub fn ids(&self) -> BTreeSet<String> {
        let files = std::fs::read_dir(self.dir.path()).expect("the store is a folder");
        let paths = files.filter_map(Result::ok).map(|file| file.path());
        paths
            .filter(|path| path.extension() == Some("json".as_ref()))
            .filter_map(|path| path.file_stem()?.to_str().map(str::to_owned))
            .collect()
    }

    /// The serial numbers of the reports it keeps, sorted; one for each id.
    ///
    /// # Panics
    /// When one has none.
    pub fn serials(&self) -> Vec<String> {
        let serial = |id: &String| {
            let report = self.report(id);
            let serial = report.get("sn").and_then(Value::as_str);
            serial.expect("a report names its unit").to_owned()
        };
        let mut serials: Vec<_> = self.ids().iter().map(serial).collect();
        serials.sort();
        serials
    }

    /// A report it has.
    ///
    /// # Panics
    /// When it does not have it.
    pub fn report(&self, id: &str) -> Value {
        let text = std::fs::read(self.dir.path().join(format!("{id}.json"))).expect("the report was stored");
        serde_json::from_slice(&text).expect("only JSON is stored")
    }

    /// The report it has, if it has just one.
    ///
    /// # Panics
    /// When it has none, or several.
    pub fn only_report(&self) -> Value {
        let ids = self.ids();
        assert_eq!(ids.len(), 1, "one report was expected: {ids:?}");
        self.report(ids.first().expect("there is one"))
    }
}

fn own_authority() -> ReceiverTls {
    ReceiverTls::OwnAuthority {
        ca_file: None,
        names: Vec::new(),
    }
}
