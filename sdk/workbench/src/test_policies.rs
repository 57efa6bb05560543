//! A small policy with its cases, and how tests make a subject of such texts. Made up; what tests find out of it is theirs.

use adjudica_cases::parse;
use adjudica_sdk::tables::Compiled;

use crate::Subject;

/// Two codes of one kind of work, by who may bill them; clean with [`CASES`].
pub(crate) const POLICY: &str = r#"
[policy]
id = "example"
version = "1.0.0"
title = "An example"
payers = ["payer"]
currency = "USD"
in_force = [{ from = 2024-01-01 }]

[sets]
both = ["T1016", "T1017"]

[[source]]
id = "manual"
title = "Example payer manual"
confidence = "high"

[[assumption]]
id = "settled"
sentence = "what is taken to be so"

[unknown_code]
id = "code.unknown"
source = "manual"
assumes = ["settled"]

[[code]]
id = "code.T1016"
code = "T1016"
service = "visit"
source = "manual"

[[code]]
id = "code.T1017"
code = "T1017"
service = "visit"
source = "manual"

[[staff]]
id = "staff"
codes = ["@both"]
roles = ["RN", "LPN"]
source = "manual"

[[minutes]]
id = "short"
codes = ["T1016"]
min = 10
max = 20
source = "manual"

[[minutes]]
id = "long"
codes = ["T1017"]
min = 21
source = "manual"

[[rate]]
id = "rate"
codes = ["@both"]
cents = 1000
source = "manual"
"#;

/// Cases that need every row of [`POLICY`].
pub(crate) const CASES: &str = r#"
[defaults]
date_of_service = "2024-03-01"
minutes = 15

[[case]]
name = "pays_a_short_visit"
encounter = { procedure_code = "T1016" }
expect = { outcome = "billable" }

[[case]]
name = "pays_a_long_visit"
encounter = { procedure_code = "T1017", minutes = 30 }
expect = { outcome = "billable" }

[[case]]
name = "refuses_another_role"
encounter = { procedure_code = "T1016", rendering_provider_role = "MA" }
expect = { outcome = "not_billable" }

[[case]]
name = "refuses_another_role_a_long_visit"
encounter = { procedure_code = "T1017", minutes = 30, rendering_provider_role = "MA" }
expect = { outcome = "not_billable" }

[[case]]
name = "refuses_another_code"
encounter = { procedure_code = "99490" }
expect = { outcome = "not_billable" }
"#;

/// The subject of these tables, of the files below them by path, and of case files by name.
#[track_caller]
pub(crate) fn subject_of(tables: &str, below: &[(&str, &str)], files: &[(&str, &str)]) -> Subject {
    let file = |(name, text): &(&str, &str)| parse(name, text).unwrap_or_else(|faults| panic!("{name}: {faults:?}"));
    let below = below.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect();
    Subject { tables: tables.to_owned(), below, files: files.iter().map(file).collect() }
}

/// Its tables, compiled.
#[track_caller]
pub(crate) fn compiled_of(subject: &Subject) -> Compiled {
    subject.compile().unwrap_or_else(|faults| panic!("{faults:?}"))
}
