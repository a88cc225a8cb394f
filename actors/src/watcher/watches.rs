//! Which inotify watch stands for which folder.

use std::collections::HashMap;
use std::path::PathBuf;

use inotify::{WatchDescriptor, Watches};

/// A drop folder's place in the settings, and a folder in it, relative to it.
type Place = (usize, PathBuf);

/// The watches set by scans. Two converters may share a drop folder, and then a watch.
#[derive(Debug, Default)]
pub(super) struct WatchTable {
    places: HashMap<WatchDescriptor, Vec<Place>>,
}

impl WatchTable {
    /// The folders a watch stands for; none when no finished scan knows it.
    pub(super) fn places(&self, watch: &WatchDescriptor) -> &[Place] {
        self.places.get(watch).map_or(&[], Vec::as_slice)
    }

    /// Replaces a drop folder's watches by those its last scan set, and removes those that stand for nothing any more.
    pub(super) fn replace(
        &mut self,
        folder: usize,
        watched: Vec<(WatchDescriptor, PathBuf)>,
        inotify: &mut Watches,
    ) {
        for places in self.places.values_mut() {
            places.retain(|(owner, _)| *owner != folder);
        }
        for (watch, path) in watched {
            self.places.entry(watch).or_default().push((folder, path));
        }
        for (watch, _) in self.places.extract_if(|_, places| places.is_empty()) {
            // It fails when the kernel dropped the watch with its folder: nothing is left to remove.
            if let Err(error) = inotify.remove(watch) {
                log::debug!(target: "watcher", cause = error.to_string(); "watch was gone already");
            }
        }
    }

    /// Forgets a watch that the kernel removed.
    pub(super) fn forget(&mut self, watch: &WatchDescriptor) {
        self.places.remove(watch);
    }

    /// Forgets all, after the inotify instance was lost.
    pub(super) fn clear(&mut self) {
        self.places.clear();
    }
}
