//! What operators ask of the watcher, on the control socket.

use std::time::Instant;

use actix::{Context, Handler, MessageResult};

use super::actor::Watcher;
use super::folder::Folder;
use super::journal;
use crate::messages::lifecycle::{Pause, Resume};
use crate::messages::watcher::{DescribeFolders, FolderState, Rescan, SetEnabled};
use crate::model::Shown;

impl Handler<SetEnabled> for Watcher {
    type Result = ();

    fn handle(&mut self, set: SetEnabled, ctx: &mut Context<Self>) {
        let Some(folder) = self.folders.get_mut(set.converter.0) else {
            return;
        };
        if folder.enabled != set.enabled {
            folder.enable(set.enabled, Instant::now());
            journal::switched(&folder.settings, set.enabled);
            self.work(ctx);
        }
    }
}

impl Handler<Rescan> for Watcher {
    type Result = ();

    fn handle(&mut self, _: Rescan, ctx: &mut Context<Self>) {
        self.scan_all(ctx);
    }
}

impl Handler<DescribeFolders> for Watcher {
    type Result = MessageResult<DescribeFolders>;

    fn handle(&mut self, _: DescribeFolders, _: &mut Context<Self>) -> Self::Result {
        let state = |folder: &Folder| FolderState {
            converter: folder.index,
            enabled: folder.enabled,
            waiting: folder.waiting(),
            problem: match folder.problem() {
                "" => String::new(),
                problem => format!("{}: {problem}", Shown(&folder.settings.drop_dir)),
            },
        };
        MessageResult(self.folders.iter().map(state).collect())
    }
}

impl Handler<Pause> for Watcher {
    type Result = ();

    fn handle(&mut self, _: Pause, _: &mut Context<Self>) {
        if !std::mem::replace(&mut self.paused, true) {
            journal::paused(true);
        }
    }
}

impl Handler<Resume> for Watcher {
    type Result = ();

    fn handle(&mut self, _: Resume, ctx: &mut Context<Self>) {
        if std::mem::replace(&mut self.paused, false) {
            journal::paused(false);
            self.work(ctx);
        }
    }
}
