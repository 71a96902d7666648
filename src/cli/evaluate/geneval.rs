//! `opine evaluate --items`: GenEval from detections that the caller has.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use serde_json::Value;

use super::EvaluateArguments;
use crate::cli::files::shown;
use crate::cli::{CliError, Ending, output};
use crate::evaluation::{GenEvalFault, GenEvalItem, check_items, json_rows};
use crate::wire::{EvaluateResult, GenEvalReply, GenEvalSummaryJson};

/// Arguments that would not be read: nobody is asked about these pictures.
pub(super) const NOT_BESIDE: [&str; 17] = [
    "files",
    "judge",
    "prompt",
    "questions",
    "extraction",
    "writer",
    "generate",
    "write_questions",
    "verdicts",
    "missing",
    "stages",
    "aggregation",
    "weights",
    "retries",
    "source",
    "texts",
    "record",
];

pub(super) fn run(file: &Path, arguments: &EvaluateArguments) -> Result<Ending, CliError> {
    let method = arguments.method.as_deref();
    if let Some(method) = method.filter(|name| *name != "geneval") {
        let message = format!(
            "--items go with the method geneval, not with {}",
            shown(method)
        );
        return Err(CliError::Evaluate(message));
    }
    let unreadable = |error| CliError::Unreadable(file.to_owned(), error);
    let in_line = |line: usize, detail: &dyn std::fmt::Display| {
        CliError::Evaluate(format!(
            "{}, line {line}: {detail}",
            shown(&file.display().to_string())
        ))
    };
    let rows = BufReader::new(File::open(file).map_err(unreadable)?);
    let (mut items, mut lines) = (Vec::new(), Vec::new());
    for row in json_rows::<Value>(rows) {
        let (line, row) = row.map_err(unreadable)?;
        let row = row.map_err(|detail| in_line(line, &detail))?;
        let item = GenEvalItem::read(row, items.len().to_string());
        items.push(item.map_err(|fault| in_line(line, &said(&fault)))?);
        lines.push(line);
    }
    let checked = check_items(&items);
    let checked = checked.map_err(|(at, fault)| in_line(lines[at], &said(&fault)))?;
    let Some(checked) = checked else {
        return Err(CliError::Evaluate(format!(
            "{} has no item",
            shown(&file.display().to_string())
        )));
    };
    let reply = GenEvalReply::new(&items, &checked);
    for result in &reply.results {
        match arguments.json {
            true => output::json_line(result)?,
            false => print(result)?,
        }
    }
    if !arguments.json {
        output::text(&format!("\n{}", reply.summary.markdown()))?;
    }
    if let Some(file) = &arguments.summary {
        write(file, &reply.summary)?;
    }
    Ok(Ending::Done)
}

fn said(fault: &GenEvalFault) -> String {
    match fault.pointer.is_empty() {
        true => fault.detail.clone(),
        false => fault.to_string(),
    }
}

fn print(result: &EvaluateResult) -> Result<(), CliError> {
    let json = serde_json::to_value(result).expect("results are always JSON");
    let image = shown(json["image"].as_str().unwrap_or_default());
    let reasons = json["elements"].as_array().into_iter().flatten();
    let reasons: Vec<&str> = reasons
        .filter_map(|element| element["reason"].as_str())
        .collect();
    match reasons.is_empty() {
        true => output::line(format_args!("as asked  {image}"))?,
        false => output::line(format_args!(
            "wrong     {image}: {}",
            shown(&reasons.join("; "))
        ))?,
    }
    Ok(())
}

/// JSON where the file is named so, else Markdown.
fn write(file: &Path, summary: &GenEvalSummaryJson) -> Result<(), CliError> {
    let ending = file.extension().and_then(|ending| ending.to_str());
    let text = match ending {
        Some("json") => {
            let json = serde_json::to_string_pretty(summary).expect("summaries are always JSON");
            json + "\n"
        }
        Some("md") => summary.markdown(),
        Some(_) | None => return Err(CliError::ReportForm(file.to_owned())),
    };
    std::fs::write(file, text).map_err(|error| CliError::ReportFile(file.to_owned(), error))
}
