//! The results of a run as `JUnit` XML, a suite for each folder. Writes text; runs nothing.

use std::fmt::Write as _;

use crate::cmd::policy::test::Tested;

/// The document.
pub fn render(tested: &[Tested]) -> String {
    let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n");
    for one in tested {
        let (name, all, failed) = (escape(&one.folder.display().to_string()), one.cases.len(), one.failures.len());
        // Writing to a text cannot fail.
        let _ = writeln!(xml, "  <testsuite name=\"{name}\" tests=\"{all}\" failures=\"{failed}\">");
        for (file, case) in &one.cases {
            let failure = one.failures.iter().find(|failure| failure.file == *file && failure.case == *case);
            let (file, case) = (escape(file), escape(case));
            let _ = match failure {
                None => writeln!(xml, "    <testcase classname=\"{file}\" name=\"{case}\"/>"),
                Some(failure) => writeln!(
                    xml,
                    "    <testcase classname=\"{file}\" name=\"{case}\" line=\"{}\">\n      <failure message=\"{}\"/>\n    \
                     </testcase>",
                    failure.line,
                    escape(&failure.differences.join("; "))
                ),
            };
        }
        xml.push_str("  </testsuite>\n");
    }
    xml.push_str("</testsuites>\n");
    xml
}

/// Text as it may stand in an attribute.
fn escape(text: &str) -> String {
    let mut escaped = String::new();
    for character in text.chars().filter(|character| !character.is_control()) {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            other => escaped.push(other),
        }
    }
    escaped
}
