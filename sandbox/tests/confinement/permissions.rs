//! Each permission has a pair: an access that is allowed and one that is refused.

use std::fs::File;
use std::future::{Future as _, poll_fn};
use std::pin::pin;
use std::time::Duration;

use stationd_sandbox::{Denial, Finished, JobSpec, Limit, Limits, Outcome};

use crate::sandbox::{Sandbox, complaint, exec, python, shell, spec, text};

/// Runs a Python script that reports with `print`.
fn run_python(sandbox: &Sandbox, script: &str) -> Finished {
    let path = sandbox.file("convert.py", script);
    let program = python(path);
    sandbox.run(spec(program), "input\n").unwrap()
}

/// Runs a script that tries something; its answer is `ok` or the name of the error number.
fn attempt(sandbox: &Sandbox, what: &str) -> String {
    let script = format!(
        "import os, errno, sys\ntry:\n    {what}\n    print('ok', end='')\nexcept OSError as e:\n    print(errno.errorcode[e.errno], end='')\n"
    );
    let finished = run_python(sandbox, &script);
    assert_eq!(
        finished.outcome,
        Outcome::Exited,
        "{what}: {}",
        complaint(&finished)
    );
    text(&finished)
}

/// Checks an allowed and a refused access.
fn pair(sandbox: &Sandbox, allowed: &str, refused: &str, errno: &str) {
    assert_eq!(attempt(sandbox, allowed), "ok", "{allowed}");
    assert_eq!(attempt(sandbox, refused), errno, "{refused}");
}

fn denied(what: &str, detail: &str) -> Vec<Denial> {
    vec![Denial {
        what: what.into(),
        detail: detail.into(),
    }]
}

pub(crate) fn a_python_converter_imports_from_its_own_folder() {
    let sandbox = Sandbox::new();
    sandbox.file("helper.py", "def answer(): return 42\n");
    let script = "import sys, os; sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))\nimport json, csv, re, gzip, helper, tempfile, threading\nt = threading.Thread(target=print, args=(helper.answer(),)); t.start(); t.join()\nprint(sys.stdin.read().strip(), open(os.environ['STATIOND_INPUT']).read().strip())";
    let finished = run_python(&sandbox, script);
    assert_eq!(finished.outcome, Outcome::Exited, "{}", complaint(&finished));
    assert_eq!(text(&finished), "42\ninput input\n");
    assert_eq!(finished.denied, []);
}

pub(crate) fn files_are_read_where_granted_and_nowhere_else() {
    let sandbox = Sandbox::new();
    pair(
        &sandbox,
        "open(__file__).read()",
        "open('/etc/passwd').read()",
        "EACCES",
    );
    pair(&sandbox, "os.listdir('/usr/lib')", "os.listdir('/')", "EACCES");
    pair(
        &sandbox,
        "open('/dev/urandom','rb').read(1)",
        "open('/dev/kmsg','rb').read(1)",
        "EACCES",
    );
    pair(
        &sandbox,
        "os.getpid()",
        "open('/proc/self/environ').read()",
        "EACCES",
    );
}

pub(crate) fn files_are_written_in_the_working_folder_alone() {
    let sandbox = Sandbox::new();
    pair(
        &sandbox,
        "open('x','w').write('x')",
        "open(os.environ['STATIOND_INPUT'],'w')",
        "EACCES",
    );
    pair(
        &sandbox,
        "os.mkdir('a'); os.rename('a','b'); os.rmdir('b')",
        "open('../x','w')",
        "EACCES",
    );
    pair(
        &sandbox,
        "open('x','w'); os.unlink('x')",
        "os.unlink(os.environ['STATIOND_INPUT'])",
        "EACCES",
    );
    pair(
        &sandbox,
        "f=open('x','w'); f.truncate(9)",
        "os.truncate(__file__, 0)",
        "EPERM",
    );
    pair(
        &sandbox,
        "open('/dev/null','w').write('x')",
        "open('/tmp/x','w')",
        "EACCES",
    );
}

