-- The kinds of records are rows: a new one is a row more, and no table is made anew for it. Other systems may read them here.

CREATE TABLE record_kind (
    kind    TEXT NOT NULL PRIMARY KEY,
    subject TEXT NOT NULL CHECK (subject IN ('client', 'provider', 'practice', 'encounter'))
) STRICT, WITHOUT ROWID;

INSERT INTO record_kind (kind, subject) VALUES
    ('coverage', 'client'),
    ('benefit_exception', 'client'),
    ('accumulated', 'client'),
    ('injury', 'client'),
    ('residence', 'client'),
    ('assignment', 'client'),
    ('first_appointment', 'client'),
    ('authorization', 'client'),
    ('program', 'client'),
    ('assessment', 'client'),
    ('care_plan', 'client'),
    ('order', 'client'),
    ('document', 'client'),
    ('stay', 'client'),
    ('contact', 'client'),
    ('collaboration', 'client'),
    ('episode', 'client'),
    ('practitioner', 'provider'),
    ('credential', 'provider'),
    ('enrolment', 'provider'),
    ('absence', 'provider'),
    ('practice', 'practice'),
    ('network', 'practice'),
    ('signature', 'encounter'),
    ('component', 'encounter'),
    ('claim', 'encounter'),
    ('level_of_care', 'encounter'),
    ('goal', 'encounter'),
    ('necessity', 'encounter'),
    ('prior_answer', 'encounter');

-- The table is made anew this once, without the list of kinds that it held; its rows, indexes and triggers are as they were.
CREATE TABLE record_before AS SELECT * FROM record;

DROP TABLE record;

CREATE TABLE record (
    agency_id  TEXT    NOT NULL CHECK (length(agency_id) BETWEEN 1 AND 64),
    record_id  TEXT    NOT NULL CHECK (length(record_id) BETWEEN 1 AND 64),
    kind       TEXT    NOT NULL,
    subject    TEXT    NOT NULL CHECK (subject IN ('client', 'provider', 'practice', 'encounter')),
    subject_id TEXT    NOT NULL CHECK (length(subject_id) BETWEEN 1 AND 64),
    from_day   TEXT    CHECK (from_day GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]'),
    to_day     TEXT    CHECK (to_day GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]'),
    body       TEXT    NOT NULL CHECK (json_valid(body)),
    version    INTEGER NOT NULL DEFAULT 1 CHECK (version >= 1),
    written_at INTEGER NOT NULL DEFAULT (CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER)),
    written_by TEXT,
    PRIMARY KEY (agency_id, record_id)
) STRICT;

INSERT INTO record SELECT * FROM record_before;

DROP TABLE record_before;

CREATE INDEX record_by_subject ON record (agency_id, subject, subject_id);

CREATE INDEX record_by_case_manager ON record (agency_id, body ->> 'provider_id') WHERE kind = 'assignment';

CREATE TRIGGER record_key_kept BEFORE UPDATE OF agency_id, record_id ON record
WHEN NEW.agency_id <> OLD.agency_id OR NEW.record_id <> OLD.record_id BEGIN
    SELECT RAISE(ABORT, 'the ids of a record do not change; insert another record');
END;

CREATE TRIGGER record_one_case_manager_insert BEFORE INSERT ON record
WHEN NEW.kind = 'assignment' AND NEW.body ->> 'role' = 'primary' AND EXISTS (
    SELECT 1 FROM record r
    WHERE r.agency_id = NEW.agency_id AND r.subject = 'client' AND r.subject_id = NEW.subject_id
        AND r.kind = 'assignment' AND r.record_id <> NEW.record_id AND r.body ->> 'role' = 'primary'
        AND r.body ->> 'service_line' = NEW.body ->> 'service_line'
        AND unixepoch(r.body ->> 'start_at') < coalesce(unixepoch(NEW.body ->> 'end_at'), 99999999999)
        AND unixepoch(NEW.body ->> 'start_at') < coalesce(unixepoch(r.body ->> 'end_at'), 99999999999))
BEGIN
    SELECT RAISE(ABORT, 'the client has another case manager for this service line at that time; end that assignment first');
END;

CREATE TRIGGER record_one_case_manager_update BEFORE UPDATE ON record
WHEN NEW.kind = 'assignment' AND NEW.body ->> 'role' = 'primary' AND EXISTS (
    SELECT 1 FROM record r
    WHERE r.agency_id = NEW.agency_id AND r.subject = 'client' AND r.subject_id = NEW.subject_id
        AND r.kind = 'assignment' AND r.record_id <> NEW.record_id AND r.body ->> 'role' = 'primary'
        AND r.body ->> 'service_line' = NEW.body ->> 'service_line'
        AND unixepoch(r.body ->> 'start_at') < coalesce(unixepoch(NEW.body ->> 'end_at'), 99999999999)
        AND unixepoch(NEW.body ->> 'start_at') < coalesce(unixepoch(r.body ->> 'end_at'), 99999999999))
BEGIN
    SELECT RAISE(ABORT, 'the client has another case manager for this service line at that time; end that assignment first');
END;

CREATE TRIGGER record_inserted AFTER INSERT ON record BEGIN
    INSERT INTO record_version (agency_id, record_id, version, operation, kind, subject, subject_id, body, recorded_at, recorded_by)
            VALUES (NEW.agency_id, NEW.record_id, NEW.version, 'insert', NEW.kind, NEW.subject,
        NEW.subject_id, NEW.body, NEW.written_at, NEW.written_by);
END;

