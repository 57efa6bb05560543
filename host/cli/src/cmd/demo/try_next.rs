//! What to try once the demonstration serves: requests with ids that are really there.

use std::net::SocketAddr;

use anyhow::Result;

use crate::output::Output;

/// Ids to show.
#[derive(Debug, Default)]
pub struct Examples {
    /// A decision that pays.
    pub billable: Option<String>,
    /// A decision that refuses.
    pub refused: Option<String>,
    /// The encounter of that refusal.
    pub encounter: Option<String>,
}

/// Prints the requests.
pub fn print(output: &Output, address: SocketAddr, examples: &Examples) -> Result<()> {
    let base = format!("http://{address}");
    output.line(&format!("\nServing on {base}; stop with Ctrl-C. What to try in another terminal:\n"))?;
    let show = |what: &str, command: String| -> Result<()> { Ok(output.line(&format!("  # {what}\n  {command}\n"))?) };
    if let Some(id) = &examples.refused {
        show(
            "why an encounter was refused, with the source of every rule",
            format!("curl -s {base}/v1/decisions/{id}"),
        )?;
        show(
            "the same decision made again from its record",
            format!("curl -s -X POST {base}/v1/decisions/{id}/replay"),
        )?;
    }
    if let Some(id) = &examples.encounter {
        let body = format!(r#"{{"encounter_id":"{id}","dry_run":true,"explain":true}}"#);
        let command = format!("curl -s -X POST {base}/v1/decisions -H 'content-type: application/json' -d '{body}'");
        show("decide it again without recording, with every rule that was tried", command)?;
        show("what is stored about it", format!("curl -s {base}/v1/encounters/{id}"))?;
    }
    if let Some(id) = &examples.billable {
        show("a decision that pays", format!("curl -s {base}/v1/decisions/{id}"))?;
    }
    show("a page of refusals", format!("curl -s '{base}/v1/decisions?outcome=not_billable&limit=5'"))?;
    show("which policy answers for which dates", format!("curl -s {base}/v1/activations"))?;
    show("every request there is, to try in a browser", format!("{base}/docs"))
}
