//! Prints figures: `name value unit`, and beside those of the design their target and whether it is reached.

/// What the design asks of a figure.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Target {
    /// No more than this.
    AtMost(f64),
    /// No less than this.
    AtLeast(f64),
}

impl Target {
    fn is_reached(self, value: f64) -> bool {
        match self {
            Self::AtMost(bound) => value <= bound,
            Self::AtLeast(bound) => value >= bound,
        }
    }

    fn words(self) -> String {
        match self {
            Self::AtMost(bound) => format!("<= {}", written(bound)),
            Self::AtLeast(bound) => format!(">= {}", written(bound)),
        }
    }
}

/// The figures of one run.
#[derive(Debug, Default)]
pub(crate) struct Report {
    reached: u32,
    missed: Vec<String>,
}

impl Report {
    /// A remark on how the figures that follow are taken.
    pub(crate) fn remark(&self, text: &str) {
        println!("# {text}");
    }

    /// A figure without a target.
    pub(crate) fn figure(&self, name: &str, value: f64, unit: &str) {
        println!("{name} {} {unit}", written(value));
    }

    /// That a peer decided every encounter as ours.
    pub(crate) fn agreement(&self, name: &str, encounters: usize) {
        println!("{name} {encounters} of {encounters}");
    }

    /// A figure of the design, with its target.
    pub(crate) fn judge(&mut self, name: &str, value: f64, unit: &str, target: Target) {
        let reached = target.is_reached(value);
        let word = if reached { "ok" } else { "missed" };
        println!("{name} {} {unit} target {} {word}", written(value), target.words());
        if reached {
            self.reached += 1;
        } else {
            self.missed.push(name.to_owned());
        }
    }

    /// How many targets were reached, and the names of the others.
    pub(crate) fn finish(&self) {
        let all = usize::try_from(self.reached).unwrap_or(0) + self.missed.len();
        println!("targets_reached {} of {all}", self.reached);
        for name in &self.missed {
            println!("target_missed {name}");
        }
    }
}

/// Three digits after the point for small values, none for large ones.
fn written(value: f64) -> String {
    let digits = if value.abs() >= 1_000.0 || value.fract() == 0.0 {
        0
    } else if value.abs() >= 10.0 {
        1
    } else {
        3
    };
    format!("{value:.digits$}")
}
