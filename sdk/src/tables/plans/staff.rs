//! Who may bill a code, when and how: the rows of `[[staff]]` joined into one table, and the rules `role.`, `phase.`, `mode.`.

use adjudica_core::name_set::NameSet;
use adjudica_core::{DateRange, Effect, LiabilityGroup, ProcedureCode, RuleKind, ServiceDate, Token};

use super::PlanBuilder;
use crate::image::{NONE, Staff};
use crate::tables::document::Document;
use crate::tables::rows::{Common, Row, StaffRow};
use crate::tables::rulebook::Variant;

mod words;

/// For each code, the periods over which its staff rows say the same.
#[derive(Default)]
pub(in crate::tables) struct StaffRules {
    periods: Vec<StaffPeriod>,
}

struct StaffPeriod {
    code: ProcedureCode,
    in_force: DateRange,
    /// Positions of the plain rows among the document's staff rows; without any nobody may bill.
    rows: Vec<usize>,
    /// Whom they name, in these words, on these days.
    named: Vec<String>,
}

impl StaffRules {
    /// Joins neighbouring segments, given by their first days, in which a code has the same rows. Codes that anybody may bill have
    /// none.
    pub(crate) fn collect(document: &Document, segments: &[ServiceDate]) -> Self {
        let mut periods: Vec<StaffPeriod> = Vec::new();
        let mut codes: Vec<ProcedureCode> = document.codes.iter().map(|row| row.row.code).collect();
        codes.sort();
        codes.dedup();
        for code in codes {
            for (index, first) in segments.iter().enumerate() {
                let Some(closed) = document
                    .codes
                    .iter()
                    .find(|row| row.row.code == code && document.range(&row.row.common()).contains(*first))
                else {
                    continue;
                };
                if closed.row.roles.is_some() {
                    continue;
                }
                let rows = plain_rows(document, code, *first);
                let named = named_by(document, &rows, *first);
                let next = segments.get(index + 1).copied();
                match periods.last_mut().filter(|period| {
                    period.code == code
                        && period.in_force.to == Some(*first)
                        && period.rows == rows
                        && period.named == named
                }) {
                    Some(period) => period.in_force.to = next,
                    None => {
                        periods.push(StaffPeriod { code, in_force: DateRange { from: *first, to: next }, rows, named });
                    }
                }
            }
        }
        Self { periods }
    }

    fn find(&self, code: ProcedureCode, day: ServiceDate) -> Option<(&StaffPeriod, Dated)> {
        let count = self.periods.iter().filter(|period| period.code == code).count();
        let period = self.periods.iter().find(|period| period.code == code && period.in_force.contains(day))?;
        Some((period, if count > 1 { Dated::Yes } else { Dated::No }))
    }
}

/// Whether a code's rules carry the day from which they hold in their id.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Dated {
    Yes,
    No,
}

fn is_plain(row: &StaffRow) -> bool {
    matches!(row.effect, None | Some(Effect::NotBillable))
}

fn plain_rows(document: &Document, code: ProcedureCode, day: ServiceDate) -> Vec<usize> {
    let rows = document.staff.iter().enumerate().filter(|(_, row)| {
        let names_code = document.sets.resolve_on(&row.row.codes, day).contains(&code.as_str());
        names_code && is_plain(&row.row) && document.range(&row.row.common()).contains(day)
    });
    rows.map(|(index, _)| index).collect()
}

/// The roles, phases and modes of rows on a day.
fn named_by(document: &Document, rows: &[usize], day: ServiceDate) -> Vec<String> {
    let mut named = Vec::new();
    for row in rows.iter().filter_map(|index| document.staff.get(*index)).map(|row| &row.row) {
        for list in [&row.roles, &row.phases, &row.modes] {
            let list = list.as_deref().map(|list| document.sets.resolve_on(list, day).join(" "));
            named.push(list.unwrap_or_else(|| "any".to_owned()));
        }
    }
    named
}

