-- Records about clients, providers, practices and encounters: what holds now, every version of it, and what it makes stale.
-- SCHEMA.md describes `record` for other systems. The body is one JSON object; its form depends on the kind.

CREATE TABLE record (
    agency_id  TEXT    NOT NULL CHECK (length(agency_id) BETWEEN 1 AND 64),
    record_id  TEXT    NOT NULL CHECK (length(record_id) BETWEEN 1 AND 64),
    kind       TEXT    NOT NULL CHECK (kind IN ('coverage', 'benefit_exception', 'accumulated', 'injury', 'residence', 'assignment', 'first_appointment', 'authorization', 'program', 
        'assessment', 'care_plan', 'order', 'document', 'stay', 'contact', 'collaboration', 
        'episode', 'practitioner', 'credential', 'enrolment', 'absence', 'practice', 'network', 
        'signature', 'component', 'claim', 'level_of_care', 'goal', 'necessity', 'prior_answer')),
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

CREATE INDEX record_by_subject ON record (agency_id, subject, subject_id);

-- Every version of every record, written by triggers alone.
CREATE TABLE record_version (
    position    INTEGER PRIMARY KEY AUTOINCREMENT,
    agency_id   TEXT    NOT NULL,
    record_id   TEXT    NOT NULL,
    version     INTEGER NOT NULL,
    operation   TEXT    NOT NULL CHECK (operation IN ('insert', 'update', 'delete')),
    kind        TEXT    NOT NULL,
    subject     TEXT    NOT NULL,
    subject_id  TEXT    NOT NULL,
    body        TEXT    NOT NULL,
    recorded_at INTEGER NOT NULL,
    recorded_by TEXT
) STRICT;

CREATE INDEX record_version_of ON record_version (agency_id, record_id, position);

-- Records about a provider concern the encounters that they rendered, and those of clients whose case manager they are.
CREATE INDEX encounter_by_provider ON encounter (agency_id, rendering_provider_id, date_of_service);
CREATE INDEX record_by_case_manager ON record (agency_id, body ->> 'provider_id') WHERE kind = 'assignment';

CREATE TRIGGER record_key_kept BEFORE UPDATE OF agency_id, record_id ON record
WHEN NEW.agency_id <> OLD.agency_id OR NEW.record_id <> OLD.record_id BEGIN
    SELECT RAISE(ABORT, 'the ids of a record do not change; insert another record');
END;

-- A client has one case manager for a line at any time.
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

-- An absence changes no decision, so it makes none stale.
CREATE TRIGGER record_inserted AFTER INSERT ON record BEGIN
    INSERT INTO record_version (agency_id, record_id, version, operation, kind, subject, subject_id, body, recorded_at, recorded_by)
            VALUES (NEW.agency_id, NEW.record_id, NEW.version, 'insert', NEW.kind, NEW.subject,
        NEW.subject_id, NEW.body, NEW.written_at, NEW.written_by);
END;

CREATE TRIGGER record_inserted_matters AFTER INSERT ON record WHEN NEW.kind <> 'absence' BEGIN
    UPDATE encounter SET revision = revision + 1
        WHERE NEW.subject = 'client' AND agency_id = NEW.agency_id AND client_id = NEW.subject_id
            AND date_of_service >= coalesce(NEW.from_day, '0000-00-00') AND date_of_service < coalesce(NEW.to_day, '9999-99-99');
    UPDATE encounter SET revision = revision + 1
        WHERE NEW.subject = 'encounter' AND agency_id = NEW.agency_id AND encounter_id = NEW.subject_id;
    UPDATE encounter SET revision = revision + 1
        WHERE NEW.subject = 'practice' AND agency_id = NEW.agency_id AND billing_provider_id = NEW.subject_id
            AND date_of_service >= coalesce(NEW.from_day, '0000-00-00') AND date_of_service < coalesce(NEW.to_day, '9999-99-99');
    UPDATE encounter SET revision = revision + 1
        WHERE NEW.subject = 'provider' AND agency_id = NEW.agency_id AND rendering_provider_id = NEW.subject_id
            AND date_of_service >= coalesce(NEW.from_day, '0000-00-00') AND date_of_service < coalesce(NEW.to_day, '9999-99-99');
    UPDATE encounter SET revision = revision + 1
        WHERE NEW.subject = 'provider' AND agency_id = NEW.agency_id AND rendering_provider_id <> NEW.subject_id
            AND client_id IN (
                SELECT r.subject_id FROM record r
                WHERE r.agency_id = NEW.agency_id AND r.kind = 'assignment'
                    AND r.body ->> 'provider_id' = NEW.subject_id
                UNION
                SELECT r.subject_id FROM record r CROSS JOIN json_each(r.body, '$.rendering_from') t
                WHERE r.agency_id = NEW.agency_id AND r.kind = 'authorization' AND t.value = NEW.subject_id)
            AND date_of_service >= coalesce(NEW.from_day, '0000-00-00') AND date_of_service < coalesce(NEW.to_day, '9999-99-99');
END;

-- An update that changes nothing is no version. The inner update raises the version once: it runs only where it is the old one.
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

CREATE TRIGGER record_updated_matters AFTER UPDATE ON record
WHEN NEW.version = OLD.version AND NEW.kind <> 'absence' AND (NEW.kind <> OLD.kind OR NEW.subject <> OLD.subject
    OR NEW.subject_id <> OLD.subject_id OR NEW.from_day IS NOT OLD.from_day OR NEW.to_day IS NOT OLD.to_day
    OR NEW.body <> OLD.body)
BEGIN
    UPDATE encounter SET revision = revision + 1
        WHERE OLD.subject = 'client' AND agency_id = OLD.agency_id AND client_id = OLD.subject_id
            AND date_of_service >= coalesce(OLD.from_day, '0000-00-00') AND date_of_service < coalesce(OLD.to_day, '9999-99-99');
    UPDATE encounter SET revision = revision + 1
        WHERE OLD.subject = 'encounter' AND agency_id = OLD.agency_id AND encounter_id = OLD.subject_id;
    UPDATE encounter SET revision = revision + 1
        WHERE OLD.subject = 'practice' AND agency_id = OLD.agency_id AND billing_provider_id = OLD.subject_id
            AND date_of_service >= coalesce(OLD.from_day, '0000-00-00') AND date_of_service < coalesce(OLD.to_day, '9999-99-99');
    UPDATE encounter SET revision = revision + 1
        WHERE OLD.subject = 'provider' AND agency_id = OLD.agency_id AND rendering_provider_id = OLD.subject_id
            AND date_of_service >= coalesce(OLD.from_day, '0000-00-00') AND date_of_service < coalesce(OLD.to_day, '9999-99-99');
    UPDATE encounter SET revision = revision + 1
        WHERE OLD.subject = 'provider' AND agency_id = OLD.agency_id AND rendering_provider_id <> OLD.subject_id
            AND client_id IN (
                SELECT r.subject_id FROM record r
                WHERE r.agency_id = OLD.agency_id AND r.kind = 'assignment'
                    AND r.body ->> 'provider_id' = OLD.subject_id
                UNION
                SELECT r.subject_id FROM record r CROSS JOIN json_each(r.body, '$.rendering_from') t
                WHERE r.agency_id = OLD.agency_id AND r.kind = 'authorization' AND t.value = OLD.subject_id)
            AND date_of_service >= coalesce(OLD.from_day, '0000-00-00') AND date_of_service < coalesce(OLD.to_day, '9999-99-99');
    UPDATE encounter SET revision = revision + 1
        WHERE NEW.subject = 'client' AND agency_id = NEW.agency_id AND client_id = NEW.subject_id
            AND date_of_service >= coalesce(NEW.from_day, '0000-00-00') AND date_of_service < coalesce(NEW.to_day, '9999-99-99');
    UPDATE encounter SET revision = revision + 1
        WHERE NEW.subject = 'encounter' AND agency_id = NEW.agency_id AND encounter_id = NEW.subject_id;
    UPDATE encounter SET revision = revision + 1
        WHERE NEW.subject = 'practice' AND agency_id = NEW.agency_id AND billing_provider_id = NEW.subject_id
            AND date_of_service >= coalesce(NEW.from_day, '0000-00-00') AND date_of_service < coalesce(NEW.to_day, '9999-99-99');
    UPDATE encounter SET revision = revision + 1
        WHERE NEW.subject = 'provider' AND agency_id = NEW.agency_id AND rendering_provider_id = NEW.subject_id
            AND date_of_service >= coalesce(NEW.from_day, '0000-00-00') AND date_of_service < coalesce(NEW.to_day, '9999-99-99');
    UPDATE encounter SET revision = revision + 1
        WHERE NEW.subject = 'provider' AND agency_id = NEW.agency_id AND rendering_provider_id <> NEW.subject_id
            AND client_id IN (
                SELECT r.subject_id FROM record r
                WHERE r.agency_id = NEW.agency_id AND r.kind = 'assignment'
                    AND r.body ->> 'provider_id' = NEW.subject_id
                UNION
                SELECT r.subject_id FROM record r CROSS JOIN json_each(r.body, '$.rendering_from') t
                WHERE r.agency_id = NEW.agency_id AND r.kind = 'authorization' AND t.value = NEW.subject_id)
            AND date_of_service >= coalesce(NEW.from_day, '0000-00-00') AND date_of_service < coalesce(NEW.to_day, '9999-99-99');
END;

CREATE TRIGGER record_deleted AFTER DELETE ON record BEGIN
    INSERT INTO record_version (agency_id, record_id, version, operation, kind, subject, subject_id, body, recorded_at, recorded_by)
            VALUES (OLD.agency_id, OLD.record_id, OLD.version, 'delete', OLD.kind, OLD.subject,
        OLD.subject_id, OLD.body, CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER), OLD.written_by);
