//! Keeps policy files and terms.

use adjudica_core::Digest;

use crate::error::StoreError;
use crate::instant::microseconds;
use crate::library::{PolicyFile, PolicyFileSummary, RawPolicyFile, parse_policy_file, require_digest, require_intact};
use crate::raw::digest;

use super::dialect::{Dialect, hold_versions};

const SAME_VERSION: &str = "SELECT digest FROM policy_file WHERE policy_id = $1 AND version = $2";

const INSERT: &str = "
    INSERT INTO policy_file (digest, policy_id, version, manifest_json, size_bytes, wasm, uploaded_at, uploaded_by)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";

const LIST: &str = "
    SELECT f.digest, policy_id, version, manifest_json, size_bytes, uploaded_at, uploaded_by, reason, yanked_at, yanked_by
    FROM policy_file f LEFT JOIN policy_yank y ON y.digest = f.digest
    ORDER BY policy_id, uploaded_at, version";

const LOAD: &str = "SELECT wasm FROM policy_file WHERE digest = $1";

const INSERT_TERMS: &str = "INSERT INTO terms (digest, json) VALUES ($1, $2) ON CONFLICT (digest) DO NOTHING";

const FIND_TERMS: &str = "SELECT json FROM terms WHERE digest = $1";

pub(super) async fn insert_policy_file(store: &Dialect, file: &PolicyFile) -> Result<(), StoreError> {
    let failed = StoreError::during("keeping a policy file");
    require_digest("policy file", file.digest, &file.wasm)?;
    let mut transaction = store.begin().await.map_err(failed)?;
    hold_versions(&mut transaction).await.map_err(failed)?;
    let query = sqlx::query_scalar(SAME_VERSION).bind(file.policy_id.as_str()).bind(file.version.as_str());
    let there: Option<String> = query.fetch_optional(&mut *transaction).await.map_err(failed)?;
    if let Some(there) = there {
        return file.require_same(digest(&there, "policy_file", &there)?);
    }
    let query = sqlx::query(INSERT)
        .bind(file.digest.to_string())
        .bind(file.policy_id.as_str())
        .bind(file.version.as_str())
        .bind(file.manifest_json.as_str())
        .bind(i64::try_from(file.wasm.len()).unwrap_or(i64::MAX))
        .bind(file.wasm.as_slice())
        .bind(microseconds(file.uploaded_at))
        .bind(file.uploaded_by.as_str());
    query.execute(&mut *transaction).await.map_err(failed)?;
    transaction.commit().await.map_err(failed)
}

pub(super) async fn list_policy_files(store: &Dialect) -> Result<Vec<PolicyFileSummary>, StoreError> {
    let failed = StoreError::during("listing policy files");
    let rows: Vec<RawPolicyFile> = sqlx::query_as(LIST).fetch_all(store.readers()).await.map_err(failed)?;
    rows.into_iter().map(parse_policy_file).collect()
}

pub(super) async fn load_policy_wasm(store: &Dialect, wanted: Digest) -> Result<Option<Vec<u8>>, StoreError> {
    let failed = StoreError::during("reading a policy file");
    let query = sqlx::query_scalar(LOAD).bind(wanted.to_string());
    let wasm: Option<Vec<u8>> = query.fetch_optional(store.readers()).await.map_err(failed)?;
    wasm.map(|wasm| require_intact(wanted, wasm)).transpose()
}

pub(super) async fn insert_terms(store: &Dialect, digest: Digest, json: &str) -> Result<(), StoreError> {
    let failed = StoreError::during("keeping terms");
    require_digest("terms", digest, json.as_bytes())?;
    let mut transaction = store.begin().await.map_err(failed)?;
    sqlx::query(INSERT_TERMS).bind(digest.to_string()).bind(json).execute(&mut *transaction).await.map_err(failed)?;
    transaction.commit().await.map_err(failed)
}

pub(super) async fn find_terms(store: &Dialect, digest: Digest) -> Result<Option<String>, StoreError> {
    let failed = StoreError::during("reading terms");
    sqlx::query_scalar(FIND_TERMS).bind(digest.to_string()).fetch_optional(store.readers()).await.map_err(failed)
}
