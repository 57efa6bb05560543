//! Chance from a seed: the same seed draws the same numbers on every machine.

/// A stream of numbers (`SplitMix64`).
#[derive(Debug, Clone)]
pub struct Chance {
    state: u64,
}

impl Chance {
    /// The stream of `seed`.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        // Neighbouring seeds must not give the same stream, shifted by one.
        let mut stream = Self { state: seed };
        Self { state: stream.draw().rotate_left(32) ^ stream.draw() }
    }

    fn draw(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.state ^ (self.state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number from 0 to below `end`; 0 where `end` is 0.
    pub fn below(&mut self, end: u8) -> u8 {
        let end = u64::from(end.max(1));
        u8::try_from(self.draw() % end).unwrap_or(0)
    }

    /// A number from `from` to `to`, both included.
    pub fn between(&mut self, from: u8, to: u8) -> u8 {
        from.saturating_add(self.below(to.saturating_sub(from).saturating_add(1)))
    }

    /// Whether one of `times` comes true now.
    pub fn one_in(&mut self, times: u8) -> bool {
        self.below(times) == 0
    }

    /// One of `items`.
    pub fn pick<T: Copy + Default>(&mut self, items: &[T]) -> T {
        let count = u64::try_from(items.len()).unwrap_or(1).max(1);
        let place = usize::try_from(self.draw() % count).unwrap_or(0);
        items.get(place).copied().unwrap_or_default()
    }

    /// `value`, or nothing one time in `times`.
    pub fn but_for<T>(&mut self, times: u8, value: T) -> Option<T> {
        (!self.one_in(times)).then_some(value)
    }
}
