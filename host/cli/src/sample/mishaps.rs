//! What goes wrong in the sample, about one encounter in five: papers, roles, minutes, doubles, late claims.

use crate::sample::chance::Chance;
use crate::sample::draft::Draft;
use crate::sample::people::{BSW, CHW, MA};

/// The draft with its mishap, if it has one; a double gives two drafts.
pub fn befall(mut draft: Draft, chance: &mut Chance) -> Vec<Draft> {
    match chance.below(100) {
        0..4 => drop_paper(&mut draft, chance),
        4..8 => draft.staff = chance.pick(MA, &[CHW, BSW]),
        8..10 => draft.minutes = None,
        10..12 => {
            draft.info.remove("video_declined");
            draft.mode = "telephone";
        }
        12..14 => draft.received_after_days = 170 + chance.below(40),
        14..15 => draft.code = Some("99490"),
        15..18 => return vec![draft.clone(), draft],
        18..20 => leave_programme(&mut draft),
        20..21 => drop(draft.info.insert("training_not_completed")),
        21..22 => drop(draft.info.insert("enrollment_declined")),
        _ => {}
    }
    vec![draft]
}

/// The client's group did not buy the programme (BCBSM), the practice does not have the client that month (SIM).
fn leave_programme(draft: &mut Draft) {
    draft.info.remove("group_participates");
    draft.info.extend(["group_not_participating", "not_attributed"]);
}

fn drop_paper(draft: &mut Draft, chance: &mut Chance) {
    let papers: Vec<&'static str> = draft.info.iter().copied().collect();
    if let Some((first, others)) = papers.split_first() {
        let lost = chance.pick(*first, others);
        draft.info.remove(lost);
    }
}
