//! Where things are: the checkout, the shared build folder, the crates outside the workspace. Runs nothing.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

/// Folders that hold crates which are not members of the workspace and whose tests run with the rest.
const OUTSIDE: [&str; 3] = ["sdk/interpreter", "plugins", "examples"];

/// Folders that hold crates which only their own users build: hostile guests, and peers that a normal build never compiles.
const UNBUILT: [&str; 2] = ["tests/guests", "tests/peers"];

/// Whether cargo sets a variable for the package that it builds or runs.
fn is_of_a_package(name: &str) -> bool {
    name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_") || name.starts_with("CARGO_BIN_")
}

/// The checkout and its build folder.
pub(crate) struct Workspace {
    /// The folder of the root `Cargo.toml`.
    pub(crate) root: PathBuf,
    /// The `CARGO_TARGET_DIR` of every cargo that is started from here.
    pub(crate) target_dir: PathBuf,
}

impl Workspace {
    /// Finds the checkout that this program belongs to. The build folder is `CARGO_TARGET_DIR` where that is set,
    /// else a folder of the user's cache, so that every checkout and every run shares one.
    pub(crate) fn find() -> Result<Self> {
        let manifest_dir = environment("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
        let root = Path::new(&manifest_dir)
            .parent()
            .context("xtask has no folder above it; run it as `cargo xtask`")?
            .to_path_buf();
        let target_dir = match environment("CARGO_TARGET_DIR") {
            Some(folder) => root.join(folder),
            None => cache_folder()?.join("adjudica/target"),
        };
        Ok(Self { root, target_dir })
    }

    /// A cargo that works in the checkout and builds into the shared folder.
    pub(crate) fn cargo(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("cargo");
        command.args(arguments).current_dir(&self.root).env("CARGO_TARGET_DIR", &self.target_dir);
        // What the outer cargo says of xtask: crates whose build looks at it would be built anew after a build from the shell.
        let of_outer = std::env::vars_os().map(|(name, _)| name);
        for name in of_outer.filter(|name| name.to_str().is_some_and(is_of_a_package)) {
            command.env_remove(name);
        }
        command
    }

    /// Every policy folder of `plugins/`: those that hold a `policy.toml`, a payer's own or one for each of its versions.
    pub(crate) fn policies(&self) -> Result<Vec<PathBuf>> {
        let mut folders = Vec::new();
        for payer in subfolders(&self.root.join("plugins"))? {
            folders.extend(subfolders(&payer)?);
            folders.push(payer);
        }
        Ok(folders.into_iter().filter(|folder| folder.join("policy.toml").is_file()).collect())
    }

    /// Every folder of `examples/`.
    pub(crate) fn examples(&self) -> Result<Vec<PathBuf>> {
        subfolders(&self.root.join("examples"))
    }

    /// The manifests of the crates outside the workspace, other engines and test guests left out.
    pub(crate) fn outside_manifests(&self) -> Result<Vec<PathBuf>> {
        self.manifests(&OUTSIDE)
    }

    /// The manifests of other engines and test guests.
    pub(crate) fn unbuilt_manifests(&self) -> Result<Vec<PathBuf>> {
        self.manifests(&UNBUILT)
    }

    fn manifests(&self, folders: &[&str]) -> Result<Vec<PathBuf>> {
        let mut manifests = Vec::new();
        for folder in folders {
            let folder = self.root.join(folder);
            let own = folder.join("Cargo.toml");
            if own.is_file() {
                manifests.push(own);
                continue;
            }
            let below = subfolders(&folder)?.into_iter().map(|folder| folder.join("Cargo.toml"));
            manifests.extend(below.filter(|manifest| manifest.is_file()));
        }
        Ok(manifests)
    }

    /// `path` as seen from the checkout, for messages.
    pub(crate) fn relative<'path>(&self, path: &'path Path) -> &'path Path {
        path.strip_prefix(&self.root).unwrap_or(path)
    }
}

/// The value of an environment variable, absent when empty.
#[expect(clippy::disallowed_methods, reason = "the one place where xtask reads the environment")]
pub(crate) fn environment(name: &str) -> Option<OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}

/// The folders directly inside `folder`, sorted; none when it does not exist.
pub(crate) fn subfolders(folder: &Path) -> Result<Vec<PathBuf>> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let mut folders = Vec::new();
    for entry in folder.read_dir().with_context(|| format!("cannot list `{}`", folder.display()))? {
        let path = entry?.path();
        if path.is_dir() {
            folders.push(path);
        }
    }
    folders.sort();
    Ok(folders)
}

fn cache_folder() -> Result<PathBuf> {
    if let Some(folder) = environment("XDG_CACHE_HOME") {
        return Ok(folder.into());
    }
    let home = environment("HOME").context("neither CARGO_TARGET_DIR nor HOME is set; set one of them")?;
    Ok(Path::new(&home).join(".cache"))
}
