-- The public encounter tables and the queue of what is to be decided. SCHEMA.md describes them for other systems.

CREATE TABLE encounter (
    agency_id               TEXT    NOT NULL CHECK (length(agency_id) BETWEEN 1 AND 64),
    encounter_id            TEXT    NOT NULL CHECK (length(encounter_id) BETWEEN 1 AND 64),
    client_id               TEXT    NOT NULL CHECK (length(client_id) BETWEEN 1 AND 64),
    payer_id                TEXT    NOT NULL CHECK (length(payer_id) BETWEEN 1 AND 64),
    plan_id                 TEXT    CHECK (length(plan_id) BETWEEN 1 AND 64),
    service_line            TEXT    CHECK (length(service_line) BETWEEN 1 AND 64),
    date_of_service         TEXT    NOT NULL CHECK (date_of_service ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}$'),
    procedure_code          TEXT    CHECK (length(procedure_code) = 5),
    service                 TEXT    CHECK (length(service) BETWEEN 1 AND 64),
    minutes                 BIGINT  CHECK (minutes BETWEEN 0 AND 1440),
    rendering_provider_id   TEXT    NOT NULL CHECK (length(rendering_provider_id) BETWEEN 1 AND 64),
    rendering_provider_role TEXT    NOT NULL CHECK (length(rendering_provider_role) BETWEEN 1 AND 64),
    billing_provider_id     TEXT    NOT NULL CHECK (length(billing_provider_id) BETWEEN 1 AND 64),
    phase                   TEXT    NOT NULL CHECK (length(phase) BETWEEN 1 AND 64),
    mode                    TEXT    NOT NULL CHECK (length(mode) BETWEEN 1 AND 64),
    place_of_service        TEXT    CHECK (length(place_of_service) = 2),
    group_size              BIGINT  CHECK (group_size BETWEEN 0 AND 1000000),
    received_on             TEXT    CHECK (received_on ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}$'),
    revision                BIGINT  NOT NULL DEFAULT 1 CHECK (revision >= 1),
    written_at              BIGINT  NOT NULL DEFAULT ((extract(epoch FROM clock_timestamp()) * 1000000)::bigint),
    PRIMARY KEY (agency_id, encounter_id)
);

CREATE INDEX encounter_by_client ON encounter (agency_id, client_id, date_of_service);

-- The references are checked at commit, so rows may be written in any order within a transaction.
CREATE TABLE encounter_modifier (
    agency_id    TEXT NOT NULL,
    encounter_id TEXT NOT NULL,
    modifier     TEXT NOT NULL CHECK (length(modifier) = 2 AND position(',' IN modifier) = 0),
    PRIMARY KEY (agency_id, encounter_id, modifier),
    FOREIGN KEY (agency_id, encounter_id) REFERENCES encounter ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED
);

CREATE TABLE encounter_diagnosis (
    agency_id    TEXT    NOT NULL,
    encounter_id TEXT    NOT NULL,
    position     BIGINT  NOT NULL CHECK (position >= 1),
    diagnosis    TEXT    NOT NULL CHECK (length(diagnosis) BETWEEN 1 AND 64 AND position(',' IN diagnosis) = 0),
    PRIMARY KEY (agency_id, encounter_id, position),
    FOREIGN KEY (agency_id, encounter_id) REFERENCES encounter ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED
);

CREATE TABLE encounter_supporting_info (
    agency_id    TEXT NOT NULL,
    encounter_id TEXT NOT NULL,
    category     TEXT NOT NULL CHECK (length(category) BETWEEN 1 AND 64 AND position(',' IN category) = 0),
    PRIMARY KEY (agency_id, encounter_id, category),
    FOREIGN KEY (agency_id, encounter_id) REFERENCES encounter ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED
);

-- Triggers alone fill it, with the revision to be decided; a committed decision about that revision takes the row out.
-- The revision is in the row itself so that taking it out and a change made at the same moment cannot miss each other.
CREATE TABLE undecided (
    position     BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    agency_id    TEXT NOT NULL,
    encounter_id TEXT NOT NULL,
    client_id    TEXT NOT NULL,
    revision     BIGINT NOT NULL,
    UNIQUE (agency_id, encounter_id)
);

CREATE INDEX undecided_by_client ON undecided (agency_id, client_id);

-- Encounters whose rows could not be read. The next change of the encounter removes the row and queues it again.
CREATE TABLE encounter_fault (
    agency_id    TEXT    NOT NULL,
    encounter_id TEXT    NOT NULL,
    revision     BIGINT  NOT NULL,
    faults       TEXT    NOT NULL CHECK (faults::jsonb IS NOT NULL),
    recorded_at  BIGINT  NOT NULL,
    PRIMARY KEY (agency_id, encounter_id)
);

-- Statement triggers over whole sets of rows: a bulk insert costs one insert into the queue.
CREATE FUNCTION queue_encounters() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO undecided (agency_id, encounter_id, client_id, revision)
        SELECT agency_id, encounter_id, client_id, revision FROM new_rows
        ON CONFLICT (agency_id, encounter_id)
        DO UPDATE SET client_id = excluded.client_id, revision = excluded.revision;
    DELETE FROM encounter_fault f USING new_rows n WHERE f.agency_id = n.agency_id AND f.encounter_id = n.encounter_id;
    RETURN NULL;
END $$;

