//! Answers on their way out, in the order of the encounters: those that come in it are written at once; each other one goes to a file
//! of its own and is read back. Memory holds their places alone.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::iter::Peekable;

use adjudica_core::{Decision, Digest, EncounterFacts, Outcome, ServiceDate, Token};
use adjudica_service::registry::answerer::Answerer;
use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};

use crate::cmd::decide::row::Rows;
use crate::exit::{self, Exit};
use crate::intake::source::Span;
use crate::intake::survey::Position;
use crate::intake::window::Window;
use crate::sorted;

/// An encounter with its answer.
#[derive(Deserialize)]
pub struct Answer {
    /// The day.
    pub date_of_service: ServiceDate,
    /// The answer.
    pub decision: Decision,
    /// Which encounter.
    pub encounter_id: Token,
    /// Who is asked to pay.
    pub payer_id: Token,
}

/// A policy that answered.
#[derive(Serialize)]
struct Answering<'a> {
    digest: Digest,
    policy_id: &'a Token,
    version: String,
}

/// An answer as it is written but for the policy that gave it, which comes last and is mostly the same.
#[derive(Serialize)]
struct Written<'a> {
    date_of_service: ServiceDate,
    decision: &'a Decision,
    encounter_id: &'a Token,
    payer_id: &'a Token,
}

/// How an answer is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// A JSON value.
    Json,
    /// A row of a spreadsheet.
    Row,
}

/// Where answers go at once as long as they come in order.
pub struct Lines<'o> {
    /// The encounters in order, from the first whose answer has not come on.
    order: Peekable<Box<dyn Iterator<Item = Position> + 'o>>,
    out: &'o mut dyn Write,
}

impl<'o> Lines<'o> {
    /// A line for each encounter of `order`.
    pub fn new(order: impl Iterator<Item = Position> + 'o, out: &'o mut dyn Write) -> Self {
        let order: Box<dyn Iterator<Item = Position> + 'o> = Box::new(order);
        Self { order: order.peekable(), out }
    }

    /// Writes the answer if it is the next; whether it was.
    fn take(&mut self, position: Position, text: &[u8]) -> Result<bool> {
        let is_next = self.order.next_if_eq(&position).is_some();
        if is_next {
            self.out.write_all(text).and_then(|()| self.out.write_all(b"\n")).context("an answer cannot be written")?;
        }
        Ok(is_next)
    }
}

/// Answers that come in any order.
pub struct Answers<'o> {
    form: Form,
    lines: Option<Lines<'o>>,
    file: BufWriter<File>,
    written: u64,
    places: Vec<Span>,
    counts: BTreeMap<Outcome, usize>,
    exit: Exit,
    text: Vec<u8>,
    /// Policies that answered before, as they are written.
    policies: BTreeMap<Digest, String>,
    rows: Rows,
}

impl<'o> Answers<'o> {
    /// No answers yet. Without `lines` all are kept.
    /// # Errors
    /// When no file can be made for them.
    pub fn new(form: Form, lines: Option<Lines<'o>>) -> Result<Self> {
        let file =
            tempfile::tempfile().context("there is no room for answers; set TMPDIR to a folder that has some")?;
        Ok(Self {
            form,
            lines,
            file: BufWriter::with_capacity(1 << 18, file),
            written: 0,
            places: Vec::new(),
            counts: BTreeMap::new(),
            exit: Exit::Ok,
            text: Vec::new(),
            policies: BTreeMap::new(),
            rows: Rows::default(),
        })
    }

    /// Takes the answer about the encounter at `position`.
    /// # Errors
    /// When it cannot be written.
    pub fn take(
        &mut self,
        position: Position,
        facts: &EncounterFacts,
        policy: Option<&Answerer>,
        decision: &Decision,
    ) -> Result<()> {
        self.text.clear();
        match self.form {
            Form::Json => self.write_json(facts, policy, decision)?,
            Form::Row => self.rows.write(facts, decision, &mut self.text)?,
        }
        *self.counts.entry(decision.outcome).or_default() += 1;
        if exit::of_decisions(std::iter::once(decision)) == Exit::OverBudget {
            self.exit = Exit::OverBudget;
        }
        if let Some(lines) = &mut self.lines
            && lines.take(position, &self.text)?
        {
            return Ok(());
        }
        self.file.write_all(&self.text).context("an answer cannot be kept")?;
        let index = position.index();
        if self.places.len() <= index {
            self.places.resize(index.saturating_add(1), Span::default());
        }
        let place = Span { offset: self.written, length: u32::try_from(self.text.len())? };
        if let Some(there) = self.places.get_mut(index) {
            *there = place;
        }
        self.written = self.written.saturating_add(u64::from(place.length));
        Ok(())
    }

    fn write_json(&mut self, facts: &EncounterFacts, policy: Option<&Answerer>, decision: &Decision) -> Result<()> {
        let Self { policies, text, .. } = self;
        let policy = match policy {
            None => "null",
            Some(policy) => match policies.entry(policy.digest) {
                Entry::Occupied(written) => written.into_mut().as_str(),
                Entry::Vacant(place) => place.insert(in_text(policy)?).as_str(),
            },
        };
        let written = Written {
            date_of_service: facts.date_of_service,
            decision,
            encounter_id: &facts.encounter_id,
            payer_id: &facts.payer_id,
        };
        sorted::write(text, &written)?;
        // Behind the last of the other names, in place of what closes them.
        text.pop();
        Ok(write!(text, ",\"policy\":{policy}}}")?)
    }

    /// Those that are kept, to be read: with lines, the ones behind those that came in order.
    /// # Errors
    /// When the last cannot be written.
    pub fn finish(self) -> Result<Answered> {
        let file = self.file.into_inner().map_err(|fault| fault.into_error()).context("an answer cannot be kept")?;
        Ok(Answered { file, places: self.places, counts: self.counts, exit: self.exit })
    }
}

fn in_text(policy: &Answerer) -> Result<String> {
    let (digest, version) = (policy.digest, policy.version.to_string());
    Ok(serde_json::to_string(&Answering { digest, policy_id: &policy.policy_id, version })?)
}

/// Answers that are kept, in the order of their encounters.
pub struct Answered {
    file: File,
    places: Vec<Span>,
    counts: BTreeMap<Outcome, usize>,
    /// How a run ends that made them.
    pub exit: Exit,
}

impl Answered {
    /// How many there are, those included that were written at once.
    pub fn len(&self) -> usize {
        self.counts.values().sum()
    }

    /// How many have this outcome.
    pub fn count(&self, outcome: Outcome) -> usize {
        self.counts.get(&outcome).copied().unwrap_or(0)
    }

    /// Gives each that is kept as text to `take`.
    /// # Errors
    /// Those of `take`, and when an answer cannot be read back.
    pub fn each_text(&self, mut take: impl FnMut(&[u8]) -> Result<()>) -> Result<()> {
        let mut window = Window::default();
        for place in self.places.iter().filter(|place| place.length > 0) {
            take(window.read(0, &self.file, *place).context("an answer cannot be read back")?)?;
        }
        Ok(())
    }

    /// Gives each, kept as JSON, to `take`.
    /// # Errors
    /// As [`Answered::each_text`].
    pub fn each(&self, mut take: impl FnMut(&Answer) -> Result<()>) -> Result<()> {
        self.each_text(|text| take(&serde_json::from_slice(text)?))
    }
}
