//! What `--check` says of good settings.

use std::fmt;

use stationd_actors::uploader::Server;
use stationd_sandbox::Program;

use super::Settings;

/// Settings in a few lines, for a person who wants to see that they mean what was meant.
#[derive(Debug)]
pub struct Summary<'a>(pub &'a Settings);

impl fmt::Display for Summary<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let settings = self.0;
        let station = &settings.identity.station;
        write!(
            f,
            "station    {} ({})",
            station.name, settings.identity.name_origin
        )?;
        for (word, text) in [("location", &station.location), ("purpose", &station.purpose)] {
            if !text.is_empty() {
                write!(f, ", {word} {text:?}")?;
            }
        }
        writeln!(f)?;
        match &settings.uploader.server {
            Server::Wats(server) => {
                write!(f, "server     {}", server.url)?;
                match &settings.token_origin {
                    Some(origin) => writeln!(f, ", token from {origin}")?,
                    None => writeln!(f, ", no token")?,
                }
            }
            Server::Directory(folder) => writeln!(f, "server     folder {}", folder.display())?,
        }
        writeln!(f, "state      {}", settings.state_dir.display())?;
        if settings.converters.is_empty() {
            writeln!(f, "converter  none")?;
        }
        for converter in &settings.converters {
            let what = match &converter.program {
                Program::Builtin { format } => format.to_string(),
                Program::External(external) => external.file.display().to_string(),
            };
            let off = if converter.enabled { "" } else { ", disabled" };
            writeln!(
                f,
                "converter  {}: {what} from {}{off}",
                converter.name,
                converter.drop_dir.display()
            )?;
        }
        for warning in &settings.warnings {
            writeln!(f, "warning    {warning}")?;
        }
        Ok(())
    }
}
