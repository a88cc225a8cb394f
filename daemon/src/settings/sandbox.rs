//! `[sandbox]` and `[converter.sandbox]`: what a converter may use.

use std::path::PathBuf;
use std::time::Duration;

use nix::unistd::{Uid, User};
use stationd_sandbox::{Limits, PolicyMode, TrustedKey, TrustedKeys};

use super::Problem;
use super::keys::{Choice, Keys, Section};
use super::reader::Findings;
use super::rule::{OPTIONAL_PATH, Rule};

const MIB: u64 = 1024 * 1024;

/// A user's name, or nothing. Source: useradd(8), "CAVEATS".
const USER: Rule = Rule {
    allowed: "a user's name, or \"\"",
    pattern: "^([a-z_][a-z0-9_-]{0,31})?$",
    holds: |text| {
        let mut bytes = text.bytes();
        let first = bytes.next();
        text.len() <= 32
            && first.is_none_or(|byte| byte.is_ascii_lowercase() || byte == b'_')
            && bytes.all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_-".contains(&byte))
    },
};

/// The second line of a `minisign.pub`. Source: minisign(1), "NOTES".
const PUBLIC_KEY: Rule = Rule {
    allowed: "a minisign public key: the 56 characters in the second line of minisign.pub",
    pattern: "^RW[A-Za-z0-9+/]{54}$",
    holds: |text| text.parse::<TrustedKey>().is_ok(),
};

/// The limits of one job, as their settings name them.
#[derive(Debug, Clone)]
pub(super) struct LimitKeys {
    wall_s: u32,
    cpu_s: u32,
    memory_mib: u32,
    output_mib: u32,
    scratch_mib: u32,
    processes: u32,
}

impl Default for LimitKeys {
    fn default() -> Self {
        Self {
            wall_s: 300,
            cpu_s: 60,
            memory_mib: 512,
            output_mib: 8,
            scratch_mib: 64,
            processes: 0,
        }
    }
}

impl LimitKeys {
    fn describe<K: Keys>(&mut self, keys: &mut K) {
        keys.integer("wall_s", &mut self.wall_s, 1..=86_400, "Longest time of a job.");
        keys.integer("cpu_s", &mut self.cpu_s, 1..=86_400, "Most CPU time of a job.");
        keys.integer(
            "memory_mib",
            &mut self.memory_mib,
            16..=1_048_576,
            "Most memory of a job.",
        );
        let about = "Longest standard output: all of a job's reports.";
        keys.integer("output_mib", &mut self.output_mib, 1..=1024, about);
        let about = "Most disk space in a job's scratch folder.";
        keys.integer("scratch_mib", &mut self.scratch_mib, 1..=1_048_576, about);
        let about = "Further processes an external converter may have.";
        keys.integer("processes", &mut self.processes, 0..=1024, about);
    }

    /// The limits in the units of the sandbox.
    pub(super) fn limits(&self) -> Limits {
        let bytes = |mib: u32| u64::from(mib) * MIB;
        Limits {
            wall: Duration::from_secs(self.wall_s.into()),
            cpu_s: self.cpu_s.into(),
            memory_bytes: bytes(self.memory_mib),
            output_bytes: bytes(self.output_mib),
            scratch_bytes: bytes(self.scratch_mib),
            processes: self.processes,
        }
    }
}

/// The keys of `[sandbox]`.
#[derive(Debug, Clone)]
pub(super) struct SandboxKeys {
    pub(super) policy: PolicyMode,
    pub(super) max_children: u32,
    pub(super) scratch_dir: String,
    user: String,
    pub(super) limits: LimitKeys,
    trusted_keys: Vec<String>,
}

impl Default for SandboxKeys {
    fn default() -> Self {
        Self {
            policy: PolicyMode::Require,
            max_children: 2,
            scratch_dir: String::new(),
            user: String::new(),
            limits: LimitKeys::default(),
            trusted_keys: Vec::new(),
        }
    }
}

/// Who converts, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SandboxSettings {
    /// What to do on a kernel that cannot confine fully.
    pub policy: PolicyMode,
    /// Children at the same time, 1 to 64.
    pub max_children: usize,
    /// The folder in which each job gets a scratch folder.
    pub scratch_dir: PathBuf,
    /// Who the children of a daemon are that runs as root; empty: `stationd`, else `nobody`.
    pub user: String,
    /// Who must have signed external converters; none: anybody, or nobody.
    pub trusted_keys: TrustedKeys,
}

impl Choice for PolicyMode {
    const NAMED: &'static [(&'static str, Self)] =
        &[("require", Self::Require), ("best-effort", Self::BestEffort)];
}

impl Section for SandboxKeys {
    fn describe<K: Keys>(&mut self, keys: &mut K) {
        let about = "require: no external converter on a kernel that cannot confine it fully.";
        keys.choice("policy", &mut self.policy, about);
        keys.integer(
            "max_children",
            &mut self.max_children,
            1..=64,
            "Jobs at the same time.",
        );
        let about = "Where jobs have their scratch folders; empty: scratch below state_dir.";
        keys.text("scratch_dir", &mut self.scratch_dir, &OPTIONAL_PATH, about);
        let about = "Who converters are when the daemon is root; empty: stationd, else nobody.";
        keys.text("user", &mut self.user, &USER, about);
        self.limits.describe(keys);
        let about = "minisign public keys; with one, unsigned external converters are refused.";
        keys.texts("trusted_keys", &mut self.trusted_keys, &PUBLIC_KEY, about);
    }
}

impl SandboxKeys {
    fn check_user(&self, findings: &mut Findings) {
        const KEY: &str = "sandbox.user";
        if self.user.is_empty() || findings.is_faulty(KEY) {
            return;
        }
        let found = format!("{:?}", self.user);
        match User::from_name(&self.user) {
            Ok(Some(user)) if user.uid.is_root() => {
                findings.fault(KEY, Problem::value(found, "any user but root"));
            }
            // Only a daemon that is root makes its converters somebody else, and then it does not start.
            Ok(None) if Uid::effective().is_root() => {
                let problem =
                    Problem::value(format!("{found}, which is no user of this machine"), USER.allowed);
                findings.fault(KEY, problem);
            }
            Ok(None) => {
                let text = format!(
                    "{found} is no user of this machine; a daemon that is root does not start with it"
                );
                findings.warn(KEY, &text);
            }
            // Who is a user cannot be looked up now.
            Ok(Some(_)) | Err(_) => {}
        }
    }

    /// The forker's settings.
    pub(super) fn check(&self, findings: &mut Findings) -> SandboxSettings {
        self.check_user(findings);
        SandboxSettings {
            policy: self.policy,
            max_children: usize::try_from(self.max_children).unwrap_or(1),
            scratch_dir: PathBuf::from(&self.scratch_dir),
            user: self.user.clone(),
            // One that is none is a fault by its rule.
            trusted_keys: TrustedKeys::new(self.trusted_keys.iter().filter_map(|key| key.parse().ok())),
        }
    }
}

/// The keys of `[converter.sandbox]`: the limits of `[sandbox]`, each of which can be tightened or widened.
#[derive(Debug, Clone, Default)]
pub(super) struct JobKeys {
    pub(super) limits: LimitKeys,
    pub(super) trusted: bool,
}

impl Section for JobKeys {
    fn describe<K: Keys>(&mut self, keys: &mut K) {
        self.limits.describe(keys);
        let about = "true: runs unconfined, within the limits only; warned about at every start.";
        keys.switch("trusted", &mut self.trusted, about);
    }
}
