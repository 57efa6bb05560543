//! Small files that verbs are given: the agency's terms, and why a policy file is refused. Encounters are read by `intake`, policies by `policy_folder`.

use std::path::Path;

use adjudica_core::Terms;
use adjudica_engine::LoadError;
use adjudica_server::wire::json::parse_json;
use adjudica_server::wire::terms::parse_terms_at;

use crate::exit::Fault;

/// Every reason why a policy file is refused.
pub fn load_faults(path: &Path, error: &LoadError) -> Vec<Fault> {
    error.faults().iter().map(|fault| Fault::of_file(path, fault.to_string())).collect()
}

/// Reads terms.
/// # Errors
/// Every fault of the file.
pub fn load_terms(path: &Path) -> Result<Terms, Vec<Fault>> {
    let of_file = |field: Option<String>, message: String| Fault {
        field: field.filter(|field| !field.is_empty()),
        ..Fault::of_file(path, message)
    };
    let bytes = std::fs::read(path).map_err(|error| vec![of_file(None, format!("cannot be read: {error}"))])?;
    let parsed = parse_json(&bytes).map_err(|error| vec![of_file(None, error.public)])?;
    let doubled = parsed.faults;
    match parse_terms_at("", &parsed.value) {
        Ok(terms) if doubled.is_empty() => Ok(terms),
        Ok(_) => Err(doubled.into_iter().map(|fault| of_file(Some(fault.field), fault.message)).collect()),
        Err(faults) => {
            Err(doubled.into_iter().chain(faults).map(|fault| of_file(Some(fault.field), fault.message)).collect())
        }
    }
}
