//! Who may do the work and whose name goes on the claim: case managers, authorizations, licences, enrolment, identifiers.

use super::super::{Assignment, AssignmentRole, AuthorizationStatus, CredentialKind, EnrolmentStatus, Record, holds};
use super::{CareDays, Resolver, of_kind};
use crate::date::ServiceDate;
use crate::identifier::{is_npi, is_taxonomy, is_tin};
use crate::standing::{Authorized, Rendering, RenderingSource};
use crate::token::Token;

/// A case manager starts at least this long before the first appointment: 24 elapsed hours, whatever clocks do in between.
const SECONDS_BEFORE_APPOINTMENT: i64 = 24 * 60 * 60;

impl Resolver<'_> {
    /// Case managers and authorizations, and who of them renders.
    pub(super) fn rendering(&mut self, sources: &[RenderingSource], care_days: &CareDays) {
        let assigned = self.assignment(care_days);
        let team = self.authorizations();
        for source in sources {
            let found = match source {
                RenderingSource::Assignment => assigned.clone(),
                RenderingSource::AuthorizationTeam => team.clone(),
                RenderingSource::SessionStaff => Some(self.facts.rendering_provider_id.clone()),
            };
            if let Some(provider_id) = found {
                self.standing.rendering = Some(Rendering { provider_id, source: *source });
                return;
            }
        }
    }

    /// The client's case manager for the line on the day. An absence of theirs changes nothing.
    fn assignment(&mut self, care_days: &CareDays) -> Option<Token> {
        let client = self.client;
        let all: Vec<_> = of_kind!(client, Assignment).map(|(_, assignment)| assignment).collect();
        if all.is_empty() {
            self.note("assignment.unknown");
            return None;
        }
        let line = self.facts.service_line.as_ref();
        let of_line: Vec<_> =
            all.into_iter().filter(|assignment| line.is_none_or(|line| assignment.service_line == *line)).collect();
        let current = |role| of_line.iter().find(|one| one.role == role && one.covers(self.day)).copied();
        let stand_in = current(AssignmentRole::StandIn);
        let responsible = stand_in.or(current(AssignmentRole::Primary));
        self.note_if(responsible.is_none(), "assignment.missing");
        if let Some(stand_in) = stand_in {
            self.note("assignment.stand_in");
            self.note_if(!gave_care_before(stand_in, self.day, care_days), "assignment.stand_in_no_monthly_care");
        }
        self.note_if(self.began_late(&of_line), "assignment.late");
        responsible.map(|assignment| assignment.provider_id.clone())
    }

    /// Whether the line's first case manager began too late for the first appointment. Later appointments do not ask again.
    fn began_late(&self, of_line: &[&Assignment]) -> bool {
        let client = self.client;
        let first = of_line.iter().filter(|one| one.role == AssignmentRole::Primary);
        let first = first.min_by_key(|one| (one.start_at.day(), one.start_at.to_string()));
        let appointment = of_kind!(client, FirstAppointment)
            .find(|(_, appointment)| first.is_some_and(|first| first.service_line == appointment.service_line));
        let (Some(first), Some((_, appointment))) = (first, appointment) else { return false };
        appointment.at.day() == self.day && first.start_at.seconds_until(&appointment.at) < SECONDS_BEFORE_APPOINTMENT
    }

    /// The payer's authorizations; gives back the member of a care team that renders on the day.
    fn authorizations(&mut self) -> Option<Token> {
        let client = self.client;
        let all: Vec<_> = of_kind!(client, Authorization)
            .filter(|(_, authorization)| authorization.payer_id == self.facts.payer_id)
            .collect();
        let mut rendering = None;
        let level = of_kind!(self.encounter, LevelOfCare).next().map(|(_, body)| body.level.clone());
        for (id, authorization) in &all {
            let asks_for_code =
                self.facts.procedure_code.is_none_or(|code| authorization.procedure_codes.contains(&code));
            let covers = holds(authorization.from, authorization.to, self.day) && asks_for_code;
            match authorization.status {
                AuthorizationStatus::Approved | AuthorizationStatus::Partial => {}
                AuthorizationStatus::Requested | AuthorizationStatus::Pended => {
                    self.note_if(covers, "authorization.pended");
                    continue;
                }
                AuthorizationStatus::Draft | AuthorizationStatus::Denied | AuthorizationStatus::Cancelled => continue,
            }
            self.standing.authorizations.push(Authorized {
                authorization_id: (*id).clone(),
                procedure_codes: authorization.procedure_codes.clone(),
                from: authorization.from,
                to: authorization.to,
                units: authorization.units,
            });
            if !covers {
                continue;
            }
            let by_other = |requester: &Token| !matches!(requester.as_str(), "primary_care" | "authorized_provider");
            self.note_if(
                authorization.requester.as_ref().is_some_and(by_other),
                "authorization.requester_not_authorized",
            );
            let differs = |authorized: &Token| level.as_ref().is_some_and(|level| level != authorized);
            if authorization.level_of_care.as_ref().is_some_and(differs) {
                self.note("authorization.level_mismatch");
                self.standing.authorized_level.clone_from(&authorization.level_of_care);
            }
            let member = authorization.rendering_from.range(..=self.day).next_back();
            rendering = rendering.or(member.map(|(_, provider)| provider.clone()));
        }
        self.standing.authorizations.sort_by(|a, b| {
            (a.to.is_none(), a.to, &a.authorization_id).cmp(&(b.to.is_none(), b.to, &b.authorization_id))
        });
        rendering
    }

    /// Licences and scope of who did the work, enrolment and identifiers of whose name goes on the claim.
    pub(super) fn people(&mut self, rendering: &Token, records: &[&Record]) {
        self.enrolment(records);
        self.licences();
        self.credentials();
        let is_session_staff = *rendering == self.facts.rendering_provider_id;
        for (_, person) in of_kind!(records, Practitioner) {
            match person.npi.as_ref() {
                None => self.note("provider.npi_missing"),
                Some(npi) => self.note_if(!is_npi(npi.as_str()), "provider.npi_invalid"),
            }
            let bad_taxonomy = person.taxonomy.as_ref().is_some_and(|code| !is_taxonomy(code.as_str()));
            self.note_if(bad_taxonomy, "provider.taxonomy_invalid");
        }
        let staff = if is_session_staff { records } else { self.staff };
        let encounter = self.encounter;
        for (_, person) in of_kind!(staff, Practitioner) {
            if let Some(employer) = person.employer.as_ref().filter(|employer| employer.as_str() != "agency") {
                self.note(&format!("employer.{employer}"));
            }
            let outside = of_kind!(encounter, Component).any(|(_, part)| !person.scope.contains(&part.component));
            self.note_if(!person.scope.is_empty() && outside, "provider.scope_outside");
        }
        let practice = self.practice;
        for (_, practice) in of_kind!(practice, Practice) {
            self.note_if(practice.npi.as_ref().is_some_and(|npi| !is_npi(npi.as_str())), "practice.npi_invalid");
            self.note_if(practice.tin.as_ref().is_some_and(|tin| !is_tin(tin.as_str())), "practice.tin_invalid");
        }
    }

    fn enrolment(&mut self, records: &[&Record]) {
        let all: Vec<_> = of_kind!(records, Enrolment).map(|(_, enrolment)| enrolment).collect();
        let facts = self.facts;
        let own: Vec<_> = all
            .iter()
            .filter(|one| one.is_for(&facts.payer_id, facts.plan_id.as_ref(), facts.service_line.as_ref()))
            .collect();
        let current = own.iter().filter(|one| holds(one.from, one.to, self.day));
        let has = |status: &[EnrolmentStatus]| current.clone().any(|one| status.contains(&one.status));
        if has(&[EnrolmentStatus::Approved]) {
            self.note("enrolment.approved");
        } else if has(&[EnrolmentStatus::Applied, EnrolmentStatus::Pending]) {
            self.note("enrolment.pending");
        } else if own.iter().any(|one| {
            one.from <= self.day && matches!(one.status, EnrolmentStatus::Approved | EnrolmentStatus::Terminated)
        }) {
            self.note("enrolment.ended");
        } else if all.is_empty() {
            self.note("enrolment.unknown");
        } else {
            self.note("enrolment.missing");
        }
    }

    fn licences(&mut self) {
        let staff = self.staff;
        let licences: Vec<_> = of_kind!(staff, Credential)
            .map(|(_, credential)| credential)
            .filter(|credential| credential.credential_kind == CredentialKind::License)
            .collect();
        let state = self.client_state();
        let is_of_state = |of: Option<&Token>| state.is_none() || of.is_none() || of == state.as_ref();
        let active = |one: &&&super::super::Credential| holds(one.from, one.to, self.day);
        if licences.is_empty() {
            self.note("licence.unknown");
        } else if licences.iter().filter(active).any(|one| is_of_state(one.state.as_ref())) {
            self.note("licence.active");
        } else if licences.iter().filter(active).count() > 0 {
            self.note("licence.other_state");
        } else {
            self.note("licence.ended");
        }
    }

    /// Certifications, payers' certificates and trainings in force.
    fn credentials(&mut self) {
        let staff = self.staff;
        let state = self.client_state();
        for (_, credential) in of_kind!(staff, Credential) {
            let short =
                credential.experience_months.zip(credential.experience_months_min).is_some_and(|(has, min)| has < min);
            self.note_if(short, "provider.experience_short");
            let elsewhere = credential.state.is_some() && state.is_some() && credential.state != state;
            if elsewhere || !holds(credential.from, credential.to, self.day) {
                continue;
            }
            let table = match credential.credential_kind {
                CredentialKind::License => continue,
                CredentialKind::Certification => "certification",
                CredentialKind::PayerProgram => "payer_program",
                CredentialKind::Training => "training",
            };
            self.note(&format!("{table}.{}", credential.code));
        }
    }

    fn client_state(&self) -> Option<Token> {
        let client = self.client;
        let home = of_kind!(client, Residence).find(|(_, home)| holds(home.from, home.to, self.day));
        home.map(|(_, home)| home.state.clone())
    }
}

/// Whether a stand-in who began before this month gave care in the month before.
fn gave_care_before(stand_in: &Assignment, day: ServiceDate, care_days: &CareDays) -> bool {
    let this_month = day.month_start();
    let last_month = this_month.plus_days(-1).month_start();
    let is_asked = stand_in.start_at.day() < this_month;
    let of = |day| (stand_in.provider_id.clone(), day);
    !is_asked || care_days.range(of(last_month)..of(this_month)).next().is_some()
}
