-- The decision in force for each encounter, beside the history of all decisions: a change of activations finds by key and day
-- which of them would now be asked of somebody else. And what happens when an encounter is taken out.

-- A decision about facts that came with a request was about an encounter that was not stored. From now on it is stored.
INSERT INTO encounter_modifier (agency_id, encounter_id, modifier)
    SELECT d.agency_id, d.encounter_id, m.value FROM decision d CROSS JOIN json_each(d.record, '$.facts.modifiers') m
    WHERE d.encounter_revision IS NULL
        AND d.sequence = (SELECT max(l.sequence) FROM decision l WHERE l.agency_id = d.agency_id AND l.encounter_id = d.encounter_id)
        AND NOT EXISTS (SELECT 1 FROM encounter e WHERE e.agency_id = d.agency_id AND e.encounter_id = d.encounter_id);
INSERT INTO encounter_diagnosis (agency_id, encounter_id, position, diagnosis)
    SELECT d.agency_id, d.encounter_id, m.key + 1, m.value FROM decision d CROSS JOIN json_each(d.record, '$.facts.diagnoses') m
    WHERE d.encounter_revision IS NULL
        AND d.sequence = (SELECT max(l.sequence) FROM decision l WHERE l.agency_id = d.agency_id AND l.encounter_id = d.encounter_id)
        AND NOT EXISTS (SELECT 1 FROM encounter e WHERE e.agency_id = d.agency_id AND e.encounter_id = d.encounter_id);
INSERT INTO encounter_supporting_info (agency_id, encounter_id, category)
    SELECT d.agency_id, d.encounter_id, m.value FROM decision d CROSS JOIN json_each(d.record, '$.facts.supporting_info') m
    WHERE d.encounter_revision IS NULL
        AND d.sequence = (SELECT max(l.sequence) FROM decision l WHERE l.agency_id = d.agency_id AND l.encounter_id = d.encounter_id)
        AND NOT EXISTS (SELECT 1 FROM encounter e WHERE e.agency_id = d.agency_id AND e.encounter_id = d.encounter_id);
INSERT INTO encounter (agency_id, encounter_id, client_id, payer_id, plan_id, service_line, date_of_service, procedure_code,
        service, minutes, rendering_provider_id, rendering_provider_role, billing_provider_id, phase, mode, place_of_service,
        group_size, received_on)
    SELECT d.agency_id, d.encounter_id, d.client_id, d.payer_id, f.value ->> 'plan_id', f.value ->> 'service_line',
        d.date_of_service, f.value ->> 'procedure_code', f.value ->> 'service', f.value ->> 'minutes',
        f.value ->> 'rendering_provider_id', f.value ->> 'rendering_provider_role', f.value ->> 'billing_provider_id',
        f.value ->> 'phase', f.value ->> 'mode', f.value ->> 'place_of_service', f.value ->> 'group_size',
        f.value ->> 'received_on'
    FROM decision d CROSS JOIN json_each(json_array(d.record -> '$.facts')) f
    WHERE d.encounter_revision IS NULL AND json_type(d.record, '$.facts') = 'object'
        AND d.sequence = (SELECT max(l.sequence) FROM decision l WHERE l.agency_id = d.agency_id AND l.encounter_id = d.encounter_id)
        AND NOT EXISTS (SELECT 1 FROM encounter e WHERE e.agency_id = d.agency_id AND e.encounter_id = d.encounter_id);

