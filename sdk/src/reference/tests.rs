//! That the description is the code's: columns both ways, what is required, words, patterns, files, and the page on disk.

mod checker;
mod columns;
mod files;
mod patterns;

use std::collections::BTreeSet;

use adjudica_core::manifest::{Confidence, LiabilityGroup};
use adjudica_core::standing::RenderingSource;
use adjudica_core::{Effect, Outcome};
use serde::de::DeserializeOwned;

use super::{Kind, Shape, Word, case_tables, common, policy_tables, reference, words};

const TABLES_FILE: &str = include_str!("../../TABLES.md");

#[test]
fn the_table_reference_on_disk_is_the_one_that_the_sources_make() {
    let made = reference();
    let differs = made.lines().zip(TABLES_FILE.lines()).position(|(made, kept)| made != kept);
    let line = differs.unwrap_or_else(|| made.lines().count().min(TABLES_FILE.lines().count())) + 1;
    assert!(
        made == TABLES_FILE,
        "sdk/TABLES.md differs from the description in line {line}; write it anew: adjudica policy schema --reference > sdk/TABLES.md"
    );
}

#[test]
fn the_table_reference_names_every_table_and_column() {
    let page = reference();
    for table in policy_tables().chain(case_tables()) {
        assert!(page.contains(&format!("[{}]", table.name)), "{}", table.name);
        for column in table.all_columns() {
            assert!(page.contains(&format!("| `{}` |", column.name)), "{}.{}", table.name, column.name);
        }
    }
}

#[test]
fn the_table_reference_has_tables_of_as_many_cells_as_their_heads() {
    let mut head = None;
    for line in reference().lines() {
        let cells = line.replace("\\|", "").matches('|').count();
        head = line.starts_with('|').then(|| head.unwrap_or(cells));
        assert_eq!(head.unwrap_or(cells), cells, "{line}");
    }
}

/// The words that serde takes for `T`.
fn words_of<T: DeserializeOwned>() -> BTreeSet<String> {
    let error = match serde_json::from_value::<T>(serde_json::json!("nonsense")) {
        Ok(_) => panic!("`nonsense` is a word of it"),
        Err(error) => error.to_string(),
    };
    columns::expected(&error)
}

fn described(words: &[Word]) -> BTreeSet<String> {
    words.iter().map(|word| word.name.to_owned()).collect()
}

#[test]
fn the_reference_has_the_words_that_the_types_take() {
    assert_eq!(words_of::<Effect>(), described(words::EFFECTS));
    assert_eq!(words_of::<Outcome>(), described(words::OUTCOMES));
    assert_eq!(words_of::<Confidence>(), described(words::CONFIDENCES));
    assert_eq!(words_of::<LiabilityGroup>(), described(words::GROUPS));
    assert_eq!(words_of::<RenderingSource>(), described(words::RENDERING_SOURCES));
    assert_eq!(words_of::<adjudica_core::terms::PricingMethod>(), described(words::METHODS));
    assert_eq!(words_of::<adjudica_core::terms::AgreementState>(), described(words::AGREEMENT_STATES));
    assert_eq!(words_of::<adjudica_core::payment::MaximumPeriod>(), described(words::MAXIMUM_PERIODS));
    let in_row = |row: &str| columns::expected(&columns::faults_of_row(row));
    let limit = "[[limit]]\nid = \"a\"\nmax = 1\n";
    assert_eq!(in_row(&format!("{limit}window = \"nonsense\"")), described(words::WINDOWS));
    assert_eq!(in_row(&format!("{limit}window = \"day\"\nper = [\"nonsense\"]")), described(words::PER));
    assert_eq!(in_row(&format!("{limit}window = \"day\"\ncounts = \"nonsense\"")), described(words::COUNTS));
    assert_eq!(in_row("[[require]]\nid = \"a\"\nkind = \"nonsense\""), described(words::INFO_KINDS));
    let rules: BTreeSet<String> = common::ROUNDING.shapes.iter().map(|shape| shape.name.to_owned()).collect();
    assert_eq!(in_row("[[units]]\nid = \"a\"\ncodes = [\"T1016\"]\nrounding = { rule = \"nonsense\" }"), rules);
}

#[test]
fn the_reference_calls_the_tables_silent_that_make_no_rule() {
    let rows = columns::SAMPLES.iter().map(|(_, row)| *row).collect::<Vec<_>>().join("\n");
    let compiled = crate::tables::compile(&format!("{}\n{rows}", columns::HEAD)).expect("the samples have no faults");
    let spoken: BTreeSet<&str> = compiled.manifest.rules.iter().map(|rule| rule.id.as_str()).collect();
    let silent = crate::tables::DEFAULTS_OF_TABLES.iter().filter(|defaults| defaults.sentence.is_empty());
    for silent in silent.map(|defaults| defaults.table) {
        assert!(!spoken.contains(format!("a-{silent}").as_str()), "`{silent}` makes a rule");
    }
    assert!(spoken.contains("a-limit") && spoken.contains("a-notice") && spoken.contains("a-custom"));
}

/// Every shape of that name that the columns of `tables` lead to.
fn find_shape(name: &str) -> &'static Shape {
    fn look(kind: &Kind, name: &str) -> Option<&'static Shape> {
        match kind {
            Kind::List(item) | Kind::Filled(item) | Kind::Map(item) => look(item, name),
            Kind::Shape(shape) if shape.name == name => Some(shape),
            Kind::Shape(shape) => shape.columns.iter().find_map(|column| look(&column.kind, name)),
            Kind::Choice(choice) => {
                choice.shapes.iter().flat_map(|shape| shape.columns).find_map(|column| look(&column.kind, name))
            }
            _ => None,
        }
    }
    let columns = case_tables().chain(policy_tables()).flat_map(super::Table::all_columns);
    let found: Vec<_> = columns.filter_map(|column| look(&column.kind, name)).collect();
    found.first().copied().unwrap_or_else(|| panic!("no column leads to a table `{name}`"))
}
