//! What the table reference says besides its tables: the examples and how things work together. No table and no column.

pub(super) const HEAD: &str = "# Table reference

`policy.toml` is a list of tables. Each row is one statement of the payer's manual. This page lists every table and column.
It is written from the description in the SDK's sources; do not edit it here.";

pub(super) const POLICY_EXAMPLE: &str = r#"## A policy

```toml
[policy]
id = "riverside"                     # the same over all versions
version = "1.0.0"
title = "Riverside case management"
payers = ["riverside"]
currency = "USD"
in_force = [{ from = 2026-01-01, to = 2028-01-01 }]    # `to` is the first day after; without it there is no end
extends = "../other"                 # optional: the folder of the policy that these tables come on top of, see the end
includes = ["../shared/standing.toml"] # optional: tables that several policies share; they have no [policy] of their own
without = ["modifier.2P"]            # rows of those tables that do not hold here
reads = []                           # facts that your Rust code needs besides those of the tables

[sets]                               # lists of names and codes may say "@nurses"
nurses = ["RN", "LPN"]
team = ["@nurses", "MSW", { name = "RD", from = 2026-07-01 }] # RD from July on

[[source]]
id = "manual"
title = "Riverside provider manual, 2026 edition"
locator = "where to find it"         # optional
confidence = "high"                  # high: the payer's own text; medium: second hand; low: may warn, never refuse

[[assumption]]                       # what no source settles; rows cite it with assumes = ["change_over"]
id = "change_over"
date = 2022-01-01
sentence = "what is taken to be so, and why"
```"#;

pub(super) const ROWS: &str = "Every failed rule is reported. The outcome is that of the strongest: `not_billable`, then `incomplete`, `review`, `report_only`.

Names of `info` and `without` are what the encounter's record shows (`care_plan`, any word without a dot), categories of
documents on file, and **conditions**: words with a dot such as `coverage.ended`, which the host finds in the agency's records
of clients, coverage, people, permissions and proof for the date of service. A policy sees only the conditions that it names.
Where the agency keeps no such records there is no condition, so a rule against `coverage.ended` is silent for it, and a rule
that asks for `coverage.active` is not. The conditions and kinds of days are listed at the end.

A list that is there names something: an empty one is a fault, since it says neither all nor none. The same holds for `when`.

`codes` is a list of codes that have a `[[code]]` row. Where a table lets you omit it, the row is about every code.

`ID` below stands for the row's own `id`, `CODE` for the code.";

pub(super) const CASES_EXAMPLE: &str = r#"```toml
[defaults]                # merged under every encounter of the file
payer_id = "riverside"
date_of_service = "2026-03-02"

[terms]                   # the agency's contract in these cases
rates = [{ procedure_code = "T1016", from = "2026-01-01", cents = 1500 }]
parameters = []           # { parameter = "name", from = "2026-01-01", value = 3 }

[[case]]
name = "refuses_the_third_visit_of_a_month"
history = [{ procedure_code = "T1016", date_of_service = "2026-03-01" }]     # billed before
encounters = [{ procedure_code = "T1016" }, { procedure_code = "T1016" }]   # or `encounter = { … }`
expect_each = [{ outcome = "billable" }, { outcome = "not_billable", rules = ["month"] }]   # or `expect = { … }`

[[grid]]                  # a matrix as the payer prints it: one letter for each code, B R I W N for the outcomes
name = "implementation"
encounter = { phase = "implementation" }
codes = ["T1016", "T1017"]
per_code = { T1017 = { mode = "in_person" } }
rules = { N = ["role."] }        # each N must fail a rule that begins so
rows = { RN = "BB", CHW = "NB" }
```

What the agency's records say is given as `standing`: `standing = { conditions = ["coverage.ended"], dates = { discharge =
"2026-03-01" }, components = { assessment = 20 }, region = "west", authorizations = [{ authorization_id = "a1", procedure_codes =
["T1016"], from = "2026-01-01", to = "2026-07-01", units = 10 }] }`."#;

pub(super) const TAIL: &str = r#"## Sets, days, and tables on top of tables

- **Sets.** A list whose kind says `@set` may name a set of `[sets]`; it stands for all names of the set. A set may hold
  other sets, and members that belong to it on some days only; a list of what the record shows takes no set with such members.
- **Days.** The date of service picks the rows, never today. `from` is the first day and `to` the first day after, so that one
  row ends where the next begins. A row without `from` holds from the policy's first day, one without `to` has no end.
- **`extends`.** A policy that extends another has all of its tables, sets, sources and assumptions, and says only what differs:
  a row, set or source of the same name replaces the other's, `without` takes rows away, everything else is added. Its
  `[policy]` is its own. The other policy's tables travel inside the policy file, and it may not extend a third.
- **`includes`.** These files are laid below in the same way, after the policy that is extended and with what that one includes.
- **`without`.** Each name must be the `id` of a row below: of a rule, a source, an assumption or a parameter.
- **Rows from a spreadsheet.** A row with `file = "pairs.csv"` stands for the rows of that file, which lies beside the tables: the
  first line names columns, each further line is a row, and what the naming row says (`window`, `source`, a sentence) holds for
  each whose own cell says nothing else. An empty cell is a column left out; a cell stands on one line; several names stand in one cell with blanks between; `when.roles` leads into
  `when`. Without a column `id` a row is called after the naming row and its code: `pair.99424`. Save as CSV in UTF-8, days as
  `2026-03-31`. Faults name line and cell, as in `rates.csv` at 3:2: the second cell of the third line.
- **Pairs.** `[[exclude]]` takes `pairs = [["99424", "99437"], ["99425", ["99487", "99489"]]]` instead of `codes` and `with`: the
  first code of each is refused beside the second. In a file these are the columns `codes` and `with`; lines that differ in
  `with` alone are one row.
- **How much fits.** A policy may name up to 65,535 codes, and as many roles, places, kinds of supporting information and
  conditions, kinds of work, components, kinds of days and parameters. Of phases and of modes it may name 7, of modifiers 32."#;
