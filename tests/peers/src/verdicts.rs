//! What every engine answers about an encounter, as one line of JSON. Decides nothing.

use anyhow::{Context, Result};
use serde::Serialize;
use serde_json::Value;

/// The part of a decision that every engine gives.
#[derive(Debug, Serialize)]
pub(crate) struct Verdicts {
    /// `billable`, `incomplete`, ...
    outcome: String,
    /// Code, units and cents of the line, where there is one.
    line: Option<(String, u32, i64)>,
    /// Every failed rule, in the order in which the peer names them.
    failed: Vec<String>,
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
