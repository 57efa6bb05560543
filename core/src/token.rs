//! Names from open lists: roles, phases, modes, payers, kinds of supporting information. A new name is data, not a release.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use smol_str::SmolStr;

use crate::error::{ValueError, shorten};

/// A short name: 1 to 64 letters, digits, `_`, `-` or `.`, starting with a letter or digit.
///
/// ```
/// use adjudica_core::Token;
/// assert_eq!(Token::parse("care_plan")?.as_str(), "care_plan");
/// assert!(Token::parse("care plan").is_err());
/// # Ok::<(), adjudica_core::ValueError>(())
/// ```
///
/// Up to 23 characters lie in the value itself and longer ones are shared, so that a copy takes no memory: an encounter has a dozen.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Token(SmolStr);

/// Most characters in a token.
pub const TOKEN_LENGTH_MAX: usize = 64;

impl Token {
    /// Reads a token.
    /// # Errors
    /// [`ValueError::NotAToken`] for an empty or long text, or another character.
    pub fn parse(text: &str) -> Result<Self, ValueError> {
        let is_allowed = |letter: u8| letter.is_ascii_alphanumeric() || matches!(letter, b'_' | b'-' | b'.');
        let starts_well = text.bytes().next().is_some_and(|letter| letter.is_ascii_alphanumeric());
        if starts_well && text.len() <= TOKEN_LENGTH_MAX && text.bytes().all(is_allowed) {
            Ok(Self(SmolStr::new(text)))
        } else {
            Err(ValueError::NotAToken { token: shorten(text) })
        }
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for Token {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Token {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        crate::text::deserialize(deserializer, Self::parse)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_takes_plain_names_only() {
        for good in ["RN", "care_plan", "bcbsm", "x", "A1-b.c", &"a".repeat(64)] {
            assert!(Token::parse(good).is_ok(), "{good}");
        }
        for bad in ["", " RN", "RN ", "_x", "a b", "é", "a\u{202e}b", &"a".repeat(65)] {
            assert!(Token::parse(bad).is_err(), "{bad}");
        }
    }
}
