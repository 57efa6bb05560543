//! `adjudica policy check`: every fault of a policy's folder, tables or file, with its place.

use std::path::{Path, PathBuf};

use adjudica_core::Manifest;
use adjudica_engine::Engine;
use adjudica_workbench::lint::{Hint, lint};
use anyhow::Result;
use serde_json::json;

use crate::exit::{Exit, Fault, Refusal};
use crate::output::Output;
use crate::policy_folder::PolicyFolder;
use crate::table::{Align, Table, counted};
use crate::{engine, files};

/// Check policies: folders, `policy.toml` files, or built `.wasm` files.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Folders or files.
    #[arg(required = true, value_name = "FOLDER|FILE")]
    paths: Vec<PathBuf>,
    /// Fail where something is probably a mistake too.
    #[arg(long)]
    strict: bool,
}

/// A policy without faults.
struct Sound {
    path: PathBuf,
    manifest: Manifest,
    /// Cases in its folder; unknown for files.
    cases: Option<usize>,
    /// What is probably a mistake.
    hints: Vec<Hint>,
}

/// Runs the verb.
pub fn run(args: &Args, output: &Output) -> Result<Exit> {
    let engine = engine::start(None)?;
    let mut sound = Vec::new();
    let mut faults = Vec::new();
    for path in &args.paths {
        match check(path, &engine)? {
            Ok(one) => sound.push(one),
            Err(found) => faults.extend(found),
        }
    }
    if !faults.is_empty() {
        return Err(Refusal::refused(counted(faults.len(), "fault", "faults"), faults).into());
    }
    print(output, &sound)?;
    let has_hints = sound.iter().any(|one| !one.hints.is_empty());
    if args.strict && has_hints {
        output.line("`--strict` takes no hints; mend them, or leave it out")?;
        return Ok(Exit::Differs);
    }
    Ok(Exit::Ok)
}

fn check(path: &Path, engine: &Engine) -> Result<Result<Sound, Vec<Fault>>> {
    match path.extension().and_then(|ending| ending.to_str()) {
        Some("wasm") => Ok(check_file(path, engine)),
        Some("toml") => check_folder(path, path.parent().unwrap_or(path), engine),
        _ => check_folder(path, path, engine),
    }
}

fn check_file(path: &Path, engine: &Engine) -> Result<Sound, Vec<Fault>> {
    let bytes = std::fs::read(path).map_err(|error| vec![Fault::of_file(path, format!("cannot be read: {error}"))])?;
    let inspection = engine.inspect(&bytes).map_err(|error| files::load_faults(path, &error))?;
    Ok(Sound { path: path.to_path_buf(), manifest: inspection.manifest, cases: None, hints: Vec::new() })
}

/// Checks tables and cases, then the file that hosts would get. The Rust beside tables is not built: cargo checks that.
fn check_folder(path: &Path, folder: &Path, engine: &Engine) -> Result<Result<Sound, Vec<Fault>>> {
    let folder = PolicyFolder::load(if folder.as_os_str().is_empty() { Path::new(".") } else { folder })?;
    let (compiled, case_files) = match (folder.compile(), folder.parse_cases()) {
        (Ok(compiled), Ok(case_files)) => (compiled, case_files),
        (compiled, case_files) => {
            return Ok(Err(compiled.err().into_iter().chain(case_files.err()).flatten().collect()));
        }
    };
    let faults = folder.faults_of_cases(&compiled, &case_files);
    if !faults.is_empty() {
        return Ok(Err(faults));
    }
    let inspection = engine.inspect(&folder.assemble_tables(&compiled)?);
    let cases = case_files.iter().map(|file| file.cases.len()).sum();
    let hints = if inspection.is_ok() { lint(&folder.subject(case_files), &compiled) } else { Vec::new() };
    let sound = Sound { path: path.to_path_buf(), manifest: compiled.manifest, cases: Some(cases), hints };
    Ok(inspection.map(|_| sound).map_err(|error| files::load_faults(path, &error)))
}

fn print(output: &Output, sound: &[Sound]) -> Result<()> {
    let mut table = Table::new(&[
        ("policy", Align::Left),
        ("version", Align::Left),
        ("rules", Align::Right),
        ("codes", Align::Right),
        ("reads", Align::Right),
        ("cases", Align::Right),
        ("checked", Align::Left),
    ]);
    let mut answer = Vec::new();
    for Sound { path, manifest, cases, hints } in sound {
        table.row([
            manifest.policy_id.to_string(),
            manifest.version.to_string(),
            manifest.rules.len().to_string(),
            manifest.codes.len().to_string(),
            manifest.reads.len().to_string(),
            cases.map(|cases| cases.to_string()).unwrap_or_default(),
            path.display().to_string(),
        ]);
        answer.push(json!({ "path": path.display().to_string(), "manifest": manifest, "cases": cases, "faults": [], "hints": hints }));
    }
    output.table(&table)?;
    for Sound { path, hints, .. } in sound {
        let file = if path.is_dir() { path.join("policy.toml") } else { path.clone() };
        for hint in hints {
            let line = hint.line.map_or(String::new(), |line| format!(":{line}:{}", hint.column));
            output.line(&format!("{}{line}: hint: {}", file.display(), hint.message))?;
        }
    }
    let hints: usize = sound.iter().map(|one| one.hints.len()).sum();
    output.line(&if hints == 0 {
        "no faults".to_owned()
    } else {
        format!("no faults, {}", counted(hints, "hint", "hints"))
    })?;
    output.answer(&json!({ "policies": answer }))?;
    Ok(())
}