pub(crate) fn links_devices_modes_and_attributes_are_refused() {
    let sandbox = Sandbox::new();
    for refused in [
        "os.symlink('/etc/passwd','l')",
        "open('x','w'); os.link('x','y')",
        "os.mkfifo('p')",
        "open('x','w'); os.chmod('x', 0o777)",
        "open('x','w'); os.utime('x')",
        "open('x','w'); os.setxattr('x', 'user.a', b'1')",
    ] {
        assert_eq!(attempt(&sandbox, refused), "EPERM", "{refused}");
    }
}

pub(crate) fn no_network_of_any_family() {
    let sandbox = Sandbox::new();
    let families = [
        (1, "AF_UNIX"),
        (2, "AF_INET"),
        (10, "AF_INET6"),
        (16, "AF_NETLINK"),
        (17, "AF_PACKET"),
        (40, "AF_VSOCK"),
    ];
    for (number, name) in families {
        let script = format!(
            "import socket\ntry: socket.socket({number}, 1)\nexcept PermissionError: print('refused')"
        );
        let finished = run_python(&sandbox, &script);
        assert_eq!(text(&finished), "refused\n", "{}", complaint(&finished));
        assert_eq!(
            finished.denied,
            denied("network", &format!("socket({name}, SOCK_STREAM)"))
        );
    }
}

/// Else each of its jobs would be told as one that tried what it may not.
pub(crate) fn a_shell_is_refused_nothing_at_its_start() {
    let sandbox = Sandbox::new();
    for shell in ["/bin/sh", "/bin/bash"] {
        if !std::path::Path::new(shell).exists() {
            continue;
        }
        let path = sandbox.file("convert.sh", format!("#!{shell}\nread -r line; echo \"$line\"\n"));
        let program = exec(path, &[]);
        let finished = sandbox.run(spec(program), "input\n").unwrap();
        assert_eq!(text(&finished), "input\n", "{}", complaint(&finished));
        assert_eq!(finished.denied, [], "{shell}");
    }
}

pub(crate) fn threads_but_no_processes() {
    let sandbox = Sandbox::new();
    pair(
        &sandbox,
        "import threading; threading.Thread(target=os.getpid).start()",
        "os.fork()",
        "EPERM",
    );
    pair(
        &sandbox,
        "os.kill(os.getpid(), 0)",
        "os.kill(os.getppid(), 0)",
        "EPERM",
    );
    pair(&sandbox, "os.getsid(0)", "os.setsid()", "EPERM");
    pair(&sandbox, "os.getpriority(0, 0)", "os.nice(1)", "EPERM");
    assert_eq!(attempt(&sandbox, "os.execv('/bin/true', ['true'])"), "EPERM");
}

pub(crate) fn no_job_has_threads_without_end() {
    let sandbox = Sandbox::new();
    // Small enough that the memory is for all of them; the least that aarch64 takes.
    let script = "import threading\nthreading.stack_size(131072)\nn = 0\ntry:\n    while n < 1000:\n        threading.Thread(target=threading.Event().wait, daemon=True).start()\n        n += 1\nexcept RuntimeError: pass\nprint(n, flush=True)\nimport os; os._exit(0)";
    let finished = run_python(&sandbox, script);
    assert_eq!(finished.outcome, Outcome::Exited, "{}", complaint(&finished));
    // Other processes of the user may end meanwhile.
    let made: u32 = text(&finished).trim().parse().unwrap();
    assert!((20..500).contains(&made), "{made}");
}

/// Without a cgroup the kernel counts the threads of both against one limit.
pub(crate) fn a_job_cannot_take_the_threads_of_the_one_beside_it() {
    let sandbox = Sandbox::new();
    let script = "import threading, time\nthreading.stack_size(131072)\ntry:\n    while True: threading.Thread(target=threading.Event().wait, daemon=True).start()\nexcept RuntimeError: pass\ntime.sleep(60)";
    let bomb = python(sandbox.file("bomb.py", script));
    let idle = python(sandbox.file("idle.py", "import time; time.sleep(60)"));
    let input = || File::open(sandbox.file("input", "")).unwrap().into();
    let bombed = sandbox.block_on(async {
        let mut beside = pin!(sandbox.start(spec(idle), input()));
        let mut bombed = pin!(sandbox.start(spec(bomb), input()));
        poll_fn(|context| {
            assert!(beside.as_mut().poll(context).is_pending());
            bombed.as_mut().poll(context)
        })
        .await
    });
    let bombed = bombed.unwrap();
    let limit = Limit::Processes;
    assert_eq!(
        bombed.outcome,
        Outcome::LimitHit { limit },
        "{}",
        complaint(&bombed)
    );
}

