//! Every sentence that refuses, or tells an author what to do, stands whole in a test. Reads tokens; whether the test is right, it
//! cannot tell.

use proc_macro2::{Delimiter, TokenStream, TokenTree};

use crate::refuse;
use crate::tree::{TreeFile, files, files_ending};

/// What an author, or who takes an author's file, is answered with.
const SPEAKING: [&str; 12] = [
    "core/src/",
    "core/money/src/",
    "core/questions/src/",
    "sdk/src/",
    "sdk/cases/src/",
    "sdk/workbench/src/",
    "host/engine/src/",
    "host/service/src/registry",
    "host/cli/src/cmd/policy",
    "host/cli/src/policy",
    "host/cli/src/catalog",
    "host/cli/src/bundle.rs",
];

/// Sources whose sentences are pages and descriptions, which other tests compare whole.
const DESCRIBING: [&str; 4] = [
    "core/src/schema.rs",
    "sdk/src/reference",
    "sdk/workbench/src/matrix/render.rs",
    "sdk/workbench/src/test_policies.rs",
];

/// Texts that no test can bring about, each with the reason.
const UNREACHED: [(&str, &str); 27] = [
    (
        "the host runs the cases of other policies; send the request again in a minute",
        "another policy's cases have to run for long",
    ),
    ("the line cannot be read; save the file as CSV in UTF-8", "a text in UTF-8 can be read as CSV"),
    ("the file is gone", "the store keeps what its rows name"),
    ("the policy has no cases to make encounters from", "every policy has probes"),
    ("the thread of the runtime could not be started", "the system has to have no thread left"),
    ("an encounter has no form in a case file", "every fact of today has one"),
    ("terms have no form in a case file", "all terms of today have one"),
    ("natively {}, by the built file {}; report this as a fault of the SDK", "the two are one evaluation"),
    ("the tables are too large to encode; split the policy", "the limits of names and rows are met before"),
    ("the key is unusable", "said in the log"),
    ("the key can be read by other users; delete it, a new one is made at the next start", "said in the log"),
    ("it ended with code {} and said `{}`", "the child that compiles has to fail by itself"),
    ("limits cannot be set", "the system has to fail in the child that compiles"),
    ("the policy cannot be read", "the system has to fail in the child that compiles"),
    ("the compiler cannot be set up", "the system has to fail in the child that compiles"),
    ("the result cannot be written", "the system has to fail in the child that compiles"),
    ("the engine failed in the middle of a call", "wasmtime has to fail by itself"),
    ("list of fixed length", "a type that today's components do not have"),
    ("fuel allocated for hostcalls", "a text of wasmtime that is looked for, not said"),
    ("string values must be quoted, expected literal string", "a text of the reader that is looked for, not said"),
    ("wanted string or table", "a text of the reader that is looked for, not said"),
    (", there are no fields", "a text of the reader that is looked for, not said"),
    ("policy {policy} is activated but cannot be loaded: {}", "a stored file has to be damaged"),
    ("policy {policy} is not stored", "the store keeps what its rows name"),
    ("terms {terms} are not stored", "the store keeps what its rows name"),
    ("terms {digest} of an activation are not stored", "the store keeps what its rows name"),
    (
        "another change was recorded at the same moment; look at `GET /v1/activations` and send yours again",
        "two hosts have to record a change at one moment",
    ),
];

/// Fewer words are a name or a heading.
const WORDS_MIN: usize = 4;

/// Attributes whose texts nobody is answered with.
const SILENT_ATTRIBUTES: [&str; 7] = ["doc", "expect", "allow", "serde", "schema", "arg", "command"];

/// Macros and methods whose texts are for operators and programmers.
const SILENT_CALLS: [&str; 2] = ["tracing", "expect"];

#[test]
fn every_sentence_of_a_refusal_stands_whole_in_a_test() {
    let pinned = pinned();
    let mut offenders = Vec::new();
    for file in files_ending(".rs") {
        if !file.is_in(&SPEAKING) || file.is_in(&DESCRIBING) || is_test(&file.name) {
            continue;
        }
        let is_open = |text: &String| is_sentence(text) && !is_unreached(text) && !is_in(&pinned, text);
        let unpinned = texts(&file, Part::Code).into_iter().filter(is_open);
        offenders.extend(unpinned.map(|text| format!("{}: {text:?}", file.name)));
    }
    refuse(&offenders, "write a test that compares these words whole, what they have for `{…}` included");
}

#[test]
fn what_no_test_can_bring_about_is_still_said_somewhere() {
    let sources = files_ending(".rs").into_iter().filter(|file| file.is_in(&SPEAKING));
    let said: Vec<String> = sources.flat_map(|file| texts(&file, Part::Code)).collect();
    let gone = UNREACHED.iter().filter(|(text, _)| !said.iter().any(|said| said == text));
    let gone: Vec<String> = gone.map(|(text, reason)| format!("{text:?}: {reason}")).collect();
    refuse(&gone, "take these out of the list");
}

#[test]
fn a_sentence_is_found_by_what_stands_around_its_places() {
    let pinned = ["the code `T1017` has no `[[code]]` row; add one".to_owned(), "2 of 3 rows".to_owned()];
    assert!(is_in(&pinned, "the code `{code}` has no `[[code]]` row; add one"));
    assert!(is_in(&pinned, "{} of {total} rows"));
    assert!(!is_in(&pinned, "the code `{code}` has no `[[code]]` row; add two"));
    assert!(!is_in(&pinned, "the code {} rows"), "its parts stand in two texts");
    assert!(is_in(&["{ a } b".to_owned()], "{{ {name} }} b"));
}

