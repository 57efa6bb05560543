//! What every request says besides what it is about: who asks, whether it is recorded, and which policy it names.

use adjudica_core::{Digest, Token};

/// Who asks, and for which agency. Not authenticated yet: therefore a host listens on loopback only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The agency.
    pub agency: Token,
    /// The person or system.
    pub actor: Token,
}

/// Whether a decision is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    /// It is stored and its lines count against limits.
    Record,
    /// It is answered only.
    DryRun,
}

/// How a request names a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PolicyName {
    /// By the digest of its file.
    Digest(Digest),
    /// By id and version.
    Version {
        /// The id.
        policy_id: Token,
        /// The version.
        version: semver::Version,
    },
}

impl PolicyName {
    /// A policy as `id@version` or as a digest.
    /// # Errors
    /// What is wrong with another form.
    pub fn parse(text: &str) -> Result<Self, String> {
        let Some((id, version)) = text.split_once('@') else {
            return Digest::parse(text).map(Self::Digest).map_err(|fault| format!("{fault}, or `id@version`"));
        };
        let policy_id = Token::parse(id).map_err(|fault| fault.to_string())?;
        let version =
            semver::Version::parse(version).map_err(|_| "has no version such as `1.2.0` after `@`".to_owned())?;
        Ok(Self::Version { policy_id, version })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_reads_policies_by_digest_and_by_version() {
        assert!(matches!(PolicyName::parse(&"0".repeat(64)), Ok(PolicyName::Digest(_))));
        assert!(matches!(PolicyName::parse("bcbsm@2.1.0"), Ok(PolicyName::Version { .. })));
        for bad in ["bcbsm", "bcbsm@", "bcbsm@2", "@1.0.0", ""] {
            assert!(PolicyName::parse(bad).is_err(), "{bad}");
        }
    }
}