CREATE TRIGGER record_updated AFTER UPDATE ON record
WHEN NEW.version = OLD.version AND (NEW.kind <> OLD.kind OR NEW.subject <> OLD.subject OR NEW.subject_id <> OLD.subject_id
    OR NEW.from_day IS NOT OLD.from_day OR NEW.to_day IS NOT OLD.to_day OR NEW.body <> OLD.body)
BEGIN
    UPDATE record SET version = version + 1, written_at = CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER)
        WHERE agency_id = NEW.agency_id AND record_id = NEW.record_id;
    INSERT INTO record_version (agency_id, record_id, version, operation, kind, subject, subject_id, body, recorded_at, recorded_by)
        SELECT agency_id, record_id, version, 'update', kind, subject, subject_id, body, written_at,
        written_by FROM record WHERE agency_id = NEW.agency_id AND record_id = NEW.record_id;
END;

CREATE TRIGGER record_deleted AFTER DELETE ON record BEGIN
    INSERT INTO record_version (agency_id, record_id, version, operation, kind, subject, subject_id, body, recorded_at, recorded_by)
            VALUES (OLD.agency_id, OLD.record_id, OLD.version, 'delete', OLD.kind, OLD.subject,
        OLD.subject_id, OLD.body, CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER), OLD.written_by);
END;

CREATE INDEX record_correction ON record (agency_id, subject_id)
    WHERE kind = 'claim' AND body ->> 'frequency' IN ('7', '8');

CREATE INDEX record_claim_number ON record (agency_id, body ->> 'payer_claim_number')
    WHERE kind = 'claim' AND body ->> 'payer_claim_number' IS NOT NULL;

CREATE TRIGGER record_claim_inserted AFTER INSERT ON record WHEN NEW.kind = 'claim' BEGIN
    INSERT INTO concerned SELECT c.agency_id, c.client_id, c.payer_id, NULL, c.encounter_id FROM corrected_client c
        WHERE c.agency_id = NEW.agency_id AND c.encounter_id = NEW.subject_id;
END;

CREATE TRIGGER record_claim_updated AFTER UPDATE ON record
WHEN NEW.version = OLD.version AND (NEW.kind = 'claim' OR OLD.kind = 'claim')
    AND (NEW.body <> OLD.body OR NEW.subject_id <> OLD.subject_id OR NEW.kind <> OLD.kind) BEGIN
    INSERT INTO concerned SELECT c.agency_id, c.client_id, c.payer_id, NULL, c.encounter_id FROM corrected_client c
        WHERE c.agency_id = NEW.agency_id AND c.encounter_id IN (NEW.subject_id, OLD.subject_id);
    INSERT INTO concerned SELECT e.agency_id, e.client_id, e.payer_id, NULL, e.encounter_id FROM encounter e
        WHERE OLD.kind = 'claim' AND OLD.body ->> 'frequency' IN ('7', '8')
            AND e.agency_id = OLD.agency_id AND e.encounter_id = OLD.subject_id;
END;

CREATE TRIGGER record_claim_deleted AFTER DELETE ON record WHEN OLD.kind = 'claim' BEGIN
    INSERT INTO concerned SELECT c.agency_id, c.client_id, c.payer_id, NULL, c.encounter_id FROM corrected_client c
        WHERE c.agency_id = OLD.agency_id AND c.encounter_id = OLD.subject_id;
    INSERT INTO concerned SELECT e.agency_id, e.client_id, e.payer_id, NULL, e.encounter_id FROM encounter e
        WHERE OLD.body ->> 'frequency' IN ('7', '8') AND e.agency_id = OLD.agency_id AND e.encounter_id = OLD.subject_id;
END;

CREATE INDEX record_rendering_from ON record (agency_id)
    WHERE kind = 'authorization' AND body -> '$.rendering_from' IS NOT NULL;

CREATE TRIGGER record_inserted_matters AFTER INSERT ON record WHEN NEW.kind <> 'absence' BEGIN
    INSERT INTO record_matters VALUES (NEW.agency_id, NEW.subject, NEW.subject_id, NEW.from_day, NEW.to_day);
END;

CREATE TRIGGER record_deleted_matters AFTER DELETE ON record WHEN OLD.kind <> 'absence' BEGIN
    INSERT INTO record_matters VALUES (OLD.agency_id, OLD.subject, OLD.subject_id, OLD.from_day, OLD.to_day);
END;

CREATE TRIGGER record_updated_matters AFTER UPDATE ON record
WHEN NEW.version = OLD.version AND (NEW.kind <> 'absence' OR OLD.kind <> 'absence') AND (NEW.kind <> OLD.kind OR NEW.subject <> OLD.subject
    OR NEW.subject_id <> OLD.subject_id OR NEW.from_day IS NOT OLD.from_day OR NEW.to_day IS NOT OLD.to_day
    OR NEW.body <> OLD.body)
BEGIN
    INSERT INTO record_matters VALUES (OLD.agency_id, OLD.subject, OLD.subject_id, OLD.from_day, OLD.to_day);
    INSERT INTO record_matters VALUES (NEW.agency_id, NEW.subject, NEW.subject_id, NEW.from_day, NEW.to_day);
END;

CREATE TRIGGER record_kind_insert BEFORE INSERT ON record
WHEN NOT EXISTS (SELECT 1 FROM record_kind k WHERE k.kind = NEW.kind) BEGIN
    SELECT RAISE(ABORT, 'there is no such kind of record; the table record_kind has those that there are');
END;

CREATE TRIGGER record_kind_update BEFORE UPDATE OF kind ON record
WHEN NOT EXISTS (SELECT 1 FROM record_kind k WHERE k.kind = NEW.kind) BEGIN
    SELECT RAISE(ABORT, 'there is no such kind of record; the table record_kind has those that there are');
END;
