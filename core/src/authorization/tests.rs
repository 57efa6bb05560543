//! Units left under accounts that overlap: cases as tables, and every way of taking units tried against the count.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

const VISIT: u64 = 1;
const ASSESSMENT: u64 = 2;
const CALL: u64 = 4;
const EITHER: u64 = VISIT | ASSESSMENT;

/// The position of a code that is written as a bit; nowhere for none.
fn at(code: u64) -> u32 {
    code.trailing_zeros()
}

fn set_of(codes: u64) -> NameSet {
    (0..8).filter(|position| codes >> position & 1 == 1).collect()
}

fn accounts(lines: &[(u64, i32, i32, u32)]) -> Vec<Account> {
    lines
        .iter()
        .map(|(codes, from, to, units)| Account { codes: set_of(*codes), from: *from, to: *to, units: *units })
        .collect()
}

fn spent(lines: &[Account], services: &[(u64, i32, u32)]) -> Accounts {
    let mut accounts = Accounts::new(lines.to_vec());
    services.iter().for_each(|(code, day, units)| accounts.spend(at(*code), *day, *units));
    accounts
}

/// Approved lines, services so far, the service that is asked about, and what is left for it.
type Case<'c> = (&'c [(u64, i32, i32, u32)], &'c [(u64, i32, u32)], (u64, i32), Option<u32>);

