//! Part of the converter supervisor: what a crash left in a drop folder is put in order.

use std::io;
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;

use actix::{ActorFutureExt, AsyncContext, Context, Handler, WrapFuture};

use super::pair::InHand;
use super::task::TroubleKind;
use super::{ConverterSupervisor, pair, storeroom};
use crate::messages::converter::FolderCame;
use crate::model::UnixMs;

impl Handler<FolderCame> for ConverterSupervisor {
    type Result = ();

    fn handle(&mut self, came: FolderCame, ctx: &mut Self::Context) {
        self.put_in_order(came.converter.0, ctx);
    }
}

impl ConverterSupervisor {
    /// Tries until it works; the watcher finds what is put back.
    fn put_in_order(&mut self, converter: usize, ctx: &mut Context<Self>) {
        let Some(tally) = self.ledger.tally(converter) else {
            return;
        };
        let (drop_dir, since) = (tally.settings.drop_dir.clone(), self.since);
        let (ports, in_hand) = (Rc::clone(&self.ports), Arc::clone(&self.ports.in_hand));
        let work = async move {
            let work = move || put_in_order(&drop_dir, since, &in_hand);
            ports.hands.lend(converter, work).await
        };
        ctx.spawn(work.into_actor(self).map(move |done, supervisor, ctx| {
            let now = Instant::now();
            match done {
                // The daemon shuts down.
                None => {}
                // A folder that is gone is told of when it comes again.
                Some(Err(cause)) if cause.kind() == io::ErrorKind::NotFound => {}
                Some(Ok(())) => supervisor.ledger.read(converter, now),
                Some(Err(cause)) => {
                    let cause = cause.to_string();
                    let wait = supervisor
                        .ledger
                        .trouble(converter, TroubleKind::Read, &cause, now);
                    ctx.run_later(wait.delay, move |supervisor, ctx| {
                        supervisor.put_in_order(converter, ctx);
                    });
                }
            }
        }));
    }
}

/// Puts back pairs, and removes what is left of folders that were being removed. Blocking.
fn put_in_order(drop_dir: &Path, since: UnixMs, in_hand: &InHand) -> io::Result<()> {
    let pairs = pair::put_back_all(drop_dir, in_hand);
    let halves = storeroom::clear(drop_dir, since);
    pairs.and(halves.map(drop))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::clock;

    #[test]
    fn one_that_cannot_be_put_back_holds_up_no_other() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        std::os::unix::fs::symlink("/etc", at(".stationd-00.pair")).unwrap();
        fs::create_dir_all(at(".stationd-11.pair/DUT 1/DUT 1")).unwrap();
        fs::write(at(".stationd-11.pair/DUT 1/DUT 1.txt"), "x").unwrap();
        // Of a pair, and of a folder, that were being removed.
        fs::create_dir_all(at(".stationd-22.pair/.stationd-aa.part/DUT 2")).unwrap();
        fs::create_dir_all(at(".stationd-bb.part/inner")).unwrap();
        fs::create_dir(at("result")).unwrap();
        let later = UnixMs(clock::now().0 + 1000);
        assert!(put_in_order(dir.path(), later, &InHand::default()).is_err());
        let mut names: Vec<_> = fs::read_dir(dir.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        assert_eq!(names, [".stationd-00.pair", "DUT 1", "DUT 1.txt", "result"]);
    }
}
