//! Memory that a process which comes to rest gives back.

use std::ffi::{c_int, c_long};
use std::{ptr, slice};

use libc::{
    M_TRIM_THRESHOLD, MADV_DONTNEED, PF_W, PT_LOAD, c_void, dl_iterate_phdr, dl_phdr_info, madvise,
    malloc_trim, mallopt, size_t,
};
use nix::sys::resource::{UsageWho, getrusage};
use nix::unistd::{SysconfVar, sysconf};

/// Takes what this process has read of its program and libraries out of its memory, where it would count as its own.
///
/// All of it stays in the system's cache. What is used again comes back with a page fault for each 64 KiB; what only the
/// start needed, or a burst of work, does not. For a process that comes to rest.
pub(super) fn let_go_of_code() {
    // SAFETY: the function is of the type that is asked for, needs no data, and does not unwind.
    unsafe { dl_iterate_phdr(Some(let_go_of), ptr::null_mut()) };
}

/// Has each thread's heap give its end back when 128 KiB of it are free, which is what the C library begins with. By itself
/// it raises that limit to twice the largest block that was ever given back: with a list of 100,000 files once, to a MiB
/// for each thread, for good. Source: mallopt(3), `M_TRIM_THRESHOLD`.
///
/// Fewer heaps than threads (`M_ARENA_MAX`) would be smaller, but four cost a tenth of the files of 300 steps a second.
pub fn keep_heaps_small() {
    const FREE_BYTES: c_int = 128 * 1024;
    // SAFETY: mallopt(3) takes two numbers.
    let known = unsafe { mallopt(M_TRIM_THRESHOLD, FREE_BYTES) };
    debug_assert_eq!(known, 1, "the C library knows the parameter");
}

/// Memory of a process that has come to rest: most of what its work took is not needed to wait for more.
#[derive(Debug, Default)]
pub struct Rest {
    /// Page faults of this process when its memory was given back last.
    faults: c_long,
}

impl Rest {
    /// Gives back what code and heap do not need any more, if much came since it did so last. To be called now and then
    /// while nothing happens; what single events bring back is given back once it has become much again.
    pub fn give_back(&mut self) {
        /// The system brings sixteen pages of a file at a time: these are at most 3 MiB.
        const MUCH: c_long = 48;
        if page_faults().wrapping_sub(self.faults) < MUCH {
            return;
        }
        let_go_of_code();
        // SAFETY: malloc_trim(3) takes a number and the heaps' own locks; it leaves what is allocated where it is.
        unsafe { malloc_trim(0) };
        self.faults = page_faults();
    }
}

/// How often this process was given a page that was in memory or needed none: getrusage(2), `ru_minflt`.
fn page_faults() -> c_long {
    getrusage(UsageWho::RUSAGE_SELF).map_or(0, |usage| usage.minor_page_faults())
}

/// Lets go of a program's or library's segments that are never written to; 0 asks for the next one. Source:
/// `dl_iterate_phdr(3)`, elf(5).
unsafe extern "C" fn let_go_of(object: *mut dl_phdr_info, _size: size_t, _data: *mut c_void) -> c_int {
    let page = page_bytes();
    // SAFETY: dl_iterate_phdr passes a valid object.
    let object = unsafe { &*object };
    // SAFETY: there are so many headers at that place, for as long as the object is loaded.
    let headers = unsafe { slice::from_raw_parts(object.dlpi_phdr, object.dlpi_phnum.into()) };
    for header in headers {
        if header.p_type != PT_LOAD || header.p_flags & PF_W != 0 {
            continue;
        }
        let Ok(begin) = usize::try_from(object.dlpi_addr.wrapping_add(header.p_vaddr)) else {
            continue;
        };
        let Ok(length) = usize::try_from(header.p_memsz) else {
            continue;
        };
        // Whole pages alone: what lies beside them may be another segment's.
        let (begin, end) = (begin.next_multiple_of(page), (begin + length) / page * page);
        if begin < end {
            // SAFETY: the segment is a private mapping of a file that was not written to, since it may not be; so what is
            // dropped here is read from the file again. What is no such mapping is refused, and left as it is.
            unsafe {
                madvise(
                    ptr::with_exposed_provenance_mut(begin),
                    end - begin,
                    MADV_DONTNEED,
                )
            };
        }
    }
    0
}

fn page_bytes() -> usize {
    let asked = sysconf(SysconfVar::PAGE_SIZE).ok().flatten();
    // 64 KiB is a multiple of every page of Linux.
    asked
        .and_then(|bytes| usize::try_from(bytes).ok())
        .unwrap_or(1 << 16)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How much of this program is in memory, in KiB, as `proc_pid_smaps(5)` counts it.
    fn code_kib() -> u64 {
        let own = std::fs::read_link("/proc/self/exe").unwrap();
        let smaps = std::fs::read_to_string("/proc/self/smaps").unwrap();
        let mut is_code = false;
        let mut sum = 0;
        for line in smaps.lines() {
            if let Some(size) = line.strip_prefix("Rss:") {
                let size = size.trim().trim_end_matches(" kB");
                sum += if is_code { size.parse::<u64>().unwrap() } else { 0 };
            } else if line.contains(" r-xp ") {
                is_code = line.ends_with(own.to_str().unwrap());
            } else if line.contains('-') {
                is_code = false;
            }
        }
        sum
    }

    #[test]
    fn code_that_is_not_used_again_leaves_memory_and_comes_back_when_it_is() {
        // Formats, parses and sorts: some code that the rest of this test has no use for.
        let work = || {
            let mut numbers: Vec<f64> = (0..1000).map(f64::from).map(f64::sqrt).collect();
            numbers.sort_by(f64::total_cmp);
            serde_json::to_string(&numbers).unwrap()
        };
        let before = work();
        let full = code_kib();
        let_go_of_code();
        let left = code_kib();
        assert!(left < full, "{left} of {full} KiB");
        assert_eq!(work(), before);
    }
}
