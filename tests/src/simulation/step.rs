//! The closed set of things that happen in a history, and how each reads as a sentence. What they do to a host is in `host`.

use std::fmt;

use serde_json::Value;

use crate::simulation::visit::{Change, Visit, day, encounter_id, payer_id, plan_id};

/// Which of the two hosts on one database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seat {
    /// The first.
    A,
    /// The second.
    B,
}

/// Whether something is only looked at beforehand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Beforehand {
    /// It is done.
    No,
    /// It is asked what it would do, then it is done.
    First,
    /// It is only asked what it would do.
    Only,
}

/// Whom an activation is for: the policy says which payer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Scope {
    /// Place of the payer.
    pub payer: u8,
    /// One plan, or all.
    pub plan: Option<u8>,
    /// The line of service, or all.
    pub has_line: bool,
}

/// A policy is to answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Activation {
    /// Which host is asked.
    pub seat: Seat,
    /// Number of the policy in the catalog.
    pub policy: u8,
    /// Number of the terms.
    pub terms: u8,
    /// One plan, or all.
    pub plan: Option<u8>,
    /// The line of service, or all.
    pub has_line: bool,
    /// First day.
    pub from: u8,
    /// First day after.
    pub to: Option<u8>,
    /// Whether it is looked at beforehand.
    pub beforehand: Beforehand,
}

/// What is asked for a decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// An encounter of the store.
    Stored(u8),
    /// One that comes with the request.
    Inline(Visit),
}

/// How a decision is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// As it comes.
    Plain,
    /// Once more, though it is decided.
    Again,
    /// With every rule that was tried.
    Explained,
    /// Answered and not kept.
    DryRun,
}

/// One thing that happens.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// New encounters come in, all or none.
    Import(Vec<Visit>),
    /// An encounter is put, new or not.
    Put(Visit),
    /// An encounter is put as it is, but for one thing.
    Correct(u8, Change),
    /// Another system inserts an encounter.
    Insert(Visit),
    /// Another system writes an encounter whole, over the one that is there.
    Replace(Visit),
    /// Another system changes one.
    Update(u8, Change),
    /// Another system deletes one.
    Delete(u8),
    /// Another system writes what nobody can read.
    Garble(u8),
    /// An encounter is taken out.
    Withdraw(u8),
    /// A record is put: its number, what it is about, what it says.
    File(u8, String, Value),
    /// A record is removed.
    Unfile(u8),
    /// Another system writes a record that nobody can read.
    GarbleRecord(u8),
    /// A policy is to answer.
    Activate(Activation),
    /// The last change of activations that stands is taken back; the flag says whether nothing may be left.
    RollBack(Seat, Scope, bool),
    /// A policy is taken back.
    Yank(Seat, u8),
    /// A decision is asked for.
    Decide(Seat, Subject, How),
    /// Several decisions are asked for at once.
    Batch(Seat, Vec<Subject>),
    /// Two requests at the same moment, on either host.
    Race(Subject, Subject),
    /// The worker decides whatever waits.
    Work(Seat),
    /// The worker of one client at a time is cut off after so many steps of its own.
    CutOff(Seat, u8),
    /// A request for a decision of a stored encounter is cut off.
    HangUp(Seat, u8, u8),
    /// Both workers at once.
    BothWork,
    /// A worker while an activation comes in.
    WorkWhile(Activation),
    /// Another system deletes an encounter and inserts another under its id, after so many pauses beside a worker.
    WorkAround(Seat, u8, Visit),
    /// A host ends and starts again.
    Restart(Seat),
    /// The workers come to rest, and everything is looked at.
    Rest,
}

