-- Records that are put together revise each encounter once, not once for each of them: a client with a thousand encounters and a
-- thousand records would cost a million updates.

-- Whom a record is about, on which days.
CREATE TYPE record_reach AS (agency_id TEXT, subject TEXT, subject_id TEXT, from_day TEXT, to_day TEXT);

-- Days that overlap or follow each other become one stretch of days. No collation is named here: one would be that of the calls too, and
-- no index would fit them.
CREATE FUNCTION revise_for_reaches(reaches record_reach[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM revise_for_record(s.agency_id, s.subject, s.subject_id, s.first_day, s.last_day) FROM (
        SELECT agency_id, subject, subject_id, min(first_day) AS first_day, max(last_day) AS last_day FROM (
            SELECT b.*, count(*) FILTER (WHERE begins) OVER (
                PARTITION BY agency_id, subject, subject_id ORDER BY first_day, last_day) AS stretch
            FROM (
                SELECT d.*, first_day > coalesce(max(last_day) OVER (
                    PARTITION BY agency_id, subject, subject_id ORDER BY first_day, last_day
                    ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), '') AS begins
                FROM (
                    SELECT DISTINCT agency_id, subject, subject_id, coalesce(from_day, '0000-00-00') AS first_day,
                        coalesce(to_day, '9999-99-99') AS last_day FROM unnest(reaches)
                ) d
            ) b
        ) s GROUP BY agency_id, subject, subject_id, stretch ORDER BY agency_id, subject, subject_id, stretch
    ) s;
END $$;

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
    RETURN NULL;
END $$;

-- An absence changes no decision, so it makes none stale.
CREATE FUNCTION revise_for_new_records() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM revise_for_reaches(ARRAY(SELECT ROW(agency_id, subject, subject_id, from_day, to_day)::record_reach
        FROM new_rows WHERE kind <> 'absence'));
    RETURN NULL;
END $$;

CREATE FUNCTION revise_for_changed_records() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM revise_for_reaches(ARRAY(
        SELECT ROW(agency_id, subject, subject_id, from_day, to_day)::record_reach FROM old_rows WHERE kind <> 'absence'
        UNION ALL
        SELECT ROW(agency_id, subject, subject_id, from_day, to_day)::record_reach FROM new_rows WHERE kind <> 'absence'));
    RETURN NULL;
END $$;

CREATE FUNCTION revise_for_gone_records() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM revise_for_reaches(ARRAY(SELECT ROW(agency_id, subject, subject_id, from_day, to_day)::record_reach
        FROM old_rows WHERE kind <> 'absence'));
    RETURN NULL;
END $$;

CREATE TRIGGER record_inserted_matters AFTER INSERT ON record
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION revise_for_new_records();
CREATE TRIGGER record_updated_matters AFTER UPDATE ON record
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION revise_for_changed_records();
CREATE TRIGGER record_deleted_matters AFTER DELETE ON record
    REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION revise_for_gone_records();

-- A plan that holds for any practice or provider reads the whole table where one of them has most of the encounters: each call is
-- planned for whom it is about, and finds the rows by an index.
ALTER FUNCTION revise_for_record(TEXT, TEXT, TEXT, TEXT, TEXT) SET plan_cache_mode = force_custom_plan SET enable_seqscan = off;
