//! Checks a manifest against itself and against the contract's version. Reads no wasm.

use std::collections::BTreeSet;

use adjudica_core::manifest::{Confidence, MANIFEST_SECTION};
use adjudica_core::{Effect, INTERFACE_VERSION, Manifest, Rule};
use semver::Version;

use crate::error::{LoadFault, plain};

/// Modifiers that fit the bits of one word.
const MODIFIERS_MAX: usize = 32;
/// Most rules, codes, modifiers, subjects, sources or payers of one policy.
const ENTRIES_MAX: usize = 10_000;

/// Whether a policy built for `version` of the contract runs here: the same major, no newer minor. The range comes from
/// [`INTERFACE_VERSION`] alone.
pub(crate) fn is_accepted(version: &Version) -> bool {
    offered().is_some_and(|offered| {
        version.major == offered.major && version.minor <= offered.minor && version.pre.is_empty()
    })
}

/// The accepted range in words, such as `1.0 to 1.4`.
pub(crate) fn accepted_range() -> String {
    match offered() {
        Some(Version { major, minor: 0, .. }) => format!("{major}.0"),
        Some(Version { major, minor, .. }) => format!("{major}.0 to {major}.{minor}"),
        None => INTERFACE_VERSION.to_owned(),
    }
}

fn offered() -> Option<Version> {
    Version::parse(INTERFACE_VERSION).ok()
}

/// Reads and checks a manifest; pushes every fault.
pub(crate) fn read_manifest(json: &[u8], faults: &mut Vec<LoadFault>) -> Option<Manifest> {
    let unreadable = |detail: String| LoadFault::SectionUnreadable { section: MANIFEST_SECTION, detail };
    let value: serde_json::Value = match serde_json::from_slice(json) {
        Ok(value) => value,
        Err(error) => {
            faults.push(unreadable(plain(&error.to_string())));
            return None;
        }
    };
    // The version first: a manifest of another contract may not be readable at all, and then the version is the reason.
    let version =
        value.get("interface_version").and_then(serde_json::Value::as_str).and_then(|text| Version::parse(text).ok());
    if let Some(version) = version.filter(|version| !is_accepted(version)) {
        faults.push(LoadFault::InterfaceVersion {
            what: format!(
                "policy `{}`",
                plain(value.get("policy_id").and_then(serde_json::Value::as_str).unwrap_or("?"))
            ),
            found: version.to_string(),
            accepted: accepted_range(),
        });
        return None;
    }
    match serde_json::from_value::<Manifest>(value) {
        Ok(manifest) => {
            faults.extend(check(&manifest).into_iter().map(|detail| LoadFault::Manifest { detail }));
            Some(manifest)
        }
        Err(error) => {
            faults.push(unreadable(plain(&error.to_string())));
            None
        }
    }
}

/// Every way in which a manifest contradicts itself.
fn check(manifest: &Manifest) -> Vec<String> {
    let mut faults = Vec::new();
    let counts = [
        ("payers", manifest.payers.len(), 1, ENTRIES_MAX),
        ("in_force", manifest.in_force.len(), 1, ENTRIES_MAX),
        ("reads", manifest.reads.len(), 0, ENTRIES_MAX),
        ("sources", manifest.sources.len(), 0, ENTRIES_MAX),
        ("rules", manifest.rules.len(), 1, ENTRIES_MAX),
        ("codes", manifest.codes.len(), 0, ENTRIES_MAX),
        ("modifiers", manifest.modifiers.len(), 0, MODIFIERS_MAX),
        ("subjects", manifest.subjects.len(), 0, ENTRIES_MAX),
    ];
    for (what, count, min, max) in counts {
        if !(min..=max).contains(&count) {
            faults.push(format!("`{what}` has {count} entries; give {min} to {max}"));
        }
    }
    if manifest.units_max == 0 {
        faults.push("`units_max` is 0; give the most units that one line may have".to_owned());
    }
    twice("reads", manifest.reads.iter(), &mut faults);
    twice("codes", manifest.codes.iter(), &mut faults);
    twice("modifiers", manifest.modifiers.iter(), &mut faults);
    twice("sources", manifest.sources.iter().map(|source| &source.id), &mut faults);
    twice("rules", manifest.rules.iter().map(|rule| &rule.id), &mut faults);
    faults.extend(manifest.rules.iter().flat_map(|rule| check_rule(manifest, rule)));
    faults
}

fn twice<'a, T: Ord + std::fmt::Display + 'a>(
    what: &str,
    names: impl Iterator<Item = &'a T>,
    faults: &mut Vec<String>,
) {
    let mut seen = BTreeSet::new();
    for name in names {
        if !seen.insert(name) {
            faults.push(format!("`{what}` names `{name}` twice; remove one"));
        }
    }
}

/// A rule may refuse only where a source that can be cited says so.
fn check_rule(manifest: &Manifest, rule: &Rule) -> Vec<String> {
    let mut faults = Vec::new();
    let source = rule.source.as_ref().map(|id| (id, manifest.sources.iter().find(|source| source.id == *id)));
    let cited = match source {
        None => false,
        Some((id, None)) => {
            faults.push(format!("rule `{}` cites `{id}`, which is not among the sources; add it", rule.id));
            true
        }
        Some((_, Some(source))) => source.confidence != Confidence::Low,
    };
    let refuses = match rule.effect {
        Effect::NotBillable | Effect::ReportOnly => true,
        // To ask for what is missing is not to refuse.
        Effect::Incomplete | Effect::Review | Effect::Note => false,
    };
    if refuses && !cited && !is_of_the_contract(rule) {
        faults.push(format!(
            "rule `{}` refuses without a source of high or medium confidence; cite one, or let it ask for review",
            rule.id
        ));
    }
    for id in &rule.assumptions {
        if !manifest.assumptions.iter().any(|assumption| assumption.id == *id) {
            faults.push(format!("rule `{}` rests on assumption `{id}`, which is not given; add it", rule.id));
        }
    }
    faults
}

/// Rules about the policy's own bounds need no payer's document: which days and codes it answers for, which rate it lacks.
fn is_of_the_contract(rule: &Rule) -> bool {
    use adjudica_core::RuleKind as Kind;
    matches!(rule.kind, Kind::InForce | Kind::Code | Kind::Service | Kind::Rate | Kind::Minutes)
}
