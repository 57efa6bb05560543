//! A running host as a place to publish, over its HTTP API. What it refuses, it refuses in its own words.

use anyhow::{Context as _, Result, anyhow};
use serde_json::{Value, json};
use ureq::Agent;

use crate::catalog::Listed;
use crate::exit::{Fault, Refusal};

/// Largest answer that is read, in bytes: a policy file is at most 8 MiB.
const ANSWER_BYTES_MAX: u64 = 16 << 20;

/// The host.
pub struct HostCatalog {
    url: String,
    agent: Agent,
}

impl HostCatalog {
    /// The host at `url`.
    pub fn new(url: &str) -> Self {
        let config = Agent::config_builder().http_status_as_error(false).build();
        Self { url: url.trim_end_matches('/').to_owned(), agent: config.into() }
    }

    fn read(&self, answer: Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> Result<(u16, Vec<u8>)> {
        let mut answer =
            answer.with_context(|| format!("`{}` does not answer; is the host running there?", self.url))?;
        let bytes = answer.body_mut().with_config().limit(ANSWER_BYTES_MAX).read_to_vec()?;
        let status = answer.status().as_u16();
        if status < 400 {
            return Ok((status, bytes));
        }
        let problem: Value = serde_json::from_slice(&bytes).unwrap_or_default();
        let told = |field: &str| problem.get(field).and_then(Value::as_str).unwrap_or_default().to_owned();
        let mut faults = vec![Fault::new(told("detail"))];
        for error in problem.get("errors").and_then(Value::as_array).into_iter().flatten() {
            let text = |field: &str| error.get(field).and_then(Value::as_str).unwrap_or_default().to_owned();
            if !faults.iter().any(|fault| fault.message.contains(&text("message"))) {
                faults.push(Fault {
                    field: Some(text("field")).filter(|field| !field.is_empty()),
                    ..Fault::new(text("message"))
                });
            }
        }
        Err(Refusal::refused(format!("the host refuses it: {}", told("code")), faults).into())
    }

    pub(super) fn list(&self) -> Result<Vec<Listed>> {
        let (_, bytes) = self.read(self.agent.get(format!("{}/v1/policies", self.url)).call())?;
        let answer: Value = serde_json::from_slice(&bytes).context("the host's list of policies is no JSON")?;
        let items =
            answer.get("items").and_then(Value::as_array).context("the host's list of policies has no items")?;
        items.iter().map(listed).collect()
    }

    pub(super) fn load(&self, listed: &Listed) -> Result<Vec<u8>> {
        let url = format!("{}/v1/policies/{}/file", self.url, listed.digest);
        Ok(self.read(self.agent.get(url).call())?.1)
    }

    pub(super) fn put(&self, file: &[u8]) -> Result<bool> {
        let request = self.agent.post(format!("{}/v1/policies", self.url)).header("content-type", "application/wasm");
        Ok(self.read(request.send(file))?.0 == 201)
    }

    pub(super) fn yank(&self, listed: &Listed, reason: &str) -> Result<()> {
        let request = self.agent.post(format!("{}/v1/policies/{}/yank", self.url, listed.digest));
        let body = json!({ "reason": reason }).to_string();
        self.read(request.header("content-type", "application/json").send(body.as_bytes())).map(|_| ())
    }
}

fn listed(item: &Value) -> Result<Listed> {
    let text = |field: &str| item.get(field).and_then(Value::as_str).map(str::to_owned);
    let required = |field: &str| text(field).ok_or_else(|| anyhow!("an item of the host's list has no `{field}`"));
    Ok(Listed {
        policy_id: required("policy_id")?,
        version: required("version")?.parse().context("an item of the host's list has no version")?,
        digest: required("digest")?,
        yanked: text("yanked"),
    })
}
