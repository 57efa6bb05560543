//! Reads a policy file from end to end without compiling: sections, counts, imports. One pass, no recursion, no tables
//! bigger than the file, so that a file made to hurt the compiler is refused before the compiler sees it.

use adjudica_core::manifest::{MANIFEST_SECTION, SOURCES_SECTION};
use wasmparser::{CanonicalFunction, CanonicalOption, ComponentExternalKind, Encoding, Parser, Payload};

use crate::config::Limits;
use crate::error::{LoadFault, plain};
use crate::profile::{MEMORIES_MAX, TABLES_MAX};

mod kind;

/// Components inside components. The tools make two levels; compile time grows with the square of the depth.
const NESTING_MAX: u64 = 8;
const MODULES_AND_COMPONENTS_MAX: u64 = 64;
const FUNCTIONS_MAX: u64 = 20_000;
const FUNCTION_BYTES_MAX: u64 = 256 << 10;
const LOCALS_PER_FUNCTION_MAX: u64 = 2_000;
const CORE_TYPES_MAX: u64 = 10_000;
/// Types of the component model refer to each other, and wasmtime walks such chains.
const COMPONENT_TYPES_MAX: u64 = 1_000;
const EXPORTS_MAX: u64 = 10_000;
const INSTANCES_MAX: u64 = 64;
const WASM_PAGE_BYTES: u64 = 64 << 10;

/// What one pass found.
pub(crate) struct Scan<'a> {
    pub(crate) faults: Vec<LoadFault>,
    pub(crate) manifest: Option<&'a [u8]>,
    pub(crate) sources: Option<&'a [u8]>,
    /// Names of the top level's exports that are instances.
    pub(crate) exported_instances: Vec<&'a str>,
    counts: Counts,
    depth: u64,
}

#[derive(Default)]
struct Counts {
    parts: u64,
    functions: u64,
    core_types: u64,
    component_types: u64,
    exports: u64,
    instances: u64,
    memories: u64,
    memory_bytes: u64,
    tables: u64,
    table_elements: u64,
}

/// Whether to read on.
enum Next {
    ReadOn,
    Stop,
}

/// Reads `wasm` once.
pub(crate) fn scan<'a>(wasm: &'a [u8], limits: &Limits) -> Scan<'a> {
    let mut scan = Scan {
        faults: Vec::new(),
        manifest: None,
        sources: None,
        exported_instances: Vec::new(),
        counts: Counts::default(),
        depth: 0,
    };
    let size = u64::try_from(wasm.len()).unwrap_or(u64::MAX);
    scan.limit("bytes", size, u64::try_from(limits.upload_bytes_max).unwrap_or(u64::MAX));
    if let Some(found) = kind::other_kind(wasm) {
        scan.faults.push(LoadFault::NotAComponent { found });
    }
    if !scan.faults.is_empty() {
        return scan;
    }
    for payload in Parser::new(0).parse_all(wasm) {
        match payload.and_then(|payload| scan.read(payload)) {
            Ok(Next::ReadOn) => {}
            Ok(Next::Stop) => break,
            Err(error) => {
                scan.push(LoadFault::Malformed { detail: plain(&error.to_string()) });
                break;
            }
        }
    }
    scan.finish(limits);
    scan
}

impl<'a> Scan<'a> {
    fn read(&mut self, payload: Payload<'a>) -> wasmparser::Result<Next> {
        match payload {
            Payload::Version { encoding, .. } => {
                self.counts.parts += 1;
                if self.counts.parts == 1 && encoding == Encoding::Module {
                    self.push(LoadFault::NotAComponent { found: "a core module".to_owned() });
                    return Ok(Next::Stop);
                }
            }
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => {
                self.depth += 1;
                if self.depth > NESTING_MAX || self.counts.parts > MODULES_AND_COMPONENTS_MAX {
                    return Ok(Next::Stop);
                }
            }
            Payload::End(_) => self.depth = self.depth.saturating_sub(1),
            Payload::CustomSection(section) if self.depth == 0 => self.read_custom(section.name(), section.data()),
            Payload::TypeSection(section) => self.counts.core_types += u64::from(section.count()),
            Payload::CoreTypeSection(section) => self.counts.core_types += u64::from(section.count()),
            Payload::ComponentTypeSection(section) => self.counts.component_types += u64::from(section.count()),
            Payload::FunctionSection(section) => self.counts.functions += u64::from(section.count()),
            Payload::ExportSection(section) => self.counts.exports += u64::from(section.count()),
            Payload::InstanceSection(section) => self.counts.instances += u64::from(section.count()),
            Payload::ComponentInstanceSection(section) => self.counts.instances += u64::from(section.count()),
            Payload::CodeSectionEntry(body) => self.read_body(&body)?,
            Payload::MemorySection(section) => self.read_memories(section)?,
            Payload::TableSection(section) => self.read_tables(section)?,
            Payload::ComponentImportSection(section) if self.depth == 0 => self.read_imports(section)?,
            Payload::ComponentExportSection(section) => self.read_exports(section)?,
            Payload::ComponentCanonicalSection(section) => self.read_canonicals(section)?,
            Payload::ComponentStartSection { .. } => {
                self.push(LoadFault::NotPure { what: "a component start function".to_owned() });
            }
            _ => {}
        }
        Ok(Next::ReadOn)
    }

