//! Reads the file of publishers whose policies are taken. What a signature is worth is the engine's judgement.

use adjudica_engine::Trust;

/// The publishers of the file at `path`; `None` where no file is named and policies need no signature.
/// # Errors
/// A sentence that names every fault of the file.
pub fn load_trust(path: &str) -> Result<Option<Trust>, String> {
    if path.is_empty() {
        return Ok(None);
    }
    let text = std::fs::read_to_string(path)
        .map_err(|error| format!("the file of publishers `{path}` cannot be read: {error}"))?;
    let trust: Trust = toml::from_str(&text).map_err(|error| {
        format!("the file of publishers `{path}`: {}", error.to_string().trim_end().replace('\n', " "))
    })?;
    let faults = trust.faults();
    if faults.is_empty() {
        Ok(Some(trust))
    } else {
        Err(format!("the file of publishers `{path}`: {}", faults.join("; ")))
    }
}
