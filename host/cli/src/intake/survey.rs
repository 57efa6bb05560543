//! A look at files of encounters or records before anything is done with them: every fault of every row, and where each good row
//! stands. A file may be longer than memory: what the first rows say is kept, of the others only their places.

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use adjudica_core::Token;
use adjudica_service::FieldFault;
use adjudica_service::intake::Given;
use anyhow::{Context as _, Result};

use crate::exit::{Fault, Refusal};
use crate::intake::again::Again;
use crate::intake::item::Item;
use crate::intake::kept::Kept;
use crate::intake::rows::{Cut, Text, cut};
use crate::intake::source::{Form, Source, Span};
use crate::intake::{Faulty, columns};

/// A row that was read: where it stands, and what it is told apart and put together by.
#[derive(Clone, Copy)]
struct Row {
    /// Its first byte, and its bytes: a [`Span`], in pieces that leave no gap between rows.
    offset: u64,
    length: u32,
    number: u32,
    /// Which file.
    source: u32,
    /// Of its id.
    id_hash: u64,
    /// Of the id of whose it is.
    of_hash: u64,
    /// Whether it can be taken.
    is_good: bool,
}

impl Row {
    fn span(&self) -> Span {
        Span { offset: self.offset, length: self.length }
    }
}

/// What files hold.
pub struct Survey<I> {
    sources: Vec<Source>,
    rows: Vec<Row>,
    /// What the first of `rows` say.
    kept: Mutex<Kept<I>>,
    /// Every fault, in the order of the files and their rows.
    pub faults: Vec<Fault>,
    /// Rows, good and bad.
    pub count: usize,
    /// Rows without any value, which are left out.
    pub empty: usize,
}

/// Rows of a part.
const PART: usize = 2_000;

/// A good row, by its position among those that were read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position(u32);

impl Position {
    /// As a number from 0.
    pub fn index(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }

    /// The position of that number.
    pub fn of_index(index: usize) -> Self {
        Self(u32::try_from(index).unwrap_or(u32::MAX))
    }
}

impl<I: Item> Survey<I> {
    /// Looks at files, each id once over all of them. `progress` is told how many rows are done each time.
    /// # Errors
    /// A [`Refusal`] when a file cannot be read as what it is, or holds faults and `faulty` says so.
    pub fn of(paths: &[PathBuf], faulty: Faulty, progress: &dyn Fn(usize)) -> Result<Self, Refusal> {
        let mut survey = Self {
            sources: Vec::new(),
            rows: Vec::new(),
            kept: Mutex::default(),
            faults: Vec::new(),
            count: 0,
            empty: 0,
        };
        let mut unreadable = Vec::new();
        for path in paths {
            if let Err(fault) = Source::open(path).and_then(|source| survey.take(source, progress)) {
                unreadable.push(Fault { file: Some(path.display().to_string()), ..fault });
            }
        }
        if !unreadable.is_empty() {
            return Err(Refusal::usage(format!("no {} was read", I::WORD), unreadable));
        }
        survey.refuse_repeated_ids();
        if survey.count == 0 {
            let nothing = |path: &PathBuf| Fault::of_file(path, format!("holds no {}", I::MANY));
            return Err(Refusal::refused(format!("no {} was read", I::WORD), paths.iter().map(nothing).collect()));
        }
        if faulty == Faulty::RefuseAll && !survey.faults.is_empty() {
            let headline = format!("{} of {} rows have faults; none was taken", survey.bad(), survey.count);
            return Err(Refusal::refused(headline, survey.faults));
        }
        Ok(survey)
    }

    /// Rows that cannot be taken.
    pub fn bad(&self) -> usize {
        self.count.saturating_sub(self.good().count())
    }

    /// The good rows, in the order of the files.
    pub fn good(&self) -> impl Iterator<Item = Position> {
        (0..).zip(&self.rows).filter(|(_, row)| row.is_good).map(|(position, _)| Position(position))
    }

    /// The good rows in groups: those of one client, or about one thing, are in one group. Each has as many rows as are taken together,
    /// more where one client has more. Whoever comes first in the files is in the first group.
    pub fn together(&self) -> impl Iterator<Item = Vec<Position>> {
        let mut order: Vec<Position> = self.good().collect();
        order.sort_unstable_by_key(|position| (self.of_hash(*position), *position));
        // The first row of whom each row is.
        let mut firsts = vec![Position(u32::MAX); self.rows.len()];
        for of_one in order.chunk_by(|one, other| self.of_hash(*one) == self.of_hash(*other)) {
            for (position, first) in of_one.iter().zip(std::iter::repeat(of_one.first())) {
                if let (Some(place), Some(first)) = (firsts.get_mut(position.index()), first) {
                    *place = *first;
                }
            }
        }
        let first_of = move |position: Position| firsts.get(position.index()).copied().unwrap_or(position);
        order.sort_unstable_by_key(|position| (first_of(*position), *position));
        let mut from = 0;
        std::iter::from_fn(move || {
            let rest = order.get(from..).filter(|rest| !rest.is_empty())?;
            let mut count = 0;
            for of_one in rest.chunk_by(|one, other| first_of(*one) == first_of(*other)) {
                count += of_one.len();
                if count >= PART {
                    break;
                }
            }
            from += count;
            rest.get(..count).map(<[Position]>::to_vec)
        })
    }