impl Step {
    /// Smaller steps of the same kind, for each way in which it can be smaller.
    #[must_use]
    pub fn plainer(&self) -> Vec<Self> {
        match self {
            Self::Import(visits) => {
                let mut plainer: Vec<Self> = Vec::new();
                for index in 0..visits.len() {
                    let mut fewer = visits.clone();
                    fewer.remove(index);
                    plainer.push(Self::Import(fewer));
                }
                for (index, visit) in visits.iter().enumerate() {
                    plainer.extend(visit.plainer().into_iter().map(|plainer| {
                        let at = |(place, kept): (usize, &Visit)| if place == index { plainer } else { *kept };
                        Self::Import(visits.iter().enumerate().map(at).collect())
                    }));
                }
                plainer
            }
            Self::Put(visit) => visit.plainer().into_iter().map(Self::Put).collect(),
            Self::Insert(visit) => put_or(*visit, Self::Insert),
            Self::Replace(visit) => put_or(*visit, Self::Replace),
            Self::Update(id, change) => vec![Self::Correct(*id, *change)],
            Self::Delete(id) => vec![Self::Withdraw(*id)],
            Self::File(number, about, body) => {
                fewer_fields(body).into_iter().map(|body| Self::File(*number, about.clone(), body)).collect()
            }
            Self::Activate(activation) => activation.plainer().into_iter().map(Self::Activate).collect(),
            Self::WorkWhile(activation) => {
                let plainer = activation.plainer().into_iter().map(Self::WorkWhile);
                [Self::Activate(*activation)].into_iter().chain(plainer).collect()
            }
            Self::Decide(_, subject, How::Plain) => {
                subject.plainer().into_iter().map(|subject| Self::Decide(Seat::A, subject, How::Plain)).collect()
            }
            Self::Decide(_, subject, _) => vec![Self::Decide(Seat::A, *subject, How::Plain)],
            Self::Batch(seat, subjects) => {
                let without = |index| {
                    let mut fewer = subjects.clone();
                    fewer.remove(index);
                    Self::Batch(*seat, fewer)
                };
                (0..subjects.len()).map(without).collect()
            }
            Self::Race(first, second) => {
                let alone = |subject: &Subject| Self::Decide(Seat::A, *subject, How::Plain);
                vec![alone(first), alone(second)]
            }
            Self::WorkAround(seat, pauses, visit) => {
                let mut plainer = vec![Self::Put(*visit)];
                if *pauses > 0 {
                    plainer.push(Self::WorkAround(*seat, pauses / 2, *visit));
                }
                plainer.extend(visit.plainer().into_iter().map(|visit| Self::WorkAround(*seat, *pauses, visit)));
                plainer
            }
            Self::CutOff(seat, _) | Self::HangUp(seat, ..) => vec![Self::Work(*seat)],
            Self::BothWork | Self::Work(Seat::B) => vec![Self::Work(Seat::A)],
            Self::Correct(..)
            | Self::Garble(_)
            | Self::Withdraw(_)
            | Self::Unfile(_)
            | Self::GarbleRecord(_)
            | Self::RollBack(..)
            | Self::Yank(..)
            | Self::Work(Seat::A)
            | Self::Restart(_)
            | Self::Rest => Vec::new(),
        }
    }
}

impl Subject {
    fn plainer(&self) -> Vec<Self> {
        match self {
            Self::Stored(_) => Vec::new(),
            Self::Inline(visit) => {
                let plainer = visit.plainer().into_iter().map(Self::Inline);
                [Self::Stored(visit.id)].into_iter().chain(plainer).collect()
            }
        }
    }
}

impl Activation {
    fn plainer(&self) -> Vec<Self> {
        let plain = [
            Self { beforehand: Beforehand::No, ..*self },
            Self { seat: Seat::A, ..*self },
            Self { plan: None, ..*self },
            Self { has_line: false, ..*self },
            Self { from: 0, ..*self },
            Self { to: None, ..*self },
            Self { terms: 0, ..*self },
        ];
        plain.into_iter().filter(|plainer| plainer != self).collect()
    }
}

/// The encounter put by us, or written by `step` and plainer.
fn put_or(visit: Visit, step: fn(Visit) -> Step) -> Vec<Step> {
    let plainer = visit.plainer().into_iter().map(step);
    [Step::Put(visit)].into_iter().chain(plainer).collect()
}

/// The same without one of its fields, for each.
fn fewer_fields(body: &Value) -> Vec<Value> {
    let Some(fields) = body.as_object() else { return Vec::new() };
    let names = fields.keys().filter(|name| name.as_str() != "kind");
    let without = |name: &String| {
        let mut fewer = fields.clone();
        fewer.remove(name);
        Value::Object(fewer)
    };
    names.map(without).collect()
}

