//! What the files that settings name held when the settings were read.
//!
//! A renewed token or certificate has its old name, and a proxy's password is hidden where values are shown: without
//! this, a reload would not see that they changed.

use std::collections::BTreeMap;
use std::path::Path;

use sha2::{Digest, Sha256};
use stationd_actors::uploader::{Proxy, Server};

/// Hashes of the contents, by the setting that names the file. The token counts wherever it comes from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Contents(BTreeMap<&'static str, [u8; 32]>);

impl Contents {
    /// The files of a server. One that cannot be read has no content; whoever needs it says so.
    pub(super) fn of(server: &Server) -> Self {
        let mut contents = Self::default();
        if let Server::Wats(server) = server {
            let token = server.token.as_ref().map(|token| token.as_bytes());
            contents.add("server.token_file", token);
            contents.add_file("server.ca_file", server.ca_file.as_deref());
            let (cert, key) = server
                .client_cert
                .as_ref()
                .map(|(cert, key)| (&**cert, &**key))
                .unzip();
            contents.add_file("server.client_cert_file", cert);
            contents.add_file("server.client_key_file", key);
            if let Proxy::Url(url) = &server.proxy {
                contents.add("server.proxy", Some(url.as_bytes()));
            }
        }
        contents
    }

    /// The settings whose files hold something else in `new`.
    pub(super) fn changed(&self, new: &Self) -> Vec<String> {
        let keys = self.0.keys().chain(new.0.keys());
        let changed = keys.filter(|key| self.0.get(*key) != new.0.get(*key));
        changed.map(|key| (*key).to_owned()).collect()
    }

    fn add_file(&mut self, key: &'static str, path: Option<&Path>) {
        let content = path.and_then(|path| std::fs::read(path).ok());
        self.add(
            key,
            content
                .map(zeroize::Zeroizing::new)
                .as_ref()
                .map(|bytes| &bytes[..]),
        );
    }

    fn add(&mut self, key: &'static str, content: Option<&[u8]>) {
        if let Some(content) = content {
            self.0.insert(key, Sha256::digest(content).into());
        }
    }
}
