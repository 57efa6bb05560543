//! Where log lines go: standard error, one JSON object each while serving. What is logged is decided where it happens.

use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::layer;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

/// Levels without any setting.
fn default_levels() -> Targets {
    Targets::new().with_default(LevelFilter::INFO).with_target("sqlx", LevelFilter::ERROR)
}

/// A setting of levels such as `info` or `adjudica_server=debug`.
/// # Errors
/// When it is no such setting.
pub fn parse_levels(text: &str) -> Result<Targets, String> {
    let refused =
        |word: &str| format!("`{word}` is no level; give off, error, warn, info, debug or trace, or `PART=LEVEL`");
    // A word alone would be taken for a part of the program, of which everything is logged and of others nothing.
    let mut words = text.split(',').filter(|word| !word.contains('='));
    let is_no_level = |word: &&str| word.trim().is_empty() || word.trim().parse::<LevelFilter>().is_err();
    if let Some(word) = words.find(is_no_level) {
        return Err(refused(word));
    }
    text.parse().map_err(|_| refused(text))
}

/// Starts logging, once for the process.
pub fn start(levels: Option<Targets>) {
    let levels = levels.unwrap_or_else(default_levels);
    let lines = layer().json().with_writer(std::io::stderr);
    // Logging that runs already is kept.
    drop(tracing_subscriber::registry().with(lines).with(levels).try_init());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_takes_levels_and_refuses_other_words() {
        for text in ["info", "off", "warn,adjudica_server=debug", "ERROR"] {
            parse_levels(text).unwrap_or_else(|fault| panic!("{text}: {fault}"));
        }
        for (text, word) in [("verbose", "verbose"), ("info,loud", "loud"), ("a=b", "a=b"), ("", "")] {
            let refused = parse_levels(text).err();
            let expected =
                format!("`{word}` is no level; give off, error, warn, info, debug or trace, or `PART=LEVEL`");
            assert_eq!(refused, Some(expected), "{text}");
        }
    }
}
