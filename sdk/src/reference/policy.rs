//! The tables that say what the policy is, whence it comes and what it answers to what it does not know. No rules of codes.

use super::words::{ANYBODY, CONFIDENCES};
use super::{Form, Kind, Shape, Table, may, must};

const PERIOD: Shape = Shape::new(
    "period",
    "Days from `from` up to, not including, `to`.",
    &[must("from", Kind::Date, "first day"), may("to", Kind::Date, "the first day after; without it there is no end")],
);

const BUDGET: Shape = Shape::new(
    "budget",
    "What your decisions may cost. Hosts have limits of their own.",
    &[
        may("fuel_max", Kind::Number, "most fuel for one decision, alone or in a call of 1,000"),
        may("memory_bytes_max", Kind::Number, "most bytes of memory for a call of up to 1,000 encounters"),
    ],
);

pub(super) const TABLES: &[Table] = &[
    Table::one(
        "policy",
        &["The policy itself. Files under `includes` have no `[policy]` of their own."],
        &[
            must("id", Kind::Name, "its name, the same over all versions"),
            must("version", Kind::Version, "its version"),
            must("title", Kind::Text, "what it is, in a line"),
            must("payers", Kind::Filled(&Kind::Name), "the payers it speaks for"),
            must("currency", Kind::Name, "ISO 4217 code of every amount"),
            must(
                "in_force",
                Kind::Filled(&Kind::Shape(&PERIOD)),
                "dates of service that it answers for; the periods may not overlap",
            ),
            may("extends", Kind::Text, "the folder of the policy that these tables come on top of"),
            may(
                "includes",
                Kind::Filled(&Kind::Text),
                "files of tables that several policies share, relative to the policy's folder",
            ),
            may("without", Kind::Filled(&Kind::Name), "rows of those tables that do not hold here, by their `id`"),
            may("reads", Kind::Filled(&Kind::Fact), "facts that your Rust code needs besides those of the tables"),
            may(
                "rates_from_terms",
                Kind::YesNo,
                "codes without any `[[rate]]` are worth what the agency's contract says, as by a row with `terms = true`; a code with rates for some days only is not meant",
            ),
            may(
                "newer_denial_codes",
                Kind::Filled(&Kind::Name),
                "X12 reason and remark codes that were published after 2026-08-17, the day of the lists that `denial` is checked against",
            ),
            may(
                "cents_max",
                Kind::Number,
                "most cents of one unit, 1,000,000 without it: a rate above is taken for a slip",
            ),
            may("budget", Kind::Shape(&BUDGET), "what a decision may cost; `adjudica policy bench` fails above it"),
        ],
    ),
    Table::new(
        "sets",
        Form::Map(Kind::Filled(&Kind::Member)),
        &[
            "Names for lists: `nurses = [\"RN\", \"LPN\"]` lets a list say `\"@nurses\"`. A member may be another set, `\"@nurses\"`, and may belong to the set on some days only: `{ name = \"RD\", from = 2023-09-20 }`.",
        ],
        &[],
    ),
    Table::list(
        "source",
        &["A document that rows cite."],
        &[
            must("id", Kind::Name, "short name, cited by rows"),
            must("title", Kind::Text, "title of the document"),
            may("locator", Kind::Text, "where to find it"),
            must("confidence", Kind::Word(CONFIDENCES), "how sure we are of what it says"),
        ],
    ),
    Table::list(
        "assumption",
        &["What no source settles; rows cite it with `assumes = [\"change_over\"]`."],
        &[
            must("id", Kind::Name, "short name, cited by rows"),
            may("date", Kind::Date, "the date taken, where it is about one"),
            must("sentence", Kind::Text, "what is taken to be so, and why"),
        ],
    ),
    Table::list(
        "parameter",
        &[
            "A number that an agency may set in its terms, dated; a `[[limit]]` takes it by `parameter = \"id\"`. It is no rule.",
        ],
        &[
            must("id", Kind::Name, "its name, unique among the parameters"),
            must("default", Kind::Number, "what it is where the terms do not say; within `min` and `max`"),
            must("min", Kind::Number, "least that may be set"),
            must("max", Kind::Number, "most that may be set"),
            must("sentence", Kind::Text, "what it means"),
        ],
    ),
    Table::list(
        "code",
        &[
            "The payer knows the code on these days. An encounter that names the kind of work `service` and no code gets the first such code whose minutes and group size fit. A code has one row for a day.",
            "Who may bill it stands in `[[staff]]`, and nobody may on a day on which none of its rows holds. A code without any such row says `roles = \"any\"`: anybody may.",
        ],
        &[
            must("code", Kind::Code, "the code"),
            may("service", Kind::Name, "the kind of work that it is found by"),
            may("roles", Kind::Word(ANYBODY), "whether anybody may bill it; goes with no `[[staff]]` row"),
        ],
    ),
    Table::one(
        "unknown_code",
        &["A code that no `[[code]]` row has. A policy needs this table, its own or of the tables it comes on top of."],
        &[],
    ),
    Table::one(
        "outside_dates",
        &["A date of service outside `in_force`. Where the table is not given, `dates.outside` asks for `review`."],
        &[],
    ),
    Table::one(
        "unknown_service",
        &[
            "Neither a code nor a known kind of work. Where the table is not given, `service.unknown` asks for `review`.",
        ],
        &[],
    ),
    Table::one(
        "unknown_modifier",
        &[
            "A modifier asked for that no row gives for this work. Where the table is not given, `modifier.unknown` asks for `review`.",
        ],
        &[],
    ),
    Table::list("custom", &["A rule that your Rust code decides."], &[]),
];