/// Else they count as its processes until its end.
pub(crate) fn orphans_of_a_job_that_goes_on_are_buried() {
    let sandbox = Sandbox::new();
    let script = "i=0; while [ $i -lt 100 ]; do (/bin/true &); /bin/sleep 0.02; i=$((i+1)); done; echo $i";
    let job = JobSpec {
        limits: Limits {
            processes: 3,
            ..Limits::default()
        },
        ..spec(shell(script))
    };
    let finished = sandbox.run(job, "").unwrap();
    assert_eq!(text(&finished), "100\n", "{}", complaint(&finished));
}

pub(crate) fn a_forbidden_call_ends_the_job_and_is_named() {
    let sandbox = Sandbox::new();
    let script = "import ctypes\nctypes.CDLL(None).unshare(0x10000000)\nprint('on')";
    let finished = run_python(&sandbox, script);
    assert_eq!(finished.outcome, Outcome::Denied);
    assert_eq!(finished.denied, denied("process", "unshare(flags 0x10000000)"));
    assert_eq!(text(&finished), "");
}

pub(crate) fn too_many_refused_calls_end_the_job() {
    let sandbox = Sandbox::new();
    let script = "import socket\nwhile True:\n    try: socket.socket()\n    except OSError: pass";
    let finished = run_python(&sandbox, script);
    assert_eq!(
        finished.outcome,
        Outcome::LimitHit {
            limit: Limit::Denials
        }
    );
    assert_eq!(finished.denied, denied("network", "socket(AF_INET, SOCK_STREAM)"));
}

pub(crate) fn an_explanation_names_the_files_that_were_refused() {
    let sandbox = Sandbox::new();
    let script = "open('x', 'w'); open('x').read(); open('/dev/null', 'w')\nfor path in ['/etc/passwd', '../../y', '/no/such/file']:\n    for mode in ['r', 'w']:\n        try: open(path, mode)\n        except OSError: pass\n";
    let path = sandbox.file("convert.py", script);
    let program = python(path);
    let finished = sandbox
        .run(
            JobSpec {
                explain: true,
                ..spec(program)
            },
            "",
        )
        .unwrap();
    assert_eq!(finished.outcome, Outcome::Exited, "{}", complaint(&finished));
    let details: Vec<_> = finished
        .denied
        .iter()
        .map(|denial| denial.detail.as_str())
        .collect();
    for refused in ["open /etc/passwd for reading", "open /etc/passwd for writing"] {
        assert!(details.contains(&refused), "{details:?}");
    }
    assert!(
        details.iter().any(|detail| detail.ends_with("/y for writing")),
        "{details:?}"
    );
    assert!(
        !details
            .iter()
            .any(|detail| detail.contains("/no/such") || detail.contains("/x for")),
        "{details:?}"
    );
}

pub(crate) fn nothing_of_the_daemon_is_inherited() {
    let sandbox = Sandbox::new();
    // The numbers that answer, and the environment: nothing else comes from outside.
    let script = "import os, fcntl\nfound = []\nfor n in range(1024):\n    try: fcntl.fcntl(n, fcntl.F_GETFD); found.append(n)\n    except OSError: pass\nprint(found, sorted(os.environ))";
    let finished = run_python(&sandbox, script);
    let expected = "[0, 1, 2] ['HOME', 'LANG', 'LC_CTYPE', 'PATH', 'SHELL', 'STATIOND_ARGUMENTS', 'STATIOND_INPUT', 'STATIOND_NAME']\n";
    assert_eq!(
        text(&finished).replace("'LC_CTYPE', ", ""),
        expected.replace("'LC_CTYPE', ", ""),
        "{}",
        complaint(&finished)
    );
}

