//! `adjudica replay`: makes a stored decision again and compares it, byte for byte.

use adjudica_core::Token;
use adjudica_service::Service;
use adjudica_service::decide::replay::Replay;
use anyhow::Result;
use serde_json::Value;

use crate::config::Settings;
use crate::database::Absent;
use crate::exit::{Exit, Fault, Refusal};
use crate::host::{self, DatabaseArgs, HostSettings};
use crate::output::Output;
use crate::table::{Align, Table};

/// Make a stored decision again: identical bytes, or every field that differs.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The decision's id.
    #[arg(value_name = "DECISION_ID")]
    decision_id: String,
    #[command(flatten)]
    database: DatabaseArgs,
}

/// Runs the verb. Without `--agency` every agency is looked through.
pub async fn run(args: Args, settings: Settings, output: &Output) -> Result<Exit> {
    let any_agency = args.database.agency.is_none();
    let settings = HostSettings::read(&args.database, Absent::Refused, &[], settings)?;
    let agency = settings.agency.clone();
    let service = settings.build(output).await?;
    let agencies = if any_agency { service.store.list_agencies().await? } else { vec![agency] };
    let Some(agency) = find_agency(&service, agencies, &args.decision_id).await? else {
        let id: String = args.decision_id.chars().filter(|c| !c.is_control()).take(64).collect();
        let fault = Fault::new(format!("there is no decision `{id}` in this database"));
        return Err(Refusal::refused("nothing was replayed", vec![fault]).into());
    };
    let replay = service.decisions.replay(&agency, &args.decision_id).await;
    let replay = replay.map_err(|error| host::refuse("the decision could not be replayed", error))?;
    print(output, &replay)?;
    service.store.close().await;
    Ok(if replay.identical { Exit::Ok } else { Exit::Differs })
}

async fn find_agency(service: &Service, agencies: Vec<Token>, decision_id: &str) -> Result<Option<Token>> {
    for agency in agencies {
        if service.store.find_decision(&agency, decision_id).await?.is_some() {
            return Ok(Some(agency));
        }
    }
    Ok(None)
}

fn print(output: &Output, replay: &Replay) -> Result<()> {
    output.answer(replay)?;
    let policy = replay.policy_digest.as_deref().unwrap_or("no policy");
    if replay.identical {
        output.line(&format!(
            "identical: {}\npolicy     {policy}\nengine     {}",
            replay.decision_id, replay.engine_version
        ))?;
        return Ok(());
    }
    let mut table = Table::new(&[("field", Align::Left), ("recorded", Align::Left), ("replayed", Align::Left)]);
    for difference in &replay.differences {
        table.row([difference.field.clone(), shown(&difference.recorded), shown(&difference.replayed)]);
    }
    output.line(&format!(
        "{} fields differ\npolicy     {policy}\nengine     {}, recorded by {}\n",
        replay.differences.len(),
        replay.engine_version,
        replay.recorded_engine_version
    ))?;
    Ok(output.table(&table)?)
}

fn shown(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