fn check(cases: &[Case<'_>]) {
    for (index, (lines, services, (code, day), expected)) in cases.iter().enumerate() {
        let lines = accounts(lines);
        for first in 0..=lines.len() {
            let turned = [&lines[first..], &lines[..first]].concat();
            assert_eq!(spent(&turned, services).left(at(*code), *day), *expected, "case {index} from line {first}");
        }
    }
}

#[test]
fn it_leaves_what_one_account_has() {
    check(&[
        (&[], &[], (VISIT, 5), None),
        (&[(VISIT, 0, 10, 4)], &[], (VISIT, 0), Some(4)),
        (&[(VISIT, 0, 10, 4)], &[], (VISIT, 9), Some(4)),
        (&[(VISIT, 0, 10, 4)], &[], (VISIT, 10), None),
        (&[(VISIT, 0, 10, 4)], &[], (VISIT, -1), None),
        (&[(VISIT, 0, 10, 4)], &[], (ASSESSMENT, 5), None),
        (&[(VISIT, 0, 10, 4)], &[(VISIT, 1, 3)], (VISIT, 5), Some(1)),
        (&[(VISIT, 0, 10, 4)], &[(VISIT, 1, 3), (VISIT, 9, 1)], (VISIT, 5), Some(0)),
        (&[(VISIT, 0, i32::MAX, 4)], &[(VISIT, 1, 3)], (VISIT, i32::MAX - 1), Some(1)),
    ]);
}

#[test]
fn it_ignores_what_no_account_covers_and_never_falls_below_none() {
    check(&[
        (&[(VISIT, 0, 10, 4)], &[(CALL, 1, 4), (VISIT, 10, 4), (0, 1, 4)], (VISIT, 5), Some(4)),
        (&[(VISIT, 0, 10, 2)], &[(VISIT, 1, 9)], (VISIT, 5), Some(0)),
        (&[(VISIT, 0, 10, 0)], &[], (VISIT, 5), Some(0)),
        // What was spent beyond the first two lines takes nothing of the third, which does not cover it.
        (&[(VISIT, 0, 10, 2), (EITHER, 0, 10, 1), (ASSESSMENT, 0, 10, 3)], &[(VISIT, 1, 9)], (ASSESSMENT, 5), Some(3)),
        (&[(VISIT, 0, 10, u32::MAX), (VISIT, 0, 10, 5)], &[], (VISIT, 5), Some(u32::MAX)),
        (&[(VISIT, 0, 10, 7)], &[(VISIT, 1, u32::MAX), (VISIT, 2, u32::MAX)], (VISIT, 5), Some(0)),
    ]);
}

#[test]
fn it_takes_units_where_they_are_missed_least() {
    let both_and_one = &[(EITHER, 0, 10, 2), (VISIT, 0, 20, 6)];
    check(&[
        // The services of a code with a line of its own leave the shared line alone.
        (both_and_one, &[(VISIT, 1, 2)], (ASSESSMENT, 5), Some(2)),
        (both_and_one, &[(VISIT, 1, 7)], (ASSESSMENT, 5), Some(1)),
        (both_and_one, &[(VISIT, 1, 8)], (ASSESSMENT, 5), Some(0)),
        (both_and_one, &[(ASSESSMENT, 1, 2)], (VISIT, 5), Some(6)),
        (both_and_one, &[(ASSESSMENT, 1, 1), (VISIT, 1, 3)], (VISIT, 5), Some(4)),
        // The same by days: the early service can only have the line that ends first.
        (&[(VISIT, 0, 10, 3), (VISIT, 5, 20, 5)], &[(VISIT, 7, 6)], (VISIT, 2), Some(2)),
        (&[(VISIT, 0, 10, 3), (VISIT, 5, 20, 5)], &[(VISIT, 2, 3), (VISIT, 7, 1)], (VISIT, 15), Some(4)),
        (&[(VISIT, 0, 10, 3), (VISIT, 5, 20, 5)], &[], (VISIT, 7), Some(8)),
    ]);
}

#[test]
fn it_moves_services_along_a_chain_of_accounts() {
    let chain = &[(EITHER, 0, 10, 1), (ASSESSMENT | CALL, 0, 10, 1), (CALL, 0, 10, 1)];
    check(&[
        (chain, &[(VISIT, 1, 1)], (ASSESSMENT, 1), Some(1)),
        (chain, &[(ASSESSMENT, 1, 1), (CALL, 1, 1)], (VISIT, 1), Some(1)),
        (chain, &[(CALL, 1, 1), (ASSESSMENT, 1, 1), (VISIT, 1, 1)], (CALL, 1), Some(0)),
        (chain, &[(CALL, 1, 2)], (VISIT, 1), Some(1)),
        (chain, &[(CALL, 1, 2)], (ASSESSMENT, 1), Some(1)),
        (chain, &[(ASSESSMENT, 1, 2)], (CALL, 1), Some(1)),
        (chain, &[(ASSESSMENT, 1, 2)], (VISIT, 1), Some(0)),
    ]);
}

#[test]
fn it_counts_more_accounts_than_a_number_has_bits() {
    // Each day has a line of its own, and one line covers the last day and the first.
    let mut lines: Vec<_> = (0..100).map(|day| (VISIT, day, day + 1, 1)).collect();
    lines.push((ASSESSMENT, 0, 100, 1));
    lines.push((EITHER, 0, 100, 1));
    let lines = accounts(&lines);
    let each_day: Vec<_> = (0..100).map(|day| (VISIT, day, 1)).collect();
    assert_eq!(spent(&lines, &[]).left(at(VISIT), 3), Some(2));
    assert_eq!(spent(&lines, &each_day).left(at(VISIT), 3), Some(1));
    assert_eq!(spent(&lines, &each_day).left(at(ASSESSMENT), 99), Some(2));
    // Lines 3 and 67 share a bit and nothing else.
    assert_eq!(spent(&lines, &[(VISIT, 3, 1)]).left(at(VISIT), 67), Some(2));
    assert_eq!(spent(&lines, &[(VISIT, 3, 2)]).left(at(VISIT), 67), Some(1));
}

/// Most units of the services that any way of taking them covers, each way tried.
fn most_covered(lines: &[Account], services: &[(u64, i32, u32)]) -> u32 {
    fn try_all(left: &mut Vec<u32>, units: &[Vec<usize>], known: &mut BTreeMap<(usize, Vec<u32>), u32>) -> u32 {
        let Some((accounts, rest)) = units.split_first() else { return 0 };
        if let Some(most) = known.get(&(units.len(), left.clone())) {
            return *most;
        }
        let mut most = try_all(left, rest, known);
        for account in accounts {
            if left[*account] > 0 {
                left[*account] -= 1;
                most = most.max(1 + try_all(left, rest, known));
                left[*account] += 1;
            }
        }
        known.insert((units.len(), left.clone()), most);
        most
    }
    let covering =
        |code: u64, day: i32| (0..lines.len()).filter(move |index| lines[*index].covers(at(code), day)).collect();
    let units = services.iter().flat_map(|(code, day, units)| (0..*units).map(|_| covering(*code, *day)));
    let units: Vec<Vec<usize>> = units.collect();
    try_all(&mut lines.iter().map(|account| account.units).collect(), &units, &mut BTreeMap::new())
}

fn some_accounts() -> impl Strategy<Value = Vec<Account>> {
    let account = (1_u64..8, 0_i32..4, 1_i32..5, 0_u32..4);
    let account =
        account.prop_map(|(codes, from, days, units)| Account { codes: set_of(codes), from, to: from + days, units });
    proptest::collection::vec(account, 2..=4)
}

fn some_services() -> impl Strategy<Value = Vec<(u64, i32, u32)>> {
    proptest::collection::vec(
        (0_u32..3, 0_i32..6, 1_u32..4).prop_map(|(code, day, units)| (1 << code, day, units)),
        0..6,
    )
}

proptest! {
    #[test]
    fn it_leaves_exactly_what_the_best_of_all_ways_leaves(lines in some_accounts(), services in some_services()) {
        let before = most_covered(&lines, &services);
        for code in [VISIT, ASSESSMENT, CALL] {
            for day in 0..7 {
                let all: u32 = lines.iter().filter(|line| line.covers(at(code), day)).map(|line| line.units).sum();
                let with: Vec<_> = services.iter().copied().chain([(code, day, all)]).collect();
                let expected = lines.iter().any(|line| line.covers(at(code), day)).then(|| most_covered(&lines, &with) - before);
                prop_assert_eq!(spent(&lines, &services).left(at(code), day), expected, "code {} on day {}", code, day);
            }
        }
    }

    #[test]
    fn it_leaves_the_same_whatever_the_order_of_accounts_and_services(
        lines in some_accounts().prop_shuffle(),
        services in some_services().prop_shuffle(),
    ) {
        let (mut other_lines, mut other_services) = (lines.clone(), services.clone());
        other_lines.sort_by_key(|line| (line.to, line.codes.iter().collect::<Vec<_>>(), line.from, line.units));
        other_services.sort_unstable();
        for (code, day) in [(VISIT, 1), (ASSESSMENT, 2), (CALL, 4)] {
            prop_assert_eq!(spent(&lines, &services).left(at(code), day), spent(&other_lines, &other_services).left(at(code), day));
        }
    }

    /// What is left is spent as it comes: then together as much is covered as any way can cover, in order of coming.
    #[test]
    fn it_accepts_together_what_can_be_covered_together(lines in some_accounts(), services in some_services()) {
        let mut accounts = Accounts::new(lines.clone());
        let mut accepted: Vec<(u64, i32, u32)> = Vec::new();
        for (code, day, units) in services.iter().copied() {
            let granted = accounts.left(at(code), day).unwrap_or(0).min(units);
            accounts.spend(at(code), day, granted);
            accepted.push((code, day, granted));
            prop_assert_eq!(spent(&lines, &accepted).left(at(code), day), accounts.left(at(code), day), "one by one or all at once");
        }
        let sum: u32 = accepted.iter().map(|(_, _, units)| units).sum();
        prop_assert_eq!(sum, most_covered(&lines, &accepted), "what is accepted is covered");
        prop_assert_eq!(sum, most_covered(&lines, &services), "and no way covers more");
    }
}
