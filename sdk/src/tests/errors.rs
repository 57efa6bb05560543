//! The words of the errors of building and running, so that a change of them is seen. Faults of tables and cases stand with those.

use std::collections::BTreeMap;

use adjudica_core::ValueError;
use adjudica_core::columns::Explain;
use adjudica_core::render::AnswerFault;
use wasm_encoder::{
    CodeSection, ConstExpr, DataSection, EntityType, ExportKind, ExportSection, GlobalSection, GlobalType,
    ImportSection, MemorySection, MemoryType, Module, TypeSection, ValType,
};

use crate::build::{BuildError, assemble};
use crate::evaluate::EvaluateFault;
use crate::hooks::NoHooks;
use crate::native::{NativeError, decide};
use crate::tables::{Compiled, compile};

fn compiled() -> Compiled {
    compile(include_str!("../tables/texts/good.toml")).expect("no faults")
}

fn build_errors() -> Vec<BuildError> {
    let text = |text: &str| text.to_owned();
    vec![
        BuildError::UnreadableGuest(text("unexpected end-of-file (at offset 0x0)")),
        BuildError::NoTablesSlot,
        BuildError::NoSection("memory"),
        BuildError::NotAComponent(text("module does not export `decide`")),
        BuildError::Unwritable("manifest"),
    ]
}

fn native_errors() -> Vec<NativeError> {
    let of_fault = |fault| NativeError::Evaluate { fault };
    vec![
        NativeError::Facts(ValueError::Overflow { what: "amount" }),
        of_fault(EvaluateFault::Batch),
        of_fault(EvaluateFault::Image),
        of_fault(EvaluateFault::Overflow),
        NativeError::Answer(AnswerFault::WrongLength { column: "outcomes", actual: 1, expected: 2 }),
    ]
}

#[test]
fn it_says_what_is_wrong_and_what_to_do() {
    let built = build_errors().into_iter().map(|error| error.to_string());
    let texts: Vec<String> = built.chain(native_errors().into_iter().map(|error| error.to_string())).collect();
    assert_eq!(texts.join("\n"), include_str!("errors.txt").trim_end());
    for text in &texts {
        assert!(!text.contains('\n') && !text.ends_with('.') && !text.starts_with(char::is_uppercase), "{text}");
    }
}

/// A guest with the parts that are named: `import`, `slot`, `memory`, `data`.
fn guest(parts: &[&str]) -> Vec<u8> {
    let mut module = Module::new();
    if parts.contains(&"import") {
        let mut types = TypeSection::new();
        types.ty().function([], []);
        module.section(&types);
        let mut imports = ImportSection::new();
        imports.import("clock", "now", EntityType::Function(0));
        module.section(&imports);
    }
    if parts.contains(&"memory") {
        let mut memories = MemorySection::new();
        memories.memory(MemoryType { minimum: 1, maximum: None, memory64: false, shared: false, page_size_log2: None });
        module.section(&memories);
    }
    if parts.contains(&"slot") {
        let mut globals = GlobalSection::new();
        let of_type = GlobalType { val_type: ValType::I32, mutable: false, shared: false };
        globals.global(of_type, &ConstExpr::i32_const(8));
        module.section(&globals);
        let mut exports = ExportSection::new();
        exports.export("ADJUDICA_TABLES", ExportKind::Global, 0);
        module.section(&exports);
    }
    if parts.contains(&"data") {
        module.section(&CodeSection::new());
        let mut data = DataSection::new();
        data.active(0, &ConstExpr::i32_const(8), [0; 8]);
        module.section(&data);
    }
    module.finish()
}

#[test]
fn it_refuses_what_is_no_guest() {
    let texts = [
        ("no module".into(), "the guest is not a readable core module: "),
        (guest(&[]), "the guest exports no `ADJUDICA_TABLES`; "),
        (guest(&["slot"]), "the guest has no memory section, "),
        (guest(&["slot", "memory"]), "the guest has no data section, "),
        (guest(&["import", "slot", "memory", "data"]), "the guest does not fit the contract: "),
    ];
    for (module, begins) in texts {
        let error = assemble(&compiled(), &BTreeMap::new(), &module).expect_err(begins).to_string();
        assert!(error.starts_with(begins) && !error.contains('\n'), "{begins}: {error}");
    }
}

#[test]
fn it_refuses_tables_that_cannot_be_read() {
    let damaged = Compiled { image: vec![0xFF; 3], ..compiled() };
    let error = decide(&damaged, &NoHooks, &[], &adjudica_core::Terms::default(), Explain::All).expect_err("no tables");
    assert!(matches!(error, NativeError::Evaluate { fault: EvaluateFault::Image }), "{error}");
}
