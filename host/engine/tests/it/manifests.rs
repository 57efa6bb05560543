//! Manifests that contradict themselves: every fault at once, in whole sentences.

use adjudica_engine::Limits;
use serde_json::{Value, json};

use crate::guest::{self, GOOD, WIT};

/// What is said of a policy whose manifest was changed so.
fn said(change: impl FnOnce(&mut Value)) -> Vec<String> {
    let mut manifest: Value = serde_json::from_str(&guest::manifest_json()).expect("a manifest");
    change(&mut manifest);
    let bare = guest::component(&guest::text(&GOOD), WIT);
    let file = guest::with_section(bare, "adjudica:sources", "{}");
    let file = guest::with_section(file, "adjudica:manifest", &manifest.to_string());
    let faults = guest::refusals(&guest::engine(Limits::default()), &file);
    faults.iter().map(ToString::to_string).collect()
}

fn rule(id: &str, effect: &str) -> Value {
    json!({"id": id, "kind": "limit", "effect": effect, "sentence": "it is too much", "in_force": {"from": "2020-01-01"}})
}

#[test]
fn it_names_every_contradiction_of_a_manifest() {
    let said = said(|manifest| {
        manifest["payers"] = json!([]);
        manifest["units_max"] = json!(0);
        manifest["codes"] = json!(["G9002", "G9002"]);
        manifest["sources"] = json!([{"id": "blog", "title": "A blog", "confidence": "low"}]);
        let mut absent = rule("absent", "not_billable");
        absent["source"] = json!("manual");
        absent["assumptions"] = json!(["luck"]);
        let mut rumoured = rule("rumoured", "not_billable");
        rumoured["source"] = json!("blog");
        manifest["rules"] =
            json!([absent, rumoured, rule("bare", "report_only"), rule("asks", "review"), rule("asks", "note")]);
    });
    assert_eq!(
        said,
        [
            "manifest: `payers` has 0 entries; give 1 to 10000",
            "manifest: `units_max` is 0; give the most units that one line may have",
            "manifest: `codes` names `G9002` twice; remove one",
            "manifest: `rules` names `asks` twice; remove one",
            "manifest: rule `absent` cites `manual`, which is not among the sources; add it",
            "manifest: rule `absent` rests on assumption `luck`, which is not given; add it",
            "manifest: rule `rumoured` refuses without a source of high or medium confidence; cite one, or let it ask for review",
            "manifest: rule `bare` refuses without a source of high or medium confidence; cite one, or let it ask for review",
        ]
    );
}
