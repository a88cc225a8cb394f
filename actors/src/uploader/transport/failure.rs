//! What went wrong on the wire, in plain words.

use std::io::{self, ErrorKind as Kind};

use rustls::{AlertDescription, CertificateError};

use super::resolver::LookupError;
use crate::clock;
use crate::model::UnixMs;

/// A failed request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Failure {
    /// For people.
    pub(super) words: String,
    /// A connection that was kept open may have ended while it lay idle: worth one try on a new one.
    pub(super) stale: bool,
    /// The two sides could not agree on a connection at all, though bytes were exchanged.
    pub(super) handshake: bool,
    /// There was no connection to begin with: behind a proxy that is one to the proxy.
    pub(super) connecting: bool,
}

impl Failure {
    fn new(words: impl Into<String>) -> Self {
        Self {
            words: words.into(),
            stale: false,
            handshake: false,
            connecting: false,
        }
    }

    fn connecting(words: impl Into<String>) -> Self {
        Self {
            connecting: true,
            ..Self::new(words)
        }
    }

    fn handshake(words: impl Into<String>) -> Self {
        Self {
            handshake: true,
            ..Self::new(words)
        }
    }
}

/// Says what `error` means.
pub(super) fn explain(error: &ureq::Error) -> Failure {
    match error {
        ureq::Error::Io(error) => explain_io(error),
        ureq::Error::Rustls(error) => explain_tls(error),
        ureq::Error::Timeout(ureq::Timeout::Connect) => {
            Failure::connecting("no connection in time; is the host up, is a firewall in between?")
        }
        ureq::Error::Timeout(phase) => Failure::new(match phase {
            ureq::Timeout::Resolve => "no answer from the name server in time; check DNS",
            _ => "no answer in time (server.request_timeout_s)",
        }),
        ureq::Error::HostNotFound => Failure::new("the host name has no address; check DNS and server.url"),
        ureq::Error::Other(cause) if cause.is::<LookupError>() => Failure::new(match cause.source() {
            Some(why) => format!("{cause}: {why}"),
            None => cause.to_string(),
        }),
        ureq::Error::ConnectProxyFailed(words) => Failure::handshake(format!("the proxy refuses: {words}")),
        ureq::Error::Tls(words) => Failure::handshake(format!("TLS: {words}")),
        ureq::Error::Protocol(error) => Failure::new(format!("the answer is not HTTP: {error}")),
        other => Failure::new(other.to_string()),
    }
}

/// Says what an input or output error means.
pub(super) fn explain_io(error: &io::Error) -> Failure {
    if let Some(tls) = error
        .get_ref()
        .and_then(|cause| cause.downcast_ref::<rustls::Error>())
    {
        return explain_tls(tls);
    }
    if let Some(inner) = error
        .get_ref()
        .and_then(|cause| cause.downcast_ref::<ureq::Error>())
    {
        return explain(inner);
    }
    match error.kind() {
        Kind::ConnectionRefused => Failure::connecting("connection refused"),
        Kind::HostUnreachable => {
            Failure::connecting("no route to the host; check the cable and the network settings")
        }
        Kind::NetworkUnreachable | Kind::NetworkDown => {
            Failure::new("no network; check the cable and the network settings")
        }
        Kind::ConnectionReset
        | Kind::BrokenPipe
        | Kind::ConnectionAborted
        | Kind::UnexpectedEof
        | Kind::NotConnected => Failure {
            stale: true,
            ..Failure::new("the server closed the connection without an answer")
        },
        Kind::TimedOut | Kind::WouldBlock => Failure::new("no answer in time (server.request_timeout_s)"),
        _ => Failure::new(error.to_string()),
    }
}

fn explain_tls(error: &rustls::Error) -> Failure {
    Failure::handshake(match error {
        rustls::Error::InvalidCertificate(cause) => explain_certificate(cause, clock::now()),
        rustls::Error::AlertReceived(
            alert @ (AlertDescription::CertificateRequired
            | AlertDescription::BadCertificate
            | AlertDescription::UnknownCA
            | AlertDescription::CertificateUnknown
            | AlertDescription::CertificateExpired
            | AlertDescription::CertificateRevoked
            | AlertDescription::AccessDenied),
        ) => format!(
            "the server does not accept our client certificate ({alert:?}); check server.client_cert_file"
        ),
        rustls::Error::InvalidMessage(_) => {
            "the server does not speak TLS here; check the port in server.url".to_owned()
        }
        other => format!("TLS: {other}"),
    })
}

fn explain_certificate(cause: &CertificateError, now: UnixMs) -> String {
    let clock = format!("this station's clock says {now}");
    match cause {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            format!("the server's certificate has expired, or the clock is wrong: {clock}")
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            format!(
                "the server's certificate is not yet valid, so the clock is probably wrong: {clock}; set it"
            )
        }
        // A bad signature is what an authority looks like that has a new key and its old name.
        CertificateError::UnknownIssuer | CertificateError::BadSignature => {
            "the server's certificate is from an authority we do not trust; set server.ca_file".to_owned()
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            format!("the server's certificate is for another host: {cause}")
        }
        other => format!("the server's certificate is not valid: {other}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_of_a_certificates_time_names_the_clock() {
        for cause in [CertificateError::Expired, CertificateError::NotValidYet] {
            let inner = io::Error::new(
                io::ErrorKind::InvalidData,
                rustls::Error::InvalidCertificate(cause),
            );
            let failure = explain(&ureq::Error::Io(inner));
            assert!(
                failure.words.contains("this station's clock says 2"),
                "{}",
                failure.words
            );
            assert!(failure.handshake);
        }
    }

    #[test]
    fn a_lost_connection_may_have_been_a_stale_one() {
        let lost = |kind| explain(&ureq::Error::Io(io::Error::from(kind))).stale;
        assert!(lost(io::ErrorKind::ConnectionReset) && lost(io::ErrorKind::UnexpectedEof));
        assert!(!lost(io::ErrorKind::ConnectionRefused));
    }
}
