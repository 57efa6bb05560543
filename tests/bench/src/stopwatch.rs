//! Times the sides of a comparison in turns, so that each meets the same noise of the machine. Prints nothing.

use std::time::{Duration, Instant};

use anyhow::Result;

/// Work that one side does in one round.
pub(crate) type Side<'a> = &'a mut dyn FnMut() -> Result<()>;

/// The times of one side, one for each round.
#[derive(Debug, Clone, Default)]
pub(crate) struct Times {
    rounds: Vec<Duration>,
}

impl Times {
    /// The middle time, in nanoseconds for each of `parts` equal parts of a round.
    pub(crate) fn median_ns(&self, parts: u32) -> f64 {
        quantile(self.rounds.iter().map(|round| nanoseconds(*round) / f64::from(parts)).collect(), 0.5)
    }

    /// The middle of the rounds' ratios: this side's time over the other's in the same round.
    pub(crate) fn median_over(&self, other: &Self) -> f64 {
        let ratios =
            self.rounds.iter().zip(&other.rounds).map(|(ours, theirs)| nanoseconds(*ours) / nanoseconds(*theirs));
        quantile(ratios.collect(), 0.5)
    }
}

/// Runs the sides in turns, `rounds` times, after one round that does not count.
///
/// # Errors
/// The first error of a side.
pub(crate) fn alternate<const SIDES: usize>(rounds: u32, mut sides: [Side<'_>; SIDES]) -> Result<[Times; SIDES]> {
    let mut times = std::array::from_fn(|_| Times::default());
    for side in &mut sides {
        side()?;
    }
    for _ in 0..rounds {
        for (side, times) in sides.iter_mut().zip(&mut times) {
            let start = Instant::now();
            side()?;
            times.rounds.push(start.elapsed());
        }
    }
    Ok(times)
}

/// Nanoseconds as a number to calculate with.
pub(crate) fn nanoseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e9
}

/// The value below which `share` of the values lie.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "a rank among measured values"
)]
pub(crate) fn quantile(mut values: Vec<f64>, share: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let rank = (values.len().saturating_sub(1) as f64 * share).round() as usize;
    values.get(rank).copied().unwrap_or(f64::NAN)
}
