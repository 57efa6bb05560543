//! Reads `policy.toml` into rows that know their place, collecting every fault of form on the way.

use std::collections::{BTreeMap, BTreeSet};

use adjudica_cases::text::{Text, in_plain_words};
use adjudica_core::Token;
use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::{DeTable, DeValue, ValueDeserializer};

use super::Fault;
use super::rows::{
    AddOnRow, AssumptionRow, AuthorizationRow, BoundsRow, CodeRow, ComponentRow, DiagnosisRow, ExcludeRow, FilingRow,
    ForbidRow, IntervalRow, LimitRow, ModifierRow, ParameterRow, PlaceRow, PlainRow, PolicyRow, PrerequisiteRow,
    RateRow, RequireRow, SourceRow, StaffRow, UnitsRow, WhenCodesRow,
};
use super::sets::{Member, Sets};
use super::sheet::{self, SheetRow};
use super::spots::{Finder, Spot, Spots};

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
    /// Where the row stands in a file that the policy comes on top of; line and column are then those of `[policy]`.
    pub below: Option<Below>,
}

/// A place in a file that the policy comes on top of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Below {
    /// Its position in [`Document::files`].
    pub file: usize,
    pub line: usize,
    pub column: usize,
}

impl Place {
    /// A fault of the document itself.
    pub(super) fn fault(self, message: impl Into<String>) -> Fault {
        Fault { line: self.line, column: self.column, message: message.into() }
    }

    /// The same place, for a document that stands at `policy` and comes on top of this one, which is `file`.
    pub(super) fn seen_from(self, policy: Self, file: usize) -> Self {
        let below = match self.below {
            // The files of that one come behind it.
            Some(sheet) => Below { file: file.saturating_add(1).saturating_add(sheet.file), ..sheet },
            None => Below { file, line: self.line, column: self.column },
        };
        Self { below: Some(below), ..policy }
    }
}

/// A whole `policy.toml`.
pub(super) struct Document {
    pub policy: Located<PolicyRow>,
    /// The files that it comes on top of.
    pub files: Vec<String>,
    /// Tables of which a row cannot be read: that a name is not among them says nothing.
    pub unread: BTreeSet<String>,
    /// Where the values of its own rows stand, and those of each file.
    pub spots: Spots,
    pub spots_below: Vec<Spots>,
    pub sets: Sets,
    /// Where the table of each set stands.
    pub set_places: BTreeMap<String, Place>,
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

/// Gives the text of a file beside the tables, by its path from the policy's own folder.
pub(super) type ReadFile<'r> = dyn FnMut(&str) -> Option<String> + 'r;

/// The document, where it has a usable `[policy]`, and every fault of form. `folder` is where it lies, seen from the policy's own.
pub(super) fn read(text: &str, folder: &str, read_file: &mut ReadFile<'_>) -> (Option<Document>, Vec<Fault>) {
    read_of(text, None, folder, read_file)
}

/// Tables that several policies share: they have no `[policy]` of their own and get that of the one that includes them.
pub(super) fn read_shared(
    text: &str,
    policy: &Located<PolicyRow>,
    folder: &str,
    read_file: &mut ReadFile<'_>,
) -> (Option<Document>, Vec<Fault>) {
    read_of(text, Some(policy), folder, read_file)
}

/// The path of a file that tables in `folder` name.
pub(super) fn path_in(folder: &str, file: &str) -> String {
    if folder.is_empty() { file.to_owned() } else { format!("{folder}/{file}") }
}

/// The name of the row that `rates_from_terms` stands for.
const RATES_FROM_TERMS: &str = "rates_from_terms";

impl Document {
    /// Adds the row that `rates_from_terms` stands for: every code without a `[[rate]]` is worth what the agency's contract says.
    pub(super) fn add_rates_from_terms(&mut self) {
        if !self.policy.row.rates_from_terms || !self.is_whole("rate") {
            return;
        }
        let rated: BTreeSet<&str> = self.rates.iter().flat_map(|row| self.sets.resolve(&row.row.codes)).collect();
        let codes = self.codes.iter().map(|row| row.row.code.as_str()).filter(|code| !rated.contains(code));
        let codes: Vec<String> = codes.collect::<BTreeSet<_>>().into_iter().map(str::to_owned).collect();
        if !codes.is_empty() {
            let row = RateRow::of_terms(Token::parse(RATES_FROM_TERMS).ok(), codes);
            self.rates.push(Located { row, place: self.policy.place });
        }
    }

