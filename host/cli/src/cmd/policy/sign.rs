//! `adjudica policy sign`: a publisher's signature as the last section of policy files.

use std::path::PathBuf;

use adjudica_core::{Digest, ServiceDate};
use adjudica_engine::signature::sign;
use anyhow::Result;
use serde_json::json;

use crate::exit::{Exit, Fault, Refusal};
use crate::files;
use crate::keys::SecretKey;
use crate::output::Output;

/// Sign built policy files with a publisher's secret key. The files get the signature; nothing else in them changes.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Policy files.
    #[arg(required = true, value_name = "FILE.wasm")]
    files: Vec<PathBuf>,
    /// The secret key file of `adjudica policy keygen`.
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// The day that the signature says it was made on.
    #[arg(long, value_name = "DAY", value_parser = crate::args::parse_day)]
    on: ServiceDate,
}

/// Runs the verb: every file is signed before any is written.
pub fn run(args: &Args, output: &Output) -> Result<Exit> {
    let key = SecretKey::load(&args.key)?;
    let secret = key.secret()?;
    let (mut signed, mut faults) = (Vec::new(), Vec::new());
    for path in &args.files {
        let bytes = std::fs::read(path).map_err(|error| error.to_string());
        let done = bytes.and_then(|bytes| {
            sign(&bytes, &secret, &key.publisher, &key.key_id, args.on).map_err(|fault| fault.to_string())
        });
        match done {
            Ok(bytes) => signed.push((path, bytes)),
            Err(message) => faults.push(Fault::of_file(path, message)),
        }
    }
    if !faults.is_empty() {
        return Err(Refusal::refused("nothing was signed", faults).into());
    }
    let mut answer = Vec::new();
    for (path, bytes) in signed {
        files::write_whole(path, &bytes)?;
        let digest = Digest::of(&bytes);
        output.line(&format!(
            "{}: signed by {} with {}, digest {digest}",
            path.display(),
            key.publisher,
            key.key_id
        ))?;
        answer.push(json!({ "file": path.display().to_string(), "digest": digest, "publisher": key.publisher, "key_id": key.key_id }));
    }
    output.answer(&json!({ "files": answer }))?;
    Ok(Exit::Ok)
}
