//! What an audit's report, once written, says of how far its judge can be relied on.

use std::path::Path;

use serde::Deserialize;

use super::model::SCHEMA;

/// The statistic that is read.
const STATISTIC: &str = "pearson";

/// How far a judge agrees with people, as a report has it.
#[derive(Debug, Clone, PartialEq)]
pub struct Audited {
    /// Name of the judge in the report.
    pub judge: String,
    /// Pearson's correlation over all items.
    pub correlation: f64,
    /// Items that it rests on.
    pub n: usize,
}

/// Why a file is no report that a weight can rest on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{file}` {detail}")]
pub struct ReportError {
    /// The file.
    pub file: String,
    /// What it is instead, and what would have worked.
    pub detail: String,
}

#[derive(Deserialize)]
struct Report {
    schema: String,
    judge: String,
    estimates: Vec<Estimated>,
}

#[derive(Deserialize)]
struct Estimated {
    name: String,
    group: Option<String>,
    average: Option<String>,
    value: Option<f64>,
    n: usize,
}

/// Reads the report that `opine audit --report FILE.json` wrote.
///
/// # Errors
/// [`ReportError`] for a file that cannot be read, is no such report, or has no correlation over all items.
pub fn read_report(path: &Path) -> Result<Audited, ReportError> {
    let wrong = |detail: String| ReportError {
        file: path.display().to_string(),
        detail,
    };
    let text =
        std::fs::read_to_string(path).map_err(|error| wrong(format!("cannot be read: {error}")))?;
    let report: Report = serde_json::from_str(&text).map_err(|error| {
        wrong(format!(
            "is no report by `opine audit --report FILE.json`: {error}"
        ))
    })?;
    if report.schema != SCHEMA {
        let found = report.schema;
        return Err(wrong(format!("has the form `{found}`; `{SCHEMA}` is read")));
    }
    let row = report
        .estimates
        .into_iter()
        .find(|row| row.name == STATISTIC && row.group.is_none() && row.average.is_none());
    let value = row.and_then(|row| Some((row.value?, row.n)));
    let (correlation, n) =
        value.ok_or_else(|| wrong(format!("has no `{STATISTIC}` over all items")))?;
    Ok(Audited {
        judge: report.judge,
        correlation,
        n,
    })
}
