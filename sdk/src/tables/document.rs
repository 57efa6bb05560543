//! Reads `policy.toml` into rows that know their place, collecting every fault of form on the way.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::{DeTable, DeValue, ValueDeserializer};

use super::Fault;
use super::rows::{
    AddOnRow, AssumptionRow, AuthorizationRow, BoundsRow, CodeRow, ComponentRow, DiagnosisRow, ExcludeRow, FilingRow,
    IntervalRow, LimitRow, ModifierRow, ParameterRow, PlaceRow, PlainRow, PolicyRow, PrerequisiteRow, RateRow,
    RequireRow, SourceRow, StaffRow, UnitsRow, WhenCodesRow,
};

/// A row and where it starts.
#[derive(Debug, Clone)]
pub(super) struct Located<T> {
    pub row: T,
    pub place: Place,
}

/// Line and column, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub line: usize,
    pub column: usize,
    /// Where the row stands in the policy that is extended; line and column are then those of `[policy]`.
    pub base: Option<(usize, usize)>,
}

impl Place {
    pub(super) fn fault(self, message: impl Into<String>) -> Fault {
        let message = message.into();
        let message = match self.base {
            Some((line, column)) => format!("in the policy it extends, at {line}:{column}: {message}"),
            None => message,
        };
        Fault { line: self.line, column: self.column, message }
    }

    /// The same place, for a document that stands at `policy` and extends this one.
    pub(super) fn seen_from(self, policy: Self) -> Self {
        Self { base: Some((self.line, self.column)), ..policy }
    }
}

/// A whole `policy.toml`.
pub(super) struct Document {
    pub policy: Located<PolicyRow>,
    pub sets: BTreeMap<String, Vec<String>>,
    pub sources: Vec<Located<SourceRow>>,
    pub assumptions: Vec<Located<AssumptionRow>>,
    pub codes: Vec<Located<CodeRow>>,
    pub unknown_code: Option<Located<PlainRow>>,
    pub outside_dates: Option<Located<PlainRow>>,
    pub unknown_service: Option<Located<PlainRow>>,
    pub unknown_modifier: Option<Located<PlainRow>>,
    pub staff: Vec<Located<StaffRow>>,
    pub minutes: Vec<Located<BoundsRow>>,
    pub group_sizes: Vec<Located<BoundsRow>>,
    pub units: Vec<Located<UnitsRow>>,
    pub add_ons: Vec<Located<AddOnRow>>,
    pub places: Vec<Located<PlaceRow>>,
    pub limits: Vec<Located<LimitRow>>,
    pub exclusions: Vec<Located<ExcludeRow>>,
    pub prerequisites: Vec<Located<PrerequisiteRow>>,
    pub requirements: Vec<Located<RequireRow>>,
    pub modifiers: Vec<Located<ModifierRow>>,
    pub rates: Vec<Located<RateRow>>,
    pub report_only: Vec<Located<WhenCodesRow>>,
    pub filing: Vec<Located<FilingRow>>,
    pub notices: Vec<Located<WhenCodesRow>>,
    pub custom: Vec<Located<PlainRow>>,
    pub diagnoses: Vec<Located<DiagnosisRow>>,
    pub components: Vec<Located<ComponentRow>>,
    pub intervals: Vec<Located<IntervalRow>>,
    pub authorizations: Vec<Located<AuthorizationRow>>,
    pub parameters: Vec<Located<ParameterRow>>,
}

/// The document, where it has a usable `[policy]`, and every fault of form.
pub(super) fn read(text: &str) -> (Option<Document>, Vec<Fault>) {
    read_of(text, None)
}

/// Tables that several policies share: they have no `[policy]` of their own and get that of the one that includes them.
pub(super) fn read_shared(text: &str, policy: &Located<PolicyRow>) -> (Option<Document>, Vec<Fault>) {
    read_of(text, Some(policy))
}

