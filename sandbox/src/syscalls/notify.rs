//! Refused calls, as the kernel tells the forker of them. Source: `seccomp_unotify(2)`.
//!
//! Only calls that are refused anyway are told, and none is ever let through: what a pointer argument points to may
//! change between the look and the call. The one exception, opens that are explained, is allowed by the filter without
//! any look at the path, and judged by Landlock after.

use std::mem;
use std::os::fd::{AsFd, AsRawFd as _, BorrowedFd, OwnedFd};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::names::NATIVE;
use super::profile::{is_fatal, kind_of};
use crate::policy::Denial;

/// Reads refused calls of one job.
#[derive(Debug)]
pub(crate) struct Listener(OwnedFd);

/// A call that waits for its answer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Refused {
    id: u64,
    process: u32,
    number: u32,
    arguments: [u64; 6],
}

/// What there is to hear of a job's calls.
#[derive(Debug)]
pub(crate) enum Heard {
    /// A call that was refused.
    Refused(Refused),
    /// Nothing for now.
    Nothing,
    /// No process is left that could call. Its end itself comes later, once the kernel has freed its memory.
    End,
}

/// A process's wish to open a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Opening {
    pub(crate) process: u32,
    /// The descriptor that a relative path starts at; `None` for the working folder.
    pub(crate) folder: Option<i32>,
    /// Where the path stands in the process's memory.
    pub(crate) path: u64,
    pub(crate) writes: bool,
}

/// Room for a structure that a newer kernel may have made longer.
#[repr(C)]
struct Room<T> {
    value: T,
    more: [u64; 16],
}

mod call {
    nix::ioctl_readwrite!(receive, b'!', 0, libc::seccomp_notif);
    nix::ioctl_readwrite!(send, b'!', 1, libc::seccomp_notif_resp);
}

impl Listener {
    /// Takes over the descriptor of a listener.
    pub(crate) fn new(descriptor: OwnedFd) -> Self {
        Self(descriptor)
    }

    /// The next refused call that waits.
    pub(crate) fn receive(&self) -> Heard {
        // Receiving would wait for one.
        let mut ready = [PollFd::new(self.0.as_fd(), PollFlags::POLLIN)];
        let polled = poll(&mut ready, PollTimeout::ZERO);
        let [ready] = ready.map(|ready| ready.revents().unwrap_or(PollFlags::empty()));
        if polled.is_err() || !ready.contains(PollFlags::POLLIN) {
            return if ready.contains(PollFlags::POLLHUP) {
                Heard::End
            } else {
                Heard::Nothing
            };
        }
        // SAFETY: zeros are a value of these plain structures; the kernel demands them.
        let mut room: Room<libc::seccomp_notif> = unsafe { mem::zeroed() };
        // SAFETY: there is room for more than the kernel writes. It fails when the caller has ended meanwhile.
        if unsafe { call::receive(self.0.as_raw_fd(), &raw mut room.value) }.is_err() {
            return Heard::Nothing;
        }
        let libc::seccomp_notif { id, pid, data, .. } = room.value;
        Heard::Refused(Refused {
            id,
            process: pid,
            number: data.nr.cast_unsigned(),
            arguments: data.args,
        })
    }

    /// Lets a call fail with EPERM.
    pub(crate) fn refuse(&self, refused: Refused) {
        self.answer(refused, -(Errno::EPERM as i32), 0);
    }

    /// Lets an open go on to Landlock, which judges it.
    pub(crate) fn go_on(&self, opening: Refused) {
        self.answer(opening, 0, libc::SECCOMP_USER_NOTIF_FLAG_CONTINUE);
    }

    fn answer(&self, refused: Refused, error: i32, flags: libc::c_ulong) {
        // SAFETY: as above.
        let mut room: Room<libc::seccomp_notif_resp> = unsafe { mem::zeroed() };
        room.value.id = refused.id;
        room.value.error = error;
        room.value.flags = u32::try_from(flags).unwrap_or(0);
        // SAFETY: the structure outlives the call. It fails when the caller has ended meanwhile.
        unsafe { call::send(self.0.as_raw_fd(), &raw mut room.value) }.unwrap_or_default();
    }
}

impl AsFd for Listener {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl Refused {
    /// What it was, for people.
    pub(crate) fn denial(self) -> Denial {
        describe(self.number, &self.arguments)
    }

    /// The open that it is; only the filter for explanations tells of those.
    pub(crate) fn opening(self) -> Option<Opening> {
        const AT_FDCWD: i32 = -100;
        const WRITING: u64 = 3 | 0o100 | 0o1000;
        let [first, second, third, ..] = self.arguments;
        let (folder, path, flags) = match NATIVE.name(self.number)? {
            "open" => (AT_FDCWD, first, second),
            "openat" => (
                u32::try_from(first & 0xffff_ffff).ok()?.cast_signed(),
                second,
                third,
            ),
            _ => return None,
        };
        Some(Opening {
            process: self.process,
            folder: (folder != AT_FDCWD).then_some(folder),
            path,
            writes: flags & WRITING != 0,
        })
    }

