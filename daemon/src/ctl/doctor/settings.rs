//! Can the settings be read, and are they without a fault?

use super::Finding;
use crate::ctl::config;
use crate::ctl::context::Context;
use crate::settings::Settings;

const CHECK: &str = "settings";

/// The settings, if they are valid.
pub(super) fn check(context: &Context, findings: &mut Vec<Finding>) -> Option<Settings> {
    match config::load(context) {
        Ok(settings) => {
            findings.push(Finding::ok(
                CHECK,
                format!("valid, {} converters", settings.converters.len()),
            ));
            for warning in &settings.warnings {
                let remedy = "correct the setting, then: systemctl reload stationd";
                findings.push(Finding::warning(CHECK, warning.to_string(), remedy));
            }
            Some(settings)
        }
        Err(faults) => {
            let remedy = "correct them, check with stationctl config check, then: systemctl restart stationd\nthe checks of \
                          folders, disk and server need valid settings; another file is named with --config";
            findings.push(Finding::failure(CHECK, faults.to_string(), remedy));
            None
        }
    }
}
