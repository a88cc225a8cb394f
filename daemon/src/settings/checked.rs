//! Settings without a fault, as each role is told them.

use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use rustix::fs::{Access, access};
use stationd_actors::converter::{ConverterSettings, RetentionSettings, SupervisorSettings};
use stationd_actors::queue::QueueSettings;
use stationd_actors::scheduler::ScheduleSettings;
use stationd_actors::uploader::{Server, TransportError, UploaderSettings};
use stationd_actors::watcher::{FolderSettings, Unit};
use stationd_sandbox::{ExternalProgram, ForkerSettings};
use uuid::Uuid;

use super::contents::Contents;
use super::environment::Environment;
use super::file::FileKeys;
use super::folders;
use super::program;
use super::reader::Findings;
use super::sandbox::SandboxSettings;
use super::service::{ControlSettings, HttpSettings, LogSettings};
use super::station::Identity;
use super::values::Values;
use super::volatile::is_volatile;
use super::{Backup, Faults, Origin, Problem, Warning};
use crate::causes::joined;

/// What every part of the daemon is told, one struct each.
///
/// Only the wiring and `stationctl config` see all of it.
#[derive(Debug)]
pub struct Settings {
    /// The folder of store, spool, scratch and keys.
    pub state_dir: PathBuf,
    /// This station.
    pub identity: Identity,
    /// The watcher's folders, in the order of the converters.
    pub folders: Vec<FolderSettings>,
    /// The converters.
    pub converters: Vec<ConverterSettings>,
    /// When converters run that fetch by themselves.
    pub schedules: Vec<ScheduleSettings>,
    /// Who converts, and where.
    pub sandbox: SandboxSettings,
    /// The queue.
    pub queue: QueueSettings,
    /// The uploader.
    pub uploader: UploaderSettings,
    /// How long sources are kept.
    pub retention: RetentionSettings,
    /// The control socket.
    pub control: ControlSettings,
    /// Health, metrics and the status page.
    pub http: HttpSettings,
    /// The journal.
    pub log: LogSettings,
    /// Every value in force with its origin.
    pub values: Values,
    /// What is legal but deserves a word.
    pub warnings: Vec<Warning>,
    /// Where the server's token comes from, when there is one.
    pub token_origin: Option<Origin>,
    /// The backup that was read because the file is damaged.
    pub backup: Option<Backup>,
    /// What the token, certificate and key files held.
    pub(super) contents: Contents,
}

impl Settings {
    /// Leaves out the converters that are not to be kept, with their folders.
    pub fn keep_converters(&mut self, mut keep: impl FnMut(&ConverterSettings) -> bool) {
        self.converters.retain(|converter| keep(converter));
        let converters = &self.converters;
        let is_kept = |folder: &FolderSettings| {
            converters
                .iter()
                .any(|converter| converter.name == folder.converter)
        };
        self.folders.retain(is_kept);
    }

    /// Checks what was read.
    ///
    /// # Errors
    ///
    /// With every fault of `findings`, and those that only show when keys are seen together.
    pub(super) fn check(
        mut keys: FileKeys,
        environment: &Environment,
        mut findings: Findings,
    ) -> Result<Self, Faults> {
        let findings_ref = &mut findings;
        keys.check_schema(findings_ref);
        keys.fill_in(environment, findings_ref);
        let state_dir = PathBuf::from(&keys.state_dir);
        if is_volatile(&state_dir) {
            let text = format!(
                "{} is in memory: a power cut takes the reports that wait; name a folder on a disk, or mount one there",
                keys.state_dir
            );
            findings_ref.warn("state_dir", &text);
        }
        let identity = keys.station.identity(environment, findings_ref);
        keys.station.fill_in(&identity, findings_ref);
        let presets = keys.station.presets(&identity.station, findings_ref);
        let checked = folders::check(
            &keys.converters,
            &identity.station,
            &presets,
            &state_dir,
            findings_ref,
        );
        let server = keys.server.check(environment, findings_ref);
        let sandbox = keys.sandbox.check(findings_ref);
        if !sandbox.trusted_keys.is_empty() {
            program::warn_of_classes(&keys.converters, findings_ref);
        }
        let control = keys.control.check(findings_ref);
        let http = keys.http.check(findings_ref);
        let uploader = server.map(|server| keys.upload.check(server, findings_ref));
        if let Some(uploader) = uploader.as_ref().filter(|_| findings.faults.is_empty()) {
            certificates(uploader, &mut findings);
        }
        let (Some(uploader), true) = (uploader, findings.faults.is_empty()) else {
            return Err(Faults::new(findings.faults));
        };
        Ok(Self {
            values: Values::of(&mut keys, &findings).with_token(findings.token_origin.as_ref()),
            queue: keys.queue.check(&state_dir, &keys.retention, &keys.upload),
            retention: keys.retention.check(&state_dir),
            state_dir,
            identity,
            folders: checked.folders,
            converters: checked.converters,
            schedules: checked.schedules,
            sandbox,
            contents: Contents::of(&uploader.server),
            uploader,
            control,
            http,
            log: keys.log.clone(),
            warnings: findings.warnings,
            token_origin: findings.token_origin,
            backup: findings.backup,
        })
    }

