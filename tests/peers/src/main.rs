//! Other engines with the comparison's policy, as a process that is asked line by line. Measures nothing: who asks has the clock.
//!
//! `adjudica-peers FACTS` reads facts, a JSON object on each line, and says `ready`. To `answers NAME` it gives a line of verdicts for
//! each of the facts; to `round NAME COUNT` it decides the first so many and says `done`.

mod rego;
mod verdicts;
mod zen;

use std::hint::black_box;
use std::io::{BufRead as _, BufWriter, Write as _};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::rego::Rego;
use crate::verdicts::Verdicts;
use crate::zen::Zen;

/// Each peer with the policy compiled and the inputs prepared.
struct Peers {
    zen: Zen,
    interpreter: Rego,
    machine: Rego,
    inputs: usize,
}

fn main() -> Result<()> {
    let file = std::env::args().nth(1).context("give the file of facts")?;
    let text = std::fs::read_to_string(&file).with_context(|| format!("`{file}` cannot be read"))?;
    let facts = text.lines().map(serde_json::from_str).collect::<Result<Vec<Value>, _>>()?;
    let mut peers = Peers {
        zen: Zen::prepare(&facts)?,
        interpreter: Rego::interpreter(&facts)?,
        machine: Rego::machine(&facts)?,
        inputs: facts.len(),
    };
    let mut out = BufWriter::new(std::io::stdout().lock());
    writeln!(out, "ready")?;
    out.flush()?;
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        match line.split(' ').collect::<Vec<_>>().as_slice() {
            ["answers", name] => {
                for index in 0..peers.inputs {
                    serde_json::to_writer(&mut out, &peers.verdicts(name, index)?)?;
                    writeln!(out)?;
                }
            }
            ["round", name, count] => {
                peers.round(name, count.parse()?)?;
                writeln!(out, "done")?;
            }
            _ => bail!("`{line}` is not understood; ask `answers NAME` or `round NAME COUNT`"),
        }
        out.flush()?;
    }
    Ok(())
}

impl Peers {
    fn verdicts(&mut self, name: &str, index: usize) -> Result<Verdicts> {
        match name {
            "zen" => self.zen.verdicts(index),
            "regorus" => self.interpreter.verdicts(index),
            "regorus_vm" => self.machine.verdicts(index),
            _ => bail!("there is no peer `{name}`"),
        }
    }

    fn round(&mut self, name: &str, count: usize) -> Result<()> {
        for index in 0..count {
            match name {
                "zen" => drop(black_box(self.zen.decide(index)?)),
                "regorus" => drop(black_box(self.interpreter.decide(index)?)),
                "regorus_vm" => drop(black_box(self.machine.decide(index)?)),
                _ => bail!("there is no peer `{name}`"),
            }
        }
        Ok(())
    }
}
