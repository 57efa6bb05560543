//! Background work: decides encounters that other systems wrote, follows activations of other hosts. Never ends a host.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};

use crate::decide::service::DecisionService;
use crate::registry::Registry;
use crate::settings::Settings;

/// Decides whatever is undecided, again and again.
pub(crate) async fn decide_undecided(decisions: Arc<DecisionService>, settings: Settings) {
    let encounters_max = u32::try_from(settings.worker_encounters_max).unwrap_or(u32::MAX);
    let mut ticks = interval(Duration::from_millis(settings.worker_interval_ms.max(1)));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        match decisions.decide_undecided(encounters_max, &|_| ()).await {
            Ok(tally) if tally.decided > 0 || tally.confirmed > 0 || tally.unreadable > 0 => {
                tracing::info!(
                    decided = tally.decided,
                    confirmed = tally.confirmed,
                    unreadable = tally.unreadable,
                    "waiting encounters were decided"
                );
            }
            Ok(_) => {}
            Err(error) => {
                let internal = error.internal.as_deref().unwrap_or_default();
                tracing::warn!(
                    code = error.cause.word(),
                    internal,
                    "waiting encounters could not be decided; trying again"
                );
            }
        }
    }
}

/// Takes in activations that other hosts on the same database recorded.
pub(crate) async fn watch_activations(registry: Arc<Registry>, settings: Settings) {
    let mut ticks = interval(Duration::from_millis(settings.activation_poll_ms.max(1)));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        if let Err(error) = registry.refresh().await {
            let internal = error.internal.as_deref().unwrap_or_default();
            tracing::warn!(
                code = error.cause.word(),
                internal,
                "activations could not be looked up; the old set answers"
            );
        }
    }
}