impl PlanBuilder<'_, '_> {
    pub(super) fn staff(&mut self) -> Option<Staff<'static>> {
        let document = self.document;
        let mut allowed = vec![0_u64; self.names.roles.names().len() + 1];
        let mut conditional = Vec::new();
        for (row, common, range) in self.mine(&document.staff, |row| Some(&row.codes)) {
            let phases = row.phases.as_deref().map(|names| document.sets.resolve_on(names, self.day));
            let modes = row.modes.as_deref().map(|names| document.sets.resolve_on(names, self.day));
            let phase_modes = self.names.phase_modes(phases.as_deref(), modes.as_deref());
            let roles =
                row.roles.as_deref().map(|names| self.names.roles.set(document.sets.resolve_on(names, self.day)));
            let roles = roles.unwrap_or(NameSet::EVERY);
            if is_plain(row) {
                for (role, bits) in positions_of(&allowed).zip(&mut allowed) {
                    *bits |= if roles.has(role) { phase_modes } else { 0 };
                }
            } else {
                let rule = self.book.rule("staff", &common, range, words::of_reserved(&common));
                conditional.push((roles, phase_modes, rule));
            }
        }
        let (period, dated) = self.staff_rules.find(self.code, self.day)?;
        let rows: Vec<&StaffRow> =
            period.rows.iter().filter_map(|index| document.staff.get(*index)).map(|row| &row.row).collect();
        let common = match rows.first() {
            Some(first) => Common { section: words::section(&rows), ..first.common() },
            None => self.closing_row(period),
        };
        let spoken = StaffSpeech { common: &common, in_force: period.in_force, dated, is_closed: rows.is_empty() };
        let by_anyone = by_anyone(&allowed, &conditional);
        let speaks = Speaks::of(&allowed, &conditional, by_anyone);
        let mut rule = |is_needed: bool, what: &str, allowed: &str| {
            if is_needed { self.staff_rule(what, &spoken, allowed) } else { NONE }
        };
        Some(Staff {
            by_anyone,
            allowed: allowed.iter().flat_map(|bits| bits.to_le_bytes()).collect(),
            conditional,
            role_rule: rule(speaks.role, "role", &words::roles((document, period.in_force.from), &rows)),
            phase_rule: rule(speaks.phase, "phase", &words::phases((document, period.in_force.from), &rows)),
            mode_rule: rule(speaks.mode, "mode", &words::modes((document, period.in_force.from), &rows)),
        })
    }

    /// What is cited where no row lets anybody bill: the row that has ended, or the next one, or else where the code stands.
    fn closing_row(&self, period: &StaffPeriod) -> Common {
        let document = self.document;
        let mine = document
            .staff
            .iter()
            .map(|row| &row.row)
            .filter(|row| is_plain(row) && document.sets.resolve(&row.codes).contains(&self.code.as_str()));
        let mut ranged: Vec<_> = mine.map(|row| (document.range(&row.common()), row.common())).collect();
        ranged.sort_by_key(|(range, _)| range.from);
        let ended = ranged.iter().rev().find(|(range, _)| range.to.is_some_and(|to| to <= period.in_force.from));
        let of_code = document.codes.iter().find(|row| row.row.code == self.code).map(|row| row.row.common());
        let unknown = document.unknown_code.as_ref().map(|row| row.row.common());
        let cited = ended.or(ranged.first()).map(|(_, common)| common.clone());
        let cited = cited.or(of_code.filter(|common| common.source.is_some())).or(unknown);
        let Common { source, section, .. } = cited.unwrap_or_else(|| Common::of_id(None));
        Common { source, section, ..Common::of_id(None) }
    }

    fn staff_rule(&mut self, what: &str, spoken: &StaffSpeech<'_>, allowed: &str) -> u32 {
        let StaffSpeech { common, in_force, dated, is_closed } = *spoken;
        let bare = format!("{what}.{}", self.code);
        let id = if dated == Dated::Yes { format!("{bare}.{}", in_force.from) } else { bare };
        let (kind, sentence, satisfied, remedy, denial) = match what {
            "role" if is_closed => (
                RuleKind::Role,
                format!("nobody may bill {} on this day", self.code),
                format!("this role may bill {}", self.code),
                "ask the payer who may bill it on this day; its tables name nobody".to_owned(),
                Some(("185", LiabilityGroup::Contractual, &["N95"][..])),
            ),
            "role" => (
                RuleKind::Role,
                format!("this role may not bill {}", self.code),
                format!("this role may bill {}", self.code),
                format!("these roles may: {allowed}"),
                Some(("185", LiabilityGroup::Contractual, &["N95"][..])),
            ),
            "phase" => (
                RuleKind::Phase,
                format!("{} does not belong to this phase of the work", self.code),
                format!("{} belongs to this phase of the work", self.code),
                format!("it belongs to: {allowed}"),
                None,
            ),
            _ => (
                RuleKind::Mode,
                format!("{} is not done in this mode of contact", self.code),
                format!("{} is done in this mode of contact", self.code),
                format!("it is done by: {allowed}"),
                None,
            ),
        };
        let Ok(id) = Token::parse(&id) else { return NONE };
        let variant = Variant {
            id: Some(id),
            kind: Some(kind),
            effect: Some(Effect::NotBillable),
            sentence: Some(common.sentence.clone().unwrap_or(sentence)),
            satisfied: Some(common.satisfied.clone().unwrap_or(satisfied)),
            remedy: Some(remedy).filter(|_| is_closed || !allowed.is_empty()),
            denial,
            ..Variant::default()
        };
        self.book.rule("staff", common, in_force, variant)
    }
}

