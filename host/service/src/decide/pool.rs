//! A fixed number of OS threads that run policies, behind a queue with a bound.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread::Builder;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

type Job = Box<dyn FnOnce() + Send>;

/// The threads and their queue. Dropping the last clone ends the threads.
#[derive(Clone)]
pub struct Pool {
    sender: Sender<Job>,
    places: Arc<Semaphore>,
    places_max: usize,
}

/// What to do when the queue is full.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WhenFull {
    /// Give up at once: somebody waits for the answer.
    Refuse,
    /// Wait for a place: nobody waits.
    Wait,
}

/// Why work was not done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PoolFault {
    /// The queue is full.
    #[error("all threads that run policies are busy and their queue is full")]
    Full,
    /// The work panicked, or the threads are gone.
    #[error("a thread that runs policies did not answer")]
    Lost,
}

impl Pool {
    /// Starts `threads` threads; `queue_max` calls may wait besides those that run.
    /// # Errors
    /// When the operating system gives no thread.
    pub fn start(threads: usize, queue_max: usize) -> std::io::Result<Self> {
        let (sender, receiver) = channel::<Job>();
        let receiver = Arc::new(Mutex::new(receiver));
        for number in 0..threads {
            let receiver = Arc::clone(&receiver);
            Builder::new().name(format!("policy-{number}")).spawn(move || work(&receiver))?;
        }
        let places_max = threads.saturating_add(queue_max).min(Semaphore::MAX_PERMITS);
        Ok(Self { sender, places: Arc::new(Semaphore::new(places_max)), places_max })
    }

    /// Calls that run or wait now.
    #[must_use]
    pub fn busy(&self) -> usize {
        self.places_max.saturating_sub(self.places.available_permits())
    }

    /// Runs `work` on one of the threads.
    /// # Errors
    /// [`PoolFault::Full`] only with [`WhenFull::Refuse`]; [`PoolFault::Lost`] when the work panics.
    pub async fn run<T: Send + 'static>(
        &self,
        when_full: WhenFull,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, PoolFault> {
        let place = self.place(when_full).await?;
        let (answer, answered) = oneshot::channel();
        let job: Job = Box::new(move || {
            let result = work();
            drop(place);
            // The one who asked may have gone away meanwhile; then nobody needs the result.
            let _ = answer.send(result);
        });
        self.sender.send(job).map_err(|_| PoolFault::Lost)?;
        answered.await.map_err(|_| PoolFault::Lost)
    }

    async fn place(&self, when_full: WhenFull) -> Result<OwnedSemaphorePermit, PoolFault> {
        let places = Arc::clone(&self.places);
        match when_full {
            WhenFull::Refuse => places.try_acquire_owned().map_err(|_| PoolFault::Full),
            WhenFull::Wait => places.acquire_owned().await.map_err(|_| PoolFault::Lost),
        }
    }
}

/// Takes one job after the other until no sender is left. A panic harms its own job only.
fn work(receiver: &Mutex<Receiver<Job>>) {
    loop {
        let next = match receiver.lock() {
            Ok(receiver) => receiver.recv(),
            Err(poisoned) => poisoned.into_inner().recv(),
        };
        let Ok(job) = next else { return };
        if catch_unwind(AssertUnwindSafe(job)).is_err() {
            tracing::error!("a call of a policy panicked in the host");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn it_refuses_when_full_and_survives_a_panic() {
        let pool = Pool::start(1, 1).expect("threads");
        let (release, held) = std::sync::mpsc::channel::<()>();
        let (started, has_started) = oneshot::channel();
        let first = tokio::spawn({
            let pool = pool.clone();
            async move {
                pool.run(WhenFull::Refuse, move || {
                    let _ = started.send(());
                    held.recv().is_ok()
                })
                .await
            }
        });
        has_started.await.expect("a start");
        let second = tokio::spawn({
            let pool = pool.clone();
            async move { pool.run(WhenFull::Wait, || -> u8 { panic!("on purpose") }).await }
        });
        while pool.busy() < 2 {
            tokio::task::yield_now().await;
        }
        assert_eq!(pool.run(WhenFull::Refuse, || 1).await, Err(PoolFault::Full));
        release.send(()).expect("a listener");
        assert_eq!(first.await.expect("a task"), Ok(true));
        assert_eq!(second.await.expect("a task"), Err(PoolFault::Lost));
        assert_eq!(pool.run(WhenFull::Wait, || 3).await, Ok(3));
    }
}
