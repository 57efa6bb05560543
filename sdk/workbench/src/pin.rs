//! Writes a case that pins what a policy answers now. Whether that is right is for its author to read.

use adjudica_cases::Expectation;
use adjudica_core::{Decision, Terms, Timeline};
use toml::{Table, Value};

/// Facts that every case file gives by itself.
const GIVEN: [(&str, &str); 8] = adjudica_cases::DEFAULTS;

/// The text of a `[[case]]`: the encounters, the lines before them, and the answers as they are.
/// `None` where a fact has no form in a case file.
#[must_use]
pub fn case(name: &str, note: &str, timeline: &Timeline, answers: &[Decision]) -> Option<String> {
    let mut text = String::from("[[case]]\n");
    text.push_str(&format!("name = {}\n", Value::String(name.to_owned())));
    text.push_str(&format!("note = {}\n", Value::String(note.to_owned())));
    let encounters = timeline.encounters.iter().enumerate().map(|(index, facts)| {
        let mut facts = Table::try_from(facts).ok()?;
        let id = if index == 0 { "e1".to_owned() } else { format!("e{}", index.saturating_add(1)) };
        facts.retain(|field, value| {
            let usual = GIVEN.iter().find(|(name, _)| *name == field).map(|(_, usual)| *usual);
            let usual = if field == "encounter_id" { Some(id.as_str()) } else { usual };
            value.as_str() != usual || usual.is_none()
        });
        Some(Value::Table(facts))
    });
    let encounters: Vec<Value> = encounters.collect::<Option<_>>()?;
    let expected = answers.iter().map(|decision| Value::try_from(Expectation::of(decision)).ok());
    let expected: Vec<Value> = expected.collect::<Option<_>>()?;
    if !timeline.ledger.is_empty() {
        let lines = timeline.ledger.iter().map(|line| Value::try_from(line).ok());
        text.push_str(&field("history", &Value::Array(lines.collect::<Option<_>>()?)));
    }
    match (encounters.as_slice(), expected.as_slice()) {
        ([encounter], [expected]) => {
            text.push_str(&field("encounter", encounter));
            text.push_str(&field("expect", expected));
        }
        _ => {
            text.push_str(&field("encounters", &Value::Array(encounters)));
            text.push_str(&field("expect_each", &Value::Array(expected)));
        }
    }
    Some(text)
}

/// The `[terms]` of a case file; empty where there are none.
#[must_use]
pub fn terms(terms: &Terms) -> Option<String> {
    if *terms == Terms::default() {
        return Some(String::new());
    }
    let table = Table::try_from(terms).ok()?;
    Some(format!("terms = {}\n\n", Value::Table(table)))
}

fn field(name: &str, value: &Value) -> String {
    match value {
        Value::Array(items) => {
            let items: String = items.iter().map(|item| format!("    {item},\n")).collect();
            format!("{name} = [\n{items}]\n")
        }
        single => format!("{name} = {single}\n"),
    }
}

#[cfg(test)]
mod tests;
