//! The files that the demo drops, and what the server must have afterwards.

/// A file to drop.
#[derive(Debug)]
pub(super) struct Sample {
    /// Its name in the drop folder.
    pub(super) name: &'static str,
    /// The converter whose folder it goes to; see the settings in `scene`.
    pub(super) converter: &'static str,
    /// Its content.
    pub(super) content: &'static str,
    /// The reports it says, as JSON in the order of the file; none when it is damaged.
    pub(super) says: &'static [&'static str],
}

/// Every file, the damaged one last.
pub(super) const SAMPLES: &[Sample] = &[
    Sample {
        name: "psu.json",
        converter: "wsjf",
        content: include_str!("files/psu.json"),
        says: &[include_str!("files/psu.json")],
    },
    Sample {
        name: "repair.json",
        converter: "wsjf",
        content: include_str!("files/repair.json"),
        says: &[include_str!("files/repair.json")],
    },
    Sample {
        name: "controller.txt",
        converter: "text",
        content: include_str!("files/controller.txt"),
        says: &[include_str!("files/controller.says.json")],
    },
    Sample {
        name: "panel.csv",
        converter: "csv",
        content: include_str!("files/panel.csv"),
        says: &[
            include_str!("files/panel-1.says.json"),
            include_str!("files/panel-2.says.json"),
        ],
    },
    Sample {
        name: "torn.json",
        converter: "wsjf",
        content: include_str!("files/torn.json"),
        says: &[],
    },
];
