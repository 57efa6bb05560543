//! The closed lists of words that columns take. Nothing of the columns themselves.

use super::{Word, word};

pub(super) const EFFECTS: &[Word] = &[
    word("not_billable", "the encounter cannot be billed"),
    word("incomplete", "it could be if something named were supplied"),
    word("review", "a person must look"),
    word("report_only", "accepted and paid nothing"),
    word("note", "the answer stays as it is"),
];

pub(super) const OUTCOMES: &[Word] = &[
    word("billable", "it can be billed as the lines say"),
    word("report_only", "it is accepted and pays nothing"),
    word("incomplete", "it would be billable if something named were supplied"),
    word("review", "a person must look"),
    word("not_billable", "it cannot be billed"),
    word("undetermined", "no decision could be made: no policy in force, a policy fault, a limit hit"),
];

pub(super) const CONFIDENCES: &[Word] = &[
    word("high", "read in the payer's own text or the regulator's data"),
    word("medium", "read in a secondary source or a part of the official text"),
    word("low", "nothing official read: may warn, never refuse"),
];

pub(super) const ANYBODY: &[Word] = &[word("any", "anybody may bill the code")];

pub(super) const GROUPS: &[Word] = &[
    word("CO", "contractual obligation: the provider bears it"),
    word("PR", "patient responsibility"),
    word("OA", "other adjustment"),
    word("PI", "payer initiated reduction"),
];

pub(super) const WINDOWS: &[Word] = &[
    word("day", "the date of service"),
    word("calendar_month", "its calendar month, up to it"),
    word("calendar_year", "its calendar year, up to it"),
    word("rolling_days", "as many days as `days` says, the date of service being the last"),
    word("lifetime", "every day up to it"),
];

pub(super) const PER: &[Word] = &[
    word("patient", "the patient's lines, as without it"),
    word("practice", "those of the same practice"),
    word("provider", "those of the same rendering provider"),
    word("diagnosis", "those of the same principal diagnosis"),
    word("payer", "those of the same payer"),
    word("units", "lines of as many units; not asked where `minutes` is named too and both have them"),
    word("mode", "those of the same mode of contact, and those of which it is not known"),
    word("minutes", "those of encounters of as many documented minutes, and those of which they are not known"),
];

pub(super) const COUNTS: &[Word] =
    &[word("lines", "lines, as without it"), word("units", "units"), word("minutes", "documented minutes")];

pub(super) const INFO_KINDS: &[Word] =
    &[word("document", "a document to add to the record, as without it"), word("information", "a fact to supply")];

pub(super) const AGREEMENT_STATES: &[Word] = &[
    word("draft", "being written"),
    word("proposed", "sent to the other side"),
    word("countered", "answered with another proposal"),
    word("agreed", "settled and not signed"),
    word("signed", "signed by both"),
];

pub(super) const METHODS: &[Word] = &[
    word("per_unit", "one unit, as without it"),
    word("hourly", "one hour of documented minutes; the sum is rounded half up to the cent"),
    word("per_case", "the whole case: the first line of the code pays, later ones are included in it"),
    word("monthly", "the calendar month: the first line of the code in the month pays, later ones are included in it"),
    word("capitation", "paid by the month for each member, whatever is done: the line is reported and pays nothing"),
];

pub(super) const RENDERING_SOURCES: &[Word] = &[
    word("assignment", "the client's case manager for the service line"),
    word("authorization_team", "the care team of a prior authorization"),
    word("session_staff", "who did the work"),
];

pub(super) const MAXIMUM_PERIODS: &[Word] =
    &[word("lifetime", "all of the coverage"), word("calendar_year", "the calendar year of the date of service")];
