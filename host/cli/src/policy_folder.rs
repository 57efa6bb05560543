//! A policy's folder on disk: `policy.toml`, `cases/`, `pins/`, and `src/` where it has Rust. Reads it and builds its file; judges
//! nothing.

mod left_out;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use adjudica_cases::{self as cases, CaseFile};
use adjudica_sdk::tables::{self, Compiled};
use adjudica_workbench::Subject;
use anyhow::{Context as _, Result, bail};

use crate::exit::{Fault, Refusal};
use crate::guest;

const WASM_TARGET: &str = "wasm32-unknown-unknown";
/// The tables.
const TABLES: &str = "policy.toml";

/// How a policy is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `policy.toml` alone.
    Tables,
    /// `policy.toml` and Rust beside it.
    Rust,
}

/// What a folder holds, as text.
pub struct PolicyFolder {
    /// The folder.
    pub path: PathBuf,
    /// How the policy is written.
    pub kind: Kind,
    /// Every source: path in the folder to text.
    pub sources: BTreeMap<String, String>,
    /// Files that look like cases or rows and are not read.
    unread: Vec<PathBuf>,
}

impl PolicyFolder {
    /// Reads the folder.
    /// # Errors
    /// A [`Refusal`] when it has no `policy.toml`, or a file of it cannot be read as text.
    pub fn load(path: &Path) -> Result<Self, Refusal> {
        let mut folder =
            Self { path: path.to_path_buf(), kind: Kind::Tables, sources: BTreeMap::new(), unread: Vec::new() };
        let mut faults = Vec::new();
        if path.join("Cargo.toml").is_file() {
            folder.kind = Kind::Rust;
            folder.read("Cargo.toml", &mut faults);
            folder.read_below("src", "rs", &mut faults);
        }
        folder.read(TABLES, &mut faults);
        folder.read_below_tables();
        for cases in cases::FOLDERS {
            folder.read_below(cases, "toml", &mut faults);
        }
        folder.unread = left_out::files(path, &folder.sources);
        if faults.is_empty() {
            return Ok(folder);
        }
        Err(Refusal::usage(format!("`{}` is not a policy's folder", path.display()), faults))
    }

    /// The folder that a built policy carries; `None` where it was not made from tables.
    #[must_use]
    pub fn of_sources(path: &Path, sources: BTreeMap<String, String>) -> Option<Self> {
        sources.contains_key(TABLES).then(|| {
            let kind = if sources.contains_key("Cargo.toml") { Kind::Rust } else { Kind::Tables };
            Self { path: path.to_path_buf(), kind, sources, unread: Vec::new() }
        })
    }

    fn read(&mut self, name: &str, faults: &mut Vec<Fault>) {
        self.read_as(name, &self.path.join(name), faults);
    }

    /// The tables that this policy comes on top of travel with it: its file shows all that made it.
    fn read_below_tables(&mut self) {
        let text = self.sources.get(TABLES).cloned().unwrap_or_default();
        let mut read = BTreeMap::new();
        // What cannot be read is a fault when the tables are compiled.
        tables::read_below(&text, &mut |path| {
            let text = tables::decode(&std::fs::read(self.path.join(path)).ok()?).ok()?;
            read.insert(travelling_name(path), text.clone());
            Some(text)
        });
        self.sources.extend(read);
    }

    fn read_as(&mut self, name: &str, file: &Path, faults: &mut Vec<Fault>) {
        match std::fs::read(file).map(|bytes| tables::decode(&bytes)) {
            Ok(Ok(text)) => drop(self.sources.insert(name.to_owned(), text)),
            Ok(Err(fault)) => faults.extend(self.place(name, vec![fault])),
            Err(error) => faults.push(Fault::of_file(file, format!("cannot be read: {error}"))),
        }
    }

