//! Turns timelines into the columns that a manifest reads. The one place where facts become numbers; nothing undeclared enters.

use std::collections::HashMap;

use foldhash::fast::RandomState;

use crate::columns::{Batch, Column, Explain};
use crate::date::ServiceDate;
use crate::error::ValueError;
use crate::facts::{EncounterFacts, LedgerLine, Timeline};
use crate::field::{Field, NONE_S32, NONE_U32};
use crate::manifest::Manifest;
use crate::terms::{Parameter, Rate, Terms};
use crate::token::Token;

/// The batch of `timelines`, which must be in the order that [`Timeline::sort`] gives.
/// # Errors
/// [`ValueError::BatchTooLarge`] when there are more than 4,294,967,294 rows or bytes of text.
pub fn encode_batch(
    manifest: &Manifest,
    timelines: &[Timeline],
    terms: &Terms,
    explain: Explain,
) -> Result<Batch, ValueError> {
    let mut texts = Texts::default();
    let mut identities = Identities::default();
    let encounters = count(timelines.iter().map(|timeline| timeline.encounters.len()).sum())?;
    let source = Source { manifest, timelines, terms };
    let mut columns = Vec::with_capacity(manifest.reads.len());
    for field in &manifest.reads {
        columns.push(column(*field, &source, &mut texts, &mut identities)?);
    }
    Ok(Batch {
        dictionary_bytes: texts.bytes,
        dictionary_offsets: texts.offsets,
        encounters,
        timelines: offsets(timelines.iter().map(|timeline| timeline.encounters.len()))?,
        columns,
        explain: explain == Explain::All,
    })
}

/// Each text once, numbered in the order of first use.
struct Texts<'a> {
    bytes: Vec<u8>,
    offsets: Vec<u32>,
    /// Looked up only, never iterated: its order is no part of the answer.
    text_to_index: HashMap<&'a str, u32, RandomState>,
    /// The text asked for last, and its number: neighbours in a column are often equal.
    last: Option<(&'a str, u32)>,
}

impl Default for Texts<'_> {
    fn default() -> Self {
        Self { bytes: Vec::new(), offsets: vec![0], text_to_index: HashMap::default(), last: None }
    }
}

impl<'a> Texts<'a> {
    fn index(&mut self, text: &'a str) -> Result<u32, ValueError> {
        if let Some((last, index)) = self.last
            && last == text
        {
            return Ok(index);
        }
        let index = match self.text_to_index.get(text) {
            Some(index) => *index,
            None => self.add(text)?,
        };
        self.last = Some((text, index));
        Ok(index)
    }

    fn add(&mut self, text: &'a str) -> Result<u32, ValueError> {
        let index = count(self.text_to_index.len())?;
        self.bytes.extend_from_slice(text.as_bytes());
        self.offsets.push(count(self.bytes.len())?);
        self.text_to_index.insert(text, index);
        Ok(index)
    }

    fn find(&mut self, text: Option<&'a str>) -> Result<u32, ValueError> {
        text.map_or(Ok(NONE_U32), |text| self.index(text))
    }
}

/// Each id once, numbered in the order of first use. The ids themselves stay with the host.
#[derive(Default)]
struct Identities<'a> {
    /// Looked up only, never iterated: its order is no part of the answer.
    id_to_number: HashMap<&'a str, u32, RandomState>,
    /// The id asked for last, and its number: a batch is mostly one payer's and one practice's.
    last: Option<(&'a str, u32)>,
}

impl<'a> Identities<'a> {
    fn number(&mut self, id: &'a str) -> Result<u32, ValueError> {
        if let Some((last, number)) = self.last
            && last == id
        {
            return Ok(number);
        }
        let next = count(self.id_to_number.len())?;
        let number = *self.id_to_number.entry(id).or_insert(next);
        self.last = Some((id, number));
        Ok(number)
    }
}

