//! The encounters from which a grid starts, and the names along its sides. Asks the policy nothing.

use adjudica_cases::DEFAULTS;
use adjudica_core::{Decision, Outcome, ProcedureCode, ServiceDate, Terms, Timeline, Token};
use adjudica_sdk::tables::Compiled;
use serde_json::{Map, Value};

use crate::Subject;
use crate::vocabulary::{UNNAMED, Vocabulary};

/// Minutes of an encounter that no case gives.
const PLAIN_MINUTES: u32 = 30;

/// The names along the sides of a grid.
pub(super) struct Names {
    pub(super) roles: Vec<Token>,
    pub(super) phases: Vec<Token>,
    pub(super) modes: Vec<Token>,
}

/// An encounter to start from.
pub(super) struct Base {
    pub(super) timeline: Timeline,
    /// Its position in the timeline.
    pub(super) encounter: usize,
    pub(super) terms: Terms,
    pub(super) mode: Token,
    /// Whether a case gives it.
    pub(super) is_of_case: bool,
}

/// Names of the tables in their order, then those that only cases use: roles and phases that no row allows.
pub(super) fn names_of(subject: &Subject) -> Names {
    let vocabulary = Vocabulary::of(subject);
    let tokens = |names: &std::collections::BTreeSet<String>| {
        let named = names.iter().filter(|name| *name != UNNAMED);
        named.filter_map(|name| Token::parse(name).ok()).collect::<Vec<Token>>()
    };
    let (mut roles, mut phases) = (tokens(&vocabulary.roles), tokens(&vocabulary.phases));
    for facts in subject.cases().flat_map(|(_, case)| &case.timeline.encounters) {
        if !roles.contains(&facts.rendering_provider_role) {
            roles.push(facts.rendering_provider_role.clone());
        }
        if !phases.contains(&facts.phase) {
            phases.push(facts.phase.clone());
        }
    }
    Names { roles, phases, modes: tokens(&vocabulary.modes) }
}

/// The encounter of `code` with the best outcome, the latest of equals; a plain one where no case has the code. `answers` are
/// those to every case. `None` where not even a plain one can be made.
pub(super) fn base_of(
    subject: &Subject,
    compiled: &Compiled,
    answers: &[Vec<Decision>],
    code: ProcedureCode,
) -> Option<Base> {
    let mut best: Option<((Outcome, std::cmp::Reverse<ServiceDate>), Base)> = None;
    for ((file, case), decisions) in subject.cases().zip(answers) {
        for (encounter, (facts, decision)) in case.timeline.encounters.iter().zip(decisions).enumerate() {
            let billed = decision.lines.first().map(|line| line.procedure_code);
            let rank = (decision.outcome, std::cmp::Reverse(facts.date_of_service));
            let is_better = best.as_ref().is_none_or(|(known, _)| rank < *known);
            if facts.procedure_code.or(billed) == Some(code) && is_better {
                let (timeline, terms, mode) = (case.timeline.clone(), file.terms.clone(), facts.mode.clone());
                best = Some((rank, Base { timeline, encounter, terms, mode, is_of_case: true }));
            }
        }
    }
    best.map(|(_, base)| base).or_else(|| plain(subject, compiled, code))
}

fn plain(subject: &Subject, compiled: &Compiled, code: ProcedureCode) -> Option<Base> {
    let manifest = &compiled.manifest;
    let day = manifest.in_force.last()?.from;
    let mut facts: Map<String, Value> =
        DEFAULTS.iter().map(|(field, value)| ((*field).to_owned(), Value::from(*value))).collect();
    let own = [
        ("payer_id", Value::from(manifest.payers.first()?.as_str())),
        ("date_of_service", Value::from(day.to_string())),
        ("procedure_code", Value::from(code.as_str())),
        ("minutes", Value::from(PLAIN_MINUTES)),
    ];
    facts.extend(own.into_iter().map(|(field, value)| (field.to_owned(), value)));
    let facts: adjudica_core::EncounterFacts = serde_json::from_value(Value::Object(facts)).ok()?;
    let mode = facts.mode.clone();
    let terms = subject.files.first().map(|file| file.terms.clone()).unwrap_or_default();
    let timeline = Timeline { ledger: Vec::new(), encounters: vec![facts] };
    Some(Base { timeline, encounter: 0, terms, mode, is_of_case: false })
}
