//! What a header says about a unit, and its place in the report.

/// What a cell says about a unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Field {
    Serial,
    PartNumber,
    Revision,
    ProcessCode,
    ProcessName,
    Result,
    Station,
    Location,
    Purpose,
    /// Local time, or with an offset.
    Start,
    /// UTC where it has no offset.
    StartUtc,
    Operator,
    ExecTime,
    Fixture,
    Batch,
    Socket,
    Comment,
    ErrorCode,
    ErrorMessage,
    /// Name of the test program.
    Program,
    ProgramVersion,
}

impl Field {
    /// Its place in the report.
    pub(super) fn path(self) -> &'static str {
        match self {
            Self::Serial => "sn",
            Self::PartNumber => "pn",
            Self::Revision => "rev",
            Self::ProcessCode => "processCode",
            Self::ProcessName => "processName",
            Self::Result => "result",
            Self::Station => "machineName",
            Self::Location => "location",
            Self::Purpose => "purpose",
            Self::Start | Self::StartUtc => "start",
            Self::Operator => "uut.user",
            Self::ExecTime => "uut.execTime",
            Self::Fixture => "uut.fixtureId",
            Self::Batch => "uut.batchSN",
            Self::Socket => "uut.testSocketIndex",
            Self::Comment => "uut.comment",
            Self::ErrorCode => "uut.errorCode",
            Self::ErrorMessage => "uut.errorMessage",
            Self::Program => "root.seqCall.name",
            Self::ProgramVersion => "root.seqCall.version",
        }
    }
}

/// How long a text may be in its place, in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Room {
    /// It identifies the unit: a longer one is a fault, as the beginning of it would be another unit's.
    Whole(usize),
    /// A longer one is cut, and kept whole elsewhere.
    Cut(usize),
    Any,
}

impl Field {
    /// How long its text may be.
    pub(super) fn room(self) -> Room {
        match self {
            Self::Serial | Self::PartNumber | Self::Revision => Room::Whole(100),
            Self::ProcessName
            | Self::Station
            | Self::Location
            | Self::Purpose
            | Self::Operator
            | Self::Fixture
            | Self::Batch => Room::Cut(100),
            Self::Comment => Room::Cut(5000),
            Self::Program => Room::Cut(200),
            Self::ProgramVersion => Room::Cut(30),
            _ => Room::Any,
        }
    }
}
