//! Which encounters the claims of a client's other encounters take back: voids, and claims that replace an earlier one. Pure.

use super::Claim;
use crate::code::ProcedureCode;
use crate::date::ServiceDate;
use crate::facts::EncounterFacts;
use crate::token::Token;

/// Supporting information that says that a service stands beside a like one of the same day.
pub const REPEAT_SERVICE: &str = "repeat_service";

/// What a claim is to the payer (X12 CLM05-3, claim frequency code).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Frequency {
    /// `1`, or nothing said: the first claim for the encounter.
    Original,
    /// `7`: it replaces an earlier claim.
    Replacement,
    /// `8`: it takes an earlier claim back.
    Void,
}

impl Claim {
    /// What it is to the payer.
    #[must_use]
    pub fn frequency(&self) -> Frequency {
        match self.frequency.as_ref().map(Token::as_str) {
            Some("7") => Frequency::Replacement,
            Some("8") => Frequency::Void,
            Some(_) | None => Frequency::Original,
        }
    }

    /// Of several claims of one encounter, the one with the greatest weight counts: the strongest frequency, then a number.
    #[must_use]
    pub fn weight(&self) -> (Frequency, Option<&Token>) {
        (self.frequency(), self.payer_claim_number.as_ref())
    }
}

/// An encounter of a client with its claim: those that correct others, those of the same payer and day, and those whose claim
/// has the number that a correction names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claimed {
    /// The encounter.
    pub encounter_id: Token,
    /// Who is asked to pay.
    pub payer_id: Token,
    /// The day of the work.
    pub date_of_service: ServiceDate,
    /// The practice that bills.
    pub billing_provider_id: Token,
    /// Who did the work.
    pub rendering_provider_id: Token,
    /// The code asked for.
    pub procedure_code: Option<ProcedureCode>,
    /// The kind of work.
    pub service: Option<Token>,
    /// How the work was done; `None` where nobody can read it.
    pub mode: Option<Token>,
    /// Whether its record shows [`REPEAT_SERVICE`].
    pub is_repeat: bool,
    /// Its claim, where one is on file.
    pub claim: Option<Claim>,
}

/// What the claims of other encounters make of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Correction {
    /// Nothing.
    Untouched,
    /// Another claim replaces or voids its own.
    TakenBack,
    /// Its claim replaces an earlier one, and it is not clear which encounter of the day is the one.
    Unclear,
}

impl Claimed {
    fn frequency(&self) -> Frequency {
        self.claim.as_ref().map_or(Frequency::Original, Claim::frequency)
    }

    fn number(&self) -> Option<&Token> {
        self.claim.as_ref()?.payer_claim_number.as_ref()
    }

    fn place(&self) -> (ServiceDate, &Token) {
        (self.date_of_service, &self.encounter_id)
    }

    /// Whether it may be the one that `replacement` corrects although no number says so: the first claim for the same work.
    fn may_be_replaced_by(&self, replacement: &Self) -> bool {
        self.encounter_id != replacement.encounter_id
            && self.frequency() == Frequency::Original
            && self.number().is_none()
            && !self.is_repeat
            && self.payer_id == replacement.payer_id
            && self.date_of_service == replacement.date_of_service
            && self.billing_provider_id == replacement.billing_provider_id
            && self.rendering_provider_id == replacement.rendering_provider_id
            && self.procedure_code == replacement.procedure_code
            && self.service == replacement.service
    }

    /// Whether the work was done as that of `other` was. What is not known is taken to be the same.
    fn is_in_mode_of(&self, other: &Self) -> bool {
        self.mode.as_ref().zip(other.mode.as_ref()).is_none_or(|(own, other)| own == other)
    }
}

