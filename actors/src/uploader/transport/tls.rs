//! Whom we trust, and who we are: TLS for the connection to the server.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use rustls::crypto::CryptoProvider;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::pem::{self, PemObject};
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use ureq::tls::{Certificate, ClientCert, PrivateKey, RootCerts, TlsConfig};
use zeroize::Zeroizing;

use super::error::TransportError;
use crate::uploader::settings::WatsServer;

/// The TLS settings of a server, tried out so that nothing is left to fail at the first connection.
pub(super) fn configure(server: &WatsServer) -> Result<TlsConfig, TransportError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let (roots, store) = match &server.ca_file {
        Some(path) => private_roots(path)?,
        None => system_roots()?,
    };
    let client = match &server.client_cert {
        Some((cert, key)) => Some(client_certificate(cert, key, store, &provider)?),
        None => None,
    };
    let roots: Vec<_> = roots
        .iter()
        .map(|root| Certificate::from_der(root).to_owned())
        .collect();
    Ok(TlsConfig::builder()
        .unversioned_rustls_crypto_provider(provider)
        .root_certs(RootCerts::new_with_certs(&roots))
        .client_cert(client)
        .build())
}

type Roots = (Vec<CertificateDer<'static>>, RootCertStore);

/// Only the authorities of `server.ca_file`.
fn private_roots(path: &Path) -> Result<Roots, TransportError> {
    let roots = read_certificates("server.ca_file", path)?;
    let (store, added) = store_of(&roots);
    if added == 0 {
        return Err(TransportError::NoAuthority {
            path: path.to_owned(),
        });
    }
    Ok((roots, store))
}

/// The system's authorities. Certificates that cannot be read are left out, as other programs do.
fn system_roots() -> Result<Roots, TransportError> {
    let roots = rustls_native_certs::load_native_certs().certs;
    let (store, added) = store_of(&roots);
    if added == 0 {
        return Err(TransportError::NoSystemAuthorities);
    }
    Ok((roots, store))
}

fn store_of(roots: &[CertificateDer<'static>]) -> (RootCertStore, usize) {
    let mut store = RootCertStore::empty();
    let (added, _) = store.add_parsable_certificates(roots.iter().cloned());
    (store, added)
}

fn read_certificates(key: &'static str, path: &Path) -> Result<Vec<CertificateDer<'static>>, TransportError> {
    let fault = |cause| TransportError::Pem {
        key,
        path: path.to_owned(),
        cause,
    };
    let certificates: Vec<_> = CertificateDer::pem_file_iter(path)
        .and_then(Iterator::collect)
        .map_err(fault)?;
    if certificates.is_empty() {
        return Err(fault(pem::Error::NoItemsFound));
    }
    Ok(certificates)
}

fn client_certificate(
    cert: &Path,
    key: &Path,
    roots: RootCertStore,
    provider: &Arc<CryptoProvider>,
) -> Result<ClientCert, TransportError> {
    let chain = read_certificates("server.client_cert_file", cert)?;
    let fault = |cause| TransportError::Pem {
        key: "server.client_key_file",
        path: key.to_owned(),
        cause,
    };
    let text = Zeroizing::new(fs::read(key).map_err(|cause| fault(pem::Error::Io(cause)))?);
    let secret = PrivateKeyDer::from_pem_slice(&text).map_err(fault)?;
    let for_ureq = PrivateKey::from_pem(&text).map_err(|_| fault(pem::Error::NoItemsFound))?;
    // ureq takes the pair without looking and would panic at the first connection with one that does not fit.
    ClientConfig::builder_with_provider(Arc::clone(provider))
        .with_safe_default_protocol_versions()
        .and_then(|builder| {
            builder
                .with_root_certificates(roots)
                .with_client_auth_cert(chain.clone(), secret)
        })
        .map_err(|cause| TransportError::ClientCertificate {
            path: cert.to_owned(),
            cause,
        })?;
    let chain: Vec<_> = chain
        .iter()
        .map(|link| Certificate::from_der(link).to_owned())
        .collect();
    Ok(ClientCert::new_with_certs(&chain, for_ureq))
}
