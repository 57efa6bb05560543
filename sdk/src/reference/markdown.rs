//! The table reference as Markdown, from the description of the tables and what each table says by default.

use std::fmt::Write;

use adjudica_core::standing::{CONDITIONS, DATES, OPEN_CONDITIONS};
use adjudica_core::{Effect, LiabilityGroup};

use super::{Choice, Column, Form, Kind, Needs, Shape, Table, Word, case_tables, common, policy_tables, prose, words};
use crate::tables::{DEFAULTS_OF_TABLES, Defaults};

/// Lists of words that are explained once.
const WORDS: [(&str, &[Word]); 12] = [
    ("`effect`", words::EFFECTS),
    ("`confidence`", words::CONFIDENCES),
    ("`group`", words::GROUPS),
    ("`window`, `over`", words::WINDOWS),
    ("`per`", words::PER),
    ("`counts`", words::COUNTS),
    ("`kind`", words::INFO_KINDS),
    ("`outcome`", words::OUTCOMES),
    ("`method`", words::METHODS),
    ("`state`", words::AGREEMENT_STATES),
    ("`rendering_sources`, `source`", words::RENDERING_SOURCES),
    ("`over` of a maximum", words::MAXIMUM_PERIODS),
];

pub(super) fn reference() -> String {
    let mut page = Page::default();
    page.paragraph(prose::HEAD);
    page.paragraph(prose::POLICY_EXAMPLE);
    page.paragraph("## What every row may carry");
    page.columns(common::COLUMNS.iter());
    page.paragraph(prose::ROWS);
    page.tables("## The tables", policy_tables());
    page.paragraph("## Case files");
    page.paragraph(prose::CASES_EXAMPLE);
    page.defaults_of_cases();
    page.tables("## The tables of case files", case_tables());
    page.words();
    page.pairs("## Conditions", "condition", CONDITIONS.iter().map(|(name, says)| ((*name).to_owned(), *says)));
    page.pairs(
        "Conditions that carry a name of the agency's own:",
        "condition",
        OPEN_CONDITIONS.iter().map(|(prefix, says)| (format!("{prefix}NAME"), *says)),
    );
    page.pairs("## Kinds of days", "day", DATES.iter().map(|(name, says)| ((*name).to_owned(), *says)));
    page.paragraph(prose::TAIL);
    page.text.trim_end().to_owned() + "\n"
}

/// A table inside a row.
#[derive(Clone, Copy)]
enum Inner {
    Shape(&'static Shape),
    Choice(&'static Choice),
}

impl Inner {
    fn name(self) -> &'static str {
        match self {
            Self::Shape(shape) => shape.name,
            Self::Choice(choice) => choice.name,
        }
    }
}

#[derive(Default)]
struct Page {
    text: String,
}

impl Page {
    fn line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }

    fn paragraph(&mut self, paragraph: &str) {
        self.line(paragraph.trim_end());
        self.line("");
    }

    /// Tables under a heading, then the tables inside their rows.
    fn tables(&mut self, heading: &str, tables: impl Iterator<Item = &'static Table>) {
        self.paragraph(heading);
        let mut inner = Vec::new();
        for table in tables {
            self.table(table);
            table.all_columns().for_each(|column| collect(&column.kind, &mut inner));
        }
        for inner in inner {
            match inner {
                Inner::Shape(shape) => self.shape(shape),
                Inner::Choice(choice) => self.choice(choice),
            }
        }
    }

    fn table(&mut self, table: &Table) {
        let name = table.name;
        match table.form {
            Form::List => self.paragraph(&format!("### `[[{name}]]`")),
            Form::One | Form::Map(_) => self.paragraph(&format!("### `[{name}]`")),
        }
        table.says.iter().for_each(|says| self.paragraph(says));
        if let Form::Map(kind) = table.form {
            self.paragraph(&format!("Each name has: {}.", kind_text(&kind)));
        }
        let defaults = DEFAULTS_OF_TABLES.iter().find(|defaults| defaults.table == name);
        match defaults {
            Some(defaults) if defaults.sentence.is_empty() => self.paragraph("Its rows make no finding."),
            Some(defaults) => self.paragraph(&defaults_text(defaults)),
            None => {}
        }
        self.columns(table.columns.iter());
        self.needs(table.needs);
    }

