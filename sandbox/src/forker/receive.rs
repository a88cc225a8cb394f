//! Messages with descriptors.

use std::io::IoSliceMut;
use std::os::fd::{AsRawFd as _, BorrowedFd, FromRawFd as _, OwnedFd, RawFd};

use nix::errno::Errno;
use nix::sys::socket::{ControlMessageOwned, MsgFlags, recvmsg};

/// Most descriptors that one message carries. Source: `SCM_MAX_FD`, unix(7).
const DESCRIPTORS_MAX: usize = 253;

/// Receives one message into a buffer; its length and descriptors. Length 0 is the end.
///
/// # Errors
/// `EMSGSIZE` for one that did not fit, `EMFILE` when descriptors were lost; what came with it is closed.
pub(super) fn receive(from: BorrowedFd<'_>, buffer: &mut [u8]) -> nix::Result<(usize, Vec<OwnedFd>)> {
    let mut control = nix::cmsg_space!([RawFd; DESCRIPTORS_MAX]);
    let mut parts = [IoSliceMut::new(buffer)];
    let flags = MsgFlags::MSG_CMSG_CLOEXEC | MsgFlags::MSG_DONTWAIT;
    let message = recvmsg::<()>(from.as_raw_fd(), &mut parts, Some(&mut control), flags)?;
    let mut descriptors = Vec::new();
    // Fails only for a truncated control message, below.
    for part in message.cmsgs().into_iter().flatten() {
        if let ControlMessageOwned::ScmRights(numbers) = part {
            // SAFETY: the kernel made these for this process just now; nobody else knows them.
            descriptors.extend(
                numbers
                    .into_iter()
                    .map(|number| unsafe { OwnedFd::from_raw_fd(number) }),
            );
        }
    }
    if message.flags.contains(MsgFlags::MSG_CTRUNC) {
        return Err(Errno::EMFILE);
    }
    if message.flags.contains(MsgFlags::MSG_TRUNC) {
        return Err(Errno::EMSGSIZE);
    }
    Ok((message.bytes, descriptors))
}
