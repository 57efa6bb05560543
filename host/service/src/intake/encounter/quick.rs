//! The common case read at once: an encounter whose fields are all well. Whatever is not as it should be is left to the reader that
//! names every fault.

use adjudica_core::facts::{DIAGNOSES_MAX, GROUP_SIZES, MODIFIERS_MAX, SUPPORTING_INFO_MAX};
use adjudica_core::quantity::MINUTES_MAX;
use adjudica_core::{EncounterFacts, Minutes, Modifier, PlaceOfService, ProcedureCode, ServiceDate, Token};
use serde::Deserialize;

/// Facts as they are written: lists as long as they were, counts not yet within bounds.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    encounter_id: Token,
    client_id: Token,
    payer_id: Token,
    plan_id: Option<Token>,
    service_line: Option<Token>,
    date_of_service: ServiceDate,
    procedure_code: Option<ProcedureCode>,
    service: Option<Token>,
    minutes: Option<u32>,
    rendering_provider_id: Token,
    rendering_provider_role: Token,
    billing_provider_id: Token,
    phase: Token,
    mode: Token,
    place_of_service: Option<PlaceOfService>,
    group_size: Option<u32>,
    modifiers: Option<Vec<Modifier>>,
    diagnoses: Option<Vec<Token>>,
    supporting_info: Option<Vec<Token>>,
    received_on: Option<ServiceDate>,
}

/// The facts that `bytes` are, when nothing at all is wrong with them.
pub(super) fn read(bytes: &[u8]) -> Option<EncounterFacts> {
    // Looked at once as a whole, so that no text of it is looked at again.
    let written: Written = serde_json::from_str(std::str::from_utf8(bytes).ok()?).ok()?;
    let (modifiers, diagnoses) = (written.modifiers.unwrap_or_default(), written.diagnoses.unwrap_or_default());
    let supporting_info = written.supporting_info.unwrap_or_default();
    let are_within = are_different(&modifiers)
        && are_different(&diagnoses)
        && are_different(&supporting_info)
        && modifiers.len() <= MODIFIERS_MAX
        && diagnoses.len() <= DIAGNOSES_MAX
        && supporting_info.len() <= SUPPORTING_INFO_MAX
        && written.minutes.is_none_or(|minutes| minutes <= MINUTES_MAX)
        && written.group_size.is_none_or(|size| GROUP_SIZES.contains(&size));
    are_within.then(|| EncounterFacts {
        encounter_id: written.encounter_id,
        client_id: written.client_id,
        payer_id: written.payer_id,
        plan_id: written.plan_id,
        service_line: written.service_line,
        date_of_service: written.date_of_service,
        procedure_code: written.procedure_code,
        service: written.service,
        minutes: written.minutes.map(Minutes),
        rendering_provider_id: written.rendering_provider_id,
        rendering_provider_role: written.rendering_provider_role,
        billing_provider_id: written.billing_provider_id,
        phase: written.phase,
        mode: written.mode,
        place_of_service: written.place_of_service,
        group_size: written.group_size,
        modifiers: modifiers.into_iter().collect(),
        diagnoses,
        supporting_info: supporting_info.into_iter().collect(),
        received_on: written.received_on,
        standing: None,
    })
}

/// Lists are short.
fn are_different<T: PartialEq>(list: &[T]) -> bool {
    list.iter().enumerate().all(|(place, one)| list.iter().take(place).all(|other| other != one))
}
