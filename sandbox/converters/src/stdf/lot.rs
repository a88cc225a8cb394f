//! What the records around the parts say: MIR, WIR.

use crate::ConvertError;
use crate::stdf::records::Fields;

/// The texts of MIR after its numbers, in their order.
const TEXTS: [&str; 30] = [
    "LOT_ID", "PART_TYP", "NODE_NAM", "TSTR_TYP", "JOB_NAM", "JOB_REV", "SBLOT_ID", "OPER_NAM", "EXEC_TYP",
    "EXEC_VER", "TEST_COD", "TST_TEMP", "USER_TXT", "AUX_FILE", "PKG_TYP", "FAMLY_ID", "DATE_COD",
    "FACIL_ID", "FLOOR_ID", "PROC_ID", "OPER_FRQ", "SPEC_NAM", "SPEC_VER", "FLOW_ID", "SETUP_ID", "DSGN_REV",
    "ENG_ID", "ROM_COD", "SERL_NUM", "SUPR_NAM",
];

/// A lot and the wafer at hand.
#[derive(Debug, Default)]
pub(super) struct Lot {
    /// Start of the lot: seconds since 1970, in the clock of the file.
    pub(super) start: Option<u32>,
    /// Start of the wafer, likewise.
    pub(super) wafer_start: Option<u32>,
    pub(super) wafer: Option<String>,
    /// When the job was set up, likewise.
    pub(super) setup: Option<u32>,
    pub(super) socket_of_tester: Option<u8>,
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

    /// Reads WIR.
    pub(super) fn wafer(&mut self, mut fields: Fields<'_>) -> Result<(), ConvertError> {
        fields.skip(2)?;
        self.wafer_start = fields.u4()?.filter(|&start| start != 0);
        self.wafer = fields.cn()?;
        Ok(())
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
