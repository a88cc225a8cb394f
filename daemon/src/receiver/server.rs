//! Connections: accepted, bounded, served, ended.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::os::fd::AsRawFd;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::error::ReceiverError;
use super::fail::{Fail, Plan};
use super::serve;
use super::settings::ReceiverSettings;
use super::store::{Counts, Store};
use super::tls::Certificates;

/// How long a client may be silent within a request, and between two.
const IDLE: Duration = Duration::from_secs(60);
/// How long the end of the receiver waits for its connections.
const END: Duration = Duration::from_secs(5);

/// A running receiver. It ends when it is dropped.
#[derive(Debug)]
pub struct Receiver {
    shared: Arc<Shared>,
    listener: TcpListener,
    address: SocketAddr,
    acceptor: Option<JoinHandle<()>>,
}

/// What all connections see.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) store: Store,
    pub(super) token: Option<String>,
    pub(super) certificates: Option<Certificates>,
    plan: Mutex<Plan>,
    connections: Mutex<Connections>,
    ended: Condvar,
    max_connections: usize,
}

#[derive(Debug, Default)]
struct Connections {
    open: Vec<(u64, TcpStream)>,
    next: u64,
    stopping: bool,
}

impl Receiver {
    /// Starts to listen; requests are served when this returns.
    ///
    /// # Errors
    ///
    /// When the address, the store, a certificate or a thread cannot be had.
    pub fn start(settings: ReceiverSettings) -> Result<Self, ReceiverError> {
        let store = Store::open(&settings.store)?;
        let listen = |cause| ReceiverError::Listen {
            address: settings.listen,
            cause,
        };
        let listener = TcpListener::bind(settings.listen).map_err(listen)?;
        let address = listener.local_addr().map_err(listen)?;
        let certificates = Certificates::prepare(&settings, address)?;
        let shared = Arc::new(Shared {
            store,
            token: settings.token,
            certificates,
            plan: Mutex::new(Plan::new(Fail::default())),
            connections: Mutex::default(),
            ended: Condvar::new(),
            max_connections: settings.max_connections.max(1),
        });
        shared.set_fail(settings.fail)?;
        let acceptor = thread::Builder::new()
            .name("receiver".to_owned())
            .spawn({
                let shared = Arc::clone(&shared);
                let listener = listener.try_clone().map_err(ReceiverError::Thread)?;
                move || accept(&shared, &listener)
            })
            .map_err(ReceiverError::Thread)?;
        Ok(Self {
            shared,
            listener,
            address,
            acceptor: Some(acceptor),
        })
    }

    /// The base URL for `server.url`, without a slash at its end.
    pub fn url(&self) -> String {
        let scheme = if self.shared.certificates.is_some() {
            "https"
        } else {
            "http"
        };
        format!("{scheme}://{}", self.address)
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The certificate of its own authority (PEM); none without one.
    pub fn ca_pem(&self) -> Option<&str> {
        self.shared.certificates.as_ref()?.ca_pem.as_deref()
    }

    /// Sets how it fails from the next request on.
    ///
    /// # Errors
    ///
    /// When certificate failures are asked for and it has no authority of its own.
    pub fn set_fail(&self, fail: Fail) -> Result<(), ReceiverError> {
        self.shared.set_fail(fail)
    }

    /// What it has had so far.
    pub fn counts(&self) -> Counts {
        self.shared.store.counts()
    }

    /// Waits until `enough` holds, at most `timeout`; says whether it does.
    pub fn wait_until(&self, timeout: Duration, enough: impl Fn(&Counts) -> bool) -> bool {
        self.shared.store.wait(timeout, enough)
    }

    /// Waits until it has `reports` different reports, at most `timeout`; says whether it has.
    pub fn wait_for(&self, reports: usize, timeout: Duration) -> bool {
        self.wait_until(timeout, |counts| counts.reports >= reports)
    }

    /// Ends it: nothing is accepted, open connections are cut.
    pub fn stop(self) {
        drop(self);
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.shared.connections().stopping = true;
        // Wakes the acceptor: accept(2) on a socket that was shut down fails with EINVAL on Linux.
        let woken = nix::sys::socket::shutdown(self.listener.as_raw_fd(), nix::sys::socket::Shutdown::Both);
        self.shared.cut_all();
        if let (Ok(()), Some(acceptor)) = (woken, self.acceptor.take()) {
            drop(acceptor.join());
        }
    }
}

impl Shared {
    fn connections(&self) -> MutexGuard<'_, Connections> {
        self.connections.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn plan(&self) -> MutexGuard<'_, Plan> {
        self.plan.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn set_fail(&self, fail: Fail) -> Result<(), ReceiverError> {
        let can = self.certificates.as_ref().is_some_and(Certificates::has_bad);
        if fail.needs_authority() && !can {
            return Err(ReceiverError::NoAuthority);
        }
        *self.plan() = Plan::new(fail);
        Ok(())
    }

