//! Where log lines go: standard error, one JSON object each while serving. What is logged is decided where it happens.

use tracing_subscriber::EnvFilter;

/// Levels without any setting.
const DEFAULT_LEVELS: &str = "info,sqlx=error";

/// A setting of levels such as `info` or `adjudica_server=debug`.
/// # Errors
/// When it is no such setting.
pub fn parse_levels(text: &str) -> Result<EnvFilter, String> {
    EnvFilter::builder()
        .parse(text)
        .map_err(|error| format!("`{text}` is not a setting of levels such as `info`: {error}"))
}

/// Starts logging, once for the process.
pub fn start(levels: Option<EnvFilter>) {
    let levels = levels.unwrap_or_else(|| EnvFilter::new(DEFAULT_LEVELS));
    let started = tracing_subscriber::fmt().json().with_env_filter(levels).with_writer(std::io::stderr).try_init();
    // Logging that runs already is kept.
    drop(started);
}
