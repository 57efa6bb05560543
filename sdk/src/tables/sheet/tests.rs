//! What a sheet's rows are, and every fault of a sheet at its cell.

use super::{of_file, of_pairs, spell_out};
use crate::tables::compile_with;
use toml::{Table, Value};

fn naming(text: &str) -> Table {
    text.parse().expect("TOML")
}

fn rows(table: &str, naming_row: &str, sheet: &str) -> Vec<String> {
    let (rows, faults) = of_file(table, &naming(naming_row), sheet);
    assert_eq!(faults, [], "{sheet}");
    rows.into_iter()
        .map(|row| toml::to_string(&row.values).expect("TOML").replace('\n', " ").trim().to_owned())
        .collect()
}

fn faults(table: &str, sheet: &str) -> Vec<String> {
    let (_, faults) = of_file(table, &naming("id = \"r\"\nfile = \"r.csv\""), sheet);
    faults.iter().map(ToString::to_string).collect()
}

#[test]
fn it_reads_what_a_spreadsheet_saves() {
    let expected = [
        "cents = 1500 codes = [\"T1016\"] from = 2024-01-01 id = \"r.T1016.2024-01-01\" source = \"manual\"",
        "cents = 1600 codes = [\"T1016\"] from = 2025-01-01 id = \"r.T1016.2025-01-01\" source = \"manual\"",
        "cents = 900 codes = [\"T1017\", \"@calls\"] id = \"r.T1017-calls\" source = \"memo\"",
    ];
    let named = "id = \"r\"\nfile = \"r.csv\"\nsource = \"manual\"";
    for sheet in [
        "codes,from,cents,source\nT1016,2024-01-01,1500,\nT1016,2025-01-01,1600,\nT1017 @calls,,900,memo\n",
        "\u{FEFF}codes;from;cents;source\r\nT1016;2024-01-01;1500;\r\n\r\nT1016;2025-01-01;1600;\r\n;;;\r\n\"T1017, @calls\";;900;memo\r\n",
        "codes\tfrom\tcents\tsource\t\nT1016\t2024-01-01\t1500\t\t\nT1016\t2025-01-01\t1600\nT1017;@calls\t\t900\tmemo\n",
    ] {
        let mut read = rows("rate", named, sheet);
        read.sort_by_key(|row| row.contains("memo"));
        assert_eq!(read, expected, "{sheet}");
    }
}

#[test]
fn it_leads_into_when() {
    let read = rows(
        "limit",
        "id = \"l\"\nwindow = \"day\"",
        "codes,max,together,when.roles,when.minutes_min\nT1016,2,TRUE,RN MSW,8\n",
    );
    assert_eq!(
        read,
        [
            "codes = [\"T1016\"] id = \"l.T1016\" max = 2 together = true window = \"day\"  [when] minutes_min = 8 roles = [\"RN\", \"MSW\"]"
        ]
    );
}

#[test]
fn it_joins_pairs_that_differ_in_the_second_code_alone() {
    let expected = [
        "codes = [\"99424\"] id = \"pair.99424\" window = \"day\" with = [\"99437\", \"99439\", \"@dialysis\"]",
        "codes = [\"99425\"] id = \"pair.99425\" window = \"day\" with = [\"99437\"]",
    ];
    let sheet = "codes,with\n99424,99437\n99425,99437\n99424,99439 @dialysis\n";
    assert_eq!(rows("exclude", "id = \"pair\"\nwindow = \"day\"", sheet), expected);
    let listed = "id = \"pair\"\nwindow = \"day\"\npairs = [[\"99424\", \"99437\"], [\"99425\", \"99437\"], [\"99424\", [\"99439\", \"@dialysis\"]]]";
    let read = of_pairs("exclude", &naming(listed)).expect("pairs");
    let read: Vec<String> = read
        .iter()
        .map(|row| toml::to_string(&row.values).expect("TOML").replace('\n', " ").trim().to_owned())
        .collect();
    assert_eq!(read, expected);
    for own in ["codes = [\"99424\"]", "with = [\"99424\"]"] {
        let refused = of_pairs("exclude", &naming(&format!("{listed}\n{own}"))).expect_err("a fault");
        assert_eq!(refused, "a row of `pairs` has no `codes` and no `with` of its own; leave them out");
    }
    let spelled = spell_out("exclude", Value::Table(naming(listed)), "", &mut |_| None);
    assert_eq!(spelled.len(), 2);
}