    /// Waits until the receiver stops, at most `pause`; says whether it stops.
    pub(super) fn stops_within(&self, pause: Duration) -> bool {
        self.ended
            .wait_timeout_while(self.connections(), pause, |connections| !connections.stopping)
            .unwrap_or_else(PoisonError::into_inner)
            .0
            .stopping
    }

    /// Notes a connection, once there is room for it; none when the receiver stops.
    fn admit(&self, stream: &TcpStream) -> Option<u64> {
        let mut connections = self
            .ended
            .wait_while(self.connections(), |connections| {
                !connections.stopping && connections.open.len() >= self.max_connections
            })
            .unwrap_or_else(PoisonError::into_inner);
        if connections.stopping {
            return None;
        }
        let number = connections.next;
        connections.next += 1;
        connections.open.push((number, stream.try_clone().ok()?));
        Some(number)
    }

    fn forget(&self, number: u64) {
        self.connections().open.retain(|(open, _)| *open != number);
        self.ended.notify_all();
    }

    /// Cuts all connections and waits for their threads.
    fn cut_all(&self) {
        let connections = self.connections();
        self.ended.notify_all();
        for (_, stream) in &connections.open {
            // An error means that the client has cut it already.
            drop(stream.shutdown(Shutdown::Both));
        }
        drop(
            self.ended
                .wait_timeout_while(connections, END, |connections| !connections.open.is_empty()),
        );
    }
}

fn accept(shared: &Arc<Shared>, listener: &TcpListener) {
    loop {
        let stream = match listener.accept() {
            Ok((stream, _)) => stream,
            // A client that left at once, or no descriptor left for a moment.
            Err(_) if !shared.stops_within(Duration::from_millis(10)) => continue,
            Err(_) => return,
        };
        let Some(number) = shared.admit(&stream) else {
            return;
        };
        let served = Arc::clone(shared);
        let thread = thread::Builder::new()
            .name(format!("receiver-{number}"))
            .spawn(move || {
                // A failed connection is the client's to report.
                drop(run(&served, stream));
                served.forget(number);
            });
        if thread.is_err() {
            shared.forget(number);
        }
    }
}

fn run(shared: &Shared, stream: TcpStream) -> io::Result<()> {
    stream.set_read_timeout(Some(IDLE))?;
    stream.set_write_timeout(Some(IDLE))?;
    stream.set_nodelay(true)?;
    let raw = stream.try_clone()?;
    let Some(certificates) = &shared.certificates else {
        return serve::serve(shared, &raw, stream);
    };
    let mode = shared.plan().for_connection();
    let session = rustls::ServerConnection::new(certificates.choose(mode)).map_err(io::Error::other)?;
    serve::serve(shared, &raw, rustls::StreamOwned::new(session, stream))
}

/// A connection's bytes, plain or decrypted.
pub(super) trait Wire: Read + Write {}

impl<W: Read + Write> Wire for W {}
