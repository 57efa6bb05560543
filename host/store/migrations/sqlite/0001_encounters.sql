-- The public encounter tables and the queue of what is to be decided. SCHEMA.md describes them for other systems.

CREATE TABLE encounter (
    agency_id               TEXT    NOT NULL CHECK (length(agency_id) BETWEEN 1 AND 64),
    encounter_id            TEXT    NOT NULL CHECK (length(encounter_id) BETWEEN 1 AND 64),
    client_id               TEXT    NOT NULL CHECK (length(client_id) BETWEEN 1 AND 64),
    payer_id                TEXT    NOT NULL CHECK (length(payer_id) BETWEEN 1 AND 64),
    plan_id                 TEXT    CHECK (length(plan_id) BETWEEN 1 AND 64),
    service_line            TEXT    CHECK (length(service_line) BETWEEN 1 AND 64),
    date_of_service         TEXT    NOT NULL CHECK (date_of_service GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]'),
    procedure_code          TEXT    CHECK (length(procedure_code) = 5),
    service                 TEXT    CHECK (length(service) BETWEEN 1 AND 64),
    minutes                 INTEGER CHECK (minutes BETWEEN 0 AND 1440),
    rendering_provider_id   TEXT    NOT NULL CHECK (length(rendering_provider_id) BETWEEN 1 AND 64),
    rendering_provider_role TEXT    NOT NULL CHECK (length(rendering_provider_role) BETWEEN 1 AND 64),
    billing_provider_id     TEXT    NOT NULL CHECK (length(billing_provider_id) BETWEEN 1 AND 64),
    phase                   TEXT    NOT NULL CHECK (length(phase) BETWEEN 1 AND 64),
    mode                    TEXT    NOT NULL CHECK (length(mode) BETWEEN 1 AND 64),
    place_of_service        TEXT    CHECK (length(place_of_service) = 2),
    group_size              INTEGER CHECK (group_size BETWEEN 0 AND 1000000),
    received_on             TEXT    CHECK (received_on GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]'),
    revision                INTEGER NOT NULL DEFAULT 1 CHECK (revision >= 1),
    written_at              INTEGER NOT NULL DEFAULT (CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER)),
    PRIMARY KEY (agency_id, encounter_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX encounter_by_client ON encounter (agency_id, client_id, date_of_service);

-- The references are checked at commit, so rows may be written in any order within a transaction.
CREATE TABLE encounter_modifier (
    agency_id    TEXT NOT NULL,
    encounter_id TEXT NOT NULL,
    modifier     TEXT NOT NULL CHECK (length(modifier) = 2 AND instr(modifier, ',') = 0),
    PRIMARY KEY (agency_id, encounter_id, modifier),
    FOREIGN KEY (agency_id, encounter_id) REFERENCES encounter ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED
) STRICT, WITHOUT ROWID;

CREATE TABLE encounter_diagnosis (
    agency_id    TEXT    NOT NULL,
    encounter_id TEXT    NOT NULL,
    position     INTEGER NOT NULL CHECK (position >= 1),
    diagnosis    TEXT    NOT NULL CHECK (length(diagnosis) BETWEEN 1 AND 64 AND instr(diagnosis, ',') = 0),
    PRIMARY KEY (agency_id, encounter_id, position),
    FOREIGN KEY (agency_id, encounter_id) REFERENCES encounter ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED
) STRICT, WITHOUT ROWID;

CREATE TABLE encounter_supporting_info (
    agency_id    TEXT NOT NULL,
    encounter_id TEXT NOT NULL,
    category     TEXT NOT NULL CHECK (length(category) BETWEEN 1 AND 64 AND instr(category, ',') = 0),
    PRIMARY KEY (agency_id, encounter_id, category),
    FOREIGN KEY (agency_id, encounter_id) REFERENCES encounter ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED
) STRICT, WITHOUT ROWID;

-- Triggers alone fill it, with the revision to be decided; a committed decision about that revision takes the row out.
CREATE TABLE undecided (
    position     INTEGER PRIMARY KEY,
    agency_id    TEXT NOT NULL,
    encounter_id TEXT NOT NULL,
    client_id    TEXT NOT NULL,
    revision     INTEGER NOT NULL,
    UNIQUE (agency_id, encounter_id)
) STRICT;

CREATE INDEX undecided_by_client ON undecided (agency_id, client_id);

-- Encounters whose rows could not be read. The next change of the encounter removes the row and queues it again.
CREATE TABLE encounter_fault (
    agency_id    TEXT    NOT NULL,
    encounter_id TEXT    NOT NULL,
    revision     INTEGER NOT NULL,
    faults       TEXT    NOT NULL CHECK (json_valid(faults)),
    recorded_at  INTEGER NOT NULL,
    PRIMARY KEY (agency_id, encounter_id)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER encounter_inserted AFTER INSERT ON encounter BEGIN
    INSERT INTO undecided (agency_id, encounter_id, client_id, revision)
        VALUES (NEW.agency_id, NEW.encounter_id, NEW.client_id, NEW.revision)
        ON CONFLICT (agency_id, encounter_id)
        DO UPDATE SET client_id = excluded.client_id, revision = excluded.revision;
    DELETE FROM encounter_fault WHERE agency_id = NEW.agency_id AND encounter_id = NEW.encounter_id;
END;

CREATE TRIGGER encounter_key_kept BEFORE UPDATE OF agency_id, encounter_id ON encounter
WHEN NEW.agency_id <> OLD.agency_id OR NEW.encounter_id <> OLD.encounter_id BEGIN
    SELECT RAISE(ABORT, 'the ids of an encounter do not change; insert another encounter');
END;

-- An update that changes nothing queues nothing. The inner update does not reach the revision twice: it runs only where
-- the revision is still the old one.
CREATE TRIGGER encounter_updated AFTER UPDATE ON encounter
WHEN NEW.revision <> OLD.revision
  OR NEW.client_id <> OLD.client_id OR NEW.payer_id <> OLD.payer_id
  OR NEW.plan_id IS NOT OLD.plan_id OR NEW.service_line IS NOT OLD.service_line
  OR NEW.date_of_service <> OLD.date_of_service OR NEW.procedure_code IS NOT OLD.procedure_code
  OR NEW.service IS NOT OLD.service OR NEW.minutes IS NOT OLD.minutes
  OR NEW.rendering_provider_id <> OLD.rendering_provider_id
  OR NEW.rendering_provider_role <> OLD.rendering_provider_role
  OR NEW.billing_provider_id <> OLD.billing_provider_id
  OR NEW.phase <> OLD.phase OR NEW.mode <> OLD.mode
  OR NEW.place_of_service IS NOT OLD.place_of_service OR NEW.group_size IS NOT OLD.group_size
  OR NEW.received_on IS NOT OLD.received_on
BEGIN
    UPDATE encounter
        SET revision = OLD.revision + 1, written_at = CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER)
        WHERE agency_id = NEW.agency_id AND encounter_id = NEW.encounter_id AND NEW.revision <= OLD.revision;
    INSERT INTO undecided (agency_id, encounter_id, client_id, revision)
        SELECT agency_id, encounter_id, client_id, revision FROM encounter
        WHERE agency_id = NEW.agency_id AND encounter_id = NEW.encounter_id
        ON CONFLICT (agency_id, encounter_id)
        DO UPDATE SET client_id = excluded.client_id, revision = excluded.revision;
    DELETE FROM encounter_fault WHERE agency_id = NEW.agency_id AND encounter_id = NEW.encounter_id;
END;

CREATE TRIGGER encounter_deleted AFTER DELETE ON encounter BEGIN
    DELETE FROM undecided WHERE agency_id = OLD.agency_id AND encounter_id = OLD.encounter_id;
    DELETE FROM encounter_fault WHERE agency_id = OLD.agency_id AND encounter_id = OLD.encounter_id;
END;

-- A change of what belongs to an encounter is a change of the encounter.
CREATE TRIGGER encounter_modifier_inserted AFTER INSERT ON encounter_modifier BEGIN
    UPDATE encounter
        SET revision = revision + 1, written_at = CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER)
        WHERE agency_id = NEW.agency_id AND encounter_id = NEW.encounter_id;
