//! What is found in files of encounters, form by form.

use std::path::PathBuf;

use super::*;
use crate::exit::{Fault, Refusal};

const HEADER: &str = "encounter_id,client_id,payer_id,date_of_service,rendering_provider_id,rendering_provider_role,\
    billing_provider_id,phase,mode,minutes,modifiers";

fn cells(id: &str, minutes: &str) -> String {
    format!("{id},c1,acme,2026-02-03,s1,RN,b1,assessment,video,{minutes},")
}

fn json(id: &str, more: &str) -> String {
    format!(
        r#"{{"encounter_id":"{id}","client_id":"c1","payer_id":"acme","date_of_service":"2026-02-03","rendering_provider_id":"s1","rendering_provider_role":"RN","billing_provider_id":"b1","phase":"assessment","mode":"video"{more}}}"#
    )
}

/// Row, field and message of a fault.
type Told = (Option<u64>, Option<String>, String);

struct Files {
    paths: Vec<PathBuf>,
    _folder: tempfile::TempDir,
}

impl Files {
    fn of(files: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let write = |(name, text): &(&str, &str)| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).expect("writes");
            path
        };
        let paths = files.iter().map(write).collect();
        Self { paths, _folder: folder }
    }

    fn survey(&self) -> Result<Survey<EncounterFacts>, Refusal> {
        Survey::of(&self.paths, Faulty::TakeGood, &|_| {})
    }

    /// Ids of the good rows, and the faults with their rows.
    fn found(&self) -> (Vec<String>, Vec<Told>) {
        let survey = self.survey().expect("rows");
        let id = |position| survey.item(position, &mut Again::default()).expect("facts").encounter_id.to_string();
        let faults = survey.faults.iter().cloned().map(|Fault { row, field, message, .. }| (row, field, message));
        (survey.good().map(id).collect(), faults.collect())
    }
}

fn found(name: &str, text: &str) -> (Vec<String>, Vec<Told>) {
    Files::of(&[(name, text)]).found()
}

#[test]
fn it_counts_rows_as_a_spreadsheet_does() {
    let long = format!(
        "\u{feff}{HEADER}\n{}\n\n\"e2\n\",c1\n,,,,,,,,,,\n{}\n{}",
        cells("e3", "30"),
        cells("e4", "x"),
        cells("e3", "")
    );
    let files = Files::of(&[("a.csv", &long)]);
    let survey = files.survey().expect("rows");
    assert_eq!((survey.count, survey.empty), (4, 1));
    let (good, faults) = files.found();
    assert_eq!(good, ["e3"]);
    let places: Vec<_> = faults.iter().map(|(row, field, _)| (*row, field.as_deref())).collect();
    assert_eq!(places, [(Some(4), None), (Some(6), Some("minutes")), (Some(7), Some("encounter_id"))]);
    assert_eq!(faults[0].2, "it has 2 cells where the header has 11");
    assert_eq!(faults[2].2, "is the id of row 2 too; give each encounter once");
    for ends in ["\r\n", "\r"] {
        let other = Files::of(&[("a.csv", &long.replace('\n', ends))]).found();
        assert_eq!(other, (good.clone(), faults.clone()), "{ends:?}");
    }
}

#[test]
fn it_refuses_a_header_with_every_wrong_name() {
    let refusal =
        Files::of(&[("a.csv", "encounter_id,Minutes,encounter_id\n")]).survey().map(drop).expect_err("a fault");
    let told = format!("{refusal}");
    assert!(told.contains("`Minutes` is not a column, `encounter_id` is there twice; the columns are"), "{told}");
}

