//! Records as they are answered.

use adjudica_core::Token;
use adjudica_core::records::RecordBody;
use adjudica_service::clock::instant_text;
use adjudica_store::{RecordVersion, StoredRecord};
use serde::Serialize;

/// A record as it is answered.
#[derive(Debug, Serialize)]
pub struct RecordAnswer<'a> {
    record_id: &'a Token,
    subject: &'static str,
    subject_id: &'a Token,
    body: &'a RecordBody,
    version: i64,
    written_at: String,
    written_by: Option<&'a str>,
}

impl<'a> RecordAnswer<'a> {
    /// The answer about `stored`.
    #[must_use]
    pub fn new(stored: &'a StoredRecord) -> Self {
        Self {
            record_id: &stored.record.record_id,
            subject: stored.record.body.subject().as_str(),
            subject_id: &stored.record.subject_id,
            body: &stored.record.body,
            version: stored.version,
            written_at: instant_text(stored.written_at),
            written_by: stored.written_by.as_deref(),
        }
    }
}

/// A version of a record as it is answered.
#[derive(Debug, Serialize)]
pub struct VersionAnswer<'a> {
    version: i64,
    operation: &'a str,
    subject_id: &'a Token,
    body: &'a RecordBody,
    recorded_at: String,
    recorded_by: Option<&'a str>,
}

impl<'a> VersionAnswer<'a> {
    /// The answer about `version`.
    #[must_use]
    pub fn new(version: &'a RecordVersion) -> Self {
        Self {
            version: version.version,
            operation: &version.operation,
            subject_id: &version.subject_id,
            body: &version.body,
            recorded_at: instant_text(version.recorded_at),
            recorded_by: version.recorded_by.as_deref(),
        }
    }
}
