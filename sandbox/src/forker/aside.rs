//! Work that would leave traces in the forker's memory, done in a child that hands over what it came to.
//!
//! Each job is a copy of the forker: every library that was loaded once and every hole in the heap is paid for by all of
//! them. A look into the user database loads libraries (nsswitch.conf(5)); making the filters takes thousands of
//! allocations.

use std::io::{self, Read as _, Write as _};

use nix::errno::Errno;
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::Pid;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::protocol::{MESSAGE_MAX, decode, encode};

/// Does something in a child; what it came to must fit into a message.
///
/// # Errors
/// The child could not be made, or did not come to its end.
pub(super) fn aside<T: Serialize + DeserializeOwned>(work: impl FnOnce() -> T) -> io::Result<T> {
    let (mut ours, mut childs) = io::pipe()?;
    // SAFETY: this process has one thread (checked at its start, and it starts none), so the child may do anything.
    match unsafe { libc::fork() } {
        -1 => Err(io::Error::last_os_error()),
        0 => {
            let told = encode(&work()).is_ok_and(|message| childs.write_all(&message).is_ok());
            // SAFETY: has no conditions.
            unsafe { libc::_exit(i32::from(!told)) }
        }
        pid => {
            drop(childs);
            let mut message = Vec::with_capacity(MESSAGE_MAX);
            let read = ours.read_to_end(&mut message);
            let ended = waitpid(Pid::from_raw(pid), None)?;
            if read.is_err() || !matches!(ended, WaitStatus::Exited(_, 0)) {
                return Err(Errno::ECHILD.into());
            }
            decode(&message).map_err(|_| Errno::EBADMSG.into())
        }
    }
}
