//! The rows that hold, the policy's own and those of the files below it, with sets resolved. Judges none of them.

use std::collections::BTreeSet;

use adjudica_core::{DateRange, ServiceDate};
use adjudica_sdk::tables::{Sets, SpelledOut};
use toml::{Table, Value};

use crate::Subject;
use crate::mutate;

/// Tables that are no rows.
const NO_ROWS: [&str; 2] = ["policy", "sets"];
/// Tables whose rows are no rules.
const SILENT: [&str; 3] = ["source", "assumption", "parameter"];

/// Where a row is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    /// In the policy's own file.
    Own,
    /// In a file that it extends or includes.
    Below,
}

/// One row.
#[derive(Debug, Clone)]
pub(super) struct Row {
    pub(super) table: String,
    pub(super) id: Option<String>,
    /// Its id, or its table and place.
    pub(super) name: String,
    pub(super) origin: Origin,
    /// Line of the policy's own file; `None` for rows of other files.
    pub(super) line: Option<usize>,
    pub(super) values: Table,
}

impl Row {
    pub(super) fn is_own(&self) -> bool {
        self.origin == Origin::Own
    }

    /// Whether it can speak: others stand on those that cannot.
    pub(super) fn is_rule(&self) -> bool {
        !SILENT.contains(&self.table.as_str())
    }

    pub(super) fn text(&self, key: &str) -> Option<&str> {
        self.values.get(key)?.as_str()
    }

    pub(super) fn number(&self, key: &str) -> Option<u32> {
        u32::try_from(self.values.get(key)?.as_integer()?).ok()
    }
}

/// All that holds in a policy.
pub(super) struct Tables {
    /// Those of the policy's own file first, each file's in the order of its tables.
    pub(super) rows: Vec<Row>,
    /// What the policy's own file says under `[sets]`.
    pub(super) own_sets: Table,
    /// What it says under `[policy]`.
    pub(super) policy: Table,
    /// Periods that the policy answers for.
    pub(super) in_force: Vec<DateRange>,
    sets: Sets,
}

impl Tables {
    /// `None` where the text is no tables.
    pub(super) fn of(subject: &Subject) -> Option<Self> {
        let spelled = subject.spelled_out()?;
        let root = &spelled.root;
        let table = |name: &str| root.get(name).and_then(Value::as_table).cloned().unwrap_or_default();
        let policy = table("policy");
        let in_force = policy.get("in_force").and_then(Value::as_array).into_iter().flatten();
        let in_force = in_force.filter_map(|period| {
            Some(DateRange { from: day_of(period.get("from")?)?, to: period.get("to").and_then(day_of) })
        });
        let mut tables = Self {
            rows: Vec::new(),
            own_sets: table("sets"),
            in_force: in_force.collect(),
            policy,
            sets: Sets::default(),
        };
        tables.add_file(&spelled, Origin::Own);
        for path in paths_below(subject, &tables.policy) {
            if let Some(below) = subject.spelled_out_below(&path) {
                tables.add_file(&below, Origin::Below);
            }
        }
        Some(tables)
    }

    /// Adds what holds of a file: rows that no file above it has, and that the policy does not take away.
    fn add_file(&mut self, spelled: &SpelledOut, origin: Origin) {
        let root = &spelled.root;
        if let Some(sets) = root.get("sets").and_then(Value::as_table) {
            self.sets = std::mem::take(&mut self.sets).over(Sets::of_table(sets));
        }
        let without = texts(self.policy.get("without").filter(|_| origin == Origin::Below));
        let above: BTreeSet<(String, Option<String>)> = self.rows.iter().map(key_of).collect();
        let own_line = |row: &mutate::Row| if origin == Origin::Own { row.line(spelled) } else { None };
        for (table, value) in root.iter().filter(|(table, _)| !NO_ROWS.contains(&table.as_str())) {
            let (items, is_single) = match value {
                Value::Array(items) => (items.as_slice(), false),
                single => (std::slice::from_ref(single), true),
            };
            for (index, values) in items.iter().enumerate() {
                let Some(values) = values.as_table() else { continue };
                let id = values.get("id").and_then(Value::as_str).map(str::to_owned);
                let written =
                    mutate::Row { table: table.clone(), index: (!is_single).then_some(index), id: id.clone() };
                let row = Row {
                    table: table.clone(),
                    name: written.name(),
                    origin,
                    line: own_line(&written),
                    values: values.clone(),
                    id,
                };
                let is_taken_away = row.id.as_ref().is_some_and(|id| without.contains(id));
                if !is_taken_away && !above.contains(&key_of(&row)) {
                    self.rows.push(row);
                }
            }
        }
    }

