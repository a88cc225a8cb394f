//! Answers that come before the request was read: a server that refuses a report by its head, or by its size, says so and
//! closes the connection while the body is still on its way. Source: RFC 9112 section 9.3 and 9.6.

use std::cell::Cell;
use std::io::{self, ErrorKind as Kind};

use ureq::Error;
use ureq::unversioned::transport::{Buffers, ConnectionDetails, Connector, NextTimeout, Transport};

thread_local! {
    /// Whether this thread's request lost a part on its way. A request is made on one thread, from its start to its answer.
    static CUT: Cell<bool> = const { Cell::new(false) };
}

/// A request begins.
pub(super) fn begin() {
    CUT.set(false);
}

/// Whether the other side took nothing more of the request before its end.
pub(super) fn is_cut() -> bool {
    CUT.get()
}

/// A link of a chain of connectors, right above the socket: TLS must not see the failed write, or it reads nothing more.
#[derive(Debug)]
pub(super) struct EarlyAnswers;

impl<In: Transport> Connector<In> for EarlyAnswers {
    type Out = Hearing<In>;

    fn connect(&self, _: &ConnectionDetails<'_>, chained: Option<In>) -> Result<Option<Hearing<In>>, Error> {
        Ok(chained.map(|socket| Hearing { socket, closed: None }))
    }
}

/// A connection that is still read when the other side takes nothing more.
#[derive(Debug)]
pub(super) struct Hearing<T> {
    socket: T,
    /// The failed write; told unless there is something to read, which explains it better.
    closed: Option<Closed>,
}

#[derive(Debug, Clone, Copy)]
struct Closed {
    kind: Kind,
    answered: bool,
}

impl<T: Transport> Transport for Hearing<T> {
    fn buffers(&mut self) -> &mut dyn Buffers {
        self.socket.buffers()
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        if self.closed.is_some() {
            return Ok(());
        }
        match self.socket.transmit_output(amount, timeout) {
            Err(Error::Io(error)) if ends_connection(&error) => {
                CUT.set(true);
                self.closed = Some(Closed {
                    kind: error.kind(),
                    answered: false,
                });
                Ok(())
            }
            sent => sent,
        }
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        let input = self.socket.await_input(timeout);
        let Some(closed) = &mut self.closed else {
            return input;
        };
        closed.answered |= matches!(input, Ok(true));
        if closed.answered {
            input
        } else {
            Err(Error::Io(closed.kind.into()))
        }
    }

    fn is_open(&mut self) -> bool {
        self.closed.is_none() && self.socket.is_open()
    }

    fn is_tls(&self) -> bool {
        self.socket.is_tls()
    }
}

fn ends_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        Kind::BrokenPipe | Kind::ConnectionReset | Kind::ConnectionAborted
    )
}
