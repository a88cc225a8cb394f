//! Converter classes written for the vendor's Python client, unmodified, in the sandbox.
//!
//! The package comes from the Python package index into a virtual environment in the folder for temporary files, which the
//! next run finds again; `TEST_PYWATS` names the `site-packages` of another (a variable that begins with `STATIOND_` would be
//! a setting of the daemon). Without Python, its `venv` or the index the tests say `skipped` and pass.

#[cfg(test)]
mod tests {
    use std::fs::{DirBuilder, File};
    use std::io::ErrorKind;
    use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
    use std::path::{Path, PathBuf};
    use std::process::Command;
    use std::sync::OnceLock;

    use serde_json::{Value, json};
    use stationd_tests::{Answer, Line, Server, sample, skipped, stationctl};

    const STANDARD: &str = "pywats_client.converters.standard";

    /// Classes of our own, one for each way in which a conversion can end.
    const CLASSES: &str = r#"
import os
from datetime import timedelta
from pywats_client.converters.file_converter import FileConverter
from pywats_client.converters.folder_converter import FolderConverter
from pywats_client.converters.models import ArgumentDefinition, ArgumentType, ConverterResult, ValidationResult

class Plain(FileConverter):
    @property
    def name(self):
        return "plain"
    @property
    def arguments_schema(self):
        return {"part": ArgumentDefinition(arg_type=ArgumentType.STRING, default="PCA-1"),
                "process": ArgumentDefinition(arg_type=ArgumentType.INTEGER, required=True)}
    def validate(self, source, context):
        return ValidationResult.good_match(confidence=0.4)
    def convert(self, source, context):
        print("this is no report")
        os.write(1, b"nor is this")
        report = {"type": "T", "pn": context.get_argument("part"), "sn": source.path.stem, "rev": "A",
                  "processCode": context.get_argument("process"), "result": "P", "start": "2026-01-02T03:04:05+01:00",
                  "machineName": context.station_name, "location": "L", "purpose": "P",
                  "root": {"stepType": "SequenceCall", "name": "Main", "group": "M", "status": "P", "steps": []}}
        return ConverterResult.success_result(report=report, warnings=["a warning"])

class Free(FileConverter):
    @property
    def name(self):
        return "free"
    def convert(self, source, context):
        return ConverterResult.skipped_result("any = %s" % context.get_argument("any"))

class Suspends(Plain):
    def convert(self, source, context):
        return ConverterResult.suspended_result("no companion file yet", retry_after=timedelta(seconds=5))

class NotReady(Plain):
    def validate(self, source, context):
        return ValidationResult.not_ready(["SN1.png"])

class Skips(Plain):
    def convert(self, source, context):
        return ConverterResult.skipped_result("a template")

class NoMatch(Plain):
    def validate(self, source, context):
        return ValidationResult.no_match("no header")

class Rejects(Plain):
    def convert(self, source, context):
        return ConverterResult.rejected_result("unlike a log", 0.1, context.reject_threshold)

class Fails(Plain):
    def convert(self, source, context):
        return ConverterResult.failed_result("line 7: no number")

class Raises(Plain):
    def convert(self, source, context):
        raise KeyError("serial")

class Spies(Plain):
    def convert(self, source, context):
        open("/etc/passwd").read()

class Panel(FolderConverter):
    @property
    def name(self):
        return "panel"
    @property
    def expected_files(self):
        return ["*.log"]
    def convert(self, source, context):
        names = [path.name for path in source.files]
        reports = [Plain().convert(type("Board", (), {"path": path})(), context).report for path in source.files if path.suffix == ".log"]
        for report in reports:
            report.update(pn="PCA-1", processCode=15)
        return ConverterResult.success_result(reports=reports, metadata={"files": names})
"#;

    /// What a site installs for kind `pywats`.
    struct Installed {
        classes: PathBuf,
        packages: PathBuf,
    }

