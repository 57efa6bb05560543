//! Codes whose lines have no amount: no `[[rate]]` says what they are worth. Days between two rates are told with those of other tables.

use toml::Value;

use super::Hint;
use super::tables::{Row, Tables};

/// The hints.
pub(super) fn hints(tables: &Tables) -> Vec<Hint> {
    if tables.policy.get("rates_from_terms").and_then(Value::as_bool) == Some(true) {
        return Vec::new();
    }
    let unpaid = |row: &&Row| {
        let code = row.text("code").unwrap_or_default();
        row.is_own() && !tables.rows.iter().any(|other| settles_amount(tables, other, code))
    };
    let hint = |row: &Row| {
        let code = row.text("code").unwrap_or_default();
        let message = format!(
            "no `[[rate]]` says what `{code}` is worth, so its lines have no amount; add one, with `terms = true` where the \
             agency's contract says it, or write `rates_from_terms = true` in `[policy]`"
        );
        Hint::at(row, message)
    };
    tables.of_table("code").filter(unpaid).map(hint).collect()
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
