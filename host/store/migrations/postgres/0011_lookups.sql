-- What is looked up when a record comes, changes or goes, and when a host is asked whether it can write.

CREATE INDEX decision_by_client ON decision (agency_id, client_id, sequence);
CREATE INDEX encounter_by_practice ON encounter (agency_id, billing_provider_id, date_of_service);
CREATE INDEX record_rendering_from ON record (agency_id)
    WHERE kind = 'authorization' AND (body::jsonb) -> 'rendering_from' IS NOT NULL;

-- A record about a provider concerns the encounters that they rendered; those of clients whose case manager they are, or whose
-- authorization names whom they stand in for, are another statement, so that each finds its rows by an index.
CREATE OR REPLACE FUNCTION revise_for_record(
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
            WHERE agency_id = agency AND rendering_provider_id = about_id
                AND date_of_service >= first_day AND date_of_service < last_day;
        UPDATE encounter e SET revision = e.revision + 1
            FROM (SELECT r.subject_id AS client_id FROM record r
                    WHERE r.agency_id = agency AND r.kind = 'assignment' AND (r.body::jsonb) ->> 'provider_id' = about_id
                UNION SELECT r.subject_id FROM record r CROSS JOIN jsonb_each_text((r.body::jsonb) -> 'rendering_from') t
                    WHERE r.agency_id = agency AND r.kind = 'authorization'
                        AND (r.body::jsonb) -> 'rendering_from' IS NOT NULL AND t.value = about_id) c
            WHERE e.agency_id = agency AND e.client_id = c.client_id AND e.rendering_provider_id <> about_id
                AND e.date_of_service >= first_day AND e.date_of_service < last_day;
    END IF;
END $$;

-- A host that is asked whether it can serve writes here: a database that only reads is of no use to it.
CREATE TABLE sign_of_life (
    place      BIGINT PRIMARY KEY CHECK (place = 1),
    written_at BIGINT NOT NULL
);
