//! Random histories on real hosts, compared with a plain model that decides everything from nothing.
//!
//! INVARIANT (at rest, history does not matter): when the workers have come to rest, the database says what an empty one would
//! say that is given the same facts, records and terms and the schedule as it now stands; the ledger is the sum of the current
//! lines, nothing is stale, and whatever still waits is said to wait.
//!
//! A seed gives a history of closed steps (`step`, `history`). `play` runs them against two hosts on one database and tells the
//! `world` what was acknowledged; `model` decides the world with a loop over each client's encounters in order; `compare` says
//! what differs. `shrink` makes a history that differs small, and `story` prints it. Crates for state machines drive a model
//! step by step and without waiting, and here steps wait, race and are cut off; the model knows only the end. So none is used.

pub mod catalog;
pub mod chance;
pub mod compare;
pub mod database;
pub mod fault;
pub mod history;
pub mod host;
pub mod live;
pub mod model;
pub mod paper;
pub mod play;
pub mod shrink;
pub mod step;
pub mod story;
pub mod visit;
pub mod world;

use std::sync::Arc;

use anyhow::Result;

use crate::simulation::database::Source;
use crate::simulation::fault::Fault;
use crate::simulation::host::{Hosts, Stage};
use crate::simulation::play::Play;
use crate::simulation::step::Step;
use crate::simulation::story::Story;

/// Where histories are played.
#[derive(Clone)]
pub struct Theatre {
    /// Engine and policies.
    pub stage: Arc<Stage>,
    /// Where databases come from.
    pub source: Arc<Source>,
}

/// How a history ended.
#[derive(Debug)]
pub enum Played {
    /// Nothing differs.
    Same,
    /// Something does.
    Differs {
        /// The place of the step after which it does.
        at: usize,
        /// What.
        what: String,
    },
}

impl Theatre {
    /// A theatre with a template made.
    /// # Errors
    /// When the template cannot be made.
    pub async fn open(stage: Arc<Stage>, source: Source) -> Result<Self> {
        stage.prepare(&source).await?;
        Ok(Self { stage, source: Arc::new(source) })
    }

    /// Plays a history on a new database.
    /// # Errors
    /// When the simulation cannot go on.
    pub async fn play(&self, steps: &[Step]) -> Result<Played> {
        let hosts = Hosts::start(&self.stage, &self.source).await?;
        let mut play = Play::new(&self.stage, hosts);
        let mut played = Played::Same;
        for (at, step) in steps.iter().enumerate() {
            match play.step(step).await {
                Ok(()) => {}
                Err(fault @ (Fault::Differs(_) | Fault::Broken(_))) => {
                    played = Played::Differs { at, what: fault.to_string() };
                    break;
                }
            }
        }
        play.into_hosts().end().await?;
        Ok(played)
    }

    /// Plays the history of a seed; where it differs, its smallest form.
    /// # Errors
    /// When the simulation cannot go on.
    pub async fn play_seed(&self, seed: u64) -> Result<Option<Story>> {
        let steps = history::history(seed);
        let Played::Differs { at, what } = self.play(&steps).await? else { return Ok(None) };
        let steps = steps.into_iter().take(at + 1).collect();
        let (steps, difference) = shrink::shrink(self, steps, what).await?;
        Ok(Some(Story { seed, steps, difference }))
    }
}
