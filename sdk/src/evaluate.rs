//! Applies compiled tables to a batch. A pure function of image, hooks and batch; knows no payer, no TOML, no JSON.

mod columns;
mod draft;
mod facts;
mod ledger;
mod parameters;
mod plans;
mod rates;
mod row;
mod rules;
mod symbols;

use adjudica_core::columns::{Answers, Batch, Explain};

use crate::hooks::Hooks;
use crate::image::{Image, ImageFault};

use columns::View;
use draft::answers_with_room;
use facts::Known;
use ledger::{Billed, Ledger};
use parameters::Parameters;
use plans::Plans;
use rates::Rates;
use row::RowReader;
use symbols::{Symbols, room_for_symbols};

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

impl From<ImageFault> for EvaluateFault {
    fn from(_: ImageFault) -> Self {
        Self::Image
    }
}

/// Decides every encounter of `batch`.
/// # Errors
/// [`EvaluateFault`]; then there is no answer at all.
pub fn evaluate(image: &Image<'_>, hooks: &dyn Hooks, batch: &Batch) -> Result<Answers, EvaluateFault> {
    let view = View::new(image, batch)?;
    let mut found = room_for_symbols(batch);
    let symbols = Symbols::new(image.dictionary, batch, &mut found);
    let rates = Rates::new(&view, &symbols);
    let parameters = Parameters::new(&view, &symbols);
    let reader = RowReader::new(&view, &symbols);
    let plans = Plans::new(image);
    let explain = if batch.explain { Explain::All } else { Explain::FailedOnly };
    let mut ledger = Ledger::new(&view, &image.add_on_codes);
    let mut answers = answers_with_room(batch.encounters);
    for (timeline, [from, to]) in (0..).zip(batch.timelines.array_windows()) {
        ledger.load(&symbols, timeline);
        for row_number in *from..*to {
            let mut row = reader.read(row_number);
            let mut draft = Draft::new(image, explain, &mut answers);
            let known = Known {
                view: &view,
                symbols: &symbols,
                plans: &plans,
                ledger: &ledger,
                rates: &rates,
                parameters: &parameters,
            };
            rules::decide(&mut row, &known, &mut draft)?;
            hooks.decide(&Encounter::new(&row, &view, &ledger), &mut draft);
            let billed = draft.finish();
            // What the last encounter of a client is billed with counts against nobody.
            if row_number + 1 < *to {
                for (index, (code, units)) in billed.enumerate() {
                    ledger.push(&row, Billed { code, units, has_minutes: index == 0 });
                }
            }
        }
    }
    Ok(answers)
}

#[cfg(test)]
mod tests;
