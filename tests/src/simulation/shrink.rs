//! Makes a history that differs as short and plain as it can be and still differ: chunks go, then single steps, then values.

use anyhow::Result;

use crate::simulation::step::Step;
use crate::simulation::{Played, Theatre};

/// Most histories that are played while one is made smaller.
const PLAYS_MAX: usize = 1_500;

/// A history on its way to be small.
struct Shrinking<'t> {
    theatre: &'t Theatre,
    smallest: Vec<Step>,
    difference: String,
    plays: usize,
}

/// The smallest history found that differs, and how.
/// # Errors
/// When the simulation cannot go on.
pub async fn shrink(theatre: &Theatre, steps: Vec<Step>, difference: String) -> Result<(Vec<Step>, String)> {
    let mut shrinking = Shrinking { theatre, smallest: steps, difference, plays: 0 };
    loop {
        let before = shrinking.smallest.clone();
        shrinking.leave_out_chunks().await?;
        shrinking.simplify().await?;
        if shrinking.smallest == before || shrinking.plays >= PLAYS_MAX {
            return Ok((shrinking.smallest, shrinking.difference));
        }
    }
}

impl Shrinking<'_> {
    /// Takes `steps` over if they still differ.
    async fn try_steps(&mut self, steps: Vec<Step>) -> Result<bool> {
        if self.plays >= PLAYS_MAX {
            return Ok(false);
        }
        self.plays += 1;
        let Played::Differs { at, what } = self.theatre.play(&steps).await? else { return Ok(false) };
        self.smallest = steps.into_iter().take(at + 1).collect();
        self.difference = what;
        Ok(true)
    }

    async fn leave_out_chunks(&mut self) -> Result<()> {
        let mut size = self.smallest.len().div_ceil(2).max(1);
        loop {
            let mut from = 0;
            while from < self.smallest.len() {
                let without: Vec<Step> = self
                    .smallest
                    .iter()
                    .enumerate()
                    .filter(|(place, _)| *place < from || *place >= from + size)
                    .map(|(_, step)| step.clone())
                    .collect();
                if without.is_empty() || !self.try_steps(without).await? {
                    from += size;
                }
            }
            if size == 1 {
                return Ok(());
            }
            size = size.div_ceil(2);
        }
    }

    async fn simplify(&mut self) -> Result<()> {
        let mut place = 0;
        while let Some(step) = self.smallest.get(place).cloned() {
            let mut found = false;
            for plainer in step.plainer() {
                let at = |(index, kept): (usize, &Step)| if index == place { plainer.clone() } else { kept.clone() };
                let steps: Vec<Step> = self.smallest.iter().enumerate().map(at).collect();
                if self.try_steps(steps).await? {
                    found = true;
                    break;
                }
            }
            if !found {
                place += 1;
            }
        }
        Ok(())
    }
}
