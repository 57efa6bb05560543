//! Small files that verbs are given: the agency's terms, and why a policy file is refused. Encounters are read by `intake`, policies by `policy_folder`.

use std::path::Path;

use adjudica_core::Terms;
use adjudica_engine::LoadError;
use adjudica_server::wire::json::parse_json;
use adjudica_server::wire::terms::parse_terms_at;
use anyhow::Context as _;

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

/// Writes beside the file and renames, so that no reader sees half of it.
pub fn write_whole(file: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let folder = file.parent().context("the file has no folder")?;
    std::fs::create_dir_all(folder).with_context(|| format!("`{}` cannot be made", folder.display()))?;
    let beside = file.with_extension(format!("{}.part", std::process::id()));
    std::fs::write(&beside, bytes).with_context(|| format!("`{}` cannot be written", file.display()))?;
    std::fs::rename(&beside, file).with_context(|| format!("`{}` cannot be written", file.display()))
}
