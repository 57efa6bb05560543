//! Compares what a policy exports with the contract: names, versions, the type of `decide`. Runs nothing.

use semver::Version;
use wasmparser::component_types::{ComponentDefinedType, ComponentEntityType, ComponentFuncType, ComponentValType};
use wasmparser::types::{Types, TypesRef};

use crate::error::{LoadFault, plain};
use crate::manifest::{accepted_range, is_accepted};

const POLICY_INTERFACE: &str = "adjudica:policy/policy";
const DECIDE: &str = "decide";

/// The type of `decide` in the contract, as [`describe_function`] writes it; a test compares it with `sdk/wit/policy.wit`.
const DECIDE_TYPE: &str = "func(batch: record{dictionary-bytes: list<u8>, dictionary-offsets: list<u32>, encounters: u32, \
timelines: list<u32>, columns: list<variant{words(list<u32>), days(list<s32>), cents(list<s64>)}>, explain: bool}) -> \
record{outcomes: list<u8>, line-offsets: list<u32>, line-codes: list<u32>, line-units: list<u32>, line-cents: list<s64>, \
line-modifiers: list<u32>, finding-offsets: list<u32>, finding-rules: list<u32>, finding-verdicts: list<u8>, \
finding-observed: list<s64>, finding-expected: list<s64>, finding-subjects: list<u32>}";

/// Deepest type that is written out; the contract's own has four levels.
const TYPE_DEPTH_MAX: u32 = 8;
/// Longest description of a type.
const TYPE_TEXT_MAX: usize = 4_000;
/// Characters shown of two types from where they differ.
const DIFFERENCE_LENGTH: usize = 80;

/// Checks the exports; pushes every fault.
pub(crate) fn check_exports(types: &Types, exported_instances: &[&str], faults: &mut Vec<LoadFault>) {
    let versions: Vec<(&str, &str)> = exported_instances
        .iter()
        .filter_map(|name| {
            let (interface, version) = name.split_once('@').unwrap_or((name, ""));
            (interface == POLICY_INTERFACE).then_some((*name, version))
        })
        .collect();
    let accepted =
        versions.iter().find(|(_, version)| Version::parse(version).is_ok_and(|version| is_accepted(&version)));
    match (accepted, versions.first()) {
        (Some((name, _)), _) => check_decide(types.as_ref(), name, faults),
        (None, Some((_, version))) => faults.push(LoadFault::InterfaceVersion {
            what: "the exported interface".to_owned(),
            found: if version.is_empty() { "no version".to_owned() } else { plain(version) },
            accepted: accepted_range(),
        }),
        (None, None) => faults.push(export_missing(
            &format!("{POLICY_INTERFACE}@{}", adjudica_core::INTERFACE_VERSION),
            exported_instances,
        )),
    }
}

fn export_missing(expected: &str, found: &[&str]) -> LoadFault {
    let names: Vec<String> = found.iter().take(5).map(|name| format!("`{}`", plain(name))).collect();
    let found = if names.is_empty() { "nothing".to_owned() } else { names.join(", ") };
    LoadFault::ExportMissing { expected: expected.to_owned(), found }
}

fn check_decide(types: TypesRef<'_>, interface: &str, faults: &mut Vec<LoadFault>) {
    let Some(ComponentEntityType::Instance(id)) = types.component_item_for_export(interface).map(|item| item.ty) else {
        faults.push(export_missing(interface, &[]));
        return;
    };
    let Some(instance) = types.get(id) else {
        return;
    };
    let function = instance.exports.get(DECIDE).and_then(|item| match item.ty {
        ComponentEntityType::Func(id) => types.get(id),
        _ => None,
    });
    let Some(function) = function else {
        let names: Vec<&str> = instance.exports.keys().map(String::as_str).collect();
        faults.push(export_missing(&format!("{interface}#{DECIDE}"), &names));
        return;
    };
    let found = describe_function(types, function);
    if found != DECIDE_TYPE {
        let (expected, found) = difference(DECIDE_TYPE, &found);
        faults.push(LoadFault::ExportType { expected, found });
    }
}

