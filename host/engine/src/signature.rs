//! Signatures of policy files: putting one on, taking it apart, checking it against a key. Whose key it is, is in `trust`.

use adjudica_core::{ServiceDate, Token};
use ed25519_dalek::{Signer as _, SigningKey, VerifyingKey};
use serde::{Deserialize, Serialize};
use thiserror::Error;
use wasm_encoder::{ComponentSection as _, CustomSection};
use wasmparser::{Parser, Payload};

/// Name of the custom section that holds the signature. It is the last section of the file.
pub const SIGNATURE_SECTION: &str = "adjudica:signature";
/// What every signed message begins with, so that a signature is good for nothing else.
const DOMAIN: &str = "adjudica:policy:1";
/// Bytes of a public or secret key.
pub const KEY_BYTES: usize = 32;
const SIGNATURE_BYTES: usize = 64;

/// Who signed a file, when they say they did, and the signature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signature {
    /// The publisher.
    pub publisher: Token,
    /// Which of the publisher's keys.
    pub key_id: Token,
    /// The day on which it was signed, as the signer says.
    pub signed_on: ServiceDate,
    /// Ed25519, in hexadecimal.
    pub signature: String,
}

/// Why a file's signature is refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SignatureFault {
    /// Never signed, or the signature was cut off.
    #[error("the policy file is not signed; sign it with `adjudica policy sign`")]
    Unsigned,
    /// Signed twice.
    #[error("the policy file is signed already; build it again and sign that")]
    SignedAlready,
    /// Something stands behind the signature.
    #[error("there is something behind the signature of the policy file; build it again and sign that")]
    NotLast,
    /// Not a signature.
    #[error("the signature cannot be read: {detail}; sign the file with `adjudica policy sign` of this release")]
    Unreadable {
        /// What is wrong with it.
        detail: String,
    },
    /// Nobody knows the publisher.
    #[error(
        "`{publisher}` is no publisher that this host trusts; add its keys to the file of publishers, or ask it who signs"
    )]
    UnknownPublisher {
        /// Who signed.
        publisher: Token,
    },
    /// The publisher has no such key.
    #[error("`{publisher}` has no key `{key_id}` in the file of publishers; add it there, or sign with a key that is")]
    UnknownKey {
        /// Who signed.
        publisher: Token,
        /// With what.
        key_id: Token,
    },
    /// The key does not hold yet.
    #[error("the key `{key_id}` holds from {from}; sign with one that holds today")]
    NotYetValid {
        /// The key.
        key_id: Token,
        /// Its first day.
        from: ServiceDate,
    },
    /// The key does not hold any more.
    #[error("the key `{key_id}` held until {to}; sign with one that holds today")]
    Expired {
        /// The key.
        key_id: Token,
        /// The first day on which it does not hold.
        to: ServiceDate,
    },
    /// The signature's own day is none of the key's, or lies ahead.
    #[error(
        "the signature says that it was made on {on}, when the key `{key_id}` does not hold or that day is still to come; sign the file again"
    )]
    WrongDay {
        /// The key.
        key_id: Token,
        /// The day.
        on: ServiceDate,
    },
    /// The key was revoked.
    #[error("the key `{key_id}` was revoked on {on}; nothing that it signed is taken, sign with another")]
    Revoked {
        /// The key.
        key_id: Token,
        /// Since when.
        on: ServiceDate,
    },
    /// Another policy than the publisher may publish.
    #[error("`{publisher}` may not publish the policy `{policy_id}`; name it under the publisher's `policies`")]
    NotTheirs {
        /// Who signed.
        publisher: Token,
        /// The policy.
        policy_id: Token,
    },
    /// The bytes are not those that were signed.
    #[error("the signature does not fit the file: it was changed after it was signed, or signed with another key")]
    Mismatch,
}

