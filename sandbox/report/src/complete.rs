//! Fills in what a report lacks, and says what was assumed. Members that are there stay as they are.

use std::fmt;
use std::ops::Range;

use jiff::Zoned;
use jiff::tz::TimeZone;
use uuid::Uuid;

use crate::model::{Code as _, Kind};
use crate::step_starts::StepStarts;
use crate::time::{self, Doubt};
use crate::top::Top;
use crate::{Document, Fault, Problem};

/// What fills the gaps of a report.
#[derive(Debug, Clone, Copy)]
pub struct Defaults<'a> {
    /// Id for a report that has none.
    pub id: Uuid,
    /// Name of the station, 1 to 100 characters.
    pub machine_name: &'a str,
    /// Location, up to 100 characters; empty when the settings name none.
    pub location: &'a str,
    /// Purpose, up to 100 characters; empty when the settings name none.
    pub purpose: &'a str,
    /// When the file was last written, in the zone of the converter's arguments or of the machine: the start of a report
    /// that has none. The zone gives the offset to a start without one, also to that of a step.
    pub file_time: &'a Zoned,
}

/// One thing that was filled in or written differently. Its text names the member, the value and where it is from.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Assumption {
    /// `id` was made.
    Id(Uuid),
    /// `id` stood in another spelling of the same UUID.
    IdSpelling {
        /// As it stood.
        found: String,
        /// As it is written now.
        id: Uuid,
    },
    /// `type` follows from the other members.
    Kind(Kind),
    /// `result` is the status of the root step.
    Result(&'static str),
    /// `machineName`, `location` or `purpose` from the settings.
    Setting {
        /// The member.
        member: &'static str,
        /// Its value.
        value: String,
    },
    /// `start` is the time of the file.
    FileTime(String),
    /// `start` had no offset.
    Offset {
        /// The offset that was added.
        offset: String,
        /// Where it is from: a name of the time zone database; none when the zone has none.
        zone: Option<String>,
        /// Whether the local time names one instant.
        doubt: Doubt,
    },
    /// Starts of steps had no offset.
    StepOffsets {
        /// As for `start`.
        zone: Option<String>,
        /// How many of them the clock showed twice or never.
        doubtful: usize,
    },
}

/// A report that the defaults do not complete.
#[derive(Debug, Clone, PartialEq)]
pub struct Incomplete {
    /// What is missing still.
    pub faults: Vec<Fault>,
}

impl fmt::Display for Incomplete {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, fault) in self.faults.iter().enumerate() {
            write!(f, "{}{fault}", if at == 0 { "" } else { "; " })?;
        }
        Ok(())
    }
}

impl std::error::Error for Incomplete {}

impl fmt::Display for Assumption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id(id) => write!(f, "id {id} (made from station and content)"),
            Self::IdSpelling { found, id } => {
                write!(f, "id {id} (written {} in the file)", crate::Excerpt::of(found))
            }
            Self::Kind(kind) => write!(f, "type {} (from the report's members)", kind.as_str()),
            Self::Result(result) => write!(f, "result {result} (from the root step)"),
            Self::Setting { member, value } => {
                write!(
                    f,
                    "{member} \"{}\" (from the settings)",
                    crate::Excerpt::of(value)
                )
            }
            Self::FileTime(start) => write!(f, "start {start} (time of the file)"),
            Self::Offset { offset, zone, doubt } => {
                write!(f, "offset {offset} of start ({}", Zone(zone.as_deref()))?;
                f.write_str(match doubt {
                    Doubt::None => ")",
                    Doubt::Twice => "; the clock showed this time twice, the first is taken)",
                    Doubt::Never => {
                        "; the clock never showed this time, the offset before the change is taken)"
                    }
                })
            }
            Self::StepOffsets { zone, doubtful } => {
                let zone = Zone(zone.as_deref());
                write!(f, "offsets of the starts of steps ({zone}")?;
                match doubtful {
                    0 => f.write_str(")"),
                    some => write!(f, "; the clock showed {some} of these times twice or never)"),
                }
            }
        }
    }
}

/// Where an offset is from.
struct Zone<'a>(Option<&'a str>);

impl fmt::Display for Zone<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(name) => write!(f, "from the time zone {name}"),
            None => f.write_str("from the station's time zone"),
        }
    }
}

impl Document {
    /// Fills in what is missing: `id`, `type`, `result`, `machineName`, `location`, `purpose`, `start` and its
    /// offset, the offsets of the starts of steps. A member that is null counts as missing.
    ///
    /// # Errors
    /// When something is missing and its default is empty or longer than the format allows.
    pub fn complete(self, defaults: &Defaults<'_>) -> Result<(Self, Vec<Assumption>), Incomplete> {
        let Some(top) = self.top() else {
            return Ok((self, Vec::new()));
        };
        let mut filling = Filling::of(&top);
        let id = filling.id(self.id, defaults.id);
        if top.get("type").is_none() {
            filling.fill("type", self.kind.as_str());
            filling.assumed.push(Assumption::Kind(self.kind));
        }
        if let (None, Some(result)) = (top.get("result"), self.result) {
            filling.fill("result", result.as_str());
            filling.assumed.push(Assumption::Result(result.as_str()));
        }
        filling.setting("machineName", "station.name", defaults.machine_name);
        filling.setting("location", "station.location", defaults.location);
        filling.setting("purpose", "station.purpose", defaults.purpose);
        if !filling.start_is_there() {
            let start = time::instant_text(defaults.file_time);
            filling.fill("start", &start);
            filling.assumed.push(Assumption::FileTime(start));
        }
        filling.offsets(defaults.file_time.time_zone());
        if !filling.faults.is_empty() {
            return Err(Incomplete {
                faults: filling.faults,
            });
        }
        let (text, assumed) = filling.apply(&self.text);
        Ok((
            Self {
                text,
                id: Some(id),
                members: None,
                ..self
            },
            assumed,
        ))
    }

