//! Lays a policy's tables over those that it extends or includes: rows of the same id replace, `without` takes away.

use std::collections::{BTreeMap, BTreeSet};

use adjudica_core::Token;

use super::Fault;
use super::document::{Document, Located, Place, path_in};
use super::rows::{AssumptionRow, ParameterRow, Row, SourceRow};

/// What has an id within its table or policy.
trait Named {
    fn id(&self) -> Option<&Token>;
}

impl Named for SourceRow {
    fn id(&self) -> Option<&Token> {
        Some(&self.id)
    }
}

impl Named for AssumptionRow {
    fn id(&self) -> Option<&Token> {
        Some(&self.id)
    }
}

impl Named for ParameterRow {
    fn id(&self) -> Option<&Token> {
        Some(&self.id)
    }
}

impl<T: Row> Named for T {
    fn id(&self) -> Option<&Token> {
        self.row_id()
    }
}

/// The tables of `own` on top of those of each of `bases`, the first of them uppermost.
/// # Errors
/// A [`Fault`] for each name in `without` that no base has a row of.
pub(super) fn extend(own: Document, bases: Vec<(String, Document)>) -> Result<Document, Vec<Fault>> {
    let policy = own.policy.place;
    let without: BTreeSet<Token> = own.policy.row.without.iter().cloned().collect();
    let mut found = BTreeSet::new();
    let mut extended = own;
    // Only what differs is said: what the policy below says of rates and codes goes on.
    for (_, base) in &bases {
        let (own, base) = (&mut extended.policy.row, &base.policy.row);
        own.rates_from_terms |= base.rates_from_terms;
        let further: Vec<Token> =
            base.newer_denial_codes.iter().filter(|code| !own.newer_denial_codes.contains(code)).cloned().collect();
        own.newer_denial_codes.extend(further);
    }
    for (path, base) in bases {
        // The files of the policy's own rows come first, then each that it comes on top of with the files of its rows.
        let (file, spots) = (extended.files.len(), base.spots.clone());
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder).to_owned();
        let files: Vec<String> = base.files.iter().map(|file| path_in(&folder, file)).collect();
        let spots_of_files = base.spots_below.clone();
        extended = lay_over(extended, base, Layer { policy, file, without: &without, found: &mut found });
        extended.files.push(path);
        extended.files.extend(files);
        extended.spots_below.push(spots);
        extended.spots_below.extend(spots_of_files);
    }
    // A row that cannot be read may be the one that is named.
    let missing = without.difference(&found).filter(|_| extended.unread.is_empty());
    let faults: Vec<Fault> = missing
        .map(|id| {
            policy.fault(format!(
                "`without` names `{id}`, and the tables it comes on top of have no such row; leave it out"
            ))
        })
        .collect();
    if faults.is_empty() { Ok(extended) } else { Err(faults) }
}

fn lay_over(own: Document, base: Document, mut layer: Layer<'_>) -> Document {
    Document {
        files: own.files,
        unread: base.unread.into_iter().chain(own.unread).collect(),
        spots: own.spots,
        spots_below: own.spots_below,
        sets: own.sets.over(base.sets),
        set_places: layer.places(base.set_places).chain(own.set_places).collect(),
        sources: layer.rows(base.sources, own.sources),
        assumptions: layer.rows(base.assumptions, own.assumptions),
        codes: layer.rows(base.codes, own.codes),
        unknown_code: layer.single(base.unknown_code, own.unknown_code),
        outside_dates: layer.single(base.outside_dates, own.outside_dates),
        unknown_service: layer.single(base.unknown_service, own.unknown_service),
        unknown_modifier: layer.single(base.unknown_modifier, own.unknown_modifier),
        staff: layer.rows(base.staff, own.staff),
        minutes: layer.rows(base.minutes, own.minutes),
        group_sizes: layer.rows(base.group_sizes, own.group_sizes),
        units: layer.rows(base.units, own.units),
        add_ons: layer.rows(base.add_ons, own.add_ons),
        places: layer.rows(base.places, own.places),
        limits: layer.rows(base.limits, own.limits),
        exclusions: layer.rows(base.exclusions, own.exclusions),
        prerequisites: layer.rows(base.prerequisites, own.prerequisites),
        requirements: layer.rows(base.requirements, own.requirements),
        modifiers: layer.rows(base.modifiers, own.modifiers),
        rates: layer.rows(base.rates, own.rates),
        report_only: layer.rows(base.report_only, own.report_only),
        filing: layer.rows(base.filing, own.filing),
        notices: layer.rows(base.notices, own.notices),
        custom: layer.rows(base.custom, own.custom),
        diagnoses: layer.rows(base.diagnoses, own.diagnoses),
        components: layer.rows(base.components, own.components),
        intervals: layer.rows(base.intervals, own.intervals),
        authorizations: layer.rows(base.authorizations, own.authorizations),
        parameters: layer.rows(base.parameters, own.parameters),
        policy: own.policy,
    }
}

/// One policy over another.
struct Layer<'l> {
    /// Where the upper one stands.
    policy: Place,
    /// Position of the lower one's file.
    file: usize,
    without: &'l BTreeSet<Token>,
    /// The names of `without` that were met.
    found: &'l mut BTreeSet<Token>,
}

impl Layer<'_> {
    /// Places in the base, as the upper one has them.
    fn places(&self, base: BTreeMap<String, Place>) -> impl Iterator<Item = (String, Place)> + use<> {
        let (policy, file) = (self.policy, self.file);
        base.into_iter().map(move |(name, place)| (name, place.seen_from(policy, file)))
    }

    /// The base's rows that still hold, then the own ones.
    fn rows<T: Named>(&mut self, base: Vec<Located<T>>, own: Vec<Located<T>>) -> Vec<Located<T>> {
        let replaced: BTreeSet<Token> = own.iter().filter_map(|row| row.row.id().cloned()).collect();
        let kept = base.into_iter().filter(|row| {
            let Some(id) = row.row.id() else { return true };
            let is_taken_away = self.without.contains(id);
            if is_taken_away {
                self.found.insert(id.clone());
            }
            !is_taken_away && !replaced.contains(id)
        });
        let mut rows: Vec<Located<T>> = kept.collect();
        for row in &mut rows {
            row.place = row.place.seen_from(self.policy, self.file);
        }
        rows.extend(own);
        rows
    }

    fn single<T: Named>(&mut self, base: Option<Located<T>>, own: Option<Located<T>>) -> Option<Located<T>> {
        let base = self.rows(base.into_iter().collect(), Vec::new()).pop();
        own.or(base)
    }
}
