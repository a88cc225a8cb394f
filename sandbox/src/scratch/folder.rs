//! Job folders, made by descriptor.
//!
//! ```text
//! scratch_root/            0700 (0711 when children have another user)
//!   forker-PID/            locked (flock) while its forker lives; a forker removes those whose lock it gets
//!     job-N/               0700
//!       input/             private copy of the input; a converter can only read here
//!       program/           private copy of a signed script, where there is one; the same
//!       work/              the converter's working folder
//! ```
//!
//! Making and removing three folders takes a quarter of a millisecond on ext4, and is written to the disk: where a job
//! leaves its folder as it was, the next one gets it.

use std::ffi::{CStr, CString, OsStr};
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::fchown;
use std::path::{Path, PathBuf};

use nix::unistd::{Gid, Uid};
use rustix::fs::{AtFlags, CWD, FlockOperation, Mode, fchmod, flock, mkdirat, statat, unlinkat};
use rustix::io::Errno;

use super::remove::remove_tree;
use crate::entries::{names, open_folder};
use crate::files::Right;

/// User and group of the children, when they are not the daemon's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ids {
    pub(crate) uid: Uid,
    pub(crate) gid: Gid,
}

/// A forker's own folder beneath the scratch root.
#[derive(Debug)]
pub(crate) struct Scratch {
    path: PathBuf,
    /// Whether the children can walk down to it.
    is_reachable: bool,
    name: CString,
    root: OwnedFd,
    /// Locked.
    dir: OwnedFd,
    owner: Option<Ids>,
    next: u64,
    /// Empty, for jobs to come; never more than jobs ran at once.
    spare: Vec<JobFolder>,
}

/// The folder of one job.
#[derive(Debug)]
pub(crate) struct JobFolder {
    name: CString,
    /// Where it is, for its converter.
    path: PathBuf,
    pub(crate) input: OwnedFd,
    pub(crate) program: Option<OwnedFd>,
    pub(crate) work: OwnedFd,
}

impl JobFolder {
    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// What a converter may do in it.
    pub(crate) fn rights(&self) -> impl Iterator<Item = (Right, &OwnedFd)> {
        let program = self.program.iter().map(|program| (Right::Read, program));
        program.chain([(Right::Read, &self.input), (Right::Work, &self.work)])
    }

    /// Removes the copy of the input; whether the folder is empty now. A copied folder is not removed.
    fn clear(&self) -> io::Result<bool> {
        for name in names(self.input.as_fd())? {
            unlinkat(&self.input, name, AtFlags::empty())?;
        }
        Ok(names(self.work.as_fd())?.is_empty())
    }

    /// Where a copy is, for the converter.
    pub(crate) fn path_of(&self, folder: &str, copy: &CStr) -> PathBuf {
        self.path.join(folder).join(OsStr::from_bytes(copy.to_bytes()))
    }
}

