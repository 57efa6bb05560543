//! A grid as text, CSV and one page of HTML. Changes nothing in it.

use std::collections::BTreeMap;

use super::{Cell, Matrix, letter};

/// What the letters mean.
const LEGEND: &str = "B billable, R report only, I incomplete, W review, N not billable, U undetermined";

const PAGE_STYLE: &str =
    "body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem; color: #1b1b1b; background: #fff; }
table { border-collapse: collapse; margin: 0.5rem 0 2rem; }
th, td { border: 1px solid #c8c8c8; padding: 0.25rem 0.6rem; text-align: center; }
th[scope=row] { text-align: left; }
thead th { background: #f0f0f0; }
.B { background: #cdebcf; } .R { background: #d6e4f5; } .I { background: #fdf0bf; }
.W { background: #fbdcb8; } .N { background: #f6cfcf; } .U { background: #e2e2e2; }
.plain { font-style: italic; }
";

impl Matrix {
    fn by_place(&self) -> BTreeMap<(&str, &str, &str), &Cell> {
        self.cells.iter().map(|cell| ((cell.phase.as_str(), cell.role.as_str(), cell.code.as_str()), cell)).collect()
    }

    /// Codes for which no case gives an encounter.
    fn without_case(&self) -> Vec<&str> {
        let is_plain = |code: &&String| self.cells.iter().any(|cell| cell.code == **code && !cell.base);
        self.codes.iter().filter(is_plain).map(String::as_str).collect()
    }

    /// One grid for each phase: roles down, codes across, a letter for each outcome.
    #[must_use]
    pub fn text(&self) -> String {
        let cells = self.by_place();
        let width = self.roles.iter().map(|role| role.chars().count()).max().unwrap_or(0).max("role".len());
        let mut text = format!("{LEGEND}\n");
        for phase in &self.phases {
            let line = |first: &str, rest: Vec<String>| {
                let rest: String = rest.iter().map(|value| format!(" {value:<5}")).collect();
                format!("{}\n", format!("{first:<width$}{rest}").trim_end())
            };
            text.push_str(&format!("\nphase {phase}\n"));
            text.push_str(&line("role", self.codes.clone()));
            for role in &self.roles {
                let letter_of =
                    |code: &String| cells.get(&(phase, role, code)).map_or('-', |cell| letter(cell.outcome));
                text.push_str(&line(role, self.codes.iter().map(|code| letter_of(code).to_string()).collect()));
            }
        }
        let plain = self.without_case();
        if !plain.is_empty() {
            text.push_str(&format!("\nno case has {}: a plain encounter was asked about\n", plain.join(", ")));
        }
        text
    }

    /// A line for each cell, after the header `phase,role,code,outcome,rule`.
    #[must_use]
    pub fn csv(&self) -> String {
        let line = |cell: &Cell| {
            let rule = cell.rule.as_deref().unwrap_or_default();
            // INVARIANT (names in CSV): phases, roles, codes and rules are tokens, which hold no comma, quote or line end.
            format!("{},{},{},{},{rule}\n", cell.phase, cell.role, cell.code, letter(cell.outcome))
        };
        std::iter::once("phase,role,code,outcome,rule\n".to_owned()).chain(self.cells.iter().map(line)).collect()
    }

    /// One page that needs nothing else: a table for each phase, each cell with the rule behind it as its title.
    #[must_use]
    pub fn html(&self, title: &str) -> String {
        let title = escaped(title);
        let mut page = format!(
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>{title}</title>\n<style>\n{PAGE_STYLE}</style>\n</head>\n<body>\n<h1>{title}</h1>\n<p>{LEGEND}. The title of a cell tells the rule behind it.</p>\n"
        );
        let cells = self.by_place();
        let heads: String = self.codes.iter().map(|code| format!("<th scope=\"col\">{}</th>", escaped(code))).collect();
        for phase in &self.phases {
            page.push_str(&format!("<h2>{}</h2>\n<table>\n", escaped(phase)));
            page.push_str(&format!("<thead><tr><th scope=\"col\">role</th>{heads}</tr></thead>\n<tbody>\n"));
            for role in &self.roles {
                let cell = |code: &String| cells.get(&(phase, role, code)).map_or_else(no_cell, |cell| html_cell(cell));
                let row: String = self.codes.iter().map(cell).collect();
                page.push_str(&format!("<tr><th scope=\"row\">{}</th>{row}</tr>\n", escaped(role)));
            }
            page.push_str("</tbody>\n</table>\n");
        }
        let plain = self.without_case();
        if !plain.is_empty() {
            let codes = escaped(&plain.join(", "));
            page.push_str(&format!("<p>No case has {codes}: a plain encounter was asked about.</p>\n"));
        }
        page.push_str("</body>\n</html>\n");
        page
    }
}

fn no_cell() -> String {
    "<td>-</td>".to_owned()
}

fn html_cell(cell: &Cell) -> String {
    let mut title = format!("{} {} {}: {}", cell.role, cell.code, cell.phase, cell.outcome.as_str());
    if let Some(rule) = &cell.rule {
        title.push_str(&format!(" by {rule}"));
    }
    if let Some(citation) = &cell.citation {
        title.push_str(&format!(" ({citation})"));
    }
    let letter = letter(cell.outcome);
    let plain = if cell.base { "" } else { " plain" };
    format!("<td class=\"{letter}{plain}\" title=\"{}\">{letter}</td>", escaped(&title))
}

/// The text with what means something in HTML written out.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}
