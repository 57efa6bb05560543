-- Policy files, terms, and which of them answer for which dates of service. All append-only.

CREATE TABLE policy_file (
    digest        TEXT    NOT NULL PRIMARY KEY,
    policy_id     TEXT    NOT NULL,
    version       TEXT    NOT NULL,
    manifest_json TEXT    NOT NULL,
    size_bytes    BIGINT  NOT NULL,
    wasm          BYTEA   NOT NULL,
    uploaded_at   BIGINT  NOT NULL,
    uploaded_by   TEXT    NOT NULL,
    UNIQUE (policy_id, version)
);

CREATE TABLE terms (
    digest TEXT NOT NULL PRIMARY KEY,
    json   TEXT NOT NULL
);

CREATE TABLE activation_change (
    change_id   BIGINT  NOT NULL PRIMARY KEY CHECK (change_id >= 1),
    recorded_at BIGINT  NOT NULL,
    recorded_by TEXT    NOT NULL,
    message     TEXT    NOT NULL,
    undoes      BIGINT 
);

-- The complete schedule of one key as of a change. A schedule without periods turns the key off.
CREATE TABLE activation_schedule (
    change_id    BIGINT  NOT NULL REFERENCES activation_change (change_id),
    position     BIGINT  NOT NULL,
    agency_id    TEXT    NOT NULL,
    payer_id     TEXT    NOT NULL,
    plan_id      TEXT,
    service_line TEXT,
    PRIMARY KEY (change_id, position)
);

CREATE TABLE activation_period (
    change_id         BIGINT  NOT NULL,
    schedule_position BIGINT  NOT NULL,
    position          BIGINT  NOT NULL,
    dos_from          TEXT    NOT NULL,
    dos_to            TEXT,
    policy_digest     TEXT    NOT NULL REFERENCES policy_file (digest),
    terms_digest      TEXT    NOT NULL REFERENCES terms (digest),
    PRIMARY KEY (change_id, schedule_position, position),
    FOREIGN KEY (change_id, schedule_position) REFERENCES activation_schedule (change_id, position)
);

CREATE TRIGGER policy_file_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON policy_file
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER terms_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON terms
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER activation_change_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON activation_change
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER activation_schedule_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON activation_schedule
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER activation_period_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON activation_period
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
