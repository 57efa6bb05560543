//! The patterns of the schemas against the parsers of the core, by a small matcher of the regular expressions that they use.

use adjudica_core::{Modifier, PlaceOfService, ProcedureCode, ServiceDate, Token};

use crate::reference::schema;

/// Whether all of `text` is as `pattern`, which begins with `^` and ends with `$`.
pub(super) fn matches(pattern: &str, text: &str) -> bool {
    let inner = pattern.strip_prefix('^').and_then(|rest| rest.strip_suffix('$')).expect("an anchored pattern");
    let (pattern, text): (Vec<char>, Vec<char>) = (inner.chars().collect(), text.chars().collect());
    alternatives(&pattern).iter().any(|one| ends(one, &text, 0).contains(&text.len()))
}

/// The parts between `|` outside groups and classes.
fn alternatives(pattern: &[char]) -> Vec<&[char]> {
    let (mut parts, mut start, mut depth) = (Vec::new(), 0, 0);
    for (at, letter) in pattern.iter().enumerate() {
        match letter {
            '(' | '[' => depth += 1,
            ')' | ']' => depth -= 1,
            '|' if depth == 0 => {
                parts.push(&pattern[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&pattern[start..]);
    parts
}

/// Every position where `pattern`, begun at `from`, can end.
fn ends(pattern: &[char], text: &[char], from: usize) -> Vec<usize> {
    let Some(first) = pattern.first() else { return vec![from] };
    let closing = match first {
        '(' => Some(')'),
        '[' => Some(']'),
        _ => None,
    };
    let length = closing.map_or(1, |closing| 1 + pattern.iter().position(|letter| *letter == closing).expect("closed"));
    let (atom, rest) = pattern.split_at(length);
    let (min, max, rest) = times(rest);
    let (mut reached, mut all) = (vec![from], Vec::new());
    for count in 0..=max.min(text.len() + 1) {
        if count >= min {
            all.extend(reached.iter().copied());
        }
        reached = reached.iter().flat_map(|at| one(atom, text, *at)).collect();
    }
    all.sort_unstable();
    all.dedup();
    all.into_iter().flat_map(|at| ends(rest, text, at)).collect()
}

/// Where one letter, class or group, begun at `from`, can end.
fn one(atom: &[char], text: &[char], from: usize) -> Vec<usize> {
    if atom[0] == '(' {
        let inner = &atom[1..atom.len() - 1];
        return alternatives(inner).iter().flat_map(|part| ends(part, text, from)).collect();
    }
    let Some(letter) = text.get(from) else { return Vec::new() };
    let fits = match atom {
        ['.'] => true,
        ['[', class @ .., ']'] => is_in(class, *letter),
        other => other == [*letter],
    };
    if fits { vec![from + 1] } else { Vec::new() }
}

fn is_in(class: &[char], letter: char) -> bool {
    match class {
        [first, '-', last, rest @ ..] => (*first..=*last).contains(&letter) || is_in(rest, letter),
        [first, rest @ ..] => *first == letter || is_in(rest, letter),
        [] => false,
    }
}

/// How often the atom before may stand, and what comes after that.
fn times(rest: &[char]) -> (usize, usize, &[char]) {
    match rest {
        ['+', rest @ ..] => (1, usize::MAX, rest),
        ['*', rest @ ..] => (0, usize::MAX, rest),
        ['?', rest @ ..] => (0, 1, rest),
        ['{', inner @ ..] => {
            let close = inner.iter().position(|letter| *letter == '}').expect("closed");
            let written: String = inner[..close].iter().collect();
            let (min, max) = written.split_once(',').unwrap_or((&written, &written));
            (min.parse().expect("a number"), max.parse().expect("a number"), &inner[close + 1..])
        }
        _ => (1, 1, rest),
    }
}

const TEXTS: [&str; 44] = [
    "",
    "a",
    "A",
    "1",
    "_",
    "-",
    ".",
    "@",
    "@a",
    "@nurses",
    "RN",
    " RN",
    "RN ",
    "care_plan",
    "a.b-c_d",
    "_x",
    "é",
    "a b",
    "G9001",
    "98966",
    "0075T",
    "S0257",
    "9896F",
    "G900",
    "G90011",
    "G900I",
    "9896A",
    "g9001",
    "G9O01",
    "2P",
    "2p",
    "XEP",
    "02",
    "2",
    "1A",
    "11",
    "112",
    "2026-03-02",
    "2026-3-02",
    "1899-12-31",
    "2200-01-01",
    "2026-13-01",
    "2026-00-10",
    "2026-01-32",
];

#[test]
fn the_reference_gives_patterns_that_take_what_the_parsers_take() {
    let long = ["a".repeat(64), "a".repeat(65)];
    for text in TEXTS.into_iter().chain(long.iter().map(String::as_str)) {
        let set = text.len() > 1 && text.starts_with('@');
        let (name, code) = (Token::parse(text).is_ok(), ProcedureCode::parse(text).is_ok());
        assert_eq!(matches(schema::NAME, text), name, "{text}");
        assert_eq!(matches(schema::NAME_OR_SET, text), name || set, "{text}");
        assert_eq!(matches(schema::CODE, text), code, "{text}");
        assert_eq!(matches(schema::CODE_OR_SET, text), code || set, "{text}");
        assert_eq!(matches(schema::MODIFIER, text), Modifier::parse(text).is_ok(), "{text}");
        assert_eq!(matches(schema::PLACE, text), PlaceOfService::parse(text).is_ok(), "{text}");
        assert_eq!(matches(schema::DATE, text), ServiceDate::parse(text).is_ok(), "{text}");
    }
}

#[test]
fn the_reference_takes_the_versions_and_letters_that_files_are_read_with() {
    for version in ["1.0.0", "0.10.2", "1.0.0-rc.1", "1.0.0+build.5", "1.0", "1", "v1.0.0", "1.0.0.0", "", "1.0.x"] {
        assert_eq!(matches(schema::VERSION, version), semver::Version::parse(version).is_ok(), "{version}");
    }
    assert!(matches(schema::LETTERS, "BB RI WN") && !matches(schema::LETTERS, "BX") && !matches(schema::LETTERS, ""));
}