    /// The converter supervisor's settings; `station_id` comes from [`super::station_id`].
    pub fn supervisor(&self, station_id: Uuid) -> SupervisorSettings {
        SupervisorSettings {
            converters: self.converters.clone(),
            station_id,
            max_children: self.sandbox.max_children,
            policy: self.sandbox.policy,
            keys: self.sandbox.trusted_keys.clone(),
            retention: self.retention.clone(),
        }
    }

    /// Names of the converters that run unconfined.
    pub fn trusted(&self) -> impl Iterator<Item = &str> {
        let trusted = self
            .converters
            .iter()
            .filter(|converter| converter.program.is_trusted());
        trusted.map(|converter| converter.name.as_str())
    }

    /// Where whole folders come from that are converted: drop and pending folders.
    fn result_folders(&self) -> impl Iterator<Item = PathBuf> {
        let all = self.folders.iter().zip(&self.converters);
        let fed = all.filter(|(folder, _)| folder.unit != Unit::File);
        fed.flat_map(|(_, converter)| [converter.drop_dir.clone(), converter.pending_dir.clone()])
    }

    /// Makes the folders of the schedules' orders, which are in the state folder; one that cannot be made is reported by
    /// the role that needs it.
    pub fn make_order_folders(&self) {
        for schedule in &self.schedules {
            drop(std::fs::create_dir_all(schedule.orders()));
        }
    }

    /// The forker's settings; `own_cgroup` says whether the daemon's cgroup is its own to arrange (`Delegate=yes`).
    pub fn forker(&self, own_cgroup: bool) -> ForkerSettings {
        let converters = self.converters.iter();
        let external = converters.filter_map(|converter| converter.program.external());
        let paths = external.flat_map(ExternalProgram::paths);
        let mut readable: Vec<_> = paths.map(Path::to_owned).collect();
        // Whole folders are copied by the child, before it is confined but after the forker is.
        readable.extend(self.result_folders());
        let fetched_from = self.converters.iter().flat_map(|converter| &converter.readable);
        readable.extend(fetched_from.cloned());
        readable.sort();
        readable.dedup();
        ForkerSettings {
            scratch_root: self.sandbox.scratch_dir.clone(),
            user: self.sandbox.user.clone(),
            readable,
            unconfined: self.trusted().next().is_some(),
            own_cgroup,
        }
    }

    /// Makes the state folder, for this user alone but for its group, and the folder of reports where it lies inside. One
    /// that lies elsewhere may be a medium's, and is not made.
    ///
    /// # Errors
    ///
    /// When it cannot be made or written, or something else has its name. A full disk is no error: what waits there can
    /// be sent.
    pub fn make_state_dir(&self) -> std::io::Result<()> {
        std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o750)
            .create(&self.state_dir)?;
        access(&self.state_dir, Access::WRITE_OK | Access::EXEC_OK)?;
        if let Server::Directory(reports) = &self.uploader.server
            && reports.starts_with(&self.state_dir)
        {
            // A folder that cannot be made is reported by whoever puts reports into it.
            drop(
                std::fs::DirBuilder::new()
                    .recursive(true)
                    .mode(0o750)
                    .create(reports),
            );
        }
        Ok(())
    }
}

/// Whether the certificates, the key and the token can be used: a daemon that finds out at its next start stays down.
fn certificates(uploader: &UploaderSettings, findings: &mut Findings) {
    let Err(error) = stationd_actors::uploader::check(uploader) else {
        return;
    };
    let words = joined(&error);
    match error {
        // Where an image is made they may be missing that are on it.
        TransportError::NoSystemAuthorities => findings.warn(error.key(), &words),
        _ => findings.fault(error.key(), Problem::Conflict(words.into())),
    }
}