#[test]
fn it_reads_json_in_its_three_forms() {
    let (one, two) = (json("e1", ""), json("e2", r#","minutes":30"#));
    assert_eq!(found("a.json", &format!("[{one},\n {two}]")), (vec!["e1".to_owned(), "e2".to_owned()], vec![]));
    assert_eq!(found("a.json", &one), (vec!["e1".to_owned()], vec![]));
    assert_eq!(found("a", &format!(" {one}\r\n{two}")), (vec!["e1".to_owned(), "e2".to_owned()], vec![]));
    let (good, faults) = found("a.ndjson", &format!("{one}\n\n{{oops\n{two}\n{}", json("e3", r#","mode":"video""#)));
    assert_eq!(good, ["e1", "e2"]);
    let places: Vec<_> = faults.iter().map(|(row, field, _)| (*row, field.as_deref())).collect();
    assert_eq!(places, [(Some(3), None), (Some(5), Some("mode"))]);
    let (good, faults) = found("a.json", &format!("[{one},{}]", json("e4", r#","minutes":1,"minutes":2"#)));
    assert_eq!((good.len(), faults[0].0, faults[0].1.as_deref()), (1, Some(2), Some("minutes")));
    let refusal = Files::of(&[("a.json", "[{\"a\":1},\n oops]")]).survey().map(drop).expect_err("a fault").to_string();
    assert!(refusal.contains("line 2, column"), "{refusal}");
}

#[test]
fn it_tells_bytes_that_are_no_text_by_their_place() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.ndjson");
    let mut bytes = vec![b' '; (1 << 20) - 1];
    bytes.extend("é".as_bytes());
    bytes.push(0xFF);
    std::fs::write(&path, bytes).expect("writes");
    let refusal =
        Survey::<EncounterFacts>::of(&[path], Faulty::TakeGood, &|_| {}).map(drop).expect_err("a fault").to_string();
    assert!(refusal.contains("it is not UTF-8 text from byte 1048577 on; save it as UTF-8"), "{refusal}");
}

#[test]
fn it_names_the_file_of_an_id_that_is_there_twice() {
    let (one, two) = (json("e1", ""), json("e1", r#","minutes":900000"#));
    let files = Files::of(&[("a.ndjson", &format!("{one}\n{}", json("e2", ""))), ("b.ndjson", &two)]);
    let survey = files.survey().expect("rows");
    let told: Vec<String> = survey.faults.iter().map(|fault| fault.message.clone()).collect();
    assert_eq!(told.len(), 2);
    let first = files.paths[0].display();
    assert_eq!(told[1], format!("is the id of row 1 of {first} too; give each encounter once"));
    assert_eq!((survey.good().count(), survey.bad()), (2, 1));
}

/// What another program writes can be read once only.
#[test]
fn it_reads_what_another_program_writes() {
    let (reader, mut writer) = std::io::pipe().expect("a pipe");
    std::io::Write::write_all(&mut writer, format!("{}\n{}\n", json("e1", ""), json("e2", "")).as_bytes())
        .expect("writes");
    drop(writer);
    let path = PathBuf::from(format!("/dev/fd/{}", std::os::fd::AsRawFd::as_raw_fd(&reader)));
    let survey = Survey::<EncounterFacts>::of(&[path], Faulty::RefuseAll, &|_| {}).expect("rows");
    // Without an ending the first character says what it is.
    assert_eq!(survey.good().count(), 2);
    assert!(survey.good().all(|position| survey.item(position, &mut Again::default()).is_ok()));
}

#[test]
fn it_says_the_same_of_a_row_when_it_is_asked_again() {
    let row = |number: usize| {
        format!(
            r#"{{"encounter_id":"e{number}","client_id":"c{}","payer_id":"sim","date_of_service":"2025-03-01","minutes":{number},"rendering_provider_id":"s1","rendering_provider_role":"RN","billing_provider_id":"b1","phase":"closure","mode":"video"}}"#,
            number / 3
        )
    };
    let files = Files::of(&[("e.ndjson", &format!("{}\n{{}}\n{}\n", row(1), row(2)))]);
    let survey = files.survey().expect("rows");
    for position in survey.good() {
        // What was kept is given away; the second time the file is read.
        let [first, second] = [(); 2].map(|()| survey.item(position, &mut Again::default()).expect("facts"));
        assert_eq!(first, second);
    }
    assert_eq!(survey.good().count(), 2);
}
