//! `adjudica policy mutate`: small wrong changes to a policy's tables, and which of them its cases do not notice.

mod accepted;

use std::path::PathBuf;

use adjudica_core::columns::Explain;
use adjudica_workbench::Subject;
use adjudica_workbench::mutate::{Fate, Mutant, mutate};
use adjudica_workbench::probe::{Difference, differ};
use adjudica_workbench::subject::decide;
use anyhow::Result;
use serde_json::json;

use crate::cmd::policy::pins;
use crate::exit::{Exit, Fault, Refusal};
use crate::output::Output;
use crate::policy_folder::PolicyFolder;
use crate::progress;

use accepted::Accepted;

/// Change policies' tables a little, one change at a time, and list the changes that no case notices.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Folders that each hold a `policy.toml` and `cases/`.
    #[arg(required = true, value_name = "FOLDER")]
    folders: Vec<PathBuf>,
    /// Write a case for each change that survives into `pins/`, with the answer as it is now. Read them: they
    /// say what the policy does, not what the payer says.
    #[arg(long)]
    write_cases: bool,
}

/// What the changes to one policy came to.
struct Mutated {
    folder: PathBuf,
    mutants: Vec<Mutant>,
    accepted: Accepted,
    written: usize,
}

/// Runs the verb.
pub fn run(args: &Args, output: &Output) -> Result<Exit> {
    let mut all = Vec::new();
    let mut faults = Vec::new();
    for path in &args.folders {
        let folder = PolicyFolder::load(path)?;
        let (compiled, files) = folder.compile_with_cases("nothing was changed")?;
        let accepted = Accepted::load(path)?;
        let subject = folder.subject(files);
        require_passing(&folder, &subject, &compiled)?;
        let bar = progress::bar(output, "changing", 0);
        let mutants = mutate(&subject, &compiled, &|done, of| {
            bar.set_length(u64::try_from(of).unwrap_or(u64::MAX));
            bar.set_position(u64::try_from(done).unwrap_or(u64::MAX));
        });
        bar.finish_and_clear();
        faults.extend(accepted.stale(&mutants).map(|fault| Fault::of_file(&accepted.file, fault)));
        let written = if args.write_cases { pins::write(path, tellers(&subject, &mutants))? } else { 0 };
        all.push(Mutated { folder: path.clone(), mutants, accepted, written });
    }
    print(output, &all)?;
    if !faults.is_empty() {
        return Err(Refusal::refused("accepted changes that are none", faults).into());
    }
    let is_open = |one: &Mutated| one.survivors().next().is_some() && one.written == 0;
    Ok(if all.iter().any(is_open) { Exit::Differs } else { Exit::Ok })
}

/// A change can only be told from the policy by cases that pass without it.
fn require_passing(
    folder: &PolicyFolder,
    subject: &Subject,
    compiled: &adjudica_sdk::tables::Compiled,
) -> Result<(), Refusal> {
    let answers = subject.answer_cases(compiled, Explain::FailedOnly);
    let faults = subject.cases().zip(&answers).flat_map(|((file, case), decisions)| {
        let differences =
            case.expected.iter().zip(decisions).flat_map(|(expected, decision)| expected.differences(decision));
        let place = folder.path.join(&file.name);
        let fault = |difference: String| Fault {
            line: Some(case.line),
            column: Some(1),
            ..Fault::of_file(&place, format!("it {}: {difference}", case.name))
        };
        differences.map(fault).collect::<Vec<_>>()
    });
    let faults: Vec<Fault> = faults.collect();
    if faults.is_empty() {
        return Ok(());
    }
    Err(Refusal::refused("cases fail without any change; run `adjudica policy test` first", faults))
}

/// Encounters that tell the changes that survive: one for all those that it tells.
fn tellers<'m>(subject: &Subject, mutants: &'m [Mutant]) -> Vec<(String, &'m Difference)> {
    let mut tellers: Vec<(String, &Difference)> = Vec::new();
    for mutant in mutants {
        let Fate::Survived { shown_by } = &mutant.fate else { continue };
        let Ok(changed) = subject.compile_as(&mutant.change.tables) else { continue };
        let is_told = tellers.iter().any(|(_, pin)| {
            let answers = decide(&changed, std::slice::from_ref(&pin.timeline), &pin.terms, Explain::FailedOnly);
            answers.first().is_some_and(|answers| differ(&pin.before, answers))
        });
        if !is_told {
            tellers.push((format!("tells the policy from: {}", mutant.change.id), shown_by));
        }
    }
    tellers
}

impl Mutated {
    /// Changes that no case notices, though some encounter shows them, and that nobody accepted.
    fn survivors(&self) -> impl Iterator<Item = &Mutant> {
        self.mutants
            .iter()
            .filter(|mutant| matches!(mutant.fate, Fate::Survived { .. }) && !self.accepted.contains(&mutant.change.id))
    }

    fn count(&self, is_so: impl Fn(&Fate) -> bool) -> usize {
        self.mutants.iter().filter(|mutant| is_so(&mutant.fate)).count()
    }
}

fn print(output: &Output, all: &[Mutated]) -> Result<()> {
    let mut answer = Vec::new();
    for one in all {
        let refused = one.count(|fate| matches!(fate, Fate::Refused));
        let killed = one.count(|fate| matches!(fate, Fate::Killed { .. }));
        let survived = one.count(|fate| matches!(fate, Fate::Survived { .. }));
        let unseen = one.count(|fate| matches!(fate, Fate::Unseen));
        let open = one.survivors().count();
        for mutant in one.survivors() {
            let place = one.folder.join("policy.toml");
            let line = mutant.change.line.map_or(String::new(), |line| format!(":{line}"));
            output.line(&format!("{}{line}: {}", place.display(), mutant.change.id))?;
            if let Fate::Survived { shown_by } = &mutant.fate {
                let case = adjudica_workbench::pin::case("tells_it", "", &shown_by.timeline, &shown_by.before);
                for line in case.unwrap_or_default().lines().filter(|line| !line.starts_with("note")) {
                    output.line(&format!("    {line}"))?;
                }
            }
        }
        output.line(&format!(
            "{}: {} changes: {killed} noticed by cases, {survived} not ({} of them accepted), {refused} refused by the \
             compiler, {unseen} that no encounter shows",
            one.folder.display(),
            one.mutants.len(),
            survived.saturating_sub(open)
        ))?;
        if one.written > 0 {
            output.line(&format!("  cases written: {}; read what they say, then run the tests", one.written))?;
        }
        answer.push(json!({
            "folder": one.folder.display().to_string(), "changes": one.mutants.len(), "killed": killed,
            "survived": survived, "accepted": survived.saturating_sub(open), "refused": refused, "unseen": unseen,
            "survivors": one.survivors().collect::<Vec<_>>(), "written": one.written,
        }));
    }
    output.answer(&json!({ "policies": answer }))?;
    Ok(())
}
