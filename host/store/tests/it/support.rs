//! Databases, facts and decisions for the tests. All data is invented.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use adjudica_core::manifest::{Denial, Subject, SubjectKind};
use adjudica_core::{
    Cents, Decision, DecisionLine, Digest, Effect, EncounterFacts, Finding, LedgerLine, LiabilityGroup, Minutes,
    Modifier, Outcome, PlaceOfService, ProcedureCode, RuleKind, ServiceDate, Token, Units, Verdict,
};
use adjudica_store::{ClientCommit, Instant, NewCommit, NewDecision, PolicyRef, PutMode, Store, StoreError};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, PgPool, Row, SqlitePool};

/// An empty database, opened by the store and, beside it, as another system would open it.
pub(crate) struct Setup {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) raw: Raw,
    pub(crate) url: String,
    directory: Option<tempfile::TempDir>,
    server: Option<(String, String)>,
}

/// The other system's connection.
pub(crate) enum Raw {
    Sqlite(SqlitePool),
    Postgres(PgPool),
}

impl Raw {
    pub(crate) async fn execute(&self, sql: impl Into<String>) -> Result<(), sqlx::Error> {
        let sql = AssertSqlSafe(sql.into());
        match self {
            Self::Sqlite(pool) => pool.execute(sql).await.map(drop),
            Self::Postgres(pool) => pool.execute(sql).await.map(drop),
        }
    }

    /// The first column of every row, as text.
    pub(crate) async fn texts(&self, sql: impl Into<String>) -> Vec<String> {
        let sql = AssertSqlSafe(sql.into());
        match self {
            Self::Sqlite(pool) => {
                sqlx::query(sql).fetch_all(pool).await.expect("rows").iter().map(|row| row.get(0)).collect()
            }
            Self::Postgres(pool) => {
                sqlx::query(sql).fetch_all(pool).await.expect("rows").iter().map(|row| row.get(0)).collect()
            }
        }
    }

    /// Lifts the guard of an append-only table, as somebody with the right to would.
    pub(crate) async fn drop_guard(&self, table: &str) {
        match self {
            Self::Sqlite(_) => {
                for event in ["update", "delete"] {
                    self.execute(format!("DROP TRIGGER {table}_no_{event}")).await.expect("drops");
                }
            }
            Self::Postgres(_) => {
                self.execute(format!("DROP TRIGGER {table}_append_only ON {table}")).await.expect("drops");
            }
        }
    }
}

pub(crate) async fn sqlite() -> Setup {
    let directory = tempfile::tempdir().expect("a directory");
    let url = format!("sqlite:{}", directory.path().join("store.db").display());
    let store = adjudica_store::connect(&url).await.expect("opens");
    let options = url.parse::<sqlx::sqlite::SqliteConnectOptions>().expect("an address").foreign_keys(true);
    let raw = Raw::Sqlite(SqlitePool::connect_with(options).await.expect("opens"));
    Setup { store, raw, url, directory: Some(directory), server: None }
}

static DATABASES: AtomicU32 = AtomicU32::new(0);

#[expect(clippy::disallowed_methods, reason = "the one place where tests learn where PostgreSQL is")]
pub(crate) fn postgres_server() -> String {
    std::env::var("ADJUDICA_TEST_POSTGRES_URL")
        .unwrap_or_else(|_| panic!("no PostgreSQL for the tests; run `cargo xtask test`, which starts one"))
}

pub(crate) async fn postgres() -> Setup {
    let server = postgres_server();
    let name = format!("adjudica_{}_{}", std::process::id(), DATABASES.fetch_add(1, Ordering::Relaxed));
    let mut connection = PgConnection::connect(&server).await.expect("a server");
    connection.execute(AssertSqlSafe(format!("CREATE DATABASE {name}"))).await.expect("creates");
    connection.close().await.expect("closes");
    let url = database_url(&server, &name);
    let store = adjudica_store::connect(&url).await.expect("opens");
    let raw = Raw::Postgres(PgPool::connect(&url).await.expect("opens"));
    Setup { store, raw, url, directory: None, server: Some((server, name)) }
}

/// The address of another database on the same server.
fn database_url(server: &str, name: &str) -> String {
    let (address, query) = server.split_once('?').map_or((server, ""), |(address, query)| (address, query));
    let (scheme, rest) = address.split_once("://").expect("an address with a scheme");
    let host = format!("{scheme}://{}", rest.split('/').next().unwrap_or_default());
    if query.is_empty() { format!("{host}/{name}") } else { format!("{host}/{name}?{query}") }
}

impl Setup {
    /// Removes the database; not reached by a test that fails, so that it can be looked at.
    pub(crate) async fn drop_database(self) {
        self.store.close().await;
        match &self.raw {
            Raw::Sqlite(pool) => pool.close().await,
            Raw::Postgres(pool) => pool.close().await,
        }
        if let Some((server, name)) = &self.server {
            let mut connection = PgConnection::connect(server).await.expect("a server");
            let drop = AssertSqlSafe(format!("DROP DATABASE {name} WITH (FORCE)"));
            connection.execute(drop).await.expect("drops");
        }
        drop(self.directory);
    }

    /// Puts encounters of agency `a`.
    pub(crate) async fn put(&self, encounters: &[EncounterFacts]) {
        self.store.put_encounters(&token("a"), encounters, PutMode::InsertOnly, at(0)).await.expect("puts");
    }

    /// Commits decisions about one client of agency `a` on the ledger up to `ledger_through`.
    pub(crate) async fn commit(
        &self,
        client_id: &str,
        ledger_through: i64,
        decisions: Vec<NewDecision>,
    ) -> Result<(), StoreError> {
        self.store.commit_decisions(commit_of("a", client_id, ledger_through, decisions)).await.map(drop)
    }
}

