-- Decisions, what they billed, and the chain over them. Every table but `chain_head` is append-only.

CREATE TABLE decision (
    agency_id          TEXT    NOT NULL,
    sequence           INTEGER NOT NULL CHECK (sequence >= 1),
    decision_id        TEXT    NOT NULL,
    client_id          TEXT    NOT NULL,
    encounter_id       TEXT    NOT NULL,
    encounter_revision INTEGER,
    payer_id           TEXT    NOT NULL,
    date_of_service    TEXT    NOT NULL,
    outcome            TEXT    NOT NULL CHECK (outcome IN
        ('billable', 'report_only', 'incomplete', 'review', 'not_billable', 'undetermined')),
    policy_id          TEXT,
    policy_version     TEXT,
    policy_digest      TEXT,
    terms_digest       TEXT,
    decided_at         INTEGER NOT NULL,
    supersedes         TEXT,
    record             TEXT    NOT NULL,
    previous_hash      TEXT    NOT NULL,
    hash               TEXT    NOT NULL,
    PRIMARY KEY (agency_id, sequence),
    UNIQUE (agency_id, decision_id)
) STRICT;

CREATE INDEX decision_by_encounter ON decision (agency_id, encounter_id, sequence);

-- These two repeat the record for reports in SQL. No foreign keys: one statement writes them, with the decision.
CREATE TABLE decision_line (
    agency_id      TEXT    NOT NULL,
    decision_id    TEXT    NOT NULL,
    position       INTEGER NOT NULL,
    procedure_code TEXT    NOT NULL,
    modifiers      TEXT    NOT NULL,
    units          INTEGER NOT NULL CHECK (units >= 0),
    amount_cents   INTEGER,
    PRIMARY KEY (agency_id, decision_id, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE decision_finding (
    agency_id       TEXT    NOT NULL,
    decision_id     TEXT    NOT NULL,
    position        INTEGER NOT NULL,
    rule_id         TEXT    NOT NULL,
    kind            TEXT    NOT NULL,
    effect          TEXT    NOT NULL,
    verdict         TEXT    NOT NULL CHECK (verdict IN ('failed', 'satisfied')),
    observed        INTEGER,
    expected        INTEGER,
    subject_kind    TEXT,
    subject_name    TEXT,
    carc            TEXT,
    liability_group TEXT,
    PRIMARY KEY (agency_id, decision_id, position)
) STRICT, WITHOUT ROWID;

-- The length and the last hash of each agency's chain. Whoever appends holds its row until the end.
CREATE TABLE chain_head (
    agency_id TEXT    NOT NULL PRIMARY KEY,
    length    INTEGER NOT NULL CHECK (length >= 0),
    head_hash TEXT    NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE ledger (
    agency_id             TEXT    NOT NULL,
    client_id             TEXT    NOT NULL,
    seq                   INTEGER NOT NULL CHECK (seq >= 1),
    kind                  TEXT    NOT NULL CHECK (kind IN ('line', 'reversal')),
    decision_id           TEXT    NOT NULL,
    encounter_id          TEXT    NOT NULL,
    payer_id              TEXT    NOT NULL,
    date_of_service       TEXT    NOT NULL,
    procedure_code        TEXT    NOT NULL,
    units                 INTEGER NOT NULL CHECK (units >= 0),
    amount_cents          INTEGER NOT NULL,
    billing_provider_id   TEXT    NOT NULL,
    rendering_provider_id TEXT    NOT NULL,
    diagnosis             TEXT,
    reverses_seq          INTEGER,
    recorded_at           INTEGER NOT NULL,
    PRIMARY KEY (agency_id, client_id, seq),
    CHECK ((kind = 'reversal') = (reverses_seq IS NOT NULL))
) STRICT, WITHOUT ROWID;

-- A line is taken back at most once.
CREATE UNIQUE INDEX ledger_reversal ON ledger (agency_id, client_id, reverses_seq) WHERE reverses_seq IS NOT NULL;
CREATE INDEX ledger_by_decision ON ledger (agency_id, decision_id) WHERE kind = 'line';

CREATE TABLE idempotency (
    agency_id       TEXT    NOT NULL,
    idempotency_key TEXT    NOT NULL,
    body_digest     TEXT    NOT NULL,
    response        BLOB    NOT NULL,
    recorded_at     INTEGER NOT NULL,
    PRIMARY KEY (agency_id, idempotency_key)
) STRICT;

CREATE TRIGGER decision_no_update BEFORE UPDATE ON decision BEGIN
    SELECT RAISE(ABORT, 'table decision is append-only');
END;
CREATE TRIGGER decision_no_delete BEFORE DELETE ON decision BEGIN
    SELECT RAISE(ABORT, 'table decision is append-only');
END;
CREATE TRIGGER decision_line_no_update BEFORE UPDATE ON decision_line BEGIN
    SELECT RAISE(ABORT, 'table decision_line is append-only');
END;
CREATE TRIGGER decision_line_no_delete BEFORE DELETE ON decision_line BEGIN
    SELECT RAISE(ABORT, 'table decision_line is append-only');
END;
CREATE TRIGGER decision_finding_no_update BEFORE UPDATE ON decision_finding BEGIN
    SELECT RAISE(ABORT, 'table decision_finding is append-only');
END;
CREATE TRIGGER decision_finding_no_delete BEFORE DELETE ON decision_finding BEGIN
    SELECT RAISE(ABORT, 'table decision_finding is append-only');
END;
CREATE TRIGGER ledger_no_update BEFORE UPDATE ON ledger BEGIN
    SELECT RAISE(ABORT, 'table ledger is append-only');
END;
CREATE TRIGGER ledger_no_delete BEFORE DELETE ON ledger BEGIN
    SELECT RAISE(ABORT, 'table ledger is append-only');
END;
