//! Background work: decides encounters that other systems wrote, follows activations of other hosts. Never ends a host.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};

use crate::host::Host;

/// Decides whatever is undecided, again and again.
pub async fn decide_undecided(host: Arc<Host>) {
    let encounters_max = u32::try_from(host.config.worker_encounters_max).unwrap_or(u32::MAX);
    let mut ticks = interval(Duration::from_millis(host.config.worker_interval_ms.max(1)));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        match host.service.decide_undecided(encounters_max, &|_| ()).await {
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
                    code = error.code.as_str(),
                    internal,
                    "waiting encounters could not be decided; trying again"
                );
            }
        }
    }
}

/// Takes in activations that other hosts on the same database recorded.
pub async fn watch_activations(host: Arc<Host>) {
    let mut ticks = interval(Duration::from_millis(host.config.activation_poll_ms.max(1)));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        if let Err(error) = host.registry.refresh().await {
            let internal = error.internal.as_deref().unwrap_or_default();
            tracing::warn!(
                code = error.code.as_str(),
                internal,
                "activations could not be looked up; the old set answers"
            );
        }
    }
}
