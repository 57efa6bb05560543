//! Reads what a policy file says of itself and refuses what must not be compiled. Compiles and runs nothing.

use std::collections::BTreeMap;

use adjudica_core::manifest::{MANIFEST_SECTION, SOURCES_SECTION};
use adjudica_core::{Digest, Manifest};
use wasmparser::Validator;

use crate::config::Limits;
use crate::contract::check_exports;
use crate::error::{LoadError, LoadFault, plain};
use crate::manifest::read_manifest;
use crate::profile::wasm_features;
use crate::scan::scan;

/// What a policy file says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inspection {
    /// Identity of the file: the digest of its bytes.
    pub digest: Digest,
    /// Its manifest.
    pub manifest: Manifest,
    /// Texts it was built from, by path.
    pub sources: BTreeMap<String, String>,
    /// Its size.
    pub size_bytes: u64,
}

/// Reads and checks `wasm`.
pub(crate) fn inspect(wasm: &[u8], limits: &Limits) -> Result<Inspection, LoadError> {
    let scan = scan(wasm, limits);
    let mut faults = scan.faults;
    let is_readable = !faults.iter().any(stops_reading);
    let mut manifest = None;
    let mut sources = None;
    if is_readable {
        manifest = match scan.manifest {
            Some(json) => read_manifest(json, &mut faults),
            None => {
                faults.push(LoadFault::ManifestMissing { section: MANIFEST_SECTION });
                None
            }
        };
        sources = read_sources(scan.sources, &mut faults);
        validate(wasm, &scan.exported_instances, &mut faults);
    }
    LoadError::of_all(faults)?;
    let missing = || LoadError::of(LoadFault::ManifestMissing { section: MANIFEST_SECTION });
    Ok(Inspection {
        digest: Digest::of(wasm),
        manifest: manifest.ok_or_else(missing)?,
        sources: sources.unwrap_or_default(),
        size_bytes: u64::try_from(wasm.len()).unwrap_or(u64::MAX),
    })
}

/// After these, the rest of the file is not known or not safe to validate.
fn stops_reading(fault: &LoadFault) -> bool {
    matches!(fault, LoadFault::NotAComponent { .. } | LoadFault::Malformed { .. } | LoadFault::OverLimit { .. })
}

fn read_sources(json: Option<&[u8]>, faults: &mut Vec<LoadFault>) -> Option<BTreeMap<String, String>> {
    let sources = serde_json::from_slice(json?);
    if let Err(error) = &sources {
        faults.push(LoadFault::SectionUnreadable { section: SOURCES_SECTION, detail: plain(&error.to_string()) });
    }
    sources.ok()
}

fn validate(wasm: &[u8], exported_instances: &[&str], faults: &mut Vec<LoadFault>) {
    match Validator::new_with_features(wasm_features()).validate_all(wasm) {
        Ok(types) => check_exports(&types, exported_instances, faults),
        Err(error) => {
            // Async and encodings are named by the scan already; the validator would say it again in other words.
            let named = faults.iter().any(|fault| matches!(fault, LoadFault::NotPure { .. }));
            if !named {
                faults.push(LoadFault::Malformed { detail: plain(&error.to_string()) });
            }
        }
    }
}
