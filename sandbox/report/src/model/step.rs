//! Steps.

use crate::Problem;
use crate::model::number::{NumberOrTextRule, NumberRule};
use crate::model::{
    AdditionalData, Attachment, BooleanMeasurement, Chart, Measurements, Number, NumberOrText,
    NumericMeasurement, StepGroup, StepStatus, StringMeasurement, Word,
};
use crate::read::TextRule::Length;
use crate::read::{Reader, record};

record! {
    /// A step of any type. Which measurements it may have follows from `stepType`; a type that the model does not
    /// know keeps all its members.
    pub struct Step {
        /// The type: `SequenceCall`, `ET_NLT` and so on.
        "stepType" step_type: String = Length(1, usize::MAX),
        /// 1 to 100 characters.
        "name" name: String = Length(1, 100),
        /// Group in the sequence.
        "group" group: Word<StepGroup>,
        /// Status.
        "status" status: Word<StepStatus>,
        /// Unique in the report; servers count from 1.
        "id" id: NumberOrText = NumberOrTextRule::Whole,
        /// Error code.
        "errorCode" error_code: NumberOrText = NumberOrTextRule::Whole,
        /// How it is shown.
        "errorCodeFormat" error_code_format: String,
        /// Error text.
        "errorMessage" error_message: String,
        /// Free text.
        "reportText" report_text: String,
        /// Date and time; not checked, the schema sets no format.
        "start" start: String,
        /// Duration in seconds.
        "totTime" tot_time: NumberOrText,
        /// How it is shown.
        "totTimeFormat" tot_time_format: String,
        /// Id of the step in `TestStand`.
        "tsGuid" ts_guid: String,
        /// Whether it made its sequence fail.
        "causedSeqFailure" caused_seq_failure: bool,
        /// Whether it made the unit fail.
        "causedUUTFailure" caused_uut_failure: bool,
        /// Loop header or iteration.
        "loop" loop_info: Box<Loop>,
        /// Further data.
        "additionalResults" additional_results: Vec<AdditionalData>,
        /// A chart.
        "chart" chart: Box<Chart>,
        /// A file.
        "attachment" attachment: Box<Attachment>,
        /// What a sequence call called.
        "seqCall" seq_call: Box<SequenceCall>,
        /// Who called.
        "caller" caller: String,
        /// The module.
        "module" module: String,
        /// Children. Real data has them below other steps than sequence calls too.
        "steps" steps: Vec<Step>,
        /// Numbers.
        "numericMeas" numeric: Measurements<NumericMeasurement>,
        /// Yes or no.
        "booleanMeas" boolean: Measurements<BooleanMeasurement>,
        /// Texts.
        "stringMeas" string: Measurements<StringMeasurement>,
        /// A question to the operator.
        "messagePopup" message_popup: Box<MessagePopup>,
        /// A program that was called.
        "callExe" call_exe: Box<CallExe>,
    }
    check |this, reader| { check_step(this, reader); }
}

/// How many measurements a step type has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Count {
    /// Exactly one, without a name.
    One,
    /// At least one, each with a name.
    Several,
}

/// The member and the number of measurements that a step type has.
fn measures(step_type: &str) -> Option<(&'static str, Count)> {
    Some(match step_type {
        "ET_NLT" | "NumericLimitTest" => ("numericMeas", Count::One),
        "ET_MNLT" | "MultiNumericLimitTest" => ("numericMeas", Count::Several),
        "ET_PFT" | "PassFailTest" => ("booleanMeas", Count::One),
        "ET_MPFT" | "MultiBooleanTest" => ("booleanMeas", Count::Several),
        "ET_SVT" | "StringValueTest" => ("stringMeas", Count::One),
        "ET_MSVT" | "MultiStringTest" => ("stringMeas", Count::Several),
        _ => return None,
    })
}

/// Checks the measurements against the step's type. The schema lets them be absent, and real files have none where
/// a step was skipped; what is there must fit.
fn check_step(step: &Step, reader: &mut Reader<'_>) {
    reader.count_step();
    reader.require("stepType", step.step_type.is_some());
    let Some((member, allowed)) = step.step_type.as_deref().and_then(measures) else {
        return;
    };
    let there = match member {
        "numericMeas" => step.numeric.as_ref().map(|all| (all.len(), all.nameless())),
        "booleanMeas" => step.boolean.as_ref().map(|all| (all.len(), all.nameless())),
        _ => step.string.as_ref().map(|all| (all.len(), all.nameless())),
    };
    let Some((found, nameless)) = there else { return };
    match allowed {
        Count::One if found != 1 => {
            reader.member_fault(
                member,
                Problem::Count {
                    found,
                    expected: "exactly one",
                },
            );
        }
        Count::Several if found == 0 => {
            reader.member_fault(
                member,
                Problem::Count {
                    found,
                    expected: "at least one",
                },
            );
        }
        Count::Several => {
            if let Some(index) = nameless {
                reader.element_fault(member, index, "name", Problem::Missing);
            }
        }
        Count::One => {}
    }
}

/// The step types of a sequence.
pub(crate) const SEQUENCES: [&str; 2] = ["SequenceCall", "WATS_SeqCall"];

record! {
    /// `seqCall`: the sequence that was called.
    pub struct SequenceCall {
        /// Path of its file, up to 500 characters.
        "path" path: String = Length(0, 500),
        /// Its name, up to 200 characters.
        "name" name: String = Length(0, 200),
        /// Version of its file, up to 30 characters.
        "version" version: String = Length(0, 30),
    }
    check |_this, _reader| {}
}

record! {
    /// `loop`: an iteration has `idx`, the step around them the other four.
    pub struct Loop {
        /// Iteration, from 0.
        "idx" idx: Number = NumberRule::Whole,
        /// Number of iterations.
        "num" num: Number = NumberRule::Whole,
        /// Index at which it ended.
        "endingIndex" ending_index: Number = NumberRule::Whole,
        /// Iterations that passed.
        "passed" passed: Number = NumberRule::Whole,
        /// Iterations that failed.
        "failed" failed: Number = NumberRule::Whole,
    }
    check |_this, _reader| {}
}

record! {
    /// `messagePopup`
    pub struct MessagePopup {
        /// What the operator entered.
        "response" response: String,
        /// Button, from 1.
        "button" button: Number = NumberRule::Whole,
    }
    check |_this, _reader| {}
}

record! {
    /// `callExe`
    pub struct CallExe {
        /// Exit code.
        "exitCode" exit_code: Number,
    }
    check |_this, _reader| {}
}
