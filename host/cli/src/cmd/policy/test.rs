//! `adjudica policy test`: a policy's cases, in this process and through the built file; both must give the same answers.

mod coverage;
mod junit;
mod watch;

use std::path::PathBuf;

use adjudica_cases::{self as cases, CaseFile, Failure};
use adjudica_core::decision::UndeterminedCode;
use adjudica_core::{Decision, Terms, Timeline};
use adjudica_engine::{Engine, Policy};
use adjudica_sdk::tables::Compiled;
use adjudica_sdk::{NoHooks, native};
use adjudica_workbench::coverage::Coverage;
use anyhow::{Context as _, Result};
use serde_json::json;

use crate::exit::{Exit, Refusal};
use crate::output::{Format, Output};
use crate::policy_folder::{self, Kind, PolicyFolder};
use crate::{engine, exit, files};

/// Run the cases of policies' folders, natively and through the built file.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Folders that each hold a `policy.toml` and `cases/`.
    #[arg(required = true, value_name = "FOLDER")]
    folders: Vec<PathBuf>,
    /// Tell which rules, table rows and sides of boundaries no case reaches.
    #[arg(long)]
    coverage: bool,
    /// Fail below so many percent of rules and of table rows.
    #[arg(long, value_name = "PERCENT", requires = "coverage", value_parser = clap::value_parser!(u8).range(0..=100))]
    threshold: Option<u8>,
    /// Write a case for each rule that no case reaches into `pins/`, with the answer as it is now. Read them:
    /// they say what the policy does, not what the payer says.
    #[arg(long, requires = "coverage")]
    write_cases: bool,
    /// Write the results as `JUnit` XML.
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// Stay, and run again whenever a file of the folders changes.
    #[arg(long)]
    watch: bool,
}

/// What the cases of one folder gave.
struct Tested {
    folder: PathBuf,
    ways: &'static str,
    passed: usize,
    failures: Vec<Failure>,
    /// Whether the built file used up what a policy may use.
    budget: Exit,
    /// Every case's name with its file, in order.
    cases: Vec<(String, String)>,
    /// What the cases reach, where that was asked for.
    coverage: Option<Coverage>,
    /// Cases that were written.
    written: usize,
}

/// Runs the verb.
pub fn run(args: &Args, output: &Output) -> Result<Exit> {
    let engine = engine::start(None)?;
    if args.watch { watch::run(args, output, &engine) } else { run_once(args, output, &engine) }
}

fn run_once(args: &Args, output: &Output, engine: &Engine) -> Result<Exit> {
    let mut tested = Vec::new();
    for path in &args.folders {
        let folder = PolicyFolder::load(path)?;
        let Prepared { compiled, case_files, natively, policy } = prepare(&folder, engine)?;
        let mut decide = |timelines: &[Timeline], terms: &Terms, explain| policy.decide(timelines, terms, explain);
        let mut one = run_cases(&folder, &case_files, natively.as_deref(), &mut decide);
        if args.coverage {
            let measured = coverage::measure(&folder, &compiled, case_files.clone(), &mut decide);
            if args.write_cases {
                one.written = coverage::write_cases(&folder, &compiled, case_files, &measured)?;
            }
            one.coverage = Some(measured);
        }
        tested.push(one);
    }
    if let Some(file) = &args.junit {
        files::write_whole(file, junit::render(&tested)?.as_bytes())?;
    }
    print(output, &tested)?;
    Ok(end(args, &tested))
}

/// What cases are run with.
struct Prepared {
    compiled: Compiled,
    case_files: Vec<CaseFile>,
    /// What the tables answer in this process, for each case file; `None` where there is Rust beside them.
    natively: Option<Vec<Vec<Decision>>>,
    policy: Policy,
}