/// The positions of the roles that `allowed` is about; the last stands for every other.
fn positions_of(allowed: &[u64]) -> impl Iterator<Item = u32> + use<> {
    let named = u32::try_from(allowed.len().saturating_sub(1)).unwrap_or(NONE);
    (0..named).chain([NONE])
}

/// Which of the three rules some encounter can break.
struct Speaks {
    role: bool,
    phase: bool,
    mode: bool,
}

impl Speaks {
    fn of(allowed: &[u64], conditional: &[(NameSet, u64, u32)], by_anyone: u64) -> Self {
        let mut speaks = Self { role: false, phase: false, mode: false };
        for (role, plain) in positions_of(allowed).zip(allowed) {
            let mine = conditional.iter().filter(|(roles, _, _)| roles.has(role));
            let of_role = mine.fold(*plain, |bits, (_, phase_modes, _)| bits | phase_modes);
            speaks.role |= of_role == 0;
            let base = if of_role == 0 { by_anyone } else { of_role };
            for phase in 0..8 {
                let in_phase = base & (0xFF << (phase * 8));
                speaks.phase |= in_phase == 0;
                let base = if in_phase == 0 { base } else { in_phase };
                speaks.mode |= (0..8).any(|mode| base & (0x0101_0101_0101_0101 << mode) == 0);
            }
        }
        speaks
    }
}

/// By what phase and mode of a role without any are judged: what others may; where nobody may, everything, so that this alone is
/// said.
fn by_anyone(allowed: &[u64], conditional: &[(NameSet, u64, u32)]) -> u64 {
    let plain = allowed.iter().fold(0, |bits, allowed| bits | allowed);
    let reserved = conditional.iter().fold(0, |bits, (_, phase_modes, _)| bits | phase_modes);
    [plain, reserved].into_iter().find(|bits| *bits != 0).unwrap_or(u64::MAX)
}

/// What the three rules of a period share.
#[derive(Clone, Copy)]
struct StaffSpeech<'c> {
    common: &'c Common,
    in_force: DateRange,
    dated: Dated,
    /// No row lets anybody bill without a look.
    is_closed: bool,
}