    /// The rows of a table.
    pub(super) fn of_table<'t>(&'t self, table: &str) -> impl Iterator<Item = &'t Row> {
        self.rows.iter().filter(move |row| row.table == table)
    }

    /// The codes that a row names, each once; `None` where it is about every code.
    pub(super) fn codes(&self, row: &Row) -> Option<BTreeSet<String>> {
        match row.text("code") {
            Some(code) => Some(BTreeSet::from([code.to_owned()])),
            None => Some(self.names(row.values.get("codes")?)),
        }
    }

    /// The names of a list, `@name` replaced by that set's.
    pub(super) fn names(&self, list: &Value) -> BTreeSet<String> {
        self.sets.resolve(&texts(Some(list))).into_iter().map(str::to_owned).collect()
    }

    /// The days that a row holds for a code of it: the code may be one of a set on some days only.
    pub(super) fn days_for(&self, row: &Row, code: &str) -> Option<DateRange> {
        let days = self.days(row);
        let Some(list) = row.values.get("codes") else { return Some(days) };
        let list = texts(Some(list));
        let held = self.sets.resolve_within(&list, days);
        let mut held = held.into_iter().filter(|(name, _)| *name == code).map(|(_, days)| days);
        held.next()
    }

    /// The days that a row holds for.
    pub(super) fn days(&self, row: &Row) -> DateRange {
        let first = self.in_force.iter().map(|period| period.from).min().unwrap_or(ServiceDate::from_days(0));
        let day = |key: &str| row.values.get(key).and_then(day_of);
        DateRange { from: day("from").unwrap_or(first), to: day("to") }
    }
}

/// Whether a row of `notice` decides nothing.
pub(super) fn only_notes(notice: &Row) -> bool {
    notice.text("effect").is_none_or(|effect| effect == "note")
}

/// What a row replaces in the files below: the row of its table and id, or the table where that is a single row.
fn key_of(row: &Row) -> (String, Option<String>) {
    let is_single = row.table.starts_with("unknown_") || row.table == "outside_dates";
    (row.table.clone(), row.id.clone().filter(|_| !is_single))
}

/// The files below, the uppermost first.
fn paths_below(subject: &Subject, policy: &Table) -> Vec<String> {
    let folder = policy.get("extends").and_then(Value::as_str);
    let base = folder.map(|folder| format!("{folder}/policy.toml"));
    let of_base = base.as_ref().and_then(|path| subject.below.get(path)?.parse::<Table>().ok());
    let of_base = of_base.as_ref().and_then(|root| root.get("policy")?.get("includes"));
    let of_base = texts(of_base).into_iter().filter_map(|path| Some(format!("{}/{path}", folder?)));
    base.into_iter().chain(texts(policy.get("includes"))).chain(of_base).collect()
}

fn texts(list: Option<&Value>) -> Vec<String> {
    let items = list.and_then(Value::as_array).into_iter().flatten();
    items.filter_map(Value::as_str).map(str::to_owned).collect()
}

fn day_of(value: &Value) -> Option<ServiceDate> {
    ServiceDate::parse(&value.as_datetime()?.to_string()).ok()
}
