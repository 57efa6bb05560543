//! What callers and files give, from JSON: every fault at once, each with its place. Knows no route and no request.

pub mod encounter;
pub mod fields;
pub mod json;
pub mod record;
pub mod terms;
