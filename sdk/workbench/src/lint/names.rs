//! Names that nothing uses: sets, sources, assumptions, and facts listed twice. Roles and the like are with the staff.

use std::collections::BTreeSet;

use toml::de::DeTable;
use toml::{Table, Value};

use super::Hint;
use super::tables::Tables;

/// The hints about names; `text` is the policy's own file.
pub(super) fn hints(text: &str, tables: &Tables) -> Vec<Hint> {
    let mut hints = unused_sets(text, tables);
    hints.extend(uncited(tables));
    let reads = tables.policy.get("reads").and_then(Value::as_array).into_iter().flatten();
    let mut seen = BTreeSet::new();
    for field in reads.filter_map(Value::as_str).filter(|field| !seen.insert(*field)) {
        let line = line_of_key(text, "policy", "reads");
        hints.push(named(line, "policy", format!("`reads` lists `{field}` more than once; keep one")));
    }
    hints
}

fn named(line: Option<usize>, row: &str, message: String) -> Hint {
    Hint { line, column: 1, row: row.to_owned(), message }
}

fn unused_sets(text: &str, tables: &Tables) -> Vec<Hint> {
    let mut used = BTreeSet::new();
    for row in &tables.rows {
        collect_sets(&row.values, &mut used);
    }
    // A set is used by the sets that hold it.
    let members = tables.own_sets.values().filter_map(Value::as_array).flatten();
    let names = members.filter_map(|member| member.as_str().or_else(|| member.get("name")?.as_str()));
    used.extend(names.filter_map(|name| name.strip_prefix('@')).map(str::to_owned));
    let unused = tables.own_sets.keys().filter(|name| !used.contains(*name));
    unused
        .map(|name| {
            let message = format!("nothing uses the set `{name}`; write `@{name}` where it is meant or take it out");
            named(line_of_key(text, "sets", name), &format!("sets.{name}"), message)
        })
        .collect()
}

fn collect_sets(table: &Table, used: &mut BTreeSet<String>) {
    for value in table.values() {
        match value {
            Value::Table(inner) => collect_sets(inner, used),
            Value::Array(items) => {
                let names = items.iter().filter_map(Value::as_str);
                used.extend(names.filter_map(|name| name.strip_prefix('@')).map(str::to_owned));
            }
            _ => {}
        }
    }
}

fn uncited(tables: &Tables) -> Vec<Hint> {
    let sources: BTreeSet<&str> = tables.rows.iter().filter_map(|row| row.text("source")).collect();
    let assumed = tables.rows.iter().filter_map(|row| row.values.get("assumes")?.as_array()).flatten();
    let assumed: BTreeSet<&str> = assumed.filter_map(Value::as_str).collect();
    let mut hints = Vec::new();
    for row in tables.rows.iter().filter(|row| row.is_own()) {
        let name = &row.name;
        let message = match row.table.as_str() {
            "source" if !sources.contains(name.as_str()) => {
                format!("no row cites the source `{name}`; cite it where it says something or take it out")
            }
            "assumption" if !assumed.contains(name.as_str()) => {
                format!("no row rests on the assumption `{name}`; name it in `assumes` where one does or take it out")
            }
            _ => continue,
        };
        hints.push(Hint::at(row, message));
    }
    hints
}

/// The line on which a key of a table is written.
fn line_of_key(text: &str, table: &str, key: &str) -> Option<usize> {
    let root = DeTable::parse(text).ok()?.into_inner();
    let (_, table) = root.iter().find(|(name, _)| name.get_ref() == table)?;
    let (written, _) = table.get_ref().as_table()?.iter().find(|(name, _)| name.get_ref() == key)?;
    Some(text.get(..written.span().start)?.matches('\n').count().saturating_add(1))
}
