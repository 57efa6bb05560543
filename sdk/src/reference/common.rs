//! What rows of many tables share: the common columns, `when`, `denial`, `rounding`. No table of its own.

use super::words::{EFFECTS, GROUPS};
use super::{Choice, Column, Kind, Shape, may, must};

/// What every row may carry.
pub(super) const COLUMNS: &[Column] = &[
    must("id", Kind::Name, "the rule's name in findings, unique in the policy"),
    may("from", Kind::Date, "first date of service that the row holds for; without it the policy's first day"),
    may("to", Kind::Date, "first day after those that the row holds for; without it there is no end"),
    may(
        "source",
        Kind::Name,
        "where it is written down: the `id` of a `[[source]]`; needed wherever the effect is `not_billable`, `incomplete` or `report_only`",
    ),
    may("section", Kind::Text, "where in the source"),
    may("sentence", Kind::Text, "what the finding says; `{observed}`, `{expected}`, `{subject}` are filled in"),
    may(
        "satisfied",
        Kind::Text,
        "what the finding says where the rule is satisfied, when an explanation is asked for; the tables have sentences of their own for it",
    ),
    may("remedy", Kind::Text, "what to do; filled in as `sentence` is"),
    may("effect", Kind::Word(EFFECTS), "what a failing row does to the answer"),
    may("denial", Kind::Shape(&DENIAL), "how the payer would write the refusal"),
    may("assumes", Kind::Filled(&Kind::Name), "assumptions that it rests on; every finding of the row says so"),
];

pub(super) const DENIAL: Shape = Shape::new(
    "denial",
    "How the payer would write the refusal, in X12 codes: `{ carc = \"185\", group = \"CO\", rarc = [\"N95\"] }`.",
    &[
        must("carc", Kind::Name, "claim adjustment reason code"),
        must("group", Kind::Word(GROUPS), "who is liable"),
        may("rarc", Kind::Filled(&Kind::Name), "remittance advice remark codes"),
    ],
);

pub(super) const WHEN: Shape = Shape::new(
    "when",
    "Narrows a row: all parts given must hold. Where bounds of minutes are given, minutes must be documented.",
    &[
        may("roles", Kind::Filled(&Kind::NameOrSet), "the rendering provider has one of these roles"),
        may("phases", Kind::Filled(&Kind::NameOrSet), "the work stands in one of these phases"),
        may("modes", Kind::Filled(&Kind::NameOrSet), "contact was made in one of these modes"),
        may("places", Kind::Filled(&Kind::Place), "the place of service is one of these"),
        may("info", Kind::Filled(&Kind::NameOrSet), "all of these are in the record"),
        may("without", Kind::Filled(&Kind::NameOrSet), "none of these is in the record"),
        may("minutes_min", Kind::Number, "at least as many minutes are documented"),
        may("minutes_max", Kind::Number, "at most as many minutes are documented"),
    ],
);

const STEP: Column = must("step", Kind::Count, "minutes in one unit");

const BAND: Shape = Shape::new(
    "band",
    "From `minutes_min` to `minutes_max`, both included, gives `units`.",
    &[
        must("minutes_min", Kind::Number, "first minute of the band"),
        must("minutes_max", Kind::Number, "last minute of the band"),
        must("units", Kind::Number, "units that the band is worth"),
    ],
);

pub(super) const ROUNDING: Choice = Choice {
    name: "rounding",
    says: "How minutes become units, by a named rule.",
    by: "rule",
    shapes: &[
        Shape::new("per_encounter", "one unit, whatever the minutes", &[]),
        Shape::new("floor", "whole steps: 29 minutes of 15 are 1 unit", &[STEP]),
        Shape::new("ceil", "started steps: 16 minutes of 15 are 2 units", &[STEP]),
        Shape::new(
            "cms_eight_minute",
            "whole steps, and one more from 8 minutes left: with steps of 15, 8 to 22 minutes are 1 and 23 to 37 are 2",
            &[STEP],
        ),
        Shape::new(
            "cpt_midpoint",
            "whole steps, and one more past half a step: with steps of 30, 16 minutes are 1 and 15 are 0",
            &[STEP],
        ),
        Shape::new(
            "threshold",
            "nothing below `first`, 1 at `first`, one more for each full `step` after it",
            &[
                must("first", Kind::Count, "minutes that the first unit needs"),
                must("step", Kind::Count, "minutes that each further unit needs"),
            ],
        ),
        Shape::new(
            "table",
            "the payer's own bands; minutes outside every band are 0 units",
            &[must("bands", Kind::Filled(&Kind::Shape(&BAND)), "the bands, by rising minutes, not overlapping")],
        ),
        Shape::new("tenth_hour_ceil", "started tenths of an hour: 1 to 6 minutes are 1, 7 are 2", &[]),
    ],
};