fn count(length: usize) -> Result<u32, ValueError> {
    u32::try_from(length).ok().filter(|count| *count != NONE_U32).ok_or(ValueError::BatchTooLarge)
}

fn offsets(lengths: impl Iterator<Item = usize>) -> Result<Vec<u32>, ValueError> {
    let mut sum = 0_usize;
    let mut offsets = vec![0];
    for length in lengths {
        sum = sum.saturating_add(length);
        offsets.push(count(sum)?);
    }
    Ok(offsets)
}

/// What a batch is made of.
#[derive(Clone, Copy)]
struct Source<'a> {
    manifest: &'a Manifest,
    timelines: &'a [Timeline],
    terms: &'a Terms,
}

impl<'a> Source<'a> {
    fn encounters(self) -> impl Iterator<Item = &'a EncounterFacts> {
        self.timelines.iter().flat_map(|timeline| &timeline.encounters)
    }

    fn ledger(self) -> impl Iterator<Item = &'a LedgerLine> {
        self.timelines.iter().flat_map(|timeline| &timeline.ledger)
    }

    /// What the record shows, and the conditions that the manifest names.
    fn shown(self, facts: &'a EncounterFacts) -> impl Iterator<Item = &'a Token> {
        let named = facts.standing.iter().flat_map(|standing| &standing.conditions);
        let asked = named.filter(move |condition| self.manifest.conditions.contains(condition));
        facts.supporting_info.iter().chain(asked)
    }
}

fn column<'a>(
    field: Field,
    source: &Source<'a>,
    texts: &mut Texts<'a>,
    identities: &mut Identities<'a>,
) -> Result<Column, ValueError> {
    match field.name().split_once('.').map_or("", |(table, _)| table) {
        "encounter" => encounter_column(field, source, texts, identities),
        "ledger" => ledger_column(field, source, texts, identities),
        "rate" | "parameter" => terms_column(field, source.terms, texts),
        _ => child_column(field, source, texts, identities),
    }
}

fn encounter_column<'a>(
    field: Field,
    source: &Source<'a>,
    texts: &mut Texts<'a>,
    identities: &mut Identities<'a>,
) -> Result<Column, ValueError> {
    let encounters = || source.encounters();
    match field {
        Field::EncounterDateOfService => Ok(days(encounters(), |e| e.date_of_service.days())),
        Field::EncounterReceivedOn => Ok(days(encounters(), |e| e.received_on.map_or(NONE_S32, |day| day.days()))),
        Field::EncounterMinutes => {
            words(encounters(), |e| Ok(e.documented_minutes().map_or(NONE_U32, |minutes| minutes.0)))
        }
        Field::EncounterGroupSize => words(encounters(), |e| Ok(e.group_size.unwrap_or(NONE_U32))),
        Field::EncounterRenderingProvider => {
            words(encounters(), |e| identities.number(e.rendering_provider_id.as_str()))
        }
        Field::EncounterBillingProvider => words(encounters(), |e| identities.number(e.billing_provider_id.as_str())),
        Field::EncounterPayer => words(encounters(), |e| identities.number(e.payer_id.as_str())),
        _ => words(encounters(), |e| texts.find(encounter_text(field, e))),
    }
}

