//! The sample's clients and staff: numbers and roles, no names.

use crate::sample::chance::Chance;

/// One of the staff.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Staff {
    /// Synthetic id.
    pub id: &'static str,
    /// Role, as the policies name it.
    pub role: &'static str,
}

/// Nurse care manager.
pub const RN: Staff = Staff { id: "staff_01", role: "RN" };
/// A second one.
pub const RN_2: Staff = Staff { id: "staff_02", role: "RN" };
/// Social worker.
pub const MSW: Staff = Staff { id: "staff_03", role: "MSW" };
/// Nurse practitioner.
pub const NP: Staff = Staff { id: "staff_04", role: "NP" };
/// Physician assistant.
pub const PA: Staff = Staff { id: "staff_05", role: "PA" };
/// Practical nurse.
pub const LPN: Staff = Staff { id: "staff_06", role: "LPN" };
/// Dietician.
pub const RD: Staff = Staff { id: "staff_07", role: "RD" };
/// Clinical pharmacist.
pub const PHARMACIST: Staff = Staff { id: "staff_08", role: "PharmD" };
/// Physician.
pub const PHYSICIAN: Staff = Staff { id: "staff_09", role: "MD" };
/// Medical assistant.
pub const MA: Staff = Staff { id: "staff_10", role: "MA" };
/// Community health worker.
pub const CHW: Staff = Staff { id: "staff_11", role: "CHW" };
/// Bachelor of social work.
pub const BSW: Staff = Staff { id: "staff_12", role: "BSW" };

/// All of the staff.
pub const STAFF: [Staff; 12] = [RN, RN_2, MSW, NP, PA, LPN, RD, PHARMACIST, PHYSICIAN, MA, CHW, BSW];

/// A client and what is true of all their encounters.
pub struct Client {
    /// Synthetic id.
    pub id: String,
    /// Who is asked to pay.
    pub payer_id: &'static str,
    /// Their practice.
    pub practice_id: &'static str,
    /// Their care manager.
    pub care_manager: Staff,
    /// Their principal diagnosis.
    pub diagnosis: &'static str,
}

/// The id of the client of that number.
pub fn client_id(number: u32) -> String {
    format!("client_{number:04}")
}

impl Client {
    /// The client of that number, with one of `payers`.
    pub fn new(number: u32, payers: &[&'static str], chance: &mut Chance) -> Self {
        let payer = usize::try_from(number).unwrap_or(0).checked_rem(payers.len()).and_then(|index| payers.get(index));
        Self {
            id: client_id(number),
            payer_id: payer.copied().unwrap_or("bcbsm"),
            practice_id: chance.pick("practice_01", &["practice_02"]),
            care_manager: chance.pick(RN, &[RN, RN_2, RN_2, MSW, NP, PA]),
            diagnosis: chance.pick("E11.9", &["I10", "J44.9", "I50.9", "N18.30", "F33.1"]),
        }
    }
}
