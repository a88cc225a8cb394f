//! How a program of ours ends.

use std::process::ExitCode;

/// The exit status of `stationd` and `stationctl`. Source: sysexits.h, where the numbers come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// 0: done.
    Clean,
    /// 64: the command line makes no sense.
    Usage,
    /// 69: something needed is not there, as a server or a running daemon.
    Unavailable,
    /// 70: a fault of ours.
    Internal,
    /// 74: a disk cannot be read or written.
    Disk,
    /// 78: the settings cannot be used.
    Settings,
}

impl Exit {
    /// The number.
    pub fn code(self) -> u8 {
        match self {
            Self::Clean => 0,
            Self::Usage => 64,
            Self::Unavailable => 69,
            Self::Internal => 70,
            Self::Disk => 74,
            Self::Settings => 78,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}
