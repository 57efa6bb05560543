-- The rules of comparison.toml by hand, for one vectorised pass over all encounters. What the ledger counts is joined and summed.
-- `failed` has a bit for each rule, in the order in which ours speak.
CREATE OR REPLACE TEMP TABLE answer AS
WITH counted AS (
    SELECT e.n,
        count(*) FILTER (WHERE l.code = 'G9001' AND l.day >= e.year_start) AS assessments,
        count(*) FILTER (WHERE l.code IN ('98966', '98967', '98968') AND l.day >= e.month_start) AS calls
    FROM encounter e JOIN ledger l ON l.n = e.n AND l.day <= e.day
    GROUP BY e.n
),
seen AS (
    SELECT e.*, c.code AS known, c.minutes_min, c.minutes_max, c.step, c.cents AS cents_each, c.needs, c.counts,
        e.day >= 18993 AND e.day < 20454 AS in_force,
        coalesce(k.assessments, 0) AS assessments, coalesce(k.calls, 0) AS calls,
        CASE WHEN e.minutes IS NULL OR c.step IS NULL THEN 1 ELSE (e.minutes + c.step - 1) // c.step END AS units
    FROM encounter e LEFT JOIN code c ON c.code = e.code LEFT JOIN counted k ON k.n = e.n
),
judged AS (
    SELECT n, code, units, units * cents_each AS cents,
        CASE WHEN NOT in_force THEN 1
             WHEN known IS NULL THEN 2
             ELSE CASE WHEN NOT CASE WHEN code = 'G9001' THEN role IN ('RN', 'LPN', 'MSW', 'NP', 'PA')
                               WHEN code IN ('G9002', '98961') THEN role IN ('RN', 'LPN', 'MSW', 'NP', 'PA', 'CHW', 'MA')
                               ELSE role IN ('RN', 'LPN', 'MSW', 'NP', 'PA', 'CHW') END THEN 4 ELSE 0 END
                | CASE WHEN NOT CASE WHEN code = 'G9001' THEN phase = 'assessment'
                               WHEN code IN ('G9002', '98961') THEN phase IN ('implementation', 'closure')
                               ELSE phase = 'implementation' END THEN 8 ELSE 0 END
                | CASE WHEN NOT CASE WHEN counts = 'calls' THEN mode = 'telephone'
                               ELSE mode IN ('in_person', 'video') END THEN 16 ELSE 0 END
                | CASE WHEN minutes < minutes_min OR minutes > minutes_max THEN 32 ELSE 0 END
                | CASE WHEN minutes IS NULL THEN 64 ELSE 0 END
                | CASE WHEN needs = 'care_plan' AND NOT care_plan THEN 128 ELSE 0 END
                | CASE WHEN needs = 'consent' AND NOT consent THEN 256 ELSE 0 END
                | CASE WHEN received_on - day > 180 THEN 512 ELSE 0 END
                | CASE WHEN counts = 'assessment' AND assessments >= 1 THEN 1024 ELSE 0 END
                | CASE WHEN counts = 'calls' AND calls >= 2 THEN 2048 ELSE 0 END
        END AS failed
    FROM seen
)
SELECT n, code, units, cents, failed,
    CASE WHEN failed & 3647 <> 0 THEN 'not_billable' WHEN failed & 192 <> 0 THEN 'incomplete'
         WHEN failed & 256 <> 0 THEN 'review' ELSE 'billable' END AS outcome
FROM judged;
