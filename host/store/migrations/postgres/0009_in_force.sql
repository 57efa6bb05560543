-- The decision in force for each encounter, beside the history of all decisions: a change of activations finds by key and day
-- which of them would now be asked of somebody else. And what happens when an encounter is taken out.

-- A decision about facts that came with a request was about an encounter that was not stored. From now on it is stored.
CREATE TEMPORARY TABLE inline_decision ON COMMIT DROP AS
    SELECT DISTINCT ON (d.agency_id, d.encounter_id) d.agency_id, d.encounter_id, d.client_id, d.payer_id, d.date_of_service,
        d.encounter_revision, d.record::jsonb -> 'facts' AS facts
    FROM decision d ORDER BY d.agency_id, d.encounter_id, d.sequence DESC;
DELETE FROM inline_decision d WHERE d.encounter_revision IS NOT NULL OR jsonb_typeof(d.facts) IS DISTINCT FROM 'object'
    OR EXISTS (SELECT 1 FROM encounter e WHERE e.agency_id = d.agency_id AND e.encounter_id = d.encounter_id);
INSERT INTO encounter_modifier (agency_id, encounter_id, modifier)
    SELECT d.agency_id, d.encounter_id, m.value FROM inline_decision d
    CROSS JOIN jsonb_array_elements_text(coalesce(d.facts -> 'modifiers', '[]')) AS m (value);
INSERT INTO encounter_diagnosis (agency_id, encounter_id, position, diagnosis)
    SELECT d.agency_id, d.encounter_id, m.position, m.value FROM inline_decision d
    CROSS JOIN jsonb_array_elements_text(coalesce(d.facts -> 'diagnoses', '[]')) WITH ORDINALITY AS m (value, position);
INSERT INTO encounter_supporting_info (agency_id, encounter_id, category)
    SELECT d.agency_id, d.encounter_id, m.value FROM inline_decision d
    CROSS JOIN jsonb_array_elements_text(coalesce(d.facts -> 'supporting_info', '[]')) AS m (value);
INSERT INTO encounter (agency_id, encounter_id, client_id, payer_id, plan_id, service_line, date_of_service, procedure_code,
        service, minutes, rendering_provider_id, rendering_provider_role, billing_provider_id, phase, mode, place_of_service,
        group_size, received_on)
    SELECT d.agency_id, d.encounter_id, d.client_id, d.payer_id, d.facts ->> 'plan_id', d.facts ->> 'service_line',
        d.date_of_service, d.facts ->> 'procedure_code', d.facts ->> 'service', (d.facts ->> 'minutes')::bigint,
        d.facts ->> 'rendering_provider_id', d.facts ->> 'rendering_provider_role', d.facts ->> 'billing_provider_id',
        d.facts ->> 'phase', d.facts ->> 'mode', d.facts ->> 'place_of_service', (d.facts ->> 'group_size')::bigint,
        d.facts ->> 'received_on'
    FROM inline_decision d;

CREATE TABLE decision_in_force (
    agency_id          TEXT    NOT NULL,
    payer_id           TEXT    NOT NULL,
    date_of_service    TEXT    NOT NULL,
    encounter_id       TEXT    NOT NULL,
    plan_id            TEXT,
    service_line       TEXT,
    client_id          TEXT    NOT NULL,
    decision_id        TEXT    NOT NULL,
    encounter_revision BIGINT  NOT NULL,
    policy_digest      TEXT,
    terms_digest       TEXT,
    PRIMARY KEY (agency_id, encounter_id)
);

CREATE INDEX decision_in_force_by_day ON decision_in_force (agency_id, payer_id, date_of_service);

-- The last change of activations that concerns the agency, and how often something was taken out of its ledger outside of a
-- decision: whoever commits decisions names both as it knows them.
ALTER TABLE chain_head ADD COLUMN schedule_change BIGINT NOT NULL DEFAULT 0;
ALTER TABLE chain_head ADD COLUMN withdrawals BIGINT NOT NULL DEFAULT 0;

-- Encounters that were taken out. Who and why are filled in once; a row that another system deleted has neither.
CREATE TABLE withdrawal (
    position        BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    agency_id       TEXT    NOT NULL,
    encounter_id    TEXT    NOT NULL,
    client_id       TEXT    NOT NULL,
    payer_id        TEXT    NOT NULL,
    date_of_service TEXT    NOT NULL,
    revision        BIGINT  NOT NULL,
    decision_id     TEXT,
    withdrawn_at    BIGINT  NOT NULL,
    withdrawn_by    TEXT,
    reason          TEXT
);

CREATE INDEX withdrawal_of ON withdrawal (agency_id, encounter_id, position);