/// Every text that tests hold: their literals, their fixtures, and the pages that tests compare.
fn pinned() -> Vec<String> {
    let sources = files_ending(".rs");
    let mut pinned: Vec<String> = sources
        .iter()
        .flat_map(|file| texts(file, if is_test(&file.name) { Part::Whole } else { Part::Tests }))
        .collect();
    let is_fixture = |file: &TreeFile| {
        let lies_by_tests = file.name.contains("/tests/") || file.name.contains("/texts/");
        (lies_by_tests && file.ends_with(&[".toml", ".txt"])) || file.is_in(&["sdk/guide/", "sdk/TABLES.md"])
    };
    let fixtures = files().into_iter().filter(is_fixture);
    pinned.extend(fixtures.map(|file| file.text().replace("\\\"", "\"").replace("\\\\", "\\")));
    pinned
}

fn is_test(name: &str) -> bool {
    name.contains("/tests/")
        || name.ends_with("/tests.rs")
        || name.ends_with("_tests.rs")
        || name.ends_with("/texts.rs")
}

fn is_unreached(text: &str) -> bool {
    text.starts_with("func(batch: ") || UNREACHED.iter().any(|(unreached, _)| *unreached == text)
}

fn is_sentence(text: &str) -> bool {
    text.split_whitespace().count() >= WORDS_MIN
}

/// Which literals of a file are meant.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Whole,
    /// Without the modules of tests.
    Code,
    /// The modules of tests alone.
    Tests,
}

fn texts(file: &TreeFile, part: Part) -> Vec<String> {
    let tokens: TokenStream = file.text().parse().unwrap_or_else(|fault| panic!("`{}`: {fault}", file.name));
    let mut texts = Vec::new();
    collect(tokens, part, &mut texts);
    texts
}

fn collect(tokens: TokenStream, part: Part, texts: &mut Vec<String>) {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let mut is_next_of_tests = false;
    for (index, token) in tokens.iter().enumerate() {
        let before = tokens.get(..index).unwrap_or_default();
        match token {
            TokenTree::Literal(literal) if part != Part::Tests => {
                if let syn::Lit::Str(text) = syn::Lit::new(literal.clone()) {
                    texts.push(text.value());
                }
            }
            TokenTree::Group(group) if is_attribute(before) && group.delimiter() == Delimiter::Bracket => {
                let attribute = group.stream().to_string();
                is_next_of_tests |= attribute == "cfg (test)" || attribute == "cfg(test)";
                if !SILENT_ATTRIBUTES.iter().any(|name| attribute.starts_with(name)) {
                    collect(group.stream(), part, texts);
                }
            }
            TokenTree::Group(group) if is_next_of_tests && group.delimiter() == Delimiter::Brace => {
                is_next_of_tests = false;
                if part != Part::Code {
                    collect(group.stream(), Part::Whole, texts);
                }
            }
            TokenTree::Group(group) if part == Part::Whole || !is_silent(before) => {
                collect(group.stream(), part, texts);
            }
            TokenTree::Punct(punct) if punct.as_char() == ';' => is_next_of_tests = false,
            _ => {}
        }
    }
}

fn is_attribute(before: &[TokenTree]) -> bool {
    match before {
        [.., TokenTree::Punct(mark)] if mark.as_char() == '#' => true,
        [.., TokenTree::Punct(mark), TokenTree::Punct(inner)] => mark.as_char() == '#' && inner.as_char() == '!',
        _ => false,
    }
}

/// Whether what stands before a group makes it the arguments of a call that answers nobody.
fn is_silent(before: &[TokenTree]) -> bool {
    let near = before.iter().rev().take(5);
    near.take_while(|token| !matches!(token, TokenTree::Group(_)))
        .any(|token| matches!(token, TokenTree::Ident(name) if SILENT_CALLS.iter().any(|silent| name == silent)))
}

/// Whether one of the texts holds the sentence, with anything at its places.
fn is_in(pinned: &[String], sentence: &str) -> bool {
    let parts: Vec<String> = parts(sentence).into_iter().filter(|part| !part.is_empty()).collect();
    pinned.iter().any(|text| {
        let Some((first, rest)) = parts.split_first() else { return true };
        text.match_indices(first.as_str()).any(|(at, found)| {
            let mut rest_of_text = text.get(at + found.len()..).unwrap_or_default();
            rest.iter().all(|part| match rest_of_text.find(part.as_str()) {
                Some(at) => {
                    rest_of_text = rest_of_text.get(at + part.len()..).unwrap_or_default();
                    true
                }
                None => false,
            })
        })
    })
}

/// What stands between the places of a format string.
fn parts(sentence: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut letters = sentence.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '{' | '}' if letters.peek() == Some(&letter) => {
                letters.next();
                parts.last_mut().expect("one part").push(letter);
            }
            '{' => {
                letters.by_ref().find(|letter| *letter == '}');
                parts.push(String::new());
            }
            _ => parts.last_mut().expect("one part").push(letter),
        }
    }
    parts
}