    /// What the rows of one client have in common; a few clients may share it.
    fn of_hash(&self, position: Position) -> u64 {
        self.row(position).map_or(0, |row| row.of_hash)
    }

    fn row(&self, position: Position) -> Option<&Row> {
        self.rows.get(usize::try_from(position.0).ok()?)
    }

    /// What a good row says.
    /// # Errors
    /// When the file is not as it was.
    pub fn item(&self, position: Position, again: &mut Again) -> Result<I> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner).take(position.index());
        if let Some(item) = kept {
            return Ok(item);
        }
        let row = self.row(position).context("no such row")?;
        let source = self.sources.get(usize::try_from(row.source)?).context("no such file")?;
        let given = self.read_again(row, again).context("no such file")?;
        let given = given.with_context(|| format!("`{}` cannot be read again", source.name))?;
        let is_same = |item: &I| hash(item.id().as_str()) == row.id_hash && hash(item.of().as_str()) == row.of_hash;
        let item = given.item.ok().filter(is_same);
        item.with_context(|| format!("`{}` was changed while it was read; start again", source.name))
    }

    /// Leaves out the good rows that cannot be taken, each a fault that says why; gives back how many there were.
    pub fn leave_out(&mut self, ids: &BTreeSet<String>, why: &str) -> usize {
        let hashes: BTreeSet<u64> = ids.iter().map(|id| hash(id)).collect();
        let is_meant = |position: &Position| {
            self.row(*position).is_some_and(|row| hashes.contains(&row.id_hash))
                && self.id(*position).is_some_and(|id| ids.contains(&id))
        };
        let meant: Vec<Position> = self.good().filter(is_meant).collect();
        for position in &meant {
            let Some(row) = self.rows.get_mut(position.index()) else { continue };
            row.is_good = false;
            let (number, source) = (u64::from(row.number), row.source);
            let name = usize::try_from(source).ok().and_then(|source| self.sources.get(source));
            let fault = of_row(number, FieldFault::new(I::ID, why));
            self.faults.push(Fault { file: name.map(|source| source.name.clone()), ..fault });
        }
        meant.len()
    }

    /// What the good rows say in the order of the files, so many at a time.
    pub fn parts(&self) -> impl Iterator<Item = std::io::Result<Vec<I>>> {
        let positions: Vec<Position> = self.good().collect();
        let parts = positions.len().div_ceil(PART);
        (0..parts).map(move |part| {
            let from = part.saturating_mul(PART);
            let of_part = positions.get(from..positions.len().min(from.saturating_add(PART))).unwrap_or_default();
            self.items(of_part)
        })
    }

    /// What these rows say.
    pub fn items(&self, positions: &[Position]) -> std::io::Result<Vec<I>> {
        let mut again = Again::default();
        positions.iter().map(|position| self.item(*position, &mut again).map_err(std::io::Error::other)).collect()
    }

    /// What tells whether an id is that of a good row.
    pub fn ids(&self) -> impl Fn(&Token) -> bool {
        let mut hashes: Vec<(u64, Position)> =
            self.good().map(|position| (self.row(position).map_or(0, |row| row.id_hash), position)).collect();
        hashes.sort_unstable();
        move |id| {
            let sought = hash(id.as_str());
            let from = hashes.partition_point(|(hash, _)| *hash < sought);
            let same = hashes.iter().skip(from).take_while(|(hash, _)| *hash == sought);
            same.into_iter().any(|(_, position)| self.id(*position).as_deref() == Some(id.as_str()))
        }
    }

    fn take(&mut self, mut source: Source, progress: &dyn Fn(usize)) -> Result<(), Fault> {
        let place = u32::try_from(self.sources.len()).unwrap_or(u32::MAX);
        let mut faults = Vec::new();
        let (rows, count) = (&mut self.rows, &mut self.count);
        let kept = self.kept.get_mut().unwrap_or_else(PoisonError::into_inner);
        self.empty += cut::<I>(&mut source, &mut |source, cut| {
            *count += 1;
            let read = read::<I>(source, &cut);
            if let Some([id_hash, of_hash]) = read.hashes {
                let is_good = read.faults.is_empty();
                let Span { offset, length } = cut.span;
                kept.add(read.item, length);
                let number = u32::try_from(cut.number).unwrap_or(u32::MAX);
                rows.push(Row { offset, length, number, source: place, id_hash, of_hash, is_good });
            }
            faults.extend(read.faults);
            if count.is_multiple_of(1_000) {
                progress(*count);
            }
        })?;
        self.faults.extend(faults.into_iter().map(|fault| Fault { file: Some(source.name.clone()), ..fault }));
        self.sources.push(source);
        Ok(())
    }

    /// Refuses each row whose id an earlier row has, be that row good or bad.
    fn refuse_repeated_ids(&mut self) {
        let mut order: Vec<u32> = (0..u32::try_from(self.rows.len()).unwrap_or(u32::MAX)).collect();
        let hash_of = |rows: &[Row], place: u32| {
            usize::try_from(place).ok().and_then(|place| rows.get(place)).map_or(0, |row| row.id_hash)
        };
        order.sort_unstable_by_key(|place| (hash_of(&self.rows, *place), *place));
        let mut repeated = Vec::new();
        for same in order.chunk_by(|one, other| hash_of(&self.rows, *one) == hash_of(&self.rows, *other)) {
            repeated.extend(self.repeated(same));
        }
        drop(order);
        for (place, fault) in repeated {
            if let Some(row) = usize::try_from(place).ok().and_then(|place| self.rows.get_mut(place)) {
                row.is_good = false;
            }
            self.faults.push(fault);
        }
        let place = |fault: &Fault| {
            let file =
                fault.file.as_deref().and_then(|name| self.sources.iter().position(|source| source.name == name));
            (file, fault.row)
        };
        let mut faults = std::mem::take(&mut self.faults);
        faults.sort_by_key(place);
        self.faults = faults;
    }

    /// Of rows whose ids have one hash, in order, the faults of those whose id an earlier one has.
    fn repeated(&self, same: &[u32]) -> Vec<(u32, Fault)> {
        let mut faults = Vec::new();
        let mut earlier: Vec<(String, u32)> = Vec::new();
        for place in same.iter().filter(|_| same.len() > 1) {
            let position = Position(*place);
            let Some((row, id)) = self.row(position).zip(self.id(position)) else { continue };
            let Some(first) = earlier.iter().find(|(other, _)| *other == id).map(|(_, first)| Position(*first)) else {
                earlier.push((id, *place));
                continue;
            };
            let (Some(first), Some(name)) = (self.row(first), self.name(row)) else { continue };
            let of_file = if first.source == row.source {
                String::new()
            } else {
                format!(" of {}", self.name(first).unwrap_or_default())
            };
            let message = format!("is the id of row {}{of_file} too; give each {} once", first.number, I::WORD);
            let fault = of_row(u64::from(row.number), FieldFault::new(I::ID, message));
            faults.push((*place, Fault { file: Some(name.to_owned()), ..fault }));
        }
        faults
    }

    fn name(&self, row: &Row) -> Option<&str> {
        self.sources.get(usize::try_from(row.source).ok()?).map(|source| source.name.as_str())
    }

    fn id(&self, position: Position) -> Option<String> {
        self.read_again(self.row(position)?, &mut Again::default())?.ok()?.id
    }

    /// What a row gives now; `None` where its file is not among them.
    fn read_again(&self, row: &Row, again: &mut Again) -> Option<Result<Given<I>>> {
        let number = usize::try_from(row.source).ok()?;
        let source = self.sources.get(number)?;
        Some(match source.form {
            Form::Csv(_) => {
                again.cells(number, source.file(), row.span()).map(|cells| given(source, Text::Cells(cells)))
            }
            Form::Json | Form::Ndjson => {
                again.text(number, source.file(), row.span()).map(|text| given(source, Text::Json(text)))
            }
        })
    }
}

