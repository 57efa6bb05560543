//! Plays the steps of a history on two hosts and tells the world what they acknowledged. Stops at the first difference.

#![expect(
    clippy::indexing_slicing,
    reason = "answers and bodies are JSON objects: a name that is missing reads as null"
)]

use std::collections::BTreeSet;

use adjudica_core::records::{Record, faults_together};
use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::simulation::catalog::{Catalog, terms, terms_body};
use crate::simulation::compare::at_rest;
use crate::simulation::fault::{Fault, require};
use crate::simulation::host::{Answer, Hosts, Stage};
use crate::simulation::live::{Excess, excess};
use crate::simulation::model;
use crate::simulation::step::{Activation, Beforehand, How, Scope, Seat, Step, Subject};
use crate::simulation::visit::{Change, Visit, day, encounter_id, payer_id, plan_id};
use crate::simulation::world::{Filed, Held, World, policies_of, record, record_id};

/// A mode that nobody can read.
const UNREADABLE_MODE: &str = "in person";
/// The agency of every history.
const AGENCY: &str = "default";

/// A history on its way.
pub struct Play<'s> {
    stage: &'s Stage,
    hosts: Hosts,
    world: World,
    /// What was in excess after the last step.
    excess: Excess,
    /// Whether something was cut off that may still be under way.
    is_loose: bool,
    /// Encounters that could not be read before the present step.
    unreadable_before: BTreeSet<u8>,
}

impl<'s> Play<'s> {
    /// A history that begins with an empty database.
    #[must_use]
    pub fn new(stage: &'s Stage, hosts: Hosts) -> Self {
        Self {
            stage,
            hosts,
            world: World::default(),
            excess: Excess::default(),
            is_loose: false,
            unreadable_before: BTreeSet::new(),
        }
    }

    /// Gives the hosts back.
    #[must_use]
    pub fn into_hosts(self) -> Hosts {
        self.hosts
    }

