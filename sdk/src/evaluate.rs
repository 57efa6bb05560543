//! Applies compiled tables to a batch. A pure function of image, hooks and batch; knows no payer, no TOML, no JSON.

mod columns;
mod draft;
mod ledger;
mod rates;
mod row;
mod rules;
mod symbols;

use adjudica_core::columns::{Answers, Batch, Explain};

use crate::hooks::Hooks;
use crate::image::{Image, NONE, Plan};

use columns::View;
use ledger::Ledger;
use rates::Rates;
use row::RowReader;
use symbols::Symbols;

pub use draft::{Draft, UnknownRule};
pub use ledger::BilledLine;
pub use row::{Encounter, Row};

/// Why no answer could be given. A policy traps on it; it is never a refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EvaluateFault {
    /// A column is missing, or has another type than its field.
    Batch,
    /// A plan inside the image cannot be read.
    Image,
    /// An amount does not fit 64 bits.
    Overflow,
}

/// Decides every encounter of `batch`.
/// # Errors
/// [`EvaluateFault`]; then there is no answer at all.
pub fn evaluate(image: &Image<'_>, hooks: &dyn Hooks, batch: &Batch) -> Result<Answers, EvaluateFault> {
    let view = View::new(image, batch)?;
    let symbols = Symbols::new(&image.names, batch);
    let rates = Rates::new(&view, &symbols);
    let reader = RowReader::new(&view, &symbols);
    let mut plans = Plans::new(image);
    let explain = if batch.explain { Explain::All } else { Explain::FailedOnly };
    let mut ledger = Ledger::default();
    let mut answers = draft::AnswerWriter::with_capacity(batch.encounters);
    for (timeline, [from, to]) in batch.timelines.array_windows().enumerate() {
        ledger.load(&view, &symbols, timeline);
        for row_number in *from..*to {
            let row = reader.read(row_number);
            let mut draft = Draft::new(image, explain, answers.findings());
            rules::decide(&row, &mut plans, &ledger, &rates, &mut draft)?;
            hooks.decide(&Encounter::new(&row, &view, &ledger), &mut draft);
            let (outcome, lines) = draft.finish();
            if outcome.is_accepted() {
                for line in &lines {
                    ledger.push(&row, line);
                }
            }
            answers.write(outcome, lines);
        }
    }
    Ok(answers.finish())
}

/// The plans that this batch has needed so far; each is read from the image once.
struct Plans<'i, 'a> {
    image: &'i Image<'a>,
    read: Vec<Option<Plan>>,
}

impl<'i, 'a> Plans<'i, 'a> {
    fn new(image: &'i Image<'a>) -> Self {
        Self { image, read: vec![None; image.plans.len()] }
    }

    /// The segment that holds `day`, when the policy is in force on it.
    fn segment(&self, day: i32) -> Option<usize> {
        let segment = self.image.segments.partition_point(|first| *first <= day).checked_sub(1)?;
        self.image.in_force.get(segment).copied().filter(|in_force| *in_force).map(|_| segment)
    }

    /// The position of the plan of `code` in `segment`.
    fn position(&self, segment: usize, code: u32) -> Option<usize> {
        let codes = self.image.names.codes.len();
        let code = usize::try_from(code).ok().filter(|code| *code < codes)?;
        let position = self.image.plan_of.get(segment * codes + code).copied().filter(|position| *position != NONE)?;
        usize::try_from(position).ok()
    }

    fn load(&mut self, position: usize) -> Result<(), EvaluateFault> {
        let slot = self.read.get_mut(position).ok_or(EvaluateFault::Image)?;
        if slot.is_none() {
            let bytes = self.image.plans.get(position).ok_or(EvaluateFault::Image)?;
            *slot = Some(postcard::from_bytes(bytes).map_err(|_| EvaluateFault::Image)?);
        }
        Ok(())
    }

    fn get(&self, position: usize) -> Option<&Plan> {
        self.read.get(position)?.as_ref()
    }
}

#[cfg(test)]
mod tests;
