//! Chance that repeats: splitmix64 from a fixed seed, so that the sample is the same on every machine. Not for secrets.

/// A stream of numbers.
pub struct Chance {
    state: u64,
}

impl Chance {
    /// The stream of that seed.
    pub fn from_seed(seed: u64) -> Self {
        Self { state: seed }
    }

    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.state ^ (self.state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number from 0 to `bound - 1`; 0 for a bound of 0.
    pub fn below(&mut self, bound: u32) -> u32 {
        let remainder = self.next().checked_rem(u64::from(bound)).unwrap_or(0);
        u32::try_from(remainder).unwrap_or(0)
    }

    /// Whether an event of `percent` in a hundred happens.
    pub fn percent(&mut self, percent: u32) -> bool {
        self.below(100) < percent
    }

    /// One of `choices`; the first when there is no other.
    pub fn pick<T: Copy>(&mut self, first: T, others: &[T]) -> T {
        let count = u32::try_from(others.len()).unwrap_or(0).saturating_add(1);
        match usize::try_from(self.below(count)).unwrap_or(0).checked_sub(1) {
            None => first,
            Some(index) => others.get(index).copied().unwrap_or(first),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_repeats_and_stays_below_its_bound() {
        let draw = || {
            let mut chance = Chance::from_seed(7);
            (0..1_000).map(|_| chance.below(10)).collect::<Vec<_>>()
        };
        assert_eq!(draw(), draw());
        assert!((0..10).all(|number| draw().contains(&number)));
        // The published first output of splitmix64 from 0.
        assert_eq!(Chance::from_seed(0).next(), 0xE220_A839_7B1D_CDAF);
        assert_eq!(Chance::from_seed(1).below(0), 0);
    }
}
