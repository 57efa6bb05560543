//! The tables of case files: encounters, what was billed before, terms, expectations. Nothing of policies.

use super::words::{AGREEMENT_STATES, MAXIMUM_PERIODS, METHODS, OUTCOMES, RENDERING_SOURCES};
use super::{Column, Form, Kind, Needs, Shape, Table, may, must};

/// What is known of an encounter. None is needed here: `[defaults]` may give it.
const ENCOUNTER_COLUMNS: &[Column] = &[
    may("encounter_id", Kind::Name, "the agency's own id of the encounter; unique within the agency"),
    may("client_id", Kind::Name, "who was served"),
    may("payer_id", Kind::Name, "who is asked to pay"),
    may("plan_id", Kind::Name, "the plan within the payer"),
    may("service_line", Kind::Name, "the line of service"),
    may("date_of_service", Kind::Date, "the day the work was done; the encounter or `[defaults]` must give it"),
    may(
        "procedure_code",
        Kind::Code,
        "the code asked for; without it the policy finds the code from `service` and the minutes",
    ),
    may(
        "service",
        Kind::Name,
        "the kind of work, for policies that find the code: `telephone`, `group_education`, ...",
    ),
    may("minutes", Kind::Number, "documented minutes; absent when the record does not say"),
    may("rendering_provider_id", Kind::Name, "who did the work"),
    may("rendering_provider_role", Kind::Name, "their role: `RN`, `MSW`, `CHW`, ..."),
    may("billing_provider_id", Kind::Name, "the practice that bills"),
    may(
        "phase",
        Kind::Name,
        "where in the process the work stands: `screening`, `assessment`, `implementation`, `closure`",
    ),
    may("mode", Kind::Name, "how contact was made: `in_person`, `video`, `telephone`, `none`"),
    may("place_of_service", Kind::Place, "CMS place of service"),
    may("group_size", Kind::Number, "patients in a group session"),
    may("modifiers", Kind::List(&Kind::Modifier), "modifiers asked for"),
    may("diagnoses", Kind::List(&Kind::Name), "ICD-10-CM codes, the principal one first"),
    may(
        "supporting_info",
        Kind::List(&Kind::Name),
        "what the record shows besides: `care_plan`, `video_declined`, `group_participates`, ...",
    ),
    may("received_on", Kind::Date, "the day the claim reaches the payer, for filing limits"),
    may("standing", Kind::Shape(&STANDING), "what the agency's records say on the date of service"),
];

const ENCOUNTER: Shape = Shape::new(
    "encounter",
    "One documented contact or piece of work on a date of service; what it does not give, `[defaults]` gives.",
    ENCOUNTER_COLUMNS,
);

const STANDING: Shape = Shape::new(
    "standing",
    "What the agency's records say. Absent where nothing is known: then no rule that asks for it refuses.",
    &[
        may("conditions", Kind::List(&Kind::Name), "what holds: conditions, and categories of documents on file"),
        may("dates", Kind::Map(&Kind::Date), "the latest day of each kind that the records name"),
        may("authorizations", Kind::List(&Kind::Shape(&AUTHORIZED)), "approved lines of prior authorizations"),
        may(
            "components",
            Kind::Map(&Kind::Number),
            "documented minutes by kind of work, where the record divides them",
        ),
        may("region", Kind::Name, "the region of the client's residence, for rates"),
        may("rendering", Kind::Shape(&RENDERING), "whose name goes on the claim, and from where that is known"),
        may("exception_id", Kind::Name, "the exception that covers what the plan excludes"),
        may("authorized_level", Kind::Name, "the level of care that is authorized, where the encounter's differs"),
        may("payment", Kind::Shape(&PAYMENT), "what is needed to say who pays what; never shown to a policy"),
    ],
);

const AUTHORIZED: Shape = Shape::new(
    "authorized",
    "One approved line of a prior authorization.",
    &[
        must("authorization_id", Kind::Name, "the record's id"),
        must("procedure_codes", Kind::List(&Kind::Code), "the codes it covers"),
        must("from", Kind::Date, "first day"),
        may("to", Kind::Date, "first day after; absent means no end"),
        must("units", Kind::Number, "units approved"),
    ],
);

const RENDERING: Shape = Shape::new(
    "rendering",
    "Whose name goes on the claim.",
    &[
        must("provider_id", Kind::Name, "the provider"),
        must("source", Kind::Word(RENDERING_SOURCES), "where it is known from"),
    ],
);

