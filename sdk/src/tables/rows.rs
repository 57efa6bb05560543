//! The rows of `policy.toml`, as an author writes them. One struct for each table; names are the table reference.

use adjudica_core::manifest::{Budget, Confidence, Denial};
use adjudica_core::rounding::Band;
use adjudica_core::{Effect, Modifier, PlaceOfService, ProcedureCode, Rounding, ServiceDate, Token};
use serde::{Deserialize, Deserializer};

/// A TOML date as a civil date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Day(pub ServiceDate);

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let written = toml::value::Datetime::deserialize(deserializer)?;
        ServiceDate::parse(&written.to_string()).map(Self).map_err(serde::de::Error::custom)
    }
}

/// What every row may carry.
#[derive(Debug, Clone)]
pub(super) struct Common {
    pub id: Option<Token>,
    pub from: Option<Day>,
    pub to: Option<Day>,
    pub source: Option<Token>,
    pub section: Option<String>,
    pub sentence: Option<String>,
    pub satisfied: Option<String>,
    pub remedy: Option<String>,
    pub effect: Option<Effect>,
    pub denial: Option<Denial>,
    pub assumes: Vec<Token>,
}

impl Common {
    /// A row that says nothing but its id.
    pub(super) fn of_id(id: Option<Token>) -> Self {
        Self {
            id,
            from: None,
            to: None,
            source: None,
            section: None,
            sentence: None,
            satisfied: None,
            remedy: None,
            effect: None,
            denial: None,
            assumes: Vec::new(),
        }
    }
}

/// A row of any table.
pub(super) trait Row {
    /// What every row may carry.
    fn common(&self) -> Common;

    /// The name of its rule.
    fn row_id(&self) -> Option<&Token>;
}

macro_rules! row {
    ($(#[$doc:meta])* $name:ident { $($(#[$attribute:meta])* $field:ident : $type:ty),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub(super) struct $name {
            pub id: Option<Token>,
            pub from: Option<Day>,
            pub to: Option<Day>,
            pub source: Option<Token>,
            pub section: Option<String>,
            pub sentence: Option<String>,
            pub satisfied: Option<String>,
            pub remedy: Option<String>,
            pub effect: Option<Effect>,
            pub denial: Option<Denial>,
            #[serde(default)]
            pub assumes: Vec<Token>,
            $($(#[$attribute])* pub $field: $type,)*
        }

        impl Row for $name {
            fn row_id(&self) -> Option<&Token> {
                self.id.as_ref()
            }

            fn common(&self) -> Common {
                Common {
                    id: self.id.clone(),
                    from: self.from,
                    to: self.to,
                    source: self.source.clone(),
                    section: self.section.clone(),
                    sentence: self.sentence.clone(),
                    satisfied: self.satisfied.clone(),
                    remedy: self.remedy.clone(),
                    effect: self.effect,
                    denial: self.denial.clone(),
                    assumes: self.assumes.clone(),
                }
            }
        }
    };
}

/// `[policy]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PolicyRow {
    pub id: Token,
    #[serde(deserialize_with = "version")]
    pub version: semver::Version,
    pub title: String,
    pub payers: Vec<Token>,
    pub currency: Token,
    pub in_force: Vec<PeriodRow>,
    /// The folder of the policy whose tables these come on top of.
    pub extends: Option<String>,
    /// Files of tables that several policies share, relative to the policy's folder.
    #[serde(default)]
    pub includes: Vec<String>,
    /// Rows of those tables that do not hold here.
    #[serde(default)]
    pub without: Vec<Token>,
    /// Fields that the policy's own code reads besides those of the tables.
    #[serde(default)]
    pub reads: Vec<adjudica_core::Field>,
    /// Whether codes without a `[[rate]]` are worth what the agency's contract says.
    #[serde(default)]
    pub rates_from_terms: bool,
    /// X12 codes that were published after the lists that denials are checked against.
    #[serde(default)]
    pub newer_denial_codes: Vec<Token>,
    /// Most cents of one unit: a rate above it is taken for a slip.
    pub cents_max: Option<i64>,
    /// What a decision may cost; `adjudica policy bench` measures against it.
    pub budget: Option<Budget>,
}

fn version<'de, D: Deserializer<'de>>(deserializer: D) -> Result<semver::Version, D::Error> {
    let written = String::deserialize(deserializer)?;
    let fault =
        |_| serde::de::Error::custom(format!("`{written}` is not a version; write three numbers such as `1.0.0`"));
    semver::Version::parse(&written).map_err(fault)
}

/// One entry of `in_force`.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PeriodRow {
    pub from: Day,
    pub to: Option<Day>,
}

/// `[[source]]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SourceRow {
    pub id: Token,
    pub title: String,
    pub locator: Option<String>,
    pub confidence: Confidence,
}

/// `[[assumption]]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AssumptionRow {
    pub id: Token,
    pub date: Option<Day>,
    pub sentence: String,
}