    fn read_below(&mut self, folder: &str, ending: &str, faults: &mut Vec<Fault>) {
        let Ok(entries) = self.path.join(folder).read_dir() else { return };
        let mut names: Vec<String> = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).collect();
        names.sort();
        for name in names {
            let name = format!("{folder}/{name}");
            let path = self.path.join(&name);
            if path.is_dir() {
                self.read_below(&name, ending, faults);
            } else if path.extension().is_some_and(|found| found == ending) {
                self.read(&name, faults);
            }
        }
    }

    /// The tables.
    /// # Errors
    /// Every fault of `policy.toml`, and what of it stands on code that is not there.
    pub fn compile(&self) -> Result<Compiled, Vec<Fault>> {
        let text = self.sources.get(TABLES).map_or("", String::as_str);
        let mut read = |path: &str| self.sources.get(&travelling_name(path)).cloned();
        let compiled = tables::compile_with(text, &mut read).map_err(|faults| self.place(TABLES, faults))?;
        let faults = self.faults_of_code(tables::on_code(text, &mut read));
        if faults.is_empty() { Ok(compiled) } else { Err(self.place(TABLES, faults)) }
    }

    /// Rules that only code makes speak, where there is none; and code of the policy that it extends, which would not run.
    fn faults_of_code(&self, tables::OnCode { extends, mut unspoken }: tables::OnCode) -> Vec<tables::Fault> {
        if self.kind == Kind::Rust {
            unspoken.clear();
        }
        let calls = |folder: &str| self.sources.get("Cargo.toml").is_some_and(|text| text.contains(folder));
        if let Some((folder, (line, column))) = extends
            && self.path.join(&folder).join("Cargo.toml").is_file()
            && !calls(&folder)
        {
            let message = format!(
                "`{folder}` has code of its own, which does not run in a policy that extends it: its rules would be lost; \
                 write this policy in code that calls that one's, or leave `extends` out"
            );
            unspoken.push(tables::Fault { line, column, message });
        }
        unspoken
    }

    /// A fault for each file that looks like cases or rows and is not read.
    #[must_use]
    pub fn left_out(&self) -> Vec<Fault> {
        let fault = |file: &PathBuf| {
            let is_sheet = file.extension().is_some_and(|ending| ending == "csv");
            let message = if is_sheet {
                "no row names this file of rows, so it is not read; write `file` in a row, or take the file out of the folder"
            } else {
                "looks like cases and is not read; cases are files of `cases/` and `pins/` whose names end in `.toml`"
            };
            Fault::of_file(file, message)
        };
        self.unread.iter().map(fault).collect()
    }

    /// The case files.
    /// # Errors
    /// Every fault of every case file.
    pub fn parse_cases(&self) -> Result<Vec<CaseFile>, Vec<Fault>> {
        let mut files = Vec::new();
        let mut faults = self.left_out();
        for (name, text) in self.sources.iter().filter(|(name, _)| cases::is_case_file(name)) {
            match cases::parse(name, text) {
                Ok(file) => files.push(file),
                Err(found) => faults.extend(self.place(name, found)),
            }
        }
        if faults.is_empty() { Ok(files) } else { Err(faults) }
    }

    /// What is wrong with cases beside the policy that they are of.
    #[must_use]
    pub fn faults_of_cases(&self, compiled: &Compiled, files: &[CaseFile]) -> Vec<Fault> {
        let found = cases::faults(&compiled.manifest, files).into_iter();
        found.flat_map(|(name, fault)| self.place(&name, vec![fault])).collect()
    }

    /// Tables and cases as the author's tools take them.
    #[must_use]
    pub fn subject(&self, files: Vec<CaseFile>) -> Subject {
        let tables = self.sources.get(TABLES).cloned().unwrap_or_default();
        let mut below = BTreeMap::new();
        // What is missing below is a fault when the tables are compiled.
        tables::read_below(&tables, &mut |path| {
            let text = self.sources.get(&travelling_name(path)).cloned()?;
            below.insert(path.to_owned(), text.clone());
            Some(text)
        });
        Subject { tables, below, files }
    }

    fn place(&self, name: &str, faults: Vec<tables::Fault>) -> Vec<Fault> {
        let file = self.path.join(name).display().to_string();
        let of_file = |fault: tables::Fault| Fault {
            file: Some(file.clone()),
            line: Some(fault.line),
            column: Some(fault.column),
            ..Fault::new(fault.message)
        };
        faults.into_iter().map(of_file).collect()
    }

    /// Tables and cases, both without faults.
    /// # Errors
    /// A [`Refusal`] with every fault of both.
    pub fn compile_with_cases(&self, headline: &str) -> Result<(Compiled, Vec<CaseFile>), Refusal> {
        both(self.compile(), self.parse_cases(), headline)
    }

    /// The policy's file.
    /// # Errors
    /// When its Rust does not build, or the parts do not make a component.
    pub fn assemble(&self, compiled: &Compiled) -> Result<Vec<u8>> {
        match self.kind {
            Kind::Tables => self.assemble_tables(compiled),
            Kind::Rust => self.put_into(compiled, &self.build_rust()?),
        }
    }

    /// The file of the tables alone, whatever Rust lies beside them: for checks.
    /// # Errors
    /// When the parts do not make a component.
    pub fn assemble_tables(&self, compiled: &Compiled) -> Result<Vec<u8>> {
        self.put_into(compiled, guest::INTERPRETER)
    }

    fn put_into(&self, compiled: &Compiled, core_module: &[u8]) -> Result<Vec<u8>> {
        let component = adjudica_sdk::build::assemble(compiled, &self.sources, core_module);
        component.with_context(|| format!("`{}` could not be built", self.path.display()))
    }

    /// Runs cargo in the folder and reads the module that it makes.
    fn build_rust(&self) -> Result<Vec<u8>> {
        let mut cargo = Command::new("cargo");
        cargo.args(["build", "--release", "--target", WASM_TARGET, "--message-format", "json-render-diagnostics"]);
        let output = cargo.current_dir(&self.path).stderr(std::process::Stdio::inherit()).output();
        let output = output.context("cargo could not be run; a policy with Rust needs a Rust toolchain")?;
        if !output.status.success() {
            bail!(
                "`{}` does not build; its faults are above (a missing target: `rustup target add {WASM_TARGET}`)",
                self.path.display()
            );
        }
        let module = find_module(&String::from_utf8_lossy(&output.stdout));
        let module = module.with_context(|| {
            format!("`{}` makes no module; its crate-type must be [\"cdylib\"]", self.path.display())
        })?;
        std::fs::read(&module).with_context(|| format!("`{}` cannot be read", module.display()))
    }
}

