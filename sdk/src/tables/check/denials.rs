//! How a refusal is written in X12 codes: each code stands on its list and may be used on the days of its row.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use adjudica_core::{DateRange, ServiceDate, Token};

use super::Checker;
use crate::tables::document::{Document, Place};

const CARC: &str = include_str!("denials/carc.csv");
const RARC: &str = include_str!("denials/rarc.csv");
/// The day on which the lists said so.
const READ_ON: &str = "2026-08-17";

/// One of the two lists.
struct List {
    what: &'static str,
    path: &'static str,
    code_to_days: BTreeMap<&'static str, Days>,
}

/// The days on which a code may be used, as far as they are printed.
struct Days {
    from: Option<ServiceDate>,
    to: Option<ServiceDate>,
}

static REASONS: LazyLock<List> = LazyLock::new(|| List::read("claim adjustment reason codes", "denial.carc", CARC));
static REMARKS: LazyLock<List> = LazyLock::new(|| List::read("remittance advice remark codes", "denial.rarc", RARC));

impl List {
    fn read(what: &'static str, path: &'static str, csv: &'static str) -> Self {
        let rows = csv.lines().filter(|line| !line.starts_with('#')).skip(1);
        let row = |line: &'static str| {
            let mut cells = line.split(',');
            let code = cells.next()?;
            let mut day = || cells.next().and_then(|cell| ServiceDate::parse(cell).ok());
            Some((code, Days { from: day(), to: day() }))
        };
        Self { what, path, code_to_days: rows.filter_map(row).collect() }
    }

    /// What is wrong with `code` on `days`.
    fn fault(&self, code: &str, days: DateRange) -> Option<String> {
        let what = self.what;
        let Some(printed) = self.code_to_days.get(code) else {
            let upper = code.to_ascii_uppercase();
            if self.code_to_days.contains_key(upper.as_str()) {
                return Some(format!("`{code}` is written `{upper}`"));
            }
            return Some(format!(
                "`{code}` is not on the list of {what} of {READ_ON}; correct it, or name it in `newer_denial_codes` of `[policy]` if it was published since"
            ));
        };
        if let Some(stop) = printed.to.filter(|stop| days.to.is_none_or(|to| *stop < to)) {
            return Some(format!(
                "`{code}` may not be used from {stop} on; end the row there, or write the code that took its place"
            ));
        }
        let from = printed.from.filter(|from| days.to.is_some_and(|to| to <= *from))?;
        Some(format!("`{code}` may be used from {from} on, after the row's last day; write the code of that time"))
    }
}

impl Checker<'_> {
    /// Codes that no payer could write on a remittance of these days.
    pub(super) fn check_denials(&mut self) {
        let document = self.document;
        let newer = &document.policy.row.newer_denial_codes;
        for (_, place, common) in document.all_rows() {
            let Some(denial) = &common.denial else { continue };
            let days = document.days_of_answers(document.range(&common));
            let codes =
                std::iter::once((&*REASONS, &denial.carc)).chain(denial.rarc.iter().map(|code| (&*REMARKS, code)));
            for (list, code) in codes.filter(|(_, code)| is_listed(code) || !newer.contains(code)) {
                if let Some(fault) = list.fault(code.as_str(), days) {
                    self.fault_at(place, list.path, Some(code.as_str()), fault);
                }
            }
        }
        let place: Place = document.policy.place;
        for code in newer {
            let message = if is_listed(code) {
                format!("`{code}` is on the lists of {READ_ON}; take it out here")
            } else if !has_form(code.as_str()) {
                format!("`{code}` is no reason or remark code: they are letters, at most two, and a number; correct it")
            } else {
                continue;
            };
            self.fault_at(place, "newer_denial_codes", Some(code.as_str()), message);
        }
    }
}

/// Whether it is on one of the lists, in whatever letters.
fn is_listed(code: &Token) -> bool {
    let upper = code.as_str().to_ascii_uppercase();
    [&*REASONS, &*REMARKS].into_iter().any(|list| list.code_to_days.contains_key(upper.as_str()))
}

/// Whether it is written as the codes of both lists are: `324`, `P33`, `M147`, `MA135`, `N905`.
fn has_form(code: &str) -> bool {
    let number = code.trim_start_matches(|letter: char| letter.is_ascii_uppercase());
    code.len() - number.len() <= 2
        && (1..=4).contains(&number.len())
        && number.bytes().all(|sign| sign.is_ascii_digit())
}

impl Document {
    /// The days of a row on which the policy can answer: none after the last period has ended.
    fn days_of_answers(&self, range: DateRange) -> DateRange {
        let ends: Option<Vec<ServiceDate>> =
            self.policy.row.in_force.iter().map(|period| period.to.map(|to| to.0)).collect();
        let last = ends.and_then(|ends| ends.into_iter().max());
        DateRange { from: range.from, to: range.to.into_iter().chain(last).min() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tables::DEFAULTS_OF_TABLES;

    #[test]
    fn it_has_the_lists_whole() {
        let count = |list: &List| {
            (list.code_to_days.len(), list.code_to_days.values().filter(|days| days.to.is_some()).count())
        };
        // As published on that day: all codes, and those that were stopped.
        assert_eq!(count(&REASONS), (407, 110));
        assert_eq!(count(&REMARKS), (1_216, 79));
    }

    #[test]
    fn it_takes_a_code_on_its_days_alone() {
        let day = |text: &str| ServiceDate::parse(text).expect("a day");
        let days = |from: &str, to: Option<&str>| DateRange { from: day(from), to: to.map(day) };
        let told = |code: &str, days: DateRange| REASONS.fault(code, days).unwrap_or_default();
        assert_eq!(told("185", days("2012-01-01", None)), "");
        assert_eq!(
            told("15", days("2012-01-01", None)),
            "`15` may not be used from 2018-05-01 on; end the row there, or write the code that took its place"
        );
        assert_eq!(told("15", days("2012-01-01", Some("2018-05-01"))), "");
        assert_eq!(told("15", days("2012-01-01", Some("2018-05-02"))), told("15", days("2012-01-01", None)));
        assert_eq!(
            told("242", days("2010-01-01", Some("2012-06-03"))),
            "`242` may be used from 2012-06-03 on, after the row's last day; write the code of that time"
        );
        assert_eq!(told("242", days("2010-01-01", Some("2012-06-04"))), "");
    }

    #[test]
    fn it_knows_the_form_of_codes() {
        let all = [&*REASONS, &*REMARKS].into_iter().flat_map(|list| list.code_to_days.keys());
        assert_eq!(all.filter(|code| !has_form(code)).collect::<Vec<_>>(), Vec::<&&str>::new());
        for wrong in ["", "N", "n905", "N 905", "ABC1", "N12345", "denied"] {
            assert!(!has_form(wrong), "{wrong}");
        }
    }

    /// What a row says that gives no codes of its own.
    #[test]
    fn it_writes_no_stopped_code_by_default() {
        let open = DateRange { from: ServiceDate::parse("2014-01-01").expect("a day"), to: None };
        for defaults in DEFAULTS_OF_TABLES {
            let Some((carc, _, rarc)) = defaults.denial else { continue };
            assert_eq!(REASONS.fault(carc, open), None, "{}", defaults.table);
            rarc.iter().for_each(|code| assert_eq!(REMARKS.fault(code, open), None, "{}", defaults.table));
        }
    }
}
