//! Finds `initdb` and `pg_ctl`: on PATH, where Debian keeps them, or by installing them. Runs no server.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::process;
use crate::workspace::subfolders;

use super::account::we_are_root;

const DEBIAN_FOLDER: &str = "/usr/lib/postgresql";

const HOW_TO_INSTALL: &str = "PostgreSQL is missing (no initdb and pg_ctl): install it \
    (Debian, Ubuntu: `sudo apt-get install postgresql`; macOS: `brew install postgresql`), \
    or name a server you have in ADJUDICA_TEST_POSTGRES_URL";

/// The programs that make and run a cluster, of one version.
pub(crate) struct Programs {
    /// Makes a cluster.
    pub(crate) initdb: PathBuf,
    /// Starts and stops its server.
    pub(crate) pg_ctl: PathBuf,
}

impl Programs {
    /// Finds the programs; where there are none and root has apt-get, installs them.
    pub(crate) fn find_or_install() -> Result<Self> {
        if let Some(programs) = Self::find()? {
            return Ok(programs);
        }
        if process::find_program("apt-get").is_none() || !we_are_root()? {
            bail!(HOW_TO_INSTALL)
        }
        eprintln!("PostgreSQL is missing: installing it with apt-get");
        process::run(apt_get(&["update"]).env("DEBIAN_FRONTEND", "noninteractive")).context(HOW_TO_INSTALL)?;
        let mut install = apt_get(&["install", "--yes", "--no-install-recommends", "postgresql"]);
        process::run(install.env("DEBIAN_FRONTEND", "noninteractive")).context(HOW_TO_INSTALL)?;
        Self::find()?.context("apt-get installed PostgreSQL, but initdb and pg_ctl are still not to be found")
    }

    fn find() -> Result<Option<Self>> {
        let on_path = process::find_program("initdb").and_then(|program| program.canonicalize().ok());
        let on_path = on_path.and_then(|program| program.parent().and_then(Self::find_in));
        if on_path.is_some() {
            return Ok(on_path);
        }
        let mut folders = subfolders(Path::new(DEBIAN_FOLDER))?;
        folders.sort_by_key(|folder| version(folder));
        Ok(folders.iter().rev().find_map(|folder| Self::find_in(&folder.join("bin"))))
    }

    fn find_in(folder: &Path) -> Option<Self> {
        let programs = Self { initdb: folder.join("initdb"), pg_ctl: folder.join("pg_ctl") };
        (programs.initdb.is_file() && programs.pg_ctl.is_file()).then_some(programs)
    }
}

fn apt_get(arguments: &[&str]) -> Command {
    let mut command = Command::new("apt-get");
    command.args(arguments);
    command
}

/// Debian names the folder by the major version; anything else comes first, to be tried last.
fn version(folder: &Path) -> Option<u32> {
    folder.file_name()?.to_str()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_version_is_found_by_number_not_by_letter() {
        let mut folders = [Path::new("pg/9"), Path::new("pg/17"), Path::new("pg/old"), Path::new("pg/15")];
        folders.sort_by_key(|folder| version(folder));
        assert_eq!(folders.last(), Some(&Path::new("pg/17")));
        assert_eq!(folders.first(), Some(&Path::new("pg/old")));
    }
}
