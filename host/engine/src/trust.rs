//! Publishers whose policies are taken, their keys with the days on which they hold, and the judgement of a signed file.

use std::collections::BTreeSet;

use adjudica_core::{ServiceDate, Token};
use serde::{Deserialize, Serialize};

use crate::signature::{KEY_BYTES, Signature, SignatureFault, parse_hex, split, verify};

/// Publishers whose policies are taken.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trust {
    /// Each with its keys.
    #[serde(default, rename = "publisher")]
    pub publishers: Vec<Publisher>,
}

/// Who ships policies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Publisher {
    /// Their name.
    pub id: Token,
    /// Policies that they may publish; none listed means any.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub policies: BTreeSet<Token>,
    /// Their keys.
    #[serde(default, rename = "key")]
    pub keys: Vec<PublisherKey>,
}

/// A key of a publisher.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PublisherKey {
    /// Its name, one of its own for each key.
    pub id: Token,
    /// The Ed25519 public key, 64 hexadecimal digits.
    pub public_key: String,
    /// First day on which it holds.
    pub from: ServiceDate,
    /// First day on which it does not hold any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<ServiceDate>,
    /// Since when nothing that it signed is taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked_on: Option<ServiceDate>,
}

/// A signed file that was judged good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    /// Who signed it.
    pub signature: Signature,
    /// Policies that they may publish; empty means any.
    policies: BTreeSet<Token>,
}

impl Trust {
    /// Every fault of the list.
    #[must_use]
    pub fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        let mut publishers = BTreeSet::new();
        for publisher in &self.publishers {
            if !publishers.insert(&publisher.id) {
                faults.push(format!("`{}` is there twice; put its keys under one", publisher.id));
            }
            let mut keys = BTreeSet::new();
            for key in &publisher.keys {
                let place = format!("`{}`, key `{}`", publisher.id, key.id);
                if !keys.insert(&key.id) {
                    faults.push(format!("{place}: is there twice; give each key a name of its own"));
                }
                if parse_hex::<KEY_BYTES>(&key.public_key).is_none() {
                    faults.push(format!(
                        "{place}: `public_key` is not 64 hexadecimal digits; copy it from the publisher"
                    ));
                }
                if key.to.is_some_and(|to| to <= key.from) {
                    faults.push(format!("{place}: `to` is not after `from`; it would never hold"));
                }
            }
        }
        faults
    }

    /// Judges a file as it stands on `today`: who signed it, with a key that holds, and that not a byte was changed.
    /// # Errors
    /// The [`SignatureFault`] that speaks against it.
    pub fn judge(&self, file: &[u8], today: ServiceDate) -> Result<Signed, SignatureFault> {
        let (signed, signature) = split(file)?;
        let Signature { publisher, key_id, .. } = &signature;
        let found = self.publishers.iter().find(|known| known.id == *publisher);
        let found = found.ok_or_else(|| SignatureFault::UnknownPublisher { publisher: publisher.clone() })?;
        let key = found.keys.iter().find(|key| key.id == *key_id);
        let key =
            key.ok_or_else(|| SignatureFault::UnknownKey { publisher: publisher.clone(), key_id: key_id.clone() })?;
        if let Some(on) = key.revoked_on {
            return Err(SignatureFault::Revoked { key_id: key_id.clone(), on });
        }
        if today < key.from {
            return Err(SignatureFault::NotYetValid { key_id: key_id.clone(), from: key.from });
        }
        if let Some(to) = key.to.filter(|to| *to <= today) {
            return Err(SignatureFault::Expired { key_id: key_id.clone(), to });
        }
        let on = signature.signed_on;
        if on < key.from || on > today || key.to.is_some_and(|to| to <= on) {
            return Err(SignatureFault::WrongDay { key_id: key_id.clone(), on });
        }
        let public = parse_hex(&key.public_key).ok_or(SignatureFault::Mismatch)?;
        verify(signed, &signature, &public)?;
        let policies = found.policies.clone();
        Ok(Signed { signature, policies })
    }
}

impl Signed {
    /// Refuses a policy that its signer may not publish.
    /// # Errors
    /// [`SignatureFault::NotTheirs`].
    pub fn require_theirs(&self, policy_id: &Token) -> Result<(), SignatureFault> {
        if self.policies.is_empty() || self.policies.contains(policy_id) {
            return Ok(());
        }
        let publisher = self.signature.publisher.clone();
        Err(SignatureFault::NotTheirs { publisher, policy_id: policy_id.clone() })
    }
}