/// `when = { ... }`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WhenRow {
    pub roles: Option<Vec<String>>,
    pub phases: Option<Vec<String>>,
    pub modes: Option<Vec<String>>,
    pub places: Option<Vec<PlaceOfService>>,
    #[serde(default)]
    pub info: Vec<String>,
    #[serde(default)]
    pub without: Vec<String>,
    pub minutes_min: Option<u32>,
    pub minutes_max: Option<u32>,
}

/// `rounding = { rule = "...", ... }`.
#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "rule", rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum RoundingRow {
    PerEncounter {},
    Floor { step: u32 },
    Ceil { step: u32 },
    CmsEightMinute { step: u32 },
    CptMidpoint { step: u32 },
    Threshold { first: u32, step: u32 },
    Table { bands: Vec<Band> },
    TenthHourCeil {},
}

impl RoundingRow {
    pub(super) fn rounding(&self) -> Rounding {
        match self {
            Self::PerEncounter {} => Rounding::PerEncounter,
            Self::Floor { step } => Rounding::Floor { step: *step },
            Self::Ceil { step } => Rounding::Ceil { step: *step },
            Self::CmsEightMinute { step } => Rounding::CmsEightMinute { step: *step },
            Self::CptMidpoint { step } => Rounding::CptMidpoint { step: *step },
            Self::Threshold { first, step } => Rounding::Threshold { first: *first, step: *step },
            Self::Table { bands } => Rounding::Table { bands: bands.clone() },
            Self::TenthHourCeil {} => Rounding::TenthHourCeil,
        }
    }

    /// Why the rule cannot be used, if it cannot.
    pub(super) fn fault(&self) -> Option<&'static str> {
        let empty_step = match self {
            Self::PerEncounter {} | Self::TenthHourCeil {} => false,
            Self::Floor { step } | Self::Ceil { step } | Self::CmsEightMinute { step } | Self::CptMidpoint { step } => {
                *step == 0
            }
            Self::Threshold { first, step } => *first == 0 || *step == 0,
            Self::Table { bands } => return bands_fault(bands),
        };
        empty_step.then_some("a unit of 0 minutes cannot be counted; give the minutes of one unit")
    }
}

fn bands_fault(bands: &[Band]) -> Option<&'static str> {
    let upside_down = bands.iter().any(|band| band.minutes_min > band.minutes_max);
    let overlapping = bands.array_windows().any(|[earlier, later]| later.minutes_min <= earlier.minutes_max);
    let has_hole =
        bands.array_windows().any(|[earlier, later]| later.minutes_min > earlier.minutes_max.saturating_add(1));
    if upside_down || overlapping {
        Some("the bands overlap or are not in order; write them by rising minutes")
    } else if has_hole {
        Some("between two bands there are minutes that none of them holds; let one begin where the other ends")
    } else {
        None
    }
}

/// `roles = "any"` of a code: no `[[staff]]` row says who may bill it, and anybody may.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Anybody;

impl<'de> Deserialize<'de> for Anybody {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let is_any = toml::Value::deserialize(deserializer)?.as_str() == Some("any");
        let message = "`roles` of a code is `\"any\"` or left out; who else may bill it stands in `[[staff]]`";
        is_any.then_some(Self).ok_or_else(|| serde::de::Error::custom(message))
    }
}

/// What days a count looks back over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum WindowName {
    Day,
    CalendarMonth,
    CalendarYear,
    RollingDays,
    Lifetime,
}

/// Whose lines a count narrows to, besides the patient's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum PerName {
    Patient,
    Practice,
    Provider,
    Diagnosis,
    Payer,
    Units,
    Mode,
    Minutes,
}

/// What a limit counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum CountsName {
    #[default]
    Lines,
    Units,
    Minutes,
}

/// What sort of thing a requirement asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum InfoKind {
    #[default]
    Document,
    Information,
}

