//! Small files that verbs are given: the agency's terms, and why a policy file is refused. Encounters are read by `intake`, policies by `policy_folder`.

use std::path::Path;

use adjudica_core::Terms;
use adjudica_engine::LoadError;
use adjudica_service::intake::json::parse_json;
use adjudica_service::intake::terms::parse_terms_at;
use adjudica_service::{Faults, FieldFault};
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
    let bytes = std::fs::read(path).map_err(|error| vec![Fault::of_file(path, format!("cannot be read: {error}"))])?;
    let parsed = parse_json(&bytes).map_err(|fault| vec![Fault::of_file(path, fault.message)])?;
    let mut faults = parsed.faults;
    match parse_terms_at("", &parsed.value) {
        Ok(terms) if faults.is_empty() => return Ok(terms),
        Ok(_) => {}
        Err(found) => faults.add(found),
    }
    Err(faults_of(path, &faults))
}

/// What is wrong with a file, each fault with its field, and how many there are besides.
pub fn faults_of(path: &Path, faults: &Faults) -> Vec<Fault> {
    let of_file = |fault: &FieldFault| Fault {
        field: Some(fault.field.clone()).filter(|field| !field.is_empty()),
        ..Fault::of_file(path, fault.message.clone())
    };
    let more = faults.left_out_in_words().map(|more| Fault::of_file(path, more));
    faults.named().iter().map(of_file).chain(more).collect()
}

/// Writes beside the file and renames, so that no reader sees half of it.
pub fn write_whole(file: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let folder = file.parent().context("the file has no folder")?;
    std::fs::create_dir_all(folder).with_context(|| format!("`{}` cannot be made", folder.display()))?;
    let beside = file.with_extension(format!("{}.part", std::process::id()));
    std::fs::write(&beside, bytes).with_context(|| format!("`{}` cannot be written", file.display()))?;
    std::fs::rename(&beside, file).with_context(|| format!("`{}` cannot be written", file.display()))
}
