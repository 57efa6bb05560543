//! A decision in words: its lines, its main reason, and each finding with its source. Prints; decides nothing.

use adjudica_core::decision::Verdict;
use adjudica_core::manifest::Effect;
use adjudica_core::{Decision, Finding, LiabilityGroup};
use anyhow::Result;

use crate::cmd::decide::answers::Answer;
use crate::output::Output;
use crate::table::{counted, dollars};

/// The lines on one line: `G9002 ×2 2P, 99489`.
pub fn lines(decision: &Decision) -> String {
    let line = |line: &adjudica_core::DecisionLine| {
        let units = if line.units.0 == 1 { String::new() } else { format!(" ×{}", line.units) };
        let modifiers: String = line.modifiers.iter().map(|modifier| format!(" {modifier}")).collect();
        format!("{}{units}{modifiers}", line.procedure_code)
    };
    decision.lines.iter().map(line).collect::<Vec<_>>().join(", ")
}

/// The strongest failed rule's sentence, and how many others there are.
pub fn reason(decision: &Decision) -> String {
    if let Some(reason) = &decision.undetermined {
        return reason.message.clone();
    }
    let failed: Vec<&Finding> = decision.findings.iter().filter(|finding| finding.verdict == Verdict::Failed).collect();
    let strongest = failed.iter().filter(|finding| finding.effect != Effect::Note).min_by_key(|finding| finding.effect);
    let others = failed.iter().filter(|finding| finding.effect != Effect::Note).count().saturating_sub(1);
    match (strongest, others) {
        (None, _) => String::new(),
        (Some(finding), 0) => finding.message.clone(),
        (Some(finding), others) => format!("{} (and {others} more)", finding.message),
    }
}

/// Prints a decision with all its findings.
pub fn print(output: &Output, answer: &Answer) -> Result<()> {
    let Answer { encounter_id, date_of_service, payer_id, decision, .. } = answer;
    output.line(&format!("{encounter_id}  {date_of_service}  {payer_id}: {}", decision.outcome.as_str()))?;
    for line in &decision.lines {
        let amount = line.amount_cents.map_or_else(|| "no rate known".to_owned(), dollars);
        let units = counted(line.units.0, "unit", "units");
        let modifiers: String = line.modifiers.iter().map(|modifier| format!(" {modifier}")).collect();
        output.line(&format!("  line   {}{modifiers}, {units}, {amount}", line.procedure_code))?;
    }
    if let Some(reason) = &decision.undetermined {
        output.line(&format!("  {}", reason.message))?;
    }
    for finding in &decision.findings {
        print_finding(output, finding)?;
    }
    Ok(output.line("")?)
}

fn print_finding(output: &Output, finding: &Finding) -> Result<()> {
    let mark = match (finding.verdict, finding.effect) {
        (Verdict::Satisfied, _) => "ok    ",
        (Verdict::Failed, Effect::Note) => "note  ",
        (Verdict::Failed, Effect::ReportOnly) => "report",
        (Verdict::Failed, Effect::Review) => "review",
        (Verdict::Failed, Effect::Incomplete) => "lacks ",
        (Verdict::Failed, Effect::NotBillable) => "no    ",
    };
    output.line(&format!("  {mark} {}: {}", finding.rule_id, finding.message))?;
    if finding.verdict == Verdict::Satisfied {
        return Ok(());
    }
    if let Some(remedy) = &finding.remedy {
        output.line(&format!("           do: {remedy}"))?;
    }
    if let Some(citation) = &finding.citation {
        let section = citation.section.as_ref().map(|section| format!(", {section}")).unwrap_or_default();
        output.line(&format!("           source: {}{section}", citation.title))?;
    }
    if let Some(denial) = &finding.denial {
        let remarks: String = denial.rarc.iter().map(|remark| format!(" {remark}")).collect();
        output.line(&format!("           as a denial: {} {}{remarks}", group(denial.group), denial.carc))?;
    }
    finding.assumptions.iter().try_for_each(|assumption| Ok(output.line(&format!("           assumes: {assumption}"))?))
}

fn group(group: LiabilityGroup) -> &'static str {
    match group {
        LiabilityGroup::Contractual => "CO",
        LiabilityGroup::Patient => "PR",
        LiabilityGroup::Other => "OA",
        LiabilityGroup::PayerInitiated => "PI",
    }
}