/// Tables and cases, both without faults.
/// # Errors
/// A [`Refusal`] with every fault of both.
pub fn both(
    compiled: Result<Compiled, Vec<Fault>>,
    files: Result<Vec<CaseFile>, Vec<Fault>>,
    headline: &str,
) -> Result<(Compiled, Vec<CaseFile>), Refusal> {
    match (compiled, files) {
        (Ok(compiled), Ok(files)) => Ok((compiled, files)),
        (compiled, files) => {
            Err(Refusal::refused(headline, compiled.err().into_iter().chain(files.err()).flatten().collect()))
        }
    }
}

/// The name under which tables from elsewhere travel with the policy: without the way to them.
fn travelling_name(path: &str) -> String {
    let steps = path.split('/').filter(|step| !matches!(*step, "" | "." | ".."));
    std::iter::once("below").chain(steps).collect::<Vec<_>>().join("/")
}

/// The last `.wasm` that cargo says it made: the policy itself comes after what it depends on.
fn find_module(messages: &str) -> Option<PathBuf> {
    let mut files = messages.lines().filter_map(|line| {
        let message: serde_json::Value = serde_json::from_str(line).ok()?;
        let files = message.get("filenames")?.as_array()?.clone();
        files
            .into_iter()
            .filter_map(|file| file.as_str().map(PathBuf::from))
            .find(|file| file.extension().is_some_and(|e| e == "wasm"))
    });
    files.next_back()
}
