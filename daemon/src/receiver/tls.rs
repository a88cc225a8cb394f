//! The certificates the receiver shows: good, for another host, and expired.

use std::fs;
use std::io::Write;
use std::net::SocketAddr;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::Arc;

use rcgen::{
    BasicConstraints, Certificate, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose,
};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

use super::error::ReceiverError;
use super::fail::FailMode;
use super::settings::{ReceiverSettings, ReceiverTls};

/// How long the throw-away certificates are valid.
const VALID_DAYS: i64 = 30;
/// They are valid from this long before they are made, for a client whose clock is behind.
const BACKDATED_DAYS: i64 = 2;

/// A server configuration for each certificate.
#[derive(Debug)]
pub(super) struct Certificates {
    good: Arc<ServerConfig>,
    /// For another host, and expired; only with an authority of our own.
    bad: Option<(Arc<ServerConfig>, Arc<ServerConfig>)>,
    /// The authority's certificate, PEM.
    pub(super) ca_pem: Option<String>,
}

impl Certificates {
    /// The certificates the settings ask for; none for plain HTTP.
    pub(super) fn prepare(
        settings: &ReceiverSettings,
        address: SocketAddr,
    ) -> Result<Option<Self>, ReceiverError> {
        let store = &settings.store;
        match &settings.tls {
            ReceiverTls::Off => Ok(None),
            ReceiverTls::OwnAuthority { ca_file, names } => {
                let mut names = names.clone();
                names.extend(["localhost".to_owned(), address.ip().to_string()]);
                let clients = settings.client_certificate.then_some(&**store);
                let made = Self::make(names, clients)?;
                let path = ca_file.clone().unwrap_or_else(|| store.join("ca.pem"));
                write(&path, made.ca_pem.as_deref().unwrap_or_default())?;
                Ok(Some(made))
            }
            ReceiverTls::Given { cert_file, key_file } => {
                let fault = |path: &Path| {
                    let path = path.to_owned();
                    move |cause| ReceiverError::Pem { path, cause }
                };
                let chain = CertificateDer::pem_file_iter(cert_file)
                    .and_then(Iterator::collect::<Result<Vec<_>, _>>)
                    .map_err(fault(cert_file))?;
                let key = PrivateKeyDer::from_pem_file(key_file).map_err(fault(key_file))?;
                Ok(Some(Self {
                    good: configure(chain, key, None)?,
                    bad: None,
                    ca_pem: None,
                }))
            }
        }
    }

    /// Which configuration a connection gets.
    pub(super) fn choose(&self, mode: FailMode) -> Arc<ServerConfig> {
        let chosen = match (mode, &self.bad) {
            (FailMode::WrongCertificate, Some((wrong_host, _))) => wrong_host,
            (FailMode::ExpiredCertificate, Some((_, expired))) => expired,
            _ => &self.good,
        };
        Arc::clone(chosen)
    }

    /// Whether certificate failures can be shown.
    pub(super) fn has_bad(&self) -> bool {
        self.bad.is_some()
    }

    /// Makes an authority with its certificates; with a folder for it, one for a client too, and none else is let in.
    fn make(names: Vec<String>, client: Option<&Path>) -> Result<Self, ReceiverError> {
        let midnight = |days| {
            let day = day_from_now(days);
            rcgen::date_time_ymd(
                day.year().into(),
                day.month().unsigned_abs(),
                day.day().unsigned_abs(),
            )
        };
        let (before, after) = (midnight(-BACKDATED_DAYS), midnight(VALID_DAYS));
        let mut params = CertificateParams::new(Vec::new())?;
        params
            .distinguished_name
            .push(DnType::CommonName, "stationd test receiver");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        (params.not_before, params.not_after) = (before, after);
        let key = KeyPair::generate()?;
        let authority = params.self_signed(&key)?;
        let ca_pem = authority.pem();
        let issuer = Issuer::new(params, key);
        let sign = |names: Vec<String>, after| -> Result<(Certificate, KeyPair), ReceiverError> {
            let mut params = CertificateParams::new(names)?;
            (params.not_before, params.not_after) = (before, after);
            let key = KeyPair::generate()?;
            Ok((params.signed_by(&key, &issuer)?, key))
        };
        if let Some(folder) = client {
            let (certificate, key) = sign(vec!["station".to_owned()], after)?;
            write(&folder.join("client.pem"), &certificate.pem())?;
            write(&folder.join("client.key"), &key.serialize_pem())?;
        }
        let clients = client.is_some().then(|| authority.der().clone());
        let leaf = |names: Vec<String>, after| {
            let (certificate, key) = sign(names, after)?;
            let key = PrivatePkcs8KeyDer::from(key.serialize_der()).into();
            configure(vec![certificate.der().clone()], key, clients.clone())
        };
        Ok(Self {
            good: leaf(names.clone(), after)?,
            bad: Some((
                leaf(vec!["another-host.invalid".to_owned()], after)?,
                leaf(names, midnight(-1))?,
            )),
            ca_pem: Some(ca_pem),
        })
    }
}

/// The day so many days from now, UTC.
fn day_from_now(days: i64) -> jiff::civil::Date {
    let today = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date();
    today.saturating_add(jiff::Span::new().days(days))
}

fn write(path: &Path, text: &str) -> Result<(), ReceiverError> {
    let mut file = fs::OpenOptions::new();
    // One of them is a key.
    let file = file
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o640)
        .open(path);
    file.and_then(|mut file| file.write_all(text.as_bytes()))
        .map_err(|cause| ReceiverError::File {
            doing: "write",
            path: path.to_owned(),
            cause,
        })
}

/// A server with a certificate; it lets in only clients with one of the authority `clients`, if there is one.
fn configure(
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
    clients: Option<CertificateDer<'static>>,
) -> Result<Arc<ServerConfig>, ReceiverError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier = match clients {
        None => WebPkiClientVerifier::no_client_auth(),
        Some(authority) => {
            let mut roots = RootCertStore::empty();
            roots.add(authority).map_err(ReceiverError::Tls)?;
            WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
                .build()
                .expect("a store with one authority, and no list of revoked ones, is complete")
        }
    };
    ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(|builder| {
            builder
                .with_client_cert_verifier(verifier)
                .with_single_cert(chain, key)
        })
        .map(Arc::new)
        .map_err(ReceiverError::Tls)
}
