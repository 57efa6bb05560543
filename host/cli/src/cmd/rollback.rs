//! `adjudica rollback`: goes back to the schedule before the last activation.

use adjudica_service::asking::Caller;
use adjudica_service::registry::request::{RollbackRequest, ToNothing};
use anyhow::Result;

use crate::cmd::activate::{LookArgs, ScopeArgs, print};
use crate::config::Settings;
use crate::database::Absent;
use crate::exit::Exit;
use crate::host::{self, DatabaseArgs, HostSettings};
use crate::output::Output;

/// Go back to the schedule before the last activation of a payer.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    scope: ScopeArgs,
    /// Go back even where no day would have a policy any more.
    #[arg(long)]
    to_nothing: bool,
    #[command(flatten)]
    look: LookArgs,
    #[command(flatten)]
    database: DatabaseArgs,
}

/// Runs the verb.
pub async fn run(args: Args, settings: Settings, output: &Output) -> Result<Exit> {
    let settings = HostSettings::read(&args.database, Absent::Refused, &[], settings)?;
    let caller = Caller { agency: settings.agency.clone(), actor: args.scope.actor.clone() };
    let service = settings.build(output).await?;
    let request = RollbackRequest {
        message: args.scope.message.clone(),
        scope: args.scope.scope(),
        to_nothing: if args.to_nothing { ToNothing::Accept } else { ToNothing::Refuse },
        keep: args.look.keep(),
    };
    let activated = service.registry.roll_back(&caller, &request, service.clock.now()).await;
    let activated = activated.map_err(|error| host::refuse("nothing was taken back", error))?;
    print(output, &activated, &args.look, "")?;
    service.store.close().await;
    Ok(Exit::Ok)
}
