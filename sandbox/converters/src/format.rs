//! The names of the built-in formats.

use std::ffi::OsStr;
use std::fmt;
use std::path::Path;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A built-in format, by its name in the settings. Variants are only appended: the forker's protocol counts them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Format {
    /// `wsjf`: WATS Standard JSON Format.
    Wsjf,
    /// `wats-text`: tab-separated WATS standard text.
    WatsText,
    /// `csv`: a header row mapped by `arguments`.
    Csv,
    /// `wsxf`: WATS standard XML.
    Wsxf,
    /// `atml`: test results of IEEE 1636.1.
    Atml,
    /// `teststand`: TestStand's XML report.
    TestStand,
    /// `junit`: XML results of JUnit and other test runners.
    Junit,
    /// `stdf`: Standard Test Data Format, version 4.
    Stdf,
    /// `teradyne-gr228x`: the log of 228x in-circuit testers.
    TeradyneGr228x,
    /// `i3070`: log records of 3070 in-circuit testers.
    I3070,
    /// `seica`: XML results of Seica flying probe testers.
    Seica,
    /// `saki`: XML results of Saki inspection machines.
    Saki,
    /// `sigmaquest`: unit reports in XML, as SIGMAQUEST imports them.
    SigmaQuest,
    /// `spea`: reports of SPEA 3030 in-circuit testers.
    Spea,
    /// `xjtag`: logs of XJTAG's boundary scan runner.
    Xjtag,
    /// `takaya`: `.ATD` files of Takaya flying probe testers.
    Takaya,
    /// `teradyne-spectrum`: results of Spectrum in-circuit testers.
    TeradyneSpectrum,
    /// `klippel`: result files of Klippel's acoustic test system.
    Klippel,
    /// `openhtf`: test records of `OpenHTF` in JSON.
    OpenHtf,
    /// `keysight-testexec`: XML results of `TestExec` SL.
    KeysightTestExec,
    /// `auto`: any of them, recognised by its content.
    Auto,
}

/// A name that is no built-in format.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownFormat(pub String);

impl fmt::Display for UnknownFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = Format::ALL.iter().map(|format| format.as_str()).collect();
        write!(
            f,
            "no built-in format `{}`; there are: {}",
            self.0,
            names.join(", ")
        )
    }
}

impl std::error::Error for UnknownFormat {}

impl Format {
    /// Every built-in format.
    pub const ALL: &'static [Self] = &[
        Self::Wsjf,
        Self::WatsText,
        Self::Csv,
        Self::Wsxf,
        Self::Atml,
        Self::TestStand,
        Self::Junit,
        Self::Stdf,
        Self::TeradyneGr228x,
        Self::I3070,
        Self::Seica,
        Self::Saki,
        Self::SigmaQuest,
        Self::Spea,
        Self::Xjtag,
        Self::Takaya,
        Self::TeradyneSpectrum,
        Self::Klippel,
        Self::OpenHtf,
        Self::KeysightTestExec,
        Self::Auto,
    ];

    /// The folder beside a file of this name that holds the rest of its results, for a format that has one, or may be one
    /// that has. The parser takes both as one archive: [`crate::pack`].
    pub fn folder_beside(self, file: &OsStr) -> Option<&OsStr> {
        let file = Path::new(file);
        let is_text = file
            .extension()
            .is_some_and(|extension| extension.eq_ignore_ascii_case("txt"));
        match self {
            Self::Klippel | Self::Auto if is_text => file.file_stem(),
            _ => None,
        }
    }

    /// Its name in the settings.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Wsjf => "wsjf",
            Self::WatsText => "wats-text",
            Self::Csv => "csv",
            Self::Wsxf => "wsxf",
            Self::Atml => "atml",
            Self::TestStand => "teststand",
            Self::Junit => "junit",
            Self::Stdf => "stdf",
            Self::TeradyneGr228x => "teradyne-gr228x",
            Self::I3070 => "i3070",
            Self::Seica => "seica",
            Self::Saki => "saki",
            Self::SigmaQuest => "sigmaquest",
            Self::Spea => "spea",
            Self::Xjtag => "xjtag",
            Self::Takaya => "takaya",
            Self::TeradyneSpectrum => "teradyne-spectrum",
            Self::Klippel => "klippel",
            Self::OpenHtf => "openhtf",
            Self::KeysightTestExec => "keysight-testexec",
            Self::Auto => "auto",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .iter()
            .copied()
            .find(|format| format.as_str() == name)
            .ok_or_else(|| UnknownFormat(name.to_owned()))
    }
}