/// Tables whose rows belong to encounters.
fn child_column<'a>(
    field: Field,
    source: &Source<'a>,
    texts: &mut Texts<'a>,
    identities: &mut Identities<'a>,
) -> Result<Column, ValueError> {
    let encounters = || source.encounters();
    let rows = |count: fn(&EncounterFacts) -> usize| offsets(encounters().map(count)).map(Column::Words);
    let authorized = || encounters().flat_map(|e| &e.standing().authorizations);
    let by_code = || authorized().flat_map(|line| line.procedure_codes.iter().map(move |code| (line, code)));
    match field {
        Field::ModifierOffset => rows(|e| e.modifiers.len()),
        Field::ModifierCode => {
            words(encounters().flat_map(|e| &e.modifiers), |modifier| texts.index(modifier.as_str()))
        }
        Field::SupportingInfoOffset => offsets(encounters().map(|e| source.shown(e).count())).map(Column::Words),
        Field::SupportingInfoCategory => {
            words(encounters().flat_map(|e| source.shown(e)), |info| texts.index(info.as_str()))
        }
        Field::DiagnosisOffset => rows(|e| e.diagnoses.len()),
        Field::DiagnosisCode => words(encounters().flat_map(|e| &e.diagnoses), |code| texts.index(code.as_str())),
        Field::ComponentOffset => rows(|e| e.standing().components.len()),
        Field::ComponentKind => {
            words(encounters().flat_map(|e| e.standing().components.keys()), |kind| texts.index(kind.as_str()))
        }
        Field::ComponentMinutes => {
            words(encounters().flat_map(|e| e.standing().components.values()), |minutes| Ok(minutes.0))
        }
        Field::DateOffset => rows(|e| e.standing().dates.len()),
        Field::DateKind => {
            words(encounters().flat_map(|e| e.standing().dates.keys()), |kind| texts.index(kind.as_str()))
        }
        Field::DateDay => Ok(days(encounters().flat_map(|e| e.standing().dates.values()), |day| day.days())),
        Field::AuthorizationOffset => {
            rows(|e| e.standing().authorizations.iter().map(|line| line.procedure_codes.len()).sum())
        }
        Field::AuthorizationLine => words(by_code(), |(line, _)| identities.number(line.authorization_id.as_str())),
        Field::AuthorizationProcedureCode => words(by_code(), |(_, code)| texts.index(code.as_str())),
        Field::AuthorizationFrom => Ok(days(by_code(), |(line, _)| line.from.days())),
        Field::AuthorizationTo => Ok(days(by_code(), |(line, _)| line.to.map_or(NONE_S32, |day| day.days()))),
        Field::AuthorizationUnits => words(by_code(), |(line, _)| Ok(line.units.0)),
        // INVARIANT (tables): `column` sends the fields of other tables elsewhere.
        _ => Err(ValueError::NotAField { field: field.name().to_owned() }),
    }
}

fn ledger_column<'a>(
    field: Field,
    source: &Source<'a>,
    texts: &mut Texts<'a>,
    identities: &mut Identities<'a>,
) -> Result<Column, ValueError> {
    let ledger = || source.ledger();
    match field {
        Field::LedgerOffset => {
            offsets(source.timelines.iter().map(|timeline| timeline.ledger.len())).map(Column::Words)
        }
        Field::LedgerDateOfService => Ok(days(ledger(), |line| line.date_of_service.days())),
        Field::LedgerUnits => words(ledger(), |line| Ok(line.units.0)),
        Field::LedgerMinutes => words(ledger(), |line| Ok(line.minutes.map_or(NONE_U32, |minutes| minutes.0))),
        Field::LedgerRenderingProvider => {
            words(ledger(), |line| identities.number(line.rendering_provider_id.as_str()))
        }
        Field::LedgerBillingProvider => words(ledger(), |line| identities.number(line.billing_provider_id.as_str())),
        Field::LedgerPayer => words(ledger(), |line| identities.number(line.payer_id.as_str())),
        _ => words(ledger(), |line| texts.find(ledger_text(field, line))),
    }
}