CREATE FUNCTION refuse_change_of_withdrawal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.reason IS NULL THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'table withdrawal is append-only';
END $$;

CREATE TRIGGER withdrawal_append_only BEFORE UPDATE OR DELETE ON withdrawal
    FOR EACH ROW EXECUTE FUNCTION refuse_change_of_withdrawal();
CREATE TRIGGER withdrawal_not_emptied BEFORE TRUNCATE ON withdrawal
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

INSERT INTO decision_in_force (agency_id, payer_id, date_of_service, encounter_id, plan_id, service_line, client_id, decision_id,
        encounter_revision, policy_digest, terms_digest)
    SELECT DISTINCT ON (d.agency_id, d.encounter_id) d.agency_id, d.payer_id, d.date_of_service, d.encounter_id,
        d.record::jsonb #>> '{facts,plan_id}', d.record::jsonb #>> '{facts,service_line}', d.client_id, d.decision_id,
        coalesce(d.encounter_revision, 0), d.policy_digest, d.terms_digest
    FROM decision d ORDER BY d.agency_id, d.encounter_id, d.sequence DESC;

-- Whoever takes something out of an agency's ledger holds its chain, as whoever commits decisions does. Systems that write
-- encounters have no rights on the ledger: these functions have their owner's.
CREATE FUNCTION hold_chains(agencies TEXT[]) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
    SET search_path FROM CURRENT AS $$
BEGIN
    INSERT INTO chain_head (agency_id, length, head_hash)
        SELECT DISTINCT a, 0, 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855' FROM unnest(agencies) AS a ORDER BY a
        ON CONFLICT (agency_id) DO NOTHING;
    PERFORM 1 FROM chain_head h WHERE h.agency_id = ANY (agencies) ORDER BY h.agency_id FOR UPDATE;
END $$;

-- A decision that ends without a successor gives back what it billed. Later decisions of the client counted it.
CREATE FUNCTION give_back() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM hold_chains(ARRAY(SELECT DISTINCT agency_id FROM old_rows));
    INSERT INTO undecided (agency_id, encounter_id, client_id, revision)
        SELECT e.agency_id, e.encounter_id, e.client_id, e.revision FROM old_rows o
        JOIN encounter e ON e.agency_id = o.agency_id AND e.client_id = o.client_id
            AND (e.date_of_service COLLATE "C", e.encounter_id COLLATE "C") > (o.date_of_service, o.encounter_id)
        WHERE EXISTS (SELECT 1 FROM ledger l WHERE l.decision_id = o.decision_id AND l.agency_id = o.agency_id)
            AND NOT EXISTS (SELECT 1 FROM encounter_fault f WHERE f.agency_id = e.agency_id AND f.encounter_id = e.encounter_id)
        ON CONFLICT (agency_id, encounter_id) DO NOTHING;
    INSERT INTO ledger (agency_id, client_id, seq, kind, decision_id, encounter_id, payer_id, date_of_service, procedure_code,
            units, amount_cents, billing_provider_id, rendering_provider_id, diagnosis, reverses_seq, recorded_at, minutes,
            paid_cents, deductible_cents, mode)
        SELECT l.agency_id, l.client_id,
            (SELECT max(m.seq) FROM ledger m WHERE m.agency_id = l.agency_id AND m.client_id = l.client_id)
                + row_number() OVER (PARTITION BY l.agency_id, l.client_id ORDER BY l.seq),
            'reversal', l.decision_id, l.encounter_id, l.payer_id, l.date_of_service, l.procedure_code, l.units,
            -l.amount_cents, l.billing_provider_id, l.rendering_provider_id, l.diagnosis, l.seq,
            (extract(epoch FROM clock_timestamp()) * 1000000)::bigint, l.minutes, -l.paid_cents, -l.deductible_cents,
            l.mode
        FROM old_rows o JOIN ledger l ON l.decision_id = o.decision_id AND l.agency_id = o.agency_id AND l.kind = 'line'
        WHERE NOT EXISTS (SELECT 1 FROM ledger r WHERE r.agency_id = l.agency_id AND r.client_id = l.client_id
            AND r.reverses_seq = l.seq AND r.reverses_seq IS NOT NULL);
    UPDATE chain_head SET withdrawals = withdrawals + 1 WHERE agency_id IN (SELECT agency_id FROM old_rows);
    RETURN NULL;
END $$;

CREATE TRIGGER decision_in_force_ended AFTER DELETE ON decision_in_force
    REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION give_back();

