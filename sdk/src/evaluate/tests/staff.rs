//! What refusals by role, phase and mode advise and cite, and that it is what each role may really do. No other rule.

use adjudica_core::{Finding, RuleKind, Token, Verdict};

use super::*;

const CODE: &str = r#"
    [[source]]
    id = "memo"
    title = "A memo"
    confidence = "high"

    [[code]]
    id = "visit"
    code = "T1016"
    source = "manual"
"#;

const ROLES: [&str; 3] = ["RN", "LPN", "CHW"];
const PHASES: [&str; 2] = ["initial", "later"];
const MODES: [&str; 3] = ["in_person", "video", "telephone"];

/// A staff row: its lists as bits of the names above, 0 where it leaves one out.
type StaffBits = (u8, u8, u8);

fn picked<'n>(names: &[&'n str], bits: u8) -> Vec<&'n str> {
    names.iter().enumerate().filter(|(index, _)| bits >> index & 1 == 1).map(|(_, name)| *name).collect()
}

fn policy_of(rows: &[StaffBits]) -> Compiled {
    let mut text = CODE.to_owned();
    for (index, (roles, phases, modes)) in rows.iter().enumerate() {
        write!(text, "\n[[staff]]\nid = \"staff-{index}\"\ncodes = [\"T1016\"]\nsource = \"manual\"\n").expect("a row");
        for (name, names, bits) in
            [("roles", &ROLES[..], roles), ("phases", &PHASES[..], phases), ("modes", &MODES[..], modes)]
        {
            if *bits != 0 {
                writeln!(text, "{name} = {:?}", picked(names, *bits)).expect("a line");
            }
        }
    }
    compiled(&text)
}

fn fits(names: &[&str], bits: u8, name: &str) -> bool {
    bits == 0 || picked(names, bits).contains(&name)
}

/// Whether some row lets this role bill in this phase by this mode; `None` asks for any.
fn is_allowed(rows: &[StaffBits], role: Option<&str>, phase: Option<&str>, mode: Option<&str>) -> bool {
    rows.iter().any(|(roles, phases, modes)| {
        role.is_none_or(|role| fits(&ROLES, *roles, role))
            && phase.is_none_or(|phase| fits(&PHASES, *phases, phase))
            && mode.is_none_or(|mode| fits(&MODES, *modes, mode))
    })
}

/// Whether the advice `WHAT: LIST (ROLES in PHASES); …` gives `name` to this role in this phase.
fn advises(advice: &str, name: &str, role: &str, phase: &str) -> bool {
    let (_, lists) = advice.split_once(": ").expect("what may be done, behind a colon");
    let names = |list: &str, name: &str| list.starts_with("any") || list.split(", ").any(|other| other == name);
    lists.split("; ").any(|part| {
        let Some((list, who)) = part.split_once(" (") else { return names(part, name) };
        let who = who.strip_suffix(')').expect("a closing bracket");
        let (roles, phases) = match who.strip_prefix("in ") {
            Some(phases) => ("anyone", phases),
            None => who.split_once(" in ").unwrap_or((who, "any phase")),
        };
        names(list, name) && names(roles, role) && names(phases, phase)
    })
}

/// One decision for each role, phase and mode, named ones and one that no row names.
fn decisions(compiled: &Compiled) -> Vec<(&'static str, &'static str, &'static str, adjudica_core::Decision)> {
    let with_other = |names: &'static [&'static str]| names.iter().copied().chain(["other"]);
    let mut asked = Vec::new();
    for role in with_other(&ROLES) {
        for phase in with_other(&PHASES) {
            asked.extend(with_other(&MODES).map(|mode| (role, phase, mode)));
        }
    }
    let file = cases::parse("x", "[[case]]\nname = \"x\"\nencounter = { procedure_code = \"T1016\", date_of_service = \"2024-03-15\" }\nexpect = { outcome = \"billable\" }").expect("a file");
    let mut timeline = file.cases.into_iter().next().expect("a case").timeline;
    let encounter = timeline.encounters.pop().expect("an encounter");
    let name = |text: &str| Token::parse(text).expect("a name");
    timeline.encounters.extend(asked.iter().enumerate().map(|(index, (role, phase, mode))| {
        adjudica_core::EncounterFacts {
            encounter_id: Token::parse(&format!("e{index}")).expect("an id"),
            rendering_provider_role: name(role),
            phase: name(phase),
            mode: name(mode),
            ..encounter.clone()
        }
    }));
    let decisions = native::decide(compiled, &NoHooks, &[timeline], &Terms::default(), Explain::FailedOnly);
    let pairs = asked.into_iter().zip(decisions.expect("decisions"));
    pairs.map(|((role, phase, mode), decision)| (role, phase, mode, decision)).collect()
}

fn remedy_of(findings: &[Finding], kind: RuleKind) -> Option<&str> {
    let finding = findings.iter().find(|finding| finding.kind == kind && finding.verdict == Verdict::Failed)?;
    Some(finding.remedy.as_deref().expect("a rule of staff rows says what may be done"))
}

