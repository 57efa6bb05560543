//! The policies of a folder, stored and activated for the dates that each says it is in force.

use std::path::{Path, PathBuf};

use adjudica_core::{Manifest, Terms, Token};
use adjudica_service::Service;
use adjudica_service::asking::{Caller, Keep, PolicyName};
use adjudica_service::registry::request::{ActivationRequest, Replace, Scope, TermsChoice};
use anyhow::Result;

use crate::exit::{Fault, Refusal};
use crate::host::{self, refuse};
use crate::output::Output;
use crate::sample::Sample;

/// The policy files of a folder, in order of name.
/// # Errors
/// When there is none.
pub fn find(folder: &Path) -> Result<Vec<PathBuf>, Refusal> {
    let usage =
        |message: String| Refusal::usage("there are no policies to decide with", vec![Fault::of_file(folder, message)]);
    let entries = folder.read_dir().map_err(|error| usage(format!("cannot be read: {error}")))?;
    let mut files: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    files.retain(|path| path.extension().is_some_and(|ending| ending == "wasm"));
    files.sort();
    if files.is_empty() {
        return Err(usage(
            "it holds no `.wasm`; build some with `adjudica policy build FOLDER --out FOLDER`".to_owned(),
        ));
    }
    Ok(files)
}

/// Stores every file and activates it for each of its payers and ranges of dates, older versions first.
pub async fn activate_all(
    service: &Service,
    agency: &Token,
    files: &[PathBuf],
    sample: &Sample,
    output: &Output,
) -> Result<()> {
    let caller = Caller { agency: agency.clone(), actor: Token::parse("demo")? };
    let mut stored = Vec::new();
    for path in files {
        let (digest, manifest) = host::upload(service, path, &caller.actor, Keep::Record).await?;
        stored.push((digest, manifest, super::name(path)));
    }
    stored.sort_by(|(_, a, _), (_, b, _)| (&a.policy_id, &a.version).cmp(&(&b.policy_id, &b.version)));
    for (digest, manifest, name) in &stored {
        for request in requests(*digest, manifest, sample) {
            let now = service.clock.now();
            let activated = service.registry.activate(&caller, &request, now).await;
            let activated = activated.map_err(|error| refuse(&format!("{name} could not be activated"), error))?;
            output.line(&format!(
                "{} {} answers for {} from {} to {}, {} cases passed",
                manifest.policy_id,
                manifest.version,
                request.scope.payer_id,
                request.dos_from,
                request.dos_to.map_or_else(|| "no end".to_owned(), |to| to.to_string()),
                activated.cases_passed
            ))?;
        }
    }
    Ok(())
}

fn requests(digest: adjudica_core::Digest, manifest: &Manifest, sample: &Sample) -> Vec<ActivationRequest> {
    let request = |payer: &Token, range: &adjudica_core::DateRange| ActivationRequest {
        message: "the sample agency".to_owned(),
        scope: Scope { payer_id: payer.clone(), plan_id: None, service_line: None },
        policy: PolicyName::Digest(digest),
        terms: TermsChoice::Inline(terms(manifest, sample)),
        dos_from: range.from,
        dos_to: range.to,
        replace: Replace::Cut,
        keep: Keep::Record,
    };
    manifest.payers.iter().flat_map(|payer| manifest.in_force.iter().map(move |range| request(payer, range))).collect()
}

/// The made-up rates of the codes that the policy takes from terms.
fn terms(manifest: &Manifest, sample: &Sample) -> Terms {
    let wanted = |rate: &&adjudica_core::terms::Rate| manifest.terms.rates.contains(&rate.procedure_code);
    Terms { rates: sample.terms.rates.iter().filter(wanted).cloned().collect(), ..Terms::default() }
}
