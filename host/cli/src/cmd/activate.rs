//! `adjudica activate`: says which policy answers for a payer, and for which dates of service.

use std::path::PathBuf;

use adjudica_core::{ServiceDate, Terms, Token};
use adjudica_server::registry::activate::Activated;
use adjudica_server::wire::activation::{ActivationRequest, Replace, Scope, TermsChoice};
use adjudica_server::wire::query::Caller;
use adjudica_server::wire::request::PolicyName;
use anyhow::Result;
use clap::ValueEnum;
use serde_json::json;

use crate::config::Settings;
use crate::exit::{Exit, Refusal};
use crate::files;
use crate::host::{self, DatabaseArgs, HostSettings};
use crate::output::Output;
use crate::table::{Align, Table};

/// Activate a policy for dates of service; running hosts follow within a second or two.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The policy file; it is stored first, unless it is there already.
    #[arg(value_name = "FILE.wasm")]
    policy: PathBuf,
    #[command(flatten)]
    scope: ScopeArgs,
    /// First date of service.
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = ServiceDate::parse)]
    from: ServiceDate,
    /// First date of service after; without it there is no end.
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = ServiceDate::parse)]
    to: Option<ServiceDate>,
    /// The agency's terms with the payer, as JSON.
    #[arg(long, value_name = "FILE")]
    terms: Option<PathBuf>,
    /// What happens to activations that answer for some of these days already.
    #[arg(long, value_name = "HOW", default_value = "refuse")]
    overlaps: Overlaps,
    #[command(flatten)]
    database: DatabaseArgs,
}

/// What happens to activations that answer for some of the days already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Overlaps {
    /// Nothing changes and they are listed.
    Refuse,
    /// They are cut to the days that are left.
    Cut,
}

/// Whom a change of activations is for, by whom and why.
#[derive(Debug, clap::Args)]
pub struct ScopeArgs {
    /// The payer.
    #[arg(long, value_name = "ID", value_parser = Token::parse)]
    payer: Token,
    /// One plan of the payer; without it every plan.
    #[arg(long, value_name = "ID", value_parser = Token::parse)]
    plan: Option<Token>,
    /// One line of service; without it every line.
    #[arg(long, value_name = "ID", value_parser = Token::parse)]
    service_line: Option<Token>,
    /// Why, for those who look later.
    #[arg(long, value_name = "TEXT")]
    pub message: String,
    /// Who, for those who look later.
    #[arg(long, value_name = "ID", value_parser = Token::parse, default_value = "command_line")]
    pub actor: Token,
}

impl ScopeArgs {
    /// Whom it is for.
    pub fn scope(&self) -> Scope {
        Scope { payer_id: self.payer.clone(), plan_id: self.plan.clone(), service_line: self.service_line.clone() }
    }
}

/// Runs the verb.
pub async fn run(args: Args, settings: Settings, output: &Output) -> Result<Exit> {
    let settings = HostSettings::read(&args.database, &[], settings)?;
    let terms = args.terms.as_deref().map_or(Ok(Terms::default()), files::load_terms);
    let terms = terms.map_err(|faults| Refusal::refused("nothing was activated", faults))?;
    let caller = Caller { agency: settings.agency.clone(), actor: args.scope.actor.clone() };
    let app = settings.build().await?;
    let (digest, _) = host::upload(&app, &args.policy, &caller.actor).await?;
    let request = ActivationRequest {
        message: args.scope.message.clone(),
        scope: args.scope.scope(),
        policy: PolicyName::Digest(digest),
        terms: TermsChoice::Inline(terms),
        dos_from: args.from,
        dos_to: args.to,
        replace: match args.overlaps {
            Overlaps::Refuse => Replace::Refuse,
            Overlaps::Cut => Replace::Cut,
        },
    };
    let now = app.host.clock.now();
    let activated = app.host.registry.activate(&caller, &request, now, &app.host.case_check).await;
    print(output, &activated.map_err(|error| host::refuse("nothing was activated", error))?)?;
    app.host.store.close().await;
    Ok(Exit::Ok)
}

/// Prints the schedule that stands after a change, and what may surprise.
pub fn print(output: &Output, activated: &Activated) -> Result<()> {
    let mut table =
        Table::new(&[("from", Align::Left), ("to", Align::Left), ("policy", Align::Left), ("terms", Align::Left)]);
    let mut periods = Vec::new();
    for period in &activated.schedule.periods {
        let to = period.dos_to.map_or_else(|| "no end".to_owned(), |to| to.to_string());
        table.row([period.dos_from.to_string(), to, period.policy_digest.to_string(), period.terms_digest.to_string()]);
        periods.push(json!({
            "dos_from": period.dos_from, "dos_to": period.dos_to,
            "policy_digest": period.policy_digest, "terms_digest": period.terms_digest,
        }));
    }
    output.line(&format!(
        "change {}, {} cases passed; the payer's schedule is now:",
        activated.change_id, activated.cases_passed
    ))?;
    output.table(&table)?;
    for gap in &activated.gaps {
        let to = gap.to.map_or_else(|| "no end".to_owned(), |to| to.to_string());
        output.line(&format!("gap: nothing answers from {} to {to}", gap.from))?;
    }
    activated.warnings.iter().try_for_each(|warning| output.line(&format!("warning: {warning}")))?;
    output.answer(&json!({
        "change_id": activated.change_id,
        "recorded_at": activated.recorded_at.to_string(),
        "periods": periods,
        "gaps": activated.gaps,
        "warnings": activated.warnings,
        "cases_passed": activated.cases_passed,
    }))?;
    Ok(())
}
