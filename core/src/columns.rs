//! The contract's data in Rust: a batch of columns in, columns of answers out. Mirrors `sdk/wit/policy.wit`, adds nothing.

/// An absent amount, or a finding with nothing observed or expected.
pub const NONE_S64: i64 = i64::MIN;

/// Encounters to decide, as columns.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Batch {
    /// UTF-8 of every text, one after the other.
    pub dictionary_bytes: Vec<u8>,
    /// Where each text starts; one more entry than texts.
    pub dictionary_offsets: Vec<u32>,
    /// Encounters to decide.
    pub encounters: u32,
    /// Where each client's encounters start; one more entry than timelines.
    pub timelines: Vec<u32>,
    /// One column for each field the manifest reads.
    pub columns: Vec<Column>,
    /// Whether satisfied rules are reported too.
    pub explain: bool,
}

/// The values of one field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Column {
    /// Texts, identities, counts, offsets.
    Words(Vec<u32>),
    /// Days since 1970-01-01.
    Days(Vec<i32>),
    /// Whole cents.
    Cents(Vec<i64>),
}

/// One answer per encounter, as columns.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Answers {
    /// Outcome numbers.
    pub outcomes: Vec<u8>,
    /// Where each encounter's lines start; one more entry than encounters.
    pub line_offsets: Vec<u32>,
    /// Positions in the manifest's codes.
    pub line_codes: Vec<u32>,
    /// Units of each line.
    pub line_units: Vec<u32>,
    /// Cents of each line, or [`NONE_S64`].
    pub line_cents: Vec<i64>,
    /// Bits of the manifest's modifiers.
    pub line_modifiers: Vec<u32>,
    /// Where each encounter's findings start; one more entry than encounters.
    pub finding_offsets: Vec<u32>,
    /// Positions in the manifest's rules.
    pub finding_rules: Vec<u32>,
    /// 0 failed, 1 satisfied.
    pub finding_verdicts: Vec<u8>,
    /// What was seen, or [`NONE_S64`].
    pub finding_observed: Vec<i64>,
    /// What the rule asks for, or [`NONE_S64`].
    pub finding_expected: Vec<i64>,
    /// Positions in the manifest's subjects, or `u32::MAX`.
    pub finding_subjects: Vec<u32>,
}

/// Which rules an answer reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Explain {
    /// Those that failed or apply.
    #[default]
    FailedOnly,
    /// Every rule tried.
    All,
}
