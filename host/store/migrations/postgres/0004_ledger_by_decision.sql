-- A decision's lines are looked up by the decision alone. Led by the agency, or narrowed to lines, the index tempted a
-- planner without statistics to read one client's lines by way of all the agency's.
DROP INDEX ledger_by_decision;
CREATE INDEX ledger_by_decision ON ledger (decision_id, agency_id);