END;

CREATE TRIGGER encounter_modifier_updated AFTER UPDATE ON encounter_modifier BEGIN
    UPDATE encounter
        SET revision = revision + 1, written_at = CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER)
        WHERE (agency_id, encounter_id) IN
            (VALUES (NEW.agency_id, NEW.encounter_id), (OLD.agency_id, OLD.encounter_id));
END;

CREATE TRIGGER encounter_modifier_deleted AFTER DELETE ON encounter_modifier BEGIN
    UPDATE encounter
        SET revision = revision + 1, written_at = CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER)
        WHERE agency_id = OLD.agency_id AND encounter_id = OLD.encounter_id;
END;

CREATE TRIGGER encounter_diagnosis_inserted AFTER INSERT ON encounter_diagnosis BEGIN
    UPDATE encounter
        SET revision = revision + 1, written_at = CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER)
        WHERE agency_id = NEW.agency_id AND encounter_id = NEW.encounter_id;
END;

CREATE TRIGGER encounter_diagnosis_updated AFTER UPDATE ON encounter_diagnosis BEGIN
    UPDATE encounter
        SET revision = revision + 1, written_at = CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER)
        WHERE (agency_id, encounter_id) IN
            (VALUES (NEW.agency_id, NEW.encounter_id), (OLD.agency_id, OLD.encounter_id));
END;

CREATE TRIGGER encounter_diagnosis_deleted AFTER DELETE ON encounter_diagnosis BEGIN
    UPDATE encounter
        SET revision = revision + 1, written_at = CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER)
        WHERE agency_id = OLD.agency_id AND encounter_id = OLD.encounter_id;
END;

CREATE TRIGGER encounter_supporting_info_inserted AFTER INSERT ON encounter_supporting_info BEGIN
    UPDATE encounter
        SET revision = revision + 1, written_at = CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER)
        WHERE agency_id = NEW.agency_id AND encounter_id = NEW.encounter_id;
END;

CREATE TRIGGER encounter_supporting_info_updated AFTER UPDATE ON encounter_supporting_info BEGIN
    UPDATE encounter
        SET revision = revision + 1, written_at = CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER)
        WHERE (agency_id, encounter_id) IN
            (VALUES (NEW.agency_id, NEW.encounter_id), (OLD.agency_id, OLD.encounter_id));
END;

CREATE TRIGGER encounter_supporting_info_deleted AFTER DELETE ON encounter_supporting_info BEGIN
    UPDATE encounter
        SET revision = revision + 1, written_at = CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER)
        WHERE agency_id = OLD.agency_id AND encounter_id = OLD.encounter_id;
END;
