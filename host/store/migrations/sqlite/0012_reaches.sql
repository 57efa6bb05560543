-- Records that are put together revise each encounter once, not once for each of them: a client with a thousand encounters and a
-- thousand records would cost a million updates. Triggers see one row at a time, so whoever puts many holds what they reach until
-- all are there.

-- A row here, while many records are put.
CREATE TABLE record_reach_held (
    place INTEGER PRIMARY KEY CHECK (place = 1)
) STRICT;

-- Whom the records are about that came meanwhile, on which days.
CREATE TABLE record_reach_waiting (
    agency_id  TEXT NOT NULL,
    subject    TEXT NOT NULL,
    subject_id TEXT NOT NULL,
    first_day  TEXT NOT NULL,
    last_day   TEXT NOT NULL,
    PRIMARY KEY (agency_id, subject, subject_id, first_day, last_day)
) STRICT, WITHOUT ROWID;

-- The same, with days that overlap or follow each other as one stretch of days.
CREATE VIEW record_reach_stretch AS
    SELECT agency_id, subject, subject_id, min(first_day) AS first_day, max(last_day) AS last_day FROM (
        SELECT *, sum(begins) OVER (
            PARTITION BY agency_id, subject, subject_id ORDER BY first_day, last_day) AS stretch
        FROM (
            SELECT *, first_day > coalesce(max(last_day) OVER (
                PARTITION BY agency_id, subject, subject_id ORDER BY first_day, last_day
                ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), '') AS begins
            FROM record_reach_waiting)
    ) GROUP BY agency_id, subject, subject_id, stretch;

-- Whoever inserts here has the encounters revised, now or when what is held is let go.
CREATE VIEW record_matters AS SELECT agency_id, subject, subject_id, from_day, to_day FROM record;

CREATE TRIGGER record_matters_now INSTEAD OF INSERT ON record_matters
WHEN NOT EXISTS (SELECT 1 FROM record_reach_held) BEGIN
    INSERT INTO record_reach VALUES (NEW.agency_id, NEW.subject, NEW.subject_id, NEW.from_day, NEW.to_day);
END;

CREATE TRIGGER record_matters_later INSTEAD OF INSERT ON record_matters
WHEN EXISTS (SELECT 1 FROM record_reach_held) BEGIN
    INSERT INTO record_reach_waiting VALUES (NEW.agency_id, NEW.subject, NEW.subject_id,
        coalesce(NEW.from_day, '0000-00-00'), coalesce(NEW.to_day, '9999-99-99'))
        ON CONFLICT DO NOTHING;
END;

-- To delete what is held is to let it go.
CREATE TRIGGER record_reach_let_go AFTER DELETE ON record_reach_held BEGIN
    INSERT INTO record_reach SELECT agency_id, subject, subject_id, first_day, last_day FROM record_reach_stretch;
    DELETE FROM record_reach_waiting;
END;

DROP TRIGGER record_inserted_matters;
CREATE TRIGGER record_inserted_matters AFTER INSERT ON record WHEN NEW.kind <> 'absence' BEGIN
    INSERT INTO record_matters VALUES (NEW.agency_id, NEW.subject, NEW.subject_id, NEW.from_day, NEW.to_day);
END;

DROP TRIGGER record_deleted_matters;
CREATE TRIGGER record_deleted_matters AFTER DELETE ON record WHEN OLD.kind <> 'absence' BEGIN
    INSERT INTO record_matters VALUES (OLD.agency_id, OLD.subject, OLD.subject_id, OLD.from_day, OLD.to_day);
END;

DROP TRIGGER record_updated_matters;
CREATE TRIGGER record_updated_matters AFTER UPDATE ON record
WHEN NEW.version = OLD.version AND (NEW.kind <> 'absence' OR OLD.kind <> 'absence') AND (NEW.kind <> OLD.kind OR NEW.subject <> OLD.subject
    OR NEW.subject_id <> OLD.subject_id OR NEW.from_day IS NOT OLD.from_day OR NEW.to_day IS NOT OLD.to_day
    OR NEW.body <> OLD.body)
BEGIN
    INSERT INTO record_matters VALUES (OLD.agency_id, OLD.subject, OLD.subject_id, OLD.from_day, OLD.to_day);
    INSERT INTO record_matters VALUES (NEW.agency_id, NEW.subject, NEW.subject_id, NEW.from_day, NEW.to_day);
END;

-- A client's encounters are found by the client: left to itself the database reads all of the agency's.
DROP TRIGGER concerned_inserted;
CREATE TRIGGER concerned_inserted INSTEAD OF INSERT ON concerned BEGIN
    UPDATE encounter SET revision = revision + 1
        WHERE agency_id = NEW.agency_id AND encounter_id IN (
            SELECT e.encounter_id FROM encounter e INDEXED BY encounter_by_client
            WHERE e.agency_id = NEW.agency_id AND e.client_id = NEW.client_id AND e.payer_id = NEW.payer_id
                AND (NEW.date_of_service IS NULL OR e.date_of_service = NEW.date_of_service)
                AND e.encounter_id <> NEW.but_for);
END;