CREATE TABLE decision_in_force (
    agency_id          TEXT    NOT NULL,
    payer_id           TEXT    NOT NULL,
    date_of_service    TEXT    NOT NULL,
    encounter_id       TEXT    NOT NULL,
    plan_id            TEXT,
    service_line       TEXT,
    client_id          TEXT    NOT NULL,
    decision_id        TEXT    NOT NULL,
    encounter_revision INTEGER NOT NULL,
    policy_digest      TEXT,
    terms_digest       TEXT,
    PRIMARY KEY (agency_id, payer_id, date_of_service, encounter_id)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX decision_in_force_of ON decision_in_force (agency_id, encounter_id);

-- The last change of activations that concerns the agency, and how often something was taken out of its ledger outside of a
-- decision: whoever commits decisions names both as it knows them.
ALTER TABLE chain_head ADD COLUMN schedule_change INTEGER NOT NULL DEFAULT 0;
ALTER TABLE chain_head ADD COLUMN withdrawals INTEGER NOT NULL DEFAULT 0;

-- Encounters that were taken out. Who and why are filled in once; a row that another system deleted has neither.
CREATE TABLE withdrawal (
    position        INTEGER PRIMARY KEY AUTOINCREMENT,
    agency_id       TEXT    NOT NULL,
    encounter_id    TEXT    NOT NULL,
    client_id       TEXT    NOT NULL,
    payer_id        TEXT    NOT NULL,
    date_of_service TEXT    NOT NULL,
    revision        INTEGER NOT NULL,
    decision_id     TEXT,
    withdrawn_at    INTEGER NOT NULL,
    withdrawn_by    TEXT,
    reason          TEXT
) STRICT;

CREATE INDEX withdrawal_of ON withdrawal (agency_id, encounter_id, position);

CREATE TRIGGER withdrawal_no_update BEFORE UPDATE ON withdrawal WHEN OLD.reason IS NOT NULL BEGIN
    SELECT RAISE(ABORT, 'table withdrawal is append-only');
END;
CREATE TRIGGER withdrawal_no_delete BEFORE DELETE ON withdrawal BEGIN
    SELECT RAISE(ABORT, 'table withdrawal is append-only');
END;

INSERT INTO decision_in_force (agency_id, payer_id, date_of_service, encounter_id, plan_id, service_line, client_id, decision_id,
        encounter_revision, policy_digest, terms_digest)
    SELECT d.agency_id, d.payer_id, d.date_of_service, d.encounter_id, d.record ->> '$.facts.plan_id',
        d.record ->> '$.facts.service_line', d.client_id, d.decision_id, coalesce(d.encounter_revision, 0), d.policy_digest,
        d.terms_digest
    FROM decision d
    WHERE d.sequence = (SELECT max(l.sequence) FROM decision l WHERE l.agency_id = d.agency_id AND l.encounter_id = d.encounter_id);

-- A decision that ends without a successor gives back what it billed. Later decisions of the client counted it.
CREATE TRIGGER decision_in_force_ended AFTER DELETE ON decision_in_force BEGIN
    INSERT INTO undecided (agency_id, encounter_id, client_id, revision)
        SELECT e.agency_id, e.encounter_id, e.client_id, e.revision FROM encounter e
        WHERE e.agency_id = OLD.agency_id AND e.client_id = OLD.client_id
            AND (e.date_of_service, e.encounter_id) > (OLD.date_of_service, OLD.encounter_id)
            AND EXISTS (SELECT 1 FROM ledger l WHERE l.decision_id = OLD.decision_id AND l.agency_id = OLD.agency_id)
            AND NOT EXISTS (SELECT 1 FROM encounter_fault f WHERE f.agency_id = e.agency_id AND f.encounter_id = e.encounter_id)
        ON CONFLICT (agency_id, encounter_id) DO NOTHING;
    INSERT INTO ledger (agency_id, client_id, seq, kind, decision_id, encounter_id, payer_id, date_of_service, procedure_code,
            units, amount_cents, billing_provider_id, rendering_provider_id, diagnosis, reverses_seq, recorded_at, minutes,
            paid_cents, deductible_cents, mode)
        SELECT l.agency_id, l.client_id,
            (SELECT max(m.seq) FROM ledger m WHERE m.agency_id = l.agency_id AND m.client_id = l.client_id)
                + row_number() OVER (PARTITION BY l.client_id ORDER BY l.seq),
            'reversal', l.decision_id, l.encounter_id, l.payer_id, l.date_of_service, l.procedure_code, l.units,
            -l.amount_cents, l.billing_provider_id, l.rendering_provider_id, l.diagnosis, l.seq,
            CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER), l.minutes, -l.paid_cents, -l.deductible_cents,
            l.mode
        FROM ledger l INDEXED BY ledger_by_decision
        WHERE l.decision_id = OLD.decision_id AND l.agency_id = OLD.agency_id AND l.kind = 'line'
            AND NOT EXISTS (SELECT 1 FROM ledger r WHERE r.agency_id = l.agency_id AND r.client_id = l.client_id
                AND r.reverses_seq = l.seq AND r.reverses_seq IS NOT NULL);
    UPDATE chain_head SET withdrawals = withdrawals + 1 WHERE agency_id = OLD.agency_id;