/// Both texts from a little before where they differ.
fn difference(expected: &str, found: &str) -> (String, String) {
    let same = expected.chars().zip(found.chars()).take_while(|(a, b)| a == b).count();
    let start = same.saturating_sub(DIFFERENCE_LENGTH / 4);
    let part = |text: &str| {
        let part: String = text.chars().skip(start).take(DIFFERENCE_LENGTH).collect();
        if start > 0 { format!("…{part}") } else { part }
    };
    (part(expected), part(found))
}

fn describe_function(types: TypesRef<'_>, function: &ComponentFuncType) -> String {
    let mut text = Text { types, text: String::new() };
    text.push(if function.async_ { "async func(" } else { "func(" });
    text.separated(function.params.iter(), |text, (name, ty)| text.field(name.as_str(), Some(*ty), 0));
    text.push(")");
    if let Some(result) = function.result {
        text.push(" -> ");
        text.value(result, 0);
    }
    text.text
}

/// A description in the making, cut off where it gets longer than any type of the contract.
struct Text<'a> {
    types: TypesRef<'a>,
    text: String,
}

impl Text<'_> {
    fn push(&mut self, part: &str) {
        if self.text.len() < TYPE_TEXT_MAX {
            self.text.push_str(part);
        }
    }

    fn separated<T>(&mut self, items: impl Iterator<Item = T>, mut write: impl FnMut(&mut Self, T)) {
        for (index, item) in items.enumerate() {
            if self.text.len() >= TYPE_TEXT_MAX {
                return;
            }
            self.push(if index > 0 { ", " } else { "" });
            write(self, item);
        }
    }

    fn field(&mut self, name: &str, ty: Option<ComponentValType>, depth: u32) {
        self.push(name);
        if let Some(ty) = ty {
            self.push(": ");
            self.value(ty, depth);
        }
    }

    fn case(&mut self, name: &str, ty: Option<ComponentValType>, depth: u32) {
        self.push(name);
        if let Some(ty) = ty {
            self.push("(");
            self.value(ty, depth);
            self.push(")");
        }
    }

    fn value(&mut self, ty: ComponentValType, depth: u32) {
        match ty {
            ComponentValType::Primitive(primitive) => self.push(&primitive.to_string()),
            ComponentValType::Type(_) if depth >= TYPE_DEPTH_MAX => self.push("…"),
            ComponentValType::Type(id) => {
                let types = self.types;
                match types.get(id) {
                    Some(defined) => self.defined(defined, depth + 1),
                    None => self.push("…"),
                }
            }
        }
    }

    /// The types that the contract uses are written out; any other is a difference whatever it holds.
    fn defined(&mut self, ty: &ComponentDefinedType, depth: u32) {
        match ty {
            ComponentDefinedType::Primitive(primitive) => self.push(&primitive.to_string()),
            ComponentDefinedType::Record(record) => {
                self.push("record{");
                self.separated(record.fields.iter(), |text, (name, ty)| text.field(name.as_str(), Some(*ty), depth));
                self.push("}");
            }
            ComponentDefinedType::Variant(variant) => {
                self.push("variant{");
                self.separated(variant.cases.iter(), |text, (name, case)| text.case(name.as_str(), case.ty, depth));
                self.push("}");
            }
            ComponentDefinedType::List { element, .. } => {
                self.push("list<");
                self.value(*element, depth);
                self.push(">");
            }
            ComponentDefinedType::Map { .. } => self.push("map"),
            ComponentDefinedType::FixedLengthList { .. } => self.push("list of fixed length"),
            ComponentDefinedType::Tuple(_) => self.push("tuple"),
            ComponentDefinedType::Flags(_) => self.push("flags"),
            ComponentDefinedType::Enum(_) => self.push("enum"),
            ComponentDefinedType::Option { .. } => self.push("option"),
            ComponentDefinedType::Result { .. } => self.push("result"),
            ComponentDefinedType::Own(_) | ComponentDefinedType::Borrow(_) => self.push("resource"),
            ComponentDefinedType::Future { .. } => self.push("future"),
            ComponentDefinedType::Stream { .. } => self.push("stream"),
        }
    }
}