    /// A fault of the row that stands at `place`, here or in a file below.
    pub(super) fn fault(&self, place: Place, message: &str) -> Fault {
        place.fault(match place.below {
            Some(below) => in_file(self.file(below), below.line, below.column, message),
            None => message.to_owned(),
        })
    }

    /// Where another row stands, in a sentence: `line 12`.
    pub(super) fn line_of(&self, place: Place) -> String {
        match place.below {
            Some(below) => format!("line {} of `{}`", below.line, self.file(below)),
            None => format!("line {}", place.line),
        }
    }

    /// The place of a value in the row at `row`: at the path `path`, and saying `text` where that is given. Without one it is the
    /// row's.
    pub(super) fn spot(&self, row: Place, path: &str, text: Option<&str>) -> Place {
        let (spots, row_at) = match row.below {
            None => (Some(&self.spots), (row.line, row.column)),
            Some(below) => (self.spots_below.get(below.file), (below.line, below.column)),
        };
        let of_row = || spots.and_then(|spots| spots.get(&row_at)).into_iter().flatten();
        let find = |text| of_row().find(|spot| spot.is_at(path, text)).map(|spot| spot.at);
        // A name that a set stands for is not in the list: then it is the list's place.
        match (find(text).or_else(|| find(None)), row.below) {
            (None, _) => row,
            (Some((line, column)), None) => Place { line, column, below: None },
            (Some((line, column)), Some(below)) => Place { below: Some(Below { line, column, ..below }), ..row },
        }
    }

    /// Whether every row of `table` could be read.
    pub(super) fn is_whole(&self, table: &str) -> bool {
        !self.unread.contains(table)
    }