END;

DROP TRIGGER encounter_deleted;

CREATE TRIGGER encounter_deleted AFTER DELETE ON encounter BEGIN
    DELETE FROM undecided WHERE agency_id = OLD.agency_id AND encounter_id = OLD.encounter_id;
    DELETE FROM encounter_fault WHERE agency_id = OLD.agency_id AND encounter_id = OLD.encounter_id;
    INSERT INTO withdrawal (agency_id, encounter_id, client_id, payer_id, date_of_service, revision, decision_id, withdrawn_at)
        VALUES (OLD.agency_id, OLD.encounter_id, OLD.client_id, OLD.payer_id, OLD.date_of_service, OLD.revision,
            (SELECT d.decision_id FROM decision_in_force d
                WHERE d.agency_id = OLD.agency_id AND d.encounter_id = OLD.encounter_id),
            CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER));
    DELETE FROM decision_in_force WHERE agency_id = OLD.agency_id AND encounter_id = OLD.encounter_id;
END;

-- Revisions go on where an encounter comes in again under its id: a decision about what was taken out is none about it.
-- INSERT OR REPLACE deletes without a word, so what is decided and what waits tell of the row that was there.
DROP TRIGGER encounter_inserted;

CREATE VIEW known_revision AS
    SELECT agency_id, encounter_id, revision FROM withdrawal
    UNION ALL SELECT agency_id, encounter_id, encounter_revision FROM decision_in_force
    UNION ALL SELECT agency_id, encounter_id, revision FROM undecided
    UNION ALL SELECT agency_id, encounter_id, revision FROM encounter_fault;

CREATE TRIGGER encounter_inserted AFTER INSERT ON encounter BEGIN
    UPDATE encounter SET revision =
            (SELECT max(k.revision) + 1 FROM known_revision k
                WHERE k.agency_id = NEW.agency_id AND k.encounter_id = NEW.encounter_id)
        WHERE agency_id = NEW.agency_id AND encounter_id = NEW.encounter_id
            AND revision <= (SELECT max(k.revision) FROM known_revision k
                WHERE k.agency_id = NEW.agency_id AND k.encounter_id = NEW.encounter_id);
    INSERT INTO undecided (agency_id, encounter_id, client_id, revision)
        SELECT agency_id, encounter_id, client_id, revision FROM encounter
        WHERE agency_id = NEW.agency_id AND encounter_id = NEW.encounter_id
        ON CONFLICT (agency_id, encounter_id)
        DO UPDATE SET client_id = excluded.client_id, revision = excluded.revision;
    DELETE FROM encounter_fault WHERE agency_id = NEW.agency_id AND encounter_id = NEW.encounter_id;
END;

-- Encounters that were deleted by an earlier release kept their lines.
DELETE FROM decision_in_force WHERE NOT EXISTS (SELECT 1 FROM encounter e
    WHERE e.agency_id = decision_in_force.agency_id AND e.encounter_id = decision_in_force.encounter_id);

-- From now on a decision counts what stands before its encounter, and nothing else, and it answers by the activations as they
-- stand: so each is asked once more. Where the answer is the same, nothing is written.
INSERT INTO chain_head (agency_id, length, head_hash)
    SELECT DISTINCT s.agency_id, 0, 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855' FROM activation_schedule s
    WHERE NOT EXISTS (SELECT 1 FROM chain_head h WHERE h.agency_id = s.agency_id);
UPDATE chain_head SET schedule_change =
    coalesce((SELECT max(s.change_id) FROM activation_schedule s WHERE s.agency_id = chain_head.agency_id), 0);
INSERT INTO undecided (agency_id, encounter_id, client_id, revision)
    SELECT e.agency_id, e.encounter_id, e.client_id, e.revision FROM encounter e
    WHERE NOT EXISTS (SELECT 1 FROM encounter_fault f WHERE f.agency_id = e.agency_id AND f.encounter_id = e.encounter_id)
    ON CONFLICT (agency_id, encounter_id) DO NOTHING;
