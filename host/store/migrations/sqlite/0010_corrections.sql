-- Claims that replace or void another one concern the client's other encounters with the payer: these are decided again when
-- such a claim comes, changes or goes, and when the encounters of its day do. Most agencies have few of them.

CREATE INDEX record_correction ON record (agency_id, subject_id)
    WHERE kind = 'claim' AND body ->> 'frequency' IN ('7', '8');
CREATE INDEX record_claim_number ON record (agency_id, body ->> 'payer_claim_number')
    WHERE kind = 'claim' AND body ->> 'payer_claim_number' IS NOT NULL;

-- To insert here is to raise the revision of a client's encounters with a payer, of one day or of all, but for one of them. A
-- revision that is raised without a change of facts raises no other.
CREATE VIEW concerned AS SELECT agency_id, client_id, payer_id, date_of_service, encounter_id AS but_for FROM encounter;

CREATE TRIGGER concerned_inserted INSTEAD OF INSERT ON concerned BEGIN
    UPDATE encounter SET revision = revision + 1
        WHERE agency_id = NEW.agency_id AND client_id = NEW.client_id AND payer_id = NEW.payer_id
            AND (NEW.date_of_service IS NULL OR date_of_service = NEW.date_of_service) AND encounter_id <> NEW.but_for;
END;

-- Encounters of clients with such claims.
CREATE VIEW corrected_client AS
    SELECT e.agency_id, e.client_id, e.payer_id, e.encounter_id FROM encounter e WHERE EXISTS (
        SELECT 1 FROM encounter c INDEXED BY encounter_by_client CROSS JOIN record r INDEXED BY record_correction
            ON r.agency_id = c.agency_id AND r.subject_id = c.encounter_id
                AND r.kind = 'claim' AND r.body ->> 'frequency' IN ('7', '8')
        WHERE c.agency_id = e.agency_id AND c.client_id = e.client_id AND c.payer_id = e.payer_id);

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

-- Claims that concern encounters of other days: those that correct, and those whose number a correction may name.
CREATE VIEW far_claim AS
    SELECT r.agency_id, r.subject_id AS encounter_id FROM record r
    WHERE r.subject = 'encounter' AND r.kind = 'claim'
        AND (r.body ->> 'frequency' IN ('7', '8') OR r.body ->> 'payer_claim_number' IS NOT NULL);

-- An encounter with such a claim concerns all of the client's, another one those of its day.
CREATE TRIGGER encounter_concerns_inserted AFTER INSERT ON encounter
WHEN EXISTS (SELECT 1 FROM record r INDEXED BY record_correction
    WHERE r.agency_id = NEW.agency_id AND r.kind = 'claim' AND r.body ->> 'frequency' IN ('7', '8')) BEGIN
    INSERT INTO concerned SELECT NEW.agency_id, NEW.client_id, NEW.payer_id,
        CASE WHEN EXISTS (SELECT 1 FROM far_claim f
            WHERE f.agency_id = NEW.agency_id AND f.encounter_id = NEW.encounter_id)
            THEN NULL ELSE NEW.date_of_service END, NEW.encounter_id;
END;

CREATE TRIGGER encounter_concerns_updated AFTER UPDATE ON encounter
WHEN (NEW.client_id <> OLD.client_id OR NEW.payer_id <> OLD.payer_id OR NEW.date_of_service <> OLD.date_of_service
        OR NEW.billing_provider_id <> OLD.billing_provider_id OR NEW.rendering_provider_id <> OLD.rendering_provider_id
        OR NEW.procedure_code IS NOT OLD.procedure_code OR NEW.service IS NOT OLD.service OR NEW.mode <> OLD.mode)
    AND EXISTS (SELECT 1 FROM record r INDEXED BY record_correction
        WHERE r.agency_id = NEW.agency_id AND r.kind = 'claim' AND r.body ->> 'frequency' IN ('7', '8')) BEGIN
    INSERT INTO concerned SELECT k.agency_id, k.client_id, k.payer_id,
        CASE WHEN EXISTS (SELECT 1 FROM far_claim f
            WHERE f.agency_id = NEW.agency_id AND f.encounter_id = NEW.encounter_id)
            THEN NULL ELSE k.date_of_service END, NEW.encounter_id
        FROM (SELECT NEW.agency_id AS agency_id, NEW.client_id AS client_id, NEW.payer_id AS payer_id,
                NEW.date_of_service AS date_of_service
            UNION SELECT OLD.agency_id, OLD.client_id, OLD.payer_id, OLD.date_of_service) k;