const PAYMENT: Shape = Shape::new(
    "payment",
    "What the records say of an encounter's payment.",
    &[
        may(
            "charge_cents",
            Kind::Cents,
            "what the practice charges for the encounter; without it the charge is what is allowed",
        ),
        may("deductible_cents", Kind::Cents, "what is left of the coverage's deductible, before lines of this ledger"),
        may("copay_cents", Kind::Cents, "copay for each encounter"),
        may(
            "coinsurance_basis_points",
            Kind::Number,
            "the patient's share of what is allowed, in hundredths of a percent",
        ),
        may("maximums", Kind::List(&Kind::Shape(&MAXIMUM)), "maximums of the coverage"),
        may("prior", Kind::Shape(&PRIOR), "what payers that came before did with the encounter"),
        may("patient_pays", Kind::YesNo, "the patient pays: there is no claim to a payer"),
    ],
);

const MAXIMUM: Shape = Shape::new(
    "maximum",
    "Most that a coverage pays over a time.",
    &[
        must("over", Kind::Word(MAXIMUM_PERIODS), "the time"),
        must("limit_cents", Kind::Cents, "the limit"),
        must("used_cents", Kind::Cents, "what counted against it elsewhere: the sum of the accumulator's entries"),
    ],
);

const PRIOR: Shape = Shape::new(
    "prior",
    "What payers that came before did.",
    &[
        must("allowed_cents", Kind::Cents, "the most that one of them allowed"),
        must("paid_cents", Kind::Cents, "what they paid together"),
    ],
);

const LINE: Shape = Shape::new(
    "line",
    "One line billed before.",
    &[
        may("payer_id", Kind::Name, "who was asked to pay; without it the payer of `[defaults]`"),
        must("date_of_service", Kind::Date, "the day of the work"),
        must("procedure_code", Kind::Code, "the code billed"),
        may("units", Kind::Number, "units billed; without it 1. A line of 0 units holds minutes that made no unit"),
        may("amount_cents", Kind::Cents, "what they were billed for; without it 0"),
        may("billing_provider_id", Kind::Name, "the practice that billed; without it `b1`"),
        may("rendering_provider_id", Kind::Name, "who did the work; without it `p1`"),
        may("diagnosis", Kind::Name, "the principal diagnosis"),
        may("mode", Kind::Name, "how contact was made; without it, it is not known"),
        may("minutes", Kind::Number, "documented minutes of the encounter, on its first line"),
        may("paid_cents", Kind::Cents, "what the payer is expected to pay of the amount, where it is less"),
        may("deductible_cents", Kind::Cents, "what the patient's deductible bears of it"),
    ],
);

const EXPECTATION: Shape = Shape::new(
    "expectation",
    "What a case expects of one encounter. Parts that are not given are not compared. An id stands for itself and for itself with a date behind.",
    &[
        must("outcome", Kind::Word(OUTCOMES), "the outcome"),
        may("rules", Kind::List(&Kind::Text), "exactly the failed rules that are not notes"),
        may("rules_begin", Kind::List(&Kind::Text), "for each of these a failed rule that begins so"),
        may("notes", Kind::List(&Kind::Text), "exactly the rules of effect `note` that speak"),
        may("subject", Kind::Text, "what the first finding that points at something points at"),
        may("lines", Kind::List(&Kind::Shape(&EXPECTED_LINE)), "the lines, in order"),
    ],
);

const EXPECTED_LINE: Shape = Shape::new(
    "expected_line",
    "One expected line. Parts that are not given are not compared.",
    &[
        must("procedure_code", Kind::Code, "the code"),
        may("units", Kind::Number, "units"),
        may("amount_cents", Kind::Cents, "amount"),
        may("modifiers", Kind::List(&Kind::Modifier), "modifiers, in the manifest's order"),
    ],
);

const RATE: Shape = Shape::new(
    "rate",
    "What a code is worth over a range of days, in the cases that its selectors name. The rate with the most selectors wins.",
    &[
        must("procedure_code", Kind::Code, "the code"),
        must("from", Kind::Date, "first day"),
        may("to", Kind::Date, "first day after; absent means no end"),
        must("cents", Kind::Number, "cents by the method; 0 with `capitation`"),
        may("method", Kind::Word(METHODS), "what the cents are for"),
        may("plan_id", Kind::Name, "only for this plan"),
        may("service_line", Kind::Name, "only for this line of service"),
        may("region", Kind::Name, "only where the client lives in this region"),
        may("role", Kind::Name, "only for work of this role"),
        may("place_of_service", Kind::Place, "only in this setting"),
        may("modifier", Kind::Modifier, "only with this modifier asked for"),
    ],
);

