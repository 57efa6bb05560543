//! Every shipped policy: its cases through the built file, the same answers natively, what it may read, what it cites.

use std::path::Path;

use adjudica_cases as cases;
use adjudica_core::manifest::Confidence;
use adjudica_core::{Effect, Field, Manifest};
use adjudica_sdk::{NoHooks, native, tables};

use crate::shipped::{engine, policy, root};

fn case_files(folder: &Path) -> Vec<cases::CaseFile> {
    let folders = cases::FOLDERS.iter().filter_map(|name| std::fs::read_dir(folder.join(name)).ok());
    let mut paths: Vec<_> = folders.flatten().filter_map(Result::ok).map(|entry| entry.path()).collect();
    paths.sort();
    let read = |path: &std::path::PathBuf| {
        let text = std::fs::read_to_string(path).expect("text");
        cases::parse(&path.display().to_string(), &text)
            .unwrap_or_else(|faults| panic!("{}: {faults:#?}", path.display()))
    };
    paths.iter().map(read).collect()
}

/// Makes one test for each policy out of each function: its folder, its file, and how many cases it has at least.
macro_rules! for_each_policy {
    ($($name:ident: $folder:literal, $file:literal, $cases_min:literal;)+) => {
        $(mod $name {
            #[test]
            fn it_answers_its_cases_natively_and_in_wasm() {
                super::it_answers_its_cases_natively_and_in_wasm($folder, $file, $cases_min);
            }
            #[test]
            fn it_cites_a_source_for_every_rule_that_can_refuse() {
                super::it_cites_a_source_for_every_rule_that_can_refuse($file);
            }
            #[test]
            fn it_reads_no_identity_beyond_providers_and_payer() {
                super::it_reads_no_identity_beyond_providers_and_payer($file);
            }
        })+
    };
}

for_each_policy! {
    sim: "sim", "sim-1.0.0", 1_000;
    bcbsm_matrix: "bcbsm/v1", "bcbsm-1.0.0", 1_000;
    bcbsm_current: "bcbsm/v2", "bcbsm-2.0.0", 1_000;
    bcbsm_ma: "bcbsm-ma", "bcbsm-ma-1.0.0", 10;
    bcn: "bcn", "bcn-1.0.0", 10;
    medicaid_hmo_mi: "medicaid-hmo-mi", "medicaid-hmo-mi-1.0.0", 600;
    priority_health: "priority-health", "priority-health-1.0.0", 350;
    medicaid_michigan: "medicaid/mi", "medicaid-mi-1.0.0", 100;
    medicaid_south_carolina: "medicaid/sc", "medicaid-sc-1.0.0", 100;
    medicaid_montana: "medicaid/mt", "medicaid-mt-1.0.0", 100;
    medicare: "medicare", "medicare-1.0.0", 700;
    workers_comp: "workers-comp", "workers-comp-1.0.0", 90;
    disability: "disability", "disability-1.0.0", 60;
    commercial: "commercial", "commercial-1.0.0", 120;
    self_pay: "self-pay", "self-pay-1.0.0", 60;
    mipct: "mipct", "mipct-1.0.0", 70;
}

fn it_answers_its_cases_natively_and_in_wasm(folder: &str, file: &str, cases_min: usize) {
    let folder = root().join("plugins").join(folder);
    let text = std::fs::read_to_string(folder.join("policy.toml")).expect("tables");
    let compiled = tables::compile_with(&text, &mut |path| std::fs::read_to_string(folder.join(path)).ok());
    let compiled = compiled.unwrap_or_else(|faults| panic!("{faults:#?}"));
    let loaded = engine().load(&policy(file)).expect("a policy");
    assert_eq!(*loaded.manifest(), compiled.manifest, "the built file is of these tables");
    let report = cases::run(&case_files(&folder), &mut |timelines, terms, explain| {
        let decisions = loaded.decide(timelines, terms, explain);
        let natively = native::decide(&compiled, &NoHooks, timelines, terms, explain).expect("decisions");
        assert_eq!(decisions, natively, "wasm and native give the same");
        decisions
    });
    assert!(report.failures.is_empty(), "{:#?}", report.failures);
    assert!(report.passed >= cases_min, "only {} cases", report.passed);
}

fn it_cites_a_source_for_every_rule_that_can_refuse(file: &str) {
    let manifest: Manifest = engine().inspect(&policy(file)).expect("a policy").manifest;
    for rule in &manifest.rules {
        let refuses = matches!(rule.effect, Effect::NotBillable | Effect::Incomplete | Effect::ReportOnly);
        if !refuses || rule.id.as_str().starts_with("rate.") {
            continue;
        }
        let source = manifest.sources.iter().find(|source| Some(&source.id) == rule.source.as_ref());
        let source = source.unwrap_or_else(|| panic!("`{}` can refuse and cites nothing", rule.id));
        assert_ne!(source.confidence, Confidence::Low, "`{}` refuses by hearsay", rule.id);
    }
}

fn it_reads_no_identity_beyond_providers_and_payer(file: &str) {
    let manifest = engine().inspect(&policy(file)).expect("a policy").manifest;
    let identities = ["rendering_provider", "billing_provider", "payer", "line"];
    for field in &manifest.reads {
        let name = field.name().split('.').next_back().expect("a name");
        assert!(!name.ends_with("_id") && !name.contains("client"), "{field}");
        if field.kind() == adjudica_core::ColumnKind::Identity {
            assert!(identities.contains(&name), "{field}");
        }
    }
    assert!(manifest.reads.contains(&Field::EncounterDateOfService));
}
