//! The policy's own code, for what tables do not reach.

use crate::evaluate::{Draft, Encounter};

/// Rules in Rust beside the tables of `policy.toml`. They run after the tables, for each encounter.
///
/// ```
/// use adjudica_sdk::{Draft, Encounter, Hooks};
///
/// struct Holidays;
///
/// impl Hooks for Holidays {
///     fn decide(&self, encounter: &Encounter<'_>, draft: &mut Draft<'_, '_>) {
///         let (_, month, day) = encounter.date_of_service().civil();
///         if (month, day) == (12, 25) {
///             // Declared in policy.toml as `[[custom]] id = "holiday"`; an id it does not declare is a mistake in the policy.
///             draft.fail_custom("holiday", None, None).expect("`holiday` is declared");
///         }
///     }
/// }
/// ```
pub trait Hooks {
    /// Looks at one encounter and adds findings to its draft. Must be a pure function of `encounter`.
    fn decide(&self, encounter: &Encounter<'_>, draft: &mut Draft<'_, '_>);
}

/// The hooks of a policy that is tables only.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoHooks;

impl Hooks for NoHooks {
    fn decide(&self, _encounter: &Encounter<'_>, _draft: &mut Draft<'_, '_>) {}
}
