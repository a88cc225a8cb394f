//! What a report may cost before anything of it is built.

/// The bounds on one text that holds reports. Each is checked before the typed parse begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadLimits {
    /// Length of the whole text in bytes. Default 16 MiB: two times the default of `output_mib`.
    pub bytes: usize,
    /// How deep objects and arrays may stand in each other within one report, 1 to 100. Default 64: thirty
    /// levels of steps. `serde_json` itself stops at 128, so more than 100 has no effect.
    pub depth: usize,
    /// Number of JSON values in the whole text. Default 2,000,000.
    pub nodes: usize,
    /// Length of one string in bytes, keys included. Default 14 MiB: an attachment of 10 MiB in base64.
    pub string_bytes: usize,
    /// Members of one object. Default 4,096.
    pub members: usize,
    /// Steps in the whole text. Default 200,000.
    pub steps: usize,
    /// Reports in one text. Default 10,000: a wafer lot.
    pub reports: usize,
    /// Faults that are gathered before reading stops. Default 20.
    pub faults: usize,
}

impl ReadLimits {
    /// The limits on an output that may have so many bytes (setting `output_mib`). The other bounds grow with it: a
    /// JSON value takes at least 8 bytes on average, a step 80, a report 400.
    pub fn of_output(bytes: usize) -> Self {
        let usual = Self::default();
        Self {
            bytes: usual.bytes.max(bytes),
            nodes: usual.nodes.max(bytes / 8),
            string_bytes: usual.string_bytes.max(bytes),
            steps: usual.steps.max(bytes / 80),
            reports: usual.reports.max(bytes / 400),
            ..usual
        }
    }
}

impl Default for ReadLimits {
    fn default() -> Self {
        const MIB: usize = 1024 * 1024;
        Self {
            bytes: 16 * MIB,
            depth: 64,
            nodes: 2_000_000,
            string_bytes: 14 * MIB,
            members: 4_096,
            steps: 200_000,
            reports: 10_000,
            faults: 20,
        }
    }
}
