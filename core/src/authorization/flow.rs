//! The most units of services that accounts can cover at once: a greatest flow, made larger along shortest ways. No policy.

use super::Account;

/// An account while services are covered.
struct Till {
    account: Account,
    left: u64,
    /// Units that each service has of it, in the order in which they came; the last ones may be missing.
    taken: Vec<u64>,
}

/// An account that a service can reach: its own, or one behind accounts whose services can move.
#[derive(Clone, Copy)]
struct Step {
    service: usize,
    till: usize,
    /// The step to the account from which the service moves; the service that comes moves from none.
    before: Option<usize>,
}

/// Services so far, each covered as far as all of them together can be.
pub(super) struct Flow {
    tills: Vec<Till>,
    /// Code and day of each service.
    services: Vec<(u32, i32)>,
}

impl Flow {
    pub(super) fn new(accounts: &[Account]) -> Self {
        let till =
            |account: &Account| Till { account: account.clone(), left: u64::from(account.units), taken: Vec::new() };
        Self { tills: accounts.iter().map(till).collect(), services: Vec::new() }
    }

    /// Covers as many of `units` as can be without taking any from the services so far. Gives back how many.
    pub(super) fn cover(&mut self, code: u32, day: i32, units: u64) -> u64 {
        let service = self.services.len();
        self.services.push((code, day));
        let mut covered = 0_u64;
        while covered < units {
            let moved = self.find_way(service).map_or(0, |way| self.shift(&way, units.saturating_sub(covered)));
            if moved == 0 {
                break;
            }
            covered = covered.saturating_add(moved);
        }
        covered
    }

    /// The shortest way to an account with units left, its last step first.
    fn find_way(&self, service: usize) -> Option<Vec<Step>> {
        let mut steps: Vec<Step> = Vec::new();
        if let Some(way) = self.reach(service, None, &mut steps) {
            return Some(way);
        }
        let mut next = 0;
        while let Some(step) = steps.get(next).copied() {
            let taken = self.tills.get(step.till).map_or(&[][..], |till| &till.taken);
            for other in taken.iter().enumerate().filter(|(_, units)| **units > 0).map(|(other, _)| other) {
                if let Some(way) = self.reach(other, Some(next), &mut steps) {
                    return Some(way);
                }
            }
            next = next.saturating_add(1);
        }
        None
    }

    /// Adds the accounts that cover the service and are not reached yet. Gives back the way to one that has units left.
    fn reach(&self, service: usize, before: Option<usize>, steps: &mut Vec<Step>) -> Option<Vec<Step>> {
        let (code, day) = self.services.get(service).copied()?;
        for (till, known) in self.tills.iter().enumerate().filter(|(_, till)| till.account.covers(code, day)) {
            let step = Step { service, till, before };
            if known.left > 0 {
                let behind = |step: &Step| step.before.and_then(|before| steps.get(before)).copied();
                return Some(std::iter::successors(Some(step), behind).collect());
            }
            if steps.iter().all(|step| step.till != till) {
                steps.push(step);
            }
        }
        None
    }

    /// Moves units along the way, `units` at most. Gives back how many.
    fn shift(&mut self, way: &[Step], units: u64) -> u64 {
        let free = way.first().and_then(|step| self.tills.get(step.till)).map_or(0, |till| till.left);
        let taken = |step: &Step, from: &Step| {
            self.tills.get(from.till).and_then(|till| till.taken.get(step.service)).copied().unwrap_or(0)
        };
        // INVARIANT (way): each step but the last moves a service from the account of the step behind it.
        let moves = way.iter().zip(way.iter().skip(1));
        let moved = moves.map(|(step, from)| taken(step, from)).fold(units.min(free), u64::min);
        for (index, step) in way.iter().enumerate() {
            if let Some(till) = self.tills.get_mut(step.till) {
                if index == 0 {
                    till.left = till.left.saturating_sub(moved);
                }
                give(till, step.service, moved);
            }
            let from = way.get(index.saturating_add(1)).and_then(|from| self.tills.get_mut(from.till));
            if let Some(units) = from.and_then(|till| till.taken.get_mut(step.service)) {
                *units = units.saturating_sub(moved);
            }
        }
        moved
    }
}

/// Adds units that the service has of the account.
fn give(till: &mut Till, service: usize, units: u64) {
    if till.taken.len() <= service {
        till.taken.resize(service.saturating_add(1), 0);
    }
    if let Some(taken) = till.taken.get_mut(service) {
        *taken = taken.saturating_add(units);
    }
}
