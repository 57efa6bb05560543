//! A file of answers: one JSON value per line, or rows for a spreadsheet. It is whole or not there.

use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use crate::cmd::decide::answers::{Answered, Answers, Form, Lines};
use crate::cmd::decide::row::HEADER;
use crate::exit::{Fault, Refusal};
use crate::intake::survey::Position;

/// A file for answers.
pub struct OutFile {
    /// Where it will be.
    pub path: PathBuf,
    form: Form,
    /// What becomes it when all is written.
    file: tempfile::NamedTempFile,
}

impl OutFile {
    /// Begins the file at `path`, its form by its ending.
    /// # Errors
    /// A [`Refusal`] for another ending, for one of `inputs`, and where it cannot be written.
    pub fn begin(path: &Path, inputs: &[PathBuf]) -> Result<Self, Refusal> {
        let refuse = |message: String| Refusal::usage("nothing was decided", vec![Fault::of_file(path, message)]);
        let form = match path.extension().and_then(|ending| ending.to_str()) {
            Some("ndjson" | "jsonl") => Form::Json,
            Some("csv") => Form::Row,
            _ => {
                let message = "answers are written as `.ndjson` or `.csv`; end the name with one of these";
                return Err(refuse(message.to_owned()));
            }
        };
        let is_input = |input: &PathBuf| {
            input.canonicalize().ok().is_some_and(|input| path.canonicalize().is_ok_and(|out| out == input))
        };
        if inputs.iter().any(is_input) {
            return Err(refuse("the answers would stand in the place of the encounters; give another name".to_owned()));
        }
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let file = tempfile::NamedTempFile::new_in(folder);
        let file = file.map_err(|fault| refuse(format!("cannot be written: {fault}")))?;
        Ok(Self { path: path.to_owned(), form, file })
    }

    /// Writes what `decide` answers about the encounters of `order`, in that order.
    /// # Errors
    /// Those of `decide`, and when the file cannot be written; then it is not there.
    pub fn write(
        mut self,
        order: impl Iterator<Item = Position>,
        decide: impl FnOnce(Answers<'_>) -> Result<Answered>,
    ) -> Result<Answered> {
        let path = self.path.display().to_string();
        let unwritable = || format!("`{path}` cannot be written");
        let mut out = BufWriter::with_capacity(1 << 18, self.file.as_file_mut());
        if self.form == Form::Row {
            writeln!(out, "{HEADER}").with_context(unwritable)?;
        }
        let answered = decide(Answers::new(self.form, Some(Lines::new(order, &mut out)))?)?;
        let rest = answered.each_text(|text| {
            out.write_all(text)?;
            Ok(out.write_all(b"\n")?)
        });
        rest.with_context(unwritable)?;
        out.flush().with_context(unwritable)?;
        drop(out);
        self.file.persist(&self.path).with_context(unwritable)?;
        Ok(answered)
    }
}
