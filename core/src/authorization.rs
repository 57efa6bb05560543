//! How the units of prior authorizations are spent. One account of it for policies and host; knows no policy.

/// An approved line as the count sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Account {
    /// The codes it covers, as bits of the caller's own numbering.
    pub codes: u64,
    /// First day.
    pub from: i32,
    /// First day after; `i32::MAX` without an end.
    pub to: i32,
    /// Units that are left.
    pub left: u32,
}

impl Account {
    /// Whether a service of that code and day can be spent from it.
    #[must_use]
    pub fn covers(&self, code: u64, day: i32) -> bool {
        self.codes & code != 0 && self.from <= day && day < self.to
    }
}

/// Spends `units` of a code on a day from the accounts that cover it, in their order, which is by end. Gives back what was
/// not covered.
///
/// ```
/// use adjudica_core::authorization::{Account, spend};
/// let account = |from, to, left| Account { codes: 1, from, to, left };
/// let mut accounts = [account(0, 10, 1), account(5, 20, 5)];
/// assert_eq!(spend(&mut accounts, 1, 7, 3), 0);
/// assert_eq!((accounts[0].left, accounts[1].left), (0, 3));
/// assert_eq!(spend(&mut accounts, 1, 2, 1), 1, "the second does not hold that day");
/// ```
pub fn spend(accounts: &mut [Account], code: u64, day: i32, units: u32) -> u32 {
    let mut due = units;
    for account in accounts.iter_mut().filter(|account| account.covers(code, day)) {
        let taken = due.min(account.left);
        account.left = account.left.saturating_sub(taken);
        due = due.saturating_sub(taken);
    }
    due
}

/// Units left for a code on a day; `None` when no account covers it.
#[must_use]
pub fn left(accounts: &[Account], code: u64, day: i32) -> Option<u32> {
    let covering = accounts.iter().filter(|account| account.covers(code, day));
    covering.fold(None, |sum, account| Some(sum.unwrap_or(0_u32).saturating_add(account.left)))
}
