//! Where policies are published: a running host, or a folder laid out as a registry. Keeps files; judges none.

mod folder;
mod http;

use std::path::PathBuf;

use anyhow::Result;

pub use folder::FolderCatalog;
pub use http::HostCatalog;

/// A published policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Its id.
    pub policy_id: String,
    /// Its version.
    pub version: semver::Version,
    /// The digest of its file.
    pub digest: String,
    /// Why it was taken back.
    pub yanked: Option<String>,
}

/// A place where policies are published.
pub enum Catalog {
    /// A running host.
    Host(HostCatalog),
    /// A folder.
    Folder(FolderCatalog),
}

/// Where to publish, on the command line.
#[derive(Debug, Clone, clap::Args)]
#[group(required = true, multiple = false)]
pub struct Place {
    /// A running host, as `http://127.0.0.1:8080`.
    #[arg(long, value_name = "URL")]
    host: Option<String>,
    /// A folder laid out as a registry: `<policy>/<version>/policy.wasm`.
    #[arg(long, value_name = "FOLDER")]
    to: Option<PathBuf>,
}

impl Place {
    /// The catalog that is meant.
    #[must_use]
    pub fn catalog(&self) -> Catalog {
        match (&self.host, &self.to) {
            (Some(url), _) => Catalog::Host(HostCatalog::new(url)),
            (None, folder) => Catalog::Folder(FolderCatalog::new(folder.clone().unwrap_or_default())),
        }
    }
}

impl Catalog {
    /// Everything that is published, by id, then version.
    /// # Errors
    /// When the place does not answer or cannot be read.
    pub fn list(&self) -> Result<Vec<Listed>> {
        let mut listed = match self {
            Self::Host(host) => host.list(),
            Self::Folder(folder) => folder.list(),
        }?;
        listed.sort_by(|a, b| (&a.policy_id, &a.version).cmp(&(&b.policy_id, &b.version)));
        Ok(listed)
    }

    /// The bytes of a published policy.
    /// # Errors
    /// As [`Self::list`].
    pub fn load(&self, listed: &Listed) -> Result<Vec<u8>> {
        match self {
            Self::Host(host) => host.load(listed),
            Self::Folder(folder) => folder.load(listed),
        }
    }

    /// Publishes a file. The same file again changes nothing; `false` says so.
    /// # Errors
    /// When the place refuses it, in the place's words.
    pub fn put(&self, policy_id: &str, version: &semver::Version, file: &[u8]) -> Result<bool> {
        match self {
            Self::Host(host) => host.put(file),
            Self::Folder(folder) => folder.put(policy_id, version, file),
        }
    }

    /// Takes a policy back.
    /// # Errors
    /// When the place refuses it, in the place's words.
    pub fn yank(&self, listed: &Listed, reason: &str) -> Result<()> {
        match self {
            Self::Host(host) => host.yank(listed, reason),
            Self::Folder(folder) => folder.yank(listed, reason),
        }
    }
}
