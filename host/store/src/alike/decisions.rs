//! Finds, lists and checks decisions.

use adjudica_core::Token;
use sqlx::Row as _;

use crate::chain::{ChainReport, ChainWalk};
use crate::decision::{DecisionFilter, DecisionPage, IdempotentAnswer, StoredDecision};
use crate::error::StoreError;
use crate::raw::decision::{RawDecision, read_decision};
use crate::raw::lossy::Lossy;
use crate::raw::{digest, token};

use super::dialect::{Dialect, Row, by};
use super::rows::all;

/// Counted, not asked with EXISTS: for that PostgreSQL may read the whole of the other table first.
macro_rules! decision_columns {
    () => {
        "agency_id, sequence, decision_id, client_id, encounter_id, encounter_revision, payer_id, date_of_service,
         outcome, policy_id, policy_version, policy_digest, terms_digest, decided_at, supersedes, previous_hash, hash,
         (SELECT count(*) FROM decision_in_force f WHERE f.agency_id = decision.agency_id
             AND f.encounter_id = decision.encounter_id AND f.decision_id = decision.decision_id) > 0,
         (SELECT count(*) FROM undecided u WHERE u.agency_id = decision.agency_id
             AND u.encounter_id = decision.encounter_id) > 0"
    };
}

const FIND: &str =
    concat!("SELECT ", decision_columns!(), ", record FROM decision WHERE agency_id = $1 AND decision_id = $2");

const LATEST: &str = concat!(
    "SELECT ",
    decision_columns!(),
    ", record FROM decision WHERE agency_id = $1 AND decision_id =
        (SELECT f.decision_id FROM decision_in_force f WHERE f.agency_id = $1 AND f.encounter_id = $2)"
);

/// What a filter says besides the client and the encounter, for which there are indexes.
macro_rules! rest_of_filter {
    () => {
        " AND sequence > $2 AND (CAST($3 AS TEXT) IS NULL OR outcome = $3) AND (CAST($4 AS TEXT) IS NULL OR payer_id = $4)
          AND (CAST($5 AS TEXT) IS NULL OR policy_digest = $5) AND (CAST($6 AS TEXT) IS NULL OR date_of_service >= $6)
          AND (CAST($7 AS TEXT) IS NULL OR date_of_service < $7)
          AND (CAST($9 AS BOOLEAN) IS NULL OR $9 = ((SELECT count(*) FROM decision_in_force f WHERE f.agency_id = decision.agency_id
              AND f.encounter_id = decision.encounter_id AND f.decision_id = decision.decision_id) > 0))
          ORDER BY sequence LIMIT $8"
    };
}

/// Looks at a bounded number of decisions: most filters have no index, and no page may cost what is stored.
const LIST: &str = concat!(
    "SELECT ",
    decision_columns!(),
    " FROM decision WHERE agency_id = $1 AND sequence <= $10",
    rest_of_filter!()
);

const LIST_OF_CLIENT: &str = concat!(
    "SELECT ",
    decision_columns!(),
    " FROM decision ",
    by!("decision_by_client"),
    " WHERE agency_id = $1 AND client_id = $10 AND (CAST($11 AS TEXT) IS NULL OR encounter_id = $11)",
    rest_of_filter!()
);

const LIST_OF_ENCOUNTER: &str = concat!(
    "SELECT ",
    decision_columns!(),
    " FROM decision ",
    by!("decision_by_encounter"),
    " WHERE agency_id = $1 AND encounter_id = $10",
    rest_of_filter!()
);

const LOAD: &str = concat!(
    "SELECT ",
    decision_columns!(),
    ", record FROM decision WHERE agency_id = $1 AND sequence > $2 ORDER BY sequence LIMIT $3"
);

const AGENCIES: &str = "SELECT agency_id FROM chain_head WHERE length > 0 ORDER BY agency_id";

const HEAD: &str = "SELECT length, head_hash FROM chain_head WHERE agency_id = $1";

const HASH_AT: &str = "SELECT hash FROM decision WHERE agency_id = $1 AND sequence = $2";

const LINKS: &str = "
    SELECT sequence, previous_hash, hash, record FROM decision WHERE agency_id = $1 AND sequence > $2
    ORDER BY sequence LIMIT $3";

const IDEMPOTENT: &str = "SELECT body_digest, response FROM idempotency WHERE agency_id = $1 AND idempotency_key = $2";

/// Decisions that are read at once while a chain is checked.
const LINKS_PER_READ: i64 = 2_000;

fn decision(row: &Row) -> Result<RawDecision, sqlx::Error> {
    read_decision!(row)
}

fn stored(row: &Row, doing: &'static str) -> Result<StoredDecision, StoreError> {
    let failed = StoreError::during(doing);
    let record = row.try_get(19).map_err(failed)?;
    Ok(StoredDecision { summary: decision(row).map_err(failed)?.parse()?, record })
}

pub(super) async fn find(
    store: &Dialect,
    agency_id: &Token,
    decision_id: &str,
) -> Result<Option<StoredDecision>, StoreError> {
    const DOING: &str = "reading a decision";
    let query = sqlx::query(FIND).bind(agency_id.as_str()).bind(decision_id);
    let row = query.fetch_optional(store.readers()).await.map_err(StoreError::during(DOING))?;
    row.map(|row| stored(&row, DOING)).transpose()
}

