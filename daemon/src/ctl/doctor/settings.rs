//! Can the settings be read, and are they without a fault?

use super::Finding;
use crate::control::Status;
use crate::ctl::config;
use crate::ctl::context::Context;
use crate::ctl::words::count;
use crate::settings::{Account, Settings, load};

const CHECK: &str = "settings";

/// The settings, if they are valid.
pub(super) fn check(
    context: &Context,
    status: Option<&Status>,
    findings: &mut Vec<Finding>,
) -> Option<Settings> {
    let mut options = config::options(context);
    if let Some(running) = status.and_then(|status| Account::of_process(status.pid)) {
        options.daemon = Some(running);
    }
    let file = options.path().to_owned();
    match load(&options) {
        Ok(settings) => {
            findings.push(Finding::ok(
                CHECK,
                format!(
                    "{} is valid, {}",
                    file.display(),
                    count(converters(&settings), "converter", "converters")
                ),
            ));
            for warning in &settings.warnings {
                let remedy = "correct the setting, then: systemctl reload stationd";
                findings.push(Finding::warning(CHECK, warning.to_string(), remedy));
            }
            Some(settings)
        }
        Err(_) if !file.exists() => {
            let remedy = "write it (a short one is in README.md, which the packages lay into /usr/share/doc/stationd), or name another \
                          file with --config";
            findings.push(Finding::failure(
                CHECK,
                format!("there is no {}", file.display()),
                remedy,
            ));
            None
        }
        Err(faults) => {
            let remedy = "correct them, check with stationctl config check, then: systemctl restart stationd\nthe checks of \
                          folders, disk and server need valid settings; another file is named with --config";
            findings.push(Finding::failure(CHECK, faults.to_string(), remedy));
            None
        }
    }
}

fn converters(settings: &Settings) -> u64 {
    u64::try_from(settings.converters.len()).unwrap_or(u64::MAX)
}
