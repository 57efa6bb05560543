//! What proves the work: plans, orders, documents, stays, contacts, the signature and parts of the encounter itself.

use super::super::{CarePlan, StayKind, holds};
use super::{Resolver, of_kind};
use crate::token::Token;

impl Resolver<'_> {
    pub(super) fn proof(&mut self, rendering: &Token) {
        self.assessments();
        self.care_plan(rendering);
        self.orders_and_documents();
        self.stays_and_contacts();
        self.encounter_parts(rendering);
    }

    fn assessments(&mut self) {
        let client = self.client;
        let past = || of_kind!(client, Assessment).map(|(_, one)| one).filter(|one| one.on <= self.day);
        let latest = past().map(|one| one.on).max();
        let finding = past().filter(|one| one.can_self_manage.is_some()).max_by_key(|one| one.on);
        let finding = finding.and_then(|one| one.can_self_manage);
        if let Some(latest) = latest {
            self.date("assessment", latest);
        }
        self.note_if(finding == Some(false), "client.cannot_self_manage");
        self.note_if(finding.is_none(), "client.self_management_unknown");
    }

    fn care_plan(&mut self, rendering: &Token) {
        let client = self.client;
        let plans: Vec<_> = of_kind!(client, CarePlan)
            .map(|(_, plan)| plan)
            .filter(|plan| self.is_of_line(plan.service_line.as_ref()))
            .collect();
        let Some(plan) = plans.iter().find(|plan| holds(plan.from, plan.to, self.day)) else {
            return self.note_if(plans.is_empty(), "care_plan.unknown");
        };
        self.note("care_plan.active");
        if let Some(approved_on) = plan.approved_on {
            self.date("care_plan_approved", approved_on);
            self.note_if(approved_on <= self.day, "care_plan.approved");
        }
        self.note_if(plan.approved_by.as_ref() == Some(rendering), "rendering.is_supervising");
        let open = |goal: &&super::super::proof::PlanGoal| holds(goal.from, goal.to, self.day);
        self.note_if(plan.goals.iter().filter(open).any(|goal| goal.has_objective), "care_plan.goal");
        self.links(plan);
    }

    /// How the encounter goes with the plan.
    fn links(&mut self, plan: &CarePlan) {
        let encounter = self.encounter;
        let mut named = of_kind!(encounter, Goal);
        let is_open =
            |id: &Token| plan.goals.iter().any(|goal| goal.goal_id == *id && holds(goal.from, goal.to, self.day));
        let linked = named.any(|(_, goal)| is_open(&goal.goal_id));
        self.note_if(linked, "plan.goal_linked");
        let planned = |service: &Token| plan.interventions.contains(service);
        let outside = self.facts.service.as_ref().is_some_and(|service| !planned(service));
        self.note_if(!plan.interventions.is_empty() && outside, "plan.service_outside");
    }

    fn orders_and_documents(&mut self) {
        let client = self.client;
        let orders: Vec<_> = of_kind!(client, Order)
            .map(|(_, order)| order)
            .filter(|order| self.is_of_line(order.service_line.as_ref()))
            .collect();
        self.note_if(orders.is_empty(), "order.unknown");
        if let Some(order) = orders.iter().find(|order| holds(order.from, order.to, self.day)) {
            self.note("order.active");
            self.date("order", order.from);
        }
        for (_, document) in of_kind!(client, Document) {
            let encounter = &self.facts.encounter_id;
            let is_of_it = document.encounter_id.as_ref().is_none_or(|id| id == encounter);
            if is_of_it && holds(document.from, document.to, self.day) {
                self.standing.conditions.insert(document.category.clone());
            }
        }
    }

    fn stays_and_contacts(&mut self) {
        let client = self.client;
        for (_, stay) in of_kind!(client, Stay) {
            self.note_if(holds(stay.from, stay.to, self.day), stay.stay_kind.condition());
            // A home health episode ends without a discharge that care begins after.
            let ends = stay.to.filter(|_| stay.stay_kind != StayKind::HomeHealth);
            if let Some(discharge) = ends.filter(|discharge| *discharge <= self.day) {
                self.date("discharge", discharge);
            }
        }
        let discharge = self.standing.dates.iter().find(|(kind, _)| kind.as_str() == "discharge").map(|(_, day)| *day);
        let day = self.day;
        let contacts =
            || of_kind!(client, Contact).map(|(_, contact)| contact).filter(move |contact| contact.on <= day);
        let first = contacts().map(|contact| contact.on).filter(|on| discharge.is_some_and(|day| *on >= day)).min();
        if let Some(first) = first {
            self.date("contact", first);
        }
        let visit = contacts().filter(|contact| contact.initiating_visit).map(|contact| contact.on).max();
        if let Some(visit) = visit {
            self.date("initiating_visit", visit);
        }
        let month = self.day.month_start();
        let met = of_kind!(client, Collaboration).any(|(_, met)| met.on.month_start() == month);
        self.note_if(met, "collaboration.this_month");
    }

    fn encounter_parts(&mut self, rendering: &Token) {
        let encounter = self.encounter;
        for (_, signature) in of_kind!(encounter, Signature) {
            match (&signature.signed_by, signature.on) {
                (Some(by), Some(on)) => {
                    self.note("signature.present");
                    self.date("signed", on);
                    self.note_if(by != rendering && *by != self.facts.rendering_provider_id, "signature.other");
                }
                _ => self.note("signature.missing"),
            }
        }
        for (_, part) in of_kind!(encounter, Component) {
            self.standing.components.insert(part.component.clone(), part.minutes);
        }
        for (_, necessity) in of_kind!(encounter, Necessity) {
            let documented = necessity.reasonable
                && necessity.accepted_standard
                && necessity.not_for_convenience
                && necessity.least_costly;
            self.note_if(documented, "necessity.documented");
            self.note_if(necessity.experimental, "necessity.experimental");
        }
    }
}