fn read_of(text: &str, given: Option<&Located<PolicyRow>>) -> (Option<Document>, Vec<Fault>) {
    let (root, errors) = DeTable::parse_recoverable(text);
    let mut reader = Reader { text, lines: line_starts(text), faults: Vec::new() };
    for error in errors {
        reader.fault(error.span(), error.message());
    }
    if !reader.faults.is_empty() {
        return (None, reader.faults);
    }
    let mut root = root.into_inner();
    let policy = match given {
        Some(policy) => Some(policy.clone()),
        None => reader.single(&mut root, "policy"),
    };
    if policy.is_none() && reader.faults.is_empty() {
        reader.fault(None, "there is no `[policy]`; begin with its id, version, title, payers, currency and in_force");
    }
    let sets =
        reader.single::<BTreeMap<String, Vec<String>>>(&mut root, "sets").map(|sets| sets.row).unwrap_or_default();
    let document = policy.map(|policy| Document {
        policy,
        sets,
        sources: reader.rows(&mut root, "source"),
        assumptions: reader.rows(&mut root, "assumption"),
        codes: reader.rows(&mut root, "code"),
        unknown_code: reader.single(&mut root, "unknown_code"),
        outside_dates: reader.single(&mut root, "outside_dates"),
        unknown_service: reader.single(&mut root, "unknown_service"),
        unknown_modifier: reader.single(&mut root, "unknown_modifier"),
        staff: reader.rows(&mut root, "staff"),
        minutes: reader.rows(&mut root, "minutes"),
        group_sizes: reader.rows(&mut root, "group_size"),
        units: reader.rows(&mut root, "units"),
        add_ons: reader.rows(&mut root, "add_on"),
        places: reader.rows(&mut root, "place"),
        limits: reader.rows(&mut root, "limit"),
        exclusions: reader.rows(&mut root, "exclude"),
        prerequisites: reader.rows(&mut root, "prerequisite"),
        requirements: reader.rows(&mut root, "require"),
        modifiers: reader.rows(&mut root, "modifier"),
        rates: reader.rows(&mut root, "rate"),
        report_only: reader.rows(&mut root, "report_only"),
        filing: reader.rows(&mut root, "filing"),
        notices: reader.rows(&mut root, "notice"),
        custom: reader.rows(&mut root, "custom"),
        diagnoses: reader.rows(&mut root, "diagnosis"),
        components: reader.rows(&mut root, "component"),
        intervals: reader.rows(&mut root, "interval"),
        authorizations: reader.rows(&mut root, "authorization"),
        parameters: reader.rows(&mut root, "parameter"),
    });
    if document.is_some() {
        for (name, value) in &root {
            let message =
                format!("there is no table `{}`; see the table reference for those there are", name.get_ref());
            reader.fault(Some(value.span()), &message);
        }
    }
    (document, reader.faults)
}

fn line_starts(text: &str) -> Vec<usize> {
    std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect()
}

struct Reader<'t> {
    text: &'t str,
    /// Where each line starts, in bytes.
    lines: Vec<usize>,
    faults: Vec<Fault>,
}

impl Reader<'_> {
    fn place(&self, offset: usize) -> Place {
        let line = self.lines.partition_point(|start| *start <= offset);
        let start = self.lines.get(line.saturating_sub(1)).copied().unwrap_or(0);
        let column = self.text.get(start..offset).map_or(0, |before| before.chars().count()) + 1;
        Place { line, column, base: None }
    }

    fn fault(&mut self, span: Option<std::ops::Range<usize>>, message: &str) {
        let place = self.place(span.map_or(0, |span| span.start));
        self.faults.push(place.fault(message.trim().replace('\n', "; ")));
    }

    fn row<T: DeserializeOwned>(&mut self, value: Spanned<DeValue<'_>>) -> Option<Located<T>> {
        let span = value.span();
        match T::deserialize(ValueDeserializer::from(value)) {
            Ok(row) => Some(Located { row, place: self.place(span.start) }),
            Err(error) => {
                self.fault(Some(error.span().unwrap_or(span)), error.message());
                None
            }
        }
    }

    fn single<T: DeserializeOwned>(&mut self, root: &mut DeTable<'_>, name: &str) -> Option<Located<T>> {
        let value = root.remove(name)?;
        self.row(value)
    }

    fn rows<T: DeserializeOwned>(&mut self, root: &mut DeTable<'_>, name: &str) -> Vec<Located<T>> {
        let Some(value) = root.remove(name) else { return Vec::new() };
        let span = value.span();
        match value.into_inner() {
            DeValue::Array(rows) => rows.into_iter().filter_map(|row| self.row(row)).collect(),
            _ => {
                self.fault(Some(span), &format!("`{name}` is a list of rows; write `[[{name}]]`"));
                Vec::new()
            }
        }
    }
}
