//! Encounters at a policy's boundaries, made from its cases, and what two policies answer about them. Judges neither.

mod agree;
mod vary;

use std::collections::BTreeSet;

use adjudica_cases::Expectation;
use adjudica_core::columns::Explain;
use adjudica_core::{Decision, Outcome, Terms, Timeline, Verdict};
use adjudica_sdk::tables::Compiled;
use agree::other_terms;
use serde::Serialize;
use vary::{variations, wide_variations};

use crate::Subject;
use crate::asked::Asked;
use crate::subject::decide;
use crate::vocabulary::Vocabulary;

/// Encounters of each code and outcome from which others are made.
const BASES_OF_A_KIND: u32 = 3;
/// Probes asked about in one call.
const CALL: usize = 1_000;
/// Most probes of a policy.
const PROBES_MAX: usize = 100_000;
/// Encounters that are varied in several respects at once.
const WIDE_BASES: usize = 2;

/// Encounters at the boundaries of a policy, with its answers.
pub struct Probes {
    policy: Compiled,
    asked: Vec<Asked>,
}

/// An encounter that two policies answer differently, or one that shows something of a policy.
#[derive(Debug, Clone, Serialize)]
pub struct Difference {
    /// The client's ledger and encounters. Made up from cases.
    #[serde(skip)]
    pub timeline: Timeline,
    /// Terms that hold.
    #[serde(skip)]
    pub terms: Terms,
    /// What the first policy answers.
    pub before: Vec<Decision>,
    /// What the second one answers.
    pub after: Vec<Decision>,
}

impl Probes {
    /// The cases themselves, and their encounters changed in one respect each to the values that the tables speak of.
    #[must_use]
    pub fn of(subject: &Subject, compiled: &Compiled) -> Self {
        let vocabulary = Vocabulary::of(subject);
        let mut probes = Self { policy: compiled.clone(), asked: Vec::new() };
        let mut kinds = BTreeSet::new();
        let mut left = PROBES_MAX;
        let mut wide = 0;
        for file in &subject.files {
            let cases: Vec<Timeline> = file.cases.iter().map(|case| case.timeline.clone()).collect();
            let answers = decide(compiled, &cases, &file.terms, Explain::FailedOnly);
            let mut bases = Vec::new();
            for (timeline, decisions) in cases.iter().zip(&answers) {
                if let Some(kind) = kind_of(timeline, decisions)
                    && (0..BASES_OF_A_KIND).any(|number| kinds.insert((kind.clone(), number)))
                {
                    bases.push((timeline.clone(), kind.1));
                }
            }
            probes.ask(&file.terms, cases);
            for (base, outcome) in &bases {
                let mut varied = variations(base, &vocabulary);
                if wide < WIDE_BASES && *outcome == Outcome::Billable {
                    wide += 1;
                    varied.extend(wide_variations(base, &vocabulary));
                }
                varied.truncate(left);
                left = left.saturating_sub(varied.len());
                probes.ask(&file.terms, varied);
            }
            for terms in other_terms(&file.terms, &compiled.manifest) {
                probes.ask(&terms, bases.iter().flat_map(|(base, _)| with_earlier_line(base)).collect());
            }
        }
        probes
    }

    fn ask(&mut self, terms: &Terms, timelines: Vec<Timeline>) {
        let mut timelines = timelines.into_iter().peekable();
        while timelines.peek().is_some() {
            let call = timelines.by_ref().take(CALL).collect();
            self.asked.push(Asked::new(&self.policy, terms.clone(), call, Explain::FailedOnly));
        }
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.asked.iter().map(|asked| asked.timelines.len()).sum()
    }

    /// What was asked, with the answers.
    pub(crate) fn asked(&self) -> &[Asked] {
        &self.asked
    }

    /// Terms, and the timelines that were asked about under them.
    pub fn timelines(&self) -> impl Iterator<Item = (&Terms, &[Timeline])> {
        self.asked.iter().map(|asked| (&asked.terms, asked.timelines.as_slice()))
    }

    /// The first that `other` answers differently.
    #[must_use]
    pub fn first_difference(&self, other: &Compiled) -> Option<Difference> {
        self.asked.iter().find_map(|asked| self.differences_in(asked, other).into_iter().next())
    }

    /// All that `other` answers differently.
    #[must_use]
    pub fn differences(&self, other: &Compiled) -> Vec<Difference> {
        self.asked.iter().flat_map(|asked| self.differences_in(asked, other)).collect()
    }

    fn differences_in(&self, asked: &Asked, other: &Compiled) -> Vec<Difference> {
        let Some(after) = asked.answers_of(other, &self.policy) else { return Vec::new() };
        let pairs = asked.timelines.iter().zip(asked.decisions(&self.policy).into_iter().zip(after));
        let told = pairs.filter(|(_, (before, after))| differ(before, after));
        told.map(|(timeline, (before, after))| Difference {
            timeline: timeline.clone(),
            terms: asked.terms.clone(),
            before,
            after,
        })
        .collect()
    }

    /// An encounter about which the rule speaks, for each of `rules` that speaks about one.
    #[must_use]
    pub fn where_they_speak(&self, rules: &BTreeSet<String>) -> Vec<(String, Difference)> {
        let mut open = rules.clone();
        let mut found = Vec::new();
        for asked in &self.asked {
            if open.is_empty() {
                break;
            }
            for (timeline, decisions) in asked.timelines.iter().zip(asked.decisions(&self.policy)) {
                let findings = decisions.iter().flat_map(|decision| &decision.findings);
                let spoke = findings.filter(|finding| finding.verdict == Verdict::Failed);
                let new: Vec<String> =
                    spoke.map(|finding| finding.rule_id.to_string()).filter(|rule| open.remove(rule)).collect();
                found.extend(new.into_iter().map(|rule| {
                    let (terms, timeline) = (asked.terms.clone(), timeline.clone());
                    (rule, Difference { timeline, terms, before: decisions.clone(), after: decisions.clone() })
                }));
            }
        }
        found
    }
}

/// The base, the base after a line of its own code earlier in the month, and the base without minutes.
fn with_earlier_line(base: &Timeline) -> [Timeline; 3] {
    [base.clone(), vary::after_own_line(base), vary::without_minutes(base)]
}

/// Whether a case could tell the answers apart.
#[must_use]
pub fn differ(before: &[Decision], after: &[Decision]) -> bool {
    before != after
        && (before.len() != after.len()
            || before
                .iter()
                .zip(after)
                .any(|(before, after)| before != after && !Expectation::of(before).differences(after).is_empty()))
}

/// What an encounter alone is about: its code, and what became of it.
fn kind_of(timeline: &Timeline, decisions: &[Decision]) -> Option<(String, Outcome)> {
    let ([facts], [decision]) = (timeline.encounters.as_slice(), decisions) else { return None };
    let billed = decision.lines.first().map(|line| line.procedure_code.to_string());
    let asked = facts.procedure_code.as_ref().map(ToString::to_string);
    let work = facts.service.as_ref().map(|service| format!("service {service}"));
    let about: Vec<String> = work.into_iter().chain(asked.or(billed)).collect();
    Some((about.join(" "), decision.outcome))
}
