//! Whose file is offered next.

use super::folder::Folder;

/// The folder whose file is offered next: the most urgent, folders of one priority in turn; every sixteenth offer goes
/// to the one that waited longest, so that a flood slows the less urgent ones but never stops them.
pub(super) fn next_to_offer(folders: &mut [Folder], turn: u64) -> Option<&mut Folder> {
    let ready = folders.iter_mut().filter(|folder| folder.has_offer());
    if turn % 16 == 15 {
        ready.min_by_key(|folder| folder.turn)
    } else {
        ready.min_by_key(|folder| (folder.settings.priority, folder.turn))
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::path::PathBuf;
    use std::time::{Duration, Instant};

    use super::*;
    use crate::model::UnixMs;
    use crate::watcher::look::Seen;
    use crate::watcher::stability::{Arrival, Look};
    use crate::watcher::{FolderSettings, Patterns, Unit, WatchMode};

    pub(crate) fn settings(priority: u8) -> FolderSettings {
        FolderSettings {
            converter: "ict".to_owned(),
            enabled: true,
            priority: priority.try_into().unwrap(),
            drop_dir: PathBuf::from("/drop"),
            patterns: Patterns::new(["*"]).unwrap(),
            ignore: Patterns::default(),
            unit: Unit::File,
            recursive: false,
            excluded: Vec::new(),
            watch: WatchMode::Auto,
            settle: Duration::ZERO,
            poll: Duration::ZERO,
            rescan: Duration::ZERO,
        }
    }

    fn folder(index: usize, priority: u8, files: u64) -> Folder {
        let now = Instant::now();
        let mut folder = Folder::new(index, settings(priority), now);
        for inode in 0..files {
            let name = std::ffi::OsString::from(inode.to_string());
            folder.told(name.clone(), Arrival::Moved, now);
            let look = Look {
                inode,
                size: 0,
                modified_ns: 0,
            };
            folder.looked(vec![(name, Seen::File { look, links: 1 })], (now, UnixMs(0)));
        }
        folder
    }

    fn order(folders: &mut [Folder], count: u64) -> Vec<usize> {
        let offer = |turn| {
            let folder = next_to_offer(folders, turn)?;
            let file = folder.take()?;
            folder.offered(file);
            folder.turn = turn + 1;
            Some(folder.index.0)
        };
        (0..count).map_while(offer).collect()
    }

    #[test]
    fn urgent_files_go_first_and_folders_of_one_priority_take_turns() {
        let mut folders = [folder(0, 5, 8), folder(1, 5, 2), folder(2, 1, 2)];
        assert_eq!(order(&mut folders, 9), [2, 2, 0, 1, 0, 1, 0, 0, 0]);
    }

    #[test]
    fn an_urgent_flood_does_not_stop_the_others() {
        let mut folders = [folder(0, 1, 60), folder(1, 9, 3)];
        assert_eq!(
            order(&mut folders, 48)
                .iter()
                .filter(|index| **index == 1)
                .count(),
            3
        );
    }
}