pub(crate) fn commit_of(
    agency_id: &str,
    client_id: &str,
    ledger_through: i64,
    decisions: Vec<NewDecision>,
) -> NewCommit {
    let client = ClientCommit {
        agency_id: token(agency_id),
        client_id: token(client_id),
        schedule_change: 0,
        ledger_through,
        decisions,
        confirmed: Vec::new(),
    };
    NewCommit { clients: vec![client], idempotency: Vec::new() }
}

pub(crate) fn token(text: &str) -> Token {
    Token::parse(text).expect("a token")
}

pub(crate) fn day(text: &str) -> ServiceDate {
    ServiceDate::parse(text).expect("a day")
}

pub(crate) fn code(text: &str) -> ProcedureCode {
    ProcedureCode::parse(text).expect("a code")
}

/// An instant `seconds` after the start of 2026, with microseconds.
pub(crate) fn at(seconds: i64) -> Instant {
    Instant::from_microsecond(1_767_225_600_000_000 + seconds * 1_000_000 + 123_456).expect("an instant")
}

/// An encounter with no more than what every encounter has.
pub(crate) fn encounter(encounter_id: &str, client_id: &str, date_of_service: &str) -> EncounterFacts {
    EncounterFacts {
        encounter_id: token(encounter_id),
        client_id: token(client_id),
        payer_id: token("payer1"),
        plan_id: None,
        service_line: None,
        date_of_service: day(date_of_service),
        procedure_code: None,
        service: None,
        minutes: None,
        rendering_provider_id: token("provider1"),
        rendering_provider_role: token("RN"),
        billing_provider_id: token("practice1"),
        phase: token("assessment"),
        mode: token("in_person"),
        place_of_service: None,
        group_size: None,
        modifiers: Default::default(),
        diagnoses: Vec::new(),
        supporting_info: Default::default(),
        received_on: None,
        standing: None,
    }
}

/// An encounter with every fact.
pub(crate) fn full_encounter(encounter_id: &str, client_id: &str, date_of_service: &str) -> EncounterFacts {
    EncounterFacts {
        plan_id: Some(token("gold")),
        service_line: Some(token("care_management")),
        procedure_code: Some(code("G9001")),
        service: Some(token("telephone")),
        minutes: Some(Minutes(45)),
        place_of_service: Some(PlaceOfService::parse("11").expect("a place")),
        group_size: Some(6),
        modifiers: ["2P", "25"].map(|text| Modifier::parse(text).expect("a modifier")).into(),
        diagnoses: ["E11.9", "I10", "A00"].map(token).into(),
        supporting_info: ["care_plan", "consent"].map(token).into(),
        received_on: Some(day("2026-03-31")),
        ..encounter(encounter_id, client_id, date_of_service)
    }
}

pub(crate) fn ledger_line(procedure_code: &str, amount_cents: i64) -> LedgerLine {
    LedgerLine {
        payer_id: token("payer1"),
        date_of_service: day("2026-02-03"),
        procedure_code: code(procedure_code),
        units: Units(2),
        amount_cents: Cents::new(amount_cents),
        billing_provider_id: token("practice1"),
        rendering_provider_id: token("provider1"),
        diagnosis: Some(token("E11.9")),
        mode: Some(token("telephone")),
        minutes: None,
        paid_cents: None,
        deductible_cents: None,
    }
}

/// A billable decision with one line in the ledger.
pub(crate) fn billable(decision_id: &str, encounter_id: &str) -> NewDecision {
    let line = DecisionLine {
        procedure_code: code("G9001"),
        modifiers: vec![Modifier::parse("2P").expect("a modifier")],
        units: Units(2),
        amount_cents: Some(Cents::new(5_000)),
        payment: None,
    };
    NewDecision {
        decision_id: decision_id.to_owned(),
        encounter_id: token(encounter_id),
        encounter_revision: None,
        new_encounter: None,
        payer_id: token("payer1"),
        plan_id: None,
        service_line: None,
        date_of_service: day("2026-02-03"),
        policy: Some(PolicyRef { policy_id: token("sim"), version: "1.2.3".to_owned(), digest: Digest::of(b"policy") }),
        terms_digest: Some(Digest::of(b"terms")),
        decided_at: at(60),
        supersedes: None,
        record: format!(r#"{{"decision_id":"{decision_id}","quote":"\" \\ \u00e9 é ✓"}}"#),
        decision: Decision {
            outcome: Outcome::Billable,
            lines: vec![line],
            findings: vec![finding()],
            undetermined: None,
        },
        ledger_lines: vec![ledger_line("G9001", 5_000)],
    }
}

/// A refusal.
pub(crate) fn not_billable(decision_id: &str, encounter_id: &str) -> NewDecision {
    NewDecision {
        decision: Decision {
            outcome: Outcome::NotBillable,
            lines: vec![],
            findings: vec![finding(), finding()],
            undetermined: None,
        },
        ledger_lines: Vec::new(),
        ..billable(decision_id, encounter_id)
    }
}

fn finding() -> Finding {
    Finding {
        rule_id: token("role.G9001"),
        kind: RuleKind::PlaceOfService,
        effect: Effect::NotBillable,
        verdict: Verdict::Failed,
        message: "a plain sentence".to_owned(),
        remedy: None,
        observed: Some(-3),
        expected: Some(7),
        subject: Some(Subject { kind: SubjectKind::ProcedureCode, name: token("G9002") }),
        citation: None,
        denial: Some(Denial { carc: token("185"), group: LiabilityGroup::Contractual, rarc: vec![token("N95")] }),
        assumptions: Vec::new(),
    }
}
