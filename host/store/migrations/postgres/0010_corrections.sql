-- Claims that replace or void another one concern the client's other encounters with the payer: these are decided again when
-- such a claim comes, changes or goes, and when the encounters of its day do. Most agencies have few of them.

CREATE INDEX record_correction ON record (agency_id, subject_id)
    WHERE kind = 'claim' AND (body::jsonb) ->> 'frequency' IN ('7', '8');
CREATE INDEX record_claim_number ON record (agency_id, ((body::jsonb) ->> 'payer_claim_number'))
    WHERE kind = 'claim' AND (body::jsonb) ->> 'payer_claim_number' IS NOT NULL;

-- Encounters of clients with such claims.
CREATE VIEW corrected_client AS
    SELECT e.agency_id, e.client_id, e.payer_id, e.encounter_id FROM encounter e WHERE EXISTS (
        SELECT 1 FROM encounter c JOIN record r ON r.agency_id = c.agency_id AND r.subject_id = c.encounter_id
            AND r.kind = 'claim' AND (r.body::jsonb) ->> 'frequency' IN ('7', '8')
        WHERE c.agency_id = e.agency_id AND c.client_id = e.client_id AND c.payer_id = e.payer_id);

-- Raises the revision of a client's encounters with a payer, of one day or of all, but for one of them. A revision that is
-- raised without a change of facts raises no other.
CREATE FUNCTION revise_concerned(agency TEXT, client TEXT, payer TEXT, day TEXT, but_for TEXT) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    UPDATE encounter SET revision = revision + 1
        WHERE agency_id = agency AND client_id = client AND payer_id = payer
            AND (day IS NULL OR date_of_service = day) AND encounter_id <> but_for;
END $$;

CREATE FUNCTION concern_by_claim() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' AND OLD.kind = 'claim' THEN
        PERFORM revise_concerned(e.agency_id, e.client_id, e.payer_id, NULL, e.encounter_id) FROM encounter e
            WHERE e.agency_id = OLD.agency_id AND e.encounter_id = OLD.subject_id
                AND ((OLD.body::jsonb) ->> 'frequency' IN ('7', '8') OR EXISTS (SELECT 1 FROM corrected_client c
                    WHERE c.agency_id = e.agency_id AND c.encounter_id = e.encounter_id));
    END IF;
    IF TG_OP <> 'DELETE' AND NEW.kind = 'claim' THEN
        PERFORM revise_concerned(c.agency_id, c.client_id, c.payer_id, NULL, c.encounter_id) FROM corrected_client c
            WHERE c.agency_id = NEW.agency_id AND c.encounter_id = NEW.subject_id;
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER record_claim_concerns AFTER INSERT OR UPDATE OR DELETE ON record
    FOR EACH ROW EXECUTE FUNCTION concern_by_claim();

-- Whether the agency has such claims at all.
CREATE FUNCTION has_corrections(agency TEXT) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT 1 FROM record r WHERE r.agency_id = agency AND r.kind = 'claim'
        AND (r.body::jsonb) ->> 'frequency' IN ('7', '8'))
$$;

-- An encounter whose claim corrects, or has a number that a correction may name, concerns all of the client's, another one
-- those of its day.
CREATE FUNCTION concern_by_encounter(agency TEXT, encounter TEXT, client TEXT, payer TEXT, day TEXT) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM revise_concerned(agency, client, payer, CASE WHEN EXISTS (SELECT 1 FROM record r
            WHERE r.agency_id = agency AND r.subject = 'encounter' AND r.subject_id = encounter AND r.kind = 'claim'
                AND ((r.body::jsonb) ->> 'frequency' IN ('7', '8') OR (r.body::jsonb) ->> 'payer_claim_number' IS NOT NULL))
            THEN NULL ELSE day END, encounter);
END $$;

CREATE FUNCTION concern_of_new() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM concern_by_encounter(n.agency_id, n.encounter_id, n.client_id, n.payer_id, n.date_of_service)
        FROM new_rows n WHERE n.agency_id IN
            (SELECT a FROM (SELECT DISTINCT agency_id AS a FROM new_rows) d WHERE has_corrections(a));
    RETURN NULL;