/// Builds the policy while the cases are read and answered natively: machine code takes longest to make.
fn prepare(folder: &PolicyFolder, engine: &Engine) -> Result<Prepared> {
    let compiled = folder.compile();
    std::thread::scope(|scope| {
        let built = compiled.as_ref().ok().map(|compiled| scope.spawn(|| build(folder, compiled, engine)));
        let case_files = folder.parse_cases();
        let natively = match (&compiled, &case_files) {
            (Ok(compiled), Ok(files)) if folder.kind == Kind::Tables => Some(answer_natively(compiled, files)),
            _ => None,
        };
        let built = built.map(|built| built.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        let (compiled, case_files) = policy_folder::both(compiled.clone(), case_files, "no case was run")?;
        let policy = built.context("nothing was built")??;
        Ok(Prepared { compiled, case_files, natively, policy })
    })
}

fn build(folder: &PolicyFolder, compiled: &Compiled, engine: &Engine) -> Result<Policy> {
    let file = folder.assemble(compiled)?;
    let refuse = |error| {
        let faults = files::load_faults(&folder.path, &error);
        Refusal::refused("no case was run: hosts would refuse the file", faults)
    };
    Ok(engine.load(&file).map_err(refuse)?)
}

fn answer_natively(compiled: &Compiled, files: &[CaseFile]) -> Vec<Vec<Decision>> {
    let mut natively = Vec::new();
    cases::run(files, &mut |timelines, terms, explain| {
        let decisions = native::decide(compiled, &NoHooks, timelines, terms, explain)
            .unwrap_or_else(|error| vec![Decision::undetermined(UndeterminedCode::PolicyTrapped, error.to_string())]);
        natively.push(decisions.clone());
        decisions
    });
    natively
}

/// How a built policy answers.
type Decide<'a> = dyn FnMut(&[Timeline], &Terms, adjudica_core::columns::Explain) -> Vec<Decision> + 'a;

fn run_cases(
    folder: &PolicyFolder,
    files: &[CaseFile],
    natively: Option<&[Vec<Decision>]>,
    decide: &mut Decide<'_>,
) -> Tested {
    let mut by_file = Vec::new();
    let built = cases::run(files, &mut |timelines, terms, explain| {
        let decisions = decide(timelines, terms, explain);
        by_file.push(decisions.clone());
        decisions
    });
    let mut tested = Tested {
        folder: folder.path.clone(),
        ways: "built file",
        passed: built.passed,
        failures: built.failures,
        budget: exit::of_decisions(by_file.iter().flatten()),
        cases: files
            .iter()
            .flat_map(|file| file.cases.iter().map(|case| (file.name.clone(), case.name.clone())))
            .collect(),
        coverage: None,
        written: 0,
    };
    if let Some(natively) = natively {
        tested.ways = "native and built file";
        tested.compare(files, natively, &by_file);
    }
    tested
}

impl Tested {
    /// Adds a failure for each case that the two ways answer differently.
    fn compare(&mut self, files: &[CaseFile], natively: &[Vec<Decision>], by_file: &[Vec<Decision>]) {
        let cases = files.iter().flat_map(|file| file.cases.iter().map(move |case| (file, case)));
        for ((file, case), (native, built)) in
            cases.zip(natively.iter().zip(by_file)).filter(|(_, (native, built))| native != built)
        {
            let difference = format!(
                "natively {}, by the built file {}; report this as a fault of the SDK",
                text(native),
                text(built)
            );
            match self.failures.iter_mut().find(|failure| failure.file == file.name && failure.case == case.name) {
                Some(failure) => failure.differences.push(difference),
                None => {
                    self.passed = self.passed.saturating_sub(1);
                    let (name, case_name, line) = (file.name.clone(), case.name.clone(), case.line);
                    self.failures.push(Failure { file: name, line, case: case_name, differences: vec![difference] });
                }
            }
        }
    }
}

fn text(decisions: &[Decision]) -> String {
    serde_json::to_string(decisions).unwrap_or_default()
}

/// How the run ends: over budget before cases that differ, those before cases that do not reach far enough.
fn end(args: &Args, tested: &[Tested]) -> Exit {
    let threshold = usize::from(args.threshold.unwrap_or(0));
    let reaches = |coverage: &Coverage| {
        [&coverage.rules, &coverage.rows].into_iter().all(|reached| reached.percent() >= threshold)
    };
    if tested.iter().any(|one| one.budget == Exit::OverBudget) {
        Exit::OverBudget
    } else if tested
        .iter()
        .all(|one| one.passed > 0 && one.failures.is_empty() && one.coverage.as_ref().is_none_or(reaches))
    {
        Exit::Ok
    } else {
        Exit::Differs
    }
}

fn print(output: &Output, tested: &[Tested]) -> Result<()> {
    for one in tested {
        for failure in &one.failures {
            output.line(&format!(
                "{}:{}: it {}",
                one.folder.join(&failure.file).display(),
                failure.line,
                failure.case
            ))?;
            failure.differences.iter().try_for_each(|difference| output.line(&format!("    {difference}")))?;
        }
        let (passed, failed) = (one.passed, one.failures.len());
        output.line(&format!("{}: {passed} cases passed, {failed} differ ({})", one.folder.display(), one.ways))?;
        if one.cases.is_empty() {
            output.line(&format!(
                "  there is no case in `{}`, so nothing was tested: write one (`adjudica policy new` shows how)",
                one.folder.join("cases").display()
            ))?;
        }
        one.coverage.iter().try_for_each(|coverage| coverage::print(output, &one.folder, coverage))?;
        if one.written > 0 {
            output.line(&format!("  cases written: {}; read what they say, then run the tests", one.written))?;
        }
    }
    if output.format() == Format::Json {
        let failure = |failure: &Failure| {
            let Failure { file, line, case, differences } = failure;
            json!({ "file": file, "line": line, "case": case, "differences": differences })
        };
        let folder = |one: &Tested| {
            let failures: Vec<_> = one.failures.iter().map(failure).collect();
            let name = one.folder.display().to_string();
            json!({ "folder": name, "ways": one.ways, "passed": one.passed, "failures": failures, "coverage": one.coverage })
        };
        output.json(&json!({ "policies": tested.iter().map(folder).collect::<Vec<_>>() }))?;
    }
    Ok(())
}