CREATE TRIGGER encounter_inserted AFTER INSERT ON encounter
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION queue_encounters();

-- An update that changes nothing raises no revision.
CREATE FUNCTION raise_revision() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.agency_id <> OLD.agency_id OR NEW.encounter_id <> OLD.encounter_id THEN
        RAISE EXCEPTION 'the ids of an encounter do not change; insert another encounter';
    END IF;
    IF NEW.revision <= OLD.revision THEN
        NEW.revision := OLD.revision;
        IF (NEW.client_id, NEW.payer_id, NEW.plan_id, NEW.service_line, NEW.date_of_service, NEW.procedure_code,
            NEW.service, NEW.minutes, NEW.rendering_provider_id, NEW.rendering_provider_role, NEW.billing_provider_id,
            NEW.phase, NEW.mode, NEW.place_of_service, NEW.group_size, NEW.received_on)
           IS DISTINCT FROM
           (OLD.client_id, OLD.payer_id, OLD.plan_id, OLD.service_line, OLD.date_of_service, OLD.procedure_code,
            OLD.service, OLD.minutes, OLD.rendering_provider_id, OLD.rendering_provider_role, OLD.billing_provider_id,
            OLD.phase, OLD.mode, OLD.place_of_service, OLD.group_size, OLD.received_on) THEN
            NEW.revision := OLD.revision + 1;
            NEW.written_at := (extract(epoch FROM clock_timestamp()) * 1000000)::bigint;
        END IF;
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER encounter_revised BEFORE UPDATE ON encounter FOR EACH ROW EXECUTE FUNCTION raise_revision();

CREATE FUNCTION queue_revised_encounters() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO undecided (agency_id, encounter_id, client_id, revision)
        SELECT n.agency_id, n.encounter_id, n.client_id, n.revision FROM new_rows n
        JOIN old_rows o ON o.agency_id = n.agency_id AND o.encounter_id = n.encounter_id AND o.revision <> n.revision
        ON CONFLICT (agency_id, encounter_id)
        DO UPDATE SET client_id = excluded.client_id, revision = excluded.revision;
    DELETE FROM encounter_fault f USING new_rows n
        WHERE f.agency_id = n.agency_id AND f.encounter_id = n.encounter_id AND f.revision <> n.revision;
    RETURN NULL;
END $$;

CREATE TRIGGER encounter_updated AFTER UPDATE ON encounter
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION queue_revised_encounters();

CREATE FUNCTION unqueue_encounters() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM undecided u USING old_rows o WHERE u.agency_id = o.agency_id AND u.encounter_id = o.encounter_id;
    DELETE FROM encounter_fault f USING old_rows o WHERE f.agency_id = o.agency_id AND f.encounter_id = o.encounter_id;
    RETURN NULL;
END $$;

CREATE TRIGGER encounter_deleted AFTER DELETE ON encounter
    REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION unqueue_encounters();

-- A change of what belongs to an encounter is a change of the encounter.
CREATE FUNCTION revise_of_new() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE encounter e
        SET revision = e.revision + 1, written_at = (extract(epoch FROM clock_timestamp()) * 1000000)::bigint
        FROM (SELECT DISTINCT agency_id, encounter_id FROM new_rows) n
        WHERE e.agency_id = n.agency_id AND e.encounter_id = n.encounter_id;
    RETURN NULL;
END $$;

CREATE FUNCTION revise_of_old() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE encounter e
        SET revision = e.revision + 1, written_at = (extract(epoch FROM clock_timestamp()) * 1000000)::bigint
        FROM (SELECT DISTINCT agency_id, encounter_id FROM old_rows) o
        WHERE e.agency_id = o.agency_id AND e.encounter_id = o.encounter_id;
    RETURN NULL;
END $$;

CREATE FUNCTION revise_of_both() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE encounter e
        SET revision = e.revision + 1, written_at = (extract(epoch FROM clock_timestamp()) * 1000000)::bigint
        FROM (SELECT agency_id, encounter_id FROM new_rows UNION SELECT agency_id, encounter_id FROM old_rows) b
        WHERE e.agency_id = b.agency_id AND e.encounter_id = b.encounter_id;
    RETURN NULL;
END $$;

CREATE TRIGGER encounter_modifier_inserted AFTER INSERT ON encounter_modifier
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION revise_of_new();
CREATE TRIGGER encounter_modifier_updated AFTER UPDATE ON encounter_modifier
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION revise_of_both();
CREATE TRIGGER encounter_modifier_deleted AFTER DELETE ON encounter_modifier
    REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION revise_of_old();

CREATE TRIGGER encounter_diagnosis_inserted AFTER INSERT ON encounter_diagnosis
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION revise_of_new();
CREATE TRIGGER encounter_diagnosis_updated AFTER UPDATE ON encounter_diagnosis
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION revise_of_both();
CREATE TRIGGER encounter_diagnosis_deleted AFTER DELETE ON encounter_diagnosis
    REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION revise_of_old();

CREATE TRIGGER encounter_supporting_info_inserted AFTER INSERT ON encounter_supporting_info
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION revise_of_new();
CREATE TRIGGER encounter_supporting_info_updated AFTER UPDATE ON encounter_supporting_info
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION revise_of_both();
CREATE TRIGGER encounter_supporting_info_deleted AFTER DELETE ON encounter_supporting_info
    REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION revise_of_old();
