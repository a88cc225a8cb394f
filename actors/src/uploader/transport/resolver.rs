//! Looks up host names, and remembers them for a minute.
//!
//! ureq asks for the address before it looks for a kept connection, so without a memory each report costs a question to
//! the name server, and a name server that fails for a moment stops reports that have a connection.

use std::fmt;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use ureq::Error;
use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::NextTimeout;

/// How long an address is good. Short enough that a server that moved is found soon; a failed connection ends it at once.
const GOOD_FOR: Duration = Duration::from_secs(60);

#[derive(Debug)]
struct Known {
    authority: String,
    since: Instant,
    addresses: ResolvedSocketAddrs,
}

/// The resolver. Clones share what they know.
#[derive(Debug, Clone, Default)]
pub(super) struct Lookups {
    resolver: Arc<DefaultResolver>,
    /// The server and its proxy: two at most.
    known: Arc<Mutex<Vec<Known>>>,
}

impl Lookups {
    /// Forgets everything: an address did not lead to the server.
    pub(super) fn forget(&self) {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    fn recall(&self, authority: &str, now: Instant) -> Option<ResolvedSocketAddrs> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|known| now.duration_since(known.since) < GOOD_FOR);
        let known = known.iter().find(|known| known.authority == authority)?;
        Some(known.addresses.clone())
    }
}

impl Resolver for Lookups {
    fn resolve(
        &self,
        uri: &Uri,
        config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, Error> {
        let authority = uri.authority().map_or("", |authority| authority.as_str());
        let now = Instant::now();
        if let Some(addresses) = self.recall(authority, now) {
            return Ok(addresses);
        }
        let addresses = match self.resolver.resolve(uri, config, timeout) {
            Err(Error::Io(cause)) => {
                let of_proxy = config.proxy().is_some_and(|proxy| proxy.uri() == uri);
                return Err(Error::Other(Box::new(LookupError { of_proxy, cause })));
            }
            result => result?,
        };
        let known = Known {
            authority: authority.to_owned(),
            since: now,
            addresses: addresses.clone(),
        };
        self.known
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(known);
        Ok(addresses)
    }
}

/// A host name could not be looked up; set apart from other input and output errors, which look the same.
#[derive(Debug)]
pub(super) struct LookupError {
    /// It is the proxy's name, not the server's.
    of_proxy: bool,
    cause: io::Error,
}

impl fmt::Display for LookupError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.of_proxy {
            "the name of the proxy cannot be looked up; check DNS and server.proxy"
        } else {
            "the host name cannot be looked up; check DNS and server.url"
        })
    }
}

impl std::error::Error for LookupError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.cause)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(lookups: &Lookups, authority: &str, now: Instant) -> bool {
        lookups.recall(authority, now).is_some()
    }

    #[test]
    fn an_address_is_remembered_for_a_minute_or_until_it_fails() {
        let lookups = Lookups::default();
        let uri: Uri = "http://127.0.0.1:9/".parse().unwrap();
        let timeout = NextTimeout {
            after: ureq::unversioned::transport::time::Duration::NotHappening,
            ..NextTimeout::default()
        };
        let now = Instant::now();
        assert!(!known(&lookups, "127.0.0.1:9", now));
        lookups.resolve(&uri, &Config::default(), timeout).unwrap();
        assert!(known(&lookups, "127.0.0.1:9", now));
        assert!(!known(&lookups, "127.0.0.1:10", now));
        lookups.clone().forget();
        assert!(!known(&lookups, "127.0.0.1:9", now));
        lookups.resolve(&uri, &Config::default(), timeout).unwrap();
        assert!(!known(&lookups, "127.0.0.1:9", now + GOOD_FOR * 2));
    }
}