/// What the claims of the client's other encounters make of the encounter of `facts`, whose own claim is `claim`. `others` may
/// hold the encounter itself.
///
/// A claim that names the payer's number corrects the claim that has this number. Where none has it, it replaces the one first
/// claim for the same work: same payer, day, practice, provider and code. Of several claims that replace the same one, the last
/// counts. Work done in another mode may be another service, or be what was corrected: nobody can tell, so nothing is taken back.
#[must_use]
pub fn correction(facts: &EncounterFacts, claim: Option<&Claim>, others: &[Claimed]) -> Correction {
    let own = Claimed {
        encounter_id: facts.encounter_id.clone(),
        payer_id: facts.payer_id.clone(),
        date_of_service: facts.date_of_service,
        billing_provider_id: facts.billing_provider_id.clone(),
        rendering_provider_id: facts.rendering_provider_id.clone(),
        procedure_code: facts.procedure_code,
        service: facts.service.clone(),
        mode: Some(facts.mode.clone()),
        is_repeat: facts.supporting_info.iter().any(|word| word.as_str() == REPEAT_SERVICE),
        claim: claim.cloned(),
    };
    let others: Vec<&Claimed> = others.iter().filter(|other| other.encounter_id != own.encounter_id).collect();
    if others.iter().any(|other| takes_back(other, &own, &others)) {
        return Correction::TakenBack;
    }
    let candidates: Vec<_> = others.iter().filter(|other| other.may_be_replaced_by(&own)).collect();
    let is_unclear = own.frequency() == Frequency::Replacement
        && !is_numbered(&own, &others)
        && (candidates.len() > 1 || candidates.iter().any(|other| !other.is_in_mode_of(&own)));
    if is_unclear { Correction::Unclear } else { Correction::Untouched }
}

/// Whether the claim of `other` takes that of `own` back.
fn takes_back(other: &Claimed, own: &Claimed, others: &[&Claimed]) -> bool {
    if other.payer_id != own.payer_id || other.frequency() == Frequency::Original {
        return false;
    }
    let same_number = other.number().is_some() && other.number() == own.number();
    match (own.frequency(), other.frequency()) {
        (Frequency::Void, _) | (_, Frequency::Original) => false,
        (Frequency::Original | Frequency::Replacement, Frequency::Void) => same_number,
        (Frequency::Replacement, Frequency::Replacement) => same_number && other.place() > own.place(),
        (Frequency::Original, Frequency::Replacement) => {
            let candidates = others.iter().filter(|one| one.may_be_replaced_by(other)).count();
            let is_alone = own.may_be_replaced_by(other) && candidates == 0;
            let is_the_one = is_alone && own.is_in_mode_of(other) && !is_numbered(other, others);
            same_number || is_the_one
        }
    }
}

