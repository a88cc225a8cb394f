//! The numbers of a child's descriptors.

use std::os::fd::{AsFd, AsRawFd as _, BorrowedFd, RawFd};

use nix::errno::Errno;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use rustix::stdio::{dup2_stderr, dup2_stdin, dup2_stdout};

/// The forker's own descriptors stay below this number, so that the places of a child are free.
pub(crate) const FIRST_PLACE: RawFd = 500;

/// The program, for `execveat`. Above [`crate::limits::OPEN_FILES`], so that once it is closed nothing can stand there
/// again: the filter allows executing this number alone.
pub(crate) const EXEC_FD: RawFd = FIRST_PLACE;

/// Where a child sends its notes; for the same reason the filter allows `sendmsg` on this number alone.
pub(crate) const NOTES_FD: RawFd = FIRST_PLACE + 1;

/// Lets this process use the numbers from [`FIRST_PLACE`] on, for a moment.
pub(super) fn open_places() -> nix::Result<()> {
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE)?;
    setrlimit(Resource::RLIMIT_NOFILE, 512, hard)
}

/// Puts a descriptor in its place, closed on exec.
pub(super) fn place(fd: impl AsFd, number: RawFd) -> nix::Result<()> {
    // SAFETY: `fd` is open. Nothing stands at `number`: the forker's descriptors lie below, and each number is placed
    // once.
    let placed = unsafe { libc::dup3(fd.as_fd().as_raw_fd(), number, libc::O_CLOEXEC) };
    Errno::result(placed).map(drop)
}

/// Where the child's notes go, once they were placed.
pub(super) fn notes() -> BorrowedFd<'static> {
    // SAFETY: placed before, and not closed by this process.
    unsafe { BorrowedFd::borrow_raw(NOTES_FD) }
}

/// Puts input, output and error output in their places.
pub(super) fn place_standard(
    input: impl AsFd,
    output: impl AsFd,
    error: impl AsFd,
) -> rustix::io::Result<()> {
    dup2_stdin(input)?;
    dup2_stdout(output)?;
    dup2_stderr(error)
}

/// Closes every descriptor but the standard three and those in `kept` (ascending).
///
/// Their owners are never dropped: this process ends in exec or `_exit`.
pub(crate) fn close_others(kept: &[RawFd]) -> nix::Result<()> {
    let mut first = 3;
    for &number in kept {
        close_range(first, number - 1)?;
        first = number + 1;
    }
    close_range(first, RawFd::MAX)
}

fn close_range(first: RawFd, last: RawFd) -> nix::Result<()> {
    if first > last {
        return Ok(());
    }
    // SAFETY: plain numbers; see above for their owners.
    let closed = unsafe { libc::syscall(libc::SYS_close_range, first, last, 0) };
    Errno::result(closed).map(drop)
}
