//! Whether the identifiers of practices and people are well formed: NPI, TIN, taxonomy. Asks no registry.

/// Whether the text is a National Provider Identifier: ten digits, the first 1 or 2, whose check digit holds by the Luhn
/// formula over the digits with 80840 before them (45 CFR 162.406).
///
/// ```
/// assert!(adjudica_core::identifier::is_npi("1234567893"));
/// assert!(!adjudica_core::identifier::is_npi("1234567890"));
/// ```
#[must_use]
pub fn is_npi(text: &str) -> bool {
    let digits: Vec<u32> = text.chars().filter_map(|letter| letter.to_digit(10)).collect();
    let well_formed = text.len() == 10 && digits.len() == 10 && matches!(digits.first(), Some(1 | 2));
    // 80840 adds 24 to every sum.
    let sum = digits.iter().rev().enumerate().fold(24_u32, |sum, (place, digit)| {
        let doubled = digit * 2;
        sum + if place % 2 == 0 { *digit } else { doubled / 10 + doubled % 10 }
    });
    well_formed && sum.is_multiple_of(10)
}

/// Whether the text is a tax identification number: nine digits.
#[must_use]
pub fn is_tin(text: &str) -> bool {
    text.len() == 9 && text.bytes().all(|digit| digit.is_ascii_digit())
}

/// Whether the text is a taxonomy code of the NUCC: ten letters and digits, the last an X.
#[must_use]
pub fn is_taxonomy(text: &str) -> bool {
    text.len() == 10
        && text.ends_with('X')
        && text.bytes().all(|letter| letter.is_ascii_uppercase() || letter.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_checks_digits_and_forms() {
        for (npi, good) in [
            ("1234567893", true),
            ("1245319599", true),
            ("1234567890", false),
            ("3234567893", false),
            ("123456789", false),
            ("12345678931", false),
            ("", false),
        ] {
            assert_eq!(is_npi(npi), good, "{npi}");
        }
        assert!(is_tin("123456789") && !is_tin("12-345678") && !is_tin("12345678"));
        assert!(is_taxonomy("163WC0400X") && !is_taxonomy("163WC0400") && !is_taxonomy("163wc0400X"));
    }
}