fn hash(name: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    name.hash(&mut hasher);
    hasher.finish()
}

/// What a row was found to be.
struct Found<I> {
    item: Option<I>,
    /// Of its id and of that of whose it is, where it has an id.
    hashes: Option<[u64; 2]>,
    faults: Vec<Fault>,
}

fn read<I: Item>(source: &Source, cut: &Cut<'_>) -> Found<I> {
    let given = match &cut.text {
        Err(fault) => return Found { item: None, hashes: None, faults: vec![fault.clone()] },
        Ok(text) => given::<I>(source, *text),
    };
    match given.item {
        Ok(item) => {
            let hashes = Some([hash(item.id().as_str()), hash(item.of().as_str())]);
            Found { item: Some(item), hashes, faults: Vec::new() }
        }
        Err(found) => {
            let mut faults: Vec<Fault> = found.named().iter().map(|fault| of_row(cut.number, fault.clone())).collect();
            faults.extend(found.left_out_in_words().map(|more| Fault::of_row(cut.number, more)));
            Found { item: None, hashes: given.id.map(|id| [hash(&id), hash("")]), faults }
        }
    }
}

/// What a row gives.
fn given<I: Item>(source: &Source, text: Text<'_>) -> Given<I> {
    match (text, &source.form) {
        (Text::Json(bytes), _) => I::read(bytes),
        (Text::Cells(cells), Form::Csv(columns)) => I::read(&columns::json(columns, cells)),
        (Text::Cells(_), Form::Json | Form::Ndjson) => I::read(b"null"),
    }
}

fn of_row(row: u64, fault: FieldFault) -> Fault {
    Fault { field: Some(fault.field).filter(|field| !field.is_empty()), ..Fault::of_row(row, fault.message) }
}
