//! Records as they are kept, asked for and put, and their rows both ways. What they say is the core's.

use std::collections::{BTreeMap, BTreeSet};

use adjudica_core::records::{Days, EXCLUSIVE_KINDS, Record, RecordBody, RecordSubject};
use adjudica_core::{ServiceDate, Token};
use serde::{Deserialize, Serialize};

use crate::encounter::Parts;
use crate::error::StoreError;
use crate::instant::{Instant, microseconds, parse_instant};
use crate::raw::lossy::Lossy;
use crate::raw::token;

/// What records are about: an agency's client, provider, practice or encounter.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct RecordKey {
    /// The agency.
    pub agency_id: Token,
    /// What sort of thing.
    pub subject: RecordSubject,
    /// Which.
    pub subject_id: Token,
}

/// Records to be put, in parts: those about one thing are in one part, and each id is given once over all.
#[derive(Clone, Copy)]
pub struct NewRecords<'n, 'p> {
    /// The agency.
    pub agency_id: &'n Token,
    /// The records.
    pub parts: &'n Parts<'p, Record>,
    /// Whether a record of this id is among them: what is replaced stands in nobody's way.
    pub gives: &'n (dyn Fn(&Token) -> bool + Send + Sync),
    /// Who brings them.
    pub written_by: &'n str,
    /// When.
    pub now: Instant,
}

/// A record with what the store adds to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredRecord {
    /// The record.
    pub record: Record,
    /// 1 at first, one more at each change.
    pub version: i64,
    /// When it was last written.
    pub written_at: Instant,
    /// Who wrote it, where they said so.
    pub written_by: Option<String>,
}

/// One version of a record: what was written, changed or removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordVersion {
    /// Its number.
    pub version: i64,
    /// `insert`, `update` or `delete`.
    pub operation: String,
    /// What the record said; before its removal where it was removed.
    pub body: RecordBody,
    /// What it was about.
    pub subject_id: Token,
    /// When.
    pub recorded_at: Instant,
    /// Who, where they said so.
    pub recorded_by: Option<String>,
}

/// Records of many things, by agency.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LoadedRecords {
    /// Those that could be read.
    pub agency_to_records: BTreeMap<Token, Vec<Record>>,
    /// Those that could not. Other systems write records, so this is news, not an error.
    pub bad: Vec<BadRecord>,
}

/// A record that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadRecord {
    /// What it is about.
    pub key: RecordKey,
    /// The days that its row names: it stands in the way of encounters on these.
    pub days: Days,
    /// Why, in one sentence.
    pub fault: String,
}

/// A row of `record` as both databases give it.
#[derive(sqlx::FromRow)]
pub(crate) struct RawRecord {
    #[sqlx(try_from = "Lossy")]
    pub(crate) agency_id: String,
    #[sqlx(try_from = "Lossy")]
    pub(crate) record_id: String,
    #[sqlx(try_from = "Lossy")]
    pub(crate) subject: String,
    #[sqlx(try_from = "Lossy")]
    pub(crate) subject_id: String,
    #[sqlx(try_from = "Lossy")]
    pub(crate) body: String,
    pub(crate) version: i64,
    pub(crate) written_at: i64,
    pub(crate) written_by: Option<String>,
    /// Read where records are loaded for decisions.
    #[sqlx(default)]
    pub(crate) from_day: Option<String>,
    #[sqlx(default)]
    pub(crate) to_day: Option<String>,
}

/// A row of `record_version`.
#[derive(sqlx::FromRow)]
pub(crate) struct RawVersion {
    version: i64,
    operation: String,
    subject_id: String,
    body: String,
    recorded_at: i64,
    recorded_by: Option<String>,
}

impl RawRecord {
    pub(crate) fn parse(&self) -> Result<StoredRecord, StoreError> {
        Ok(StoredRecord {
            record: self.record().map_err(|fault| self.corrupt(fault))?,
            version: self.version,
            written_at: parse_instant(self.written_at, "record", &self.record_id)?,
            written_by: self.written_by.clone(),
        })
    }

    fn record(&self) -> Result<Record, String> {
        let name = |text: &str| Token::parse(text).map_err(|fault| fault.to_string());
        let body: RecordBody = serde_json::from_str(&self.body).map_err(|fault| without_values(&fault))?;
        if body.subject().as_str() != self.subject {
            return Err(format!("a `{}` is about a {}, not a {}", body.kind(), body.subject().as_str(), self.subject));
        }
        let faults = body.faults();
        if !faults.is_empty() {
            return Err(faults.join("; "));
        }
        Ok(Record { record_id: name(&self.record_id)?, subject_id: name(&self.subject_id)?, body })
    }

    fn corrupt(&self, fault: String) -> StoreError {
        StoreError::Corrupt { table: "record", row: self.record_id.clone(), fault }
    }
}

/// What is wrong with a stored body, by the names of fields alone: its values are client data and go into no message.
fn without_values(fault: &serde_json::Error) -> String {
    let told = fault.to_string();
    let names_a_field =
        ["missing field `", "unknown field `", "duplicate field `"].iter().any(|start| told.starts_with(start));
    let field = told.split('`').nth(1).filter(|_| names_a_field);
    match field {
        Some(field) => format!("{} `{field}`", told.split('`').next().unwrap_or_default().trim_end()),
        None => "a value has another form than its field; see SCHEMA.md for the kind".to_owned(),
    }
}

