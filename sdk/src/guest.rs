//! The guest's side of the contract: the bindings, and the tables that the build put into memory.

mod memory;

use std::sync::atomic::{AtomicU32, Ordering};

use adjudica_core::columns;

use crate::evaluate::evaluate;
use crate::hooks::Hooks;
use crate::image::Image;

/// Generated from `wit/policy.wit`.
#[expect(missing_docs, reason = "generated; the contract documents every name")]
pub mod bindings {
    wit_bindgen::generate!({
        world: "policy-world",
        path: "wit",
        pub_export_macro: true,
        export_macro_name: "export",
        default_bindings_module: "adjudica_sdk::guest::bindings",
    });
}

pub use bindings::export;
pub use bindings::exports::adjudica::policy::policy::{Answers, Batch, Column, Guest};

/// Where the build put the tables: address, length. Zero until the build has patched it.
#[expect(unsafe_code, reason = "the build finds the slot by this name")]
#[unsafe(no_mangle)]
pub static ADJUDICA_TABLES: [AtomicU32; 2] = [AtomicU32::new(0), AtomicU32::new(0)];

/// Applies the tables and `hooks` to a batch. Traps where no answer can be given.
pub fn decide(hooks: &dyn Hooks, batch: Batch) -> Answers {
    let Ok(image) = Image::parse(tables()) else { trap() };
    let batch = columns::Batch {
        dictionary_bytes: batch.dictionary_bytes,
        dictionary_offsets: batch.dictionary_offsets,
        encounters: batch.encounters,
        timelines: batch.timelines,
        columns: batch.columns.into_iter().map(column).collect(),
        explain: batch.explain,
    };
    match evaluate(&image, hooks, &batch) {
        Ok(answers) => Answers {
            outcomes: answers.outcomes,
            line_offsets: answers.line_offsets,
            line_codes: answers.line_codes,
            line_units: answers.line_units,
            line_cents: answers.line_cents,
            line_modifiers: answers.line_modifiers,
            finding_offsets: answers.finding_offsets,
            finding_rules: answers.finding_rules,
            finding_verdicts: answers.finding_verdicts,
            finding_observed: answers.finding_observed,
            finding_expected: answers.finding_expected,
            finding_subjects: answers.finding_subjects,
        },
        Err(_) => trap(),
    }
}

fn column(column: Column) -> columns::Column {
    match column {
        Column::Words(values) => columns::Column::Words(values),
        Column::Days(values) => columns::Column::Days(values),
        Column::Cents(values) => columns::Column::Cents(values),
    }
}

fn tables() -> &'static [u8] {
    let [address, length] = &ADJUDICA_TABLES;
    let address = std::ptr::with_exposed_provenance(address.load(Ordering::Relaxed) as usize);
    let length = length.load(Ordering::Relaxed) as usize;
    if length == 0 {
        return &[];
    }
    // INVARIANT (tables slot): `build::assemble` writes address and length of a data segment of its own, which nothing else uses.
    #[expect(unsafe_code, reason = "the build vouches for address and length")]
    unsafe {
        std::slice::from_raw_parts(address, length)
    }
}

fn trap() -> ! {
    std::arch::wasm32::unreachable()
}