impl Scratch {
    /// Makes the root if it is absent, removes what dead forkers left, and makes a folder for this one.
    ///
    /// # Errors
    /// When a folder cannot be made, or the root is not a folder.
    pub(crate) fn open(root: &Path, owner: Option<Ids>) -> io::Result<Self> {
        let mode = Mode::from_raw_mode(if owner.is_some() { 0o711 } else { 0o700 });
        // One that exists may be anybody's: its mode is not ours to change.
        let absent = !root.try_exists()?;
        std::fs::create_dir_all(root)?;
        let path = root.canonicalize()?;
        let root = open_folder(CWD, &path)?;
        if absent {
            fchmod(&root, mode)?;
        }
        // Held while a forker makes its folder or looks for those of the dead, so that no one sees a new, still
        // unlocked one.
        flock(&root, FlockOperation::LockExclusive)?;
        sweep(root.as_fd())?;
        let name = CString::new(format!("forker-{}", std::process::id())).map_err(|_| Errno::INVAL)?;
        mkdirat(&root, &name, mode)?;
        let dir = open_folder(root.as_fd(), &name)?;
        // The umask took bits away.
        fchmod(&dir, mode)?;
        flock(&dir, FlockOperation::NonBlockingLockExclusive)?;
        let path = path.join(OsStr::from_bytes(name.as_bytes()));
        flock(&root, FlockOperation::Unlock)?;
        Ok(Self {
            path,
            is_reachable: true,
            name,
            root,
            dir,
            owner,
            next: 0,
            spare: Vec::new(),
        })
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Whether there is a folder of the forker of this process id: where this was opened, one that lived.
    pub(crate) fn has_forker(&self, pid: &str) -> bool {
        statat(&self.root, format!("forker-{pid}"), AtFlags::SYMLINK_NOFOLLOW).is_ok()
    }

    /// The children's user cannot walk down to it (a root daemon with its scratch root in somebody's private folder): from
    /// now on a converter is told paths from its working folder.
    pub(crate) fn set_out_of_reach(&mut self) {
        self.is_reachable = false;
    }

    /// An empty folder for a job; `with_program` when its script is to be copied.
    ///
    /// # Errors
    /// When it cannot be made; nothing is left then.
    pub(crate) fn make_job(&mut self, with_program: bool) -> io::Result<JobFolder> {
        if !with_program && let Some(spare) = self.spare.pop() {
            return Ok(spare);
        }
        self.next += 1;
        let name = CString::new(format!("job-{}", self.next)).map_err(|_| Errno::INVAL)?;
        let made = self.fill_job(&name, with_program);
        if made.is_err() {
            self.remove(&name)?;
        }
        made
    }

    fn fill_job(&self, name: &CStr, with_program: bool) -> io::Result<JobFolder> {
        let job = self.make_folder(self.dir.as_fd(), name)?;
        Ok(JobFolder {
            input: self.make_folder(job.as_fd(), c"input")?,
            work: self.make_folder(job.as_fd(), c"work")?,
            program: with_program
                .then(|| self.make_folder(job.as_fd(), c"program"))
                .transpose()?,
            path: if self.is_reachable {
                self.path.join(OsStr::from_bytes(name.to_bytes()))
            } else {
                PathBuf::from("..")
            },
            name: name.to_owned(),
        })
    }

    fn make_folder(&self, parent: BorrowedFd<'_>, name: &CStr) -> io::Result<OwnedFd> {
        mkdirat(parent, name, Mode::RWXU)?;
        let dir = open_folder(parent, name)?;
        if let Some(ids) = self.owner {
            fchown(&dir, Some(ids.uid.as_raw()), Some(ids.gid.as_raw()))?;
        }
        Ok(dir)
    }

    /// Takes back the folder of a job that ended; no process may use it any more. One that the job could not have changed,
    /// as it had one process and that was confined, stays for the next if nothing was left in it.
    ///
    /// # Errors
    /// When something in it cannot be removed.
    pub(crate) fn take_back(&mut self, folder: JobFolder, unchanged: bool) -> io::Result<()> {
        if unchanged && folder.program.is_none() && folder.clear().is_ok_and(|cleared| cleared) {
            self.spare.push(folder);
            return Ok(());
        }
        self.remove(&folder.name)
    }

    fn remove(&self, name: &CStr) -> io::Result<()> {
        remove_tree(self.dir.as_fd(), name)
    }

    /// Removes the forker's own folder.
    ///
    /// # Errors
    /// When something in it cannot be removed.
    pub(crate) fn close(self) -> io::Result<()> {
        remove_tree(self.root.as_fd(), &self.name)
    }
}

/// Removes the folders of forkers that no longer live.
fn sweep(root: BorrowedFd<'_>) -> io::Result<()> {
    for name in names(root)? {
        if !name.to_bytes().starts_with(b"forker-") {
            continue;
        }
        let Ok(dir) = open_folder(root, &name) else {
            continue;
        };
        if flock(&dir, FlockOperation::NonBlockingLockExclusive).is_ok() {
            remove_tree(root, &name)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs::{self, File};
    use std::os::unix::fs::{PermissionsExt, symlink};

    use rustix::fs::mkfifoat;

    use super::*;
    use crate::scratch::is_over;

    fn scratch() -> (tempfile::TempDir, Scratch) {
        let root = tempfile::tempdir().unwrap();
        let scratch = Scratch::open(&root.path().join("scratch"), None).unwrap();
        (root, scratch)
    }

    #[test]
    fn the_folder_of_a_job_is_private_and_goes_with_it() {
        let (_root, mut scratch) = scratch();
        let job = scratch.make_job(false).unwrap();
        let path = job.path.clone();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o700);
        assert_eq!(fs::read_dir(path.join("work")).unwrap().count(), 0);
        scratch.take_back(job, false).unwrap();
        assert!(!path.exists());
    }

    #[test]
    fn a_folder_in_which_nothing_is_left_is_for_the_next_job() {
        let (_root, mut scratch) = scratch();
        let job = scratch.make_job(false).unwrap();
        let path = job.path.clone();
        fs::write(path.join("input/SN1.log"), "copy").unwrap();
        scratch.take_back(job, true).unwrap();
        let next = scratch.make_job(false).unwrap();
        assert_eq!(next.path, path);
        assert_eq!(fs::read_dir(path.join("input")).unwrap().count(), 0);
    }

    #[test]
    fn a_folder_in_which_something_is_left_or_that_may_have_changed_is_for_no_other_job() {
        let (_root, mut scratch) = scratch();
        for (inside, unchanged) in [
            (Some("work/left"), true),
            (Some("input/of a folder"), true),
            (None, false),
        ] {
            let job = scratch.make_job(false).unwrap();
            let path = job.path.clone();
            if let Some(inside) = inside {
                fs::create_dir(path.join(inside)).unwrap();
            }
            scratch.take_back(job, unchanged).unwrap();
            assert!(!path.exists(), "{inside:?}");
        }
        let signed = scratch.make_job(true).unwrap();
        let path = signed.path.clone();
        scratch.take_back(signed, true).unwrap();
        assert!(!path.exists());
    }

    #[test]
    fn whatever_lies_in_a_folder_is_removed_and_nothing_outside() {
        let (root, mut scratch) = scratch();
        let outside = root.path().join("outside");
        fs::create_dir(&outside).unwrap();
        File::create(outside.join("kept")).unwrap();
        let job = scratch.make_job(false).unwrap();
        let work = job.path.join("work");
        symlink(&outside, work.join("link")).unwrap();
        symlink("/nowhere", work.join("dangling")).unwrap();
        mkfifoat(CWD, work.join("pipe"), Mode::RWXU).unwrap();
        File::create(work.join(OsStr::from_bytes(b"\xff\n"))).unwrap();
        fs::create_dir_all(work.join("shut/inner")).unwrap();
        File::create(work.join("shut/inner/file")).unwrap();
        fs::set_permissions(work.join("shut/inner"), PermissionsExt::from_mode(0o000)).unwrap();
        fs::set_permissions(work.join("shut"), PermissionsExt::from_mode(0o000)).unwrap();
        scratch.take_back(job, false).unwrap();
        assert!(!work.exists());
        assert!(outside.join("kept").exists());
    }

    #[test]
    fn folders_deeper_than_a_path_can_say_are_removed() {
        let (_root, mut scratch) = scratch();
        let job = scratch.make_job(false).unwrap();
        let mut dir = open_folder(job.work.as_fd(), c".").unwrap();
        for _ in 0..3000 {
            mkdirat(&dir, c"d", Mode::RWXU).unwrap();
            dir = open_folder(dir.as_fd(), c"d").unwrap();
        }
        assert!(is_over(job.work.as_fd(), &[], u64::MAX));
        scratch.take_back(job, false).unwrap();
        assert_eq!(fs::read_dir(&scratch.path).unwrap().count(), 0);
    }

    #[test]
    fn more_entries_than_one_batch_are_removed() {
        let (_root, mut scratch) = scratch();
        let job = scratch.make_job(false).unwrap();
        let work = job.path.join("work");
        for number in 0..2500 {
            File::create(work.join(number.to_string())).unwrap();
        }
        scratch.take_back(job, false).unwrap();
        assert!(!work.exists());
    }

    #[test]
    fn the_bytes_of_all_files_count_together() {
        let (_root, mut scratch) = scratch();
        let job = scratch.make_job(false).unwrap();
        let work = job.path.join("work");
        fs::create_dir(work.join("inner")).unwrap();
        fs::write(work.join("a"), vec![1; 40_000]).unwrap();
        fs::write(work.join("inner/b"), vec![1; 40_000]).unwrap();
        assert!(is_over(job.work.as_fd(), &[], 70_000));
        assert!(!is_over(job.work.as_fd(), &[], 200_000));
    }

    #[test]
    fn what_a_dead_forker_left_is_removed_and_a_living_one_keeps_its_own() {
        let (root, scratch) = scratch();
        let left = root.path().join("scratch/forker-1/job-7/work");
        fs::create_dir_all(&left).unwrap();
        sweep(scratch.root.as_fd()).unwrap();
        assert!(!left.exists());
        assert!(scratch.path.exists());
    }

    #[test]
    fn the_mode_of_a_folder_that_was_there_before_stays() {
        let root = tempfile::tempdir().unwrap();
        fs::set_permissions(root.path(), PermissionsExt::from_mode(0o755)).unwrap();
        Scratch::open(root.path(), None).unwrap().close().unwrap();
        assert_eq!(
            fs::metadata(root.path()).unwrap().permissions().mode() & 0o777,
            0o755
        );
        assert_eq!(fs::read_dir(root.path()).unwrap().count(), 0);
    }
}