pub(super) async fn latest(
    store: &Dialect,
    agency_id: &Token,
    encounter_id: &Token,
) -> Result<Option<StoredDecision>, StoreError> {
    const DOING: &str = "reading the decision in force";
    let query = sqlx::query(LATEST).bind(agency_id.as_str()).bind(encounter_id.as_str());
    let row = query.fetch_optional(store.readers()).await.map_err(StoreError::during(DOING))?;
    row.map(|row| stored(&row, DOING)).transpose()
}

pub(super) async fn list(
    store: &Dialect,
    agency_id: &Token,
    filter: &DecisionFilter,
    after_sequence: i64,
    limit: u32,
) -> Result<DecisionPage, StoreError> {
    const DOING: &str = "listing decisions";
    let (client, encounter) = (filter.client_id.as_ref(), filter.encounter_id.as_ref());
    let sql = match (client, encounter) {
        (Some(_), _) => LIST_OF_CLIENT,
        (None, Some(_)) => LIST_OF_ENCOUNTER,
        (None, None) => LIST,
    };
    let query = sqlx::query(sql)
        .bind(agency_id.as_str())
        .bind(after_sequence)
        .bind(filter.outcome.map(adjudica_core::Outcome::as_str))
        .bind(filter.payer_id.as_ref().map(Token::as_str))
        .bind(filter.policy_digest.map(|digest| digest.to_string()))
        .bind(filter.from.map(|day| day.to_string()))
        .bind(filter.to.map(|day| day.to_string()))
        .bind(i64::from(limit))
        .bind(filter.in_force);
    let through = after_sequence.saturating_add(DecisionPage::LOOKED_AT_MAX);
    let query = match (client, encounter) {
        (Some(client), encounter) => query.bind(client.as_str()).bind(encounter.map(Token::as_str)),
        (None, Some(encounter)) => query.bind(encounter.as_str()),
        (None, None) => query.bind(through),
    };
    let rows = query.fetch_all(&store.listers).await.map_err(StoreError::during(DOING))?;
    let decisions = all(&rows, decision, DOING)?;
    let mut looked_through = None;
    if client.is_none() && encounter.is_none() {
        let query = sqlx::query_as(HEAD).bind(agency_id.as_str());
        let head: Option<(i64, String)> =
            query.fetch_optional(&store.listers).await.map_err(StoreError::during(DOING))?;
        looked_through = head.filter(|(length, _)| *length > through).map(|_| through);
    }
    Ok(DecisionPage::new(decisions, limit, looked_through))
}

pub(super) async fn load(
    store: &Dialect,
    agency_id: &str,
    after_sequence: i64,
    limit: u32,
) -> Result<Vec<StoredDecision>, StoreError> {
    const DOING: &str = "reading decisions";
    let query = sqlx::query(LOAD).bind(agency_id).bind(after_sequence).bind(i64::from(limit));
    let rows = query.fetch_all(&store.listers).await.map_err(StoreError::during(DOING))?;
    rows.iter().map(|row| stored(row, DOING)).collect()
}

pub(super) async fn list_agencies(store: &Dialect) -> Result<Vec<Token>, StoreError> {
    let failed = StoreError::during("listing agencies");
    let agencies: Vec<String> = sqlx::query_scalar(AGENCIES).fetch_all(&store.listers).await.map_err(failed)?;
    agencies.iter().map(|agency_id| token(agency_id, "chain_head", agency_id)).collect()
}

pub(super) async fn verify_chain(
    store: &Dialect,
    agency_id: &Token,
    after: i64,
    most: u32,
) -> Result<ChainReport, StoreError> {
    let failed = StoreError::during("checking a chain");
    let query = sqlx::query_as(HEAD).bind(agency_id.as_str());
    let head: Option<(i64, Lossy)> = query.fetch_optional(&store.listers).await.map_err(failed)?;
    let query = sqlx::query_scalar(HASH_AT).bind(agency_id.as_str()).bind(after);
    let before: Option<Lossy> = query.fetch_optional(&store.listers).await.map_err(failed)?;
    let mut walk = ChainWalk::after(after, before.map(String::from), head.map(|(length, hash)| (length, hash.0)));
    let end = after.saturating_add(i64::from(most));
    loop {
        let left = end.saturating_sub(walk.seen()).min(LINKS_PER_READ);
        if left <= 0 {
            return Ok(walk.pause());
        }
        let query = sqlx::query_as(LINKS).bind(agency_id.as_str()).bind(walk.seen()).bind(left);
        let links: Vec<(i64, Lossy, Lossy, Lossy)> = query.fetch_all(&store.listers).await.map_err(failed)?;
        if links.is_empty() {
            return Ok(walk.finish());
        }
        for (sequence, Lossy(previous_hash), Lossy(hash), Lossy(record)) in &links {
            walk.check(*sequence, (previous_hash, hash), record);
        }
    }
}

pub(super) async fn find_idempotent(
    store: &Dialect,
    agency_id: &Token,
    key: &str,
) -> Result<Option<IdempotentAnswer>, StoreError> {
    let failed = StoreError::during("looking for an answer");
    let query = sqlx::query_as(IDEMPOTENT).bind(agency_id.as_str()).bind(key);
    let answer: Option<(String, Vec<u8>)> = query.fetch_optional(store.readers()).await.map_err(failed)?;
    let Some((body_digest, response)) = answer else { return Ok(None) };
    Ok(Some(IdempotentAnswer { body_digest: digest(&body_digest, "idempotency", key)?, response }))
}
