//! The policies of a simulation: files for the hosts, loaded policies and terms for the model. Builds them; decides nothing.

use std::path::Path;
use std::process::Command;

use adjudica_core::{Digest, Terms};
use adjudica_engine::{Engine, Policy};
use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::simulation::visit::{CODES, PAYERS};

/// Policies made to collide, and the tables that they share with all others.
const OWN: [&str; 4] = [
    include_str!("policies/river-1.toml"),
    include_str!("policies/river-2.toml"),
    include_str!("policies/hill-1.toml"),
    include_str!("policies/hill-2.toml"),
];
const STANDING: &str = include_str!("../../../plugins/shared/standing.toml");
/// What each of these answers to: no host takes a policy without a case.
const CASES: &str = include_str!("policies/cases.toml");
/// Policies that ship, by the name of their file.
const SHIPPED: [&str; 3] = ["bcbsm-2.0.0", "medicare-1.0.0", "bcbsm-1.0.0"];

/// Terms that there are for each policy.
pub const TERMS: u8 = 4;

/// One policy.
pub struct CatalogPolicy {
    /// Its file.
    pub wasm: Vec<u8>,
    /// The policy itself.
    pub policy: Policy,
    /// Place of the payer that it speaks for.
    pub payer: u8,
}

/// The policies, by number.
pub struct Catalog {
    /// Them.
    pub policies: Vec<CatalogPolicy>,
}

impl Catalog {
    /// Builds the policies made to collide with the binary `adjudica`, and takes the shipped ones from their folder.
    /// # Errors
    /// When one cannot be built or loaded.
    pub fn load(engine: &Engine, adjudica: &Path, policies: &Path) -> Result<Self> {
        let mut files = Vec::new();
        for text in OWN {
            files.push(build(adjudica, text)?);
        }
        for name in SHIPPED {
            let file = policies.join(format!("{name}.wasm"));
            files.push(std::fs::read(&file).with_context(|| format!("cannot read `{}`", file.display()))?);
        }
        let load = |wasm: Vec<u8>| -> Result<CatalogPolicy> {
            let policy = engine.load(&wasm).map_err(|error| anyhow::anyhow!("{error}"))?;
            let payers = &policy.manifest().payers;
            let payer = (0_u8..).zip(PAYERS).find(|(_, name)| payers.iter().any(|payer| payer.as_str() == *name));
            let (payer, _) = payer.context("a policy speaks for none of the simulation's payers")?;
            Ok(CatalogPolicy { wasm, policy, payer })
        };
        Ok(Self { policies: files.into_iter().map(load).collect::<Result<_>>()? })
    }

    /// The policy of that number; numbers beyond the last begin again.
    #[must_use]
    pub fn policy(&self, number: u8) -> Option<&CatalogPolicy> {
        self.policies.get(usize::from(number) % self.policies.len().max(1))
    }
}

/// The terms of that number, as they are sent.
#[must_use]
pub fn terms_body(number: u8) -> Value {
    let codes = CODES.iter().filter(|code| !code.is_empty()).chain(&["99489", "99439", "98967", "98968"]);
    let rate = |(place, code): (i64, &&str)| json!({"procedure_code": code, "from": "2025-01-01", "cents": 1_000 + 100 * place + 37 * i64::from(number)});
    let mut rates: Vec<Value> = (0..).zip(codes).map(rate).collect();
    if number == 3 {
        // One code without a rate, one by the hour.
        rates.retain(|rate| rate["procedure_code"] != "G9007" && rate["procedure_code"] != "T1017");
        rates.push(json!({"procedure_code": "T1017", "from": "2025-01-01", "cents": 6_000, "method": "hourly"}));
    }
    let sources: &[&str] = if number == 2 { &["assignment", "authorization_team", "session_staff"] } else { &[] };
    json!({"rates": rates, "rendering_sources": sources})
}

/// The same terms as the core has them, with their digest.
/// # Errors
/// When they are no terms.
pub fn terms(number: u8) -> Result<(Terms, Digest)> {
    let terms: Terms = serde_json::from_value(terms_body(number)).context("the simulation's terms are no terms")?;
    let digest = terms.canonical().1;
    Ok((terms, digest))
}

fn build(adjudica: &Path, policy_toml: &str) -> Result<Vec<u8>> {
    let folder = tempfile::tempdir()?;
    std::fs::write(folder.path().join("policy.toml"), policy_toml)?;
    std::fs::write(folder.path().join("standing.toml"), STANDING)?;
    std::fs::create_dir(folder.path().join("cases"))?;
    std::fs::write(folder.path().join("cases/own.toml"), CASES)?;
    let out = folder.path().join("out");
    let mut command = Command::new(adjudica);
    command.args(["policy", "build"]).arg(folder.path()).arg("--out").arg(&out);
    let output = command.output().with_context(|| format!("cannot run `{}`", adjudica.display()))?;
    if !output.status.success() {
        bail!("a policy of the simulation cannot be built: {}", String::from_utf8_lossy(&output.stderr))
    }
    for entry in std::fs::read_dir(&out)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "wasm") {
            return Ok(std::fs::read(path)?);
        }
    }
    bail!("`adjudica policy build` left no file")
}
