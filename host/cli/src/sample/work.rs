//! What the sample's staff do, done well: which work, by whom, how long, with which papers. What goes wrong is in `mishaps`.

use std::collections::BTreeSet;

use adjudica_core::ServiceDate;

use crate::sample::chance::Chance;
use crate::sample::draft::Draft;
use crate::sample::people::{BSW, CHW, Client, LPN, MA, MSW, PHARMACIST, PHYSICIAN, RD, RN};

/// Where an episode stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// The first contact.
    Start,
    /// Everything between.
    Middle,
    /// The last contact.
    Close,
}

/// The papers that good work leaves behind.
const PAPERS: [&str; 3] = ["care_plan", "contact_documented", "group_participates"];
const PRIORITY_HEALTH: &str = "priority-health";
/// What Priority Health asks of a patient besides.
const PRIORITY_HEALTH_PAPERS: [&str; 3] = ["moderate_or_high_risk", "chronic_condition", "provider_supervision"];

/// The work of one day, without mishaps.
pub fn plan(step: Step, date: ServiceDate, client: &Client, chance: &mut Chance) -> Vec<Draft> {
    match step {
        Step::Start if chance.percent(20) => {
            vec![screening(date, client, chance), assessment(date.plus_days(2), client, chance)]
        }
        Step::Start => vec![assessment(date, client, chance)],
        Step::Close => vec![Draft { phase: "closure", ..contact(date, client, chance) }],
        Step::Middle => match chance.below(100) {
            0..30 => vec![contact(date, client, chance)],
            30..58 => vec![telephone(date, client, chance)],
            58..70 => vec![group(date, client, chance)],
            70..80 => conferences(date, client, chance),
            80..93 => vec![coordination(date, client, chance)],
            93..97 => vec![oversight(date, client, chance)],
            _ => vec![Draft { phase: "post_discharge", ..telephone(date, client, chance) }],
        },
    }
}

fn papers(client: &Client) -> BTreeSet<&'static str> {
    let more: &[&str] = if client.payer_id == PRIORITY_HEALTH { &PRIORITY_HEALTH_PAPERS } else { &[] };
    PAPERS.iter().chain(more).copied().collect()
}

/// A contact with the patient: Priority Health wants that written down.
fn with_patient(mut draft: Draft, client: &Client) -> Draft {
    if client.payer_id == PRIORITY_HEALTH {
        draft.info.insert("patient_present");
    }
    draft
}

fn draft(date: ServiceDate, client: &Client, chance: &mut Chance) -> Draft {
    Draft {
        date,
        code: None,
        service: None,
        minutes: None,
        staff: client.care_manager,
        phase: "implementation",
        mode: "in_person",
        place: "11",
        group_size: None,
        info: papers(client),
        received_after_days: 3 + chance.below(40),
    }
}

fn screening(date: ServiceDate, client: &Client, chance: &mut Chance) -> Draft {
    let minutes = Some(5 + chance.below(10));
    Draft { service: Some("telephone"), minutes, phase: "screening", mode: "telephone", ..draft(date, client, chance) }
}

fn assessment(date: ServiceDate, client: &Client, chance: &mut Chance) -> Draft {
    let minutes = Some(45 + chance.below(50));
    let mode = chance.pick("in_person", &["in_person", "video"]);
    let assessment = Draft { code: Some("G9001"), minutes, phase: "assessment", mode, ..draft(date, client, chance) };
    with_patient(assessment, client)
}

fn contact(date: ServiceDate, client: &Client, chance: &mut Chance) -> Draft {
    let mut draft = draft(date, client, chance);
    draft.code = Some("G9002");
    draft.minutes = Some(chance.pick(30, &[15, 20, 20, 25, 25, 30, 35, 40, 44, 45, 46, 75]));
    draft.mode = chance.pick("in_person", &["in_person", "video", "telephone"]);
    if draft.mode == "telephone" {
        draft.info.insert("video_declined");
    }
    if chance.percent(25) {
        draft.staff = chance.pick(LPN, &[PHARMACIST, RD, RD, RN]);
    }
    with_patient(draft, client)
}

fn telephone(date: ServiceDate, client: &Client, chance: &mut Chance) -> Draft {
    let mut draft = draft(date, client, chance);
    draft.mode = "telephone";
    let minutes = chance.pick(8, &[4, 5, 10, 11, 15, 20, 21, 26, 30, 31]);
    draft.minutes = Some(minutes);
    if chance.percent(60) {
        draft.service = Some("telephone");
    } else {
        draft.code = Some(match minutes {
            ..=10 => "98966",
            11..=20 => "98967",
            21.. => "98968",
        });
    }
    if chance.percent(45) {
        draft.staff = chance.pick(MA, &[CHW, BSW, LPN, RD]);
        draft.info.insert("scope_of_service");
    }
    draft
}

fn group(date: ServiceDate, client: &Client, chance: &mut Chance) -> Draft {
    let mut draft = draft(date, client, chance);
    let size = 2 + chance.below(8);
    draft.group_size = Some(size);
    draft.minutes = Some(chance.pick(60, &[30, 45, 90]));
    draft.staff = chance.pick(RD, &[RN, MSW, PHARMACIST]);
    draft.code = Some(if size <= 4 { "98961" } else { "98962" });
    draft
}

/// One team conference, at times a third within the month.
fn conferences(date: ServiceDate, client: &Client, chance: &mut Chance) -> Vec<Draft> {
    let mut first = draft(date, client, chance);
    first.code = Some("G9007");
    first.minutes = Some(10 + chance.below(15));
    first.staff = PHYSICIAN;
    first.info.insert("care_manager_present");
    let count = if chance.percent(30) { 3 } else { 1 };
    (0..count).map(|number| Draft { date: date.plus_days(number * 2), ..first.clone() }).collect()
}

fn coordination(date: ServiceDate, client: &Client, chance: &mut Chance) -> Draft {
    let mut draft = draft(date, client, chance);
    draft.code = Some("99487");
    draft.mode = "telephone";
    draft.minutes = Some(chance.pick(45, &[30, 31, 60, 74, 75, 76, 90, 104, 105, 120]));
    draft.staff = chance.pick(client.care_manager, &[MA, CHW, LPN]);
    draft.info.insert("scope_of_service");
    draft
}

fn oversight(date: ServiceDate, client: &Client, chance: &mut Chance) -> Draft {
    let minutes = Some(10 + chance.below(10));
    Draft { code: Some("G9008"), minutes, staff: PHYSICIAN, phase: "assessment", ..draft(date, client, chance) }
}
