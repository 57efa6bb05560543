//! Timelines that a policy was asked about, kept as columns, so that asking another policy costs its answer alone.

use adjudica_core::columns::{Answers, Batch, Explain};
use adjudica_core::decision::UndeterminedCode;
use adjudica_core::encode::encode_batch;
use adjudica_core::render::render_decisions;
use adjudica_core::{Decision, Manifest, Terms, Timeline};
use adjudica_sdk::tables::Compiled;
use adjudica_sdk::{NoHooks, native};

/// Timelines of the same terms, with a policy's answers in numbers.
pub(crate) struct Asked {
    pub(crate) terms: Terms,
    pub(crate) timelines: Vec<Timeline>,
    explain: Explain,
    batch: Option<Batch>,
    answers: Option<Answers>,
}

impl Asked {
    /// Asks `policy`.
    pub(crate) fn new(policy: &Compiled, terms: Terms, timelines: Vec<Timeline>, explain: Explain) -> Self {
        let batch = encode_batch(&policy.manifest, &timelines, &terms, explain).ok();
        let answers = batch.as_ref().and_then(|batch| native::call(policy, &NoHooks, batch).ok());
        Self { terms, timelines, explain, batch, answers }
    }

    /// What the policy that was asked first answers: one list for each timeline.
    pub(crate) fn decisions(&self, policy: &Compiled) -> Vec<Vec<Decision>> {
        self.render(&policy.manifest, self.answers.as_ref())
    }

    /// What `other` answers; `None` where that is the same in every number as what `policy` answered.
    pub(crate) fn answers_of(&self, other: &Compiled, policy: &Compiled) -> Option<Vec<Vec<Decision>>> {
        let sees_the_same =
            other.manifest.reads == policy.manifest.reads && other.manifest.conditions == policy.manifest.conditions;
        let own = if sees_the_same { None } else { self.encode(other) };
        let batch = if sees_the_same { self.batch.as_ref() } else { own.as_ref() };
        let answers = batch.and_then(|batch| native::call(other, &NoHooks, batch).ok());
        if answers == self.answers && are_numbered_alike(&other.manifest, &policy.manifest) {
            return None;
        }
        Some(self.render(&other.manifest, answers.as_ref()))
    }

    fn encode(&self, policy: &Compiled) -> Option<Batch> {
        encode_batch(&policy.manifest, &self.timelines, &self.terms, self.explain).ok()
    }

    fn render(&self, manifest: &Manifest, answers: Option<&Answers>) -> Vec<Vec<Decision>> {
        let encounters: usize = self.timelines.iter().map(|timeline| timeline.encounters.len()).sum();
        let rendered = answers.and_then(|answers| {
            render_decisions(manifest, u32::try_from(encounters).unwrap_or(u32::MAX), answers).ok()
        });
        let failed = || {
            let message = "the tables cannot answer: an amount or a count leaves its range; lower the rate or the units that make it".to_owned();
            vec![Decision::undetermined(UndeterminedCode::PolicyTrapped, message); encounters]
        };
        let mut decisions = rendered.unwrap_or_else(failed).into_iter();
        self.timelines.iter().map(|timeline| decisions.by_ref().take(timeline.encounters.len()).collect()).collect()
    }
}

/// Whether numbers mean the same in both.
fn are_numbered_alike(one: &Manifest, other: &Manifest) -> bool {
    let rules =
        |manifest: &Manifest| manifest.rules.iter().map(|rule| (rule.id.clone(), rule.effect)).collect::<Vec<_>>();
    one.codes == other.codes
        && one.modifiers == other.modifiers
        && one.subjects == other.subjects
        && one.rules.len() == other.rules.len()
        && rules(one) == rules(other)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_policies::{CASES, POLICY, compiled_of, subject_of};

    #[test]
    fn it_says_why_there_is_no_answer() {
        let tables = POLICY
            .replace("cents = 1000", "cents = 10000000001")
            .replace("currency", "cents_max = 10000000001\ncurrency");
        let subject = subject_of(&tables, &[], &[("cases.toml", CASES)]);
        let answers = subject.answer_cases(&compiled_of(&subject), Explain::FailedOnly);
        assert_eq!(answers.len(), 5);
        let message =
            "the tables cannot answer: an amount or a count leaves its range; lower the rate or the units that make it";
        for decision in answers.into_iter().flatten() {
            assert_eq!(decision, Decision::undetermined(UndeterminedCode::PolicyTrapped, message));
        }
    }
}
