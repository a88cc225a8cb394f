//! Converters that must be signed.

use std::future::poll_fn;
use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::task::Poll;

use minisign::KeyPair;
use stationd_sandbox::{
    ExternalKind, ExternalProgram, Finished, Outcome, PolicyMode, ProgramFault, SandboxError, SignatureFault,
    TrustedKeys, signature_path,
};

use crate::sandbox::{Sandbox, complaint, exec, python, spec, text};

/// A sandbox that demands signatures, and the key for them.
struct Signed {
    sandbox: Sandbox,
    pair: KeyPair,
}

impl Signed {
    fn new() -> Self {
        let pair = KeyPair::generate_unencrypted_keypair().unwrap();
        let other = KeyPair::generate_unencrypted_keypair().unwrap();
        let keys = TrustedKeys::new([&other, &pair].map(|pair| pair.pk.to_base64().parse().unwrap()));
        Self {
            sandbox: Sandbox::with_keys(PolicyMode::Require, keys, |_| {}),
            pair,
        }
    }

    /// A converter with its signature.
    fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.sandbox.file(name, content.as_ref());
        self.sign(&path, content.as_ref(), &self.pair);
        path
    }

    fn sign(&self, path: &Path, content: &[u8], pair: &KeyPair) {
        let comment = Some("converter");
        let signature = minisign::sign(None, &pair.sk, Cursor::new(content), comment, None).unwrap();
        let name = signature_path(path);
        self.sandbox
            .file(name.file_name().unwrap().to_str().unwrap(), signature.to_string());
    }

    fn fault(&self, program: ExternalProgram) -> SignatureFault {
        match self.sandbox.run(spec(program), "") {
            Err(SandboxError::Program {
                fault: ProgramFault::Signature(fault),
                ..
            }) => fault,
            other => unreachable!("{other:?}"),
        }
    }
}

pub(crate) fn a_signed_program_runs_confined() {
    let signed = Signed::new();
    let shell = signed.file("shell", std::fs::read("/bin/sh").unwrap());
    let script = "read -r x; echo \"$x\"; read -r y < /etc/passwd || echo no";
    let finished = signed
        .sandbox
        .run(spec(exec(&shell, &["-c", script])), "in\n")
        .unwrap();
    assert_eq!(finished.outcome, Outcome::Exited, "{}", complaint(&finished));
    assert_eq!(text(&finished), "in\nno\n");
    assert_eq!(finished.layers, signed.sandbox.client.layers());
}

pub(crate) fn an_unsigned_or_altered_converter_never_runs() {
    let signed = Signed::new();
    let sandbox = &signed.sandbox;
    for (name, kind) in [("a.sh", ExternalKind::Exec), ("a.py", ExternalKind::Python)] {
        let content = "#!/bin/sh\nprint\n";
        let path = sandbox.file(name, content);
        let program = || ExternalProgram::new(kind, &path, []);
        assert!(matches!(signed.fault(program()), SignatureFault::Missing { .. }));
        sandbox.file(&format!("{name}.minisig"), "none");
        assert!(matches!(signed.fault(program()), SignatureFault::Malformed));
        signed.sign(
            &path,
            content.as_bytes(),
            &KeyPair::generate_unencrypted_keypair().unwrap(),
        );
        assert!(matches!(signed.fault(program()), SignatureFault::UnknownKey));
        signed.sign(&path, b"#!/bin/sh\nprint ", &signed.pair);
        assert!(matches!(signed.fault(program()), SignatureFault::Altered));
        signed.sign(&path, content.as_bytes(), &signed.pair);
        assert!(sandbox.run(spec(program()), "").is_ok());
    }
    // What the command names first must be signed, whatever it goes on to run.
    let fault = signed.fault(exec("/bin/sh", &["-c", "exit 0"]));
    assert!(matches!(fault, SignatureFault::Missing { .. }));
}

