//! Every sentence and remedy that a decision can say, word for word, as the files of `texts` have them. No outcome, no line, no amount.

use std::collections::BTreeSet;

use adjudica_core::{Finding, RuleKind};
use serde::Deserialize;

use super::*;
use crate::tables::DEFAULTS_OF_TABLES;
use crate::{Draft, Encounter, Hooks};

const FILES: [(&str, &str); 7] = [
    ("authorizations", include_str!("../texts/authorizations.toml")),
    ("codes", include_str!("../texts/codes.toml")),
    ("counts", include_str!("../texts/counts.toml")),
    ("history", include_str!("../texts/history.toml")),
    ("rates", include_str!("../texts/rates.toml")),
    ("records", include_str!("../texts/records.toml")),
    ("staff", include_str!("../texts/staff.toml")),
];

/// One file of texts.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Texts {
    /// Rows before those of every entry, behind the head of the tests' policy.
    head: String,
    sentence: Vec<Entry>,
}

/// What rows say.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    /// What it is about; no two entries have the same.
    of: String,
    rows: String,
    asked: Vec<Asked>,
}

/// An encounter of 2024-03-15, and everything that an explanation of its decision says.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    encounter: toml::Table,
    /// What was billed before.
    #[serde(default)]
    history: Vec<toml::Table>,
    #[serde(default)]
    terms: toml::Table,
    says: String,
}

/// A policy's own code, which speaks wherever the rows declare its rule.
struct OwnCode;

impl Hooks for OwnCode {
    fn decide(&self, _encounter: &Encounter<'_>, draft: &mut Draft<'_, '_>) {
        // Most entries declare no such rule.
        let _ = draft.fail_custom("own_code", Some(2), Some(1));
    }
}

fn read(files: &[(&str, &str)]) -> Result<Vec<(String, Entry)>, String> {
    let mut entries: Vec<(String, Entry)> = Vec::new();
    for (name, text) in files {
        let Texts { head, sentence } = toml::from_str(text).map_err(|fault| format!("{name}: {fault}"))?;
        for entry in sentence {
            if entries.iter().any(|(_, known)| known.of == entry.of) {
                return Err(format!("{name}: there are two entries of `{}`; give each its own", entry.of));
            }
            entries.push((head.clone(), entry));
        }
    }
    Ok(entries)
}

impl Asked {
    /// The findings, satisfied ones too.
    fn findings(&self, compiled: &Compiled) -> Vec<Finding> {
        let mut case = toml::Table::new();
        case.insert("name".to_owned(), "asked".into());
        case.insert("encounter".to_owned(), self.encounter.clone().into());
        case.insert("history".to_owned(), self.history.clone().into());
        case.insert("expect".to_owned(), toml::Table::from_iter([("outcome".to_owned(), "billable".into())]).into());
        let defaults = toml::Table::from_iter([("date_of_service".to_owned(), "2024-03-15".into())]);
        let mut file = toml::Table::new();
        file.insert("defaults".to_owned(), defaults.into());
        file.insert("terms".to_owned(), self.terms.clone().into());
        file.insert("case".to_owned(), vec![case].into());
        let text = toml::to_string(&file).expect("a case file");
        let file = cases::parse("asked", &text).unwrap_or_else(|faults| panic!("{text}\n{faults:#?}"));
        let timelines: Vec<Timeline> = file.cases.into_iter().map(|case| case.timeline).collect();
        let decisions = native::decide(compiled, &OwnCode, &timelines, &file.terms, Explain::All);
        let decision = decisions.expect("a decision").into_iter().next().expect("one decision");
        decision.findings
    }
}

