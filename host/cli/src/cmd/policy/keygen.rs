//! `adjudica policy keygen`: a key that a publisher signs policies with.

use std::path::PathBuf;

use adjudica_core::{ServiceDate, Token};
use anyhow::{Context as _, Result};
use serde_json::json;

use crate::exit::{Exit, Fault, Refusal};
use crate::keys::{SecretKey, write_public};
use crate::output::Output;

/// Make a key to sign policies with: a secret file, and the block that agencies put into their file of publishers.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The publisher's name.
    #[arg(value_name = "PUBLISHER", value_parser = crate::args::parse_token)]
    publisher: Token,
    /// The key's name, another for each key.
    #[arg(long, value_name = "NAME", value_parser = crate::args::parse_token)]
    key: Token,
    /// First day on which the key holds.
    #[arg(long, value_name = "DAY", value_parser = crate::args::parse_day)]
    from: ServiceDate,
    /// First day on which it does not hold any more.
    #[arg(long, value_name = "DAY", value_parser = crate::args::parse_day)]
    to: Option<ServiceDate>,
    /// Folder for the two files, `<publisher>-<key>.secret.toml` and `<publisher>-<key>.public.toml`.
    #[arg(long, value_name = "FOLDER", default_value = ".")]
    out: PathBuf,
}

/// Runs the verb.
pub fn run(args: &Args, output: &Output) -> Result<Exit> {
    if args.to.is_some_and(|to| to <= args.from) {
        let fault = Fault::new("`--to` is not after `--from`; the key would never hold");
        return Err(Refusal::usage("no key was made", vec![fault]).into());
    }
    let name = format!("{}-{}", args.publisher, args.key);
    let secret_file = args.out.join(format!("{name}.secret.toml"));
    let public_file = args.out.join(format!("{name}.public.toml"));
    if secret_file.exists() || public_file.exists() {
        let fault = Fault::of_file(&secret_file, "is there already; take another `--key`, a key is never made over");
        return Err(Refusal::usage("no key was made", vec![fault]).into());
    }
    std::fs::create_dir_all(&args.out).with_context(|| format!("`{}` cannot be made", args.out.display()))?;
    let key = SecretKey::generate(args.publisher.clone(), args.key.clone())?;
    let public = key.public_block(args.from, args.to)?;
    key.write_new(&secret_file)?;
    write_public(&public_file, &public)?;
    output.line(&format!("{}: the secret key; keep it to yourself", secret_file.display()))?;
    output.line(&format!("{}: for the agencies' files of publishers", public_file.display()))?;
    output.answer(&json!({
        "secret_file": secret_file.display().to_string(),
        "public_file": public_file.display().to_string(),
        "publishers": public,
    }))?;
    Ok(Exit::Ok)
}
