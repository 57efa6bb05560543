//! How much a host holds. Counting takes as long as there is much to count, so a large count is kept for a while and made again
//! while the old one is answered.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use adjudica_store::{Counts, Store, StoreError};

/// Rows that can be counted at every request without anybody noticing.
const COUNTED_AT_ONCE_MAX: u64 = 50_000;
/// A count is kept for so many times as long as it took.
const KEPT_TIMES: u32 = 20;

/// The last count.
#[derive(Default)]
pub struct KeptCounts {
    last: Mutex<Option<Kept>>,
}

#[derive(Clone, Copy)]
struct Kept {
    counts: Counts,
    at: Instant,
    took: Duration,
    is_being_made_again: bool,
}

impl Kept {
    /// Whether it may be answered instead of a new count.
    fn will_do(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.at) <= self.took.saturating_mul(KEPT_TIMES)
    }

    fn is_large(&self) -> bool {
        self.counts.encounters.saturating_add(self.counts.undecided) > COUNTED_AT_ONCE_MAX
    }
}

impl KeptCounts {
    /// The counts and how old they are.
    /// # Errors
    /// When the store does not answer.
    pub async fn now(self: &Arc<Self>, store: &Arc<dyn Store>) -> Result<(Counts, Duration), StoreError> {
        let now = Instant::now();
        let kept = self.last().filter(Kept::is_large);
        let Some(kept) = kept else { return Ok((self.count(store).await?, Duration::ZERO)) };
        if !kept.will_do(now) && !kept.is_being_made_again {
            self.last().iter_mut().for_each(|last| last.is_being_made_again = true);
            let (all, store) = (Arc::clone(self), Arc::clone(store));
            tokio::spawn(async move {
                if all.count(&store).await.is_err() {
                    all.last().iter_mut().for_each(|last| last.is_being_made_again = false);
                }
            });
        }
        Ok((kept.counts, now.saturating_duration_since(kept.at)))
    }

    async fn count(&self, store: &Arc<dyn Store>) -> Result<Counts, StoreError> {
        let started = Instant::now();
        let counts = store.counts().await?;
        let kept = Kept { counts, at: started, took: started.elapsed(), is_being_made_again: false };
        *self.last() = Some(kept);
        Ok(counts)
    }

    fn last(&self) -> std::sync::MutexGuard<'_, Option<Kept>> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