row!(/// `[[code]]`.
CodeRow { code: ProcedureCode, service: Option<Token>, roles: Option<Anybody> });
row!(/// `[unknown_code]`, `[outside_dates]`, `[unknown_service]`, `[unknown_modifier]`, `[[custom]]`.
PlainRow {});
row!(/// `[[staff]]`.
StaffRow { codes: Vec<String>, roles: Option<Vec<String>>, phases: Option<Vec<String>>, modes: Option<Vec<String>> });
row!(/// `[[minutes]]` and `[[group_size]]`.
BoundsRow { codes: Vec<String>, min: Option<u32>, max: Option<u32> });
row!(/// `[[units]]`.
UnitsRow {
    codes: Vec<String>,
    rounding: RoundingRow,
    max: Option<u32>,
    over: Option<WindowName>,
    days: Option<u32>,
    #[serde(default)]
    with: Vec<String>,
    #[serde(default)]
    per: Vec<PerName>,
});
row!(/// `[[add_on]]`.
AddOnRow { code: ProcedureCode, primary: ProcedureCode, after: u32, rounding: RoundingRow, max: Option<u32> });
row!(/// `[[place]]`.
PlaceRow { codes: Vec<String>, places: Vec<PlaceOfService> });
row!(/// `[[limit]]`.
LimitRow {
    codes: Option<Vec<String>>,
    max: Option<u32>,
    parameter: Option<Token>,
    when: Option<WhenRow>,
    window: WindowName,
    days: Option<u32>,
    #[serde(default)]
    per: Vec<PerName>,
    #[serde(default)]
    counts: CountsName,
    #[serde(default)]
    together: bool,
});
row!(/// `[[exclude]]`.
ExcludeRow {
    codes: Vec<String>,
    with: Vec<String>,
    window: WindowName,
    days: Option<u32>,
    #[serde(default)]
    per: Vec<PerName>,
    when: Option<WhenRow>,
});
row!(/// `[[prerequisite]]`.
PrerequisiteRow {
    codes: Vec<String>,
    any_of: Vec<String>,
    window: WindowName,
    days: Option<u32>,
    #[serde(default)]
    per: Vec<PerName>,
    when: Option<WhenRow>,
});
row!(/// `[[require]]`.
RequireRow {
    codes: Option<Vec<String>>,
    info: Option<Token>,
    #[serde(default)]
    any_of: Vec<String>,
    #[serde(default)]
    kind: InfoKind,
    when: Option<WhenRow>,
    #[serde(default)]
    absent: bool,
});
row!(/// `[[forbid]]`.
ForbidRow {
    codes: Option<Vec<String>>,
    info: Token,
    #[serde(default)]
    kind: InfoKind,
    when: Option<WhenRow>,
});

impl ForbidRow {
    /// The requirement that it is.
    pub(super) fn requirement(self) -> RequireRow {
        let Self { id, from, to, source, section, sentence, satisfied, remedy, effect, denial, assumes, .. } = self;
        let (codes, info, kind, when) = (self.codes, Some(self.info), self.kind, self.when);
        let (any_of, absent) = (Vec::new(), true);
        RequireRow {
            id,
            from,
            to,
            source,
            section,
            sentence,
            satisfied,
            remedy,
            effect,
            denial,
            assumes,
            codes,
            info,
            any_of,
            kind,
            when,
            absent,
        }
    }
}

row!(/// `[[modifier]]`.
ModifierRow { codes: Vec<String>, modifier: Modifier, when: Option<WhenRow> });
row!(/// `[[rate]]`.
RateRow { codes: Vec<String>, cents: Option<i64>, #[serde(default)] terms: bool });

impl RateRow {
    /// A row that says of `codes` that the agency's contract has their rates.
    pub(super) fn of_terms(id: Option<Token>, codes: Vec<String>) -> Self {
        Self {
            id,
            from: None,
            to: None,
            source: None,
            section: None,
            sentence: None,
            satisfied: None,
            remedy: None,
            effect: None,
            denial: None,
            assumes: Vec::new(),
            codes,
            cents: None,
            terms: true,
        }
    }
}

row!(/// `[[report_only]]` and `[[notice]]`.
WhenCodesRow { codes: Option<Vec<String>>, when: Option<WhenRow> });
row!(/// `[[filing]]`.
FilingRow { codes: Option<Vec<String>>, days: Option<u32>, years: Option<u32> });
row!(/// `[[diagnosis]]`.
DiagnosisRow { codes: Vec<String>, #[serde(default)] any_of: Vec<String>, min: Option<u32> });
row!(/// `[[component]]`.
ComponentRow { codes: Vec<String>, counts: Vec<String>, #[serde(default)] leaves_out: Vec<String> });
row!(/// `[[interval]]`.
IntervalRow {
    codes: Vec<String>,
    start: Token,
    end: Option<Token>,
    min: Option<u32>,
    max: Option<u32>,
    #[serde(default)]
    business_days: bool,
    when: Option<WhenRow>,
});
row!(/// `[[authorization]]`.
AuthorizationRow { codes: Vec<String>, when: Option<WhenRow> });

/// `[[parameter]]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ParameterRow {
    pub id: Token,
    pub default: u32,
    pub min: u32,
    pub max: u32,
    pub sentence: String,
}

/// The date of service, among the days of `[[interval]]`.
pub(super) const DATE_OF_SERVICE: &str = "date_of_service";

impl RequireRow {
    /// What the record must show: one of these.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.info.iter().map(Token::as_str).chain(self.any_of.iter().map(String::as_str))
    }
}

impl IntervalRow {
    /// The kinds of days it measures between, the date of service apart.
    pub(super) fn dates(&self) -> impl Iterator<Item = &str> {
        let both = std::iter::once(&self.start).chain(&self.end).map(Token::as_str);
        both.filter(|name| *name != DATE_OF_SERVICE)
    }
}