/// Whether a first claim to the same payer has the number that `correction` names.
fn is_numbered(correction: &Claimed, others: &[&Claimed]) -> bool {
    correction.number().is_some_and(|number| {
        others.iter().any(|one| {
            one.payer_id == correction.payer_id
                && one.frequency() == Frequency::Original
                && one.number() == Some(number)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(text: &str) -> Token {
        Token::parse(text).expect("a token")
    }

    /// `id day code frequency number`, `-` for what is not said; `+` after the code for a service of its own, `~` after it for
    /// one by telephone; `!` before the id where another payer is asked.
    fn claimed(text: &str) -> Claimed {
        let words: Vec<&str> = text.split(' ').collect();
        let said = |index: usize| words.get(index).filter(|word| **word != "-").map(|word| token(word));
        let (code, is_repeat) = words[2].strip_suffix('+').map_or((words[2], false), |code| (code, true));
        let (code, mode) = code.strip_suffix('~').map_or((code, "in_person"), |code| (code, "telephone"));
        let (id, payer) = words[0].strip_prefix('!').map_or((words[0], "acme"), |id| (id, "other"));
        let (frequency, payer_claim_number) = (said(3), said(4));
        let is_claimed = frequency.is_some() || payer_claim_number.is_some();
        Claimed {
            encounter_id: token(id),
            payer_id: token(payer),
            date_of_service: ServiceDate::parse(&format!("2026-03-{}", words[1])).expect("a date"),
            billing_provider_id: token("b1"),
            rendering_provider_id: token("s1"),
            procedure_code: Some(ProcedureCode::parse(code).expect("a code")),
            service: None,
            mode: Some(token(mode)),
            is_repeat,
            claim: is_claimed.then_some(Claim { frequency, payer_claim_number, charge_cents: None }),
        }
    }

    fn facts(claimed: &Claimed) -> EncounterFacts {
        EncounterFacts {
            encounter_id: claimed.encounter_id.clone(),
            client_id: token("c1"),
            payer_id: claimed.payer_id.clone(),
            plan_id: None,
            service_line: None,
            date_of_service: claimed.date_of_service,
            procedure_code: claimed.procedure_code,
            service: None,
            minutes: None,
            rendering_provider_id: claimed.rendering_provider_id.clone(),
            rendering_provider_role: token("RN"),
            billing_provider_id: claimed.billing_provider_id.clone(),
            phase: token("implementation"),
            mode: claimed.mode.clone().expect("a mode"),
            place_of_service: None,
            group_size: None,
            modifiers: Default::default(),
            diagnoses: Vec::new(),
            supporting_info: claimed.is_repeat.then(|| token(REPEAT_SERVICE)).into_iter().collect(),
            received_on: None,
            standing: None,
        }
    }

    #[test]
    fn it_finds_what_is_taken_back() {
        let cases = [
            ("a number says which", "o 02 T1016 1 P1|r 02 T1016 7 P1", "o", ""),
            ("on whatever day", "o 02 T1016 1 P1|r 05 T1017 7 P1", "o", ""),
            ("the same work where no number does", "o 02 T1016 - -|r 02 T1016 7 P1", "o", ""),
            ("whichever of them stands first", "a 02 T1016 7 P1|o 02 T1016 - -", "o", ""),
            ("not another day", "o 03 T1016 - -|r 02 T1016 7 P1", "", ""),
            ("not another code", "o 02 T1017 - -|r 02 T1016 7 P1", "", ""),
            ("not a service of its own", "o 02 T1016+ - -|r 02 T1016 7 P1", "", ""),
            ("not one whose number is another", "o 02 T1016 1 P9|r 02 T1016 7 P1", "", ""),
            ("the numbered and no other", "o 02 T1016 - -|n 09 T1016 1 P1|r 02 T1016 7 P1", "n", ""),
            ("several are unclear", "o 02 T1016 - -|p 02 T1016 - -|r 02 T1016 7 P1", "", "r"),
            ("in another mode it may be another service", "o 02 T1016~ - -|r 02 T1016 7 P1", "", "r"),
            ("the number tells all the same", "o 02 T1016~ 1 P1|r 02 T1016 7 P1", "o", ""),
            (
                "the same number of another payer tells nothing",
                "!n 09 T1016 1 P1|o 02 T1016 - -|r 02 T1016 7 P1",
                "o",
                "",
            ),
            ("of several replacements the last counts", "o 02 T1016 1 P1|q 02 T1016 7 P1|r 02 T1016 7 P1", "o q", ""),
            ("a void with the number", "o 02 T1016 1 P1|v 02 T1016 8 P1", "o", ""),
            ("a void of itself leaves others alone", "o 02 T1016 - -|v 02 T1016 8 P1", "", ""),
            ("a void takes replacements too", "o 02 T1016 1 P1|r 02 T1016 7 P1|v 09 T1016 8 P1", "o r", ""),
            ("no claims at all", "o 02 T1016 - -|p 02 T1016 - -", "", ""),
        ];
        for (name, encounters, taken_back, unclear) in cases {
            let all: Vec<Claimed> = encounters.split('|').map(claimed).collect();
            let found = |wanted: Correction| {
                let is = |one: &&Claimed| correction(&facts(one), one.claim.as_ref(), &all) == wanted;
                all.iter().filter(is).map(|one| one.encounter_id.as_str()).collect::<Vec<_>>().join(" ")
            };
            let told = (found(Correction::TakenBack), found(Correction::Unclear));
            assert_eq!((told.0.as_str(), told.1.as_str()), (taken_back, unclear), "{name}");
        }
    }
}
