//! The header of a report.

use crate::model::number::NumberRule::Whole;
use crate::model::step::SEQUENCES;
use crate::model::{
    AdditionalData, Asset, BinaryData, Kind, Number, Raw, ReportStatus, Step, SubUnit, UurInfo, UutInfo, Word,
};
use crate::path::Segment;
use crate::read::TextRule::{Length, Start, Uuid};
use crate::read::{Reader, record};
use crate::{Excerpt, Problem};

record! {
    /// A report: a test of a unit ([`Kind::Test`]: `uut`, `root`) or a repair ([`Kind::Repair`]: `uur`, `subUnits`).
    pub struct Report {
        /// UUID; filled in when absent.
        "id" id: String = Uuid,
        /// Test or repair.
        "type" kind: Word<Kind>,
        /// Part number, 1 to 100 characters.
        "pn" pn: String = Length(1, 100),
        /// Serial number, 1 to 100 characters.
        "sn" sn: String = Length(1, 100),
        /// Revision, 1 to 100 characters.
        "rev" rev: String = Length(1, 100),
        /// Operation code: of the test, or of the repair.
        "processCode" process_code: Number = Whole,
        /// How it is shown.
        "processCodeFormat" process_code_format: String = Length(0, 100),
        /// Name of the operation; the server's.
        "processName" process_name: String = Length(0, 100),
        /// Result.
        "result" result: Word<ReportStatus>,
        /// Station, 1 to 100 characters; filled in when absent.
        "machineName" machine_name: String = Length(1, 100),
        /// 1 to 100 characters; filled in when absent.
        "location" location: String = Length(1, 100),
        /// 1 to 100 characters; filled in when absent.
        "purpose" purpose: String = Length(1, 100),
        /// Local date and time with offset; filled in when absent.
        "start" start: String = Start,
        /// The same in UTC; the server's.
        "startUTC" start_utc: String = Start,
        /// Who sent it; the server's.
        "origin" origin: String = Length(0, 100),
        /// Name of the product; the server's.
        "productName" product_name: String = Length(0, 100),
        /// What only a test has.
        "uut" uut: UutInfo,
        /// What only a repair has.
        "uur" uur: UurInfo,
        /// Units inside the unit; in a repair with failures.
        "subUnits" sub_units: Vec<SubUnit>,
        /// Whatever else is known.
        "miscInfos" misc_infos: Vec<MiscInfo>,
        /// Equipment.
        "assets" assets: Vec<Asset>,
        /// The server's statistics of the equipment, unread.
        "assetStats" asset_stats: Vec<Raw>,
        /// Files.
        "binaryData" binary_data: Vec<BinaryData>,
        /// Further data.
        "additionalData" additional_data: Vec<AdditionalData>,
        /// The step around all steps; a test has it.
        "root" root: Box<Step>,
    }
    check |this, reader| { check_report(this, reader); }
}

record! {
    /// A named text. The schema demands a description; the vendor's own generator writes some without (with `name`
    /// and `value`, which then are unknown members), so its absence is no fault.
    pub struct MiscInfo {
        /// 1 to 100 characters.
        "description" description: String = Length(1, 100),
        /// Up to 100 characters.
        "text" text: String = Length(0, 100),
        /// An id.
        "id" id: String,
        /// A number; the server's.
        "numeric" numeric: Number,
    }
    check |_this, _reader| {}
}

/// Checks what must be there. The members that [`crate::Document::complete`] fills in are not asked for.
fn check_report(report: &Report, reader: &mut Reader<'_>) {
    reader.require("pn", report.pn.is_some());
    reader.require("sn", report.sn.is_some());
    reader.require("rev", report.rev.is_some());
    reader.require("processCode", report.process_code.is_some());
    if reader.kind() == Kind::Repair {
        reader.require("uur", report.uur.is_some());
        reader.require("subUnits", report.sub_units.is_some());
        return;
    }
    reader.require("root", report.root.is_some());
    let Some(root) = &report.root else { return };
    if let Some(found) = root
        .step_type
        .as_deref()
        .filter(|found| !SEQUENCES.contains(found))
    {
        let problem = Problem::Word {
            found: Excerpt::of(found),
            allowed: "SequenceCall WATS_SeqCall",
        };
        reader.enter(Segment::Key("root".into()));
        reader.member_fault("stepType", problem);
        reader.leave();
    }
    if report.result.is_none() && root.status.is_none() {
        // Readers take an absent result for a pass; a report that says nothing must not become one.
        reader.require("result", false);
    }
}
