//! Procedure codes, modifiers and places of service: the forms only, no list of which exist and no descriptors.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::error::{ValueError, shorten};

/// A CPT or HCPCS Level II code: five digits, a capital letter and four digits, or four digits and one of `F`, `M`, `T`, `U`.
///
/// ```
/// use adjudica_core::ProcedureCode;
/// assert_eq!(ProcedureCode::parse("G9001")?.as_str(), "G9001");
/// assert!(ProcedureCode::parse("g9001").is_err());
/// # Ok::<(), adjudica_core::ValueError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProcedureCode([u8; 5]);

/// A two-character modifier such as `2P`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Modifier([u8; 2]);

/// A two-digit CMS place of service such as `11`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PlaceOfService([u8; 2]);

fn is_code_character(byte: u8) -> bool {
    byte.is_ascii_digit() || byte.is_ascii_uppercase()
}

impl ProcedureCode {
    /// Reads a code.
    /// # Errors
    /// [`ValueError::NotAProcedureCode`] for any other form.
    pub fn parse(text: &str) -> Result<Self, ValueError> {
        let refuse = || ValueError::NotAProcedureCode { code: shorten(text) };
        let code: [u8; 5] = text.as_bytes().try_into().map_err(|_| refuse())?;
        let [first, middle @ .., last] = code;
        let starts_with_letter = first.is_ascii_uppercase() && last.is_ascii_digit();
        let starts_with_digit = first.is_ascii_digit() && (last.is_ascii_digit() || b"FMTU".contains(&last));
        let has_form = middle.iter().all(u8::is_ascii_digit) && (starts_with_letter || starts_with_digit);
        if has_form { Ok(Self(code)) } else { Err(refuse()) }
    }
}

impl Modifier {
    /// Reads a modifier.
    /// # Errors
    /// [`ValueError::NotAModifier`] for any other form.
    pub fn parse(text: &str) -> Result<Self, ValueError> {
        match text.as_bytes() {
            &[a, b] if is_code_character(a) && is_code_character(b) => Ok(Self([a, b])),
            _ => Err(ValueError::NotAModifier { modifier: shorten(text) }),
        }
    }
}

impl PlaceOfService {
    /// Reads a place of service.
    /// # Errors
    /// [`ValueError::NotAPlaceOfService`] for any other form.
    pub fn parse(text: &str) -> Result<Self, ValueError> {
        match text.as_bytes() {
            &[a, b] if a.is_ascii_digit() && b.is_ascii_digit() => Ok(Self([a, b])),
            _ => Err(ValueError::NotAPlaceOfService { place: shorten(text) }),
        }
    }
}

macro_rules! text_form {
    ($type:ty) => {
        impl $type {
            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                // INVARIANT (ASCII codes): `parse` is the only constructor and takes ASCII only.
                std::str::from_utf8(&self.0).unwrap_or_default()
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl fmt::Debug for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                crate::text::deserialize(deserializer, Self::parse)
            }
        }
    };
}

text_form!(ProcedureCode);
text_form!(Modifier);
text_form!(PlaceOfService);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_knows_the_forms_of_codes() {
        for good in ["G9001", "98966", "0075T", "S0257", "T1016"] {
            assert!(ProcedureCode::parse(good).is_ok(), "{good}");
        }
        for bad in ["", "G900", "G90011", "G900I", "G900T", "9896A", "g9001", "G9O01", "９8966", "G9 01", "=cmd1"] {
            assert!(ProcedureCode::parse(bad).is_err(), "{bad}");
        }
        assert!(Modifier::parse("2P").is_ok() && Modifier::parse("2p").is_err() && Modifier::parse("XEP").is_err());
        assert!(
            PlaceOfService::parse("02").is_ok()
                && PlaceOfService::parse("2").is_err()
                && PlaceOfService::parse("1A").is_err()
        );
    }
}
