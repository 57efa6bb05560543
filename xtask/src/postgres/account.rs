//! Who runs the server: PostgreSQL refuses to be root, so root hands over to `postgres`, else to `nobody`.

use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::process;

/// The user that runs the server.
pub(crate) enum Account {
    /// We are no root: the server is ours.
    Own,
    /// We are root: the server is this user's.
    Other { uid: u32, gid: u32 },
}

impl Account {
    /// Chooses the user.
    pub(crate) fn choose() -> Result<Self> {
        if !we_are_root()? {
            return Ok(Self::Own);
        }
        for name in ["postgres", "nobody"] {
            if let (Some(uid), Some(gid)) = (find_number("-u", name)?, find_number("-g", name)?)
                && uid != 0
            {
                return Ok(Self::Other { uid, gid });
            }
        }
        bail!(
            "PostgreSQL does not run as root and there is neither a user `postgres` nor `nobody`; run this as another user"
        )
    }

    /// Makes the user the owner of a file or folder.
    pub(crate) fn give(&self, path: &Path) -> Result<()> {
        match self {
            Self::Own => Ok(()),
            Self::Other { uid, gid } => chown(path, Some(*uid), Some(*gid))
                .with_context(|| format!("cannot give `{}` to the user of PostgreSQL", path.display())),
        }
    }

    /// Lets a command run as the user, in `folder`, with a plain locale.
    pub(crate) fn apply_to(&self, command: &mut Command, folder: &Path) {
        command.current_dir(folder).env("HOME", folder).env("LC_ALL", "C").env_remove("PGDATA").env_remove("PGPORT");
        if let Self::Other { uid, gid } = self {
            // Setting the user as root also drops root's other groups.
            command.uid(*uid).gid(*gid);
        }
    }
}

/// Whether we may do everything on this machine.
pub(crate) fn we_are_root() -> Result<bool> {
    let output = process::capture(Command::new("id").arg("-u"))?;
    Ok(String::from_utf8_lossy(&output.stdout).trim() == "0")
}

fn find_number(which: &str, name: &str) -> Result<Option<u32>> {
    let output = process::capture(Command::new("id").args([which, name]))?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().parse().ok())
}
