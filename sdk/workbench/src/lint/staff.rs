//! Roles, phases and modes that a `when` names though no staff row of its codes has them, and days before and after the staff rows
//! of a code. Days between them are told with those of other tables.

use toml::{Table, Value};

use super::dates::{days_beyond, days_told};
use super::tables::{Row, Tables, only_notes};
use super::{Hint, quoted};

/// Fields of names, with what one and several of them are called.
const KINDS: [(&str, &str, &str); 3] =
    [("roles", "role", "roles"), ("phases", "phase", "phases"), ("modes", "mode", "modes")];

/// The hints.
pub(super) fn hints(tables: &Tables) -> Vec<Hint> {
    let mut hints = closed_days(tables);
    // A note may be meant for those who are refused: it tells them the code to ask for.
    let told = |row: &&Row| row.is_own() && !(row.table == "notice" && only_notes(row));
    for row in tables.rows.iter().filter(told) {
        let Some(when) = row.values.get("when").and_then(Value::as_table) else { continue };
        for (key, one, several) in KINDS {
            let foreign = unstaffed(tables, row, when, key);
            if foreign.is_empty() {
                continue;
            }
            let (kind, name) = if foreign.len() == 1 { (one, "name") } else { (several, "names") };
            let named = quoted(foreign.iter().map(String::as_str));
            let message = format!(
                "`when` names the {kind} {named}, with which no `[[staff]]` row lets anybody bill the row's codes; \
                 add a `[[staff]]` row or take the {name} out"
            );
            hints.push(Hint::at(row, message));
        }
    }
    hints
}

/// Days of a code before its first staff row and after its last: nobody may bill it then.
fn closed_days(tables: &Tables) -> Vec<Hint> {
    let mut hints = Vec::new();
    let codes = tables.of_table("code").filter(|row| !row.values.contains_key("roles"));
    for row in codes {
        let Some(code) = row.text("code") else { continue };
        let staff: Vec<&Row> = tables
            .of_table("staff")
            .filter(|row| tables.codes(row).is_some_and(|codes| codes.contains(code)))
            .collect();
        for days in days_beyond(tables, row, &staff) {
            let Some(place) = [row].into_iter().chain(staff.iter().copied()).find(|row| row.is_own()) else { continue };
            let days = days_told(days);
            let message =
                format!("nobody may bill `{code}` {days}: no `[[staff]]` row of it holds then; date the rows alike");
            hints.push(Hint::at(place, message));
        }
    }
    hints
}

/// Names of `when` with which none of the row's codes can be billed.
fn unstaffed(tables: &Tables, row: &Row, when: &Table, key: &str) -> Vec<String> {
    let Some(named) = when.get(key) else { return Vec::new() };
    let known = tables.of_table("code").filter_map(|row| row.text("code"));
    let codes = tables.codes(row).unwrap_or_else(|| known.map(str::to_owned).collect());
    let mut names = tables.names(named);
    for code in &codes {
        let staff = tables.of_table("staff").filter(|row| tables.codes(row).is_some_and(|codes| codes.contains(code)));
        let lists: Vec<Option<&Value>> = staff.map(|row| row.values.get(key)).collect();
        // A code without staff rows is anybody's, and a row without a list takes any name.
        if lists.is_empty() || lists.contains(&None) {
            return Vec::new();
        }
        for staffed in lists.into_iter().flatten() {
            names = names.difference(&tables.names(staffed)).cloned().collect();
        }
    }
    names.into_iter().collect()
}