proptest! {
    /// Whatever the rows: a refused role is told the roles that may, another the phases and modes that are its own.
    #[test]
    fn it_advises_each_role_what_that_role_may_do(
        rows in proptest::collection::vec((0_u8..8, 0_u8..4, 0_u8..8), 1..5),
    ) {
        for (role, phase, mode, decision) in decisions(&policy_of(&rows)) {
            let at = format!("{rows:?}: {role}, {phase}, {mode}: {:?}", decision.findings);
            let is_billable = decision.outcome == Outcome::Billable;
            prop_assert_eq!(is_billable, is_allowed(&rows, Some(role), Some(phase), Some(mode)), "{}", at);
            if let Some(remedy) = remedy_of(&decision.findings, RuleKind::Role) {
                for other in ROLES {
                    let told = advises(remedy, other, "", "");
                    prop_assert_eq!(told, is_allowed(&rows, Some(other), None, None), "{}: {}", other, at);
                }
                continue;
            }
            if let Some(remedy) = remedy_of(&decision.findings, RuleKind::Phase) {
                for other in PHASES {
                    let told = advises(remedy, other, role, "");
                    prop_assert_eq!(told, is_allowed(&rows, Some(role), Some(other), None), "{}: {}", other, at);
                }
                continue;
            }
            if let Some(remedy) = remedy_of(&decision.findings, RuleKind::Mode) {
                for other in MODES {
                    let told = advises(remedy, other, role, phase);
                    prop_assert_eq!(told, is_allowed(&rows, Some(role), Some(phase), Some(other)), "{}: {}", other, at);
                }
            }
        }
    }
}

/// The remedies of phase and mode, and the section that the mode's rule cites, for staff rows written one a line.
fn said(rows: &[&str]) -> (Option<String>, Option<String>, Option<String>) {
    let rows = rows.iter().enumerate().map(|(index, row)| {
        format!("\n[[staff]]\nid = \"staff-{index}\"\ncodes = [\"T1016\"]\n{}\n", row.replace(" | ", "\n"))
    });
    let rules = compiled(&format!("{CODE}{}", rows.collect::<String>())).manifest.rules;
    let rule = |kind: RuleKind| rules.iter().find(|rule| rule.kind == kind);
    let remedy = |kind: RuleKind| rule(kind).and_then(|rule| rule.remedy.clone());
    let cited = rule(RuleKind::Mode).or_else(|| rule(RuleKind::Role)).expect("a rule");
    assert_eq!(cited.source.as_ref().map(Token::as_str), Some("manual"), "the first row's source");
    (remedy(RuleKind::Phase), remedy(RuleKind::Mode), cited.section.clone())
}

#[test]
fn it_says_which_row_gives_what_only_where_rows_differ() {
    let modes_of = |rows: &[&str]| said(rows).1.expect("a remedy of the mode");
    let phases_of = |rows: &[&str]| said(rows).0.expect("a remedy of the phase");
    let nurse = "source = \"manual\" | roles = [\"@nurses\"]";
    let worker = "source = \"manual\" | roles = [\"CHW\"]";
    let anyone = "source = \"manual\"";
    let with = |row: &str, lists: &str| format!("{row} | {lists}");
    for (first, second, expected) in [
        (with(nurse, "modes = [\"in_person\"]"), with(worker, "modes = [\"in_person\"]"), "in_person"),
        (
            with(nurse, "modes = [\"in_person\", \"video\"]"),
            with(worker, "modes = [\"video\", \"in_person\"]"),
            "in_person, video",
        ),
        (with(nurse, "modes = [\"in_person\"]"), with(nurse, "modes = [\"video\"]"), "in_person, video"),
        (
            with(nurse, "modes = [\"in_person\", \"telephone\"]"),
            with(worker, "modes = [\"video\"]"),
            "in_person, telephone (RN, LPN); video (CHW)",
        ),
        (
            with(nurse, "modes = [\"in_person\"] | phases = [\"initial\"]"),
            with(worker, "modes = [\"video\"]"),
            "in_person (RN, LPN in initial); video (CHW in any phase)",
        ),
        (
            with(nurse, "modes = [\"in_person\"] | phases = [\"initial\"]"),
            with(nurse, "modes = [\"video\"] | phases = [\"later\"]"),
            "in_person (in initial); video (in later)",
        ),
        (with(nurse, "modes = [\"in_person\"]"), worker.to_owned(), "in_person (RN, LPN); any mode (CHW)"),
        (
            with(anyone, "modes = [\"in_person\"]"),
            with(worker, "modes = [\"video\"]"),
            "in_person (anyone); video (CHW)",
        ),
    ] {
        assert_eq!(modes_of(&[&first, &second]), format!("it is done by: {expected}"));
    }
    for (first, second, expected) in [
        (with(nurse, "phases = [\"initial\"]"), with(worker, "phases = [\"initial\"]"), "initial"),
        (
            with(nurse, "phases = [\"initial\", \"later\"]"),
            with(worker, "phases = [\"later\"]"),
            "initial, later (RN, LPN); later (CHW)",
        ),
        (with(nurse, "phases = [\"initial\"]"), worker.to_owned(), "initial (RN, LPN); any phase (CHW)"),
    ] {
        assert_eq!(phases_of(&[&first, &second]), format!("it belongs to: {expected}"));
    }
}

