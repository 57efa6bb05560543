//! The results of a run as `JUnit` XML, a suite for each folder. Writes text; runs nothing.

use anyhow::Result;
use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use crate::cmd::policy::test::Tested;

/// The document.
pub fn render(tested: &[Tested]) -> Result<String> {
    let mut report = Report::new("adjudica policy test");
    report.add_test_suites(tested.iter().map(suite));
    Ok(report.to_string()?)
}

fn suite(tested: &Tested) -> TestSuite {
    let mut suite = TestSuite::new(tested.folder.display().to_string());
    suite.add_test_cases(tested.cases.iter().map(|(file, name)| {
        let failure = tested.failures.iter().find(|failure| failure.file == *file && failure.case == *name);
        let status = failure.map_or_else(TestCaseStatus::success, |failure| {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
            status.set_message(failure.differences.join("; "));
            status
        });
        let mut case = TestCase::new(name.as_str(), status);
        case.set_classname(file.as_str());
        if let Some(failure) = failure {
            case.extra.insert("line".into(), failure.line.to_string().into());
        }
        case
    }));
    suite
}
