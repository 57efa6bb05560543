//! What the peers are given and what all engines must agree on. Each peer has its own file; no measuring here.

pub(crate) mod rego;
pub(crate) mod zen;

use adjudica_core::{Decision, ProcedureCode, ServiceDate, Timeline, Verdict};
use anyhow::{Context, Result, bail};
use serde::Serialize;
use serde_json::{Value, json};

/// The rules in the order in which ours speak; `failed` lists of all engines are compared in this order.
pub(crate) const RULES: [&str; 12] = [
    "dates",
    "code",
    "role",
    "phase",
    "mode",
    "minutes",
    "minutes.missing",
    "care_plan",
    "consent",
    "filing",
    "limit.assessment",
    "limit.calls",
];

/// The part of a decision that every engine gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Verdicts {
    /// `billable`, `incomplete`, ...
    pub(crate) outcome: String,
    /// Code, units and cents of the line, where there is one.
    pub(crate) line: Option<(String, u32, i64)>,
    /// Every failed rule, in the order of the policy; the first is the first failing rule.
    pub(crate) failed: Vec<String>,
}

/// What our engine decided, in the terms that all share.
pub(crate) fn of_decision(decision: &Decision) -> Result<Verdicts> {
    let line = match decision.lines.as_slice() {
        [] => None,
        [line] => {
            let cents = line.amount_cents.context("the policy gives every code a rate")?;
            Some((line.procedure_code.to_string(), line.units.0, cents.get()))
        }
        more => bail!("{} lines; the policy gives one", more.len()),
    };
    let failed = decision.findings.iter().filter(|finding| finding.verdict == Verdict::Failed);
    let failed = failed.map(|finding| without_code(finding.rule_id.as_str())).collect();
    Ok(Verdicts { outcome: decision.outcome.as_str().to_owned(), line, failed })
}

/// `role.G9001` is the rule `role` of one code; the peers name the rule alone.
fn without_code(rule_id: &str) -> String {
    let parts: Vec<&str> = rule_id.split('.').filter(|part| ProcedureCode::parse(part).is_err()).collect();
    parts.join(".")
}

/// What a peer answered, as JSON, in the terms that all share. `failed` is one list or several; null is an empty one.
pub(crate) fn of_answer(outcome: &Value, line: [&Value; 3], failed: &[&Value]) -> Result<Verdicts> {
    let outcome = outcome.as_str().context("the outcome is a text")?.to_owned();
    let mut names = Vec::new();
    for list in failed.iter().filter(|list| !list.is_null()) {
        for name in list.as_array().context("failed rules are a list")? {
            names.push(name.as_str().context("a failed rule is a text")?.to_owned());
        }
    }
    for name in &names {
        if !RULES.contains(&name.as_str()) {
            bail!("the peer reports a rule `{name}` that nobody knows");
        }
    }
    names.sort_by_key(|name| RULES.iter().position(|rule| rule == name));
    let [code, units, cents] = line;
    let line = match outcome.as_str() {
        "not_billable" => None,
        _ => Some((
            code.as_str().context("the code is a text")?.to_owned(),
            u32::try_from(whole(units)?)?,
            whole(cents)?,
        )),
    };
    Ok(Verdicts { outcome, line, failed: names })
}

/// A whole number; the peers count in decimals or floats and may write `2.0`.
fn whole(value: &Value) -> Result<i64> {
    let text = value.to_string();
    let digits = text.strip_suffix(".0").unwrap_or(&text);
    digits.parse().with_context(|| format!("`{text}` is no whole number"))
}

/// The facts of a timeline's one encounter as the peers read them: the whole encounter with its ledger, which is theirs to
/// count in as it is ours. Dates are days since 1970, compared as numbers, and month and year are begun for them.
pub(crate) fn facts(timeline: &Timeline) -> Result<Value> {
    let [encounter] = timeline.encounters.as_slice() else { bail!("one encounter for each timeline") };
    let day = encounter.date_of_service;
    let ledger =
        timeline.ledger.iter().map(|line| object(line, [("date_of_service", json!(line.date_of_service.days()))]));
    object(
        encounter,
        [
            ("date_of_service", json!(day.days())),
            ("received_on", json!(encounter.received_on.map(ServiceDate::days))),
            ("minutes", json!(encounter.minutes)),
            ("supporting_info", json!(encounter.supporting_info)),
            ("ledger", Value::Array(ledger.collect::<Result<_>>()?)),
            ("month_start", json!(day.month_start().days())),
            ("year_start", json!(day.year_start().days())),
        ],
    )
}

/// The value as JSON, with some of its fields written differently.
fn object<const LENGTH: usize>(value: &impl Serialize, fields: [(&str, Value); LENGTH]) -> Result<Value> {
    let mut value = serde_json::to_value(value)?;
    let map = value.as_object_mut().context("facts are an object")?;
    for (name, field) in fields {
        map.insert(name.to_owned(), field);
    }
    Ok(value)
}
