//! Codes whose lines have no amount, always or before their first rate and after their last: no `[[rate]]` says what they are worth.
//! Days between two rates are told with those of other tables.

use toml::Value;

use super::Hint;
use super::dates::{days_beyond, days_told};
use super::tables::{Row, Tables};

/// The hints.
pub(super) fn hints(tables: &Tables) -> Vec<Hint> {
    if tables.policy.get("rates_from_terms").and_then(Value::as_bool) == Some(true) {
        return Vec::new();
    }
    let mut hints = Vec::new();
    for row in tables.of_table("code") {
        let code = row.text("code").unwrap_or_default();
        let rates: Vec<&Row> = tables.rows.iter().filter(|other| settles_amount(tables, other, code)).collect();
        let Some(place) = [row].into_iter().chain(rates.iter().copied()).find(|row| row.is_own()) else { continue };
        let mut tell = |what: String| {
            let message = format!(
                "no `[[rate]]` says what `{code}` is worth{what}, so its lines have no amount; add one, with `terms = true` where \
                 the agency's contract says it, or write `rates_from_terms = true` in `[policy]`"
            );
            hints.push(Hint::at(place, message));
        };
        if rates.is_empty() {
            tell(String::new());
        }
        days_beyond(tables, row, &rates).into_iter().for_each(|days| tell(format!(" {}", days_told(days))));
    }
    hints
}

/// Whether a row says what `code` is worth, or that it is worth nothing.
fn settles_amount(tables: &Tables, row: &Row, code: &str) -> bool {
    let is_about = tables.codes(row).is_none_or(|codes| codes.contains(code));
    let is_always = !row.values.contains_key("when");
    is_about
        && match row.table.as_str() {
            "rate" => true,
            "report_only" => is_always,
            "notice" => is_always && row.text("effect") == Some("not_billable"),
            _ => false,
        }
}
