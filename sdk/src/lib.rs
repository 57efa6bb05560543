//! What a rule author sees: table rules, hooks, and the build of a policy file. Knows no payer and no host.
#![doc = include_str!("../README.md")]

#[cfg(not(target_family = "wasm"))]
pub mod build;
pub mod evaluate;
#[cfg(target_family = "wasm")]
pub mod guest;
pub mod hooks;
pub mod image;
#[cfg(not(target_family = "wasm"))]
pub mod native;
#[cfg(not(target_family = "wasm"))]
pub mod reference;
#[cfg(not(target_family = "wasm"))]
pub mod tables;
#[cfg(test)]
mod tests;

#[cfg(not(target_family = "wasm"))]
pub use adjudica_cases as cases;
pub use evaluate::{BilledLine, Draft, Encounter, EvaluateFault, UnknownRule};
pub use hooks::{Hooks, NoHooks};

/// Makes the crate a policy: exports the contract's `decide`, which applies the tables and then `$hooks`.
///
/// Without an argument the policy is tables only.
#[macro_export]
macro_rules! export_policy {
    () => {
        $crate::export_policy!($crate::NoHooks);
    };
    ($hooks:expr) => {
        #[cfg(target_family = "wasm")]
        const _: () = {
            struct ExportedPolicy;

            impl $crate::guest::Guest for ExportedPolicy {
                fn decide(batch: $crate::guest::Batch) -> $crate::guest::Answers {
                    $crate::guest::decide(&$hooks, batch)
                }
            }

    $crate::guest::export!(ExportedPolicy with_types_in $crate::guest::bindings);
        };
    };
}