/// One finding as the files have it.
fn written(finding: &Finding) -> String {
    let verdict = match finding.verdict {
        Verdict::Failed => "failed",
        Verdict::Satisfied => "satisfied",
    };
    let effect = serde_json::to_value(finding.effect).expect("a word");
    let effect = effect.as_str().expect("a word");
    let mut text = format!("{verdict} {}, {effect}: {}\n", finding.rule_id, finding.message);
    if let Some(remedy) = &finding.remedy {
        writeln!(text, "  remedy: {remedy}").expect("a line");
    }
    if let Some(citation) = &finding.citation {
        let section = citation.section.as_ref().map_or_else(String::new, |section| format!(", {section}"));
        writeln!(text, "  source: {}{section}", citation.source_id).expect("a line");
    }
    text
}

/// Calls `see` with each entry, each of its questions, the policy, and what is said.
fn each_asked(mut see: impl FnMut(&Entry, usize, &Compiled, &[Finding])) {
    for (head, entry) in read(&FILES).unwrap_or_else(|fault| panic!("{fault}")) {
        let compiled = compiled(&format!("{head}\n{}", entry.rows));
        for (index, asked) in entry.asked.iter().enumerate() {
            see(&entry, index, &compiled, &asked.findings(&compiled));
        }
    }
}

#[test]
fn it_says_every_sentence_word_for_word() {
    let mut differing = String::new();
    each_asked(|entry, index, _, findings| {
        let said: String = findings.iter().map(written).collect();
        let expected = entry.asked.get(index).expect("what is asked").says.trim();
        if said.trim() != expected {
            let number = index + 1;
            writeln!(differing, "{}, asked {number}:\n{expected}\n--- says now:\n{said}", entry.of).expect("a line");
        }
    });
    assert!(differing.is_empty(), "\n{differing}");
}

#[test]
fn it_leaves_no_sentence_of_the_tables_unsaid() {
    let mut said = BTreeSet::new();
    let mut sentences = BTreeSet::new();
    for defaults in DEFAULTS_OF_TABLES {
        let texts = [Some(defaults.sentence), defaults.satisfied, defaults.remedy];
        sentences.extend(texts.into_iter().flatten().filter(|text| !text.is_empty()).map(str::to_owned));
    }
    each_asked(|_, _, compiled, findings| {
        for rule in &compiled.manifest.rules {
            sentences.insert(rule.sentence.clone());
            sentences.extend(rule.satisfied_sentence.clone());
            // What to do about an unknown code lists the codes of the file's head, and is asked for once.
            sentences.extend(rule.remedy.clone().filter(|_| rule.kind != RuleKind::Code));
            for finding in findings.iter().filter(|finding| finding.rule_id == rule.id) {
                let sentence = match finding.verdict {
                    Verdict::Failed => Some(&rule.sentence),
                    Verdict::Satisfied => rule.satisfied_sentence.as_ref(),
                };
                said.extend(sentence.cloned());
                said.extend(rule.remedy.clone().filter(|_| finding.remedy.is_some()));
            }
        }
    });
    // The tables' words for it go on with those codes.
    let is_unsaid = |text: &&String| !said.iter().any(|known: &String| known.starts_with(text.as_str()));
    let unsaid: Vec<_> = sentences.iter().filter(is_unsaid).collect();
    assert!(unsaid.is_empty(), "no entry of `texts` says: {unsaid:#?}");
}

#[test]
fn it_takes_no_unknown_key_and_no_two_entries_of_one_name() {
    let entry = "[[sentence]]\nof = \"a code\"\nrows = ''\n[[sentence.asked]]\nencounter = {}\nsays = ''\n";
    let good = format!("head = ''\n{entry}");
    assert!(read(&[("good", &good)]).is_ok());
    let twice = read(&[("good", &good), ("other", &good)]).err().expect("a fault");
    assert_eq!(twice, "other: there are two entries of `a code`; give each its own");
    assert!(read(&[("twice", &format!("{good}{entry}"))]).is_err());
    for (known, unknown) in [("head", "haed"), ("of =", "off ="), ("rows", "row"), ("says", "say"), ("encounter", "e")]
    {
        let fault = read(&[("bad", &good.replace(known, unknown))]).err().unwrap_or_default();
        assert!(fault.contains("unknown field"), "`{unknown}`: {fault}");
    }
}
