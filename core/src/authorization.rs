//! What prior authorizations leave for a service. One account of it for policies and host.
//!
//! From which approved line a unit came is never fixed. What counts is whether every service so far, and one more, can be
//! covered at once; so neither the order nor the ids of the lines matter, and no unit lies unused behind a refusal.

mod flow;

use flow::Flow;

use crate::name_set::NameSet;

/// An approved line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// The codes it covers, in the caller's own numbering.
    pub codes: NameSet,
    /// First day.
    pub from: i32,
    /// First day after; `i32::MAX` without an end.
    pub to: i32,
    /// Units approved.
    pub units: u32,
}

impl Account {
    /// Whether a service of that code and day can be spent from it.
    #[must_use]
    pub fn covers(&self, code: u32, day: i32) -> bool {
        self.codes.has(code) && self.from <= day && day < self.to
    }
}

/// Services that the same accounts cover.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Group {
    /// The accounts that cover them, as bits; where there are more than 64 accounts, several share a bit.
    accounts: u64,
    /// Code and day of the first of them.
    code: u32,
    day: i32,
    units: u64,
}

/// Approved lines, and the services that take units of them.
///
/// ```
/// use adjudica_core::authorization::{Account, Accounts};
/// let (visit, assessment) = (0, 1);
/// let account = |codes: &[u32], units| Account { codes: codes.iter().copied().collect(), from: 0, to: 90, units };
/// let mut accounts = Accounts::new(vec![account(&[visit, assessment], 2), account(&[visit], 6)]);
/// accounts.spend(visit, 10, 2);
/// assert_eq!(accounts.left(assessment, 17), Some(2), "the visits can be covered by the second line");
/// assert_eq!(accounts.left(visit, 17), Some(6));
/// assert_eq!(accounts.left(visit, 90), None, "no line holds that day");
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Accounts {
    accounts: Vec<Account>,
    groups: Vec<Group>,
}

impl Accounts {
    /// Nothing is spent of `accounts` yet.
    #[must_use]
    pub fn new(accounts: Vec<Account>) -> Self {
        Self { accounts, groups: Vec::new() }
    }

    /// Counts a service of a code on a day, in any order. One that no account covers takes nothing, and where more is spent
    /// than was approved, as after an account was reduced, nothing is left.
    pub fn spend(&mut self, code: u32, day: i32, units: u32) {
        let Some(group) = self.group(code, day) else { return };
        let units = u64::from(units);
        let are_few = self.are_few();
        let is_same = |other: &&mut Group| {
            other.accounts == group.accounts && (are_few || (other.code, other.day) == (code, day))
        };
        match self.groups.iter_mut().find(is_same) {
            Some(known) => known.units = known.units.saturating_add(units),
            None => self.groups.push(Group { units, ..group }),
        }
    }

    /// Units left for one more service of a code on a day, all that was spent being covered as far as it can be; `None` when no
    /// account covers it.
    #[must_use]
    pub fn left(&self, code: u32, day: i32) -> Option<u32> {
        let asked = self.group(code, day)?;
        let mut rivals = self.groups.iter().filter(|group| group.accounts & asked.accounts != 0);
        let is_simple = self.are_few() && rivals.all(|group| group.accounts == asked.accounts);
        let left = if is_simple {
            let spent =
                self.groups.iter().find(|group| group.accounts == asked.accounts).map_or(0, |group| group.units);
            self.approved(code, day).saturating_sub(spent)
        } else {
            let mut flow = Flow::new(&self.accounts);
            for group in &self.groups {
                flow.cover(group.code, group.day, group.units);
            }
            flow.cover(code, day, u64::MAX)
        };
        Some(u32::try_from(left).unwrap_or(u32::MAX))
    }

    /// Whether each account has a bit of its own.
    fn are_few(&self) -> bool {
        self.accounts.len() <= 64
    }

    /// Units approved for a code on a day, spent or not.
    fn approved(&self, code: u32, day: i32) -> u64 {
        self.accounts.iter().filter(|account| account.covers(code, day)).map(|account| u64::from(account.units)).sum()
    }

    /// A service of no units yet; `None` when no account covers it.
    fn group(&self, code: u32, day: i32) -> Option<Group> {
        let bits = (0..64).map(|bit| 1_u64 << bit).cycle();
        let covering = self.accounts.iter().zip(bits).filter(|(account, _)| account.covers(code, day));
        let accounts = covering.fold(0, |accounts, (_, bit)| accounts | bit);
        (accounts != 0).then_some(Group { accounts, code, day, units: 0 })
    }
}

#[cfg(test)]
mod tests;
