//! The daemon's own Landlock layer: what no part of it has a use for.
//!
//! A layer is for ever, while a reload may name other folders; and a rule is for the folder that lay at a path when it
//! was made, which a share that is mounted again is not. So the layer says nothing about where files are read and
//! written, which is left to ordinary rights and to the unit. It takes away what is never needed, wherever it may be:
//! to execute a program; to make, or bring into another folder, a device, a named pipe or a symbolic link; and, from
//! ABI 5, to command a device.

use std::io;
use std::os::fd::OwnedFd;

use landlock::{
    AccessFs, CompatLevel, Compatible as _, PathBeneath, Ruleset, RulesetAttr as _, RulesetCreated,
    RulesetCreatedAttr as _, RulesetError,
};
use nix::errno::Errno;

use crate::error::SandboxError;
use crate::files;

/// Binds the calling thread, and what it starts from now on, to the daemon's layer, for good.
///
/// Called when the [`crate::Starter`] is there, whose thread stays free to execute the forker, and before any other
/// thread is.
///
/// # Errors
/// When the kernel has no Landlock, or only the first ABI; nothing is bound then.
pub fn confine_daemon() -> Result<(), SandboxError> {
    let failed = |source| SandboxError::System {
        step: "Landlock layer",
        source,
    };
    let root = files::open_path("/").map_err(|errno| failed(errno.into()))?;
    let rules = rules(root).map_err(|error| match files::errno_of(&error) {
        Errno::EOPNOTSUPP => failed(io::Error::new(
            io::ErrorKind::Unsupported,
            "it needs Linux 5.19 or later with Landlock",
        )),
        errno => failed(errno.into()),
    })?;
    files::restrict(rules).map_err(|errno| failed(errno.into()))
}

/// Below ABI 2 (Linux 5.19) a layer of any kind keeps files from being moved to another folder, which is what the
/// daemon does with them; hence that right, everywhere, or no layer. Source: landlock(7), `LANDLOCK_ACCESS_FS_REFER`.
fn rules(root: OwnedFd) -> Result<RulesetCreated, RulesetError> {
    let never =
        AccessFs::Execute | AccessFs::MakeChar | AccessFs::MakeBlock | AccessFs::MakeFifo | AccessFs::MakeSym;
    Ruleset::default()
        .set_compatibility(CompatLevel::HardRequirement)
        .handle_access(never | AccessFs::Refer)?
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::IoctlDev)?
        .create()?
        .add_rule(PathBeneath::new(root, AccessFs::Refer))
}