CREATE OR REPLACE FUNCTION unqueue_encounters() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM hold_chains(ARRAY(SELECT DISTINCT agency_id FROM old_rows));
    DELETE FROM undecided u USING old_rows o WHERE u.agency_id = o.agency_id AND u.encounter_id = o.encounter_id;
    DELETE FROM encounter_fault f USING old_rows o WHERE f.agency_id = o.agency_id AND f.encounter_id = o.encounter_id;
    INSERT INTO withdrawal (agency_id, encounter_id, client_id, payer_id, date_of_service, revision, decision_id, withdrawn_at)
        SELECT o.agency_id, o.encounter_id, o.client_id, o.payer_id, o.date_of_service, o.revision, d.decision_id,
            (extract(epoch FROM clock_timestamp()) * 1000000)::bigint
        FROM old_rows o
        LEFT JOIN decision_in_force d ON d.agency_id = o.agency_id AND d.encounter_id = o.encounter_id;
    DELETE FROM decision_in_force d USING old_rows o WHERE d.agency_id = o.agency_id AND d.encounter_id = o.encounter_id;
    UPDATE chain_head SET withdrawals = withdrawals + 1 WHERE agency_id IN (SELECT agency_id FROM old_rows);
    RETURN NULL;
END $$;

-- Whoever deletes takes the chain before anything that a commit of decisions takes after it.
CREATE FUNCTION hold_chain_of_old() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM hold_chains(ARRAY[OLD.agency_id]);
    RETURN OLD;
END $$;

CREATE TRIGGER encounter_holds_chain BEFORE DELETE ON encounter FOR EACH ROW EXECUTE FUNCTION hold_chain_of_old();

-- Revisions go on where an encounter comes in again under its id: a decision about what was taken out is none about it.
CREATE FUNCTION continue_revision() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path FROM CURRENT AS $$
BEGIN
    NEW.revision := greatest(NEW.revision, (SELECT max(w.revision) + 1 FROM withdrawal w
        WHERE w.agency_id = NEW.agency_id AND w.encounter_id = NEW.encounter_id));
    RETURN NEW;
END $$;

CREATE TRIGGER encounter_revision_goes_on BEFORE INSERT ON encounter FOR EACH ROW EXECUTE FUNCTION continue_revision();

-- An encounter that is stored together with the decision about it waits for none, and what belongs to it revises nothing: one
-- statement writes them all, and says so. Where it was taken out before, the decision knew too little of it.
CREATE OR REPLACE FUNCTION queue_encounters() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO undecided (agency_id, encounter_id, client_id, revision)
        SELECT agency_id, encounter_id, client_id, revision FROM new_rows
        WHERE current_setting('adjudica.stored_as_decided', true) IS DISTINCT FROM 'on' OR revision > 1
        ON CONFLICT (agency_id, encounter_id)
        DO UPDATE SET client_id = excluded.client_id, revision = excluded.revision;
    DELETE FROM encounter_fault f USING new_rows n WHERE f.agency_id = n.agency_id AND f.encounter_id = n.encounter_id;
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION revise_of_new() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF current_setting('adjudica.stored_as_decided', true) IS DISTINCT FROM 'on' THEN
        UPDATE encounter e
            SET revision = e.revision + 1, written_at = (extract(epoch FROM clock_timestamp()) * 1000000)::bigint
            FROM (SELECT DISTINCT agency_id, encounter_id FROM new_rows) n
            WHERE e.agency_id = n.agency_id AND e.encounter_id = n.encounter_id;
    END IF;
    RETURN NULL;
END $$;

-- Encounters that were deleted by an earlier release kept their lines.
DELETE FROM decision_in_force d WHERE NOT EXISTS (SELECT 1 FROM encounter e
    WHERE e.agency_id = d.agency_id AND e.encounter_id = d.encounter_id);

-- From now on a decision counts what stands before its encounter, and nothing else, and it answers by the activations as they
-- stand: so each is asked once more. Where the answer is the same, nothing is written.
INSERT INTO chain_head (agency_id, length, head_hash)
    SELECT DISTINCT s.agency_id, 0, 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855' FROM activation_schedule s
    ON CONFLICT (agency_id) DO NOTHING;
UPDATE chain_head h SET schedule_change =
    coalesce((SELECT max(s.change_id) FROM activation_schedule s WHERE s.agency_id = h.agency_id), 0);
INSERT INTO undecided (agency_id, encounter_id, client_id, revision)
    SELECT e.agency_id, e.encounter_id, e.client_id, e.revision FROM encounter e
    WHERE NOT EXISTS (SELECT 1 FROM encounter_fault f WHERE f.agency_id = e.agency_id AND f.encounter_id = e.encounter_id)
    ON CONFLICT (agency_id, encounter_id) DO NOTHING;
