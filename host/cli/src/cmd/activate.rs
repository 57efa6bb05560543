//! `adjudica activate`: says which policy answers for a payer, and for which dates of service.

use std::path::PathBuf;

use adjudica_core::{ServiceDate, Terms, Token};
use adjudica_service::asking::Caller;
use adjudica_service::asking::{Keep, PolicyName};
use adjudica_service::registry::activate::Activated;
use adjudica_service::registry::request::{ActivationRequest, Replace, Scope, TermsChoice};
use adjudica_service::registry::told::ActivatedBody;
use anyhow::Result;
use clap::ValueEnum;

use crate::config::Settings;
use crate::database::Absent;
use crate::exit::{Exit, Refusal};
use crate::files;
use crate::host::{self, DatabaseArgs, HostSettings};
use crate::output::Output;
use crate::table::{Align, Table};

/// Activate a policy for dates of service; running hosts follow within a second or two.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The policy file; it is stored first, unless it is there already or this is a dry run.
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
    look: LookArgs,
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

/// Whether a change is made, and how it is printed.
#[derive(Debug, clap::Args)]
pub struct LookArgs {
    /// Change nothing; say what the change would do.
    #[arg(long)]
    dry_run: bool,
    /// Print the digests of policies and terms too.
    #[arg(long)]
    digests: bool,
}

impl LookArgs {
    /// Whether the change is recorded.
    pub fn keep(&self) -> Keep {
        if self.dry_run { Keep::DryRun } else { Keep::Record }
    }
}

impl ScopeArgs {
    /// Whom it is for.
    pub fn scope(&self) -> Scope {
        Scope { payer_id: self.payer.clone(), plan_id: self.plan.clone(), service_line: self.service_line.clone() }
    }
}

/// Runs the verb.
pub async fn run(args: Args, settings: Settings, output: &Output) -> Result<Exit> {
    let settings = HostSettings::read(&args.database, Absent::BegunWhereAlone, &[], settings)?;
    let terms = args.terms.as_deref().map_or(Ok(Terms::default()), files::load_terms);
    let terms = terms.map_err(|faults| Refusal::refused("nothing was activated", faults))?;
    let caller = Caller { agency: settings.agency.clone(), actor: args.scope.actor.clone() };
    let service = settings.build(output).await?;
    let (digest, _) = host::upload(&service, &args.policy, &caller.actor, args.look.keep()).await?;
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
        keep: args.look.keep(),
    };
    let now = service.clock.now();
    let activated = service.registry.activate(&caller, &request, now).await;
    let activated = activated.map_err(|error| host::refuse("nothing was activated", error))?;
    print(output, &activated, &args.look, &format!(", {} cases passed", activated.cases_passed))?;
    service.store.close().await;
    Ok(Exit::Ok)
}

/// Prints the schedule that stands after a change, what the change does to decisions, and what may surprise. `checked` says what
/// was asked of the policy before.
pub fn print(output: &Output, activated: &Activated, look: &LookArgs, checked: &str) -> Result<()> {
    output.line(&match activated.change_id {
        Some(change_id) => format!("change {change_id}{checked}; the payer's schedule is now:"),
        None => format!("nothing was changed{checked}; the schedule would be:"),
    })?;
    let mut columns = vec![("from", Align::Left), ("to", Align::Left), ("policy", Align::Left)];
    if look.digests {
        columns.extend([("policy digest", Align::Left), ("terms digest", Align::Left)]);
    }
    let mut table = Table::new(&columns);
    for period in &activated.schedule.periods {
        let name = activated.names.of(period.policy_digest);
        let mut cells = vec![period.dos_from.to_string(), end(period.dos_to), name];
        if look.digests {
            cells.extend([period.policy_digest.to_string(), period.terms_digest.to_string()]);
        }
        table.row(cells);
    }
    output.table(&table)?;
    for gap in &activated.gaps {
        output.line(&format!("gap: nothing answers from {} to {}", gap.from, end(gap.to)))?;
    }
    print_effect(output, activated)?;
    activated.warnings.iter().try_for_each(|warning| output.line(&format!("warning: {warning}")))?;
    output.answer(&ActivatedBody::from(activated.clone()))?;
    Ok(())
}

/// Says which decisions a change makes stale, and which days it leaves without a policy.
fn print_effect(output: &Output, activated: &Activated) -> Result<()> {
    let Activated { stale, unanswered, change_id, .. } = activated;
    let is_done = change_id.is_some();
    for one in unanswered {
        let verb = if is_done { "has" } else { "would have" };
        output.line(&format!("{} {verb} no policy any more", one.words()))?;
    }
    let sum: u64 = stale.iter().map(|month| month.decisions).sum();
    output.line(&match (sum, is_done) {
        (0, true) => "no decision in force is stale by it".to_owned(),
        (0, false) => "no decision in force would be stale by it".to_owned(),
        (_, true) => format!("{sum} decisions in force are stale and wait to be decided again:"),
        (_, false) => format!("{sum} decisions in force would be stale and be decided again:"),
    })?;
    if sum > 0 {
        let mut table = Table::new(&[("payer", Align::Left), ("month", Align::Left), ("decisions", Align::Right)]);
        for month in stale {
            table.row([month.payer_id.to_string(), month.month.clone(), month.decisions.to_string()]);
        }
        output.table(&table)?;
    }
    Ok(())
}

fn end(to: Option<ServiceDate>) -> String {
    to.map_or_else(|| "no end".to_owned(), |to| to.to_string())
}
