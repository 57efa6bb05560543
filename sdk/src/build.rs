//! Makes a policy file: puts compiled tables into a guest's memory, makes the guest a component, adds manifest and sources.

use std::collections::BTreeMap;

use adjudica_core::manifest::{MANIFEST_SECTION, SOURCES_SECTION};
use thiserror::Error;
use wasm_encoder::reencode::{Reencode, RoundtripReencoder};
use wasm_encoder::{
    ComponentSection, ConstExpr, CustomSection, DataCountSection, DataSection, MemorySection, Module, RawSection,
};
use wasmparser::{ExternalKind, Operator, Parser, Payload};
use wit_component::ComponentEncoder;

use crate::tables::Compiled;

/// Name of the exported slot that tells a guest where its tables are.
const TABLES_SLOT: &str = "ADJUDICA_TABLES";
/// Bytes of a page of memory.
const PAGE_BYTES: u64 = 65_536;
/// Pages that a guest has to hand out before it must ask for more: a call with 1,000 encounters asks for none.
const SPARE_PAGES: u64 = 16;

/// Why no policy file could be made.
#[derive(Debug, Error)]
pub enum BuildError {
    /// The guest is not a core module that can be read.
    #[error("the guest is not a readable core module: {0}; build the policy's crate for wasm32-unknown-unknown")]
    UnreadableGuest(String),
    /// The guest does not export the slot for its tables.
    #[error(
        "the guest exports no `ADJUDICA_TABLES`; call `adjudica_sdk::export_policy!` in its lib.rs and build it as a cdylib"
    )]
    NoTablesSlot,
    /// The guest has no memory or no data to add the tables to.
    #[error("the guest has no {0} section, which every Rust guest has; build the policy's crate as a cdylib")]
    NoSection(&'static str),
    /// The component could not be made.
    #[error("the guest does not fit the contract: {0}; build it with this release's SDK")]
    NotAComponent(String),
    /// Manifest or sources could not be written.
    #[error("the {0} cannot be written as JSON; report this, it is a fault of the SDK")]
    Unwritable(&'static str),
}

/// The bytes of a policy file. `sources` maps paths to texts; they travel inside, so that a reader needs nothing else.
/// # Errors
/// [`BuildError`] when `core_module` is not a guest of this SDK.
pub fn assemble(
    compiled: &Compiled,
    sources: &BTreeMap<String, String>,
    core_module: &[u8],
) -> Result<Vec<u8>, BuildError> {
    let module = put_tables(core_module, &compiled.image)?;
    let mut encoder =
        ComponentEncoder::default().validate(true).module(&module).map_err(|error| not_a_component(&error))?;
    let mut file = encoder.encode().map_err(|error| not_a_component(&error))?;
    let manifest = serde_json::to_vec(&compiled.manifest).map_err(|_| BuildError::Unwritable("manifest"))?;
    let sources = serde_json::to_vec(sources).map_err(|_| BuildError::Unwritable("sources"))?;
    for (name, data) in [(MANIFEST_SECTION, manifest), (SOURCES_SECTION, sources)] {
        CustomSection { name: name.into(), data: data.into() }.append_to_component(&mut file);
    }
    Ok(file)
}

/// What a guest must have for tables to be put into it.
struct Layout {
    slot_address: u32,
    pages: u64,
}

fn not_a_component(error: &impl std::fmt::Display) -> BuildError {
    BuildError::NotAComponent(one_line(&format!("{error:#}")))
}

fn unreadable(error: impl std::fmt::Display) -> BuildError {
    BuildError::UnreadableGuest(one_line(&error.to_string()))
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn read_layout(core_module: &[u8]) -> Result<Layout, BuildError> {
    let mut globals = Vec::new();
    let mut slot_global = None;
    let mut pages = None;
    for payload in Parser::new(0).parse_all(core_module) {
        match payload.map_err(unreadable)? {
            Payload::GlobalSection(section) => {
                for global in section {
                    let first =
                        global.map_err(unreadable)?.init_expr.get_operators_reader().read().map_err(unreadable)?;
                    globals.push(if let Operator::I32Const { value } = first { Some(value) } else { None });
                }
            }
            Payload::MemorySection(section) => {
                pages = section.into_iter().next().transpose().map_err(unreadable)?.map(|memory| memory.initial);
            }
            Payload::ExportSection(section) => {
                for export in section {
                    let export = export.map_err(unreadable)?;
                    if export.name == TABLES_SLOT && export.kind == ExternalKind::Global {
                        slot_global = usize::try_from(export.index).ok();
                    }
                }
            }
            _ => {}
        }
    }
    let address =
        slot_global.and_then(|index| globals.get(index).copied().flatten()).ok_or(BuildError::NoTablesSlot)?;
    Ok(Layout { slot_address: address.cast_unsigned(), pages: pages.ok_or(BuildError::NoSection("memory"))? })
}

/// The module with `image` in pages of its own behind its memory, and the slot pointing there.
fn put_tables(core_module: &[u8], image: &[u8]) -> Result<Vec<u8>, BuildError> {
    let layout = read_layout(core_module)?;
    // INVARIANT (tables slot): the image lies behind the guest's own initial memory; its allocator starts behind the image.
    let address = u32::try_from(layout.pages * PAGE_BYTES).map_err(unreadable)?;
    let length = u32::try_from(image.len()).map_err(unreadable)?;
    let more_pages = u64::from(length).div_ceil(PAGE_BYTES) + SPARE_PAGES;
    let slot: Vec<u8> = address.to_le_bytes().into_iter().chain(length.to_le_bytes()).collect();
    let mut module = Module::new();
    let mut has_data = false;
    for payload in Parser::new(0).parse_all(core_module) {
        let payload = payload.map_err(unreadable)?;
        match payload {
            Payload::MemorySection(section) => {
                let mut memories = MemorySection::new();
                for memory in section {
                    let mut memory = RoundtripReencoder.memory_type(memory.map_err(unreadable)?).map_err(unreadable)?;
                    memory.minimum += more_pages;
                    memories.memory(memory);
                }
                module.section(&memories);
            }
            Payload::DataCountSection { count, .. } => {
                module.section(&DataCountSection { count: count + 2 });
            }
            Payload::DataSection(section) => {
                has_data = true;
                let mut data = DataSection::new();
                for segment in section {
                    RoundtripReencoder.parse_data(&mut data, segment.map_err(unreadable)?).map_err(unreadable)?;
                }
                data.active(0, &ConstExpr::i32_const(layout.slot_address.cast_signed()), slot.iter().copied());
                data.active(0, &ConstExpr::i32_const(address.cast_signed()), image.iter().copied());
                module.section(&data);
            }
            Payload::CustomSection(section) if section.name() == "name" || section.name() == "producers" => {}
            other => {
                if let Some((id, range)) = other.as_section() {
                    let data = core_module.get(range).ok_or(BuildError::NoSection("readable"))?;
                    module.section(&RawSection { id, data });
                }
            }
        }
    }
    if has_data { Ok(module.finish()) } else { Err(BuildError::NoSection("data")) }
}
