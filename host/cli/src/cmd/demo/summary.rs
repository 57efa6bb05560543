//! What became of many encounters: counts and dollars by payer, outcome and code, and the rules that refused most.

use std::collections::BTreeMap;

use adjudica_core::decision::Verdict;
use adjudica_core::manifest::Effect;
use adjudica_core::{Cents, Decision, EncounterFacts, Finding, Outcome};
use anyhow::Result;
use serde_json::{Value, json};

use crate::output::Output;
use crate::table::{Align, Table, dollars, thousands};

/// Counts of decisions.
#[derive(Debug, Default)]
pub struct Summary {
    lines: BTreeMap<(String, Outcome, String), Tally>,
    reasons: BTreeMap<(String, String), Reason>,
    encounters: u64,
}

#[derive(Debug, Default, Clone, Copy)]
struct Tally {
    count: u64,
    cents: Cents,
}

#[derive(Debug, Clone)]
struct Reason {
    count: u64,
    effect: &'static str,
    message: String,
    source: String,
}

/// Reasons shown.
const REASONS_MAX: usize = 10;

impl Summary {
    /// Counts one decision.
    pub fn add(&mut self, facts: &EncounterFacts, decision: &Decision) {
        self.encounters += 1;
        let payer = facts.payer_id.to_string();
        if decision.lines.is_empty() {
            let asked = facts.procedure_code.map(|code| code.to_string());
            let code =
                asked.or_else(|| facts.service.as_ref().map(|service| format!("({service})"))).unwrap_or_default();
            self.count((payer.clone(), decision.outcome, code), Cents::ZERO);
        }
        for line in &decision.lines {
            let cents = line.amount_cents.filter(|_| decision.outcome.is_accepted()).unwrap_or_default();
            self.count((payer.clone(), decision.outcome, line.procedure_code.to_string()), cents);
        }
        let refusals = decision.findings.iter().filter_map(|finding| Some((finding, refusal_word(finding)?)));
        for (finding, effect) in refusals {
            let rule = (payer.clone(), finding.rule_id.to_string());
            let reason = self.reasons.entry(rule).or_insert_with(|| reason_of(finding, effect));
            reason.count += 1;
        }
        if let Some(undetermined) = &decision.undetermined {
            let code = serde_json::to_value(undetermined.code).ok();
            let name = code.as_ref().and_then(Value::as_str).unwrap_or("undetermined").to_owned();
            let message = undetermined.message.clone();
            let reason = Reason { count: 0, effect: Outcome::Undetermined.as_str(), message, source: String::new() };
            self.reasons.entry((payer, name)).or_insert(reason).count += 1;
        }
    }

    fn count(&mut self, key: (String, Outcome, String), cents: Cents) {
        let tally = self.lines.entry(key).or_default();
        tally.count += 1;
        tally.cents = tally.cents.saturating_add(cents);
    }

    /// The reasons, the most frequent first.
    fn top_reasons(&self) -> Vec<(&str, &str, &Reason)> {
        let mut reasons: Vec<_> =
            self.reasons.iter().map(|((payer, rule), reason)| (payer.as_str(), rule.as_str(), reason)).collect();
        reasons.sort_by_key(|(_, _, reason)| std::cmp::Reverse(reason.count));
        reasons.truncate(REASONS_MAX);
        reasons
    }

    /// Prints both, a sentence of an instance under each reason.
    pub fn print(&self, output: &Output) -> Result<()> {
        let columns = [
            ("payer", Align::Left),
            ("outcome", Align::Left),
            ("code", Align::Left),
            ("count", Align::Right),
            ("dollars", Align::Right),
        ];
        let mut table = Table::new(&columns);
        for ((payer, outcome, code), tally) in &self.lines {
            let amount = if outcome.is_accepted() { dollars(tally.cents) } else { String::new() };
            table.row([payer.clone(), outcome.as_str().to_owned(), code.clone(), thousands(tally.count), amount]);
        }
        output.table(&table)?;
        let cents = self.lines.values().map(|tally| tally.cents).sum();
        let (encounters, dollars) = (thousands(self.encounters), dollars(cents));
        output
            .line(&format!("\n{encounters} encounters, {dollars} billable at made-up sample rates\n\nTop reasons, each with one instance:"))?;
        for (payer, rule, reason) in self.top_reasons() {
            let (count, effect) = (thousands(reason.count), reason.effect);
            output.line(&format!("{count:>7}  {payer:<8} {rule:<32} {effect}"))?;
            output.line(&format!("{:>9}{}", "", reason.message))?;
            if !reason.source.is_empty() {
                output.line(&format!("{:>9}source: {}", "", reason.source))?;
            }
        }
        Ok(())
    }

    /// Both for programs.
    pub fn json(&self) -> Value {
        let line = |((payer, outcome, code), tally): (&(String, Outcome, String), &Tally)| {
            let Tally { count, cents } = tally;
            json!({ "payer_id": payer, "outcome": outcome, "code": code, "count": count, "amount_cents": cents })
        };
        let reason = |(payer, rule, reason): (&str, &str, &Reason)| {
            json!({
                "payer_id": payer, "rule_id": rule, "count": reason.count, "effect": reason.effect,
                "message": reason.message, "source": reason.source,
            })
        };
        json!({
            "encounters": self.encounters,
            "currency": "USD",
            "lines": self.lines.iter().map(line).collect::<Vec<_>>(),
            "top_reasons": self.top_reasons().into_iter().map(reason).collect::<Vec<_>>(),
        })
    }
}

/// The word for a finding that keeps an encounter from being paid.
fn refusal_word(finding: &Finding) -> Option<&'static str> {
    match (finding.verdict, finding.effect) {
        (Verdict::Satisfied, _) | (Verdict::Failed, Effect::Note | Effect::ReportOnly) => None,
        (Verdict::Failed, effect) => Some(Outcome::of_effect(effect).as_str()),
    }
}

fn reason_of(finding: &Finding, effect: &'static str) -> Reason {
    let citation = finding.citation.as_ref();
    let section = citation
        .and_then(|citation| citation.section.as_ref())
        .map(|section| format!(", {section}"))
        .unwrap_or_default();
    let source = citation.map(|citation| format!("{}{section}", citation.title)).unwrap_or_default();
    Reason { count: 0, effect, message: finding.message.clone(), source }
}
