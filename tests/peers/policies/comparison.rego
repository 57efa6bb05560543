# The rules of comparison.toml. What belongs to a code lies in `data.codes` (comparison.data.json), which Rego reads
# without building it again for each input. A policy knows no calendar, so the first days of month and year are facts.
package comparison

import rego.v1

in_force if {
	input.date_of_service >= data.in_force_from
	input.date_of_service < data.in_force_to
}

code := data.codes[input.procedure_code] if in_force

refused contains "dates" if not in_force

refused contains "code" if {
	in_force
	not data.codes[input.procedure_code]
}

refused contains "role" if {
	code
	not code.roles[input.rendering_provider_role]
}

refused contains "phase" if {
	code
	not code.phases[input.phase]
}

refused contains "mode" if {
	code
	not code.modes[input.mode]
}

refused contains "minutes" if {
	input.minutes != null
	input.minutes < code.minutes_min
}

refused contains "minutes" if {
	input.minutes != null
	input.minutes > code.minutes_max
}

refused contains "filing" if {
	input.received_on != null
	input.received_on - input.date_of_service > data.filing_days
	code
}

refused contains "limit.assessment" if {
	code.limit == "assessment"
	count([line |
		some line in input.ledger
		line.procedure_code == "G9001"
		line.date_of_service >= input.year_start
		line.date_of_service <= input.date_of_service
	]) >= 1
}

refused contains "limit.calls" if {
	code.limit == "calls"
	count([line |
		some line in input.ledger
		data.codes[line.procedure_code].limit == "calls"
		line.date_of_service >= input.month_start
		line.date_of_service <= input.date_of_service
	]) >= 2
}

missing contains "minutes.missing" if {
	input.minutes == null
	code
}

missing contains "care_plan" if {
	code.needs == "care_plan"
	not "care_plan" in input.supporting_info
}

doubtful contains "consent" if {
	code.needs == "consent"
	not "consent" in input.supporting_info
}

units := 1 if {
	input.minutes == null
} else := ceil(input.minutes / code.minutes_per_unit) if {
	code.minutes_per_unit
} else := 1

answer := {"outcome": "not_billable", "failed": [refused, missing, doubtful]} if {
	count(refused) > 0
} else := {
	"outcome": "incomplete",
	"code": input.procedure_code,
	"units": units,
	"cents": units * code.cents,
	"failed": [refused, missing, doubtful],
} if {
	count(missing) > 0
} else := {
	"outcome": "review",
	"code": input.procedure_code,
	"units": units,
	"cents": units * code.cents,
	"failed": [refused, missing, doubtful],
} if {
	count(doubtful) > 0
} else := {
	"outcome": "billable",
	"code": input.procedure_code,
	"units": units,
	"cents": units * code.cents,
	"failed": [refused, missing, doubtful],
}
