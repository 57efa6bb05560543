//! Which decisions a change of activations makes stale: by key and day, never by looking into a decision.

use std::collections::BTreeSet;

use adjudica_core::{Digest, ServiceDate, Token};

/// Dates of service of a payer that are answered for by somebody else than before. A decision in force about one of them is
/// stale unless it was made by this very answer already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reroute {
    /// The agency.
    pub agency_id: Token,
    /// The payer.
    pub payer_id: Token,
    /// The plans that it concerns.
    pub plan: Among,
    /// The lines of service that it concerns.
    pub service_line: Among,
    /// First day.
    pub from: ServiceDate,
    /// First day after; `None` means no end.
    pub to: Option<ServiceDate>,
    /// Policy and terms that answer now; `None` when nobody does.
    pub answer: Option<(Digest, Digest)>,
}

/// Which values of an encounter are meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Among {
    /// This one.
    Only(Token),
    /// Any other than these, and none at all.
    AllBut(BTreeSet<Token>),
}

/// How many decisions in force become stale, of one payer in one month of service.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct StaleMonth {
    /// The payer.
    pub payer_id: Token,
    /// The month, `YYYY-MM`.
    pub month: String,
    /// Decisions.
    pub decisions: u64,
}

/// A change as it was recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedChange {
    /// Its number.
    pub change_id: i64,
    /// Decisions that it made stale, all queued, in order of payer and month.
    pub stale: Vec<StaleMonth>,
}

impl Among {
    /// The one value, or `None` where several are meant.
    pub(crate) fn only(&self) -> Option<&str> {
        match self {
            Self::Only(token) => Some(token.as_str()),
            Self::AllBut(_) => None,
        }
    }

    /// The values that are not meant.
    pub(crate) fn all_but(&self) -> Vec<&str> {
        match self {
            Self::Only(_) => Vec::new(),
            Self::AllBut(others) => others.iter().map(Token::as_str).collect(),
        }
    }
}

impl Reroute {
    /// The first day after, as text that is greater than every day where there is no end.
    pub(crate) fn to_text(&self) -> String {
        self.to.map_or_else(|| "9999-99-99".to_owned(), |to| to.to_string())
    }
}

/// The months of one reroute: `month, decisions`.
pub(crate) type RawMonth = (String, i64);

/// Adds the months of one reroute to those of others.
pub(crate) fn add_months(months: &mut Vec<StaleMonth>, payer_id: &Token, found: Vec<RawMonth>) {
    for (month, decisions) in found {
        let decisions = u64::try_from(decisions).unwrap_or(0);
        match months.iter_mut().find(|there| there.payer_id == *payer_id && there.month == month) {
            Some(there) => there.decisions = there.decisions.saturating_add(decisions),
            None => months.push(StaleMonth { payer_id: payer_id.clone(), month, decisions }),
        }
    }
    months.sort();
}