    fn file(&self, below: Below) -> &str {
        self.files.get(below.file).map_or("", String::as_str)
    }
}

/// What is wrong in a file that the policy comes on top of.
pub(super) fn in_file(file: &str, line: usize, column: usize, message: &str) -> String {
    format!("in `{file}` at {line}:{column}: {message}")
}

fn read_of(
    text: &str,
    given: Option<&Located<PolicyRow>>,
    folder: &str,
    read_file: &mut ReadFile<'_>,
) -> (Option<Document>, Vec<Fault>) {
    let text = Text::new(text);
    let (mut root, faults) = text.read();
    if !faults.is_empty() {
        return (None, faults);
    }
    let (unread, spots) = (BTreeSet::new(), Spots::new());
    let sheets = Sheets { folder, read_file, files: Vec::new(), spots: Vec::new() };
    let mut reader = Reader { text, faults, unread, spots, sheets };
    let policy = match given {
        Some(policy) => Some(policy.clone()),
        None => reader.single(&mut root, "policy"),
    };
    if policy.is_none() && reader.faults.is_empty() {
        let message = "there is no `[policy]`; begin with its id, version, title, payers, currency and in_force";
        reader.faults.push(Fault { line: 1, column: 1, message: message.to_owned() });
    }
    let sets = reader.single::<BTreeMap<String, Vec<Member>>>(&mut root, "sets");
    let place = sets.as_ref().map(|sets| sets.place);
    let sets = Sets::new(sets.map(|sets| sets.row).unwrap_or_default());
    let set_places = sets.names().filter_map(|name| Some((name.to_owned(), place?))).collect();
    let mut document = policy.map(|policy| Document {
        policy,
        files: Vec::new(),
        unread: BTreeSet::new(),
        spots: Spots::new(),
        spots_below: Vec::new(),
        sets,
        set_places,
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
        requirements: reader.requirements(&mut root),
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
    if let Some(document) = &mut document {
        for (name, value) in &root {
            reader.add_unknown(name.get_ref(), value.span().start, given);
        }
        document.unread = reader.unread;
        document.spots = reader.spots;
        document.files = reader.sheets.files;
        document.spots_below = reader.sheets.spots;
    }
    (document, reader.faults)
}

struct Reader<'t, 'r> {
    text: Text<'t>,
    faults: Vec<Fault>,
    /// Tables of which a row could not be read.
    unread: BTreeSet<String>,
    spots: Spots,
    sheets: Sheets<'r>,
}

/// The files of rows that a document names.
struct Sheets<'r> {
    /// Where the document lies.
    folder: &'r str,
    read_file: &'r mut ReadFile<'r>,
    files: Vec<String>,
    spots: Vec<Spots>,
}

impl Reader<'_, '_> {
    fn place(&self, offset: usize) -> Place {
        let (line, column) = self.text.place(offset);
        Place { line, column, below: None }
    }

    /// A table that is read in no way.
    fn add_unknown(&mut self, name: &str, offset: usize, given: Option<&Located<PolicyRow>>) {
        let message = if given.is_some() && name == "policy" {
            "tables that policies share have no `[policy]`; take it out, or name the folder in `extends`".to_owned()
        } else {
            format!("there is no table `{name}`; see the table reference for those there are")
        };
        self.faults.push(self.place(offset).fault(message));
    }

    /// A row of `table`; `form` says how one is written.
    fn row<T: DeserializeOwned>(&mut self, value: Spanned<DeValue<'_>>, table: &str, form: &str) -> Option<Located<T>> {
        let span = value.span();
        let place = self.place(span.start);
        let spots = Finder::find(value.get_ref(), &|offset| self.text.place(offset));
        for (spot, message) in spots.iter().filter_map(|spot| Some((spot, spot.emptiness()?))) {
            let (line, column) = spot.at;
            self.faults.push(Fault { line, column, message });
        }
        self.spots.insert((place.line, place.column), spots);
        let fault = if value.get_ref().as_table().is_none() {
            place.fault(form)
        } else {
            match T::deserialize(ValueDeserializer::from(value)) {
                Ok(row) => return Some(Located { row, place }),
                Err(error) => self.text.fault(Some(error.span().unwrap_or(span)), error.message()),
            }
        };
        self.faults.push(fault);
        self.unread.insert(table.to_owned());
        None
    }

    /// A row, or the rows of the file or of the pairs that it names.
    fn row_or_sheet<T: DeserializeOwned>(
        &mut self,
        value: Spanned<DeValue<'_>>,
        table: &str,
        form: &str,
    ) -> Vec<Located<T>> {
        if !value.get_ref().as_table().is_some_and(|row| sheet::is_many(table, row)) {
            return self.row(value, table, form).into_iter().collect();
        }
        let Some(Located { row: naming, place }) = self.row::<toml::Table>(value, table, form) else {
            return Vec::new();
        };
        let (file, rows) = match (naming.get(sheet::FILE), naming.get(sheet::PAIRS)) {
            (Some(toml::Value::String(file)), None) => match self.sheet(table, &naming, file, place) {
                Some((file, rows)) => (Some(file), rows),
                None => return Vec::new(),
            },
            (None, _) => match sheet::of_pairs(table, &naming) {
                Ok(rows) => (None, rows),
                Err(message) => return self.refuse(table, place, message),
            },
            (Some(toml::Value::String(_)), Some(_)) => {
                return self.refuse(table, place, "the row has both `file` and `pairs`; keep one".to_owned());
            }
            (Some(_), _) => {
                let message = "`file` names a CSV file beside the tables; write its name in quotes";
                return self.refuse(table, place, message.to_owned());
            }
        };
        rows.into_iter().filter_map(|row| self.sheet_row(table, row, place, file)).collect()
    }

    /// Refuses a row of which nothing can be read.
    fn refuse<T>(&mut self, table: &str, place: Place, message: String) -> Vec<T> {
        self.faults.push(place.fault(message));
        self.unread.insert(table.to_owned());
        Vec::new()
    }

    /// The rows of a file, and its position among the files.
    fn sheet(&mut self, table: &str, naming: &toml::Table, file: &str, place: Place) -> Option<(usize, Vec<SheetRow>)> {
        let path = path_in(self.sheets.folder, file);
        let Some(text) = (self.sheets.read_file)(&path) else {
            let message = format!("the file of rows, `{file}`, is not at hand; correct the name or add the file");
            self.refuse::<SheetRow>(table, place, message);
            return None;
        };
        let (rows, faults) = sheet::of_file(table, naming, &text);
        let told = faults.iter().map(|fault| place.fault(in_file(file, fault.line, fault.column, &fault.message)));
        self.faults.extend(told);
        if !faults.is_empty() {
            self.unread.insert(table.to_owned());
        }
        self.sheets.files.push(file.to_owned());
        self.sheets.spots.push(Spots::new());
        Some((self.sheets.files.len().saturating_sub(1), rows))
    }

    /// A row of a file, or of pairs.
    fn sheet_row<T: DeserializeOwned>(
        &mut self,
        table: &str,
        SheetRow { values, line, cells }: SheetRow,
        place: Place,
        file: Option<usize>,
    ) -> Option<Located<T>> {
        let place = match file {
            Some(file) => Place { below: Some(Below { file, line, column: 1 }), ..place },
            None => place,
        };
        if let Some(spots) = file.and_then(|file| self.sheets.spots.get_mut(file)) {
            spots.insert((line, 1), Spot::of_cells(&values, line, &cells));
        }
        match serde_path_to_error::deserialize::<_, T>(toml::Value::Table(values)) {
            Ok(row) => Some(Located { row, place }),
            Err(error) => {
                let path = error.path().to_string();
                let column = path.split(['.', '[']).next().and_then(|name| cells.get(name)).copied().unwrap_or(1);
                let message = in_plain_words(error.inner().message(), "", "");
                let message = if path == "." { message } else { format!("`{path}`: {message}") };
                let name = file.and_then(|file| self.sheets.files.get(file));
                let message = name.map_or_else(|| message.clone(), |name| in_file(name, line, column, &message));
                self.faults.push(place.fault(message));
                self.unread.insert(table.to_owned());
                None
            }
        }
    }

    /// What the record must show, and what it must not, in the order in which they are written.
    fn requirements(&mut self, root: &mut DeTable<'_>) -> Vec<Located<RequireRow>> {
        let mut rows = self.rows::<RequireRow>(root, "require");
        let forbidden = self.rows::<ForbidRow>(root, "forbid").into_iter();
        rows.extend(forbidden.map(|Located { row, place }| Located { row: row.requirement(), place }));
        rows.sort_by_key(|row| (row.place.line, row.place.column));
        rows
    }

    fn single<T: DeserializeOwned>(&mut self, root: &mut DeTable<'_>, name: &str) -> Option<Located<T>> {
        let value = root.remove(name)?;
        self.row(value, name, &format!("`{name}` is one table; write `[{name}]`"))
    }

    fn rows<T: DeserializeOwned>(&mut self, root: &mut DeTable<'_>, name: &str) -> Vec<Located<T>> {
        let Some(value) = root.remove(name) else { return Vec::new() };
        let form = format!("`{name}` is a list of rows; write `[[{name}]]`");
        let place = self.place(value.span().start);
        match value.into_inner() {
            DeValue::Array(rows) => rows.into_iter().flat_map(|row| self.row_or_sheet(row, name, &form)).collect(),
            _ => {
                self.faults.push(place.fault(form));
                self.unread.insert(name.to_owned());
                Vec::new()
            }
        }
    }
}