fn terms_column<'a>(field: Field, terms: &'a Terms, texts: &mut Texts<'a>) -> Result<Column, ValueError> {
    let end = |to: Option<ServiceDate>| to.map_or(NONE_S32, |day| day.days());
    match field {
        Field::RateFrom => Ok(days(terms.rates.iter(), |rate: &Rate| rate.from.days())),
        Field::RateTo => Ok(days(terms.rates.iter(), |rate: &Rate| end(rate.to))),
        Field::RateCents => Ok(Column::Cents(terms.rates.iter().map(|rate| rate.cents.0).collect())),
        Field::ParameterName => {
            words(terms.parameters.iter(), |given: &'a Parameter| texts.index(given.parameter.as_str()))
        }
        Field::ParameterFrom => Ok(days(terms.parameters.iter(), |given: &Parameter| given.from.days())),
        Field::ParameterTo => Ok(days(terms.parameters.iter(), |given: &Parameter| end(given.to))),
        Field::ParameterValue => words(terms.parameters.iter(), |given: &Parameter| Ok(given.value)),
        _ => words(terms.rates.iter(), |rate: &'a Rate| texts.find(rate_text(field, rate))),
    }
}

fn rate_text(field: Field, rate: &Rate) -> Option<&str> {
    match field {
        Field::RateProcedureCode => Some(rate.procedure_code.as_str()),
        Field::RateMethod => Some(rate.method.as_str()),
        Field::RatePlan => rate.plan_id.as_ref().map(Token::as_str),
        Field::RateServiceLine => rate.service_line.as_ref().map(Token::as_str),
        Field::RateRegion => rate.region.as_ref().map(Token::as_str),
        Field::RateRole => rate.role.as_ref().map(Token::as_str),
        Field::RatePlaceOfService => rate.place_of_service.as_ref().map(|place| place.as_str()),
        Field::RateModifier => rate.modifier.as_ref().map(|modifier| modifier.as_str()),
        _ => None,
    }
}

fn encounter_text(field: Field, encounter: &EncounterFacts) -> Option<&str> {
    match field {
        Field::EncounterProcedureCode => encounter.procedure_code.as_ref().map(|code| code.as_str()),
        Field::EncounterService => encounter.service.as_ref().map(|service| service.as_str()),
        Field::EncounterRenderingProviderRole => Some(encounter.rendering_provider_role.as_str()),
        Field::EncounterPhase => Some(encounter.phase.as_str()),
        Field::EncounterMode => Some(encounter.mode.as_str()),
        Field::EncounterPlaceOfService => encounter.place_of_service.as_ref().map(|place| place.as_str()),
        Field::EncounterDiagnosis => encounter.diagnoses.first().map(|diagnosis| diagnosis.as_str()),
        Field::EncounterPlan => encounter.plan_id.as_ref().map(Token::as_str),
        Field::EncounterServiceLine => encounter.service_line.as_ref().map(Token::as_str),
        Field::EncounterRegion => encounter.standing().region.as_ref().map(Token::as_str),
        _ => None,
    }
}

fn ledger_text(field: Field, line: &LedgerLine) -> Option<&str> {
    match field {
        Field::LedgerProcedureCode => Some(line.procedure_code.as_str()),
        Field::LedgerMode => line.mode.as_ref().map(Token::as_str),
        Field::LedgerDiagnosis => line.diagnosis.as_ref().map(|diagnosis| diagnosis.as_str()),
        _ => None,
    }
}

fn words<T>(
    rows: impl Iterator<Item = T>,
    value: impl FnMut(T) -> Result<u32, ValueError>,
) -> Result<Column, ValueError> {
    rows.map(value).collect::<Result<_, _>>().map(Column::Words)
}

fn days<T>(rows: impl Iterator<Item = T>, value: impl FnMut(T) -> i32) -> Column {
    Column::Days(rows.map(value).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::tests::empty;

    #[test]
    fn it_gives_every_fact_of_the_catalogue() {
        let manifest = Manifest { reads: Field::ALL.to_vec(), ..empty() };
        let batch = encode_batch(&manifest, &[], &Terms::default(), Explain::All).expect("a batch");
        assert_eq!(batch.columns.len(), Field::ALL.len());
    }

    #[test]
    fn it_refuses_more_rows_than_numbers_can_tell() {
        let most = usize::try_from(NONE_U32 - 1).expect("64 bits");
        assert_eq!(count(most), Ok(4_294_967_294));
        assert_eq!(count(most + 1), Err(ValueError::BatchTooLarge));
        assert_eq!(offsets([most, 1].into_iter()), Err(ValueError::BatchTooLarge));
    }
}
