//! Transport: makes one blocking request at a time.
//!
//! Owns: nothing but its share of the [`Target`]. Receives: [`Put`], [`Probe`]. Sends: nothing but replies.
//! Runs on: an [`Arbiter`](actix::Arbiter) of its own. After a restart: as new; what was on the wire is leased again.
//! When draining: the uploader stops its arbiter once it is idle, or leaves it behind at the deadline.

use std::sync::Arc;

use actix::{Actor, Context, Handler, MessageResult};

use super::Target;
use crate::messages::transport::{Probe, Put};

/// Places in the mailbox: one request at a time, and one that waits while the last reply is on its way.
const MAILBOX: usize = 2;

/// The actor.
#[derive(Debug)]
pub(in crate::uploader) struct Transport {
    target: Arc<Target>,
}

impl Transport {
    pub(in crate::uploader) fn new(target: Arc<Target>) -> Self {
        Self { target }
    }
}

impl Actor for Transport {
    type Context = Context<Self>;

    fn started(&mut self, context: &mut Context<Self>) {
        context.set_mailbox_capacity(MAILBOX);
    }
}

impl Handler<Put> for Transport {
    type Result = MessageResult<Put>;

    fn handle(&mut self, Put { lease }: Put, _: &mut Context<Self>) -> MessageResult<Put> {
        MessageResult(self.target.put(lease))
    }
}

impl Handler<Probe> for Transport {
    type Result = MessageResult<Probe>;

    fn handle(&mut self, _: Probe, _: &mut Context<Self>) -> MessageResult<Probe> {
        MessageResult(self.target.probe())
    }
}
