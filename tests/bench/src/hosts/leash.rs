//! Holds processes to a share of a processor: whoever has used the share of a short period stops until the next begins.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use rustix::process::{Pid, Signal, kill_process};

const PERIOD: Duration = Duration::from_millis(20);
const LOOK: Duration = Duration::from_millis(1);

/// Processes that are held until this is let go.
pub(super) struct Leash {
    is_held: Arc<AtomicBool>,
    holder: JoinHandle<()>,
}

struct Held {
    process: Pid,
    /// Nanoseconds that it had used when the period began.
    used: u64,
    /// Nanoseconds that it used too much of the periods before.
    debt: u64,
    is_stopped: bool,
}

impl Leash {
    /// Holds each to so many hundredths of a processor.
    pub(super) fn hold(processes: Vec<u32>, percent: u32) -> Result<Self> {
        let mut all = Vec::new();
        for id in processes {
            let process = Pid::from_raw(i32::try_from(id)?).context("a process has a number")?;
            all.push(Held { process, used: used(process), debt: 0, is_stopped: false });
        }
        let is_held = Arc::new(AtomicBool::new(true));
        let goes_on = Arc::clone(&is_held);
        let share = nanoseconds(PERIOD) * u64::from(percent) / 100;
        let holder = std::thread::spawn(move || {
            while goes_on.load(Ordering::Relaxed) {
                period(&mut all, share);
            }
            all.iter_mut().for_each(Held::go_on);
        });
        Ok(Self { is_held, holder })
    }

    /// Lets all of them run as they like.
    pub(super) fn let_go(self) {
        self.is_held.store(false, Ordering::Relaxed);
        drop(self.holder.join());
    }
}

fn period(all: &mut [Held], share: u64) {
    let end = Instant::now() + PERIOD;
    for held in all.iter_mut() {
        held.go_on();
    }
    while Instant::now() < end {
        std::thread::sleep(LOOK);
        for held in all.iter_mut() {
            held.stop_beyond(share);
        }
    }
    for held in all {
        let now = used(held.process);
        held.debt = (now.saturating_sub(held.used) + held.debt).saturating_sub(share);
        held.used = now;
    }
}

impl Held {
    fn go_on(&mut self) {
        if self.is_stopped {
            // One that has ended needs nothing.
            let _ = kill_process(self.process, Signal::CONT);
            self.is_stopped = false;
        }
    }

    fn stop_beyond(&mut self, share: u64) {
        if !self.is_stopped && used(self.process).saturating_sub(self.used) + self.debt >= share {
            let _ = kill_process(self.process, Signal::STOP);
            self.is_stopped = true;
        }
    }
}

fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// Nanoseconds of a processor that the threads of a process have used, as the kernel tells it.
fn used(process: Pid) -> u64 {
    let folder = format!("/proc/{}/task", process.as_raw_nonzero());
    let Ok(threads) = std::fs::read_dir(folder) else { return 0 };
    let of_thread = |thread: std::fs::DirEntry| -> Option<u64> {
        let text = std::fs::read_to_string(thread.path().join("schedstat")).ok()?;
        text.split(' ').next()?.parse().ok()
    };
    threads.filter_map(|thread| of_thread(thread.ok()?)).sum()
}
