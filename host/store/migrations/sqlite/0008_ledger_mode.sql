-- How contact was made for a billed line, so that two services of a day can be told apart. Lines of before get what the facts of
-- their decisions say.
ALTER TABLE ledger ADD COLUMN mode TEXT;

DROP TRIGGER ledger_no_update;
UPDATE ledger SET mode = (SELECT d.record ->> '$.facts.mode' FROM decision d
    WHERE d.agency_id = ledger.agency_id AND d.decision_id = ledger.decision_id) WHERE kind = 'line';
CREATE TRIGGER ledger_no_update BEFORE UPDATE ON ledger BEGIN
    SELECT RAISE(ABORT, 'table ledger is append-only');
END;
