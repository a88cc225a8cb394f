//! A child in the forker's own memory until its exec, which is what vfork(2) does.
//!
//! A fork copies the tables of the forker's pages, each page that either writes to after it is a fault and a copy, and the
//! exec throws all of it away: 0.25 ms for each job. The price is that the forker stands still until the exec.

use std::fmt;
use std::num::NonZeroUsize;

use nix::sched::{CloneFlags, clone};
use nix::sys::mman::{MapFlags, MmapAdvise, ProtFlags, madvise, mmap_anonymous, mprotect};
use nix::unistd::Pid;

/// A child writes to 8 KiB of it, of which the filter's instructions are four; without optimisation it takes more.
const STACK_BYTES: NonZeroUsize = NonZeroUsize::new(128 * 1024).unwrap();

/// What nothing can be written to, below it: a page at least, of whatever size.
const GUARD_BYTES: usize = 64 * 1024;

/// The stack on which one child after the other runs until its exec.
pub(super) struct Stack(&'static mut [u8]);

impl Stack {
    /// Takes memory for it, which is this process's until its end.
    ///
    /// # Errors
    /// When there is none.
    pub(super) fn new() -> nix::Result<Self> {
        let all = STACK_BYTES.saturating_add(GUARD_BYTES);
        let flags = MapFlags::MAP_PRIVATE | MapFlags::MAP_STACK | MapFlags::MAP_NORESERVE;
        // SAFETY: new memory, at no place that was asked for.
        let guard = unsafe { mmap_anonymous(None, all, ProtFlags::PROT_NONE, flags) }?;
        // SAFETY: within what was mapped.
        let stack = unsafe { guard.byte_add(GUARD_BYTES) };
        let writable = ProtFlags::PROT_READ | ProtFlags::PROT_WRITE;
        // SAFETY: the part above the guard, which nobody uses yet.
        unsafe { mprotect(stack, STACK_BYTES.get(), writable) }?;
        // For a child that is forked it is but something more to copy.
        // SAFETY: so none has it.
        unsafe { madvise(guard, all.get(), MmapAdvise::MADV_DONTFORK) }?;
        // SAFETY: as many bytes that can be read and written, zero at first, and nobody else's for ever.
        let bytes = unsafe { std::slice::from_raw_parts_mut(stack.cast().as_ptr(), STACK_BYTES.get()) };
        Ok(Self(bytes))
    }

    /// Does something in a child, which has the memory in common with this process and nothing else; gives its id once it
    /// has executed a program, or ended.
    ///
    /// # Safety
    /// `work` must leave the memory as it should be at each of its instructions, as the child can be killed at any: it may
    /// write to its stack alone, and allocate nothing. It must not panic.
    pub(super) unsafe fn borrowed_by(&mut self, work: impl Fn() -> isize) -> nix::Result<Pid> {
        let flags = CloneFlags::CLONE_VM | CloneFlags::CLONE_VFORK;
        // SAFETY: below the stack lies its guard; this process has one thread, which waits meanwhile; the caller sees to the
        // rest.
        unsafe { clone(Box::new(work), self.0, flags, Some(libc::SIGCHLD)) }
    }
}

impl fmt::Debug for Stack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stack").finish_non_exhaustive()
    }
}
