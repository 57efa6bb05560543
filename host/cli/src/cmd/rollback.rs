//! `adjudica rollback`: goes back to the schedule before the last activation.

use adjudica_server::wire::activation::RollbackRequest;
use adjudica_server::wire::query::Caller;
use anyhow::Result;

use crate::cmd::activate::{ScopeArgs, print};
use crate::config::Settings;
use crate::exit::Exit;
use crate::host::{self, DatabaseArgs, HostSettings};
use crate::output::Output;

/// Go back to the schedule before the last activation of a payer.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    scope: ScopeArgs,
    #[command(flatten)]
    database: DatabaseArgs,
}

/// Runs the verb.
pub async fn run(args: Args, settings: Settings, output: &Output) -> Result<Exit> {
    let settings = HostSettings::read(&args.database, &[], settings)?;
    let caller = Caller { agency: settings.agency.clone(), actor: args.scope.actor.clone() };
    let app = settings.build().await?;
    let request = RollbackRequest { message: args.scope.message.clone(), scope: args.scope.scope() };
    let activated = app.host.registry.roll_back(&caller, &request, app.host.clock.now()).await;
    print(output, &activated.map_err(|error| host::refuse("nothing was taken back", error))?)?;
    app.host.store.close().await;
    Ok(Exit::Ok)
}
