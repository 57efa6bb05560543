//! How JSON writes single values, for the document of an interface: each with its form and its range. Larger shapes are derived.

use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, Schema, SchemaFormat, Type};
use utoipa::{PartialSchema, ToSchema};

use crate::moment::Moment;
use crate::quantity::MINUTES_MAX;
use crate::token::TOKEN_LENGTH_MAX;
use crate::{Cents, Digest, Minutes, Modifier, PlaceOfService, ProcedureCode, ServiceDate, Token, Units};

macro_rules! shapes {
    ($($value:ident: $shape:expr;)+) => {
        $(
            impl PartialSchema for $value {
                fn schema() -> RefOr<Schema> {
                    $shape.into()
                }
            }

            impl ToSchema for $value {}
        )+
    };
}

shapes! {
    Token: text("1 to 64 letters, digits, `_`, `-` or `.`; the first is a letter or a digit.", "^[A-Za-z0-9][A-Za-z0-9_.-]*$")
        .max_length(Some(TOKEN_LENGTH_MAX));
    ProcedureCode: text("A CPT or HCPCS Level II code.", "^([0-9]{5}|[A-Z][0-9]{4}|[0-9]{4}[FMTU])$");
    Modifier: text("A modifier of two capital letters or digits.", "^[A-Z0-9]{2}$");
    PlaceOfService: text("A CMS place of service.", "^[0-9]{2}$");
    Digest: text("A SHA-256 digest in lower-case hexadecimal digits.", "^[0-9a-f]{64}$");
    ServiceDate: ObjectBuilder::new()
        .schema_type(Type::String)
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::Date)))
        .description(Some("A day from 1900-01-01 to 2199-12-31."));
    Moment: ObjectBuilder::new()
        .schema_type(Type::String)
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))
        .description(Some("An instant in RFC 3339 with whole seconds, such as `2026-01-31T09:30:00-05:00`."));
    Cents: number(KnownFormat::Int64).description(Some("Whole cents."));
    Units: number(KnownFormat::Int64).description(Some("Billable units.")).minimum(Some(0)).maximum(Some(u32::MAX));
    Minutes: number(KnownFormat::Int32).description(Some("Whole minutes.")).minimum(Some(0)).maximum(Some(MINUTES_MAX));
}

fn text(about: &str, pattern: &str) -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String).description(Some(about)).pattern(Some(pattern))
}

fn number(format: KnownFormat) -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::Integer).format(Some(SchemaFormat::KnownFormat(format)))
}
