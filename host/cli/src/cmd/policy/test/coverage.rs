//! What the cases reach, asked of the built policy and told to a person.

use std::path::Path;

use adjudica_cases::CaseFile;
use adjudica_core::columns::Explain;
use adjudica_sdk::tables::Compiled;
use adjudica_workbench::coverage::{self, Coverage, Reached};
use adjudica_workbench::probe::Probes;
use anyhow::Result;

use crate::cmd::policy::pins;
use crate::cmd::policy::test::Decide;
use crate::output::Output;
use crate::policy_folder::PolicyFolder;

/// Runs every case with all rules reported, and measures.
pub fn measure(folder: &PolicyFolder, compiled: &Compiled, files: Vec<CaseFile>, decide: &mut Decide<'_>) -> Coverage {
    let subject = folder.subject(files);
    let answers =
        subject.cases().map(|(file, case)| decide(std::slice::from_ref(&case.timeline), &file.terms, Explain::All));
    let decided: Vec<_> = answers.collect();
    coverage::measure(&subject, compiled, &decided)
}

/// Writes a case for each rule that no case reaches and that speaks about some encounter; gives back how many.
pub fn write_cases(
    folder: &PolicyFolder,
    compiled: &Compiled,
    files: Vec<CaseFile>,
    coverage: &Coverage,
) -> Result<usize> {
    let subject = folder.subject(files);
    let rules = coverage.rules.missed.iter().map(|missed| missed.name.clone()).collect();
    let found = Probes::of(&subject, compiled).where_they_speak(&rules);
    let pins = found.iter().map(|(rule, shown)| (format!("the rule `{rule}` speaks"), shown)).collect();
    pins::write(&folder.path, pins)
}

/// Prints the figures, and what no case reaches, with its place and source.
pub fn print(output: &Output, folder: &Path, coverage: &Coverage) -> Result<()> {
    let by_pins = match coverage.rules_by_pins {
        0 => String::new(),
        rules => format!(", {rules} by pins alone"),
    };
    let all = [
        ("rules", &coverage.rules, by_pins.as_str()),
        ("table rows", &coverage.rows, ""),
        ("sides of boundaries", &coverage.sides, ""),
    ];
    for (what, reached, how) in all {
        let Reached { all, missed } = reached;
        output.line(&format!("  {what}: {} of {all} reached, {} %{how}", reached.reached(), reached.percent()))?;
        for one in missed {
            let line = one.line.map_or(String::new(), |line| format!(":{line}"));
            let source = one.citation.as_ref().map_or(String::new(), |citation| format!(" [{citation}]"));
            let place = folder.join("policy.toml");
            output.line(&format!("    {}{line}: {}: wants {}{source}", place.display(), one.name, one.wanted))?;
        }
    }
    Ok(())
}
