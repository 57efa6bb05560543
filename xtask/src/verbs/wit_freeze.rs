//! `cargo xtask wit-freeze`: keeps a copy of the contract under its version, with its hash. A tidy check holds both.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::process;
use crate::workspace::Workspace;

/// Copies `sdk/wit/policy.wit` to `sdk/wit/released/<version>/` and adds its line to `SHA256SUMS`.
pub(crate) fn run(workspace: &Workspace) -> Result<()> {
    let wit = workspace.root.join("sdk/wit/policy.wit");
    let text = std::fs::read_to_string(&wit).with_context(|| format!("cannot read `{}`", wit.display()))?;
    let version =
        find_version(&text).context("`sdk/wit/policy.wit` has no line `package adjudica:policy@<version>;`")?;
    let released = workspace.root.join("sdk/wit/released");
    let frozen = released.join(version).join("policy.wit");
    if frozen.is_file() {
        if std::fs::read_to_string(&frozen)? == text {
            eprintln!("{version} is frozen already, and the same");
            return Ok(());
        }
        bail!("{version} is frozen and `sdk/wit/policy.wit` differs from it; give the changed contract a new version")
    }
    let name = format!("{version}/policy.wit");
    let hash = sha256(&wit)?;
    let sums = released.join("SHA256SUMS");
    let earlier = if sums.is_file() { std::fs::read_to_string(&sums)? } else { String::new() };
    std::fs::create_dir_all(released.join(version))?;
    std::fs::write(&frozen, &text)?;
    std::fs::write(&sums, format!("{earlier}{hash}  {name}\n"))?;
    eprintln!("{version} is frozen as `{}`", workspace.relative(&frozen).display());
    Ok(())
}

fn find_version(text: &str) -> Option<&str> {
    text.lines().find_map(|line| line.strip_prefix("package adjudica:policy@")?.strip_suffix(';'))
}

/// The hash that `sha256sum` (Linux) or `shasum` (macOS) prints.
fn sha256(file: &Path) -> Result<String> {
    let program: &[&str] = match process::find_program("sha256sum") {
        Some(_) => &["sha256sum"],
        None => &["shasum", "-a", "256"],
    };
    let (name, arguments) = program.split_first().context("no program to hash with")?;
    let output = process::capture(Command::new(name).args(arguments).arg(file))?;
    let said = String::from_utf8(output.stdout).context("the hash is no readable text")?;
    let hash = said.split_whitespace().next().filter(|hash| hash.len() == 64);
    hash.map(str::to_owned).with_context(|| format!("`{name}` printed no SHA-256 hash; is it installed?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_read_from_the_package_line() {
        assert_eq!(find_version("/// Docs.\npackage adjudica:policy@1.2.3;\n"), Some("1.2.3"));
        assert_eq!(find_version("package other:policy@1.2.3;"), None);
    }
}
