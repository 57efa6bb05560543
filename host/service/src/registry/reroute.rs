//! What a change of activations makes stale: the days of a payer that somebody else answers for than before. Pure.

use std::collections::BTreeSet;

use adjudica_core::{DateRange, Digest, ServiceDate, Token};
use adjudica_store::{Among, Reroute};

use crate::registry::snapshot::{Snapshot, Sought};

/// Days that a policy answered for before a change and nothing answers for after it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unanswered {
    /// The payer.
    pub payer_id: Token,
    /// One plan; `None` means every plan that has no activation of its own.
    pub plan_id: Option<Token>,
    /// One line of service; `None` means every line that has no activation of its own.
    pub service_line: Option<Token>,
    /// The days.
    pub days: DateRange,
}

impl Unanswered {
    /// Payer and days, as a person reads them.
    #[must_use]
    pub fn words(&self) -> String {
        let to = self.days.to.map_or_else(|| "no end".to_owned(), |to| to.to_string());
        let plan = self.plan_id.as_ref().map_or_else(String::new, |plan| format!(", plan `{plan}`"));
        let line = self.service_line.as_ref().map_or_else(String::new, |line| format!(", line `{line}`"));
        format!("payer `{}`{plan}{line} from {} to {to}", self.payer_id, self.days.from)
    }
}

/// What a change does to the encounters of one payer.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Effect {
    /// Days that somebody else answers for.
    pub reroutes: Vec<Reroute>,
    /// Days that nothing answers for any more.
    pub unanswered: Vec<Unanswered>,
}

type Answer = Option<(Digest, Digest)>;

/// How `after` differs from `before` for the encounters of `payer`.
#[must_use]
pub fn effect(before: &Snapshot, after: &Snapshot, agency: &Token, payer: &Token) -> Effect {
    let mut marks = Marks::default();
    for snapshot in [before, after] {
        marks.add(snapshot, agency, payer);
    }
    let mut effect = Effect::default();
    for plan in marks.plans.classes() {
        for line in marks.lines.classes() {
            let answer = |snapshot: &Snapshot, day: ServiceDate| -> Answer {
                let period = snapshot.find_period_on(&Sought {
                    agency,
                    payer,
                    plan: plan.only(),
                    line: line.only(),
                    day,
                    as_of: None,
                })?;
                Some((period.policy_digest, period.terms_digest))
            };
            let spans = spans(&marks.days, |day| (answer(before, day), answer(after, day)));
            effect.add(spans, &Whom { agency, payer, plan: &plan, line: &line });
        }
    }
    effect.unanswered.sort();
    effect
}

/// The values that keys name, and the days at which periods begin and end.
#[derive(Default)]
struct Marks {
    plans: Named,
    lines: Named,
    days: BTreeSet<ServiceDate>,
}

impl Marks {
    fn add(&mut self, snapshot: &Snapshot, agency: &Token, payer: &Token) {
        for history in snapshot.histories_of(agency, payer) {
            self.plans.0.extend(history.key.plan_id.clone());
            self.lines.0.extend(history.key.service_line.clone());
            for period in history.known(None).iter().flat_map(|known| known.periods.iter()) {
                self.days.insert(period.dos_from);
                self.days.extend(period.dos_to);
            }
        }
    }
}

/// Values that keys name.
#[derive(Default)]
struct Named(BTreeSet<Token>);

impl Named {
    /// Each of them, and all others together.
    fn classes(&self) -> Vec<Among> {
        let one = self.0.iter().cloned().map(Among::Only);
        one.chain([Among::AllBut(self.0.clone())]).collect()
    }
}

/// A value that stands for a class.
trait Stands {
    fn only(&self) -> Option<&Token>;
}

impl Stands for Among {
    fn only(&self) -> Option<&Token> {
        match self {
            Self::Only(token) => Some(token),
            Self::AllBut(_) => None,
        }
    }
}

/// Days with one answer before and one after, neighbours with the same put together.
fn spans(
    days: &BTreeSet<ServiceDate>,
    answers: impl Fn(ServiceDate) -> (Answer, Answer),
) -> Vec<(DateRange, Answer, Answer)> {
    let mut spans: Vec<(DateRange, Answer, Answer)> = Vec::new();
    let ends = days.iter().skip(1).copied().map(Some).chain([None]);
    for (from, to) in days.iter().copied().zip(ends) {
        let (before, after) = answers(from);
        match spans.last_mut() {
            Some((range, was, is)) if (*was, *is) == (before, after) => range.to = to,
            _ => spans.push((DateRange { from, to }, before, after)),
        }
    }
    spans
}

/// Whose encounters a change concerns.
struct Whom<'w> {
    agency: &'w Token,
    payer: &'w Token,
    plan: &'w Among,
    line: &'w Among,
}

impl Effect {
    fn add(&mut self, spans: Vec<(DateRange, Answer, Answer)>, &Whom { agency, payer, plan, line }: &Whom<'_>) {
        for (days, before, after) in spans.into_iter().filter(|(_, before, after)| before != after) {
            self.reroutes.push(Reroute {
                agency_id: agency.clone(),
                payer_id: payer.clone(),
                plan: plan.clone(),
                service_line: line.clone(),
                from: days.from,
                to: days.to,
                answer: after,
            });
            if before.is_some() && after.is_none() {
                self.unanswered.push(Unanswered {
                    payer_id: payer.clone(),
                    plan_id: plan.only().cloned(),
                    service_line: line.only().cloned(),
                    days,
                });
            }
        }
    }

