//! A plain HTTP server that answers each request as a test tells it.

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

/// What it answers.
#[derive(Debug, Clone)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// Further header lines, each with its end: `Retry-After: 2\r\n`.
    pub headers: String,
    /// The body.
    pub body: String,
}

impl Reply {
    /// A status with a body of JSON.
    pub fn new(status: u16, body: &str) -> Self {
        Self {
            status,
            headers: String::new(),
            body: body.to_owned(),
        }
    }

    /// With a further header line.
    #[must_use]
    pub fn header(mut self, line: &str) -> Self {
        self.headers.push_str(line);
        self.headers.push_str("\r\n");
        self
    }
}

/// The running server. Its threads end with the test's process.
#[derive(Debug)]
pub struct Scripted {
    address: SocketAddr,
    heads: Arc<Mutex<Vec<String>>>,
}

impl Scripted {
    /// One that answers by `answer`, which is given the head of the request in lower case.
    ///
    /// # Panics
    /// When there is no free port.
    pub fn start(answer: impl Fn(&str) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let address = listener.local_addr().expect("a bound socket has an address");
        let heads = Arc::new(Mutex::new(Vec::new()));
        let (noted, answer) = (Arc::clone(&heads), Arc::new(answer));
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let (noted, answer) = (Arc::clone(&noted), Arc::clone(&answer));
                // A connection that fails is the client's to report.
                thread::spawn(move || drop(serve(client, &*answer, &noted)));
            }
        });
        Self { address, heads }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The head of each request so far, in lower case.
    pub fn heads(&self) -> Vec<String> {
        self.heads.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn serve(
    mut client: TcpStream,
    answer: &dyn Fn(&str) -> Reply,
    heads: &Mutex<Vec<String>>,
) -> io::Result<()> {
    let mut from_client = BufReader::new(client.try_clone()?);
    loop {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if from_client.read_line(&mut head)? == 0 {
                return Ok(());
            }
        }
        let head = head.to_ascii_lowercase();
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "));
        let length: u64 = length.and_then(|length| length.parse().ok()).unwrap_or(0);
        io::copy(&mut (&mut from_client).take(length), &mut io::sink())?;
        heads
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(head.clone());
        let Reply {
            status,
            headers,
            body,
        } = answer(&head);
        let text = format!(
            "HTTP/1.1 {status} As Told\r\nContent-Type: application/json\r\nContent-Length: {}\r\n{headers}\r\n{body}",
            body.len()
        );
        client.write_all(text.as_bytes())?;
    }
}
