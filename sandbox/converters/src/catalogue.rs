//! What a person chooses a format by: the files it is for, and the arguments it takes.

use crate::Format;

/// A format as a list shows it.
struct Kind {
    format: Format,
    /// Name patterns of its usual files, for the setting `patterns`.
    patterns: &'static [&'static str],
    /// The arguments it knows.
    arguments: &'static [&'static str],
    /// Those without which no file is converted, as no file says it: of each list at least one.
    required: &'static [&'static [&'static str]],
}

const CODE: &[&str] = &["process_code"];
const CODE_OR_CODES: &[&str] = &["process_code", "process_codes"];
const REVISION: &[&str] = &["revision"];

const KINDS: &[Kind] = &[
    Kind {
        format: Format::Wsjf,
        patterns: &["*.json", "*.wsjf"],
        arguments: &["on_damaged_unit", "time_zone"],
        required: &[],
    },
    Kind {
        format: Format::WatsText,
        patterns: &["*.txt"],
        arguments: &[
            "process_code",
            "process_codes",
            "part_number",
            "revision",
            "encoding",
            "decimal_mark",
            "start_format",
            "status_words",
            "on_damaged_unit",
            "time_zone",
        ],
        required: &[],
    },
    Kind {
        format: Format::Csv,
        patterns: &["*.csv", "*.txt"],
        arguments: &[
            "columns",
            "constants",
            "misc_columns",
            "group_by",
            "unit_rows",
            "delimiter",
            "quote",
            "header_line",
            "decimal_mark",
            "encoding",
            "start_format",
            "status_words",
            "process_codes",
            "on_damaged_unit",
            "time_zone",
        ],
        required: &[&["columns"]],
    },
    Kind {
        format: Format::Wsxf,
        patterns: &["*.xml", "*.wsxf"],
        arguments: &[
            "process_code",
            "process_codes",
            "part_number",
            "revision",
            "on_damaged_unit",
            "time_zone",
        ],
        required: &[],
    },
    Kind {
        format: Format::Atml,
        patterns: &["*.xml"],
        arguments: &[
            "process_code",
            "part_number",
            "revision",
            "status_words",
            "on_damaged_unit",
            "time_zone",
        ],
        required: &[CODE],
    },
    Kind {
        format: Format::TestStand,
        patterns: &["*.xml"],
        arguments: &[
            "process_code",
            "part_number",
            "revision",
            "status_words",
            "on_damaged_unit",
            "time_zone",
        ],
        required: &[],
    },
    Kind {
        format: Format::Junit,
        patterns: &["*.xml"],
        arguments: &[
            "serial_property",
            "serial_from_name",
            "part_number_property",
            "part_number",
            "revision_property",
            "revision",
            "process_code",
            "operator_property",
            "unit_per_suite",
            "on_damaged_unit",
            "time_zone",
        ],
        required: &[
            CODE,
            &["serial_from_name", "serial_property"],
            &["part_number", "part_number_property"],
            &["revision", "revision_property"],
        ],
    },
    Kind {
        format: Format::Stdf,
        patterns: &["*.stdf", "*.std", "*.stdf.gz"],
        arguments: &[
            "serial",
            "process_code",
            "process_codes",
            "part_number",
            "revision",
            "utc_times",
            "on_damaged_unit",
            "time_zone",
        ],
        required: &[CODE_OR_CODES],
    },
    Kind {
        format: Format::TeradyneGr228x,
        patterns: &["*.LOG"],
        arguments: &[
            "process_code",
            "part_number",
            "part_number_ends",
            "revision",
            "encoding",
            "on_damaged_unit",
            "time_zone",
        ],
        required: &[CODE],
    },
    Kind {
        format: Format::I3070,
        patterns: &["*.log", "*.txt"],
        arguments: &[
            "process_code",
            "process_codes",
            "part_number",
            "part_number_ends",
            "revision",
            "serial_from_name",
            "encoding",
            "on_damaged_unit",
            "time_zone",
        ],
        required: &[CODE_OR_CODES],
    },
    Kind {
        format: Format::Seica,
        patterns: &["*.xml"],
        arguments: &[
            "process_code",
            "part_number_from",
            "part_number",
            "revision",
            "start_format",
            "decimal_mark",
            "status_words",
            "on_damaged_unit",
            "time_zone",
        ],
        required: &[CODE],
    },
    Kind {
        format: Format::Saki,
        patterns: &["*.xml"],
        arguments: &[
            "process_code",
            "part_number",
            "revision",
            "start_format",
            "unit_per_image",
            "image_serial",
            "status_words",
            "on_damaged_unit",
            "time_zone",
        ],
        required: &[CODE, REVISION],
    },
    Kind {
        format: Format::SigmaQuest,
        patterns: &["*.xml"],
        arguments: &[
            "process_code",
            "part_number",
            "revision",
            "zero_is_no_limit",
            "status_words",
            "time_zone",
        ],
        required: &[CODE],
    },
    Kind {
        format: Format::Spea,
        patterns: &["*.csv", "*.txt"],
        arguments: &[
            "process_code",
            "part_number",
            "revision",
            "date_order",
            "encoding",
            "on_damaged_unit",
            "time_zone",
        ],
        required: &[CODE, REVISION],
    },
    Kind {
        format: Format::Xjtag,
        patterns: &["*.xjlog", "*.zip", "*.xml"],
        arguments: &[
            "process_code",
            "part_number",
            "part_number_from_project",
            "revision",
            "status_words",
            "on_damaged_unit",
            "time_zone",
        ],
        required: &[CODE, &["part_number", "part_number_from_project"], REVISION],
    },
    Kind {
        format: Format::Takaya,
        patterns: &["*.ATD"],
        arguments: &[
            "process_code",
            "part_number",
            "part_number_ends",
            "revision",
            "serial_ends",
            "date_order",
            "status_words",
            "encoding",
            "on_damaged_unit",
            "time_zone",
        ],
        required: &[CODE, REVISION],
    },
    Kind {
        format: Format::TeradyneSpectrum,
        patterns: &["*.txt"],
        arguments: &[
            "process_code",
            "part_number",
            "revision",
            "date_order",
            "status_words",
            "encoding",
            "on_damaged_unit",
            "time_zone",
        ],
        required: &[CODE, REVISION],
    },
    Kind {
        format: Format::Klippel,
        patterns: &["*.txt"],
        arguments: &[
            "process_code",
            "part_number",
            "revision",
            "status_words",
            "encoding",
            "time_zone",
        ],
        required: &[CODE, &["part_number"], REVISION],
    },
    Kind {
        format: Format::OpenHtf,
        patterns: &["*.json"],
        arguments: &[
            "process_code",
            "part_number_key",
            "part_number",
            "revision_key",
            "revision",
            "serial_from_name",
            "log_level",
            "time_zone",
        ],
        required: &[
            CODE,
            &["part_number", "part_number_key"],
            &["revision", "revision_key"],
        ],
    },
    Kind {
        format: Format::KeysightTestExec,
        patterns: &["*.xml"],
        arguments: &[
            "process_code",
            "part_number",
            "revision",
            "start_format",
            "status_words",
            "time_zone",
        ],
        required: &[CODE],
    },
    Kind {
        format: Format::Auto,
        patterns: &["*"],
        arguments: &[],
        required: &[],
    },
];

