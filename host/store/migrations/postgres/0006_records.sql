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
    from_day   TEXT    CHECK (from_day ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}$'),
    to_day     TEXT    CHECK (to_day ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}$'),
    body       TEXT    NOT NULL CHECK (body::jsonb IS NOT NULL),
    version    BIGINT NOT NULL DEFAULT 1 CHECK (version >= 1),
    written_at BIGINT NOT NULL DEFAULT ((extract(epoch FROM clock_timestamp()) * 1000000)::bigint),
    written_by TEXT,
    PRIMARY KEY (agency_id, record_id)
);

CREATE INDEX record_by_subject ON record (agency_id, subject, subject_id);

-- Every version of every record, written by triggers alone.
CREATE TABLE record_version (
    position    BIGINT  GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    agency_id   TEXT    NOT NULL,
    record_id   TEXT    NOT NULL,
    version     BIGINT NOT NULL,
    operation   TEXT    NOT NULL CHECK (operation IN ('insert', 'update', 'delete')),
    kind        TEXT    NOT NULL,
    subject     TEXT    NOT NULL,
    subject_id  TEXT    NOT NULL,
    body        TEXT    NOT NULL,
    recorded_at BIGINT NOT NULL,
    recorded_by TEXT
);

CREATE INDEX record_version_of ON record_version (agency_id, record_id, position);

-- Records about a provider concern the encounters that they rendered, and those of clients whose case manager they are.
CREATE INDEX encounter_by_provider ON encounter (agency_id, rendering_provider_id, date_of_service);
CREATE INDEX record_by_case_manager ON record (agency_id, ((body::jsonb) ->> 'provider_id')) WHERE kind = 'assignment';

-- An update that changes nothing is no version.
CREATE FUNCTION raise_record_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.agency_id <> OLD.agency_id OR NEW.record_id <> OLD.record_id THEN
        RAISE EXCEPTION 'the ids of a record do not change; insert another record';
    END IF;
    IF (NEW.kind, NEW.subject, NEW.subject_id, NEW.from_day, NEW.to_day, NEW.body)
        IS NOT DISTINCT FROM (OLD.kind, OLD.subject, OLD.subject_id, OLD.from_day, OLD.to_day, OLD.body) THEN
        RETURN NULL;
    END IF;
    NEW.version := OLD.version + 1;
    NEW.written_at := (extract(epoch FROM clock_timestamp()) * 1000000)::bigint;
    RETURN NEW;
END $$;

CREATE TRIGGER record_revised BEFORE UPDATE ON record FOR EACH ROW EXECUTE FUNCTION raise_record_version();

-- A client has one case manager for a line at any time. The lock keeps two writers for one client in line.
CREATE FUNCTION require_one_case_manager() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended(NEW.agency_id || ' ' || NEW.subject_id, 4243));
    IF EXISTS (
        SELECT 1 FROM record r
        WHERE r.agency_id = NEW.agency_id AND r.subject = 'client' AND r.subject_id = NEW.subject_id
            AND r.kind = 'assignment' AND r.record_id <> NEW.record_id AND (r.body::jsonb) ->> 'role' = 'primary'
            AND (r.body::jsonb) ->> 'service_line' = (NEW.body::jsonb) ->> 'service_line'
            AND tstzrange(((r.body::jsonb) ->> 'start_at')::timestamptz, ((r.body::jsonb) ->> 'end_at')::timestamptz)
                && tstzrange(((NEW.body::jsonb) ->> 'start_at')::timestamptz, ((NEW.body::jsonb) ->> 'end_at')::timestamptz))
    THEN
        RAISE EXCEPTION 'the client has another case manager for this service line at that time; end that assignment first';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER record_one_case_manager BEFORE INSERT OR UPDATE ON record FOR EACH ROW
    WHEN (NEW.kind = 'assignment' AND (NEW.body::jsonb) ->> 'role' = 'primary')
    EXECUTE FUNCTION require_one_case_manager();

-- Makes the decisions stale that a record can touch: the encounters are queued again with a higher revision.
CREATE FUNCTION revise_for_record(
    agency TEXT, about TEXT, about_id TEXT, from_day TEXT, to_day TEXT) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    first_day TEXT := coalesce(from_day, '0000-00-00');
    last_day TEXT := coalesce(to_day, '9999-99-99');
BEGIN
    IF about = 'client' THEN
        UPDATE encounter SET revision = revision + 1
            WHERE agency_id = agency AND client_id = about_id AND date_of_service >= first_day AND date_of_service < last_day;
    ELSIF about = 'encounter' THEN
        UPDATE encounter SET revision = revision + 1 WHERE agency_id = agency AND encounter_id = about_id;
    ELSIF about = 'practice' THEN
        UPDATE encounter SET revision = revision + 1
            WHERE agency_id = agency AND billing_provider_id = about_id
                AND date_of_service >= first_day AND date_of_service < last_day;
    ELSE
        UPDATE encounter SET revision = revision + 1
            WHERE agency_id = agency AND date_of_service >= first_day AND date_of_service < last_day
                AND (rendering_provider_id = about_id OR client_id IN (
                    SELECT r.subject_id FROM record r
                    WHERE r.agency_id = agency AND r.kind = 'assignment' AND (r.body::jsonb) ->> 'provider_id' = about_id)
                    OR client_id IN (
                    SELECT r.subject_id FROM record r CROSS JOIN jsonb_each_text((r.body::jsonb) -> 'rendering_from') t
                    WHERE r.agency_id = agency AND r.kind = 'authorization' AND t.value = about_id));
    END IF;
END $$;

-- An absence changes no decision, so it makes none stale.
CREATE FUNCTION keep_record_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        INSERT INTO record_version (agency_id, record_id, version, operation, kind, subject, subject_id, body, recorded_at, recorded_by)
            VALUES (OLD.agency_id, OLD.record_id, OLD.version, 'delete', OLD.kind, OLD.subject,
            OLD.subject_id, OLD.body, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint, OLD.written_by);
    ELSE
        INSERT INTO record_version (agency_id, record_id, version, operation, kind, subject, subject_id, body, recorded_at, recorded_by)
            VALUES (NEW.agency_id, NEW.record_id, NEW.version, lower(TG_OP), NEW.kind, NEW.subject,
            NEW.subject_id, NEW.body, NEW.written_at, NEW.written_by);
    END IF;
    IF TG_OP <> 'INSERT' AND OLD.kind <> 'absence' THEN
        PERFORM revise_for_record(OLD.agency_id, OLD.subject, OLD.subject_id, OLD.from_day, OLD.to_day);
    END IF;
    IF TG_OP = 'INSERT' AND NEW.kind <> 'absence' OR TG_OP = 'UPDATE' AND (NEW.subject, NEW.subject_id, NEW.from_day, NEW.to_day)
        IS DISTINCT FROM (OLD.subject, OLD.subject_id, OLD.from_day, OLD.to_day) THEN
        PERFORM revise_for_record(NEW.agency_id, NEW.subject, NEW.subject_id, NEW.from_day, NEW.to_day);
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER record_kept AFTER INSERT OR UPDATE OR DELETE ON record FOR EACH ROW EXECUTE FUNCTION keep_record_version();

CREATE TRIGGER record_version_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON record_version
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
