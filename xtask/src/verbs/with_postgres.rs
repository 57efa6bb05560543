//! `cargo xtask with-postgres <command ..>`: one command with a throw-away PostgreSQL beside it.

use std::process::Command;

use anyhow::{Result, bail};

use crate::postgres::{Durability, PostgresServer};
use crate::process;
use crate::workspace::Workspace;

/// Runs the command in the checkout, with the address of the server in its environment.
pub(crate) fn run(workspace: &Workspace, words: &[String]) -> Result<()> {
    let Some((program, arguments)) = words.split_first() else {
        bail!("`with-postgres` needs a command, such as `cargo test --release --package adjudica-store`")
    };
    let postgres = PostgresServer::start(Durability::ThrowAway)?;
    let mut command = Command::new(program);
    command.args(arguments).current_dir(&workspace.root).env("CARGO_TARGET_DIR", &workspace.target_dir);
    process::run(postgres.offer_to(&mut command))
}
