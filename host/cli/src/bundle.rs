//! One file with everything about published policies, for a machine with no network. Reads and writes it; judges nothing.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::Path;

use adjudica_core::Digest;
use adjudica_engine::{Inspection, SignatureFault, signature};
use anyhow::Result;
use serde_json::json;

use crate::exit::{Fault, Refusal};
use crate::files;

/// Largest file inside, in bytes.
const ENTRY_BYTES_MAX: u64 = 16 << 20;
const WASM: &str = "policy.wasm";

/// Writes the bundle: for each policy its file, its manifest, its signature, the schema of its terms, and its sources.
/// # Errors
/// When it cannot be written.
pub fn write(path: &Path, policies: &[(Vec<u8>, Inspection)]) -> Result<()> {
    let mut builder = tar::Builder::new(Vec::new());
    for (file, inspection) in policies {
        let manifest = &inspection.manifest;
        let folder = format!("{}/{}", manifest.policy_id, manifest.version);
        let mut add = |name: &str, bytes: &[u8]| append(&mut builder, &format!("{folder}/{name}"), bytes);
        add(WASM, file)?;
        add("digest.txt", format!("{}\n", inspection.digest).as_bytes())?;
        add("manifest.json", serde_json::to_string_pretty(manifest)?.as_bytes())?;
        add("terms.schema.json", serde_json::to_string_pretty(&json!(manifest.terms))?.as_bytes())?;
        match signature::split(file) {
            Ok((_, signature)) => add("signature.json", serde_json::to_string_pretty(&signature)?.as_bytes())?,
            Err(SignatureFault::Unsigned) => {}
            Err(fault) => {
                return Err(Refusal::refused("nothing was exported", vec![Fault::new(fault.to_string())]).into());
            }
        }
        for (name, text) in &inspection.sources {
            add(&format!("sources/{name}"), text.as_bytes())?;
        }
    }
    files::write_whole(path, &builder.into_inner()?)
}

/// A file inside, with a time, owner and mode that say nothing: the same policies make the same bundle.
fn append(builder: &mut tar::Builder<Vec<u8>>, name: &str, bytes: &[u8]) -> Result<()> {
    let mut header = tar::Header::new_ustar();
    header.set_size(u64::try_from(bytes.len())?);
    header.set_mode(0o644);
    header.set_entry_type(tar::EntryType::Regular);
    Ok(builder.append_data(&mut header, name, bytes)?)
}

/// The policy files of a bundle, by their place in it, each with the digest that the bundle says it has.
/// # Errors
/// A [`Refusal`] where it is no bundle, or a file has another digest.
pub fn read(path: &Path) -> Result<Vec<(String, Vec<u8>)>> {
    let refuse = |message: String| Refusal::refused("nothing was imported", vec![Fault::of_file(path, message)]);
    let bytes = std::fs::read(path).map_err(|error| refuse(format!("cannot be read: {error}")))?;
    let mut files = BTreeMap::new();
    let mut digests = BTreeMap::new();
    let mut archive = tar::Archive::new(bytes.as_slice());
    let entries = archive.entries().map_err(|error| refuse(format!("is no bundle: {error}")))?;
    for entry in entries {
        let mut entry = entry.map_err(|error| refuse(format!("is no bundle: {error}")))?;
        let name = entry.path().ok().and_then(|path| path.to_str().map(str::to_owned));
        let name = name.ok_or_else(|| refuse("holds a name that is no text".to_owned()))?;
        if entry.size() > ENTRY_BYTES_MAX {
            return Err(refuse(format!("`{name}` in it is larger than {ENTRY_BYTES_MAX} bytes")).into());
        }
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).map_err(|error| refuse(format!("is no bundle: {error}")))?;
        match name.rsplit_once('/') {
            Some((folder, WASM)) => drop(files.insert(folder.to_owned(), bytes)),
            Some((folder, "digest.txt")) => {
                drop(digests.insert(folder.to_owned(), String::from_utf8_lossy(&bytes).trim().to_owned()));
            }
            _ => {}
        }
    }
    if files.is_empty() {
        return Err(refuse("is no bundle of policies; make one with `adjudica policy export`".to_owned()).into());
    }
    for (folder, bytes) in &files {
        let (said, is) = (digests.get(folder).cloned().unwrap_or_default(), Digest::of(bytes).to_string());
        if said != is {
            return Err(
                refuse(format!("`{folder}` in it has digest {is} and should have {said}; it was changed")).into()
            );
        }
    }
    Ok(files.into_iter().collect())
}
