//! Progress bars for long work, on standard error; hidden where nobody watches.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::output::{Format, Output};

const TEMPLATE: &str = "{msg:24} {bar:32} {human_pos}/{human_len}  {per_sec}  {eta}";

/// Time between two turns of a spinner.
const TURN: Duration = Duration::from_millis(100);

/// A bar over `steps`. Without a terminal, or with `--json`, it draws nothing.
pub fn bar(output: &Output, message: &'static str, steps: u64) -> ProgressBar {
    let style = ProgressStyle::with_template(TEMPLATE).unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::with_draw_target(Some(steps), target(output)).with_style(style).with_message(message)
}

/// A spinner for work in one piece, drawn where a bar would be.
pub fn spinner(output: &Output, message: &'static str) -> ProgressBar {
    let spinner = ProgressBar::with_draw_target(None, target(output)).with_message(message);
    spinner.enable_steady_tick(TURN);
    spinner
}

fn target(output: &Output) -> ProgressDrawTarget {
    match output.format() {
        // indicatif draws nothing where standard error is no terminal.
        Format::Human => ProgressDrawTarget::stderr(),
        Format::Json => ProgressDrawTarget::hidden(),
    }
}
