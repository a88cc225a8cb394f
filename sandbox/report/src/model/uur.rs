//! What only a repair report has, and the units inside a unit.

use crate::Problem;
use crate::model::number::NumberRule::Whole;
use crate::model::{Kind, Number, Step};
use crate::read::TextRule::{Instant, Length, Uuid};
use crate::read::record;

record! {
    /// `uur`
    pub struct UurInfo {
        /// Operator, up to 100 characters.
        "user" user: String = Length(0, 100),
        /// Up to 5000 characters.
        "comment" comment: String = Length(0, 5000),
        /// Duration in seconds.
        "execTime" exec_time: Number,
        /// Code of the test operation that found the fault.
        "processCode" process_code: Number = Whole,
        /// How it is shown.
        "processCodeFormat" process_code_format: String,
        /// Its name.
        "processName" process_name: String,
        /// The same as `processCode` in older reports.
        "testOperationCode" test_operation_code: Number = Whole,
        /// Its name.
        "testOperationName" test_operation_name: String,
        /// UUID of the operation.
        "testOperationGuid" test_operation_guid: String = Uuid,
        /// UUID of the failed test.
        "refUUT" ref_uut: String = Uuid,
        /// Date and time with offset.
        "confirmDate" confirm_date: String = Instant,
        /// Date and time with offset.
        "finalizeDate" finalize_date: String = Instant,
        /// Whether the repair is open.
        "active" active: bool,
        /// UUID of the repair before this one.
        "parent" parent: String = Uuid,
    }
    check |_this, _reader| {}
}

record! {
    /// A unit inside the unit. A repair's first one (`idx` 0) is the unit itself.
    pub struct SubUnit {
        /// Part number, 1 to 100 characters.
        "pn" pn: String = Length(1, 100),
        /// Serial number, up to 100 characters; a test demands one.
        "sn" sn: String = Length(0, 100),
        /// Revision, up to 100 characters.
        "rev" rev: String = Length(0, 100),
        /// Kind of part, up to 50 characters.
        "partType" part_type: String = Length(0, 50),
        /// Index of this unit.
        "idx" idx: Number = Whole,
        /// Index of the unit around it.
        "parentIdx" parent_idx: Number = Whole,
        /// Position in the unit around it.
        "position" position: Number = Whole,
        /// Index of the unit that it replaced.
        "replacedIdx" replaced_idx: Number = Whole,
        /// What was wrong with it; repairs only.
        "failures" failures: Vec<Failure>,
        /// Steps of its own; in the vendor's model, not on the wire.
        "root" root: Box<Step>,
    }
    check |this, reader| {
        reader.require("pn", this.pn.is_some());
        if reader.kind() == Kind::Test {
            reader.require("sn", this.sn.is_some());
            for (key, value, most) in [("sn", &this.sn, 100), ("partType", &this.part_type, 50)] {
                if value.as_deref() == Some("") {
                    reader.member_fault(key, Problem::Length { found: 0, least: 1, most });
                }
            }
        }
    }
}

record! {
    /// A failure that a repair found.
    pub struct Failure {
        /// Category.
        "category" category: String,
        /// Code.
        "code" code: String,
        /// Comment.
        "comment" comment: String,
        /// Component: `U1`.
        "comRef" com_ref: String,
        /// Function block.
        "funcBlock" func_block: String,
        /// `id` of the step that found it.
        "refStepId" ref_step_id: Number = Whole,
        /// Its name.
        "refStepName" ref_step_name: String,
        /// Article number.
        "artNumber" art_number: String,
        /// Article revision.
        "artRev" art_rev: String,
        /// Article vendor.
        "artVendor" art_vendor: String,
        /// Article description.
        "artDescription" art_description: String,
    }
    check |_this, _reader| {}
}
