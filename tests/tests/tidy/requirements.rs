//! The list of needs: every row that it must have, and that what it names to show them exists.

use std::collections::BTreeSet;

use crate::refuse;
use crate::tree::{TreeFile, files_ending, text_of};

const LIST: &str = "docs/requirements.md";

/// Rows that the list must have.
const ROWS: [std::ops::RangeInclusive<u32>; 9] =
    [1..=47, 50..=59, 63..=65, 67..=67, 68..=68, 75..=75, 76..=76, 84..=84, 88..=88];

#[test]
fn every_need_is_listed_with_what_shows_it() {
    let sources: String = files_ending(".rs").iter().map(TreeFile::text).collect();
    let cases: String = files_ending(".toml").iter().map(TreeFile::text).collect();
    let mut offenders = Vec::new();
    let mut listed = BTreeSet::new();
    for line in text_of(LIST).lines().filter(|line| line.starts_with("| ")) {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let [number, _, how, shown] = cells.as_slice() else {
            offenders.push(format!("not four columns: {line}"));
            continue;
        };
        let Ok(number) = number.parse::<u32>() else { continue };
        listed.insert(number);
        let named: Vec<&str> = shown.split('`').skip(1).step_by(2).collect();
        if named.is_empty() && !how.starts_with("not built") {
            offenders.push(format!("row {number}: names nothing that shows it, and does not say `not built`"));
        }
        let exists =
            |name: &&str| sources.contains(&format!("fn {name}(")) || cases.contains(&format!("name = \"{name}\""));
        offenders.extend(
            named.iter().filter(|name| !exists(name)).map(|name| format!("row {number}: there is no `{name}`")),
        );
    }
    let missing = ROWS.into_iter().flatten().filter(|row| !listed.contains(row));
    offenders.extend(missing.map(|row| format!("row {row} is not listed")));
    refuse(&offenders, "docs/requirements.md says of every need how it is met and which test or case shows it");
}
