//! The server's own settings, each under the name of its field. What they may be is the server's business.

use adjudica_server::config::ServerConfig;
use serde_json::{Map, Value};

use crate::config::Settings;
use crate::exit::Fault;

fn defaults() -> Map<String, Value> {
    match serde_json::to_value(ServerConfig::default()) {
        Ok(Value::Object(map)) => map,
        _ => Map::new(),
    }
}

/// The names of the server's settings.
pub fn keys() -> Vec<String> {
    defaults().keys().cloned().collect()
}

impl Settings {
    /// The server's settings: what is given, and defaults for the rest. `flags` are the names and texts of the command line.
    pub fn server(&mut self, flags: &[(String, String)]) -> ServerConfig {
        let mut map = defaults();
        for (name, _) in flags.iter().filter(|(name, _)| !map.contains_key(name)) {
            self.faults
                .push(Fault::new(format!("`{name}` is not a setting of the server; they are {}", keys().join(", "))));
        }
        for (key, default) in &defaults() {
            let flag = flags.iter().find(|(name, _)| name == key).map(|(_, text)| text.as_str());
            if let Some(value) = self.find(key, flag, |text| parse_value(key, default, text)) {
                map.insert(key.clone(), value);
            }
        }
        let config: ServerConfig = serde_json::from_value(Value::Object(map)).unwrap_or_default();
        self.faults.extend(config.faults().into_iter().map(Fault::new));
        config
    }
}

/// The value of one field, tried alone so that each field has its own fault.
fn parse_value(key: &str, default: &Value, text: &str) -> Result<Value, String> {
    let value = match default {
        Value::Number(_) => {
            text.parse::<u64>().map_err(|_| format!("`{text}` is not a whole number of 0 or more"))?.into()
        }
        _ => Value::from(text),
    };
    let alone = Map::from_iter([(key.to_owned(), value.clone())]);
    match serde_json::from_value::<ServerConfig>(Value::Object(alone)) {
        Ok(_) => Ok(value),
        Err(error) => Err(format!("`{text}` does not fit: {error}; the default is {default}")),
    }
}
