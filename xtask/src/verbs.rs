//! The verbs, one file each. What they share lies beside this folder.

pub(crate) mod bench;
pub(crate) mod ci;
pub(crate) mod demo;
pub(crate) mod policies;
pub(crate) mod simulate;
pub(crate) mod test;
pub(crate) mod wit_freeze;
pub(crate) mod with_postgres;

use anyhow::{Result, bail};

/// Refuses every argument of a verb that takes none.
pub(crate) fn refuse_arguments(verb: &str, arguments: &[String]) -> Result<()> {
    if arguments.is_empty() {
        return Ok(());
    }
    bail!("`{verb}` takes no arguments; leave out `{}`", arguments.join(" "))
}