#[test]
fn it_cites_every_section_that_the_rows_rest_on() {
    let row = |source: &str, section: Option<&str>| {
        let section = section.map_or_else(String::new, |section| format!(" | section = \"{section}\""));
        format!("source = \"{source}\"{section} | roles = [\"RN\"] | modes = [\"video\"]")
    };
    let manual = |section| row("manual", Some(section));
    let memo = |section| row("memo", Some(section));
    for (rows, expected) in [
        (vec![manual("2.1")], Some("2.1")),
        (vec![manual("2.1"), manual("2.1")], Some("2.1")),
        (vec![manual("2.1"), manual("1.4"), manual("2.1")], Some("2.1; 1.4")),
        (vec![row("manual", None), manual("1.4")], Some("1.4")),
        (vec![manual("2.1"), memo("page 3"), manual("1.4")], Some("2.1; 1.4; and memo, page 3")),
        (vec![manual("2.1"), memo("page 3"), memo("page 4")], Some("2.1; and memo, page 3; page 4")),
        (vec![manual("2.1"), row("memo", None)], Some("2.1; and memo")),
        (vec![row("manual", None), memo("page 3")], Some("and memo, page 3")),
        (vec![row("manual", None), row("manual", None)], None),
    ] {
        let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
        assert_eq!(said(&rows).2.as_deref(), expected, "{rows:?}");
    }
}

#[test]
fn it_cites_the_rows_of_each_period_alone() {
    let compiled = compiled(&format!(
        "{CODE}\n[[staff]]\nid = \"early\"\ncodes = [\"T1016\"]\nroles = [\"RN\"]\nsource = \"manual\"\nsection = \"2.1\"
        \n[[staff]]\nid = \"late\"\ncodes = [\"T1016\"]\nroles = [\"LPN\"]\nfrom = 2024-07-01\nsource = \"memo\"\nsection = \"page 3\""
    ));
    let roles = compiled.manifest.rules.iter().filter(|rule| rule.kind == RuleKind::Role);
    let cited: Vec<_> = roles.map(|rule| (rule.remedy.as_deref(), rule.section.as_deref())).collect();
    assert_eq!(
        cited,
        [(Some("these roles may: RN"), Some("2.1")), (Some("these roles may: RN, LPN"), Some("2.1; and memo, page 3")),]
    );
}

/// Between two rows, before the first and after the last: nobody, and that alone is said. A row that only lets through with a look
/// is closed to everybody else.
#[test]
fn it_lets_nobody_bill_on_days_that_no_row_holds() {
    let rows = format!(
        "{CODE}{}",
        r#"
    [[staff]]
    id = "early"
    codes = ["T1016"]
    roles = ["RN"]
    modes = ["in_person"]
    from = 2024-02-01
    to = 2024-06-30
    source = "manual"

    [[staff]]
    id = "late"
    codes = ["T1016"]
    roles = ["RN"]
    from = 2024-07-01
    to = 2025-01-01
    source = "memo"

    [[staff]]
    id = "reserved"
    codes = ["T1016"]
    roles = ["CHW"]
    from = 2025-01-01
    to = 2025-06-01
    effect = "review"
"#
    );
    let case = |name: &str, day: &str, role: &str, expect: &str| {
        format!(
            "[[case]]\nname = \"{name}\"\nencounter = {{ procedure_code = \"T1016\", date_of_service = \"{day}\", \
             rendering_provider_role = \"{role}\", mode = \"video\" }}\nexpect = {{ {expect} }}\n"
        )
    };
    let cases = [
        case("nobody_before_the_first_row", "2024-01-31", "RN", "outcome = \"not_billable\", rules = [\"role.T1016\"]"),
        case("by_the_first_row", "2024-06-29", "RN", "outcome = \"not_billable\", rules = [\"mode.T1016\"]"),
        case("nobody_between_two_rows", "2024-06-30", "RN", "outcome = \"not_billable\", rules = [\"role.T1016\"]"),
        case("by_the_second_row", "2024-07-01", "RN", "outcome = \"billable\", rules = []"),
        case("whom_a_reserved_row_names", "2025-01-01", "CHW", "outcome = \"review\", rules = [\"reserved\"]"),
        case("nobody_else", "2025-01-01", "RN", "outcome = \"not_billable\", rules = [\"role.T1016\"]"),
        case("nobody_after_the_last_row", "2025-06-01", "CHW", "outcome = \"not_billable\", rules = [\"role.T1016\"]"),
    ];
    check(&rows, &cases.concat());
    let gap = compiled(&rows).manifest;
    let rule = gap.rules.iter().find(|rule| rule.id.as_str() == "role.T1016.2024-06-30").expect("a rule of that day");
    assert_eq!(rule.sentence, "nobody may bill T1016 on this day");
    let remedy = "ask the payer who may bill it on this day; its tables name nobody";
    assert_eq!(rule.remedy.as_deref(), Some(remedy));
    assert_eq!(rule.source.as_ref().map(Token::as_str), Some("manual"), "the row that has ended");
}