    fn catalog(&self) -> &'s Catalog {
        &self.stage.catalog
    }

    /// Plays one step.
    /// # Errors
    /// A difference, or that the simulation cannot go on.
    pub async fn step(&mut self, step: &Step) -> Result<(), Fault> {
        self.hosts.pass();
        let unreadable = self.world.encounters.iter().filter(|(_, held)| held.is_unreadable);
        self.unreadable_before = unreadable.map(|(number, _)| *number).collect();
        match step {
            Step::Import(visits) => self.import(visits).await?,
            Step::Put(visit) => self.put(visit).await?,
            Step::Correct(id, change) => {
                if let Some(held) = self.world.encounters.get(id) {
                    let visit = held.visit.with(*change);
                    self.put(&visit).await?;
                }
            }
            Step::Insert(visit) => self.insert(visit).await?,
            Step::Replace(visit) => self.replace(visit).await?,
            Step::Update(id, change) => self.update(*id, *change).await?,
            Step::Delete(id) => self.delete(*id).await?,
            Step::Garble(id) => self.garble(*id).await?,
            Step::Withdraw(id) => self.withdraw(*id).await?,
            Step::File(number, about, body) => self.file(*number, about, body).await?,
            Step::Unfile(number) => self.unfile(*number).await?,
            Step::GarbleRecord(number) => self.garble_record(*number).await?,
            Step::Activate(activation) => self.activate(activation).await?,
            Step::RollBack(seat, scope, to_nothing) => self.roll_back(*seat, *scope, *to_nothing).await?,
            Step::Yank(seat, policy) => self.yank(*seat, *policy).await?,
            Step::Decide(seat, subject, how) => self.decide(*seat, subject, *how).await?,
            Step::Batch(seat, subjects) => self.batch(*seat, subjects).await?,
            Step::Race(first, second) => self.race(first, second).await?,
            Step::Work(seat) => drop(self.hosts.work(*seat).await?),
            Step::CutOff(seat, polls) => {
                self.hosts.cut_off_work(*seat, *polls).await?;
                self.is_loose = true;
            }
            Step::HangUp(seat, id, polls) => {
                let body = json!({"encounter_id": encounter_id(*id)});
                self.hosts.hang_up(*seat, "/v1/decisions", &body, *polls).await?;
                self.is_loose = true;
            }
            Step::BothWork => {
                let (a, b) = futures_util::future::join(self.hosts.work(Seat::A), self.hosts.work(Seat::B)).await;
                let _ended: [bool; 2] = [a?, b?];
            }
            Step::WorkWhile(activation) => self.work_while(activation).await?,
            Step::WorkAround(seat, pauses, visit) => self.work_around(*seat, *pauses, visit).await?,
            Step::Restart(seat) => self.hosts.restart(*seat).await?,
            Step::Rest => self.rest().await?,
        }
        self.look_at_ledger(step).await
    }

    /// No step that decides may take what is not there.
    async fn look_at_ledger(&mut self, step: &Step) -> Result<(), Fault> {
        let now = excess(&mut self.hosts, &self.world).await?;
        let decides = match step {
            Step::Decide(..)
            | Step::Batch(..)
            | Step::Race(..)
            | Step::Work(_)
            | Step::CutOff(..)
            | Step::HangUp(..)
            | Step::BothWork
            | Step::WorkWhile(_)
            | Step::WorkAround(..)
            | Step::Rest => true,
            Step::Import(_)
            | Step::Put(_)
            | Step::Correct(..)
            | Step::Insert(_)
            | Step::Replace(_)
            | Step::Update(..)
            | Step::Delete(_)
            | Step::Garble(_)
            | Step::Withdraw(_)
            | Step::File(..)
            | Step::Unfile(_)
            | Step::GarbleRecord(_)
            | Step::Activate(_)
            | Step::RollBack(..)
            | Step::Yank(..)
            | Step::Restart(_) => false,
        };
        if decides && let Some(more) = now.more_than(&self.excess) {
            return Err(Fault::Differs(more));
        }
        self.excess = now;
        Ok(())
    }

    async fn rest(&mut self) -> Result<(), Fault> {
        self.settle().await?;
        for seat in [Seat::A, Seat::B, Seat::A] {
            self.hosts.work(seat).await?;
        }
        let catalog = self.catalog();
        at_rest(&mut self.hosts, &self.world, catalog).await
    }

    async fn import(&mut self, visits: &[Visit]) -> Result<(), Fault> {
        let mut new: Vec<Visit> = Vec::new();
        for visit in visits {
            if !new.iter().any(|other| other.id == visit.id) {
                new.push(*visit);
            }
        }
        if new.is_empty() {
            return Ok(());
        }
        let body: Vec<Value> = new.iter().map(Visit::body).collect();
        let answer = self.hosts.ask(Seat::A, "POST", "/v1/encounters", &json!(body)).await?;
        let exists = new.iter().any(|visit| self.world.encounters.contains_key(&visit.id));
        let expected = if exists { 409 } else { 201 };
        require(answer.status == expected, || unexpected("an import", &answer))?;
        if !exists {
            new.iter().for_each(|visit| self.keep(visit));
        }
        Ok(())
    }

    fn keep(&mut self, visit: &Visit) {
        self.world.encounters.insert(visit.id, Held { visit: *visit, is_unreadable: false });
    }

    async fn put(&mut self, visit: &Visit) -> Result<(), Fault> {
        let path = format!("/v1/encounters/{}", encounter_id(visit.id));
        let answer = self.hosts.ask(Seat::B, "PUT", &path, &visit.body()).await?;
        require(answer.is_success(), || unexpected("a put", &answer))?;
        self.keep(visit);
        Ok(())
    }

    async fn insert(&mut self, visit: &Visit) -> Result<(), Fault> {
        if self.world.encounters.contains_key(&visit.id) {
            return Ok(());
        }
        for sql in visit.insert_sql(AGENCY) {
            self.hosts.other.run(sql).await?;
        }
        self.keep(visit);
        Ok(())
    }

    async fn replace(&mut self, visit: &Visit) -> Result<(), Fault> {
        for sql in self.hosts.other.replace_sql(visit, AGENCY) {
            self.hosts.other.run(sql).await?;
        }
        self.keep(visit);
        Ok(())
    }

    async fn work_around(&mut self, seat: Seat, pauses: u8, visit: &Visit) -> Result<(), Fault> {
        let mut statements = vec![delete_sql(visit.id)];
        statements.extend(visit.insert_sql(AGENCY));
        self.hosts.work_around(seat, pauses, statements).await?;
        self.keep(visit);
        Ok(())
    }

    async fn update(&mut self, id: u8, change: Change) -> Result<(), Fault> {
        let Some(held) = self.world.encounters.get_mut(&id) else { return Ok(()) };
        let whose = format!("agency_id = '{AGENCY}' AND encounter_id = '{}'", encounter_id(id));
        let before = held.visit;
        held.visit = before.with(change);
        if let Change::Info(_) = change {
            let table = "encounter_supporting_info";
            let sql = match (before.shown(), held.visit.shown()) {
                ("", "") => return Ok(()),
                ("", now) => format!("INSERT INTO {table} VALUES ('{AGENCY}', '{}', '{now}')", encounter_id(id)),
                (_, "") => format!("DELETE FROM {table} WHERE {whose}"),
                (_, now) => format!("UPDATE {table} SET category = '{now}' WHERE {whose}"),
            };
            self.hosts.other.run(sql).await?;
            return Ok(());
        }
        // Whoever writes the mode mends one that could not be read.
        held.is_unreadable &= !matches!(change, Change::Mode(_));
        self.hosts.other.run(format!("UPDATE encounter SET {} WHERE {whose}", change.sql())).await?;
        Ok(())
    }

    async fn delete(&mut self, id: u8) -> Result<(), Fault> {
        self.hosts.other.run(delete_sql(id)).await?;
        self.world.encounters.remove(&id);
        Ok(())
    }

    async fn garble(&mut self, id: u8) -> Result<(), Fault> {
        let Some(held) = self.world.encounters.get_mut(&id) else { return Ok(()) };
        held.is_unreadable = true;
        let whose = format!("agency_id = '{AGENCY}' AND encounter_id = '{}'", encounter_id(id));
        let mode = self.hosts.other.unreadable_text(UNREADABLE_MODE, id);
        self.hosts.other.run(format!("UPDATE encounter SET mode = {mode} WHERE {whose}")).await?;
        Ok(())
    }

    async fn withdraw(&mut self, id: u8) -> Result<(), Fault> {
        let path = format!("/v1/encounters/{}", encounter_id(id));
        let answer = self.hosts.ask(Seat::A, "DELETE", &path, &json!({"reason": "entered by mistake"})).await?;
        let expected = if self.world.encounters.remove(&id).is_some() { 200 } else { 404 };
        require(answer.status == expected, || unexpected("a withdrawal", &answer))
    }

    async fn file(&mut self, number: u8, about: &str, body: &Value) -> Result<(), Fault> {
        let sent = json!({"records": [{"record_id": record_id(number), "subject_id": about, "body": body}]});
        let answer = self.hosts.ask(Seat::A, "PUT", "/v1/records", &sent).await?;
        let record = record(number, about, body).filter(|record| self.fits(record));
        let expected = if record.is_some() { 200 } else { 422 };
        require(answer.status == expected, || unexpected("a record", &answer))?;
        if let Some(record) = record {
            self.world.records.insert(number, Filed { record, is_unreadable: false });
        }
        Ok(())
    }

    /// Whether a record can be so beside those that are kept about the same.
    fn fits(&self, record: &Record) -> bool {
        let others = self.world.records.values().filter(|filed| !filed.is_unreadable).map(|filed| &filed.record);
        let others = others.filter(|other| other.record_id != record.record_id);
        let about = others.filter(|other| other.subject_id == record.subject_id);
        about.into_iter().all(|other| faults_together(&[other.clone(), record.clone()]).is_empty())
    }

    async fn unfile(&mut self, number: u8) -> Result<(), Fault> {
        let path = format!("/v1/records/{}", record_id(number));
        let answer = self.hosts.ask(Seat::B, "DELETE", &path, &json!(null)).await?;
        let expected = if self.world.records.remove(&number).is_some() { 204 } else { 404 };
        require(answer.status == expected, || unexpected("the removal of a record", &answer))
    }

    async fn garble_record(&mut self, number: u8) -> Result<(), Fault> {
        let Some(filed) = self.world.records.get_mut(&number) else { return Ok(()) };
        filed.is_unreadable = true;
        let kind = filed.record.body.kind();
        let whose = format!("agency_id = '{AGENCY}' AND record_id = '{}'", record_id(number));
        let mistake = self.hosts.other.unreadable_text("mistake", number);
        let body = format!("'{{\"kind\":\"{kind}\",\"mistake\":\"' || {mistake} || '\"}}'");
        self.hosts.other.run(format!("UPDATE record SET body = {body} WHERE {whose}")).await?;
        Ok(())
    }

    fn scope_of(&self, activation: &Activation) -> Result<Scope> {
        let chosen = self.catalog().policy(activation.policy).context("there are no policies")?;
        Ok(Scope { payer: chosen.payer, plan: activation.plan, has_line: activation.has_line })
    }

    fn activation_body(&self, activation: &Activation, scope: &Scope) -> Result<Value> {
        let chosen = self.catalog().policy(activation.policy).context("there are no policies")?;
        let mut body = scope_body(scope);
        body["policy"] = json!(chosen.policy.digest());
        body["terms"] = terms_body(activation.terms);
        body["dos_from"] = json!(day(activation.from));
        body["dos_to"] = json!(activation.to.filter(|to| *to > activation.from).map(day));
        body["replace"] = json!("cut");
        Ok(body)
    }

    async fn activate(&mut self, activation: &Activation) -> Result<(), Fault> {
        let scope = self.scope_of(activation)?;
        let activation =
            Activation { to: activation.to.filter(|to| *to > activation.from), ..self.numbered(activation) };
        let body = self.activation_body(&activation, &scope)?;
        let (path, seat) = ("/v1/activations", activation.seat);
        let predicted = match activation.beforehand {
            Beforehand::No => None,
            Beforehand::First | Beforehand::Only => Some(self.look(seat, path, &body).await?),
        };
        if activation.beforehand == Beforehand::Only {
            return Ok(());
        }
        let answer = self.hosts.ask(seat, "POST", path, &body).await?;
        let expected = if self.world.yanked.contains(&activation.policy) { 409 } else { 201 };
        require(answer.status == expected, || unexpected("an activation", &answer))?;
        if answer.status == 201 {
            self.world.activate(scope, &activation);
            foretold(predicted.as_ref(), &answer)?;
        }
        Ok(())
    }

    /// The same with the number that the policy has in the catalog.
    fn numbered(&self, activation: &Activation) -> Activation {
        let count = u8::try_from(self.catalog().policies.len()).unwrap_or(u8::MAX).max(1);
        Activation { policy: activation.policy % count, ..*activation }
    }

    /// Asks what a change would do; it must change nothing.
    async fn look(&mut self, seat: Seat, path: &str, body: &Value) -> Result<Answer, Fault> {
        let mut dry = body.clone();
        dry["dry_run"] = json!(true);
        self.settle().await?;
        let before = self.counted().await?;
        let answer = self.hosts.ask(seat, "POST", path, &dry).await?;
        let after = self.counted().await?;
        require(before == after, || format!("a dry run changed something: {before:?} became {after:?}"))?;
        Ok(answer)
    }

    /// Waits for what was cut off and may still be under way.
    async fn settle(&mut self) -> Result<()> {
        if std::mem::take(&mut self.is_loose) {
            self.hosts.settle().await?;
        }
        Ok(())
    }

    async fn counted(&self) -> Result<[i64; 4]> {
        let hosts = &self.hosts;
        let status = hosts.ask(Seat::A, "GET", "/v1/status", &json!(null)).await?.json()?;
        let count = |name: &str| status.get("counts").and_then(|counts| counts.get(name)).and_then(Value::as_i64);
        let count = |name: &str| count(name).with_context(|| format!("the status has no count `{name}`"));
        Ok([count("encounters")?, count("undecided")?, count("decisions")?, count("changes")?])
    }

    #[expect(clippy::fn_params_excessive_bools, reason = "it is the field of the request")]
    async fn roll_back(&mut self, seat: Seat, scope: Scope, to_nothing: bool) -> Result<(), Fault> {
        let mut body = scope_body(&scope);
        body["to_nothing"] = json!(to_nothing);
        let predicted = self.look(seat, "/v1/activations/rollback", &body).await?;
        let answer = self.hosts.ask(seat, "POST", "/v1/activations/rollback", &body).await?;
        let may = self.world.layers_before(&scope).is_some_and(|before| {
            let policies = policies_of(before);
            policies.is_disjoint(&self.world.yanked) && (to_nothing || !policies.is_empty())
        });
        let expected = if may { 201 } else { 409 };
        require(answer.status == expected, || unexpected("a rollback", &answer))?;
        if may {
            self.world.roll_back(&scope);
            foretold(Some(&predicted), &answer)?;
        }
        Ok(())
    }

    async fn yank(&mut self, seat: Seat, policy: u8) -> Result<(), Fault> {
        let count = u8::try_from(self.catalog().policies.len()).unwrap_or(u8::MAX).max(1);
        let number = policy % count;
        let chosen = self.catalog().policy(number).context("there are no policies")?;
        let path = format!("/v1/policies/{}/yank", chosen.policy.digest());
        let body = json!({"reason": "a row was wrong"});
        let predicted = self.look(seat, &path, &body).await?;
        let answer = self.hosts.ask(seat, "POST", &path, &body).await?;
        require(answer.status == 200, || unexpected("a yank", &answer))?;
        foretold(Some(&predicted), &answer)?;
        if !self.world.yanked.contains(&number) {
            self.world.yank(number);
        }
        Ok(())
    }

    async fn decide(&mut self, seat: Seat, subject: &Subject, how: How) -> Result<(), Fault> {
        let body = request_body(subject, how);
        let before = if how == How::DryRun {
            self.settle().await?;
            Some(self.counted().await?)
        } else {
            None
        };
        let answer = self.hosts.ask(seat, "POST", "/v1/decisions", &body).await?;
        if let Some(before) = before {
            let after = self.counted().await?;
            require(before == after, || format!("a dry run changed something: {before:?} became {after:?}"))?;
        }
        let Some(visit) = self.take(subject, how, &answer).await? else { return Ok(()) };
        let record = answer.json()?;
        self.require_present_schedule(&visit, &record)?;
        if how == How::DryRun {
            return Ok(());
        }
        let other = match seat {
            Seat::A => Seat::B,
            Seat::B => Seat::A,
        };
        self.require_replay(other, &record).await?;
        let again = json!({"encounter_id": encounter_id(visit.id)});
        let again = self.hosts.ask(other, "POST", "/v1/decisions", &again).await?;
        require(again.status == 200 && again.text == answer.text, || {
            format!(
                "the second request for {} is answered differently ({}): {}\nand the first: {}",
                encounter_id(visit.id),
                again.status,
                again.text,
                answer.text
            )
        })
    }

    /// Tells the world what an answer to a request says; gives back the facts that were decided, where they were.
    async fn take(&mut self, subject: &Subject, how: How, answer: &Answer) -> Result<Option<Visit>, Fault> {
        let stored = match subject {
            Subject::Stored(id) => self.world.encounters.get(id).map(|held| held.visit),
            Subject::Inline(visit) => Some(*visit),
        };
        let Some(visit) = stored else {
            require(answer.status == 404, || unexpected("a request for an encounter that is not there", answer))?;
            return Ok(None);
        };
        let brings_facts = matches!(subject, Subject::Inline(_)) && how != How::DryRun;
        let was_unreadable = matches!(subject, Subject::Stored(id) if self.unreadable_before.contains(id));
        if answer.status == 503 || answer.status == 422 && was_unreadable {
            // Whether the facts were kept is not known, so they are put.
            if brings_facts {
                self.put(&visit).await?;
            }
            return Ok(None);
        }
        require(answer.is_success(), || unexpected("a request for a decision", answer))?;
        if brings_facts {
            self.keep(&visit);
        }
        Ok(Some(visit))
    }

    fn require_present_schedule(&self, visit: &Visit, record: &Value) -> Result<(), Fault> {
        let expected = match model::answerer(&self.world, visit)? {
            Some((policy, numbers)) => {
                let chosen = self.catalog().policy(policy).context("there are no policies")?;
                json!([chosen.policy.digest(), terms(numbers)?.1])
            }
            None => json!([null, null]),
        };
        let policy = record.get("policy").and_then(|policy| policy.get("digest"));
        let answered = json!([policy, record.get("terms_digest")]);
        require(answered == expected, || {
            format!(
                "{} is answered by policy and terms {answered}, and the schedule says {expected}",
                encounter_id(visit.id)
            )
        })
    }

    async fn require_replay(&self, seat: Seat, record: &Value) -> Result<(), Fault> {
        let id = record.get("decision_id").and_then(Value::as_str).context("a decision has no id")?;
        let replay = self.hosts.ask(seat, "POST", &format!("/v1/decisions/{id}/replay"), &json!(null)).await?;
        let identical = replay.json()?.get("identical") == Some(&json!(true));
        require(identical, || format!("a decision does not replay: {}\n{record}", replay.text))
    }

    async fn batch(&mut self, seat: Seat, subjects: &[Subject]) -> Result<(), Fault> {
        let mut different: Vec<Subject> = Vec::new();
        for subject in subjects {
            if !different.iter().any(|other| number_of(other) == number_of(subject)) {
                different.push(*subject);
            }
        }
        let lines: Vec<Value> = different.iter().map(|subject| request_body(subject, How::Plain)).collect();
        let answer = self.hosts.ask_lines(seat, "/v1/decisions/batch", &lines).await?;
        require(answer.status == 200, || unexpected("a batch", &answer))?;
        let mut decided = Vec::new();
        for (line, subject) in answer.text.lines().zip(&different) {
            let told: Value = serde_json::from_str(line).context("a line of a batch is no JSON")?;
            let status = told.get("problem").and_then(|problem| problem.get("status")).and_then(Value::as_u64);
            let status = status.and_then(|status| u16::try_from(status).ok()).unwrap_or(200);
            let one = Answer { status, text: told.get("decision").unwrap_or(&told).to_string() };
            let visit = self.take(subject, How::Plain, &one).await?;
            decided.extend(visit.map(|visit| (visit, one)));
        }
        for (visit, one) in decided {
            let record = one.json()?;
            self.require_present_schedule(&visit, &record)?;
            self.require_replay(seat, &record).await?;
        }
        Ok(())
    }

    async fn race(&mut self, first: &Subject, second: &Subject) -> Result<(), Fault> {
        let bodies = [request_body(first, How::Plain), request_body(second, How::Plain)];
        let [a, b] = &bodies;
        let asked = futures_util::future::join(
            self.hosts.ask(Seat::A, "POST", "/v1/decisions", a),
            self.hosts.ask(Seat::B, "POST", "/v1/decisions", b),
        );
        let (a, b) = asked.await;
        let (a, b) = (a?, b?);
        let same = number_of(first) == number_of(second);
        let mut answers = [(first, a), (second, b)];
        // The encounter that one of them brings may be what the other is answered about.
        answers.sort_by_key(|(subject, _)| matches!(subject, Subject::Stored(_)));
        for (subject, answer) in answers {
            // The other request may bring the encounter that this one asks for, a moment too late.
            if same && answer.status == 404 {
                continue;
            }
            let Some(visit) = self.take(subject, How::Plain, &answer).await? else { continue };
            let record = answer.json()?;
            if !same {
                self.require_present_schedule(&visit, &record)?;
            }
            self.require_replay(Seat::A, &record).await?;
        }
        // Whose facts came last is not known where both are about one encounter.
        if let (true, Some(held)) = (same, self.world.encounters.get(&number_of(second))) {
            let visit = held.visit;
            self.put(&visit).await?;
        }
        Ok(())
    }

    async fn work_while(&mut self, activation: &Activation) -> Result<(), Fault> {
        let scope = self.scope_of(activation)?;
        let activation =
            Activation { to: activation.to.filter(|to| *to > activation.from), ..self.numbered(activation) };
        let body = self.activation_body(&activation, &scope)?;
        let hosts = &self.hosts;
        let (answer, a, b) = futures_util::future::join3(
            hosts.ask(activation.seat, "POST", "/v1/activations", &body),
            hosts.work(Seat::A),
            hosts.work(Seat::B),
        )
        .await;
        let _ended: [bool; 2] = [a?, b?];
        let answer = answer?;
        let expected = if self.world.yanked.contains(&activation.policy) { 409 } else { 201 };
        require(answer.status == expected, || unexpected("an activation", &answer))?;
        if answer.status == 201 {
            self.world.activate(scope, &activation);
        }
        Ok(())
    }
}

