//! Rows that leave nothing: two that no encounter can meet together.

use adjudica_core::{DateRange, Effect};

use super::Checker;
use crate::tables::document::{Located, Place};
use crate::tables::rows::{BoundsRow, Common, Row};

impl Checker<'_> {
    pub(super) fn check_contradictions(&mut self) {
        let document = self.document;
        self.check_bounds("minutes", &document.minutes);
        self.check_bounds("group_size", &document.group_sizes);
        self.check_places();
        self.check_requirements();
    }

    fn check_bounds(&mut self, table: &str, rows: &[Located<BoundsRow>]) {
        for (row, other, code) in self.pairs(rows, |row| &row.codes) {
            let min = row.row.min.unwrap_or(0).max(other.row.min.unwrap_or(0));
            let max = row.row.max.unwrap_or(u32::MAX).min(other.row.max.unwrap_or(u32::MAX));
            let is_sound = |row: &BoundsRow| row.min.unwrap_or(0) <= row.max.unwrap_or(u32::MAX);
            if min > max && is_sound(&row.row) && is_sound(&other.row) {
                let what = if table == "minutes" { "minutes" } else { "group" };
                self.refuse_both(row.place, other.place, &code, &format!("leave no {what} that fit both"));
            }
        }
    }

    fn check_places(&mut self) {
        for (row, other, code) in self.pairs(&self.document.places, |row| &row.codes) {
            if !row.row.places.iter().any(|place| other.row.places.contains(place)) {
                self.refuse_both(row.place, other.place, &code, "leave no place that fits both: every row must be met");
            }
        }
    }

    fn check_requirements(&mut self) {
        let rows = &self.document.requirements;
        for (index, row) in rows.iter().enumerate() {
            for other in rows.iter().take(index) {
                let both_always = row.row.when.is_none() && other.row.when.is_none();
                let asks_both =
                    row.row.absent != other.row.absent && row.row.info.is_some() && row.row.info == other.row.info;
                if both_always
                    && asks_both
                    && Self::both_refuse(&row.row.common(), &other.row.common())
                    && let Some(code) = self.shared(
                        row.row.codes.as_deref(),
                        &row.row.common(),
                        other.row.codes.as_deref(),
                        &other.row.common(),
                    )
                {
                    let what = "ask for the same to be there and not to be";
                    self.refuse_both(row.place, other.place, &code, what);
                }
            }
        }
    }

    /// Rows of a table that both refuse on some day, each two with a code that they share.
    fn pairs<'r, T: Row>(
        &self,
        rows: &'r [Located<T>],
        codes: impl Fn(&T) -> &[String],
    ) -> Vec<(&'r Located<T>, &'r Located<T>, String)> {
        let mut pairs = Vec::new();
        for (index, row) in rows.iter().enumerate() {
            let common = row.row.common();
            for other in rows.iter().take(index) {
                let other_common = other.row.common();
                if !Self::both_refuse(&common, &other_common) {
                    continue;
                }
                let shared = self.shared(Some(codes(&row.row)), &common, Some(codes(&other.row)), &other_common);
                pairs.extend(shared.map(|code| (row, other, code)));
            }
        }
        pairs
    }

    /// Whether both refuse.
    fn both_refuse(row: &Common, other: &Common) -> bool {
        let refuses = |common: &Common| matches!(common.effect, None | Some(Effect::NotBillable | Effect::Incomplete));
        refuses(row) && refuses(other)
    }

    /// A code that both rows are about on some day; without a list a row is about every code.
    fn shared(
        &self,
        codes: Option<&[String]>,
        common: &Common,
        others: Option<&[String]>,
        other: &Common,
    ) -> Option<String> {
        let document = self.document;
        let all: Vec<String> = document.codes.iter().map(|row| row.row.code.as_str().to_owned()).collect();
        let ones = document.sets.resolve_within(codes.unwrap_or(&all), document.range(common));
        let others = document.sets.resolve_within(others.unwrap_or(&all), document.range(other));
        let meets = |(code, days): &(&str, DateRange)| {
            others.iter().any(|(other, other_days)| code == other && days.overlaps(other_days))
        };
        ones.into_iter().find(meets).map(|(code, _)| code.to_owned())
    }

    fn refuse_both(&mut self, place: Place, other: Place, code: &str, what: &str) {
        let other = self.document.line_of(other);
        self.fault(
            place,
            format!("this row and the one in {other} {what}, so `{code}` is never billable; join them or correct one"),
        );
    }
}
