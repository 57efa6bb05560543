//! The tables about what a line pays and when a claim arrives. What agencies agree in their terms is in `cases`.

use super::rows::{CODES, CODES_OR_ALL, WHEN_COLUMN};
use super::{Kind, Needs, Table, may};

pub(super) const TABLES: &[Table] = &[
    Table::list(
        "rate",
        &[
            "Cents per unit: the policy's own, or the agency's contract by its method. A code has one row for a day; a rate in cents needs a `source`.",
            "Of the contract's rates whose selectors (plan, service line, region, role, place of service, modifier) all hold, the one with the most of them is taken. None for the day: `rate.CODE`. By the hour without minutes: `ID.minutes`, `incomplete`. Included in an earlier line: `ID.included`, a note. Capitation: `ID.capitated`, `report_only`, 24 CO.",
        ],
        &[
            CODES,
            may("cents", Kind::Number, "cents per unit"),
            may("terms", Kind::YesNo, "the agency's contract says; not with `cents`"),
        ],
    )
    .needing(&[Needs::AtLeastOne(&["cents", "terms"])]),
    Table::list(
        "report_only",
        &["Accepted, pays nothing; speaks where nothing refuses."],
        &[CODES_OR_ALL, WHEN_COLUMN],
    ),
    Table::list(
        "filing",
        &["Days, or calendar years, from service to receipt; a year after 29 February ends on the 28th; an unknown day of receipt is not judged."],
        &[
            CODES_OR_ALL,
            may("days", Kind::Number, "days that the payer takes the claim for"),
            may("years", Kind::Count, "calendar years that the payer takes the claim for"),
        ],
    )
    .needing(&[Needs::ExactlyOne(&["days", "years"])]),
];