    /// Gives local times, of the report and of its steps, the offset that a zone has at them, and nothing else.
    #[must_use]
    pub fn with_offsets(self, zone: &TimeZone) -> (Self, Vec<Assumption>) {
        let Some(top) = self.top() else {
            return (self, Vec::new());
        };
        let mut filling = Filling::of(&top);
        filling.offsets(zone);
        let (text, assumed) = filling.apply(&self.text);
        let completed = Self {
            text,
            members: None,
            ..self
        };
        (completed, assumed)
    }

    fn top(&self) -> Option<Top<'_>> {
        match &self.members {
            Some(members) => Some(Top::noted(&self.text, 0, members)),
            None => Top::of(&self.text),
        }
    }
}

/// Changes to a text while they are gathered.
struct Filling<'t> {
    top: &'t Top<'t>,
    /// Members to put in after the opening brace: name and JSON value.
    inserts: Vec<(&'static str, String)>,
    /// Values to replace.
    edits: Vec<(Range<usize>, String)>,
    assumed: Vec<Assumption>,
    faults: Vec<Fault>,
}

impl<'t> Filling<'t> {
    fn of(top: &'t Top<'t>) -> Self {
        Self {
            top,
            inserts: Vec::new(),
            edits: Vec::new(),
            assumed: Vec::new(),
            faults: Vec::new(),
        }
    }

    /// Sets a member that is absent or null to a text.
    fn fill(&mut self, member: &'static str, value: &str) {
        match self.top.place(member) {
            Some(place) => self.edits.push((place, quoted(value))),
            None => self.inserts.push((member, quoted(value))),
        }
    }

    fn id(&mut self, found: Option<Uuid>, default: Uuid) -> Uuid {
        let Some(id) = found else {
            self.fill("id", &default.to_string());
            self.assumed.push(Assumption::Id(default));
            return default;
        };
        let found = self.top.text("id").unwrap_or_default();
        if found != id.to_string() {
            self.fill("id", &id.to_string());
            self.assumed.push(Assumption::IdSpelling { found, id });
        }
        id
    }

    fn setting(&mut self, member: &'static str, setting: &'static str, value: &str) {
        if self.top.get(member).is_some() {
            return;
        }
        let problem = match value.chars().count() {
            0 => Problem::Unset { setting },
            1..=100 => {
                self.fill(member, value);
                self.assumed.push(Assumption::Setting {
                    member,
                    value: value.to_owned(),
                });
                return;
            }
            found => Problem::Length {
                found,
                least: 1,
                most: 100,
            },
        };
        self.faults.push(Fault {
            path: format!("$.{member}"),
            problem,
        });
    }

    fn start_is_there(&self) -> bool {
        self.top.text("start").is_some()
    }

    /// Gives local times the offset that the zone has at them.
    fn offsets(&mut self, zone: &TimeZone) {
        let name = || zone.iana_name().map(str::to_owned);
        if let Some(text) = self.top.text("start")
            && let Some(start) = time::parse(&text).filter(|start| !start.has_offset())
        {
            let (offset, doubt) = start.offset_in(zone);
            let offset = time::offset_text(offset);
            self.fill("start", &format!("{text}{offset}"));
            self.assumed.push(Assumption::Offset {
                offset,
                zone: name(),
                doubt,
            });
        }
        // Most reports have none: the root need not be found then.
        if !self.top.rest("root").is_some_and(StepStarts::may_be_in) {
            return;
        }
        let (Some(root), Some(place)) = (self.top.get("root"), self.top.place("root")) else {
            return;
        };
        let StepStarts { edits, doubtful } = StepStarts::of(root, place.start, zone);
        if !edits.is_empty() {
            self.assumed.push(Assumption::StepOffsets {
                zone: name(),
                doubtful,
            });
        }
        self.edits.extend(edits);
    }

    /// Carries the changes out: new members come first in the object, everything else keeps its place.
    fn apply(mut self, text: &str) -> (String, Vec<Assumption>) {
        self.edits.sort_by_key(|(place, _)| place.start);
        let mut out = String::with_capacity(text.len() + 256);
        let mut rest = text.strip_prefix('{').unwrap_or(text);
        let mut at = text.len() - rest.len();
        out.push('{');
        for (member, value) in &self.inserts {
            // A checked report is never an empty object, so a comma always belongs here.
            out.extend(["\"", member, "\":", value, ","]);
        }
        for (place, value) in &self.edits {
            let Some((before, after)) = rest.split_at_checked(place.start - at) else {
                continue;
            };
            out.push_str(before);
            out.push_str(value);
            rest = after.get(place.len()..).unwrap_or_default();
            at = place.end;
        }
        out.push_str(rest);
        (out, self.assumed)
    }
}

/// A text as JSON.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
