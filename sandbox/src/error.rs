//! Why a job could not be run at all. How a job that ran has ended is [`crate::Outcome`].

use std::fmt;
use std::io;
use std::path::PathBuf;

use crate::policy::Level;
use crate::protocol::ProtocolError;
use crate::signature::SignatureFault;

/// Why a job could not be run, or the forker not be started.
#[derive(Debug)]
#[non_exhaustive]
pub enum SandboxError {
    /// The forker could not be started.
    Start {
        /// What failed: `spawn`, `scratch folder` and so on.
        step: String,
        /// Why.
        source: io::Error,
    },
    /// The forker died under the job, was started again, and died again.
    ForkerDied,
    /// The forker said nothing about a job long after its deadline; it was ended.
    ForkerStuck,
    /// A forker that was started later found other layers than the first one, and was ended.
    OtherLayers,
    /// The job does not fit into a message.
    Message(ProtocolError),
    /// A system call on the daemon's side of the job failed.
    System {
        /// Which.
        step: &'static str,
        /// Why.
        source: io::Error,
    },
    /// The input is neither a regular file nor, for an external converter, a folder.
    Input,
    /// The converter's program cannot be run.
    Program {
        /// Which.
        path: PathBuf,
        /// Why.
        fault: ProgramFault,
    },
    /// This system cannot confine an external converter as the policy demands.
    Level {
        /// What it can.
        level: Level,
        /// What would raise it.
        remedy: &'static str,
    },
}

/// Why a program cannot be run.
#[derive(Debug)]
#[non_exhaustive]
pub enum ProgramFault {
    /// The command is empty, or its first word is no absolute path.
    NotAbsolute,
    /// It, or what it is run by, cannot be opened.
    Open(io::Error),
    /// A folder that it is to read cannot be opened.
    Folder {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It is not a regular file with an execute bit.
    NotExecutable,
    /// It is neither an ELF file nor a script that begins with `#!`.
    NotAProgram,
    /// It is for another machine, or for another word size.
    Machine {
        /// `e_machine` of its header.
        found: u16,
        /// `e_machine` of this system.
        expected: u16,
    },
    /// The interpreter that it names is itself a script, or there is none.
    Interpreter,
    /// No Python interpreter was found.
    NoPython,
    /// None of the trusted keys has signed it.
    Signature(SignatureFault),
    /// It must be signed, and is too large to be held in memory.
    TooLong {
        /// The largest, in bytes.
        limit: u64,
    },
    /// What was signed cannot be held in memory.
    Copy(io::Error),
}

impl fmt::Display for SandboxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Start { step, .. } => write!(f, "forker could not be started ({step})"),
            Self::ForkerDied => f.write_str("forker died twice under the same job"),
            Self::ForkerStuck => f.write_str("forker does not answer and was ended"),
            Self::OtherLayers => f.write_str(
                "a forker that was started anew found other layers of the sandbox than the first one",
            ),
            Self::Message(_) => f.write_str("job does not fit into a message to the forker"),
            Self::System { step, .. } => write!(f, "{step} failed"),
            Self::Input => f.write_str("input is not a regular file"),
            Self::Program { path, .. } => write!(f, "program cannot be run: {}", path.display()),
            Self::Level { level, remedy } => write!(f, "sandbox level is {level}; {remedy}"),
        }
    }
}

impl fmt::Display for ProgramFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAbsolute => f.write_str("not an absolute path"),
            Self::Open(_) => f.write_str("cannot be opened"),
            Self::Folder { path, .. } => {
                write!(
                    f,
                    "the folder that it is to read cannot be opened: {}",
                    path.display()
                )
            }
            Self::NotExecutable => f.write_str("not an executable file (mode)"),
            Self::NotAProgram => f.write_str("neither an ELF file nor a script with an interpreter line"),
            Self::Machine { found, expected } => {
                write!(
                    f,
                    "built for another machine (ELF machine {found}, this system runs {expected})"
                )
            }
            Self::Interpreter => f.write_str("its interpreter line names no program"),
            Self::Signature(fault) => fault.fmt(f),
            Self::TooLong { limit } => {
                write!(f, "too large for a signed program (limit {} MiB)", limit >> 20)
            }
            Self::Copy(_) => {
                f.write_str("no sealed copy in memory can be made (sysctl vm.memfd_noexec must be below 2)")
            }
            Self::NoPython => f.write_str("no python3 found in /usr/bin, /usr/local/bin or PATH"),
        }
    }
}

impl std::error::Error for SandboxError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Start { source, .. } | Self::System { source, .. } => Some(source),
            Self::Message(source) => Some(source),
            Self::Program { fault, .. } => Some(fault),
            Self::ForkerDied | Self::ForkerStuck | Self::OtherLayers | Self::Input | Self::Level { .. } => {
                None
            }
        }
    }
}

impl std::error::Error for ProgramFault {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Open(source) | Self::Copy(source) | Self::Folder { source, .. } => Some(source),
            Self::Signature(fault) => fault.source(),
            _ => None,
        }
    }
}

impl From<SignatureFault> for ProgramFault {
    fn from(fault: SignatureFault) -> Self {
        Self::Signature(fault)
    }
}

impl From<ProtocolError> for SandboxError {
    fn from(source: ProtocolError) -> Self {
        Self::Message(source)
    }
}