impl fmt::Display for Seat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::A => "host A",
            Self::B => "host B",
        })
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(payer_id(self.payer))?;
        if let Some(plan) = self.plan {
            write!(f, ", plan {}", plan_id(plan))?;
        }
        if self.has_line {
            f.write_str(", line ABA")?;
        }
        Ok(())
    }
}

impl fmt::Display for Activation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "policy {} with terms {} answers", self.policy, self.terms)?;
        if let Some(plan) = self.plan {
            write!(f, " for plan {}", plan_id(plan))?;
        }
        if self.has_line {
            f.write_str(" for line ABA")?;
        }
        write!(f, " from {}", day(self.from))?;
        if let Some(to) = self.to {
            write!(f, " to {}", day(to))?;
        }
        write!(f, ", by {}", self.seat)?;
        match self.beforehand {
            Beforehand::No => Ok(()),
            Beforehand::First => f.write_str(", looked at beforehand"),
            Beforehand::Only => f.write_str(": only looked at beforehand"),
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stored(id) => f.write_str(&encounter_id(*id)),
            Self::Inline(visit) => write!(f, "the sent {visit}"),
        }
    }
}

fn all<T: fmt::Display>(items: &[T]) -> String {
    items.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Import(visits) => write!(f, "encounters come in: {}", all(visits)),
            Self::Put(visit) => write!(f, "an encounter is put: {visit}"),
            Self::Correct(id, change) => write!(f, "{} is corrected: {change}", encounter_id(*id)),
            Self::Insert(visit) => write!(f, "another system inserts {visit}"),
            Self::Replace(visit) => write!(f, "another system writes, over what is there, {visit}"),
            Self::Update(id, change) => write!(f, "another system sets {change} of {}", encounter_id(*id)),
            Self::Delete(id) => write!(f, "another system deletes {}", encounter_id(*id)),
            Self::Garble(id) => write!(f, "another system writes a mode that cannot be read to {}", encounter_id(*id)),
            Self::Withdraw(id) => write!(f, "{} is taken out", encounter_id(*id)),
            Self::File(number, about, body) => write!(f, "record r{number} about {about} is filed: {body}"),
            Self::Unfile(number) => write!(f, "record r{number} is removed"),
            Self::GarbleRecord(number) => write!(f, "another system makes record r{number} unreadable"),
            Self::Activate(activation) => write!(f, "{activation}"),
            Self::RollBack(seat, scope, to_nothing) => {
                let nothing = if *to_nothing { ", even to nothing" } else { "" };
                write!(f, "the last change for {scope} is rolled back by {seat}{nothing}")
            }
            Self::Yank(seat, policy) => write!(f, "policy {policy} is yanked by {seat}"),
            Self::Decide(seat, subject, how) => {
                let how = match how {
                    How::Plain => "",
                    How::Again => ", once more",
                    How::Explained => ", explained",
                    How::DryRun => ", as a dry run",
                };
                write!(f, "{seat} is asked to decide {subject}{how}")
            }
            Self::Batch(seat, subjects) => write!(f, "{seat} is asked to decide at once: {}", all(subjects)),
            Self::Race(first, second) => {
                write!(f, "at the same moment host A is asked to decide {first}, and host B {second}")
            }
            Self::Work(seat) => write!(f, "the worker of {seat} decides what waits"),
            Self::CutOff(seat, polls) => write!(f, "the worker of {seat} is cut off after {polls} polls"),
            Self::HangUp(seat, id, polls) => {
                write!(
                    f,
                    "{seat} is asked to decide {}, and the caller hangs up after {polls} polls",
                    encounter_id(*id)
                )
            }
            Self::BothWork => f.write_str("both workers decide what waits, at the same time"),
            Self::WorkWhile(activation) => write!(f, "while both workers run, {activation}"),
            Self::WorkAround(seat, pauses, visit) => {
                write!(
                    f,
                    "after {pauses} pauses beside the worker of {seat}, another system deletes and inserts {visit}"
                )
            }
            Self::Restart(seat) => write!(f, "{seat} ends and starts again"),
            Self::Rest => f.write_str("everything comes to rest"),
        }
    }
}
