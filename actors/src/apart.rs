//! What an actor waits for, apart from its context.
//!
//! A context asks every future that was spawned on it whether it is ready, each time that one of them is: with dozens of
//! jobs or settlements under way that was most of what an event cost. A task of its own is asked when it is woken; the
//! actor hears of its end.

use std::fmt;
use std::pin::Pin;
use std::task::{Context as Waker, Poll};

use actix::fut::{ActorStream, ActorStreamExt as _};
use actix::{Actor, AsyncContext as _, Context};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinHandle;

/// What an actor does with the end of something.
type End<A> = Box<dyn FnOnce(&mut A, &mut Context<A>)>;

/// Tasks on the actor's own thread, and the way back to it. It holds at most one end of each task.
pub(crate) struct Apart<A: Actor<Context = Context<A>>> {
    told: UnboundedSender<End<A>>,
    ends: Option<UnboundedReceiver<End<A>>>,
}

/// A task that ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Held(JoinHandle<()>);

impl<A: Actor<Context = Context<A>>> Default for Apart<A> {
    fn default() -> Self {
        let (told, ends) = unbounded_channel();
        Self {
            told,
            ends: Some(ends),
        }
    }
}

impl<A: Actor<Context = Context<A>>> fmt::Debug for Apart<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Apart")
    }
}

impl<A: Actor<Context = Context<A>>> Apart<A> {
    /// Has the actor hear of ends. To be called once, when it starts.
    pub(crate) fn begin(&mut self, ctx: &mut Context<A>) {
        if let Some(ends) = self.ends.take() {
            ctx.spawn(Ends(ends).map(|end, actor, ctx| end(actor, ctx)).finish());
        }
    }

    /// Begins a task; `end` is what the actor does with what it came to, if the actor is still there then.
    pub(crate) fn spawn<T: 'static>(
        &self,
        task: impl Future<Output = T> + 'static,
        end: impl FnOnce(&mut A, T, &mut Context<A>) + 'static,
    ) -> JoinHandle<()> {
        let told = self.told.clone();
        actix::spawn(async move {
            let came_to = task.await;
            let end: End<A> = Box::new(move |actor, ctx| end(actor, came_to, ctx));
            // Otherwise the actor has stopped.
            drop(told.send(end));
        })
    }
}

impl Held {
    /// Holds a task.
    pub(crate) fn new(task: JoinHandle<()>) -> Self {
        Self(task)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// The ends, as they come.
struct Ends<A: Actor<Context = Context<A>>>(UnboundedReceiver<End<A>>);

impl<A: Actor<Context = Context<A>>> ActorStream<A> for Ends<A> {
    type Item = End<A>;

    fn poll_next(
        mut self: Pin<&mut Self>,
        _: &mut A,
        _: &mut Context<A>,
        waker: &mut Waker<'_>,
    ) -> Poll<Option<End<A>>> {
        self.0.poll_recv(waker)
    }
}
