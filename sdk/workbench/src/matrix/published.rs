//! Reads a grid that a payer published, as CSV. Whether the policy answers so is for the comparison.

use std::collections::BTreeMap;

use adjudica_core::{Outcome, ProcedureCode, Token};

use super::letter;

/// The first line of a published grid.
const HEADER: &str = "phase,role,code,outcome";

/// One cell of a published grid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    /// The phase.
    pub phase: String,
    /// The role.
    pub role: String,
    /// The code.
    pub code: String,
    /// The outcome.
    pub outcome: Outcome,
}

/// Reads lines of `phase,role,code,outcome`, the outcome a letter of B R I W N. Lines that begin with `#` and empty ones are
/// passed over: they say where the grid was published.
/// # Errors
/// Every fault, each with its line.
pub fn parse_published(text: &str) -> Result<Vec<Published>, Vec<String>> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let lines = (1_usize..).zip(text.lines().map(str::trim));
    let mut lines = lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#')).peekable();
    let mut faults = Vec::new();
    match lines.next_if(|(_, line)| *line == HEADER) {
        Some(_) => {}
        None => {
            let number = lines.peek().map_or(1, |(number, _)| *number);
            faults.push(format!("line {number}: the grid does not begin with its header; write `{HEADER}` first"));
        }
    }
    let mut rows = Vec::new();
    let mut seen: BTreeMap<(String, String, String), usize> = BTreeMap::new();
    for (number, line) in lines {
        let Some(row) = parse_row(number, line, &mut faults) else { continue };
        let key = (row.phase.clone(), row.role.clone(), row.code.clone());
        if let Some(earlier) = seen.get(&key) {
            faults.push(format!("line {number}: line {earlier} says the same phase, role and code; keep one of them"));
            continue;
        }
        seen.insert(key, number);
        rows.push(row);
    }
    if faults.is_empty() { Ok(rows) } else { Err(faults) }
}

fn parse_row(number: usize, line: &str, faults: &mut Vec<String>) -> Option<Published> {
    let fields: Vec<&str> = line.split(',').map(str::trim).collect();
    let [phase, role, code, outcome] = fields.as_slice() else {
        let s = if fields.len() == 1 { "" } else { "s" };
        faults.push(format!("line {number}: {} field{s}; write four, `{HEADER}`", fields.len()));
        return None;
    };
    let before = faults.len();
    for (what, name) in [("phase", phase), ("role", role)] {
        if let Err(error) = Token::parse(name) {
            faults.push(format!("line {number}: {what}: {error}"));
        }
    }
    if let Err(error) = ProcedureCode::parse(code) {
        faults.push(format!("line {number}: code: {error}"));
    }
    let known = Outcome::ALL.into_iter().filter(|outcome| *outcome != Outcome::Undetermined);
    let found = known.into_iter().find(|known| outcome.chars().eq([letter(*known)]));
    if found.is_none() {
        faults.push(format!("line {number}: outcome: `{outcome}` is none of B R I W N; write one of these letters"));
    }
    let outcome = found.filter(|_| faults.len() == before)?;
    let [phase, role, code] = [phase, role, code].map(|text| (*text).to_owned());
    Some(Published { phase, role, code, outcome })
}
