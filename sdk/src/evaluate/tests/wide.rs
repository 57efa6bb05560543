//! A policy of a large payer: more codes, roles, places, conditions, components and parameters than a number has bits.

use std::fmt::Write as _;

use super::check;

const CODES: usize = 1_000;
const ROLES: usize = 200;
const CONDITIONS: usize = 500;
/// Components and parameters.
const OTHERS: usize = 100;

fn code(number: usize) -> String {
    format!("X{number:04}")
}

/// Each code has a role, a condition and a neighbour of its own; the last code has whatever comes last.
fn rows() -> String {
    let mut rows = String::new();
    for number in 0..CODES {
        let (own, role, condition) = (code(number), number % ROLES, number % CONDITIONS);
        let before = code((number + CODES - 1) % CODES);
        write!(
            rows,
            "
[[code]]
id = \"code.{own}\"
code = \"{own}\"
service = \"work{number}\"
source = \"manual\"

[[staff]]
id = \"staff.{own}\"
codes = [\"{own}\"]
roles = [\"R{role}\"]
source = \"manual\"

[[require]]
id = \"require.{own}\"
codes = [\"{own}\"]
any_of = [\"shown{condition}\"]
source = \"manual\"

[[exclude]]
id = \"exclude.{own}\"
codes = [\"{own}\"]
with = [\"{before}\"]
window = \"day\"
source = \"manual\"

[[limit]]
id = \"limit.{own}\"
codes = [\"{own}\"]
max = 2
window = \"calendar_month\"
source = \"manual\"

[[rate]]
id = \"rate.{own}\"
codes = [\"{own}\"]
cents = {}
source = \"manual\"
",
            100 + number
        )
        .expect("a row");
    }
    rows
}

/// Rows of the first code, and of none, with names of every other kind.
fn others() -> String {
    let mut rows = String::new();
    let places: Vec<String> = (1..100).map(|place| format!("\"{place:02}\"")).collect();
    let components: Vec<String> = (0..OTHERS).map(|kind| format!("\"kind{kind}\"")).collect();
    let first = code(0);
    write!(
        rows,
        "
[[place]]
id = \"place\"
codes = [\"{first}\"]
places = [{}]
source = \"manual\"

[[component]]
id = \"component\"
codes = [\"{first}\"]
counts = [{}]
source = \"manual\"

[[notice]]
id = \"late\"
when = {{ roles = [\"R199\"], info = [\"shown499\"], without = [\"shown498\"] }}
",
        places[1..].join(", "),
        components[1..].join(", ")
    )
    .expect("a row");
    for number in 0..OTHERS {
        write!(
            rows,
            "
[[parameter]]
id = \"most{number}\"
default = 9
min = 1
max = 9
sentence = \"So many.\"
"
        )
        .expect("a row");
    }
    rows
}

#[test]
fn it_tells_a_thousand_codes_apart() {
    check(
        &format!("{}{}", rows(), others()),
        r#"
    [[case]]
    name = "the_last_of_everything"
    encounter = { procedure_code = "X0999", rendering_provider_role = "R199", supporting_info = ["shown499"] }
    expect = { outcome = "billable", rules = [], notes = ["late"], lines = [{ procedure_code = "X0999", units = 1, amount_cents = 1099 }] }
    [[case]]
    name = "by_its_kind_of_work"
    encounter = { service = "work700", rendering_provider_role = "R100", supporting_info = ["shown200"] }
    expect = { outcome = "billable", rules = [], lines = [{ procedure_code = "X0700", units = 1, amount_cents = 800 }] }
    # Positions that are the same but for a multiple of 64, and the last bit.
    [[case]]
    name = "another_role"
    encounter = { procedure_code = "X0999", rendering_provider_role = "R7", supporting_info = ["shown499"] }
    expect = { outcome = "not_billable", rules = ["role.X0999"] }
    [[case]]
    name = "a_role_that_nobody_names"
    encounter = { procedure_code = "X0999", rendering_provider_role = "R200", supporting_info = ["shown499"] }
    expect = { outcome = "not_billable", rules = ["role.X0999"] }
    [[case]]
    name = "another_condition"
    encounter = { procedure_code = "X0999", rendering_provider_role = "R199", supporting_info = ["shown435"] }
    expect = { outcome = "incomplete", rules = ["require.X0999"] }
    [[case]]
    name = "a_condition_that_nobody_names"
    encounter = { procedure_code = "X0063", rendering_provider_role = "R63", supporting_info = ["shown500"] }
    expect = { outcome = "incomplete", rules = ["require.X0063"] }
    [[case]]
    name = "a_condition_that_keeps_the_notice_away"
    encounter = { procedure_code = "X0999", rendering_provider_role = "R199", supporting_info = ["shown499", "shown498"] }
    expect = { outcome = "billable", rules = [], notes = [] }
    [[case]]
    name = "its_neighbour_of_the_day"
    history = [{ procedure_code = "X0998", date_of_service = "2024-03-15" }]
    encounter = { procedure_code = "X0999", rendering_provider_role = "R199", supporting_info = ["shown499"] }
    expect = { outcome = "not_billable", rules = ["exclude.X0999"] }
    [[case]]
    name = "another_code_of_the_day"
    history = [{ procedure_code = "X0934", date_of_service = "2024-03-15" }, { procedure_code = "X0063", date_of_service = "2024-03-15" }]
    encounter = { procedure_code = "X0999", rendering_provider_role = "R199", supporting_info = ["shown499"] }
    expect = { outcome = "billable" }
    [[case]]
    name = "the_third_of_the_month"
    history = [{ procedure_code = "X0999", date_of_service = "2024-03-01" }, { procedure_code = "X0999", date_of_service = "2024-03-02" }]
    encounter = { procedure_code = "X0999", rendering_provider_role = "R199", supporting_info = ["shown499"] }
    expect = { outcome = "not_billable", rules = ["limit.X0999"] }
    "#,
    );
}
