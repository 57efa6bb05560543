//! Why a value could not be made. Says nothing about where the value came from; the caller adds the place.

use thiserror::Error;

/// A value that is not what its type promises.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ValueError {
    /// A procedure code is five digits, a letter and four digits, or four digits and a letter.
    #[error("`{code}` is not a procedure code; write five characters such as `G9001` or `98966`")]
    NotAProcedureCode {
        /// The text given, shortened.
        code: String,
    },
    /// A modifier is two capital letters or digits.
    #[error("`{modifier}` is not a modifier; write two capital letters or digits such as `2P`")]
    NotAModifier {
        /// The text given, shortened.
        modifier: String,
    },
    /// A place of service is two digits.
    #[error("`{place}` is not a place of service; write two digits such as `11`")]
    NotAPlaceOfService {
        /// The text given, shortened.
        place: String,
    },
    /// A token is 1 to 64 letters, digits, `_`, `-` or `.`, and starts with a letter or digit.
    #[error("`{token}` is not a name; write 1 to 64 letters, digits, `_`, `-` or `.`, the first a letter or digit")]
    NotAToken {
        /// The text given, shortened.
        token: String,
    },
    /// An instant is RFC 3339 with whole seconds.
    #[error("`{instant}` is not an instant; write one such as `2026-03-07T09:00:00-05:00`")]
    NotAnInstant {
        /// The text given, shortened.
        instant: String,
    },
    /// A date is `YYYY-MM-DD`, from 1900 to 2199, and exists in the calendar.
    #[error("`{date}` is not a calendar date; write year-month-day such as `2026-03-31`, years 1900 to 2199")]
    NotADate {
        /// The text given, shortened.
        date: String,
    },
    /// A range ends before it starts, or on the day it starts.
    #[error("the range from {from} to {to} is empty; `to` is the first day after the range")]
    EmptyRange {
        /// First day.
        from: String,
        /// First day after.
        to: String,
    },
    /// A digest is 64 lower-case hexadecimal digits.
    #[error("`{digest}` is not a digest; write 64 lower-case hexadecimal digits")]
    NotADigest {
        /// The text given, shortened.
        digest: String,
    },
    /// An amount that may not be below zero is.
    #[error("`{cents}` is below zero; write 0 or more")]
    BelowZero {
        /// Whole cents, as they were given.
        cents: i64,
    },
    /// A fact that the catalogue does not have.
    #[error("`{field}` is not a fact that this release can give; use one of the catalogue")]
    NotAField {
        /// The name given.
        field: String,
    },
    /// A batch has more rows or bytes of text than its columns can number.
    #[error("the batch has more than 4294967294 rows or bytes of text; decide fewer encounters at a time")]
    BatchTooLarge,
    /// An amount, unit or minute calculation left the range of its type.
    #[error("the {what} is too large to calculate; check the quantity and the rate")]
    Overflow {
        /// What was being calculated.
        what: &'static str,
    },
}

/// The first 24 characters of `text`: enough to recognise a mistake, too little to leak a record.
pub(crate) fn shorten(text: &str) -> String {
    let shown = |letter: char| {
        // What looks like something else, or like nothing, is shown by its number.
        let is_plain = matches!(letter, ' '..='~' | '\u{A1}'..='\u{17F}') && letter != '\u{AD}';
        if is_plain { letter.to_string() } else { format!("<U+{:04X}>", u32::from(letter)) }
    };
    text.chars().take(24).filter(|letter| !letter.is_ascii_control()).map(shown).collect()
}

#[cfg(test)]
mod tests;