    /// Adds what a change does to another payer.
    pub fn extend(&mut self, other: Self) {
        self.reroutes.extend(other.reroutes);
        self.unanswered.extend(other.unanswered);
    }
}

#[cfg(test)]
mod tests {
    use adjudica_store::{ActivationKey, ActivationPeriod, Change, Schedule};

    use super::*;

    fn token(text: &str) -> Token {
        Token::parse(text).expect("a token")
    }

    fn day(text: &str) -> ServiceDate {
        ServiceDate::parse(text).expect("a date")
    }

    /// `from to policy` of each period, `-` for no end.
    fn schedule(plan: Option<&str>, periods: &[&str]) -> Schedule {
        let period = |text: &&str| {
            let words: Vec<&str> = text.split(' ').collect();
            ActivationPeriod {
                dos_from: day(words[0]),
                dos_to: (words[1] != "-").then(|| day(words[1])),
                policy_digest: Digest::of(words[2].as_bytes()),
                terms_digest: Digest::of(b"terms"),
            }
        };
        let (agency_id, payer_id) = (token("a"), token("acme"));
        let key = ActivationKey { agency_id, payer_id, plan_id: plan.map(token), service_line: None };
        Schedule { key, periods: periods.iter().map(period).collect() }
    }

    fn with(snapshot: &Snapshot, schedule: Schedule) -> Snapshot {
        let mut after = snapshot.clone();
        after.apply(&Change {
            change_id: snapshot.change_id + 1,
            recorded_at: "2026-05-01T00:00:00Z".parse().expect("an instant"),
            recorded_by: token("lead"),
            message: "a test".to_owned(),
            schedules: vec![schedule],
            undoes: None,
        });
        after
    }

    /// Plan, days, and the policy among `names` that answers after.
    fn told(before: &Snapshot, after: &Snapshot, names: &[&str]) -> Vec<String> {
        let name = |answer: Answer| {
            let found = answer.and_then(|(policy, _)| names.iter().find(|name| Digest::of(name.as_bytes()) == policy));
            (*found.unwrap_or(&"nobody")).to_owned()
        };
        let plan = |among: &Among| match among {
            Among::Only(plan) => plan.to_string(),
            Among::AllBut(plans) if plans.is_empty() => "all".to_owned(),
            Among::AllBut(plans) => {
                format!("all but {}", plans.iter().map(Token::as_str).collect::<Vec<_>>().join(", "))
            }
        };
        let effect = effect(before, after, &token("a"), &token("acme"));
        let end = |to: Option<ServiceDate>| to.map_or("no end".to_owned(), |to| to.to_string());
        let of = |one: &Reroute| format!("{}: {} to {}: {}", plan(&one.plan), one.from, end(one.to), name(one.answer));
        effect.reroutes.iter().map(of).collect()
    }

    #[test]
    fn it_names_just_the_days_that_change_hands() {
        let none = Snapshot::default();
        let first = with(&none, schedule(None, &["2024-01-01 - one"]));
        assert_eq!(told(&none, &first, &["one"]), ["all: 2024-01-01 to no end: one"]);
        let cut = with(
            &first,
            schedule(None, &["2024-01-01 2026-04-01 one", "2026-04-01 2026-07-01 two", "2026-07-01 - one"]),
        );
        assert_eq!(told(&first, &cut, &["one", "two"]), ["all: 2026-04-01 to 2026-07-01: two"]);
        assert_eq!(told(&cut, &first, &["one", "two"]), ["all: 2026-04-01 to 2026-07-01: one"], "and back");
        assert_eq!(told(&first, &first, &["one"]), [""; 0]);
        let moved = with(&first, schedule(None, &["2025-01-01 - two"]));
        let expected = ["all: 2024-01-01 to 2025-01-01: nobody", "all: 2025-01-01 to no end: two"];
        assert_eq!(told(&first, &moved, &["one", "two"]), expected);
        let unanswered = effect(&first, &moved, &token("a"), &token("acme")).unanswered;
        let days = DateRange { from: day("2024-01-01"), to: Some(day("2025-01-01")) };
        assert_eq!(unanswered.iter().map(|one| (one.plan_id.clone(), one.days)).collect::<Vec<_>>(), [(None, days)]);
    }

    #[test]
    fn it_leaves_plans_with_activations_of_their_own_alone() {
        let general = with(&Snapshot::default(), schedule(None, &["2024-01-01 - one"]));
        let gold = with(&general, schedule(Some("gold"), &["2025-01-01 2026-01-01 two"]));
        assert_eq!(told(&general, &gold, &["one", "two"]), ["gold: 2025-01-01 to 2026-01-01: two"]);
        let general = with(&gold, schedule(None, &["2024-01-01 - three"]));
        let expected = [
            "gold: 2024-01-01 to 2025-01-01: three",
            "gold: 2026-01-01 to no end: three",
            "all but gold: 2024-01-01 to no end: three",
        ];
        assert_eq!(told(&gold, &general, &["one", "two", "three"]), expected);
    }
}
