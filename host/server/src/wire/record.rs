//! Bodies about records: as they are sent, for the OpenAPI document, and as they are answered. A record describes itself.

use adjudica_core::records::{Record, RecordBody, RecordSubject};
use adjudica_service::clock::instant_text;
use adjudica_store::{PutReport, RecordVersion, StoredRecord};
use serde::Serialize;
use utoipa::ToSchema;

/// Records to keep.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"records": [{"record_id": "cov-1", "subject_id": "c-1", "body": {"kind": "coverage",
    "payer_id": "bcbsm", "coverage_kind": "commercial", "order": 1, "from": "2026-01-01"}}]}))]
pub struct RecordsPut {
    /// At most 10,000.
    pub records: Vec<Record>,
}

/// What a put of records did.
#[derive(Debug, Serialize, ToSchema)]
pub struct RecordsPutReport {
    /// Records that were not there.
    pub inserted: u64,
    /// Records that were there as given.
    pub unchanged: u64,
    /// Records that changed.
    pub updated: u64,
}

impl From<PutReport> for RecordsPutReport {
    fn from(report: PutReport) -> Self {
        Self { inserted: report.inserted, unchanged: report.unchanged, updated: report.updated }
    }
}

/// A record on file.
#[derive(Debug, Serialize, ToSchema)]
pub struct RecordStored {
    /// Its id.
    pub record_id: String,
    /// What it is about.
    pub subject: RecordSubject,
    /// Which.
    pub subject_id: String,
    /// What it says.
    pub body: RecordBody,
    /// 1 at first, one more at each change.
    pub version: i64,
    /// When it was last written.
    #[schema(format = DateTime)]
    pub written_at: String,
    /// Who wrote it.
    #[schema(required)]
    pub written_by: Option<String>,
}

impl From<StoredRecord> for RecordStored {
    fn from(stored: StoredRecord) -> Self {
        Self {
            record_id: stored.record.record_id.to_string(),
            subject: stored.record.body.subject(),
            subject_id: stored.record.subject_id.to_string(),
            body: stored.record.body,
            version: stored.version,
            written_at: instant_text(stored.written_at),
            written_by: stored.written_by,
        }
    }
}

/// Records on file.
#[derive(Debug, Serialize, ToSchema)]
pub struct RecordPage {
    /// In order of id.
    pub items: Vec<RecordStored>,
}

/// Every version of a record.
#[derive(Debug, Serialize, ToSchema)]
pub struct RecordVersions {
    /// The oldest first.
    pub items: Vec<RecordVersionBody>,
}

/// One version of a record.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RecordVersion)]
pub struct RecordVersionBody {
    /// Its number.
    pub version: i64,
    /// `insert`, `update` or `delete`.
    pub operation: String,
    /// What it was about.
    pub subject_id: String,
    /// What it said.
    pub body: RecordBody,
    /// When.
    #[schema(format = DateTime)]
    pub recorded_at: String,
    /// Who.
    #[schema(required)]
    pub recorded_by: Option<String>,
}

impl From<RecordVersion> for RecordVersionBody {
    fn from(version: RecordVersion) -> Self {
        Self {
            version: version.version,
            operation: version.operation,
            subject_id: version.subject_id.to_string(),
            body: version.body,
            recorded_at: instant_text(version.recorded_at),
            recorded_by: version.recorded_by,
        }
    }
}
