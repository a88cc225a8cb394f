//! `receiver`: a WATS-compatible test receiver for commissioning.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;
use serde_json::json;
use tokio::signal::unix::{SignalKind, signal};

use super::context::Context;
use super::error::CtlError;
use super::words::count;
use crate::receiver::{Fail, Receiver, ReceiverSettings, ReceiverTls};

/// Where it listens, what it keeps, how it fails.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Address and port to listen on; port 0 takes a free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// Folder for the received reports and requests.jsonl
    #[arg(long, value_name = "DIR")]
    store: PathBuf,
    /// Fail on purpose: MODE[:option=value]…[@share], with none, status:CODE, hang, reset, reset-after-body, slow,
    /// wrong-certificate, expired-certificate or random; options times, seed, retry-after, seconds, ms
    #[arg(long, value_name = "MODE", default_value = "none")]
    fail: Fail,
    /// Speak HTTPS with a certificate of a throw-away authority, which is written to the store as ca.pem
    #[arg(long)]
    tls: bool,
    /// Write the authority's certificate here instead
    #[arg(long, value_name = "FILE", requires = "tls")]
    ca_file: Option<PathBuf>,
    /// A further name or address of this machine, for the certificate
    #[arg(long, value_name = "NAME", requires = "tls")]
    name: Vec<String>,
    /// Let in only clients with a certificate of that authority; one is written to the store: client.pem, client.key
    #[arg(long, requires = "tls")]
    client_certificate: bool,
    /// Speak HTTPS with this certificate chain (PEM)
    #[arg(long, value_name = "FILE", requires = "key", conflicts_with = "tls")]
    cert: Option<PathBuf>,
    /// Its key (PEM)
    #[arg(long, value_name = "FILE", requires = "cert")]
    key: Option<PathBuf>,
    /// Refuse requests without this token
    #[arg(long)]
    token: Option<String>,
}

/// Runs until SIGINT or SIGTERM.
pub(super) fn run(context: &Context, arguments: Arguments) -> Result<(), CtlError> {
    let settings = settings(arguments);
    let store = settings.store.clone();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(failed("start"))?;
    runtime.block_on(async {
        // Before the first word, so that whoever reads it may end us from then on.
        let mut interrupt = signal(SignalKind::interrupt()).map_err(failed("hear signals"))?;
        let mut terminate = signal(SignalKind::terminate()).map_err(failed("hear signals"))?;
        let receiver = Receiver::start(settings).map_err(CtlError::Receiver)?;
        let started = json!({ "url": receiver.url(), "store": store });
        context.show(&started, |_| {
            format!("receiving at {}, storing in {}; end it with Ctrl-C\n", receiver.url(), store.display())
        })?;
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        let counts = receiver.counts();
        receiver.stop();
        let ended = json!({
            "reports": counts.reports, "repeats": counts.repeats, "changed": counts.changed, "requests": counts.requests,
        });
        context.show(&ended, |_| {
            let reports = count(counts.reports as u64, "report", "reports");
            let requests = count(counts.requests, "request", "requests");
            format!("{reports} in {}, {requests}, {} repeated\n", store.display(), counts.repeats)
        })
    })
}

fn settings(arguments: Arguments) -> ReceiverSettings {
    let mut settings = ReceiverSettings::new(arguments.listen, arguments.store);
    settings.fail = arguments.fail;
    settings.token = arguments.token;
    settings.client_certificate = arguments.client_certificate;
    settings.tls = match (arguments.tls, arguments.cert, arguments.key) {
        (false, Some(cert_file), Some(key_file)) => ReceiverTls::Given { cert_file, key_file },
        (true, ..) => ReceiverTls::OwnAuthority {
            ca_file: arguments.ca_file,
            names: arguments.name,
        },
        _ => ReceiverTls::Off,
    };
    settings
}

fn failed(doing: &'static str) -> impl FnOnce(std::io::Error) -> CtlError {
    move |cause| CtlError::Io {
        doing: doing.to_owned(),
        cause,
    }
}
