//! `adjudica policy build`: folders of policies into policy files.

use std::path::PathBuf;

use adjudica_core::Digest;
use adjudica_engine::Inspection;
use anyhow::Result;
use serde_json::json;

use crate::exit::{Exit, Fault, Refusal};
use crate::output::Output;
use crate::policy_folder::{Kind, PolicyFolder};
use crate::table::{Align, Table, thousands};
use crate::{engine, files};

/// Build policy files from folders; tables need no Rust toolchain.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Folders that each hold a `policy.toml`.
    #[arg(required = true, value_name = "FOLDER")]
    folders: Vec<PathBuf>,
    /// Where the files go, each as `<policy>-<version>.wasm`.
    #[arg(long, value_name = "FOLDER")]
    out: PathBuf,
}

struct Built {
    kind: Kind,
    file: PathBuf,
    inspection: Inspection,
}

/// Runs the verb: every file is made and checked before any is written.
pub fn run(args: &Args, output: &Output) -> Result<Exit> {
    let mut compiled = Vec::new();
    let mut faults: Vec<Fault> = Vec::new();
    for path in &args.folders {
        let folder = PolicyFolder::load(path)?;
        faults.extend(folder.left_out());
        match folder.compile() {
            Ok(tables) => compiled.push((folder, tables)),
            Err(found) => faults.extend(found),
        }
    }
    if !faults.is_empty() {
        return Err(Refusal::refused("no policy was built", faults).into());
    }
    let engine = engine::start(None)?;
    let mut built = Vec::new();
    for (folder, tables) in &compiled {
        let bytes = folder.assemble(tables)?;
        match engine.inspect(&bytes) {
            Err(error) => faults.extend(files::load_faults(&folder.path, &error)),
            Ok(inspection) => {
                let file = args.out.join(format!("{}-{}.wasm", tables.manifest.policy_id, tables.manifest.version));
                if built.iter().any(|(other, _): &(Built, Vec<u8>)| other.file == file) {
                    let message = "is of the same policy and version as another of these folders; give one of them";
                    faults.push(Fault::of_file(&folder.path, message));
                }
                built.push((Built { kind: folder.kind, file, inspection }, bytes));
            }
        }
    }
    if !faults.is_empty() {
        return Err(Refusal::refused("no policy was built: hosts would refuse it", faults).into());
    }
    for (one, bytes) in &built {
        files::write_whole(&one.file, bytes)?;
    }
    print(output, &built.into_iter().map(|(one, _)| one).collect::<Vec<_>>())
}

fn print(output: &Output, built: &[Built]) -> Result<Exit> {
    let mut table = Table::new(&[
        ("policy", Align::Left),
        ("version", Align::Left),
        ("written in", Align::Left),
        ("bytes", Align::Right),
        ("reads", Align::Right),
        ("rules", Align::Right),
        ("codes", Align::Right),
        ("digest", Align::Left),
        ("file", Align::Left),
    ]);
    let mut answer = Vec::new();
    for Built { kind, file, inspection } in built {
        let manifest = &inspection.manifest;
        table.row([
            manifest.policy_id.to_string(),
            manifest.version.to_string(),
            words(*kind).to_owned(),
            thousands(inspection.size_bytes),
            manifest.reads.len().to_string(),
            manifest.rules.len().to_string(),
            manifest.codes.len().to_string(),
            short(&inspection.digest),
            file.display().to_string(),
        ]);
        answer.push(json!({
            "policy_id": manifest.policy_id,
            "version": manifest.version,
            "written_in": words(*kind),
            "size_bytes": inspection.size_bytes,
            "reads": manifest.reads,
            "rules": manifest.rules.len(),
            "codes": manifest.codes,
            "digest": inspection.digest,
            "file": file.display().to_string(),
        }));
    }
    output.table(&table)?;
    output.answer(&json!({ "policies": answer }))?;
    Ok(Exit::Ok)
}

fn words(kind: Kind) -> &'static str {
    match kind {
        Kind::Tables => "tables",
        Kind::Rust => "tables and Rust",
    }
}

/// The first twelve digits: enough to tell policies apart on a screen.
pub fn short(digest: &Digest) -> String {
    digest.to_string().chars().take(12).collect()
}