END;

CREATE TRIGGER record_deleted_matters AFTER DELETE ON record WHEN OLD.kind <> 'absence' BEGIN
    UPDATE encounter SET revision = revision + 1
        WHERE OLD.subject = 'client' AND agency_id = OLD.agency_id AND client_id = OLD.subject_id
            AND date_of_service >= coalesce(OLD.from_day, '0000-00-00') AND date_of_service < coalesce(OLD.to_day, '9999-99-99');
    UPDATE encounter SET revision = revision + 1
        WHERE OLD.subject = 'encounter' AND agency_id = OLD.agency_id AND encounter_id = OLD.subject_id;
    UPDATE encounter SET revision = revision + 1
        WHERE OLD.subject = 'practice' AND agency_id = OLD.agency_id AND billing_provider_id = OLD.subject_id
            AND date_of_service >= coalesce(OLD.from_day, '0000-00-00') AND date_of_service < coalesce(OLD.to_day, '9999-99-99');
    UPDATE encounter SET revision = revision + 1
        WHERE OLD.subject = 'provider' AND agency_id = OLD.agency_id AND rendering_provider_id = OLD.subject_id
            AND date_of_service >= coalesce(OLD.from_day, '0000-00-00') AND date_of_service < coalesce(OLD.to_day, '9999-99-99');
    UPDATE encounter SET revision = revision + 1
        WHERE OLD.subject = 'provider' AND agency_id = OLD.agency_id AND rendering_provider_id <> OLD.subject_id
            AND client_id IN (
                SELECT r.subject_id FROM record r
                WHERE r.agency_id = OLD.agency_id AND r.kind = 'assignment'
                    AND r.body ->> 'provider_id' = OLD.subject_id
                UNION
                SELECT r.subject_id FROM record r CROSS JOIN json_each(r.body, '$.rendering_from') t
                WHERE r.agency_id = OLD.agency_id AND r.kind = 'authorization' AND t.value = OLD.subject_id)
            AND date_of_service >= coalesce(OLD.from_day, '0000-00-00') AND date_of_service < coalesce(OLD.to_day, '9999-99-99');
END;

CREATE TRIGGER record_version_no_update BEFORE UPDATE ON record_version BEGIN
    SELECT RAISE(ABORT, 'table record_version is append-only');
END;

CREATE TRIGGER record_version_no_delete BEFORE DELETE ON record_version BEGIN
    SELECT RAISE(ABORT, 'table record_version is append-only');
END;