#[test]
fn it_says_what_is_wrong_at_the_cell() {
    let no_column = "1:1: `code` is no column of `rate`; there are `id`, `from`, `to`, `source`, `section`, `sentence`, `satisfied`, \
                     `remedy`, `effect`, `denial.carc`, `denial.group`, `denial.rarc`, `assumes`, `codes`, `cents`, `terms`";
    for (sheet, told) in [
        ("", vec!["1:1: the file is empty; name the columns in its first line, then a row on each line".to_owned()]),
        ("codes,cents\n,\n", vec!["1:1: the file has columns and no row; add one on each line, or leave the file out".to_owned()]),
        ("code,cents\nT1016,1\n", vec![no_column.to_owned()]),
        ("codes,codes\nT1016,1\n", vec!["1:2: the column `codes` is there twice; keep one".to_owned()]),
        (
            "codes,cents,section\nT1016,1,\"open\nT1017,1,x\n",
            vec!["2:3: the cell has a quote that is not closed on its line; close it or leave it out".to_owned()],
        ),
        ("codes,cents\nT1016,\"1", vec!["2:2: the cell has a quote that is not closed on its line; close it or leave it out".to_owned()]),
        (
            "codes;cents\r\n\"T1016\";1\r\n\"a\"b;2\r\n",
            vec!["3:1: text stands behind the closing quote; write a quote inside a cell twice".to_owned()],
        ),
        (
            "codes,cents,from,terms\nT1016,15.00,2024-01-01,\nT1016,$15,1/2/2024,maybe\nT1016,1,,,x\n",
            vec![
                "2:2: `cents`: `15.00` is not a whole number; write one without points, commas or signs of a currency".to_owned(),
                "3:2: `cents`: `$15` is not a whole number; write one without points, commas or signs of a currency".to_owned(),
                "3:3: `from`: `1/2/2024` is not a day as the tables write it; write year, month and day, such as `2026-03-31`, in a column of texts".to_owned(),
                "3:4: `terms`: `maybe` is neither `true` nor `false`; write one of them".to_owned(),
                "4:5: `x` stands under no column; name the column in the first line".to_owned(),
            ],
        ),
    ] {
        assert_eq!(faults("rate", sheet), told, "{sheet}");
    }
}

/// A policy that names files and pairs.
const POLICY: &str = include_str!("../texts/good.toml");

fn told(rows: &str, files: &[(&str, &str)]) -> Vec<String> {
    let text = format!("{POLICY}\n{rows}");
    let mut read = |path: &str| files.iter().find(|(name, _)| *name == path).map(|(_, text)| (*text).to_owned());
    compile_with(&text, &mut read).err().unwrap_or_default().iter().map(ToString::to_string).collect()
}

#[test]
fn it_says_where_a_row_of_a_file_is_wrong() {
    let rate = "[[rate]]\nid = \"r\"\nsource = \"manual\"\nfile = \"rates.csv\"\n";
    for (rows, sheet, expected) in [
        (rate, None, "28:1: the file of rows, `rates.csv`, is not at hand; correct the name or add the file"),
        (
            rate,
            Some("codes,cents\nT1061,1\n"),
            "28:1: in `rates.csv` at 2:1: the code `T1061` has no `[[code]]` row; add one or correct the code",
        ),
        (
            rate,
            Some("codes,cents\nT10166,1\n"),
            "28:1: in `rates.csv` at 2:1: `T10166` is not a procedure code; write five characters such as `G9001` or `98966`",
        ),
        (
            rate,
            Some("codes,cents,effect\nT1016,1,refuse\n"),
            "28:1: in `rates.csv` at 2:3: `effect`: unknown word `refuse`, expected one of `not_billable`, `incomplete`, `review`, `report_only`, `note`",
        ),
        (rate, Some("codes,cents\nT1016,-5\n"), "28:1: in `rates.csv` at 2:2: `cents` is below zero; give 0 or more"),
        (
            "[[exclude]]\nid = \"p\"\nwindow = \"day\"\nsource = \"manual\"\npairs = [[\"T1016\"]]\n",
            None,
            "28:1: `pairs` is a list of pairs; write `[[\"99490\", \"99487\"], ...]`, the code that is refused first",
        ),
        (
            "[[exclude]]\nid = \"p\"\npairs = [[\"T1016\", \"T1016\"]]\nfile = \"x.csv\"\n",
            None,
            "28:1: the row has both `file` and `pairs`; keep one",
        ),
        (
            "[[rate]]\nid = \"p\"\nfile = 1\n",
            None,
            "28:1: `file` names a CSV file beside the tables; write its name in quotes",
        ),
    ] {
        let files: Vec<(&str, &str)> = sheet.into_iter().map(|text| ("rates.csv", text)).collect();
        assert_eq!(told(rows, &files), [expected], "{rows}{sheet:?}");
    }
}

#[test]
fn it_keeps_the_order_of_what_must_and_must_not_be_shown() {
    let text = "[[require]]\nid = \"a\"\ninfo = \"x\"\n\n[[forbid]]\nid = \"b\"\ninfo = \"y\"\n\n[[require]]\nid = \"c\"\ninfo = \"z\"\n";
    let spelled = crate::tables::spell_out(text, "", &mut |_| None).expect("tables");
    let rows = spelled.root["require"].as_array().expect("rows");
    let told: Vec<_> = rows.iter().map(|row| (row["id"].as_str().unwrap_or(""), row.get("absent").is_some())).collect();
    assert_eq!(told, [("a", false), ("b", true), ("c", false)]);
    assert!(!spelled.root.contains_key("forbid"));
    assert_eq!(spelled.lines[&("require".to_owned(), 1)], 5);
}
