//! The tables of rules about codes: who, how long, where, how often, with what. Money and filing are in `money`.

use super::common::{ROUNDING, WHEN};
use super::words::{COUNTS, INFO_KINDS, PER, WINDOWS};
use super::{Column, Kind, Needs, Table, may, must};

pub(super) const CODES: Column = must("codes", Kind::Filled(&Kind::CodeOrSet), "the codes that the row is about");
pub(super) const CODES_OR_ALL: Column =
    may("codes", Kind::Filled(&Kind::CodeOrSet), "the codes that the row is about; without it, every code");
pub(super) const WHEN_COLUMN: Column = may("when", Kind::Shape(&WHEN), "the cases that the row is about");

const WINDOW: Column = must("window", Kind::Word(WINDOWS), "the days that are looked at");
const DAYS: Column = may("days", Kind::Count, "days of a window of `rolling_days`, and of no other");
const PER_COLUMN: Column = may("per", Kind::Filled(&Kind::Word(PER)), "narrows the patient's lines");
const ROUNDING_COLUMN: Column = must("rounding", Kind::Choice(&ROUNDING), "how minutes become units");

pub(super) const TABLES: &[Table] = &[
    Table::list(
        "staff",
        &[
            "Who may bill, in which phase, by which mode; omitted means any. An encounter fits when any row fits; else the findings are `role.CODE`, `phase.CODE`, `mode.CODE`, with a date behind when they change over time. The denial below is that of `role.CODE`.",
            "A row with effect `review` or `note` lets the encounter through with that finding: \"whether this role may bill {subject} in this way is not settled\".",
        ],
        &[
            CODES,
            may("roles", Kind::Filled(&Kind::NameOrSet), "roles that may bill"),
            may("phases", Kind::Filled(&Kind::NameOrSet), "phases of the work"),
            may("modes", Kind::Filled(&Kind::NameOrSet), "modes of contact"),
        ],
    ),
    Table::list(
        "minutes",
        &["Documented minutes must be within. The finding names the code of the same kind of work that fits. Without minutes: `ID.missing`, `incomplete`."],
        &[CODES, may("min", Kind::Number, "least minutes"), may("max", Kind::Number, "most minutes")],
    )
    .needing(&[Needs::AtLeastOne(&["min", "max"])]),
    Table::list(
        "group_size",
        &["The same as `[[minutes]]` for patients in a group. Without a group size: `ID.missing`, `incomplete`."],
        &[CODES, may("min", Kind::Number, "least patients"), may("max", Kind::Number, "most patients")],
    )
    .needing(&[Needs::AtLeastOne(&["min", "max"])]),
    Table::list(
        "units",
        &[
            "Minutes become units by the named rule; none reached: the row; more than `max`: `ID.max`. Without a row: one unit. A code has one row for a day.",
            "With `over = \"calendar_month\"` (or another window) minutes add up over the window with those of the code's add-ons and of the codes in `with`, narrowed by `per`; each encounter bills the units that it completes, and one that completes none is `report_only` by `ID.counted`, without a line.",
        ],
        &[
            CODES,
            ROUNDING_COLUMN,
            may("max", Kind::Number, "most units of one line"),
            may("over", Kind::Word(WINDOWS), "the days over which minutes add up"),
            DAYS,
            may("with", Kind::Filled(&Kind::CodeOrSet), "other codes whose minutes add up with these"),
            PER_COLUMN,
        ],
    ),
    Table::list(
        "add_on",
        &["Minutes beyond `after` become units of another line."],
        &[
            must("code", Kind::Code, "the code of the other line"),
            must("primary", Kind::Code, "the code whose minutes they are"),
            must("after", Kind::Number, "minutes that belong to the primary code"),
            ROUNDING_COLUMN,
            may("max", Kind::Number, "most units of the other line"),
        ],
    ),
    Table::list(
        "place",
        &["Places of service that fit; none given: `ID.missing`, `incomplete`."],
        &[CODES, must("places", Kind::Filled(&Kind::Place), "the places that fit")],
    ),
    Table::list(
        "limit",
        &["At most so many lines, units or minutes for the patient in a window. Later days never count against earlier ones. The sentences below are those of lines; others begin \"units of {subject} with this line\" or \"minutes of {subject} with this line\"."],
        &[
            CODES_OR_ALL,
            may("max", Kind::Number, "most that may be billed"),
            may("parameter", Kind::Name, "the `[[parameter]]` that says how many"),
            WINDOW,
            DAYS,
            PER_COLUMN,
            may("counts", Kind::Word(COUNTS), "what is counted"),
            may("together", Kind::YesNo, "the codes share the count; goes with `codes`"),
            WHEN_COLUMN,
        ],
    )
    .needing(&[Needs::ExactlyOne(&["max", "parameter"])]),
    Table::list(
        "exclude",
        &["Refused when a code of `with` is billed in the window. The denial below is that of a window of a `day`; of a longer one it is 97 CO M86."],
        &[
            CODES,
            must("with", Kind::Filled(&Kind::CodeOrSet), "the codes that exclude them"),
            WINDOW,
            DAYS,
            PER_COLUMN,
            WHEN_COLUMN,
        ],
    ),
    Table::list(
        "prerequisite",
        &["One of `any_of` must be billed in the window. Where there are several, the sentences name them all."],
        &[
            CODES,
            must("any_of", Kind::Filled(&Kind::CodeOrSet), "the codes of which one must be billed"),
            WINDOW,
            DAYS,
            PER_COLUMN,
            WHEN_COLUMN,
        ],
    ),
    Table::list(
        "require",
        &["The record must show `info`, or one of `any_of`. Where there are several, the sentences name them all."],
        &[
            CODES_OR_ALL,
            may("info", Kind::Name, "what the record must show"),
            may("any_of", Kind::Filled(&Kind::NameOrSet), "things of which the record must show one; not with `absent`"),
            may("kind", Kind::Word(INFO_KINDS), "what sort of thing it is"),
            WHEN_COLUMN,
            may("absent", Kind::YesNo, "the record must not show it: the older way to write `[[forbid]]`"),
        ],
    )
    .needing(&[Needs::AtLeastOne(&["info", "any_of"])]),
    Table::list(
        "forbid",
        &["The record must not show `info`."],
        &[
            CODES_OR_ALL,
            must("info", Kind::Name, "what the record must not show"),
            may("kind", Kind::Word(INFO_KINDS), "what sort of thing it is"),
            WHEN_COLUMN,
        ],
    ),
    Table::list(
        "diagnosis",
        &["At least `min` different diagnoses must begin as one of `any_of`; none given: `ID.missing`, `incomplete`."],
        &[
            CODES,
            may("any_of", Kind::Filled(&Kind::NameOrSet), "beginnings of ICD-10-CM codes; none listed: any diagnosis"),
            may("min", Kind::Number, "how many are needed; without it, 1"),
        ],
    ),
    Table::list(
        "component",
        &["Where the record divides the minutes by kind of work, only those of `counts` count; each other kind is named with its minutes."],
        &[
            CODES,
            must("counts", Kind::Filled(&Kind::NameOrSet), "kinds of work whose minutes count"),
            may("leaves_out", Kind::Filled(&Kind::NameOrSet), "kinds to know by name"),
        ],
    ),
    Table::list(
        "interval",
        &["The days from `start` to `end` must be within; they are negative when `end` comes first. A day that is not on file: `ID.missing`, `incomplete`."],
        &[
            CODES,
            must("start", Kind::Name, "a kind of day, or `date_of_service`"),
            may("end", Kind::Name, "a kind of day, or `date_of_service`, as without it"),
            may("min", Kind::Number, "least days"),
            may("max", Kind::Number, "most days"),
            may("business_days", Kind::YesNo, "only business days count"),
            WHEN_COLUMN,
        ],
    )
    .needing(&[Needs::AtLeastOne(&["min", "max"])]),
    Table::list(
        "authorization",
        &[
            "A prior authorization on file must cover code and day, and have units left: none covers: the row; none left: `ID.spent`, `not_billable`, 198 CO N54; fewer left than asked for: the line is cut to them and `ID.cut` notes it.",
            "Where several cover a service, it is not fixed from which its units come: units are left for a line as long as it and everything billed so far can be covered together. `ID.shared` notes units that the line could use and that services of other codes took.",
        ],
        &[CODES, WHEN_COLUMN],
    ),
    Table::list(
        "modifier",
        &["The modifier goes on the line; asked for without the row's `when`, it is for a person to look at."],
        &[CODES, must("modifier", Kind::Modifier, "the modifier"), WHEN_COLUMN],
    ),
    Table::list("notice", &["What the sources leave open."], &[CODES_OR_ALL, WHEN_COLUMN]),
];