impl RawVersion {
    pub(crate) fn parse(self, record_id: &Token) -> Result<RecordVersion, StoreError> {
        let row = record_id.as_str();
        let body = serde_json::from_str(&self.body).map_err(|fault| StoreError::Corrupt {
            table: "record_version",
            row: row.to_owned(),
            fault: without_values(&fault),
        })?;
        Ok(RecordVersion {
            version: self.version,
            operation: self.operation,
            body,
            subject_id: token(&self.subject_id, "record_version", row)?,
            recorded_at: parse_instant(self.recorded_at, "record_version", row)?,
            recorded_by: self.recorded_by,
        })
    }
}

/// Puts read rows together by agency.
pub(crate) fn load(rows: &[RawRecord]) -> Result<LoadedRecords, StoreError> {
    let mut loaded = LoadedRecords::default();
    for row in rows {
        let agency_id = token(&row.agency_id, "record", &row.record_id)?;
        match row.record() {
            Ok(record) => loaded.agency_to_records.entry(agency_id).or_default().push(record),
            Err(fault) => {
                let subjects =
                    [RecordSubject::Client, RecordSubject::Provider, RecordSubject::Practice, RecordSubject::Encounter];
                let subject = subjects.into_iter().find(|subject| subject.as_str() == row.subject);
                let Some(subject) = subject else { continue };
                let subject_id = token(&row.subject_id, "record", &row.record_id)?;
                let fault = format!("the record `{}` cannot be read: {fault}", row.record_id);
                let key = RecordKey { agency_id, subject, subject_id };
                // A day that is none leaves its side open: that makes more encounters wait for the record than it touches.
                let day = |text: Option<&String>| text.and_then(|text| ServiceDate::parse(text).ok());
                let days = Days { from: day(row.from_day.as_ref()), to: day(row.to_day.as_ref()) };
                loaded.bad.push(BadRecord { key, days, fault });
            }
        }
    }
    Ok(loaded)
}

/// A record to be written. Both databases take sets of these as JSON.
#[derive(Serialize, Deserialize)]
pub(crate) struct RecordRow {
    record_id: String,
    kind: String,
    subject: String,
    subject_id: String,
    from_day: Option<String>,
    to_day: Option<String>,
    body: String,
    written_at: i64,
    written_by: String,
}

impl RecordRow {
    pub(crate) fn new(record: &Record, written_by: &str, now: Instant) -> Self {
        let days = record.body.days();
        Self {
            record_id: record.record_id.as_str().to_owned(),
            kind: record.body.kind().to_owned(),
            subject: record.body.subject().as_str().to_owned(),
            subject_id: record.subject_id.as_str().to_owned(),
            from_day: days.from.map(|day| day.to_string()),
            to_day: days.to.map(|day| day.to_string()),
            body: serde_json::to_string(&record.body).unwrap_or_default(),
            written_at: microseconds(now),
            written_by: written_by.to_owned(),
        }
    }
}

/// Refuses records with faults, naming every one.
pub(crate) fn require_sound(records: &[Record]) -> Result<(), StoreError> {
    let mut faults = Vec::new();
    let mut seen = BTreeSet::new();
    for record in records {
        let id = &record.record_id;
        faults.extend(record.body.faults().into_iter().map(|fault| format!("`{id}`: {fault}")));
        if !seen.insert(id) {
            faults.push(format!("`{id}`: is there twice; give each record once"));
        }
    }
    faults.extend(adjudica_core::records::faults_together(records));
    if faults.is_empty() { Ok(()) } else { Err(StoreError::BadRecords { faults }) }
}

/// A refusal of the tables' own triggers is a fault of what was to be written, in their words.
pub(crate) fn refused(error: sqlx::Error) -> StoreError {
    let message = error.as_database_error().map(|error| error.message().to_owned());
    match message.filter(|message| message.starts_with("the client has another case manager")) {
        Some(message) => StoreError::BadRecords { faults: vec![message] },
        None => StoreError::during("writing records")(error),
    }
}

/// Whose records `new` could exclude, each once; most kinds exclude none.
pub(crate) fn whose_could_clash(agency_id: &Token, new: &[Record]) -> Vec<RecordKey> {
    let exclusive = new.iter().filter(|record| EXCLUSIVE_KINDS.contains(&record.body.kind()));
    let key = |record: &Record| RecordKey {
        agency_id: agency_id.clone(),
        subject: record.body.subject(),
        subject_id: record.subject_id.clone(),
    };
    exclusive.map(key).collect::<BTreeSet<_>>().into_iter().collect()
}

/// Refuses records that cannot be so beside those that are there: `there` are all about the same subjects and stay.
pub(crate) fn require_fit(new: &[Record], there: Vec<Record>) -> Result<(), StoreError> {
    let all: Vec<Record> = there.into_iter().chain(new.iter().cloned()).collect();
    let faults = adjudica_core::records::faults_together(&all);
    if faults.is_empty() { Ok(()) } else { Err(StoreError::BadRecords { faults }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_tells_faults_of_a_body_without_its_values() {
        for (body, told) in [
            (r#"{"kind":"goal"}"#, "missing field `goal_id`"),
            (r#"{"kind":"goal","goal_id":"g","gaol":1}"#, "unknown field `gaol`"),
            (
                r#"{"kind":"goal","goal_id":"Jane Doe"}"#,
                "a value has another form than its field; see SCHEMA.md for the kind",
            ),
            (r#"{"kind":"Jane Doe"}"#, "a value has another form than its field; see SCHEMA.md for the kind"),
            ("Jane Doe", "a value has another form than its field; see SCHEMA.md for the kind"),
        ] {
            let fault = serde_json::from_str::<RecordBody>(body).expect_err("a fault");
            assert_eq!(without_values(&fault), told, "{body}");
        }
    }
}
