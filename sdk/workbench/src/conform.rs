//! Whether a policy, in whatever language it was written, keeps the promises of the contract. What a file is, its loading shows.

mod absent;
#[cfg(test)]
mod tests;

use adjudica_cases::{self as cases, CaseFile};
use adjudica_core::columns::{Answers, Batch, Explain};
use adjudica_core::decision::UndeterminedCode;
use adjudica_core::encode::encode_batch;
use adjudica_core::ledger::ledger_lines;
use adjudica_core::render::render_decisions;
use adjudica_core::{Decision, Manifest, Terms, Timeline, Verdict};

/// A policy that can be called.
pub struct Callee<'p> {
    /// What it says of itself.
    pub manifest: &'p Manifest,
    /// Answers one batch, or says why it cannot.
    pub call: &'p dyn Fn(&Batch) -> Result<Answers, String>,
}

/// A promise of the contract.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Promise {
    /// What is promised, of the policy as `it`.
    pub sentence: &'static str,
    /// The first thing found that breaks it.
    pub fault: Option<String>,
}

/// Timelines of the cases, by their terms.
type Groups = [(Terms, Vec<Timeline>)];

/// Every promise, tried with the encounters of `files`.
#[must_use]
pub fn promises(policy: &Callee<'_>, files: &[CaseFile]) -> Vec<Promise> {
    let promise = |sentence, fault: Option<String>| Promise { sentence, fault };
    let groups: Vec<(Terms, Vec<Timeline>)> = files
        .iter()
        .map(|file| (file.terms.clone(), file.cases.iter().map(|case| case.timeline.clone()).collect()))
        .collect();
    vec![
        promise("it answers a batch of no encounters with no answers", absent::no_encounters(policy)),
        promise("it answers an encounter of which only the day is known, once", absent::bare_encounters(policy)),
        promise(
            "it answers whichever one or two facts are absent, with the outcome of the strongest failed rule",
            absent::without_facts(policy, &groups),
        ),
        promise("it gives the same answers, number for number, when asked twice", twice(policy, &groups)),
        promise("it answers each client alone as it answers many in one call", alone(policy, &groups)),
        promise(
            "it decides an encounter by what it billed before in the same call, as by the ledger",
            in_steps(policy, &groups),
        ),
        promise("it reports the failed rules alike when satisfied ones are asked for too", explained(policy, &groups)),
        promise("it gives the answers that its cases expect", expected(policy, files)),
    ]
}

impl Callee<'_> {
    /// Decisions about a batch, or why there are none.
    fn render(&self, batch: &Batch) -> Result<Vec<Decision>, String> {
        let answers = (self.call)(batch)?;
        render_decisions(self.manifest, batch.encounters, &answers).map_err(|fault| fault.to_string())
    }

    fn encode(&self, timelines: &[Timeline], terms: &Terms, explain: Explain) -> Result<Batch, String> {
        encode_batch(self.manifest, timelines, terms, explain).map_err(|fault| fault.to_string())
    }

    /// One decision for each encounter; a call that fails leaves all of them undetermined.
    fn decide(&self, timelines: &[Timeline], terms: &Terms, explain: Explain) -> Vec<Decision> {
        let encounters = timelines.iter().map(|timeline| timeline.encounters.len()).sum();
        let decided = self.encode(timelines, terms, explain).and_then(|batch| self.render(&batch));
        decided.unwrap_or_else(|fault| vec![Decision::undetermined(UndeterminedCode::PolicyTrapped, fault); encounters])
    }
}

fn twice(policy: &Callee<'_>, groups: &Groups) -> Option<String> {
    groups.iter().find_map(|(terms, timelines)| {
        let batch = policy.encode(timelines, terms, Explain::All).ok()?;
        let (first, second) = ((policy.call)(&batch), (policy.call)(&batch));
        (first != second)
            .then(|| "two calls with one batch gave two answers; keep nothing from call to call".to_owned())
    })
}

fn alone(policy: &Callee<'_>, groups: &Groups) -> Option<String> {
    groups.iter().find_map(|(terms, timelines)| {
        let mut together = policy.decide(timelines, terms, Explain::FailedOnly).into_iter();
        timelines.iter().find_map(|timeline| {
            let among: Vec<Decision> = together.by_ref().take(timeline.encounters.len()).collect();
            let by_itself = policy.decide(std::slice::from_ref(timeline), terms, Explain::FailedOnly);
            (by_itself != among).then(|| {
                let id = timeline.encounters.first().map(|facts| facts.encounter_id.to_string()).unwrap_or_default();
                format!(
                    "the client of encounter `{id}` is answered differently alone than in a call of {}; look at each client's own rows only",
                    timelines.len()
                )
            })
        })
    })
}

/// Timelines of several encounters, decided one by one with the ledger that the earlier ones make.
fn in_steps(policy: &Callee<'_>, groups: &Groups) -> Option<String> {
    for (terms, timelines) in groups {
        for timeline in timelines.iter().filter(|timeline| timeline.encounters.len() > 1) {
            let together = policy.decide(std::slice::from_ref(timeline), terms, Explain::FailedOnly);
            let mut ledger = timeline.ledger.clone();
            for (facts, expected) in timeline.encounters.iter().zip(&together) {
                let mut step = Timeline { ledger: ledger.clone(), encounters: vec![facts.clone()] };
                step.sort();
                let decided = policy.decide(std::slice::from_ref(&step), terms, Explain::FailedOnly);
                if decided.first() != Some(expected) {
                    return Some(format!(
                        "encounter `{}` is decided differently in its own call than in one with those before it; count lines billed earlier in the call with those of the ledger",
                        facts.encounter_id
                    ));
                }
                ledger.extend(decided.iter().flat_map(|decision| ledger_lines(facts, decision)));
            }
        }
    }
    None
}

fn explained(policy: &Callee<'_>, groups: &Groups) -> Option<String> {
    groups.iter().find_map(|(terms, timelines)| {
        let plain = policy.decide(timelines, terms, Explain::FailedOnly);
        let mut all = policy.decide(timelines, terms, Explain::All);
        for decision in &mut all {
            decision.findings.retain(|finding| finding.verdict == Verdict::Failed);
        }
        (plain != all).then(|| {
            "with an explanation the failed rules, lines or outcome are others than without; let `explain` add satisfied rules only"
                .to_owned()
        })
    })
}

fn expected(policy: &Callee<'_>, files: &[CaseFile]) -> Option<String> {
    let report = cases::run(files, &mut |timelines, terms, explain| policy.decide(timelines, terms, explain));
    if report.passed == 0 && report.failures.is_empty() {
        return Some("it has no cases; give some with `--cases`".to_owned());
    }
    let first = report.failures.first()?;
    Some(format!(
        "cases that differ: {}; the first: it {}: {}",
        report.failures.len(),
        first.case,
        first.differences.join("; ")
    ))
}
