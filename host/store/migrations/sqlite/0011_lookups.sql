-- What is looked up when a record comes, changes or goes, and when a host is asked whether it can write.

CREATE INDEX decision_by_client ON decision (agency_id, client_id, sequence);
CREATE INDEX encounter_by_practice ON encounter (agency_id, billing_provider_id, date_of_service);
CREATE INDEX record_rendering_from ON record (agency_id)
    WHERE kind = 'authorization' AND body -> '$.rendering_from' IS NOT NULL;

-- Clients whose encounters a record about a provider can concern though another one rendered them: the provider is their case
-- manager, or an authorization of theirs names whom the provider stands in for.
CREATE VIEW client_of_provider AS
    SELECT r.agency_id, r.body ->> 'provider_id' AS provider_id, r.subject_id AS client_id FROM record r
        WHERE r.kind = 'assignment'
    UNION ALL SELECT r.agency_id, t.value, r.subject_id
        FROM record r INDEXED BY record_rendering_from CROSS JOIN json_each(r.body, '$.rendering_from') t
        WHERE r.kind = 'authorization' AND r.body -> '$.rendering_from' IS NOT NULL;

-- Whom a record is about, on which days: whoever writes a row here gives the encounters concerned a new revision.
CREATE VIEW record_reach AS SELECT agency_id, subject, subject_id, from_day, to_day FROM record;

CREATE TRIGGER record_reached INSTEAD OF INSERT ON record_reach BEGIN
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
            AND encounter_id IN (SELECT e.encounter_id FROM client_of_provider c
                CROSS JOIN encounter e ON e.agency_id = c.agency_id AND e.client_id = c.client_id
                WHERE c.agency_id = NEW.agency_id AND c.provider_id = NEW.subject_id
                    AND e.date_of_service >= coalesce(NEW.from_day, '0000-00-00')
                    AND e.date_of_service < coalesce(NEW.to_day, '9999-99-99'));
END;

DROP TRIGGER record_inserted_matters;
CREATE TRIGGER record_inserted_matters AFTER INSERT ON record WHEN NEW.kind <> 'absence' BEGIN
    INSERT INTO record_reach VALUES (NEW.agency_id, NEW.subject, NEW.subject_id, NEW.from_day, NEW.to_day);
END;

DROP TRIGGER record_deleted_matters;
CREATE TRIGGER record_deleted_matters AFTER DELETE ON record WHEN OLD.kind <> 'absence' BEGIN
    INSERT INTO record_reach VALUES (OLD.agency_id, OLD.subject, OLD.subject_id, OLD.from_day, OLD.to_day);
END;

DROP TRIGGER record_updated_matters;
CREATE TRIGGER record_updated_matters AFTER UPDATE ON record
WHEN NEW.version = OLD.version AND (NEW.kind <> 'absence' OR OLD.kind <> 'absence') AND (NEW.kind <> OLD.kind OR NEW.subject <> OLD.subject
    OR NEW.subject_id <> OLD.subject_id OR NEW.from_day IS NOT OLD.from_day OR NEW.to_day IS NOT OLD.to_day
    OR NEW.body <> OLD.body)
BEGIN
    INSERT INTO record_reach VALUES (OLD.agency_id, OLD.subject, OLD.subject_id, OLD.from_day, OLD.to_day);
    INSERT INTO record_reach VALUES (NEW.agency_id, NEW.subject, NEW.subject_id, NEW.from_day, NEW.to_day);
END;

-- A host that is asked whether it can serve writes here: a database that only reads is of no use to it.
CREATE TABLE sign_of_life (
    place      INTEGER PRIMARY KEY CHECK (place = 1),
    written_at INTEGER NOT NULL
) STRICT;
