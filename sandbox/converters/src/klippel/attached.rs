//! Files of the folder that are no tables: pictures, databases, notes.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use stationd_report::{BinaryData, Excerpt, Report};

use crate::archive::Entry;

/// The largest file that a report takes, in bytes.
const LARGEST: usize = 1024 * 1024;

/// The most bytes of all files of a report: in base64 beside the curves they fit into the default of `output_mib`.
const MOST: usize = 4 * LARGEST;

/// The longest name that a file may have in a report, in characters.
const LONGEST: usize = 256;

/// Attaches files, as far as they fit; what does not fit is named.
pub(super) fn attach(files: &[&Entry], report: &mut Report, notes: &mut Vec<String>) {
    let mut left = MOST;
    for file in files {
        let name = file.name.rsplit('/').next().unwrap_or(&file.name);
        let size = file.content.len();
        let long = name.chars().count() > LONGEST;
        if size == 0 || size > LARGEST.min(left) || long {
            let shown = Excerpt::of(name);
            notes.push(format!("the file {shown} of {size} bytes is not in the report"));
            continue;
        }
        left -= size;
        report.binary_data.get_or_insert_default().push(BinaryData {
            name: Some(name.to_owned()),
            content_type: Some(content_type(name).to_owned()),
            data: Some(STANDARD.encode(&file.content)),
            ..BinaryData::default()
        });
    }
}

fn content_type(name: &str) -> &'static str {
    let extension = Path::new(name)
        .extension()
        .and_then(|extension| extension.to_str());
    match extension.map(str::to_ascii_lowercase).as_deref() {
        Some("png") => "image/png",
        Some("jpg" | "jpeg") => "image/jpeg",
        Some("bmp") => "image/bmp",
        Some("svg") => "image/svg+xml",
        Some("pdf") => "application/pdf",
        Some("wav") => "audio/wav",
        Some("txt" | "log" | "csv") => "text/plain",
        _ => "application/octet-stream",
    }
}
