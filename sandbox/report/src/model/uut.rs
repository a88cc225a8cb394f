//! What only a test report has.

use crate::model::Number;
use crate::model::number::NumberRule::Whole;
use crate::read::TextRule::{Length, Uuid};
use crate::read::record;

record! {
    /// `uut`
    pub struct UutInfo {
        /// Operator, up to 100 characters.
        "user" user: String = Length(0, 100),
        /// Up to 5000 characters.
        "comment" comment: String = Length(0, 5000),
        /// Duration in seconds.
        "execTime" exec_time: Number,
        /// Up to 100 characters.
        "fixtureId" fixture_id: String = Length(0, 100),
        /// Socket; -1 means none.
        "testSocketIndex" test_socket_index: Number = Whole,
        /// How it is shown.
        "testSocketIndexFormat" test_socket_index_format: String,
        /// Error code.
        "errorCode" error_code: Number = Whole,
        /// How it is shown.
        "errorCodeFormat" error_code_format: String,
        /// Error text.
        "errorMessage" error_message: String,
        /// Serial number of the batch, up to 100 characters.
        "batchSN" batch_sn: String = Length(0, 100),
        /// Units of the batch that failed so far.
        "batchFailCount" batch_fail_count: Number = Whole,
        /// How it is shown.
        "batchFailCountFormat" batch_fail_count_format: String,
        /// Place in the batch.
        "batchLoopIndex" batch_loop_index: Number = Whole,
        /// How it is shown.
        "batchLoopIndexFormat" batch_loop_index_format: String,
        /// `id` of the step that made the unit fail.
        "stepIdCausedUUTFailure" step_id_caused_uut_failure: Number = Whole,
        /// Repairs of this test; exports only.
        "referencedByUURs" referenced_by_uurs: Vec<RepairReference>,
    }
    check |_this, _reader| {}
}

record! {
    /// A repair that refers to a test.
    pub struct RepairReference {
        /// UUID of the repair report.
        "id" id: String = Uuid,
        /// Its start.
        "start" start: String,
    }
    check |this, reader| { reader.require("id", this.id.is_some()); }
}