pub(crate) fn each_limit_ends_the_job_under_its_name() {
    const MIB: u64 = 1024 * 1024;
    let sandbox = Sandbox::new();
    let limited = |script: &str, limits: Limits| {
        let path = sandbox.file("convert.py", script);
        let program = python(path);
        let finished = sandbox
            .run(
                JobSpec {
                    limits,
                    ..spec(program)
                },
                "",
            )
            .unwrap();
        (finished.outcome.clone(), complaint(&finished))
    };
    let hit = |limit| Outcome::LimitHit { limit };
    let (outcome, why) = limited(
        "while True: pass",
        Limits {
            cpu_s: 1,
            ..Limits::default()
        },
    );
    assert_eq!(outcome, hit(Limit::Cpu), "{why}");
    let ignoring = "import signal\nsignal.signal(signal.SIGXCPU, signal.SIG_IGN)\nwhile True: pass";
    assert_eq!(
        limited(
            ignoring,
            Limits {
                cpu_s: 1,
                ..Limits::default()
            }
        )
        .0,
        hit(Limit::Cpu)
    );
    let limits = Limits {
        memory_bytes: 100 * MIB,
        ..Limits::default()
    };
    assert_eq!(limited("x = bytearray(200 << 20)", limits).0, hit(Limit::Memory));
    let limits = Limits {
        scratch_bytes: 4 * MIB,
        ..Limits::default()
    };
    let many =
        "import time\nfor n in range(9): open(str(n), 'wb').write(bytes([1]) * (1 << 20))\ntime.sleep(60)";
    assert_eq!(limited(many, limits.clone()).0, hit(Limit::Scratch));
    // Python ignores the signal of this limit.
    let one = "open('x', 'wb').write(bytes(9 << 20))";
    assert_eq!(limited(one, limits.clone()).0, hit(Limit::Scratch));
    let killed = format!("import signal\nsignal.signal(signal.SIGXFSZ, signal.SIG_DFL)\n{one}");
    assert_eq!(limited(&killed, limits).0, hit(Limit::Scratch));
}

pub(crate) fn files_count_wherever_a_converter_hides_them() {
    const MIB: u64 = 1024 * 1024;
    const NAMELESS: &str = "import os, time\ndef nameless():\n    f = os.open('x', os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)\n    os.unlink('x')\n    os.write(f, bytes([1]) * (1 << 20))\n    return f\n";
    let sandbox = Sandbox::new();
    let outcome = |script: &str| {
        let path = sandbox.file("convert.py", format!("{NAMELESS}{script}"));
        let program = python(path);
        let limits = Limits {
            scratch_bytes: 4 * MIB,
            wall: Duration::from_secs(20),
            ..Limits::default()
        };
        let finished = sandbox
            .run(
                JobSpec {
                    limits,
                    ..spec(program)
                },
                "",
            )
            .unwrap();
        (finished.outcome.clone(), complaint(&finished))
    };
    // Long enough to be looked at; the second descriptor is of the same file.
    let few = "f = [nameless() for n in range(3)]\nf.append(os.dup(f[0]))\nos.mkdir('d')\ntime.sleep(0.6)";
    let (ended, why) = outcome(few);
    assert_eq!(ended, Outcome::Exited, "{why}");
    let shut = "os.mkdir('d', 0o300)\nfor n in range(9): open(f'd/{n}', 'wb').write(bytes([1]) * (1 << 20))";
    let open = "f = [nameless() for n in range(9)]";
    let mapped = "import ctypes\nmap = ctypes.CDLL(None).mmap\nmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long]\nfor n in range(9):\n    f = nameless()\n    map(None, 4096, 1, 1, f, 0)\n    os.close(f)";
    let hit = Outcome::LimitHit {
        limit: Limit::Scratch,
    };
    for hidden in [shut, open, mapped] {
        let (ended, why) = outcome(&format!("{hidden}\ntime.sleep(60)"));
        assert_eq!(ended, hit, "{hidden}: {why}");
    }
}
