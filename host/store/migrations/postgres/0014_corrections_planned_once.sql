-- Asked at every change of encounters: so its plan is kept, which a function in SQL makes anew at every call.
CREATE OR REPLACE FUNCTION has_corrections(agency TEXT) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN EXISTS (SELECT 1 FROM record r WHERE r.agency_id = agency AND r.kind = 'claim'
        AND (r.body::jsonb) ->> 'frequency' IN ('7', '8'));
END $$;
