-- Policy files, terms, and which of them answer for which dates of service. All append-only.

CREATE TABLE policy_file (
    digest        TEXT    NOT NULL PRIMARY KEY,
    policy_id     TEXT    NOT NULL,
    version       TEXT    NOT NULL,
    manifest_json TEXT    NOT NULL,
    size_bytes    INTEGER NOT NULL,
    wasm          BLOB    NOT NULL,
    uploaded_at   INTEGER NOT NULL,
    uploaded_by   TEXT    NOT NULL,
    UNIQUE (policy_id, version)
) STRICT;

CREATE TABLE terms (
    digest TEXT NOT NULL PRIMARY KEY,
    json   TEXT NOT NULL
) STRICT;

CREATE TABLE activation_change (
    change_id   INTEGER NOT NULL PRIMARY KEY CHECK (change_id >= 1),
    recorded_at INTEGER NOT NULL,
    recorded_by TEXT    NOT NULL,
    message     TEXT    NOT NULL,
    undoes      INTEGER
) STRICT;

-- The complete schedule of one key as of a change. A schedule without periods turns the key off.
CREATE TABLE activation_schedule (
    change_id    INTEGER NOT NULL REFERENCES activation_change (change_id),
    position     INTEGER NOT NULL,
    agency_id    TEXT    NOT NULL,
    payer_id     TEXT    NOT NULL,
    plan_id      TEXT,
    service_line TEXT,
    PRIMARY KEY (change_id, position)
) STRICT;

CREATE TABLE activation_period (
    change_id         INTEGER NOT NULL,
    schedule_position INTEGER NOT NULL,
    position          INTEGER NOT NULL,
    dos_from          TEXT    NOT NULL,
    dos_to            TEXT,
    policy_digest     TEXT    NOT NULL REFERENCES policy_file (digest),
    terms_digest      TEXT    NOT NULL REFERENCES terms (digest),
    PRIMARY KEY (change_id, schedule_position, position),
    FOREIGN KEY (change_id, schedule_position) REFERENCES activation_schedule (change_id, position)
) STRICT;

CREATE TRIGGER policy_file_no_update BEFORE UPDATE ON policy_file BEGIN
    SELECT RAISE(ABORT, 'table policy_file is append-only');
END;
CREATE TRIGGER policy_file_no_delete BEFORE DELETE ON policy_file BEGIN
    SELECT RAISE(ABORT, 'table policy_file is append-only');
END;
CREATE TRIGGER terms_no_update BEFORE UPDATE ON terms BEGIN
    SELECT RAISE(ABORT, 'table terms is append-only');
END;
CREATE TRIGGER terms_no_delete BEFORE DELETE ON terms BEGIN
    SELECT RAISE(ABORT, 'table terms is append-only');
END;
CREATE TRIGGER activation_change_no_update BEFORE UPDATE ON activation_change BEGIN
    SELECT RAISE(ABORT, 'table activation_change is append-only');
END;
CREATE TRIGGER activation_change_no_delete BEFORE DELETE ON activation_change BEGIN
    SELECT RAISE(ABORT, 'table activation_change is append-only');
END;
CREATE TRIGGER activation_schedule_no_update BEFORE UPDATE ON activation_schedule BEGIN
    SELECT RAISE(ABORT, 'table activation_schedule is append-only');
END;
CREATE TRIGGER activation_schedule_no_delete BEFORE DELETE ON activation_schedule BEGIN
    SELECT RAISE(ABORT, 'table activation_schedule is append-only');
END;
CREATE TRIGGER activation_period_no_update BEFORE UPDATE ON activation_period BEGIN
    SELECT RAISE(ABORT, 'table activation_period is append-only');
END;
CREATE TRIGGER activation_period_no_delete BEFORE DELETE ON activation_period BEGIN
    SELECT RAISE(ABORT, 'table activation_period is append-only');
END;