const PARAMETER: Shape = Shape::new(
    "parameter",
    "A number that the policy lets an agency set, over a range of days.",
    &[
        must("parameter", Kind::Name, "its name in the policy"),
        must("from", Kind::Date, "first day"),
        may("to", Kind::Date, "first day after; absent means no end"),
        must("value", Kind::Number, "the number"),
    ],
);

const AGREEMENT: Shape = Shape::new(
    "agreement",
    "How far a negotiation is.",
    &[
        must("state", Kind::Word(AGREEMENT_STATES), "the state"),
        may("signed_on", Kind::Date, "the day of the last signature; only with `signed`"),
    ],
);

const BEGINNINGS: Kind = Kind::List(&Kind::Text);

const GRID_RULES: Shape = Shape::new(
    "grid_rules",
    "By letter: for each of these a failed rule that begins so.",
    &[
        may("B", BEGINNINGS, "of cells that are billable"),
        may("R", BEGINNINGS, "of cells that are reported only"),
        may("I", BEGINNINGS, "of cells that are incomplete"),
        may("W", BEGINNINGS, "of cells that a person must look at"),
        may("N", BEGINNINGS, "of cells that are not billable"),
    ],
);

const HISTORY: Column = may("history", Kind::List(&Kind::Shape(&LINE)), "what was billed before");
const SOURCE: Column = may("source", Kind::Text, "where the answer is written down");
const NOTE: Column = may("note", Kind::Text, "a remark");

pub(super) const TABLES: &[Table] = &[
    Table::new(
        "defaults",
        Form::One,
        &["Facts that are merged under every encounter of the file."],
        ENCOUNTER_COLUMNS,
    ),
    Table::one(
        "terms",
        &["The agency's contract in these cases."],
        &[
            may("rates", Kind::List(&Kind::Shape(&RATE)), "contracted rates"),
            may("currency", Kind::Name, "ISO 4217 code of every amount; without it they are in the policy's currency"),
            may(
                "agreement",
                Kind::Shape(&AGREEMENT),
                "how far the negotiation is; terms without it are taken to be in force",
            ),
            may("parameters", Kind::List(&Kind::Shape(&PARAMETER)), "numbers that the policy lets an agency set"),
            may(
                "rendering_sources",
                Kind::List(&Kind::Word(RENDERING_SOURCES)),
                "where the rendering provider is looked for, the first that is known wins; without it, who did the work",
            ),
        ],
    ),
    Table::list(
        "case",
        &["One client's encounters, decided in one call, and what is expected of each; as many expectations as encounters, in order of date of service."],
        &[
            must("name", Kind::Text, "its name"),
            SOURCE,
            NOTE,
            may("encounter", Kind::Shape(&ENCOUNTER), "the one encounter"),
            may("encounters", Kind::Filled(&Kind::Shape(&ENCOUNTER)), "the encounters, by date of service"),
            HISTORY,
            may("expect", Kind::Shape(&EXPECTATION), "what is expected of the one encounter"),
            may("expect_each", Kind::Filled(&Kind::Shape(&EXPECTATION)), "what is expected of each"),
        ],
    )
    .needing(&[Needs::ExactlyOne(&["encounter", "encounters"]), Needs::ExactlyOne(&["expect", "expect_each"])]),
    Table::list(
        "grid",
        &["A matrix as the payer prints it: a row for each role, one letter for each code, B R I W N for billable, report only, incomplete, review, not billable."],
        &[
            may("name", Kind::Text, "its name; the cells are named after it"),
            SOURCE,
            NOTE,
            may("encounter", Kind::Shape(&ENCOUNTER), "facts of every cell"),
            must("codes", Kind::Filled(&Kind::Code), "the codes of the columns"),
            may("per_code", Kind::Map(&Kind::Shape(&ENCOUNTER)), "facts of the cells of a code"),
            may("rules", Kind::Shape(&GRID_RULES), "rules that must fail in the cells of a letter"),
            HISTORY,
            must("rows", Kind::Map(&Kind::Letters), "by role: a letter for each code"),
        ],
    ),
];
