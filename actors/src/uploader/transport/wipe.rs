//! Connections whose buffers keep nothing of what was sent: each request holds the token.

use ureq::Error;
use ureq::unversioned::transport::{Buffers, ConnectionDetails, Connector, NextTimeout, Transport};

/// The last of a chain of connectors: clears what the others' transports have sent.
#[derive(Debug)]
pub(super) struct Wiping;

impl<In: Transport> Connector<In> for Wiping {
    type Out = Wiped<In>;

    fn connect(&self, _: &ConnectionDetails<'_>, chained: Option<In>) -> Result<Option<Wiped<In>>, Error> {
        Ok(chained.map(Wiped))
    }
}

/// A connection that clears its buffer after each write. Below TLS there is only what is encrypted.
#[derive(Debug)]
pub(super) struct Wiped<T>(T);

impl<T: Transport> Transport for Wiped<T> {
    fn buffers(&mut self) -> &mut dyn Buffers {
        self.0.buffers()
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        let sent = self.0.transmit_output(amount, timeout);
        // The buffer lives on, so that this is no write that a compiler may leave out.
        if let Some(written) = self.0.buffers().output().get_mut(..amount) {
            written.fill(0);
        }
        sent
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        self.0.await_input(timeout)
    }

    fn is_open(&mut self) -> bool {
        self.0.is_open()
    }

    fn is_tls(&self) -> bool {
        self.0.is_tls()
    }
}
