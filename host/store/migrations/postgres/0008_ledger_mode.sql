-- How contact was made for a billed line, so that two services of a day can be told apart. Lines of before get what the facts of
-- their decisions say.
ALTER TABLE ledger ADD COLUMN mode TEXT;

ALTER TABLE ledger DISABLE TRIGGER ledger_append_only;
UPDATE ledger l SET mode = d.record::jsonb #>> '{facts,mode}' FROM decision d
    WHERE d.agency_id = l.agency_id AND d.decision_id = l.decision_id AND l.kind = 'line';
ALTER TABLE ledger ENABLE TRIGGER ledger_append_only;
