//! A test double: stands behind a `Recipient<M>`, answers as told, and keeps what it received.

use std::time::Duration;

use actix::{Actor, Context, Handler, Message, MessageResult, Recipient};
use tokio::sync::mpsc;

/// Longest wait for a message; a test that reaches it has failed.
const PATIENCE: Duration = Duration::from_secs(60);

/// Makes the answer to a message.
type Answer<M> = Box<dyn FnMut(&M) -> <M as Message>::Result>;

/// The actor behind the recipient. Runs on the test's own arbiter.
pub(crate) struct Recorder<M: Message> {
    received: mpsc::UnboundedSender<M>,
    answer: Answer<M>,
}

impl<M: Message + Send + Unpin + 'static> Recorder<M>
where
    M::Result: Send,
{
    /// Starts one that gives each message the answer of `answer`, in the order of arrival.
    pub(crate) fn answering(answer: impl FnMut(&M) -> M::Result + 'static) -> (Recipient<M>, Received<M>) {
        let (sender, receiver) = mpsc::unbounded_channel();
        let actor = Self {
            received: sender,
            answer: Box::new(answer),
        };
        (actor.start().recipient(), Received { receiver })
    }

    /// Starts one for messages whose answer does not matter.
    pub(crate) fn silent() -> (Recipient<M>, Received<M>)
    where
        M::Result: Default,
    {
        Self::answering(|_| M::Result::default())
    }
}

impl<M: Message + Unpin + 'static> Actor for Recorder<M> {
    type Context = Context<Self>;
}

impl<M: Message + Unpin + 'static> Handler<M> for Recorder<M> {
    type Result = MessageResult<M>;

    fn handle(&mut self, message: M, _: &mut Context<Self>) -> MessageResult<M> {
        let answer = (self.answer)(&message);
        // The test may have stopped listening; that is no fault.
        drop(self.received.send(message));
        MessageResult(answer)
    }
}

/// What a [`Recorder`] received and the test has not looked at yet.
#[derive(Debug)]
pub(crate) struct Received<M> {
    receiver: mpsc::UnboundedReceiver<M>,
}

impl<M> Received<M> {
    /// The next message, waited for.
    ///
    /// # Panics
    /// When none comes in time: the test fails here.
    pub(crate) async fn next(&mut self) -> M {
        tokio::time::timeout(PATIENCE, self.receiver.recv())
            .await
            .expect("a message comes within the patience of the test")
            .expect("the recorder lives as long as its recipient")
    }

    /// The next message if it has come already.
    pub(crate) fn waiting(&mut self) -> Option<M> {
        self.receiver.try_recv().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::messages::lifecycle::{Health, Pause, Pulse};

    #[actix::test]
    async fn a_message_is_answered_and_kept() {
        let (recipient, mut received) = Recorder::answering(|_: &Pulse| Health::Good);
        assert_eq!(recipient.send(Pulse).await.unwrap(), Health::Good);
        received.next().await;
        assert!(received.waiting().is_none());
    }

    #[actix::test]
    async fn a_fact_needs_no_answer() {
        let (recipient, mut received) = Recorder::<Pause>::silent();
        recipient.try_send(Pause).unwrap();
        received.next().await;
    }
}
