//! Reads the statements out of the sources of the store, as its macros put them together.

use std::collections::BTreeMap;
use std::path::Path;

/// A statement of the sources.
pub(crate) struct Statement {
    pub(crate) file: String,
    pub(crate) name: String,
    pub(crate) sql: String,
}

/// Every statement that a file of `folder`, or one that both databases share, has as a constant.
pub(crate) fn statements(folder: &str) -> Vec<Statement> {
    let sources = Path::new(env!("ADJUDICA_CHECKOUT")).join("host/store/src");
    let mut all = Vec::new();
    let mut files = Vec::new();
    add_files(&sources.join("alike"), &mut files);
    add_files(&sources.join(folder), &mut files);
    let texts: Vec<(String, String)> = files
        .into_iter()
        .map(|file| (file.display().to_string(), std::fs::read_to_string(&file).expect("a source")))
        .collect();
    let macros: BTreeMap<String, Macro> = texts.iter().flat_map(|(_, text)| macros_of(text)).collect();
    for (file, text) in &texts {
        let file = file.rsplit("src/").next().unwrap_or_default().to_owned();
        for part in text.replace("\npub(super) const ", "\nconst ").split("\nconst ").skip(1) {
            let Some((name, value)) = part.split_once(": &str =") else { continue };
            let sql = text_of(value.split_once(";\n").map_or(value, |(value, _)| value), &macros);
            let starts = ["SELECT", "INSERT", "UPDATE", "DELETE", "WITH"];
            if starts.iter().any(|start| sql.trim_start().starts_with(start)) {
                all.push(Statement { file: file.clone(), name: name.to_owned(), sql });
            }
        }
    }
    all
}

fn add_files(folder: &Path, files: &mut Vec<std::path::PathBuf>) {
    for entry in folder.read_dir().expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            add_files(&path, files);
        } else {
            files.push(path);
        }
    }
    files.sort();
}

/// A macro that stands for a text: the names of its parameters, and its source.
struct Macro {
    parameters: Vec<String>,
    body: String,
}

/// Macros that stand for a text, by name.
fn macros_of(text: &str) -> Vec<(String, Macro)> {
    let parts = text.split("macro_rules! ").skip(1);
    let one = |part: &str| {
        let (name, rest) = part.split_once(" {")?;
        let body = rest.split_once("\n}\n").map_or(rest, |(body, _)| body);
        let (parameters, body) = body.trim_start().strip_prefix('(')?.split_once(") => {")?;
        let parameters = parameters.split(',').filter_map(|one| Some(one.trim().split_once(':')?.0.to_owned()));
        Some((name.to_owned(), Macro { parameters: parameters.collect(), body: body.to_owned() }))
    };
    parts.filter_map(one).collect()
}

/// The text that literals and macros make together.
fn text_of(source: &str, macros: &BTreeMap<String, Macro>) -> String {
    let mut text = String::new();
    let mut rest = source;
    loop {
        let quote = rest.find('"');
        let call = macros.keys().filter_map(|name| Some((find_call(rest, name)?, name))).min();
        match (quote, call) {
            (quote, Some((at, name))) if quote.is_none_or(|quote| at < quote) => {
                let (arguments, after) = arguments_of(part(rest, at + name.len() + 2..));
                text.push_str(&expanded(name, &macros[name], &arguments, macros));
                rest = after;
            }
            (Some(quote), _) => {
                let (literal, after) = literal_of(part(rest, quote + 1..));
                text.push_str(&literal);
                rest = after;
            }
            (None, _) => return text,
        }
    }
}

/// Where the macro `name` is called, and not one whose name ends so.
fn find_call(source: &str, name: &str) -> Option<usize> {
    let is_name = |sign: char| sign.is_alphanumeric() || sign == '_';
    let calls = source.match_indices(&format!("{name}!(")).map(|(at, _)| at).collect::<Vec<_>>();
    calls.into_iter().find(|at| !part(source, ..*at).ends_with(is_name))
}

/// The arguments of a call, and what follows.
fn arguments_of(source: &str) -> (Vec<&str>, &str) {
    let (mut arguments, mut from, mut in_literal, mut escaped) = (Vec::new(), 0, false, false);
    for (at, sign) in source.char_indices() {
        match sign {
            '"' if !escaped => in_literal = !in_literal,
            ',' if !in_literal => {
                arguments.push(part(source, from..at).trim());
                from = at + 1;
            }
            ')' if !in_literal => {
                arguments.push(part(source, from..at).trim());
                return (arguments, part(source, at + 1..));
            }
            _ => {}
        }
        escaped = sign == '\\' && !escaped;
    }
    panic!("a call ends: {source}")
}

/// A literal whose first quote has been read, and what follows.
fn literal_of(source: &str) -> (String, &str) {
    let mut text = String::new();
    let mut escaped = false;
    for (at, sign) in source.char_indices() {
        match sign {
            '\\' if !escaped => escaped = true,
            '"' if !escaped => return (text, part(source, at + 1..)),
            sign => {
                escaped = false;
                text.push(sign);
            }
        }
    }
    // A text with `;` at the end of a line is cut there: no statement has one.
    (text, "")
}

/// What a call stands for. The one macro that takes any number of columns repeats for each what it has between `$(` and `)*`,
/// which it may have several times.
fn expanded(name: &str, called: &Macro, arguments: &[&str], macros: &BTreeMap<String, Macro>) -> String {
    if name != "set_of" {
        let body = called
            .parameters
            .iter()
            .zip(arguments)
            .fold(called.body.clone(), |body, (parameter, argument)| body.replace(parameter.as_str(), argument));
        return text_of(&body, macros);
    }
    let (set, columns) = arguments.split_first().expect("a set has a place");
    let named = |source: &str, [column, of_type]: [&str; 2], [name, kind]: [&str; 2]| {
        let source = source.replace(&format!("stringify!({column})"), &format!("\"{name}\""));
        source.replace(&format!("stringify!({of_type})"), &format!("\"{kind}\""))
    };
    let mut of_columns = columns.iter().map(|column| column.split_once(' ').expect("a column has a type"));
    let (first, first_type) = of_columns.next().expect("a set has a column");
    let further: Vec<(&str, &str)> = of_columns.collect();
    let whole = called.body.split_once("concat!").expect("a text").1.replace("$set", set);
    let whole = named(&whole, ["$first", "$first_type"], [first, first_type]);
    let mut body = String::new();
    let mut rest = whole.as_str();
    while let Some((before, from)) = rest.split_once("$(") {
        let (repeated, after) = from.split_once(")*").expect("further columns end");
        body.push_str(before);
        body.extend(further.iter().map(|(column, kind)| named(repeated, ["$column", "$type"], [column, kind])));
        rest = after;
    }
    body.push_str(rest);
    text_of(&body, macros)
}

fn part(text: &str, range: impl std::slice::SliceIndex<str, Output = str>) -> &str {
    text.get(range).unwrap_or_default()
}
