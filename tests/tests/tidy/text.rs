//! What no file of the tree may hold: paths of one machine, marks of a half-done merge.

use crate::refuse;
use crate::tree::files;

/// Folders of one machine or one person, written in pieces so that this file does not hold them.
const MACHINE_PATHS: [&str; 5] = [
    concat!("/ro", "ot/"),
    concat!("/wo", "rk/"),
    concat!("/ho", "me/"),
    concat!("/Us", "ers/"),
    concat!("/tmp", "/plan"),
];

const MERGE_MARKS: [&str; 2] = ["<<<<<<< ", ">>>>>>> "];

#[test]
fn no_file_names_a_path_of_one_machine() {
    let mut offenders = Vec::new();
    for file in files() {
        for (number, line) in file.text().lines().enumerate() {
            let found = MACHINE_PATHS.iter().filter(|path| names_path(line, path));
            offenders.extend(found.map(|path| format!("{}:{}: `{path}`", file.name, number + 1)));
        }
    }
    refuse(&offenders, "write paths from the root of the checkout, or take them from the environment");
}

#[test]
fn no_file_holds_marks_of_a_merge() {
    let mut offenders = Vec::new();
    for file in files() {
        let marked = file.text().lines().any(|line| MERGE_MARKS.iter().any(|mark| line.starts_with(mark)));
        if marked {
            offenders.push(file.name.clone());
        }
    }
    refuse(&offenders, "finish the merge of these files");
}

/// A path begins a word; the same letters inside an address on the web do not count.
fn names_path(line: &str, path: &str) -> bool {
    line.match_indices(path).any(|(at, _)| {
        let before = line.get(..at).and_then(|before| before.chars().next_back());
        before.is_none_or(|letter| !letter.is_alphanumeric() && !"._-~}/".contains(letter))
    })
}

#[test]
fn a_machine_path_is_told_from_an_address() {
    let path = MACHINE_PATHS[0];
    assert!(names_path(&format!("cd {path}x"), path));
    assert!(names_path(&format!("\"{path}x\""), path));
    assert!(!names_path(&format!("https://example.org{path}x"), path));
}