impl Format {
    /// Name patterns of its usual files.
    pub fn patterns(self) -> &'static [&'static str] {
        self.kind().map_or(&["*"], |kind| kind.patterns)
    }

    /// The names of its arguments. Those of `auto` are the names of the other formats.
    pub fn arguments(self) -> &'static [&'static str] {
        self.kind().map_or(&[], |kind| kind.arguments)
    }

    /// Lists of arguments: without one of each list no file is converted.
    pub(crate) fn required(self) -> &'static [&'static [&'static str]] {
        self.kind().map_or(&[], |kind| kind.required)
    }

    fn kind(self) -> Option<&'static Kind> {
        KINDS.iter().find(|kind| kind.format == self)
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;

    use super::*;
    use crate::{Source, convert};

    #[test]
    fn each_listed_argument_is_known_to_its_format() {
        for format in Format::ALL {
            for name in format.arguments() {
                let arguments = format!("{{\"{name}\": null}}");
                let source = Source {
                    name: OsStr::new("x"),
                    arguments: &arguments,
                };
                let error = convert(*format, b"", &source)
                    .map(|_| ())
                    .unwrap_err()
                    .to_string();
                assert!(!error.contains("unknown field"), "{format}: {error}");
            }
        }
    }

    #[test]
    fn each_required_argument_is_listed() {
        for format in Format::ALL {
            for name in format.required().concat() {
                assert!(format.arguments().contains(&name), "{format}: {name}");
            }
        }
    }

    #[test]
    fn each_format_is_listed() {
        for format in Format::ALL {
            assert!(format.kind().is_some(), "{format}");
        }
    }
}
