//! Turns timelines into the columns that a manifest reads. The one place where facts become numbers; nothing undeclared enters.

use std::collections::HashMap;

use foldhash::fast::RandomState;

use crate::code::{Modifier, PlaceOfService, ProcedureCode};
use crate::columns::{Batch, Column, Explain};
use crate::date::ServiceDate;
use crate::error::ValueError;
use crate::facts::{EncounterFacts, LedgerLine, Timeline};
use crate::field::{Field, NONE_S32, NONE_U32};
use crate::manifest::Manifest;
use crate::standing::Authorized;
use crate::terms::Terms;
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
    let encounters = count(timelines.iter().map(|timeline| timeline.encounters.len()).sum())?;
    let source = Source { manifest, timelines, terms };
    let mut encoder = Encoder { source, texts: Texts::default(), identities: Identities::default(), shown: None };
    let mut columns = Vec::with_capacity(manifest.reads.len());
    for field in &manifest.reads {
        columns.push(encoder.column(*field)?);
    }
    Ok(Batch {
        dictionary_bytes: encoder.texts.bytes,
        dictionary_offsets: encoder.texts.offsets,
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

    /// Each authorized line with each code that it covers.
    fn covered(self) -> impl Iterator<Item = (&'a Authorized, &'a ProcedureCode)> {
        let lines = self.encounters().flat_map(|e| &e.standing().authorizations);
        lines.flat_map(|line| line.procedure_codes.iter().map(move |code| (line, code)))
    }

    /// What the record shows of each encounter, and the conditions that the manifest names.
    fn shown(self) -> Shown<'a> {
        let mut condition_to_named: HashMap<&'a str, bool, RandomState> = HashMap::default();
        let mut is_named = |condition: &'a Token| {
            let look = || self.manifest.conditions.contains(condition);
            *condition_to_named.entry(condition.as_str()).or_insert_with(look)
        };
        let mut shown = Shown::default();
        for facts in self.encounters() {
            let before = shown.categories.len();
            shown.categories.extend(&facts.supporting_info);
            let conditions = facts.standing.iter().flat_map(|standing| &standing.conditions);
            shown.categories.extend(conditions.filter(|condition| is_named(condition)));
            shown.lengths.push(shown.categories.len().saturating_sub(before));
        }
        shown
    }
}

/// What the records show, encounter after encounter.
#[derive(Default)]
struct Shown<'a> {
    categories: Vec<&'a Token>,
    /// How many are of each encounter.
    lengths: Vec<usize>,
}

/// The columns of a batch while they are made.
struct Encoder<'a> {
    source: Source<'a>,
    texts: Texts<'a>,
    identities: Identities<'a>,
    shown: Option<Shown<'a>>,
}