    fn installed() -> Option<&'static Installed> {
        static INSTALLED: OnceLock<Option<Installed>> = OnceLock::new();
        INSTALLED
            .get_or_init(|| install().map_err(|why| skipped(&why)).ok())
            .as_ref()
    }

    fn install() -> Result<Installed, String> {
        let classes = own_folder()?;
        // Another run may do the same at this moment.
        let lock = File::create(classes.join("lock")).unwrap();
        lock.lock().unwrap();
        std::fs::write(classes.join("station_classes.py"), CLASSES).unwrap();
        let packages = match std::env::var_os("TEST_PYWATS") {
            Some(there) => there.into(),
            None => from_pypi(&classes)?,
        };
        Ok(Installed { classes, packages })
    }

    /// A folder of this user that the sandbox's user may read, wherever the project lies.
    fn own_folder() -> Result<PathBuf, String> {
        let uid = rustix::process::getuid().as_raw();
        let folder = std::env::temp_dir().join(format!("stationd-pywats-{uid}"));
        match DirBuilder::new().mode(0o755).create(&folder) {
            Ok(()) => return Ok(folder),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(format!("{}: {error}", folder.display())),
        }
        let found = std::fs::symlink_metadata(&folder).unwrap();
        if found.is_dir() && found.uid() == uid {
            Ok(folder)
        } else {
            Err(format!("{} is somebody else's", folder.display()))
        }
    }

    /// Makes a virtual environment in `folder` whose compiled modules fit the Python that the sandbox runs.
    fn from_pypi(folder: &Path) -> Result<PathBuf, String> {
        let version = |python: &str| {
            said(
                python,
                &["-c", "import sys; print('%d.%d' % sys.version_info[:2])"],
            )
        };
        let sandboxed = ["/usr/bin/python3", "/usr/local/bin/python3", "python3"]
            .into_iter()
            .find_map(|python| version(python).ok())
            .ok_or("no python3")?;
        let maker = ["/usr/bin/python3", "python3"]
            .into_iter()
            .filter(|python| version(python).is_ok_and(|found| found == sandboxed))
            .find(|python| said(python, &["-c", "import ensurepip"]).is_ok())
            .ok_or_else(|| format!("no Python {sandboxed} with venv"))?;
        let venv = folder.join(format!("venv-{sandboxed}"));
        said(maker, &["-m", "venv", &venv.to_string_lossy()])?;
        let pip = venv.join("bin/pip");
        said(&pip.to_string_lossy(), &["install", "--quiet", "pywats-api"])?;
        Ok(venv.join(format!("lib/python{sandboxed}/site-packages")))
    }

    /// What a program says; its last line of standard error when it fails.
    fn said(program: &str, arguments: &[&str]) -> Result<String, String> {
        let run = Command::new(program).args(arguments).output();
        let output = run.map_err(|error| format!("{program}: {error}"))?;
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned());
        }
        let error = String::from_utf8_lossy(&output.stderr);
        Err(format!("{program}: {}", error.lines().last().unwrap_or_default()))
    }

    fn shipped_runner() -> PathBuf {
        let runner = Path::new(env!("CARGO_MANIFEST_DIR")).join("../sandbox/pywats/pywats-runner.py");
        runner.canonicalize().unwrap()
    }

    /// The keys of a converter that runs a class.
    fn keys(installed: &Installed, class: &str, further: &str) -> String {
        let runner = shipped_runner();
        format!(
            "kind = \"pywats\"\nclass = \"{class}\"\nrunner = {runner:?}\npython_path = [{:?}, {:?}]\n{further}",
            installed.packages, installed.classes
        )
    }

    /// A trial of a class on a file of this name, without a daemon.
    fn tried(installed: &Installed, class: &str, further: &str, name: &str, content: &[u8]) -> Answer {
        let server = Server::http();
        let line = Line::to(&server).converter("py", &keys(installed, class, further));
        let settings = line.write_settings();
        let file = line.path(name);
        std::fs::write(&file, content).unwrap();
        let config = settings.to_string_lossy().into_owned();
        line.ctl(&[
            "--config",
            &config,
            "converter",
            "test",
            "py",
            &file.to_string_lossy(),
        ])
    }

    /// What `converter check` says of a class: its exit code, and a line for each finding about it.
    fn checked(
        installed: &Installed,
        class: &str,
        change: impl Fn(String) -> String,
    ) -> (Option<i32>, String) {
        let server = Server::http();
        let line = Line::to(&server).converter("py", &change(keys(installed, class, "")));
        let output = Command::new(stationctl())
            .args(["--json", "--config", line.write_settings().to_str().unwrap()])
            .args(["converter", "check", "py"])
            .output()
            .unwrap();
        let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
        let findings = answer["findings"].as_array().unwrap().iter();
        let about =
            findings.filter(|finding| finding["check"] == "converters" && !finding["remedy"].is_null());
        let lines = about.map(|finding| {
            let [status, words] = ["status", "words"].map(|key| finding[key].as_str().unwrap());
            format!("{status}: {words}\n")
        });
        (output.status.code(), lines.collect())
    }

    fn own(installed: &Installed, class: &str) -> Answer {
        let class = format!("station_classes.{class}");
        tried(installed, &class, "arguments = { process = 15 }", "SN1.log", b"x")
    }

    #[test]
    fn three_classes_of_the_package_convert_real_files_and_deliver_them() {
        let Some(installed) = installed() else { return };
        // Class, sample, serial number, part number, result, how many steps stand at the top.
        let cases = [
            ("SeicaXMLConverter", "seica/seica.xml", "SN001", "TestBoard", "P"),
            (
                "SPEAConverter",
                "spea/testdata_SN9871234012.csv",
                "SN9871234012",
                "23462-TS",
                "P",
            ),
            (
                "XJTAGConverter",
                "xjtag/1234_14_25_32_10.08.2018_Pass.xjlog",
                "1234",
                "PN",
                "P",
            ),
        ];
        for (class, file, serial, part_number, result) in cases {
            let Some(content) = sample(&format!("samples/{file}")) else {
                return;
            };
            let server = Server::http();
            let line =
                Line::to(&server).converter("py", &keys(installed, &format!("{STANDARD}.{class}"), ""));
            let daemon = line.start();
            let name = file.rsplit('/').next().unwrap_or(file);
            line.drop_file("py", name.as_bytes(), &content);
            server.wait_for(1);
            let report = server.only_report();
            let found = ["/sn", "/pn", "/result"].map(|at| report.pointer(at).cloned().unwrap_or_default());
            assert_eq!(
                found,
                [json!(serial), json!(part_number), json!(result)],
                "{class}"
            );
            let steps = report.pointer("/root/steps").and_then(Value::as_array);
            assert!(steps.is_some_and(|steps| !steps.is_empty()), "{class}");
            assert!(daemon.stop().success());
        }
    }

    #[test]
    fn arguments_confidence_and_prints_go_their_ways() {
        let Some(installed) = installed() else { return };
        let answer = own(installed, "Plain");
        assert_eq!(answer.word("/outcome"), "ok", "{answer:?}");
        assert_eq!(answer.word("/status"), "converted");
        assert_eq!(answer.json["confidence"], 0.4);
        assert_eq!(answer.word("/reason"), "a warning");
        let report = &answer.json["reports"][0];
        assert_eq!(
            (
                &report["pn"],
                &report["sn"],
                &report["processCode"],
                &report["machineName"]
            ),
            (&json!("PCA-1"), &json!("SN1"), &json!(15), &json!("TEST-1"))
        );
        assert!(answer.word("/stderr").contains("this is no report"), "{answer:?}");
        // A class says what it needs, and of what kind.
        let class = "station_classes.Plain";
        let answer = tried(
            installed,
            class,
            "arguments = { process = \"x\" }",
            "SN1.log",
            b"x",
        );
        assert_eq!(answer.word("/outcome"), "failed");
        assert!(
            answer.word("/stderr").contains("arguments: process: "),
            "{answer:?}"
        );
    }

    /// A default in its place would be wrong data on the server.
    #[test]
    fn an_argument_that_the_class_does_not_have_fails_the_job_and_the_nearest_is_named() {
        let Some(installed) = installed() else { return };
        let class = "station_classes.Plain";
        let further = "arguments = { process = 15, prat = \"PCA-2\" }";
        let answer = tried(installed, class, further, "SN1.log", b"x");
        assert_eq!(answer.word("/outcome"), "failed", "{answer:?}");
        let said = "arguments: prat: unknown; did you mean part? (the class has part, process)";
        assert!(answer.word("/stderr").contains(said), "{answer:?}");
        // A class that describes none may read any.
        let answer = tried(
            installed,
            "station_classes.Free",
            "arguments = { any = 15 }",
            "SN1.log",
            b"x",
        );
        assert_eq!(answer.word("/reason"), "any = 15", "{answer:?}");
    }

    #[test]
    fn check_finds_a_class_that_is_there_and_says_what_keeps_another_from_being_found() {
        let Some(installed) = installed() else { return };
        let same = |keys: String| keys;
        for fine in [
            "station_classes.Plain",
            &format!("{STANDARD}.SPEAConverter"),
            &format!("{STANDARD}.spea_converter.SPEAConverter"),
        ] {
            let (_, findings) = checked(installed, fine, same);
            assert!(
                !findings.contains("class") && !findings.contains("imports"),
                "{fine}: {findings}"
            );
        }
        for (class, words) in [
            (
                "station_classes.Plane",
                "module station_classes has no class Plane; did you mean Plain?",
            ),
            (
                "station_clases.Plain",
                "there is no module station_clases in python_path; did you mean station_classes?",
            ),
            (
                "pywats_client.converters.nothing.Plain",
                "pywats_client.converters has no module nothing",
            ),
        ] {
            let (status, findings) = checked(installed, class, same);
            assert_eq!(status, Some(1), "{findings}");
            assert!(
                findings.contains("failure: py: ") && findings.contains(words),
                "{findings}"
            );
        }
    }

    #[test]
    fn check_says_what_is_wrong_with_the_folders_of_a_class() {
        let Some(installed) = installed() else { return };
        let class = "station_classes.Plain";
        let packages = installed.packages.to_str().unwrap();
        let instead = |folder: &Path| {
            checked(installed, class, |keys| {
                keys.replace(packages, folder.to_str().unwrap())
            })
        };
        let folder = tempfile::tempdir().unwrap();
        std::fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o755)).unwrap();
        let (status, findings) = instead(folder.path());
        assert_eq!(status, Some(1), "{findings}");
        assert!(findings.contains("no package pywats-api in "), "{findings}");

        let (_, findings) = instead(&folder.path().join("gone"));
        assert!(findings.contains("gone: No such file or directory"), "{findings}");

        let older = folder.path().join("python3.1/site-packages");
        std::fs::create_dir_all(&older).unwrap();
        let (_, findings) = instead(&older);
        assert!(
            findings.contains("is of Python 3.1, and converters run with 3."),
            "{findings}"
        );

        let closed = folder.path().join("closed");
        std::fs::create_dir(&closed).unwrap();
        std::fs::set_permissions(&closed, PermissionsExt::from_mode(0o000)).unwrap();
        let (_, findings) = instead(&closed);
        // So that whoever runs the tests can remove it.
        std::fs::set_permissions(&closed, PermissionsExt::from_mode(0o755)).unwrap();
        assert!(findings.contains("closed: Permission denied"), "{findings}");
    }

    #[test]
    fn every_way_in_which_a_conversion_ends_is_told() {
        let Some(installed) = installed() else { return };
        for (class, status, reason) in [
            ("Suspends", "suspended", "no companion file yet"),
            ("NotReady", "suspended", "Waiting for: SN1.png"),
            ("Skips", "skipped", "a template"),
            ("NoMatch", "skipped", "no header"),
            ("Rejects", "rejected", "unlike a log"),
            ("Fails", "rejected", "line 7: no number"),
        ] {
            let answer = own(installed, class);
            assert_eq!(answer.word("/status"), status, "{class}: {answer:?}");
            assert!(answer.word("/reason").contains(reason), "{class}: {answer:?}");
        }
        let raised = own(installed, "Raises");
        assert_eq!(raised.word("/outcome"), "failed");
        assert!(
            raised.word("/stderr").contains("KeyError: 'serial'"),
            "{raised:?}"
        );
        let missing = own(installed, "Missing");
        assert!(
            missing.word("/stderr").contains("no class Missing"),
            "{missing:?}"
        );
    }

    #[test]
    fn a_class_is_confined_as_any_converter() {
        let Some(installed) = installed() else { return };
        let answer = own(installed, "Spies");
        assert_ne!(answer.word("/outcome"), "ok", "{answer:?}");
        assert!(answer.word("/stderr").contains("PermissionError"), "{answer:?}");
    }

    #[test]
    fn with_trusted_keys_the_runner_must_be_signed_and_then_runs() {
        let Some(installed) = installed() else { return };
        let folder = tempfile::tempdir().unwrap();
        std::fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o755)).unwrap();
        let (key, runner) = (folder.path().join("key"), folder.path().join("runner.py"));
        let sign = |words: &[&str]| -> Value {
            let mut command = Command::new(stationctl());
            command.args(["converter", "sign", "--json", "--key"]).arg(&key);
            let signed = command.args(words).output().unwrap();
            assert!(signed.status.success(), "{signed:?}");
            serde_json::from_slice(&signed.stdout).unwrap()
        };
        let public = sign(&["--new-key", "--no-password"])["public_key"].clone();
        std::fs::copy(shipped_runner(), &runner).unwrap();
        let class = keys(installed, "station_classes.Plain", "arguments = { process = 15 }")
            .replace(shipped_runner().to_str().unwrap(), runner.to_str().unwrap());
        let server = Server::http();
        let line = Line::to(&server)
            .converter("py", &class)
            .settings(&format!("[sandbox]\ntrusted_keys = [{public}]"));
        let daemon = line.start();
        let told = daemon.wait_for("the warning of what no signature covers", |line| {
            line.code() == "D011" && line.key("cause").contains("python_path")
        });
        assert!(told.key("cause").contains("nobody but root"), "{told:?}");
        line.drop_file("py", b"SN1.log", b"x");
        let refused = daemon.wait_for_code("C230");
        assert!(refused.key("cause").contains("runner.py.minisig"), "{refused:?}");
        assert_eq!(line.names("py", "drop"), ["SN1.log"]);
        sign(&[runner.to_str().unwrap()]);
        server.wait_for(1);
        assert_eq!(server.only_report()["sn"], "SN1");
        assert!(daemon.stop().success());
    }

    #[test]
    fn a_folder_becomes_as_many_reports_as_its_class_makes() {
        let Some(installed) = installed() else { return };
        let server = Server::http();
        let class = keys(
            installed,
            "station_classes.Panel",
            "unit = \"folder\"\nmarker = \"COMPLETE.marker\"",
        );
        let line = Line::to(&server).converter("py", &class);
        let daemon = line.start();
        let panel = line.path("py").join("drop/panel-1");
        std::fs::create_dir(&panel).unwrap();
        for name in ["B1.log", "B2.log", "COMPLETE.marker"] {
            std::fs::write(panel.join(name), name).unwrap();
        }
        server.wait_for(2);
        assert!(daemon.stop().success());
    }
}