END;

CREATE TRIGGER encounter_concerns_deleted AFTER DELETE ON encounter
WHEN EXISTS (SELECT 1 FROM record r INDEXED BY record_correction
    WHERE r.agency_id = OLD.agency_id AND r.kind = 'claim' AND r.body ->> 'frequency' IN ('7', '8')) BEGIN
    INSERT INTO concerned SELECT OLD.agency_id, OLD.client_id, OLD.payer_id,
        CASE WHEN EXISTS (SELECT 1 FROM far_claim f
            WHERE f.agency_id = OLD.agency_id AND f.encounter_id = OLD.encounter_id)
            THEN NULL ELSE OLD.date_of_service END, OLD.encounter_id;
END;

-- The word that says that a service stands beside a like one of the day.
CREATE TRIGGER encounter_repeat_inserted AFTER INSERT ON encounter_supporting_info
WHEN NEW.category = 'repeat_service' AND EXISTS (SELECT 1 FROM record r INDEXED BY record_correction
    WHERE r.agency_id = NEW.agency_id AND r.kind = 'claim' AND r.body ->> 'frequency' IN ('7', '8')) BEGIN
    INSERT INTO concerned SELECT e.agency_id, e.client_id, e.payer_id, e.date_of_service, e.encounter_id FROM encounter e
        WHERE e.agency_id = NEW.agency_id AND e.encounter_id = NEW.encounter_id;
END;

CREATE TRIGGER encounter_repeat_updated AFTER UPDATE ON encounter_supporting_info
WHEN (OLD.category = 'repeat_service' OR NEW.category = 'repeat_service')
    AND (OLD.category <> NEW.category OR OLD.encounter_id <> NEW.encounter_id)
    AND EXISTS (SELECT 1 FROM record r INDEXED BY record_correction
        WHERE r.agency_id = NEW.agency_id AND r.kind = 'claim' AND r.body ->> 'frequency' IN ('7', '8')) BEGIN
    INSERT INTO concerned SELECT e.agency_id, e.client_id, e.payer_id, e.date_of_service, e.encounter_id FROM encounter e
        WHERE e.agency_id = NEW.agency_id AND e.encounter_id IN (NEW.encounter_id, OLD.encounter_id);
END;

CREATE TRIGGER encounter_repeat_deleted AFTER DELETE ON encounter_supporting_info
WHEN OLD.category = 'repeat_service' AND EXISTS (SELECT 1 FROM record r INDEXED BY record_correction
    WHERE r.agency_id = OLD.agency_id AND r.kind = 'claim' AND r.body ->> 'frequency' IN ('7', '8')) BEGIN
    INSERT INTO concerned SELECT e.agency_id, e.client_id, e.payer_id, e.date_of_service, e.encounter_id FROM encounter e
        WHERE e.agency_id = OLD.agency_id AND e.encounter_id = OLD.encounter_id;
END;

-- A coverage that begins later or has ended says more than none on file, so it can matter on every day.
UPDATE record SET from_day = NULL, to_day = NULL WHERE kind = 'coverage' AND (from_day IS NOT NULL OR to_day IS NOT NULL);

-- A record that becomes an absence, or stops being one, changes what is on file.
DROP TRIGGER record_updated_matters;
CREATE TRIGGER record_updated_matters AFTER UPDATE ON record
WHEN NEW.version = OLD.version AND (NEW.kind <> 'absence' OR OLD.kind <> 'absence') AND (NEW.kind <> OLD.kind OR NEW.subject <> OLD.subject
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