    /// Whether it ends the job.
    pub(crate) fn is_fatal(self) -> bool {
        NATIVE.name(self.number).is_none_or(is_fatal)
    }
}

/// Names a call and its telling arguments.
pub(crate) fn describe(number: u32, arguments: &[u64; 6]) -> Denial {
    let Some(name) = NATIVE.name(number) else {
        return Denial {
            what: "kernel".to_owned(),
            detail: format!("call {number}"),
        };
    };
    let [first, second, ..] = arguments.map(|argument| argument & 0xffff_ffff);
    // Signed as the kernel takes it: a negative id is a group.
    let process = i32::try_from(first).unwrap_or_else(|_| u32::try_from(first).unwrap_or(0).cast_signed());
    let detail = match name {
        "socket" | "socketpair" => format!("{name}({}, {})", family(first), socket_kind(second)),
        "kill" => format!("kill({process}, signal {second})"),
        "tgkill" | "tkill" | "pidfd_open" | "setpgid" => format!("{name}({process})"),
        "ptrace" | "prctl" | "keyctl" | "personality" => format!("{name}({first:#x})"),
        "clone" | "unshare" => format!("{name}(flags {first:#x})"),
        "ioctl" | "fcntl" | "fcntl64" => format!("{name}(descriptor {first}, {second:#x})"),
        _ => name.to_owned(),
    };
    Denial {
        what: kind_of(name).unwrap_or("kernel").to_owned(),
        detail,
    }
}

/// Source: bits/socket.h
fn family(number: u64) -> String {
    let name = match number {
        1 => "AF_UNIX",
        2 => "AF_INET",
        10 => "AF_INET6",
        16 => "AF_NETLINK",
        17 => "AF_PACKET",
        29 => "AF_CAN",
        31 => "AF_BLUETOOTH",
        38 => "AF_ALG",
        40 => "AF_VSOCK",
        44 => "AF_XDP",
        _ => return format!("family {number}"),
    };
    name.to_owned()
}

fn socket_kind(number: u64) -> String {
    // The upper bits are SOCK_CLOEXEC and SOCK_NONBLOCK.
    let name = match number & 0xf {
        1 => "SOCK_STREAM",
        2 => "SOCK_DGRAM",
        3 => "SOCK_RAW",
        5 => "SOCK_SEQPACKET",
        _ => return format!("type {number}"),
    };
    name.to_owned()
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;
    use std::thread;

    use nix::sys::prctl;

    use super::super::{Filter, Profile, Refusal, install_with_listener};
    use super::*;

    /// A thread with a filter of its own stands for a converter. Without its end the forker would look at a listener that
    /// hung up again and again, for as long as the kernel takes to free the converter's memory.
    #[test]
    fn the_end_of_the_last_process_that_could_call_is_heard() {
        let (hand_over, handed) = channel();
        let (end, ended) = channel::<()>();
        let caller = thread::spawn(move || {
            prctl::set_no_new_privs().unwrap();
            let filter = Filter::new(Profile::External {
                landlock_abi: 7,
                processes: false,
                refusal: Refusal::Notified,
                explain: false,
            });
            hand_over.send(install_with_listener(&filter)).unwrap();
            ended.recv().unwrap_err();
        });
        // A kernel without listeners, or with one around this test.
        let Ok(listener) = handed.recv().unwrap() else {
            return;
        };
        let listener = Listener::new(listener);
        assert!(matches!(listener.receive(), Heard::Nothing));
        drop(end);
        caller.join().unwrap();
        // Its end is complete a moment later.
        let mut hung_up = [PollFd::new(listener.as_fd(), PollFlags::empty())];
        assert_eq!(poll(&mut hung_up, 5_000_u16), Ok(1));
        assert!(matches!(listener.receive(), Heard::End));
    }

    fn denial(name: &str, arguments: [u64; 6]) -> (String, String) {
        let (number, _) = NATIVE.calls().find(|(_, candidate)| *candidate == name).unwrap();
        let Denial { what, detail } = describe(number, &arguments);
        (what, detail)
    }

    #[test]
    fn a_refused_call_is_named_with_what_matters() {
        let told = |what: &str, detail: &str| (what.to_owned(), detail.to_owned());
        assert_eq!(
            denial("socket", [2, 0x80001, 6, 0, 0, 0]),
            told("network", "socket(AF_INET, SOCK_STREAM)")
        );
        assert_eq!(
            denial("socket", [99, 4, 0, 0, 0, 0]),
            told("network", "socket(family 99, type 4)")
        );
        assert_eq!(
            denial("kill", [u64::MAX, 9, 0, 0, 0, 0]),
            told("process", "kill(-1, signal 9)")
        );
        assert_eq!(
            denial("unshare", [0x1000_0000, 0, 0, 0, 0, 0]),
            told("process", "unshare(flags 0x10000000)")
        );
        assert_eq!(
            denial("ptrace", [16, 0, 0, 0, 0, 0]),
            told("process", "ptrace(0x10)")
        );
        assert_eq!(denial("bpf", [0; 6]), told("kernel", "bpf"));
        assert_eq!(describe(9999, &[0; 6]).detail, "call 9999");
    }
}
