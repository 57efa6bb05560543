//! The cases that a policy file carries in its sources: what is asked of it before it may answer.

use std::collections::BTreeMap;

use crate::{CaseFile, Decide, is_case_file, parse, run};

/// What a policy's own cases say of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Carried {
    /// Cases that pass.
    pub passed: usize,
    /// One text for each case that does not, and for whatever else is wrong with the cases. A policy without a case has one too.
    pub failures: Vec<String>,
}

/// What is said of a policy without a case.
const NO_CASE: &str = "the policy carries no case, so nothing shows that it answers as its payer's text says; \
                       write cases and build it again";

/// Runs the cases among `sources`, texts by path, through `decide`, one by one until `is_over`: what is left then is a failure.
///
/// ```
/// use adjudica_cases::run_carried;
///
/// let nothing = run_carried(&Default::default(), &|| false, &mut |_, _, _| Vec::new());
/// assert!(nothing.failures[0].starts_with("the policy carries no case"));
/// ```
pub fn run_carried(sources: &BTreeMap<String, String>, is_over: &dyn Fn() -> bool, decide: &mut Decide<'_>) -> Carried {
    let mut carried = Carried::default();
    for (name, text) in sources.iter().filter(|(name, _)| is_case_file(name)) {
        let file = match parse(name, text) {
            Ok(file) => file,
            Err(faults) => {
                carried.failures.extend(faults.iter().map(|fault| format!("{name}:{fault}")));
                continue;
            }
        };
        for case in file.cases {
            if is_over() {
                let late = format!("`{name}`: the cases take longer than the host gives them; make them fewer");
                carried.failures.push(late);
                return carried;
            }
            let one = CaseFile { name: name.clone(), terms: file.terms.clone(), cases: vec![case] };
            let found = run(&[one], decide);
            carried.passed += found.passed;
            let told = found.failures.into_iter();
            carried
                .failures
                .extend(told.map(|failure| format!("{}: {}", failure.case, failure.differences.join("; "))));
        }
    }
    if carried.passed == 0 && carried.failures.is_empty() {
        carried.failures.push(NO_CASE.to_owned());
    }
    carried
}
