//! `adjudica policy conform`: whether a policy file, in whatever language it was written, keeps the contract.

use std::path::PathBuf;

use adjudica_cases::{self as cases, CaseFile};
use adjudica_workbench::conform::{Callee, Promise, promises};
use anyhow::Result;
use serde_json::json;

use crate::engine;
use crate::exit::{Exit, Refusal};
use crate::output::Output;
use crate::policy_input::PolicyInput;
use crate::table::counted;

/// Run policy files, in any language, against what the contract promises.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Policy files.
    #[arg(required = true, value_name = "FILE.wasm")]
    files: Vec<PathBuf>,
    /// Case files to run besides those that the policy carries.
    #[arg(long, value_name = "FILE.toml")]
    cases: Vec<PathBuf>,
}

/// What the loading of a file has shown.
const LOADED: &str = "it imports nothing, exports `adjudica:policy@1`, and carries a manifest without faults";

/// Runs the verb.
pub fn run(args: &Args, output: &Output) -> Result<Exit> {
    let engine = engine::start(None)?;
    let given = load_cases(&args.cases)?;
    let (mut answer, mut all_kept) = (Vec::new(), true);
    for path in &args.files {
        let input = PolicyInput::load(path, &engine)?;
        let mut files = given.clone();
        if let Some(folder) = &input.folder {
            files.extend(folder.parse_cases().map_err(|faults| Refusal::refused("the cases have faults", faults))?);
        }
        let call = |batch: &_| input.policy.call(batch).map_err(|fault| fault.to_string());
        let callee = Callee { manifest: input.manifest(), call: &call };
        let mut tried = vec![Promise { sentence: LOADED, fault: None }];
        tried.extend(promises(&callee, &files));
        for promise in &tried {
            let mark = if promise.fault.is_none() { "kept  " } else { "broken" };
            output.line(&format!("{mark}  {}", promise.sentence))?;
            promise.fault.iter().try_for_each(|fault| output.line(&format!("        {fault}")))?;
        }
        let kept = tried.iter().filter(|promise| promise.fault.is_none()).count();
        let cases: usize = files.iter().map(|file| file.cases.len()).sum();
        output.line(&format!(
            "{}: {kept} of {} promises kept, {}",
            path.display(),
            tried.len(),
            counted(cases, "case", "cases")
        ))?;
        all_kept &= kept == tried.len();
        let told: Vec<_> =
            tried.iter().map(|promise| json!({ "promise": promise.sentence, "fault": promise.fault })).collect();
        answer.push(json!({ "file": path.display().to_string(), "checks": told }));
    }
    output.answer(&json!({ "policies": answer }))?;
    Ok(if all_kept { Exit::Ok } else { Exit::Differs })
}

fn load_cases(paths: &[PathBuf]) -> Result<Vec<CaseFile>> {
    let mut files = Vec::new();
    for path in paths {
        let name = path.display().to_string();
        let text = std::fs::read_to_string(path)?;
        files.push(cases::parse(&name, &text).map_err(|faults| {
            let faults = faults.into_iter().map(|fault| crate::exit::Fault {
                line: Some(fault.line),
                column: Some(fault.column),
                ..crate::exit::Fault::of_file(path, fault.message)
            });
            Refusal::refused("the cases have faults", faults.collect())
        })?);
    }
    Ok(files)
}
