//! Settings: the command line first, then `ADJUDICA_*` in the environment, then `adjudica.toml`. All faults come at once.

mod server;

use std::path::{Path, PathBuf};

use crate::exit::{Fault, Refusal};

/// Settings that are not the server's own.
const KEYS: [&str; 4] = ["database", "agency", "cache_dir", "log"];

/// The file read when none is named.
const DEFAULT_FILE: &str = "adjudica.toml";

/// Collects settings from the three places and every fault on the way.
pub struct Settings {
    file: toml::Table,
    place: String,
    environment: fn(&str) -> Option<String>,
    faults: Vec<Fault>,
}

/// Where a setting was found.
enum Origin {
    Flag,
    Environment,
    File,
}

impl Settings {
    /// Reads the configuration file: the one named, or `adjudica.toml` of this folder where there is one.
    pub fn load(named: Option<PathBuf>) -> Self {
        let (path, must_exist) = named.map_or_else(|| (PathBuf::from(DEFAULT_FILE), false), |path| (path, true));
        let mut settings = Self::empty(&path, environment);
        match std::fs::read_to_string(&path) {
            Ok(text) => settings.read(&text),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && !must_exist => {}
            Err(error) => settings.fault(format!("cannot be read: {error}")),
        }
        settings
    }

    fn empty(path: &Path, environment: fn(&str) -> Option<String>) -> Self {
        Self { file: toml::Table::new(), place: path.display().to_string(), environment, faults: Vec::new() }
    }

    fn read(&mut self, text: &str) {
        match text.parse::<toml::Table>() {
            Ok(table) => {
                let known: Vec<String> = KEYS.iter().map(|key| (*key).to_owned()).chain(server::keys()).collect();
                for key in table.keys().filter(|key| !known.contains(key)) {
                    self.fault(format!("`{key}` is not a setting; the settings are {}", known.join(", ")));
                }
                self.file = table;
            }
            Err(error) => self.fault(error.to_string().trim_end().replace('\n', " ")),
        }
    }

    fn fault(&mut self, message: String) {
        self.faults.push(Fault { file: Some(self.place.clone()), ..Fault::new(message) });
    }

    /// The setting `key`, parsed; `flag` is what the command line says. A fault is kept for [`Self::finish`].
    pub fn find<T>(&mut self, key: &str, flag: Option<&str>, parse: impl Fn(&str) -> Result<T, String>) -> Option<T> {
        let (text, origin) = self.text(key, flag)?;
        match parse(&text) {
            Ok(value) => Some(value),
            Err(message) => {
                let fault = match origin {
                    Origin::Flag => Fault::new(format!("`--{}`: {message}", key.replace('_', "-"))),
                    Origin::Environment => Fault::new(format!("`{}`: {message}", variable(key))),
                    Origin::File => {
                        Fault { file: Some(self.place.clone()), ..Fault::new(format!("`{key}`: {message}")) }
                    }
                };
                self.faults.push(fault);
                None
            }
        }
    }

    fn text(&mut self, key: &str, flag: Option<&str>) -> Option<(String, Origin)> {
        if let Some(text) = flag {
            return Some((text.to_owned(), Origin::Flag));
        }
        if let Some(text) = (self.environment)(&variable(key)) {
            return Some((text, Origin::Environment));
        }
        match self.file.get(key)?.clone() {
            toml::Value::String(text) => Some((text, Origin::File)),
            toml::Value::Integer(number) => Some((number.to_string(), Origin::File)),
            _ => {
                self.fault(format!("`{key}` must be text in quotes or a whole number"));
                None
            }
        }
    }

    /// The setting `key`, which must be given in one of the three places.
    pub fn require<T>(
        &mut self,
        key: &str,
        flag: Option<&str>,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Option<T> {
        let faults_before = self.faults.len();
        let value = self.find(key, flag, parse);
        if value.is_none() && self.faults.len() == faults_before {
            let (flag, variable) = (key.replace('_', "-"), variable(key));
            let message = format!("`{key}` is not set; give `--{flag}`, {variable}, or `{key}` in {}", self.place);
            self.faults.push(Fault::new(message));
        }
        value
    }

    /// Every fault, as one refusal.
    pub fn finish(self) -> Result<(), Refusal> {
        if self.faults.is_empty() {
            return Ok(());
        }
        Err(Refusal::usage("the configuration has faults", self.faults))
    }
}

/// Text as it stands.
pub fn text(value: &str) -> Result<String, String> {
    if value.trim().is_empty() { Err("is empty".to_owned()) } else { Ok(value.to_owned()) }
}

/// A name such as an agency's id.
pub fn token(value: &str) -> Result<adjudica_core::Token, String> {
    adjudica_core::Token::parse(value).map_err(|error| error.to_string())
}

fn variable(key: &str) -> String {
    format!("ADJUDICA_{}", key.to_uppercase())
}

#[expect(clippy::disallowed_methods, reason = "the one place where settings are read from the environment")]
fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests;
