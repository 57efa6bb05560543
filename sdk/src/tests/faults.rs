//! Reads the lists of faults that tests hold to their exact words. Raises none itself.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

/// A file of `[[fault]]`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entries {
    fault: Vec<Entry>,
}

/// What an author writes, and all that is said of it.
#[expect(dead_code, reason = "tables and cases share this file, and each fills in some of the fields")]
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Entry {
    /// What is wrong; no two entries are of the same.
    of: String,
    /// Every fault, in order, as `line:column: text`.
    says: Vec<String>,
    /// A whole `policy.toml`; `{good}` stands for the good one.
    pub(crate) document: Option<String>,
    /// Rows after the good document and an empty line: the first stands in line 28.
    pub(crate) rows: Option<String>,
    /// Lines right under `[policy]` of the good document.
    pub(crate) policy: Option<String>,
    /// Texts of the good document, and what is written instead of each.
    #[serde(default)]
    pub(crate) instead: BTreeMap<String, String>,
    /// The other files that are at hand, by path; `{good}` stands for the good document.
    #[serde(default)]
    pub(crate) files: BTreeMap<String, String>,
    /// A case file.
    pub(crate) file: Option<String>,
}

/// Holds each entry of `lists`, a file's name and text, to what `raise` makes of it. Tells all that differ at once.
pub(crate) fn hold(lists: &[(&str, &str)], raise: impl Fn(&Entry) -> Vec<String>) {
    let wrong = differing(lists, raise);
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

fn differing(lists: &[(&str, &str)], raise: impl Fn(&Entry) -> Vec<String>) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let mut wrong = Vec::new();
    for (list, text) in lists {
        let entries: Entries = match toml::from_str(text) {
            Ok(entries) => entries,
            Err(error) => {
                wrong.push(format!("{list}: {error}"));
                continue;
            }
        };
        for entry in entries.fault {
            let of = &entry.of;
            let said = raise(&entry);
            if !seen.insert(of.clone()) {
                wrong.push(format!("{list}: there are two of `{of}`"));
            }
            if said.is_empty() {
                wrong.push(format!("{list}: `{of}` raises no fault"));
            }
            if said != entry.says {
                let (says, said) = (entry.says.join("\n    "), said.join("\n    "));
                wrong.push(format!("{list}: {of}\n  expected\n    {says}\n  got\n    {said}"));
            }
            let ill = said.iter().filter(|text| !reads_well(text));
            wrong.extend(ill.map(|text| format!("{list}: {of}: lower case, one line, no full stop: {text}")));
        }
    }
    wrong
}

fn reads_well(text: &str) -> bool {
    let what = text.splitn(3, ':').nth(2).unwrap_or_default().trim_start();
    !what.starts_with(char::is_uppercase) && !text.contains('\n') && !text.ends_with('.')
}

#[test]
fn it_refuses_lists_that_prove_nothing() {
    let raise = |entry: &Entry| if entry.rows.is_some() { vec!["1:1: no".to_owned()] } else { Vec::new() };
    let told = |entries: &str| differing(&[("list", entries)], raise).join("\n");
    let good = "[[fault]]\nof = \"a\"\nrows = \"x\"\nsays = [\"1:1: no\"]\n";
    assert_eq!(told(good), "");
    assert_eq!(told(&good.repeat(2)), "list: there are two of `a`");
    assert_eq!(told(&good.replace("1:1: no", "1:2: no")), "list: a\n  expected\n    1:2: no\n  got\n    1:1: no");
    assert_eq!(told("[[fault]]\nof = \"a\"\nsays = []\n"), "list: `a` raises no fault");
    assert!(told(&good.replace("rows", "row")).contains("unknown field `row`"));
    for text in ["1:1: No", "1:1: no.", "1:1: no\nno"] {
        let ill = differing(&[("list", good)], |_| vec![text.to_owned()]);
        assert!(ill.iter().any(|told| told.contains("lower case, one line, no full stop")), "{text}");
    }
}
