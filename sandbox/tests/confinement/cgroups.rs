//! Jobs with a cgroup of their own.
//!
//! The forker rearranges the cgroup it is in, which is nobody's wish in a session of one's own. So these tests run only
//! where [`ALLOWED`] says that the cgroup is theirs, as `tests/cgroups` makes it.

use std::fs;
use std::future::poll_fn;
use std::path::PathBuf;
use std::task::Poll;

use stationd_sandbox::{ExternalProgram, Finished, JobSpec, Limit, Limits, Outcome, PolicyMode};

use crate::sandbox::{Sandbox, complaint, python, spec, text};

/// Set where the cgroup of these tests is theirs to arrange.
const ALLOWED: &str = "STATIOND_TEST_CGROUP";

const MIB: u64 = 1024 * 1024;

/// A sandbox with cgroups; without leave to make them the test says so and passes.
fn sandbox(name: &str) -> Option<Sandbox> {
    if std::env::var_os(ALLOWED).is_none() {
        skipped(name);
        return None;
    }
    let sandbox = Sandbox::with(PolicyMode::BestEffort, |settings| {
        settings.own_cgroup = true;
        settings.unconfined = true;
    });
    assert!(sandbox.client.layers().cgroup, "the cgroup could not be arranged");
    Some(sandbox)
}

fn skipped(name: &str) {
    use std::io::Write as _;
    let mut out = std::io::stdout().lock();
    writeln!(out, "{name}: skipped, {ALLOWED} is not set").unwrap();
}

fn python_spec(sandbox: &Sandbox, script: &str, limits: Limits, trusted: bool) -> JobSpec {
    let path = sandbox.file("convert.py", script);
    let program = ExternalProgram {
        trusted,
        ..python(path)
    };
    JobSpec {
        limits,
        ..spec(program)
    }
}

fn run(sandbox: &Sandbox, script: &str, limits: Limits) -> Finished {
    let finished = sandbox
        .run(python_spec(sandbox, script, limits, false), "")
        .unwrap();
    assert!(finished.layers.cgroup);
    finished
}

fn job_cgroups() -> Vec<PathBuf> {
    let own = fs::read_to_string("/proc/self/cgroup").unwrap();
    let own = own.lines().find_map(|line| line.strip_prefix("0::/")).unwrap();
    // The tests are in the leaf, the jobs beside it.
    let base = PathBuf::from("/sys/fs/cgroup").join(own);
    let beside = fs::read_dir(base.parent().unwrap()).unwrap();
    beside
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.file_name().unwrap().as_encoded_bytes().starts_with(b"job-"))
        .collect()
}

pub(crate) fn memory_that_no_rlimit_counts_ends_the_job() {
    let Some(sandbox) = sandbox("memory") else { return };
    let limits = Limits {
        memory_bytes: 100 * MIB,
        ..Limits::default()
    };
    // Shared memory is no private memory, and the address space has room for the program besides.
    let share = |mib: u64| {
        format!(
            "import mmap\nm = mmap.mmap(-1, {mib} << 20)\nfor n in range({mib}): m[n << 20:(n + 1) << 20] = bytes(1 << 20)\nprint('all')"
        )
    };
    let finished = run(&sandbox, &share(40), limits.clone());
    assert_eq!(finished.outcome, Outcome::Exited, "{}", complaint(&finished));
    let finished = run(&sandbox, &share(200), limits);
    let hit = Outcome::LimitHit { limit: Limit::Memory };
    assert_eq!(finished.outcome, hit, "{}", complaint(&finished));
}

pub(crate) fn a_fork_bomb_meets_the_number_of_processes() {
    let Some(sandbox) = sandbox("processes") else {
        return;
    };
    let limits = Limits {
        processes: 3,
        ..Limits::default()
    };
    let script = "import os, time\nn = 0\ntry:\n    while n < 1000:\n        if os.fork() == 0: time.sleep(600)\n        n += 1\nexcept BlockingIOError: pass\nprint(n)";
    let finished = run(&sandbox, script, limits);
    assert_eq!(finished.outcome, Outcome::Exited, "{}", complaint(&finished));
    // Its own, three more, and room for 64 threads.
    assert_eq!(text(&finished), "66\n");
}

pub(crate) fn processes_share_one_cpu_and_its_time() {
    let Some(sandbox) = sandbox("cpu") else { return };
    let limits = Limits {
        processes: 4,
        cpu_s: 1,
        ..Limits::default()
    };
    // No process alone uses a second while the four together use four.
    let script = "import os, time\nfor n in range(4):\n    if os.fork() == 0:\n        while time.process_time() < 0.9: pass\n        os._exit(0)\nfor n in range(4): os.wait()";
    let spec = python_spec(&sandbox, script, limits, false);
    let input = fs::File::open(sandbox.file("input", "")).unwrap();
    let mut limit = None;
    let finished = sandbox.block_on(async {
        let mut job = std::pin::pin!(sandbox.start(spec, input.into()));
        poll_fn(|cx| {
            let cgroups = job_cgroups();
            let read = |cgroup: &PathBuf| fs::read_to_string(cgroup.join("cpu.max")).ok();
            limit = limit.take().or_else(|| cgroups.iter().find_map(read));
            // Looks again all the time: it is there only while the job runs.
            cx.waker().wake_by_ref();
            match job.as_mut().poll(cx) {
                Poll::Ready(finished) => Poll::Ready(finished.unwrap()),
                Poll::Pending => Poll::Pending,
            }
        })
        .await
    });
    assert_eq!(limit.as_deref(), Some("100000 100000\n"));
    let hit = Outcome::LimitHit { limit: Limit::Cpu };
    assert_eq!(finished.outcome, hit, "{}", complaint(&finished));
}

pub(crate) fn nothing_of_a_job_survives_its_cgroup() {
    let Some(sandbox) = sandbox("leftovers") else {
        return;
    };
    let script = "import os\nif os.fork() == 0:\n    os.setsid()\n    if os.fork() == 0:\n        os.execv('/bin/sleep', ['sleep', '600'])\n    os._exit(0)\nos.wait()\nprint('left')";
    let spec = python_spec(&sandbox, script, Limits::default(), true);
    let finished = sandbox.run(spec, "").unwrap();
    assert_eq!(text(&finished), "left\n", "{}", complaint(&finished));
    // The kernel lets a killed process go a little later; the next job's end removes the cgroup.
    while !job_cgroups().is_empty() {
        sandbox.shell("exit 0");
    }
}
