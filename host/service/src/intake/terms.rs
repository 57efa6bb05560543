//! Terms from JSON, every fault named.

use adjudica_core::render::LINE_CENTS_MAX;
use adjudica_core::terms::{Agreement, Parameter, Rate};
use adjudica_core::{Cents, Terms};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::error::{Faults, FieldFault};
use crate::intake::fields::{
    Fields, Refusal, kind, read_code, read_count, read_date, read_modifier, read_number, read_place, read_token,
};

/// Most rates, and parameters, in one set of terms.
pub const ITEMS_MAX: usize = 10_000;

/// Reads terms that stand at `path`.
/// # Errors
/// Every fault, each with its path.
pub fn parse_terms_at(path: &str, value: &Value) -> Result<Terms, Faults> {
    let mut fields = Fields::of(path, value);
    let rates = read_items(&mut fields, "rates", parse_rate);
    let currency = fields.find("currency", read_token);
    let agreement = fields.find_value("agreement").and_then(|value| {
        let path = fields.path_of("agreement");
        parse_agreement(&path, value).map_err(|faults| fields.add(faults)).ok()
    });
    let parameters = read_items(&mut fields, "parameters", parse_parameter);
    let rendering_sources = fields.list("rendering_sources", 3, read_word);
    let mut faults = fields.finish("terms");
    let terms = Terms { rates, currency, agreement, parameters, rendering_sources };
    if faults.is_empty() {
        faults.extend(terms.faults().into_iter().map(|fault| FieldFault::new(path, fault)));
    }
    if faults.is_empty() { Ok(terms) } else { Err(faults) }
}

/// A list of objects, each read by `parse`.
fn read_items<T>(fields: &mut Fields<'_>, name: &'static str, parse: fn(&str, &Value) -> Result<T, Faults>) -> Vec<T> {
    let Some(value) = fields.find_value(name) else { return Vec::new() };
    let Some(items) = value.as_array().filter(|items| items.len() <= ITEMS_MAX) else {
        fields.refuse(name, format!("is {}; give a list of at most {ITEMS_MAX} {name}", kind(value)));
        return Vec::new();
    };
    let path = fields.path_of(name);
    let mut read = Vec::with_capacity(items.len());
    for (index, item) in items.iter().enumerate() {
        match parse(&format!("{path}[{index}]"), item) {
            Ok(item) => read.push(item),
            Err(faults) => fields.add(faults),
        }
    }
    read
}

/// One word of a closed set.
fn read_word<T: DeserializeOwned>(value: &Value) -> Result<T, Refusal> {
    serde_json::from_value(value.clone()).map_err(|fault| fault.to_string())
}

fn parse_rate(path: &str, value: &Value) -> Result<Rate, Faults> {
    let mut fields = Fields::of(path, value);
    let procedure_code = fields.require("procedure_code", read_code);
    let from = fields.require("from", read_date);
    let to = fields.find("to", read_date);
    let cents = fields.require("cents", |value| read_number(value, 0, LINE_CENTS_MAX));
    let method = fields.find("method", read_word).unwrap_or_default();
    let plan_id = fields.find("plan_id", read_token);
    let service_line = fields.find("service_line", read_token);
    let region = fields.find("region", read_token);
    let role = fields.find("role", read_token);
    let place_of_service = fields.find("place_of_service", read_place);
    let modifier = fields.find("modifier", read_modifier);
    let faults = fields.finish("a rate");
    match (procedure_code, from, cents) {
        (Some(procedure_code), Some(from), Some(cents)) if faults.is_empty() => Ok(Rate {
            procedure_code,
            from,
            to,
            cents: Cents::new(cents),
            method,
            plan_id,
            service_line,
            region,
            role,
            place_of_service,
            modifier,
        }),
        _ => Err(faults),
    }
}

fn parse_agreement(path: &str, value: &Value) -> Result<Agreement, Faults> {
    let mut fields = Fields::of(path, value);
    let state = fields.require("state", read_word);
    let signed_on = fields.find("signed_on", read_date);
    let faults = fields.finish("an agreement");
    match state {
        Some(state) if faults.is_empty() => Ok(Agreement { state, signed_on }),
        _ => Err(faults),
    }
}

fn parse_parameter(path: &str, value: &Value) -> Result<Parameter, Faults> {
    let mut fields = Fields::of(path, value);
    let parameter = fields.require("parameter", read_token);
    let from = fields.require("from", read_date);
    let to = fields.find("to", read_date);
    let value = fields.require("value", |value| read_count(value, 0, u32::MAX - 1));
    let faults = fields.finish("a parameter");
    match (parameter, from, value) {
        (Some(parameter), Some(from), Some(value)) if faults.is_empty() => Ok(Parameter { parameter, from, to, value }),
        _ => Err(faults),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn it_names_every_fault() {
        let value = json!({"rates": [{"procedure_code": "x", "from": "2026-01-01", "cents": -1}, {"procedure_code": "G9001"}], "rate": []});
        let fields: Vec<_> = parse_terms_at("terms", &value)
            .expect_err("faults")
            .named()
            .iter()
            .map(|fault| fault.field.clone())
            .collect();
        assert_eq!(
            fields,
            [
                "terms.rates[0].procedure_code",
                "terms.rates[0].cents",
                "terms.rates[1].from",
                "terms.rates[1].cents",
                "terms.rate"
            ]
        );
        let twice = json!({"rates": [{"procedure_code": "G9001", "from": "2026-01-01", "cents": 1}, {"procedure_code": "G9001", "from": "2026-02-01", "cents": 2}]});
        assert_eq!(parse_terms_at("", &twice).expect_err("faults").named().len(), 1);
        assert_eq!(parse_terms_at("", &json!({})).expect("terms"), Terms::default());
    }
}