END $$;

CREATE FUNCTION concern_of_old() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM concern_by_encounter(o.agency_id, o.encounter_id, o.client_id, o.payer_id, o.date_of_service)
        FROM old_rows o WHERE o.agency_id IN
            (SELECT a FROM (SELECT DISTINCT agency_id AS a FROM old_rows) d WHERE has_corrections(a));
    RETURN NULL;
END $$;

CREATE FUNCTION concern_of_both() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM concern_by_encounter(n.agency_id, n.encounter_id, n.client_id, n.payer_id, n.date_of_service),
            concern_by_encounter(o.agency_id, o.encounter_id, o.client_id, o.payer_id, o.date_of_service)
        FROM new_rows n JOIN old_rows o ON o.agency_id = n.agency_id AND o.encounter_id = n.encounter_id
        WHERE (n.client_id, n.payer_id, n.date_of_service, n.billing_provider_id, n.rendering_provider_id, n.procedure_code,
                n.service, n.mode)
            IS DISTINCT FROM (o.client_id, o.payer_id, o.date_of_service, o.billing_provider_id, o.rendering_provider_id,
                o.procedure_code, o.service, o.mode)
            AND has_corrections(n.agency_id);
    RETURN NULL;
END $$;

CREATE TRIGGER encounter_concerns_inserted AFTER INSERT ON encounter
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION concern_of_new();
CREATE TRIGGER encounter_concerns_updated AFTER UPDATE ON encounter
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION concern_of_both();
CREATE TRIGGER encounter_concerns_deleted AFTER DELETE ON encounter
    REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION concern_of_old();

-- The word that says that a service stands beside a like one of the day.
CREATE FUNCTION concern_by_repeat() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    info encounter_supporting_info := CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
    was encounter_supporting_info := CASE WHEN TG_OP = 'INSERT' THEN NEW ELSE OLD END;
BEGIN
    IF has_corrections(info.agency_id) THEN
        PERFORM revise_concerned(e.agency_id, e.client_id, e.payer_id, e.date_of_service, e.encounter_id) FROM encounter e
            WHERE e.agency_id = info.agency_id AND e.encounter_id IN (info.encounter_id, was.encounter_id);
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER encounter_repeat_inserted AFTER INSERT ON encounter_supporting_info
    FOR EACH ROW WHEN (NEW.category = 'repeat_service') EXECUTE FUNCTION concern_by_repeat();
CREATE TRIGGER encounter_repeat_updated AFTER UPDATE ON encounter_supporting_info
    FOR EACH ROW WHEN ((OLD.category = 'repeat_service' OR NEW.category = 'repeat_service')
        AND (OLD.category, OLD.encounter_id) IS DISTINCT FROM (NEW.category, NEW.encounter_id))
    EXECUTE FUNCTION concern_by_repeat();
CREATE TRIGGER encounter_repeat_deleted AFTER DELETE ON encounter_supporting_info
    FOR EACH ROW WHEN (OLD.category = 'repeat_service') EXECUTE FUNCTION concern_by_repeat();

-- A coverage that begins later or has ended says more than none on file, so it can matter on every day.
UPDATE record SET from_day = NULL, to_day = NULL WHERE kind = 'coverage' AND (from_day IS NOT NULL OR to_day IS NOT NULL);

-- A record that becomes an absence, or stops being one, changes what is on file.
CREATE OR REPLACE FUNCTION keep_record_version() RETURNS trigger LANGUAGE plpgsql AS $$
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
    IF TG_OP = 'INSERT' AND NEW.kind <> 'absence' OR TG_OP = 'UPDATE' AND NEW.kind <> 'absence'
        AND (OLD.kind = 'absence' OR (NEW.subject, NEW.subject_id, NEW.from_day, NEW.to_day)
        IS DISTINCT FROM (OLD.subject, OLD.subject_id, OLD.from_day, OLD.to_day)) THEN
        PERFORM revise_for_record(NEW.agency_id, NEW.subject, NEW.subject_id, NEW.from_day, NEW.to_day);
    END IF;
    RETURN NULL;
END $$;