fn delete_sql(id: u8) -> String {
    format!("DELETE FROM encounter WHERE agency_id = '{AGENCY}' AND encounter_id = '{}'", encounter_id(id))
}

fn scope_body(scope: &Scope) -> Value {
    json!({
        "message": "a step of a history",
        "payer_id": payer_id(scope.payer),
        "plan_id": scope.plan.map(plan_id),
        "service_line": scope.has_line.then_some("ABA"),
    })
}

fn number_of(subject: &Subject) -> u8 {
    match subject {
        Subject::Stored(id) => *id,
        Subject::Inline(visit) => visit.id,
    }
}

fn request_body(subject: &Subject, how: How) -> Value {
    let mut body = match subject {
        Subject::Stored(id) => json!({"encounter_id": encounter_id(*id)}),
        Subject::Inline(visit) => json!({"encounter": visit.body()}),
    };
    match how {
        How::Plain => {}
        How::Again => body["again"] = json!(true),
        How::Explained => body["explain"] = json!(true),
        How::DryRun => body["dry_run"] = json!(true),
    }
    body
}

/// What a look beforehand told must be what then came.
fn foretold(predicted: Option<&Answer>, done: &Answer) -> Result<(), Fault> {
    let Some(predicted) = predicted else { return Ok(()) };
    let stale = |answer: &Answer| -> Result<(Option<Value>, Option<Value>)> {
        let told = answer.json()?;
        Ok((told.get("stale").cloned(), told.get("unanswered").cloned()))
    };
    let (before, after) = (stale(predicted)?, stale(done)?);
    require(before == after, || format!("a dry run foretold {before:?} and then came {after:?}"))
}

fn unexpected(what: &str, answer: &Answer) -> String {
    format!("{what} is answered {}: {}", answer.status, answer.text)
}
