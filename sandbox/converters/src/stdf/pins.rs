//! PMR: the names of pins.

use std::collections::BTreeMap;

use crate::ConvertError;
use crate::fit::fitted;
use crate::stdf::records::Fields;

/// Names of pins by `PMR_INDX`, head and site.
#[derive(Debug, Default)]
pub(super) struct Pins(BTreeMap<(u16, u8, u8), String>);

impl Pins {
    /// Reads PMR. A pin has the first name that there is of `LOG_NAM`, `PHY_NAM` and `CHAN_NAM`.
    pub(super) fn read(&mut self, mut fields: Fields<'_>) -> Result<(), ConvertError> {
        let index = fields.u2()?;
        fields.skip(2)?;
        let (channel, physical, logical) = (fields.cn()?, fields.cn()?, fields.cn()?);
        let (head, site) = (fields.u1()?.unwrap_or(1), fields.u1()?.unwrap_or(1));
        let name = logical.or(physical).or(channel);
        if let Some((index, name)) = index.zip(name) {
            self.0.insert((index, head, site), fitted(&name).0);
        }
        Ok(())
    }

    /// The name of a pin at a head and site. The standard does not say whether each site has indexes of its own: where it
    /// has none, the pin is that of another site.
    pub(super) fn name(&self, index: u16, (head, site): (u8, u8)) -> Option<&str> {
        let anywhere = || self.0.range((index, 0, 0)..=(index, u8::MAX, u8::MAX)).next();
        self.0
            .get_key_value(&(index, head, site))
            .or_else(anywhere)
            .map(|(_, name)| name.as_str())
    }

    /// Pins by name, else by number, each with its state where there are states; `None` when there are none.
    pub(super) fn listed(&self, what: &str, pins: &[u16], place: (u8, u8), states: &[u8]) -> Option<String> {
        let states = states.iter().map(Some).chain(std::iter::repeat(None));
        let one = |(&pin, state): (&u16, Option<&u8>)| {
            let name = self
                .name(pin, place)
                .map_or_else(|| pin.to_string(), str::to_owned);
            match state {
                Some(state) => format!("{name}={state}"),
                None => name,
            }
        };
        let all: Vec<_> = pins.iter().zip(states).map(one).collect();
        (!all.is_empty()).then(|| format!("{what}: {}", all.join(" ")))
    }
}