    fn columns<'c>(&mut self, columns: impl Iterator<Item = &'c Column>) {
        let mut columns = columns.peekable();
        if columns.peek().is_none() {
            return;
        }
        self.line("| column | needed | holds | meaning |");
        self.line("|---|---|---|---|");
        for column in columns {
            let needed = if column.required { "yes" } else { "" };
            let (name, holds) = (format!("`{}`", column.name), kind_text(&column.kind));
            self.row(&[name, needed.to_owned(), holds, column.says.to_owned()]);
        }
        self.line("");
    }

    fn row(&mut self, cells: &[String]) {
        let cells: Vec<String> = cells.iter().map(|cell| cell.replace('|', "\\|")).collect();
        self.line(&format!("| {} |", cells.join(" | ")));
    }

    fn needs(&mut self, needs: &[Needs]) {
        for need in needs {
            match need {
                Needs::ExactlyOne(names) => self.paragraph(&format!("It has exactly one of {}.", list(names))),
                Needs::AtLeastOne(names) => self.paragraph(&format!("It has at least one of {}.", list(names))),
            }
        }
    }

    fn shape(&mut self, shape: &Shape) {
        self.paragraph(&format!("### The table `{}` inside a row", shape.name));
        self.paragraph(shape.says);
        self.columns(shape.columns.iter());
    }

    fn choice(&mut self, choice: &Choice) {
        self.paragraph(&format!("### The table `{}` inside a row", choice.name));
        self.paragraph(&format!("{} `{}` is one of these.", choice.says, choice.by));
        self.line(&format!("| {} | further columns | meaning |", choice.by));
        self.line("|---|---|---|");
        for shape in choice.shapes {
            let columns: Vec<String> =
                shape.columns.iter().map(|column| format!("`{}` ({})", column.name, column.says)).collect();
            self.row(&[format!("`{}`", shape.name), columns.join(", "), shape.says.to_owned()]);
        }
        self.line("");
    }

    fn words(&mut self) {
        self.paragraph("## Words");
        self.line("| column | word | meaning |");
        self.line("|---|---|---|");
        for (name, list) in WORDS {
            for word in list {
                self.row(&[name.to_owned(), format!("`{}`", word.name), word.says.to_owned()]);
            }
        }
        self.line("");
    }

    fn pairs<'p>(&mut self, heading: &str, what: &str, pairs: impl Iterator<Item = (String, &'p str)>) {
        self.paragraph(heading);
        self.line(&format!("| {what} | meaning |"));
        self.line("|---|---|");
        for (name, says) in pairs {
            self.row(&[format!("`{name}`"), says.to_owned()]);
        }
        self.line("");
    }

    fn defaults_of_cases(&mut self) {
        let given = adjudica_cases::DEFAULTS.map(|(name, value)| format!("`{name} = \"{value}\"`"));
        self.paragraph(&format!("What neither the encounter nor `[defaults]` gives is {}. A host fills in nothing: it asks that each encounter gives them.", given.join(", ")));
    }
}

/// Adds the tables inside a row that a column leads to, each once, the outer first.
fn collect(kind: &Kind, inner: &mut Vec<Inner>) {
    let (found, columns): (Inner, Vec<&Column>) = match kind {
        Kind::List(item) | Kind::Filled(item) | Kind::Map(item) => return collect(item, inner),
        Kind::Shape(shape) => (Inner::Shape(shape), shape.columns.iter().collect()),
        Kind::Choice(choice) => (Inner::Choice(choice), choice.shapes.iter().flat_map(|shape| shape.columns).collect()),
        Kind::Name
        | Kind::NameOrSet
        | Kind::Member
        | Kind::Code
        | Kind::CodeOrSet
        | Kind::Modifier
        | Kind::Place
        | Kind::Text
        | Kind::Letters
        | Kind::Version
        | Kind::Number
        | Kind::Count
        | Kind::Cents
        | Kind::YesNo
        | Kind::Date
        | Kind::Fact
        | Kind::Word(_) => return,
    };
    if inner.iter().all(|known| known.name() != found.name()) {
        inner.push(found);
        columns.into_iter().for_each(|column| collect(&column.kind, inner));
    }
}

fn kind_text(kind: &Kind) -> String {
    let text = match kind {
        Kind::Name => "name",
        Kind::NameOrSet => "name or `@set`",
        Kind::Member => "name or `@set`, or `{ name, from, to }`",
        Kind::Code => "procedure code",
        Kind::CodeOrSet => "procedure code or `@set`",
        Kind::Modifier => "modifier of two characters",
        Kind::Place => "place of service of two digits",
        Kind::Text => "text",
        Kind::Letters => "letters",
        Kind::Version => "version",
        Kind::Number => "number",
        Kind::Count => "number from 1",
        Kind::Cents => "cents",
        Kind::YesNo => "`true` or `false`",
        Kind::Date => "date",
        Kind::Fact => "fact of the catalogue",
        Kind::Word(words) => return list(&words.iter().map(|word| word.name).collect::<Vec<_>>()),
        Kind::List(item) => return format!("list of: {}", kind_text(item)),
        Kind::Filled(item) => return format!("list, not empty, of: {}", kind_text(item)),
        Kind::Map(item) => return format!("by name: {}", kind_text(item)),
        Kind::Shape(shape) => return format!("table `{}`", shape.name),
        Kind::Choice(choice) => return format!("table `{}`", choice.name),
    };
    text.to_owned()
}

fn list(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    match quoted.split_last() {
        Some((last, before)) if !before.is_empty() => format!("{} or {last}", before.join(", ")),
        _ => quoted.join(""),
    }
}

/// What the rows of a table say and do where they do not say it themselves.
fn defaults_text(defaults: &Defaults) -> String {
    let mut text = format!("By default `{}`", effect_text(defaults.effect));
    if let Some((carc, group, rarc)) = defaults.denial {
        let codes: Vec<&str> = [carc, group_text(group)].into_iter().chain(rarc.iter().copied()).collect();
        let refuses = defaults.effect < Effect::Note && defaults.effect != Effect::Review;
        let condition = if refuses { "" } else { " where the row's effect refuses" };
        let _ = write!(text, ", {}{condition}", codes.join(" "));
    }
    let _ = write!(text, ": \"{}\".", defaults.sentence);
    if let Some(satisfied) = defaults.satisfied {
        let _ = write!(text, " Satisfied: \"{satisfied}\".");
    }
    if let Some(remedy) = defaults.remedy {
        let _ = write!(text, " Remedy: \"{remedy}\".");
    }
    text
}

fn effect_text(effect: Effect) -> &'static str {
    match effect {
        Effect::NotBillable => "not_billable",
        Effect::Incomplete => "incomplete",
        Effect::Review => "review",
        Effect::ReportOnly => "report_only",
        Effect::Note => "note",
    }
}

fn group_text(group: LiabilityGroup) -> &'static str {
    match group {
        LiabilityGroup::Contractual => "CO",
        LiabilityGroup::Patient => "PR",
        LiabilityGroup::Other => "OA",
        LiabilityGroup::PayerInitiated => "PI",
    }
}
