//! Cases beside the policy they are of: names of rules, codes and payers that it does not have, and a name given twice.

use std::collections::BTreeMap;

use adjudica_core::{EncounterFacts, Manifest, RuleKind};

use super::expect::matches;
use super::{Case, CaseFile, DEFAULTS, Expectation};
use crate::Fault;

/// Every fault of cases of a policy, each with the name of its file.
///
/// A case may ask for a code that the policy does not list where it expects the rule that says so.
#[must_use]
pub fn faults(manifest: &Manifest, files: &[CaseFile]) -> Vec<(String, Fault)> {
    let mut checker = Checker { manifest, seen: BTreeMap::new(), faults: Vec::new() };
    for file in files {
        file.cases.iter().for_each(|case| checker.case(&file.name, case));
    }
    checker.faults
}

struct Checker<'c> {
    manifest: &'c Manifest,
    /// Names of cases, with file and line.
    seen: BTreeMap<&'c str, (&'c str, usize)>,
    faults: Vec<(String, Fault)>,
}

impl<'c> Checker<'c> {
    fn case(&mut self, file: &'c str, case: &'c Case) {
        let name = case.name.as_str();
        let mut messages = Vec::new();
        match self.seen.get(name) {
            Some((other, line)) if *other == file => {
                messages.push(format!("line {line} has a case of this name; give each its own"));
            }
            Some((other, line)) => {
                messages.push(format!("line {line} of `{other}` has a case of this name; give each its own"));
            }
            None => drop(self.seen.insert(name, (file, case.line))),
        }
        for (encounter, expected) in case.timeline.encounters.iter().zip(&case.expected) {
            messages.extend(self.of_encounter(encounter, expected));
        }
        let fault = |message| Fault { line: case.line, column: 1, message: format!("`{name}`: {message}") };
        self.faults.extend(messages.into_iter().map(|message| (file.to_owned(), fault(message))));
    }

    fn of_encounter(&self, encounter: &EncounterFacts, expected: &Expectation) -> Vec<String> {
        let codes = &self.manifest.codes;
        let mut messages = Vec::new();
        let payer = encounter.payer_id.as_str();
        if payer != default_payer() && !self.manifest.payers.iter().any(|known| known.as_str() == payer) {
            messages
                .push(format!("the policy does not speak for the payer `{payer}`; correct the name, or leave it out"));
        }
        let unlisted = encounter.procedure_code.filter(|code| !codes.contains(code));
        if let Some(code) = unlisted.filter(|_| !self.expects_unknown_code(expected)) {
            messages.push(format!(
                "the policy does not list the code `{code}`; correct it, or expect the rule about codes that are not listed"
            ));
        }
        messages.extend(self.unknown_rules(expected));
        let lines = expected.lines.iter().flatten().map(|line| line.procedure_code);
        for code in lines.filter(|code| !codes.contains(code)) {
            messages.push(format!("a line of `{code}` is expected, which the policy does not list; correct the code"));
        }
        messages
    }

    fn expects_unknown_code(&self, expected: &Expectation) -> bool {
        let unknown = self.manifest.rules.iter().filter(|rule| rule.kind == RuleKind::Code);
        let outside = self.manifest.rules.iter().filter(|rule| rule.kind == RuleKind::InForce);
        let mut spoken = unknown.chain(outside).map(|rule| rule.id.as_str());
        let named = expected.rules.iter().chain(&expected.notes).flatten();
        let named: Vec<&String> = named.collect();
        spoken.any(|id| {
            named.iter().any(|name| matches(name, id))
                || expected.rules_begin.iter().flatten().any(|begin| id.starts_with(begin.as_str()))
        })
    }

    fn unknown_rules(&self, expected: &Expectation) -> Vec<String> {
        let ids = || self.manifest.rules.iter().map(|rule| rule.id.as_str());
        let named = expected.rules.iter().chain(&expected.notes).flatten();
        let unknown = named.filter(|name| !ids().any(|id| matches(name, id)));
        let unknown = unknown.map(|name| format!("the policy has no rule `{name}`; correct the name"));
        let begin =
            expected.rules_begin.iter().flatten().filter(|begin| !ids().any(|id| id.starts_with(begin.as_str())));
        unknown.chain(begin.map(|begin| format!("no rule of the policy begins with `{begin}`; correct it"))).collect()
    }
}

/// The payer of a case that names none.
fn default_payer() -> &'static str {
    DEFAULTS.iter().find(|(field, _)| *field == "payer_id").map_or("", |(_, payer)| payer)
}
