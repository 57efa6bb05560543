//! The OpenAPI document, made from the code, and a page to try it.

use std::sync::Arc;

use axum::Router;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::{ContentBuilder, ObjectBuilder, Ref, RefOr, Required, ResponseBuilder, Type};
use utoipa::{Modify, OpenApi};
use utoipa_swagger_ui::{Config, SwaggerUi};

use crate::error::PROBLEM_JSON;
use crate::host::Host;
use crate::routes::{activations, batch, chain, decisions, encounters, health, policies, records, terms};
use crate::wire::schema::BatchItem;

/// The whole API.
#[derive(OpenApi)]
#[openapi(
    info(title = "Adjudica", description = "Decides whether an encounter can be billed to its payer, and says why. Amounts are whole cents; dates of service are civil dates; ranges end before `to`.", license(name = "Apache-2.0")),
    paths(
        encounters::put, encounters::find, encounters::withdraw, encounters::post, encounters::list,
        decisions::post, decisions::find, decisions::list, decisions::replay, decisions::why_not, batch::post,
        records::put, records::list, records::find, records::remove, records::versions,
        policies::post, policies::list, policies::find, policies::file, policies::yank, terms::put, terms::find,
        activations::post, activations::rollback, activations::list, chain::verify,
        health::status, health::alive, health::ready, health::metrics
    ),
    components(schemas(BatchItem)),
    modifiers(&Common),
    tags((name = "encounters"), (name = "records"), (name = "decisions"), (name = "policies"), (name = "activations"), (name = "host"))
)]
pub struct Api;

/// What every operation takes and can answer besides its own: whose data it is, and a problem for whatever goes wrong.
struct Common;

impl Modify for Common {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        for (path, item) in &mut document.paths.paths {
            let operations = [&mut item.get, &mut item.put, &mut item.post, &mut item.delete];
            for operation in operations.into_iter().flatten() {
                let content = ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build();
                let problem =
                    ResponseBuilder::new().description("a problem; `code` says which").content(PROBLEM_JSON, content);
                operation.responses.responses.entry("default".to_owned()).or_insert_with(|| RefOr::T(problem.build()));
                if path.starts_with("/v1/") {
                    operation.parameters.get_or_insert_with(Vec::new).push(RefOr::T(agency()));
                }
            }
        }
    }
}

fn agency() -> Parameter {
    ParameterBuilder::new()
        .name("Adjudica-Agency")
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some("the agency; `default` without it"))
        .schema(Some(ObjectBuilder::new().schema_type(Type::String)))
        .build()
}

/// `/openapi.json` and the page under `/docs`.
pub fn router() -> Router<Arc<Host>> {
    // A page of this host asks no other one, not even whether its document is valid.
    let config = Config::default().validator_url("none");
    SwaggerUi::new("/docs").config(config).url("/openapi.json", Api::openapi()).into()
}
