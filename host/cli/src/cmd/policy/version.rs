//! `adjudica policy version`: the version number that a policy's differences from an earlier one ask for.

use std::path::PathBuf;

use adjudica_questions::behave::{Bump, Direction};
use anyhow::Result;
use serde::Serialize;

use crate::exit::{Exit, Fault, Refusal};
use crate::output::Output;
use crate::policy_input::PolicyInput;
use crate::{behaviour, engine};

/// Tell which version a policy's behaviour asks for: newly refused or cheaper is major, newly paid or a new code is minor,
/// identical is patch.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The policy as it was published: a folder, or a built file.
    #[arg(value_name = "OLD")]
    old: PathBuf,
    /// The policy as it is to be.
    #[arg(value_name = "NEW")]
    new: PathBuf,
    /// Refuse where the new policy's version is too low.
    #[arg(long)]
    check: bool,
}

/// What two policies' answers ask of the newer one's version.
#[derive(Debug, Serialize)]
pub struct Asked {
    old: semver::Version,
    new: semver::Version,
    bump: Bump,
    lowest: semver::Version,
    encounters: usize,
    changed: usize,
    /// The worst way in which an encounter is answered differently.
    worst: Option<Direction>,
}

/// Runs the verb.
pub fn run(args: &Args, output: &Output) -> Result<Exit> {
    let engine = engine::start(None)?;
    let (old, new) = (PolicyInput::load(&args.old, &engine)?, PolicyInput::load(&args.new, &engine)?);
    let asked = Asked::of(&old, &new)?;
    output.line(&asked.to_string())?;
    if args.check {
        asked.require()?;
    }
    output.answer(&asked)?;
    Ok(Exit::Ok)
}

impl Asked {
    /// Asks both policies.
    /// # Errors
    /// When the tables of one have faults.
    pub fn of(old: &PolicyInput, new: &PolicyInput) -> Result<Self> {
        let made = behaviour::compare(old, new)?;
        let (before, after) = (old.manifest().version.clone(), new.manifest().version.clone());
        Ok(Self {
            lowest: made.bump().next(&before),
            old: before,
            new: after,
            bump: made.bump(),
            encounters: made.encounters,
            changed: made.changed(),
            worst: made.worst(),
        })
    }

    /// Refuses a version that is too low.
    /// # Errors
    /// A [`Refusal`] that names the version to take.
    pub fn require(&self) -> Result<(), Refusal> {
        if self.new >= self.lowest {
            return Ok(());
        }
        let worst = self.worst.map_or(String::new(), |worst| format!(", some encounters are {}", worst.as_str()));
        let message = format!(
            "version {} is too low after {}: the answers make it a {} change{worst}; write `version = \"{}\"` in \
             `[policy]`, or see what changed with `adjudica policy diff`",
            self.new,
            self.old,
            self.bump.as_str(),
            self.lowest
        );
        Err(Refusal::refused("the version is too low", vec![Fault::new(message)]))
    }
}

impl std::fmt::Display for Asked {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { old, new, bump, lowest, encounters, changed, .. } = self;
        write!(
            f,
            "{old} to {new}: {changed} of {encounters} encounters are answered differently, a {} change; the lowest version is \
             {lowest}",
            bump.as_str()
        )
    }
}