/// The file with a signature as its last section.
/// # Errors
/// [`SignatureFault::SignedAlready`], or [`SignatureFault::Unreadable`] for what is no component.
pub fn sign(
    file: &[u8],
    secret: &[u8; KEY_BYTES],
    publisher: &Token,
    key_id: &Token,
    signed_on: ServiceDate,
) -> Result<Vec<u8>, SignatureFault> {
    match split(file) {
        Err(SignatureFault::Unsigned) => {}
        Ok(_) => return Err(SignatureFault::SignedAlready),
        Err(fault) => return Err(fault),
    }
    let mut signature =
        Signature { publisher: publisher.clone(), key_id: key_id.clone(), signed_on, signature: String::new() };
    let signed = SigningKey::from_bytes(secret).sign(&message(&signature, file));
    signature.signature = hex(&signed.to_bytes());
    let json = serde_json::to_vec(&signature).map_err(|error| unreadable(&error))?;
    let mut signed = file.to_vec();
    CustomSection { name: SIGNATURE_SECTION.into(), data: json.into() }.append_to_component(&mut signed);
    Ok(signed)
}

/// The bytes that were signed, and the signature behind them. Nothing is checked but their form.
/// # Errors
/// [`SignatureFault::Unsigned`], [`SignatureFault::NotLast`] and [`SignatureFault::Unreadable`].
pub fn split(file: &[u8]) -> Result<(&[u8], Signature), SignatureFault> {
    let mut depth = 0_u32;
    let mut found = None;
    for payload in Parser::new(0).parse_all(file) {
        match payload.map_err(|error| unreadable(&error))? {
            Payload::Version { .. } => depth = depth.saturating_add(1),
            Payload::End(_) => depth = depth.saturating_sub(1),
            Payload::CustomSection(section) if depth == 1 && section.name() == SIGNATURE_SECTION => {
                if found.is_some() {
                    return Err(SignatureFault::NotLast);
                }
                found = Some((section.range(), section.data()));
            }
            _ => {}
        }
    }
    let (range, data) = found.ok_or(SignatureFault::Unsigned)?;
    if range.end != file.len() {
        return Err(SignatureFault::NotLast);
    }
    // Before a section's contents stand its number and its length, in as few bytes as that takes.
    let head = length_bytes(range.len()).saturating_add(1);
    let signed = range.start.checked_sub(head).and_then(|end| file.get(..end)).ok_or(SignatureFault::Mismatch)?;
    Ok((signed, serde_json::from_slice(data).map_err(|error| unreadable(&error))?))
}

/// Whether `public` signed `file`.
pub(crate) fn verify(file: &[u8], signature: &Signature, public: &[u8; KEY_BYTES]) -> Result<(), SignatureFault> {
    let bytes: [u8; SIGNATURE_BYTES] = parse_hex(&signature.signature).ok_or(SignatureFault::Mismatch)?;
    let key = VerifyingKey::from_bytes(public).map_err(|_| SignatureFault::Mismatch)?;
    let given = ed25519_dalek::Signature::from_bytes(&bytes);
    key.verify_strict(&message(signature, file), &given).map_err(|_| SignatureFault::Mismatch)
}

/// The public key of a secret one.
#[must_use]
pub fn public_key(secret: &[u8; KEY_BYTES]) -> [u8; KEY_BYTES] {
    SigningKey::from_bytes(secret).verifying_key().to_bytes()
}

/// What is signed: who, which key, which day, then the exact bytes of the file.
fn message(signature: &Signature, file: &[u8]) -> Vec<u8> {
    let Signature { publisher, key_id, signed_on, .. } = signature;
    let mut message = format!("{DOMAIN}\n{publisher}\n{key_id}\n{signed_on}\n").into_bytes();
    message.extend_from_slice(file);
    message
}

fn unreadable(error: &dyn std::fmt::Display) -> SignatureFault {
    SignatureFault::Unreadable { detail: crate::error::plain(&error.to_string()) }
}

/// Bytes that a length takes in LEB128.
fn length_bytes(length: usize) -> usize {
    usize::try_from((usize::BITS - length.leading_zeros()).div_ceil(7).max(1)).unwrap_or(usize::MAX)
}

/// Bytes in hexadecimal.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Exactly `N` bytes of hexadecimal.
#[must_use]
pub fn parse_hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    if text.len() != N.checked_mul(2)? || !text.is_ascii() {
        return None;
    }
    for (index, byte) in bytes.iter_mut().enumerate() {
        let at = index.checked_mul(2)?;
        *byte = u8::from_str_radix(text.get(at..at.checked_add(2)?)?, 16).ok()?;
    }
    Some(bytes)
}
