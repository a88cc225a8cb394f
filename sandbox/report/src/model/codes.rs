//! The words of WSJF: statuses, groups, comparison operators.

use serde::de::Deserializer;
use serde::{Serialize, Serializer};

use crate::Problem;
use crate::read::{Got, Leaf, Read, Reader};

/// A closed set of words.
pub trait Code: Copy + PartialEq + Sized + 'static {
    /// The words, for messages.
    const WORDS: &'static str;

    /// Finds the meaning of a word, aliases included.
    fn find(word: &str) -> Option<Self>;

    /// The word on the wire.
    fn as_str(self) -> &'static str;
}

/// A code, with the spelling in which it was read where that is not its own word.
#[derive(Debug, Clone, PartialEq)]
pub struct Word<C> {
    code: C,
    spelling: Option<Box<str>>,
}

impl<C: Code> Word<C> {
    /// What the word means.
    pub fn code(&self) -> C {
        self.code
    }

    /// The word as it was read, else the code's own.
    pub fn as_str(&self) -> &str {
        self.spelling.as_deref().unwrap_or(self.code.as_str())
    }
}

impl<C> From<C> for Word<C> {
    fn from(code: C) -> Self {
        Self { code, spelling: None }
    }
}

impl<C: Code> Serialize for Word<C> {
    fn serialize<S: Serializer>(&self, json: S) -> Result<S::Ok, S::Error> {
        json.serialize_str(self.as_str())
    }
}

impl<C: Code> Read for Word<C> {
    type Rule = ();

    fn read<'de, D: Deserializer<'de>>(
        json: D,
        (): (),
        reader: &mut Reader<'de>,
    ) -> Result<Got<Self>, D::Error> {
        let (leaf, raw) = Leaf::take(json)?;
        Ok(match leaf {
            Leaf::Null => Got::Null,
            Leaf::Text(word) => {
                if let Some(code) = C::find(&word) {
                    let spelling = (word != code.as_str()).then(|| word.into());
                    Got::Value(Self { code, spelling })
                } else {
                    reader.fault(Problem::Word {
                        found: crate::Excerpt::of(raw),
                        allowed: C::WORDS,
                    });
                    Got::Bad
                }
            }
            _ => reader.wrong_kind("a word", raw),
        })
    }
}

/// Makes an enum of words. After the wire's word stand the aliases that are read in any case.
macro_rules! code {
    ($(#[$about:meta])* $name:ident, $words:literal, $fold:literal,
        { $( $(#[$doc:meta])* $variant:ident = $word:literal $(| $alias:literal)*, )* }) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $name { $( $(#[$doc])* $variant, )* }

        impl Code for $name {
            const WORDS: &'static str = $words;

            fn find(word: &str) -> Option<Self> {
                let same = |known: &str| if $fold { word.eq_ignore_ascii_case(known) } else { word == known };
                $( if same($word) $(|| same($alias))* { return Some(Self::$variant); } )*
                None
            }

            fn as_str(self) -> &'static str {
                match self { $( Self::$variant => $word, )* }
            }
        }
    };
}

code! {
    /// The kind of a report: `type`.
    Kind, "T R", false, {
        /// A test of a unit.
        Test = "T",
        /// A repair of a unit.
        Repair = "R",
    }
}

code! {
    /// The result of a report. Aliases are read as the peers read them; the words that mean no result are faults.
    ReportStatus, "P F D E T", true, {
        /// Passed.
        Passed = "P" | "Passed" | "Pass" | "OK",
        /// Failed.
        Failed = "F" | "Failed" | "Fail" | "NG" | "NOK",
        /// Done, without a judgement.
        Done = "D" | "Done",
        /// The test itself went wrong.
        Error = "E" | "Error",
        /// Ended by someone before its end.
        Terminated = "T" | "Terminated" | "Terminate" | "Aborted" | "Abort",
    }
}

code! {
    /// The status of a step or measurement.
    StepStatus, "P F S D E T", true, {
        /// Passed.
        Passed = "P" | "Passed" | "Pass" | "OK",
        /// Failed.
        Failed = "F" | "Failed" | "Fail" | "NG" | "NOK",
        /// Skipped.
        Skipped = "S" | "Skipped" | "Skip",
        /// Done, without a judgement.
        Done = "D" | "Done",
        /// The step itself went wrong.
        Error = "E" | "Error",
        /// Ended by someone before its end.
        Terminated = "T" | "Terminated" | "Terminate" | "Aborted" | "Abort",
    }
}

code! {
    /// The group of a step in its sequence.
    StepGroup, "S M C", false, {
        /// Setup.
        Setup = "S",
        /// Main.
        Main = "M",
        /// Cleanup.
        Cleanup = "C",
    }
}

code! {
    /// The axes of a chart.
    ChartType, "Line LineLogXY LineLogX LineLogY", false, {
        /// Both linear.
        Line = "Line",
        /// Both logarithmic.
        LineLogXy = "LineLogXY",
        /// Logarithmic x.
        LineLogX = "LineLogX",
        /// Logarithmic y.
        LineLogY = "LineLogY",
    }
}

code! {
    /// A comparison operator; servers write some in mixed case.
    CompOp, "LOG EQ EQT NE LT LE GT GE GTLT GTLE GELT GELE LTGT LTGE LEGT LEGE CASESENSIT IGNORECASE", true, {
        /// No comparison.
        Log = "LOG",
        /// value = low
        Eq = "EQ",
        /// value = low within a tolerance
        Eqt = "EQT",
        /// value != low
        Ne = "NE",
        /// value < low
        Lt = "LT",
        /// value <= low
        Le = "LE",
        /// value > low
        Gt = "GT",
        /// value >= low
        Ge = "GE",
        /// low < value < high
        Gtlt = "GTLT",
        /// low < value <= high
        Gtle = "GTLE",
        /// low <= value < high
        Gelt = "GELT",
        /// low <= value <= high
        Gele = "GELE",
        /// value < low or value > high
        Ltgt = "LTGT",
        /// value < low or value >= high
        Ltge = "LTGE",
        /// value <= low or value > high
        Legt = "LEGT",
        /// value <= low or value >= high
        Lege = "LEGE",
        /// text equal
        CaseSensit = "CASESENSIT",
        /// text equal in any case
        IgnoreCase = "IGNORECASE",
    }
}
