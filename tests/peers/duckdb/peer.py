"""DuckDB with the comparison's policy, as a process that is asked line by line, as adjudica-peers is: see src/main.rs.

Facts become columns before the clock of whoever asks runs. A round is one query over all of them, on one thread.
"""

import json
import sys
from pathlib import Path

import duckdb

RULES = [
    "dates", "code", "role", "phase", "mode", "minutes", "minutes.missing", "care_plan", "consent", "filing",
    "limit.assessment", "limit.calls",
]
QUERY = (Path(__file__).parent / "comparison.sql").read_text()
CODES = """
CREATE TABLE code AS SELECT * FROM (VALUES
    ('G9001', 30, 1440, NULL, 9450, 'care_plan', 'assessment'),
    ('G9002', 10, 120, 15, 4720, 'care_plan', NULL),
    ('98961', 20, 180, 30, 1435, NULL, NULL),
    ('98966', 5, 10, NULL, 1210, 'consent', 'calls'),
    ('98967', 11, 20, NULL, 2350, 'consent', 'calls'),
    ('98968', 21, 30, NULL, 3480, 'consent', 'calls')
) AS c (code, minutes_min, minutes_max, step, cents, needs, counts)
"""
ENCOUNTERS = """
CREATE TABLE encounter AS SELECT row_number() OVER () - 1 AS n, procedure_code AS code, rendering_provider_role AS role, phase, mode,
    CAST(minutes AS INTEGER) AS minutes, CAST(date_of_service AS INTEGER) AS day, CAST(received_on AS INTEGER) AS received_on,
    CAST(month_start AS INTEGER) AS month_start, CAST(year_start AS INTEGER) AS year_start,
    list_contains(supporting_info, 'care_plan') AS care_plan, list_contains(supporting_info, 'consent') AS consent, ledger
FROM read_json(?, format = 'newline_delimited', columns = {
    procedure_code: 'VARCHAR', rendering_provider_role: 'VARCHAR', phase: 'VARCHAR', mode: 'VARCHAR', minutes: 'INTEGER',
    date_of_service: 'INTEGER', received_on: 'INTEGER', month_start: 'INTEGER', year_start: 'INTEGER', supporting_info: 'VARCHAR[]',
    ledger: 'STRUCT(procedure_code VARCHAR, date_of_service INTEGER)[]'})
"""
LEDGER = """
CREATE TABLE ledger AS SELECT n, line.procedure_code AS code, line.date_of_service AS day
FROM (SELECT n, unnest(ledger) AS line FROM encounter)
"""


def answers(database):
    rows = database.execute("SELECT outcome, code, units, cents, failed FROM answer ORDER BY n").fetchall()
    for outcome, code, units, cents, failed in rows:
        line = None if outcome == "not_billable" else [code, units, cents]
        names = [rule for place, rule in enumerate(RULES) if failed >> place & 1]
        print(json.dumps({"outcome": outcome, "line": line, "failed": names}))


def main():
    database = duckdb.connect(config={"threads": 1})
    database.execute(CODES)
    database.execute(ENCOUNTERS, [sys.argv[1]])
    database.execute(LEDGER)
    database.execute("ALTER TABLE encounter DROP COLUMN ledger")
    print("ready", flush=True)
    for line in sys.stdin:
        database.execute(QUERY)
        if line.startswith("answers "):
            answers(database)
        else:
            print("done")
        sys.stdout.flush()


main()