    fn read_custom(&mut self, name: &str, data: &'a [u8]) {
        let (slot, section) = match name {
            MANIFEST_SECTION => (&mut self.manifest, MANIFEST_SECTION),
            SOURCES_SECTION => (&mut self.sources, SOURCES_SECTION),
            _ => return,
        };
        if slot.replace(data).is_some() {
            self.push(LoadFault::SectionTwice { section });
        }
    }

    fn read_body(&mut self, body: &wasmparser::FunctionBody<'_>) -> wasmparser::Result<()> {
        let bytes = body.range().end.saturating_sub(body.range().start);
        self.limit("bytes in one function", u64::try_from(bytes).unwrap_or(u64::MAX), FUNCTION_BYTES_MAX);
        let mut locals = 0_u64;
        for group in body.get_locals_reader()? {
            locals = locals.saturating_add(u64::from(group?.0));
        }
        self.limit("locals in one function", locals, LOCALS_PER_FUNCTION_MAX);
        Ok(())
    }

    fn read_memories(&mut self, section: wasmparser::MemorySectionReader<'_>) -> wasmparser::Result<()> {
        for memory in section {
            let memory = memory?;
            self.counts.memories += 1;
            let bytes = memory.initial.saturating_mul(WASM_PAGE_BYTES);
            self.counts.memory_bytes = self.counts.memory_bytes.saturating_add(bytes);
        }
        Ok(())
    }

    fn read_tables(&mut self, section: wasmparser::TableSectionReader<'_>) -> wasmparser::Result<()> {
        for table in section {
            self.counts.tables += 1;
            self.counts.table_elements = self.counts.table_elements.saturating_add(table?.ty.initial);
        }
        Ok(())
    }

    fn read_imports(&mut self, section: wasmparser::ComponentImportSectionReader<'_>) -> wasmparser::Result<()> {
        for import in section {
            self.push(LoadFault::Import { import: plain(import?.name.name) });
        }
        Ok(())
    }

    fn read_exports(&mut self, section: wasmparser::ComponentExportSectionReader<'a>) -> wasmparser::Result<()> {
        self.counts.exports += u64::from(section.count());
        if self.depth > 0 {
            return Ok(());
        }
        for export in section {
            let export = export?;
            if export.kind == ComponentExternalKind::Instance {
                self.exported_instances.push(export.name.name);
            }
        }
        Ok(())
    }

    fn read_canonicals(&mut self, section: wasmparser::ComponentCanonicalSectionReader<'_>) -> wasmparser::Result<()> {
        for function in section {
            match function? {
                CanonicalFunction::Lift { options, .. } | CanonicalFunction::Lower { options, .. } => {
                    self.read_options(&options);
                }
                other => {
                    let text = format!("{other:?}");
                    let name = text.split([' ', '{', '(']).next().unwrap_or_default();
                    self.push(LoadFault::NotPure { what: format!("the built-in `{}`", plain(name)) });
                }
            }
        }
        Ok(())
    }

    fn read_options(&mut self, options: &[CanonicalOption]) {
        for option in options {
            match option {
                CanonicalOption::UTF8
                | CanonicalOption::Memory(_)
                | CanonicalOption::Realloc(_)
                | CanonicalOption::PostReturn(_) => {}
                CanonicalOption::UTF16 => self.push(LoadFault::StringEncoding { encoding: "utf16" }),
                CanonicalOption::CompactUTF16 => self.push(LoadFault::StringEncoding { encoding: "latin1+utf16" }),
                CanonicalOption::Async | CanonicalOption::Callback(_) => {
                    self.push(LoadFault::NotPure { what: "async functions".to_owned() });
                }
                CanonicalOption::CoreType(_) | CanonicalOption::Gc => {
                    self.push(LoadFault::NotPure { what: "garbage-collected values".to_owned() });
                }
            }
        }
    }

    fn finish(&mut self, limits: &Limits) {
        let counts = std::mem::take(&mut self.counts);
        let most = |value: usize| u64::try_from(value).unwrap_or(u64::MAX);
        let table = [
            ("levels of nesting", self.depth, NESTING_MAX),
            ("modules and components", counts.parts, MODULES_AND_COMPONENTS_MAX),
            ("functions", counts.functions, FUNCTIONS_MAX),
            ("core types", counts.core_types, CORE_TYPES_MAX),
            ("component types", counts.component_types, COMPONENT_TYPES_MAX),
            ("exports", counts.exports, EXPORTS_MAX),
            ("instances", counts.instances, INSTANCES_MAX),
            ("memories", counts.memories, u64::from(MEMORIES_MAX)),
            ("bytes of memory at the start", counts.memory_bytes, most(limits.memory_bytes_max)),
            ("tables", counts.tables, u64::from(TABLES_MAX)),
            ("table entries at the start", counts.table_elements, most(limits.table_elements_max)),
        ];
        for (what, found, max) in table {
            self.limit(what, found, max);
        }
    }

    fn limit(&mut self, what: &'static str, found: u64, max: u64) {
        let said =
            self.faults.iter().any(|fault| matches!(fault, LoadFault::OverLimit { what: said, .. } if *said == what));
        if found > max && !said {
            self.push(LoadFault::OverLimit { what, found, max });
        }
    }

    fn push(&mut self, fault: LoadFault) {
        // A file with a million faults is refused with the first few.
        if self.faults.len() < FAULTS_MAX && !self.faults.contains(&fault) {
            self.faults.push(fault);
        }
    }
}

/// Faults told of one file.
const FAULTS_MAX: usize = 64;
