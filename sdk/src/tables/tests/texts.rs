//! Every fault of `policy.toml` in exact words and in order of place: the lists stand in `texts/`. What holds without faults is not here.

use crate::tables::{Fault, compile, compile_with};
use crate::tests::faults::{self, Entry};

use super::GOOD;

/// The document of an entry.
fn document(entry: &Entry) -> String {
    if let Some(document) = &entry.document {
        return document.replace("{good}", GOOD);
    }
    let mut document = GOOD.to_owned();
    for (text, instead) in &entry.instead {
        assert_eq!(GOOD.matches(text.as_str()).count(), 1, "`{text}` stands once in the good document");
        document = document.replacen(text, instead, 1);
    }
    if let Some(lines) = &entry.policy {
        document = document.replacen("[policy]", &format!("[policy]\n{}", lines.trim_end()), 1);
    }
    match &entry.rows {
        Some(rows) => format!("{document}\n{rows}"),
        None => document,
    }
}

fn words(faults: &[Fault]) -> Vec<String> {
    faults.iter().map(ToString::to_string).collect()
}

#[test]
fn it_says_exactly_what_is_wrong_with_a_policy() {
    let lists = [
        ("spelling.toml", include_str!("../texts/spelling.toml")),
        ("form.toml", include_str!("../texts/form.toml")),
        ("values.toml", include_str!("../texts/values.toml")),
        ("header.toml", include_str!("../texts/header.toml")),
        ("rows.toml", include_str!("../texts/rows.toml")),
        ("numbers.toml", include_str!("../texts/numbers.toml")),
        ("records.toml", include_str!("../texts/records.toml")),
        ("files.toml", include_str!("../texts/files.toml")),
    ];
    faults::hold(&lists, |entry| {
        let read = &mut |path: &str| entry.files.get(path).map(|text| text.replace("{good}", GOOD));
        compile_with(&document(entry), read).err().map(|faults| words(&faults)).unwrap_or_default()
    });
}

#[test]
fn it_counts_the_names_of_every_kind() {
    let row = |table: &str, n: usize, rest: String| {
        format!("[[{table}]]\nid = \"{table}{n}\"\nsource = \"manual\"\n{rest}\n")
    };
    let modifier = |n: usize| {
        u32::try_from(n)
            .ok()
            .and_then(|n| char::from_digit(n, 36))
            .map(|c| format!("Z{}", c.to_ascii_uppercase()))
            .unwrap_or_default()
    };
    let list =
        |names: &dyn Fn(usize) -> String, count: usize| format!("{:?}", (0..count).map(names).collect::<Vec<_>>());
    let name = |n: usize| format!("name{n}");
    let many = |make: &dyn Fn(usize) -> String, count: usize| (0..count).map(make).collect::<String>();
    let kinds = [
        ("phases", 8, 7, row("staff", 0, format!("codes = [\"T1016\"]\nphases = {}", list(&name, 8)))),
        ("modes", 8, 7, row("staff", 0, format!("codes = [\"T1016\"]\nmodes = {}", list(&name, 8)))),
        (
            "modifiers",
            33,
            32,
            many(&|n| row("modifier", n, format!("codes = [\"T1016\"]\nmodifier = \"{}\"", modifier(n))), 33),
        ),
    ];
    for (what, count, max, rows) in kinds {
        let anybody = if rows.contains("[[staff]]") { "" } else { "roles = \"any\"" };
        let good = GOOD.replace("roles = \"any\"", anybody);
        let faults = words(&compile(&format!("{good}\n{rows}")).expect_err(what));
        assert_eq!(
            faults,
            [format!("1:1: the policy names {count} {what}; at most {max} fit in one policy, split it")]
        );
    }
}