/// Runs a script whose second half is altered as soon as it runs; what that second half said.
fn altered_while_it_runs(sandbox: &Sandbox, path: &Path) -> String {
    let input = std::fs::File::open(sandbox.file("input", "")).unwrap();
    let mut altered = false;
    let finished: Finished = sandbox.block_on(async {
        let mut job = std::pin::pin!(sandbox.start(spec(exec(path, &[])), input.into()));
        poll_fn(|cx| {
            let polled = job.as_mut().poll(cx);
            if polled.is_pending() && !altered {
                // It runs as soon as it has a folder.
                altered = sandbox.job_folders() > 0;
                if altered {
                    let content = std::fs::read_to_string(path).unwrap();
                    std::fs::write(path, content.replace("original", "altered!")).unwrap();
                    sandbox.file("go", "");
                }
                cx.waker().wake_by_ref();
            }
            match polled {
                Poll::Ready(finished) => Poll::Ready(finished.unwrap()),
                Poll::Pending => Poll::Pending,
            }
        })
        .await
    });
    assert_eq!(finished.outcome, Outcome::Exited, "{}", complaint(&finished));
    text(&finished)
}

/// Waits for `go`, then says something that a shell has not read yet when it begins.
fn patient_script(sandbox: &Sandbox) -> String {
    let go = sandbox.file("x", "").with_file_name("go");
    let filling = "# filling\n".repeat(10_000);
    format!(
        "#!/bin/sh\nwhile ! [ -e {} ]; do :; done\n{filling}echo original\n",
        go.display()
    )
}

pub(crate) fn what_was_signed_runs_whatever_becomes_of_the_file() {
    // Shown to be possible where signatures do not matter.
    let sandbox = Sandbox::new();
    let path = sandbox.file("convert.sh", patient_script(&sandbox));
    assert_eq!(altered_while_it_runs(&sandbox, &path), "altered!\n");
    let signed = Signed::new();
    let path = signed.file("convert.sh", patient_script(&signed.sandbox));
    assert_eq!(altered_while_it_runs(&signed.sandbox, &path), "original\n");
}

pub(crate) fn a_signed_script_has_nothing_beside_it() {
    let signed = Signed::new();
    signed.sandbox.file("helper.py", "x = 1\n");
    let beside = signed.sandbox.file("beside", "secret");
    let script = format!(
        "import os, sys\nsys.path.insert(0, os.path.dirname(__file__))\ntry: import helper\nexcept ImportError: print('no module')\ntry: open({:?})\nexcept PermissionError: print('no file')\nprint(os.path.basename(__file__))\nopen(__file__).read()\ntry: open(__file__, 'a')\nexcept OSError: print('not writable')",
        beside.display().to_string()
    );
    let path = signed.file("convert.py", script);
    let finished = signed.sandbox.run(spec(python(&path)), "").unwrap();
    assert_eq!(finished.outcome, Outcome::Exited, "{}", complaint(&finished));
    assert_eq!(text(&finished), "no module\nno file\nconvert.py\nnot writable\n");
}

pub(crate) fn a_signed_zip_of_python_modules_runs() {
    let signed = Signed::new();
    let package = signed.sandbox.file("x", "").with_file_name("package");
    std::fs::create_dir(&package).unwrap();
    std::fs::write(package.join("helper.py"), "def answer(): return 42\n").unwrap();
    std::fs::write(
        package.join("__main__.py"),
        "import helper\nprint(helper.answer())\n",
    )
    .unwrap();
    let zipped = std::process::Command::new("python3")
        .args(["-m", "zipapp", "-o"])
        .arg(package.with_extension("pyz"))
        .arg(&package)
        .status();
    assert!(zipped.unwrap().success());
    let content = std::fs::read(package.with_extension("pyz")).unwrap();
    let path = signed.file("package.pyz", content);
    let finished = signed.sandbox.run(spec(python(&path)), "").unwrap();
    assert_eq!(finished.outcome, Outcome::Exited, "{}", complaint(&finished));
    assert_eq!(text(&finished), "42\n");
}
