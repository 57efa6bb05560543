//! What a record says, from JSON: every field beside the shape of its kind. No fault repeats a value: values are client data.

use adjudica_core::records::RecordBody;
use serde_json::Value;

use crate::error::{Faults, FieldFault};
use crate::intake::fields::kind as kind_of;
use crate::intake::json::join_path;
use crate::intake::record::shape::Shape;

/// What is told where no field is found to be wrong.
const UNLIKE: &str = "is not as its kind is described in `/openapi.json`; compare its fields";

/// The field that says which others there are.
const KIND: &str = "kind";

/// Reads what a record says; it stands at `path`.
pub(super) fn read_body(path: &str, value: &Value) -> Result<RecordBody, Faults> {
    let refuse = |name: &str, message: String| Err(FieldFault::new(join_path(path, name), message).into());
    let Some(given) = value.as_object() else {
        let message = format!("is {}; give an object with the field `{KIND}`", kind_of(value));
        return Err(FieldFault::new(path, message).into());
    };
    let kinds = || RecordBody::KINDS.iter().map(|(kind, _, _)| format!("`{kind}`")).collect::<Vec<_>>().join(", ");
    let kind = match given.get(KIND) {
        None => return refuse(KIND, format!("is missing; give one of {}", kinds())),
        Some(Value::String(kind)) => kind,
        Some(other) => return refuse(KIND, format!("is {}; give one of {}", kind_of(other), kinds())),
    };
    let mut fields = given.clone();
    fields.remove(KIND);
    let fields = Value::Object(fields);
    match RecordBody::read(kind, &fields) {
        None => refuse(KIND, format!("is no kind of record; give one of {}", kinds())),
        Some(Ok(body)) => Ok(body),
        Some(Err(_)) => Err(explain(path, kind, fields).unwrap_or_else(|| FieldFault::new(path, UNLIKE).into())),
    }
}

/// The faults of fields that make no record of `kind`: first their names and sorts, then what each says, one after the other.
fn explain(path: &str, kind: &str, mut fields: Value) -> Option<Faults> {
    let shape = Shape::of_kind(kind)?;
    let mut faults = shape.faults(&fields);
    for (place, _) in &faults {
        take_out(&mut fields, place);
    }
    loop {
        let mut track = serde_path_to_error::Track::new();
        let read = RecordBody::read(kind, serde_path_to_error::Deserializer::new(&fields, &mut track))?;
        let place = track.path().to_string();
        if read.is_ok() || !take_out(&mut fields, &place) {
            break;
        }
        faults.push((place.clone(), format!("does not fit; give {}", shape.wanted(&place))));
    }
    let mut all = Faults::default();
    for (place, message) in faults {
        all.push(FieldFault::new(join_path(path, &place), message));
    }
    (!all.is_empty()).then_some(all)
}

/// Takes out the field that `place` lies in; whether there was one.
fn take_out(fields: &mut Value, place: &str) -> bool {
    let first = place.split(['.', '[']).next().unwrap_or_default();
    fields.as_object_mut().is_some_and(|fields| fields.remove(first).is_some())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Places and messages of the faults of `body`.
    fn told(body: &Value) -> Vec<(String, String)> {
        let faults = read_body("body", body).expect_err("faults");
        faults.named().iter().map(|fault| (fault.field.clone(), fault.message.clone())).collect()
    }

    #[test]
    fn it_names_every_missing_field_of_a_kind() {
        for (kind, missing) in [
            ("assignment", ["service_line", "provider_id", "role", "start_at"].as_slice()),
            ("coverage", &["payer_id", "coverage_kind", "order", "from"]),
            ("authorization", &["payer_id", "status", "procedure_codes", "units", "from"]),
            ("necessity", &["reasonable", "accepted_standard", "not_for_convenience", "least_costly"]),
            ("absence", &["from", "to", "reason"]),
        ] {
            let told: Vec<_> = told(&json!({ "kind": kind })).into_iter().collect();
            let names: Vec<_> = told.iter().filter_map(|(place, _)| place.strip_prefix("body.")).collect();
            assert_eq!(names, missing, "{kind}");
            assert!(told.iter().all(|(_, message)| message.starts_with("is missing; give ")), "{told:?}");
        }
    }

    #[test]
    fn it_names_every_fault_at_its_place_and_repeats_no_value() {
        let body = json!({
            "kind": "care_plan", "from": "soon", "approved_by": 7, "colour": "blue",
            "goals": [{"goal_id": "g-1", "has_objective": "yes", "from": "2026-01-01"}, {"goal_id": "g-2"}]
        });
        let expected = [
            (
                "body.approved_by",
                "is a number; give 1 to 64 letters, digits, `_`, `-` or `.`; the first is a letter or a digit",
            ),
            ("body.colour", "is not a field of this kind; take it out"),
            ("body.goals[0].has_objective", "is a text; give true or false"),
            ("body.goals[1].has_objective", "is missing; give true or false"),
            ("body.goals[1].from", "is missing; give a day from 1900-01-01 to 2199-12-31"),
            ("body.from", "does not fit; give a day from 1900-01-01 to 2199-12-31"),
        ];
        let told = told(&body);
        let mut told: Vec<_> = told.iter().map(|(place, message)| (place.as_str(), message.as_str())).collect();
        let mut expected = expected.to_vec();
        told.sort_unstable();
        expected.sort_unstable();
        assert_eq!(told, expected);
    }

    #[test]
    fn it_names_the_kinds_and_the_words_that_there_are() {
        assert!(told(&json!({}))[0].1.starts_with("is missing; give one of `coverage`, "));
        assert!(told(&json!({"kind": "x"}))[0].1.starts_with("is no kind of record; give one of `coverage`, "));
        assert_eq!(
            told(&json!([])),
            [("body".to_owned(), "is a list; give an object with the field `kind`".to_owned())]
        );
        let body = json!({"kind": "coverage", "payer_id": "p", "coverage_kind": "x", "order": 1, "from": "2026-01-01"});
        let told = told(&body);
        assert!(told[0].1.starts_with("does not fit; give one of `commercial`"), "{told:?}");
    }
}
