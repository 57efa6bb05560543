//! Key files of publishers: the secret one that signs, and the public block that agencies list. Makes no signature.

use std::path::Path;

use adjudica_core::{ServiceDate, Token};
use adjudica_engine::signature::{KEY_BYTES, hex, parse_hex, public_key};
use adjudica_engine::{Publisher, PublisherKey, Trust};
use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};

use crate::exit::{Fault, Refusal};
use crate::files;

/// A publisher's secret key, as its file holds it. `Debug` is left out: it would show the secret.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SecretKey {
    /// The publisher.
    pub publisher: Token,
    /// The key's name.
    pub key_id: Token,
    /// The secret, 64 hexadecimal digits.
    secret_key: String,
}

impl SecretKey {
    /// A new key, from the system's randomness.
    /// # Errors
    /// When the system gives none.
    pub fn generate(publisher: Token, key_id: Token) -> Result<Self> {
        let mut secret = [0; KEY_BYTES];
        getrandom::fill(&mut secret).context("the system gives no random numbers")?;
        Ok(Self { publisher, key_id, secret_key: hex(&secret) })
    }

    /// Reads a key file.
    /// # Errors
    /// A [`Refusal`] where it is none.
    pub fn load(path: &Path) -> Result<Self, Refusal> {
        let refuse =
            |message: String| Refusal::usage("the file is not a secret key", vec![Fault::of_file(path, message)]);
        let text = std::fs::read_to_string(path).map_err(|error| refuse(format!("cannot be read: {error}")))?;
        // The reader's own words could show the secret.
        let key: Self = toml::from_str(&text)
            .map_err(|_| refuse("has another form; make one with `adjudica policy keygen`".to_owned()))?;
        key.secret().map_err(|fault| refuse(fault.to_string()))?;
        Ok(key)
    }

    /// The secret.
    /// # Errors
    /// When it is not 64 hexadecimal digits.
    pub fn secret(&self) -> Result<[u8; KEY_BYTES]> {
        parse_hex(&self.secret_key).context("holds no secret key; make one with `adjudica policy keygen`")
    }

    /// Writes the file so that only its owner can read it; never over another.
    /// # Errors
    /// When it is there already, or cannot be written.
    pub fn write_new(&self, path: &Path) -> Result<()> {
        use std::io::Write as _;
        use std::os::unix::fs::OpenOptionsExt as _;
        let mut options = std::fs::OpenOptions::new();
        let file = options.write(true).create_new(true).mode(0o600).open(path);
        let mut file = file.with_context(|| format!("`{}` cannot be made", path.display()))?;
        file.write_all(toml::to_string(self)?.as_bytes())?;
        Ok(file.sync_all()?)
    }

    /// The block that agencies put into their file of publishers.
    /// # Errors
    /// When the secret is none.
    pub fn public_block(&self, from: ServiceDate, to: Option<ServiceDate>) -> Result<Trust> {
        let public_key = hex(&public_key(&self.secret()?));
        let key = PublisherKey { id: self.key_id.clone(), public_key, from, to, revoked_on: None };
        let publisher =
            Publisher { id: self.publisher.clone(), policies: std::collections::BTreeSet::new(), keys: vec![key] };
        Ok(Trust { publishers: vec![publisher] })
    }
}

/// Reads a file of publishers.
/// # Errors
/// A [`Refusal`] with every fault of it.
pub fn load_publishers(path: &Path) -> Result<Trust, Refusal> {
    let text = path.display().to_string();
    let loaded = adjudica_service::registry::trust::load_trust(&text);
    let loaded =
        loaded.map_err(|message| Refusal::usage("the publishers cannot be read", vec![Fault::new(message)]))?;
    Ok(loaded.unwrap_or_default())
}

/// Writes the public block beside nothing that is there.
/// # Errors
/// When it cannot be written.
pub fn write_public(path: &Path, trust: &Trust) -> Result<()> {
    files::write_whole(path, toml::to_string(trust)?.as_bytes())
}
