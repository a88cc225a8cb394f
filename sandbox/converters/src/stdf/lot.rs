//! What the records around the parts say: MIR, WIR.

use std::collections::BTreeMap;

use crate::ConvertError;
use crate::stdf::records::Fields;

/// The texts of MIR after its numbers, in their order.
const TEXTS: [&str; 30] = [
    "LOT_ID", "PART_TYP", "NODE_NAM", "TSTR_TYP", "JOB_NAM", "JOB_REV", "SBLOT_ID", "OPER_NAM", "EXEC_TYP",
    "EXEC_VER", "TEST_COD", "TST_TEMP", "USER_TXT", "AUX_FILE", "PKG_TYP", "FAMLY_ID", "DATE_COD",
    "FACIL_ID", "FLOOR_ID", "PROC_ID", "OPER_FRQ", "SPEC_NAM", "SPEC_VER", "FLOW_ID", "SETUP_ID", "DSGN_REV",
    "ENG_ID", "ROM_COD", "SERL_NUM", "SUPR_NAM",
];

/// `HEAD_NUM` of a record that speaks of all heads.
const ALL_HEADS: u8 = 255;

/// A wafer.
#[derive(Debug, Default)]
pub(super) struct Wafer {
    /// Its start: seconds since 1970, in the clock of the file.
    pub(super) start: Option<u32>,
    pub(super) id: Option<String>,
}

/// A lot and the wafers at hand.
#[derive(Debug, Default)]
pub(super) struct Lot {
    /// Start of the lot: seconds since 1970, in the clock of the file.
    pub(super) start: Option<u32>,
    /// When the job was set up, likewise.
    pub(super) setup: Option<u32>,
    pub(super) socket_of_tester: Option<u8>,
    /// By head.
    wafers: BTreeMap<u8, Wafer>,
    texts: Vec<(&'static str, String)>,
}

impl Lot {
    /// Reads MIR.
    pub(super) fn read(mut fields: Fields<'_>) -> Result<Self, ConvertError> {
        let setup = fields.u4()?.filter(|&setup| setup != 0);
        let start = fields.u4()?.filter(|&start| start != 0);
        let socket_of_tester = fields.u1()?;
        let mut texts = Vec::new();
        for name in ["MODE_COD", "RTST_COD", "PROT_COD"] {
            texts.extend(fields.c1()?.map(|text| (name, text)));
        }
        // 65535 says that the burn-in time is not known.
        texts.extend(
            fields
                .u2()?
                .filter(|&minutes| minutes != u16::MAX)
                .map(|all| ("BURN_TIM", all.to_string())),
        );
        texts.extend(fields.c1()?.map(|text| ("CMOD_COD", text)));
        for name in TEXTS {
            texts.extend(fields.cn()?.map(|text| (name, text)));
        }
        Ok(Self {
            start,
            setup,
            socket_of_tester,
            texts,
            ..Self::default()
        })
    }

    /// Reads WIR. Of one that cannot be read nothing is taken: the wafer of its head is then unknown.
    pub(super) fn wafer_begins(&mut self, mut fields: Fields<'_>) -> Result<(), ConvertError> {
        let head = self.wafer_ends(&mut fields);
        fields.skip(1)?;
        let start = fields.u4()?.filter(|&start| start != 0);
        let id = fields.cn()?;
        self.wafers.insert(head, Wafer { start, id });
        Ok(())
    }

    /// Reads the head of WRR or of the next WIR: its wafer is no longer tested.
    pub(super) fn wafer_ends(&mut self, fields: &mut Fields<'_>) -> u8 {
        let head = fields.u1().ok().flatten().unwrap_or(ALL_HEADS);
        if head == ALL_HEADS {
            self.wafers.clear();
        } else {
            self.wafers.remove(&head);
        }
        head
    }

    /// The wafer that a head tests.
    pub(super) fn wafer(&self, head: u8) -> Option<&Wafer> {
        self.wafers.get(&head).or_else(|| self.wafers.get(&ALL_HEADS))
    }

    /// Whether a wafer is tested by some head.
    pub(super) fn has_wafers(&self) -> bool {
        !self.wafers.is_empty()
    }

    /// A text of MIR.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.texts
            .iter()
            .find(|(found, _)| *found == name)
            .map(|(_, text)| text.as_str())
    }

    /// The texts that have no place of their own in a report.
    pub(super) fn others(&self) -> impl Iterator<Item = (&'static str, &str)> {
        const PLACED: [&str; 8] = [
            "LOT_ID", "PART_TYP", "NODE_NAM", "JOB_NAM", "JOB_REV", "OPER_NAM", "TEST_COD", "DSGN_REV",
        ];
        self.texts
            .iter()
            .filter(|(name, _)| !PLACED.contains(name))
            .map(|(name, text)| (*name, text.as_str()))
    }
}
