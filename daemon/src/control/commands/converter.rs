//! `converter.*`: the converters of the settings.

use serde::Deserialize;
use serde_json::{Value, json};
use stationd_actors::messages::converter::{ConverterIndex, DescribeConverters};
use stationd_actors::messages::watcher::SetEnabled;

use super::to_json;
use crate::control::desk::{Desk, Role};
use crate::control::protocol::{Fault, code};

/// Which converter.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NameArguments {
    name: String,
}

pub(super) async fn list(desk: &Desk) -> Result<Value, Fault> {
    Ok(json!({ "converters": to_json(&desk.status().await.converters)? }))
}

/// Switches one converter on or off until the daemon stops.
pub(super) async fn set_enabled(
    desk: &Desk,
    arguments: &NameArguments,
    enabled: bool,
) -> Result<Value, Fault> {
    let name = &arguments.name;
    let index = index_of(desk, name).await?;
    let message = SetEnabled {
        converter: ConverterIndex(index),
        enabled,
    };
    desk.ask(Role::Watcher, &desk.roles.watcher.set_enabled, message)
        .await?;
    desk.switches.set_enabled(name, enabled);
    Ok(json!({ "name": name, "enabled": enabled }))
}

/// The place of a converter in the settings.
pub(super) async fn index_of(desk: &Desk, name: &str) -> Result<usize, Fault> {
    let converters = desk
        .ask(
            Role::Converter,
            &desk.roles.converter.describe,
            DescribeConverters,
        )
        .await?;
    converters
        .iter()
        .position(|converter| converter.name == *name)
        .ok_or_else(|| {
            let names: Vec<_> = converters
                .iter()
                .map(|converter| converter.name.as_str())
                .collect();
            let (name, names) = (name.escape_debug(), names.join(", "));
            Fault::new(
                code::NOT_FOUND,
                format!("no converter `{name}`; there are: {names}"),
            )
        })
}
