//! What a child tells the forker before, and in a built-in converter while, it works.
//!
//! A note is one datagram of 12 bytes: kind, step, two zeros, then two numbers of 32 bits (native order, same
//! machine). The receiver takes it for a claim of a hostile process: fixed size, every value checked.

use std::io::IoSlice;
use std::mem::MaybeUninit;
use std::os::fd::BorrowedFd;

use nix::errno::Errno;
use rustix::cmsg_space;
use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags, sendmsg};

/// Bytes of a note.
pub(crate) const NOTE_BYTES: usize = 12;

const CONFINED: u8 = 1;
const FAILED: u8 = 2;
const TRAPPED: u8 = 3;

macro_rules! steps {
    ($($(#[$doc:meta])* $step:ident = $name:literal,)*) => {
        /// A step of the set-up, in the order in which a child takes them.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum Step { $($(#[$doc])* $step,)* }

        impl Step {
            const ALL: &[Self] = &[$(Self::$step,)*];

            /// Its name in messages: the system call, or what was being prepared.
            pub(crate) fn name(self) -> &'static str {
                match self { $(Self::$step => $name,)* }
            }
        }
    };
}

steps! {
    Arguments = "arguments",
    Session = "setsid",
    DeathSignal = "prctl_pdeathsig",
    Signals = "sigaction",
    Cgroup = "cgroup_join",
    Groups = "setgroups",
    Group = "setresgid",
    User = "setresuid",
    Input = "input_copy",
    Script = "script_copy",
    Folder = "fchdir",
    Descriptors = "dup2",
    NoNewPrivileges = "prctl_no_new_privs",
    Ruleset = "landlock_add_rule",
    Landlock = "landlock_restrict_self",
    Close = "close_range",
    Limits = "setrlimit",
    Seccomp = "seccomp",
    Report = "sendmsg",
    Exec = "execveat",
}

/// A step that failed; nothing of the converter has run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) step: Step,
    pub(crate) errno: Errno,
}

impl Step {
    /// For `map_err`: this step failed with that error.
    pub(crate) fn failed<E: Into<std::io::Error>>(self) -> impl FnOnce(E) -> Failure {
        move |error| {
            let error: std::io::Error = error.into();
            let errno = error.raw_os_error().map_or(Errno::EIO, Errno::from_raw);
            Failure { step: self, errno }
        }
    }
}

/// What a child says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Note {
    /// It is confined; next the converter begins. A listener for refused calls may come with it.
    Confined { landlock_abi: u8 },
    /// It could not confine itself, or not execute the program.
    Failed(Failure),
    /// A built-in converter made a call that it may not make, and ends.
    Trapped { call: u32, architecture: u32 },
}

impl Note {
    /// Its bytes. Allocates nothing: a signal handler uses it.
    pub(crate) fn to_bytes(self) -> [u8; NOTE_BYTES] {
        let (kind, step, a, b) = match self {
            Self::Confined { landlock_abi } => (CONFINED, 0, u32::from(landlock_abi), 0),
            Self::Failed(Failure { step, errno }) => (FAILED, step as u8, (errno as i32).cast_unsigned(), 0),
            Self::Trapped { call, architecture } => (TRAPPED, 0, call, architecture),
        };
        let [a0, a1, a2, a3] = a.to_ne_bytes();
        let [b0, b1, b2, b3] = b.to_ne_bytes();
        [kind, step, 0, 0, a0, a1, a2, a3, b0, b1, b2, b3]
    }

    /// Reads a note; `None` for anything that is none.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let &[kind, step, 0, 0, a0, a1, a2, a3, b0, b1, b2, b3] = bytes else {
            return None;
        };
        let a = u32::from_ne_bytes([a0, a1, a2, a3]);
        let b = u32::from_ne_bytes([b0, b1, b2, b3]);
        match kind {
            CONFINED => Some(Self::Confined {
                landlock_abi: u8::try_from(a).ok()?,
            }),
            FAILED => Some(Self::Failed(Failure {
                step: *Step::ALL.get(usize::from(step))?,
                errno: Errno::from_raw(a.cast_signed()),
            })),
            TRAPPED => Some(Self::Trapped {
                call: a,
                architecture: b,
            }),
            _ => None,
        }
    }

    /// Sends it, with a descriptor if there is one. Allocates nothing.
    ///
    /// Without one by a plain write, which every filter allows.
    ///
    /// # Errors
    /// When the forker is gone.
    pub(crate) fn send(self, to: BorrowedFd<'_>, with: Option<BorrowedFd<'_>>) -> rustix::io::Result<()> {
        let bytes = self.to_bytes();
        let Some(with) = with else {
            return rustix::io::write(to, &bytes).map(drop);
        };
        let descriptors = [with];
        let mut room = [MaybeUninit::uninit(); cmsg_space!(ScmRights(1))];
        let mut rights = SendAncillaryBuffer::new(&mut room);
        if !rights.push(SendAncillaryMessage::ScmRights(&descriptors)) {
            return Err(rustix::io::Errno::NOBUFS);
        }
        sendmsg(to, &[IoSlice::new(&bytes)], &mut rights, SendFlags::NOSIGNAL).map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_note_is_read_back_as_it_was_written() {
        let failures = Step::ALL.iter().map(|&step| {
            Note::Failed(Failure {
                step,
                errno: Errno::EPERM,
            })
        });
        let others = [
            Note::Confined { landlock_abi: 7 },
            Note::Trapped {
                call: 41,
                architecture: 0xc000_003e,
            },
        ];
        for note in failures.chain(others) {
            assert_eq!(Note::from_bytes(&note.to_bytes()), Some(note));
        }
    }

    #[test]
    fn what_a_hostile_child_invents_is_no_note() {
        assert_eq!(Note::from_bytes(&[]), None);
        assert_eq!(Note::from_bytes(&[1; 11]), None);
        assert_eq!(Note::from_bytes(&[9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]), None);
        assert_eq!(
            Note::from_bytes(&[FAILED, 200, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
            None
        );
        assert_eq!(
            Note::from_bytes(&[CONFINED, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0, 0]),
            None
        );
    }
}