impl<'a> Encoder<'a> {
    /// What the records show, found when it is first asked for: two columns say it.
    fn shown(&mut self) -> &mut Shown<'a> {
        self.shown.get_or_insert_with(|| self.source.shown())
    }

    /// The column of a field: each field of the contract stands here once, with what it is of a row.
    #[expect(clippy::too_many_lines, reason = "a line for each field of the contract, so that none is left out")]
    fn column(&mut self, field: Field) -> Result<Column, ValueError> {
        use Field as F;
        let source = self.source;
        let (visits, lines) = (|| source.encounters(), || source.ledger());
        let (rates, given) = (|| source.terms.rates.iter(), || source.terms.parameters.iter());
        let covered = || source.covered();
        match field {
            F::EncounterDateOfService => days(visits(), |e| Some(e.date_of_service)),
            F::EncounterProcedureCode => self.text(visits(), |e| e.procedure_code.as_ref().map(ProcedureCode::as_str)),
            F::EncounterService => self.text(visits(), |e| e.service.as_ref().map(Token::as_str)),
            F::EncounterMinutes => counts(visits(), |e| e.documented_minutes().map(|minutes| minutes.0)),
            F::EncounterRenderingProviderRole => self.text(visits(), |e| Some(e.rendering_provider_role.as_str())),
            F::EncounterRenderingProvider => self.identity(visits(), |e| &e.rendering_provider_id),
            F::EncounterBillingProvider => self.identity(visits(), |e| &e.billing_provider_id),
            F::EncounterPayer => self.identity(visits(), |e| &e.payer_id),
            F::EncounterPhase => self.text(visits(), |e| Some(e.phase.as_str())),
            F::EncounterMode => self.text(visits(), |e| Some(e.mode.as_str())),
            F::EncounterPlaceOfService => {
                self.text(visits(), |e| e.place_of_service.as_ref().map(PlaceOfService::as_str))
            }
            F::EncounterGroupSize => counts(visits(), |e| e.group_size),
            F::EncounterDiagnosis => self.text(visits(), |e| e.diagnoses.first().map(Token::as_str)),
            F::EncounterReceivedOn => days(visits(), |e| e.received_on),
            F::EncounterPlan => self.text(visits(), |e| e.plan_id.as_ref().map(Token::as_str)),
            F::EncounterServiceLine => self.text(visits(), |e| e.service_line.as_ref().map(Token::as_str)),
            F::EncounterRegion => self.text(visits(), |e| e.standing().region.as_ref().map(Token::as_str)),
            F::DiagnosisOffset => rows(visits(), |e| e.diagnoses.len()),
            F::DiagnosisCode => self.text(visits().flat_map(|e| &e.diagnoses), |code| Some(code.as_str())),
            F::ComponentOffset => rows(visits(), |e| e.standing().components.len()),
            F::ComponentKind => {
                self.text(visits().flat_map(|e| e.standing().components.keys()), |kind| Some(kind.as_str()))
            }
            F::ComponentMinutes => {
                counts(visits().flat_map(|e| e.standing().components.values()), |minutes| Some(minutes.0))
            }
            F::DateOffset => rows(visits(), |e| e.standing().dates.len()),
            F::DateKind => self.text(visits().flat_map(|e| e.standing().dates.keys()), |kind| Some(kind.as_str())),
            F::DateDay => days(visits().flat_map(|e| e.standing().dates.values()), |day| Some(*day)),
            F::AuthorizationOffset => {
                rows(visits(), |e| e.standing().authorizations.iter().map(|line| line.procedure_codes.len()).sum())
            }
            F::AuthorizationLine => self.identity(covered(), |(line, _)| &line.authorization_id),
            F::AuthorizationProcedureCode => self.text(covered(), |(_, code)| Some(code.as_str())),
            F::AuthorizationFrom => days(covered(), |(line, _)| Some(line.from)),
            F::AuthorizationTo => days(covered(), |(line, _)| line.to),
            F::AuthorizationUnits => counts(covered(), |(line, _)| Some(line.units.0)),
            F::ModifierOffset => rows(visits(), |e| e.modifiers.len()),
            F::ModifierCode => self.text(visits().flat_map(|e| &e.modifiers), |modifier| Some(modifier.as_str())),
            F::SupportingInfoOffset => offsets(self.shown().lengths.iter().copied()).map(Column::Words),
            F::SupportingInfoCategory => {
                let categories = std::mem::take(&mut self.shown().categories);
                self.text(categories.into_iter(), |category| Some(category.as_str()))
            }
            F::LedgerOffset => rows(source.timelines.iter(), |timeline| timeline.ledger.len()),
            F::LedgerDateOfService => days(lines(), |line| Some(line.date_of_service)),
            F::LedgerProcedureCode => self.text(lines(), |line| Some(line.procedure_code.as_str())),
            F::LedgerUnits => counts(lines(), |line| Some(line.units.0)),
            F::LedgerMode => self.text(lines(), |line| line.mode.as_ref().map(Token::as_str)),
            F::LedgerMinutes => counts(lines(), |line| line.minutes.map(|minutes| minutes.0)),
            F::LedgerRenderingProvider => self.identity(lines(), |line| &line.rendering_provider_id),
            F::LedgerBillingProvider => self.identity(lines(), |line| &line.billing_provider_id),
            F::LedgerPayer => self.identity(lines(), |line| &line.payer_id),
            F::LedgerDiagnosis => self.text(lines(), |line| line.diagnosis.as_ref().map(Token::as_str)),
            F::RateProcedureCode => self.text(rates(), |rate| Some(rate.procedure_code.as_str())),
            F::RateFrom => days(rates(), |rate| Some(rate.from)),
            F::RateTo => days(rates(), |rate| rate.to),
            F::RateMethod => self.text(rates(), |rate| Some(rate.method.as_str())),
            F::RatePlan => self.text(rates(), |rate| rate.plan_id.as_ref().map(Token::as_str)),
            F::RateServiceLine => self.text(rates(), |rate| rate.service_line.as_ref().map(Token::as_str)),
            F::RateRegion => self.text(rates(), |rate| rate.region.as_ref().map(Token::as_str)),
            F::RateRole => self.text(rates(), |rate| rate.role.as_ref().map(Token::as_str)),
            F::RatePlaceOfService => {
                self.text(rates(), |rate| rate.place_of_service.as_ref().map(PlaceOfService::as_str))
            }
            F::RateModifier => self.text(rates(), |rate| rate.modifier.as_ref().map(Modifier::as_str)),
            F::ParameterName => self.text(given(), |number| Some(number.parameter.as_str())),
            F::ParameterFrom => days(given(), |number| Some(number.from)),
            F::ParameterTo => days(given(), |number| number.to),
            F::ParameterValue => counts(given(), |number| Some(number.value)),
            F::RateCents => Ok(Column::Cents(rates().map(|rate| rate.cents.get()).collect())),
        }
    }

    /// A column of texts of the dictionary.
    fn text<T>(
        &mut self,
        rows: impl Iterator<Item = T>,
        text: impl Fn(T) -> Option<&'a str>,
    ) -> Result<Column, ValueError> {
        rows.map(|row| self.texts.find(text(row))).collect::<Result<_, _>>().map(Column::Words)
    }

    /// A column of ids, which stay with the host.
    fn identity<T>(
        &mut self,
        rows: impl Iterator<Item = T>,
        id: impl Fn(T) -> &'a Token,
    ) -> Result<Column, ValueError> {
        rows.map(|row| self.identities.number(id(row).as_str())).collect::<Result<_, _>>().map(Column::Words)
    }
}

/// A column of counts.
#[expect(clippy::unnecessary_wraps, reason = "the columns of other kinds may be too large")]
fn counts<T>(rows: impl Iterator<Item = T>, count: impl Fn(T) -> Option<u32>) -> Result<Column, ValueError> {
    Ok(Column::Words(rows.map(|row| count(row).unwrap_or(NONE_U32)).collect()))
}

/// A column of days.
#[expect(clippy::unnecessary_wraps, reason = "the columns of other kinds may be too large")]
fn days<T>(rows: impl Iterator<Item = T>, day: impl Fn(T) -> Option<ServiceDate>) -> Result<Column, ValueError> {
    Ok(Column::Days(rows.map(|row| day(row).map_or(NONE_S32, ServiceDate::days)).collect()))
}

/// A column of where each row's own rows begin.
fn rows<T>(rows: impl Iterator<Item = T>, length: impl Fn(T) -> usize) -> Result<Column, ValueError> {
    offsets(rows.map(length)).map(Column::Words)
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
