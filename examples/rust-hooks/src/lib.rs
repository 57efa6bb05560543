//! What Lakeside's manual says that tables do not reach: weekdays, and visits that follow each other closely.

use adjudica_sdk::{Draft, Encounter, Hooks};

/// Lakeside's own rules.
pub struct Lakeside;

/// Days since 1970-01-01, a Thursday, of the first Monday.
const FIRST_MONDAY: i32 = 4;
const WEEK_DAYS: i32 = 7;
const SATURDAY: i32 = 5;
/// Manual 5.4: a visit under this many minutes is looked at.
const SHORT_MINUTES: u32 = 15;
/// Manual 5.4: when this many others lie within a week before it.
const OTHERS_MIN: usize = 2;

impl Hooks for Lakeside {
    fn decide(&self, encounter: &Encounter<'_>, draft: &mut Draft<'_, '_>) {
        let day = encounter.date_of_service();
        let weekday = (day.days() - FIRST_MONDAY).rem_euclid(WEEK_DAYS);
        if weekday >= SATURDAY {
            fail(draft, "weekend", None, None);
        }
        let week_before = day.plus_days(-WEEK_DAYS);
        let others = encounter.ledger().filter(|line| line.date_of_service() > week_before).count();
        if let Some(minutes) = encounter.minutes().filter(|minutes| *minutes < SHORT_MINUTES && others >= OTHERS_MIN) {
            fail(draft, "shorter-than-before", Some(i64::from(minutes)), i64::try_from(others).ok());
        }
    }
}

/// A rule that `policy.toml` does not declare is a mistake in this policy: it traps, and the host says so.
fn fail(draft: &mut Draft<'_, '_>, rule_id: &str, observed: Option<i64>, expected: Option<i64>) {
    assert!(draft.fail_custom(rule_id, observed, expected).is_ok(), "policy.toml declares no `{rule_id}`");
}

adjudica_sdk::export_policy!(Lakeside);

#[cfg(test)]
mod tests {
    use adjudica_sdk::{cases, native, tables};

    use super::Lakeside;

    #[test]
    fn it_answers_its_cases() {
        let compiled = tables::compile(include_str!("../policy.toml")).expect("no faults");
        let file = cases::parse("visits.toml", include_str!("../cases/visits.toml")).expect("no faults");
        let report = cases::run(&[file], &mut |timelines, terms, explain| {
            native::decide(&compiled, &Lakeside, timelines, terms, explain).expect("a decision")
        });
        assert_eq!(report.failures, []);
        assert_eq!(report.passed, 4);
    }
}
