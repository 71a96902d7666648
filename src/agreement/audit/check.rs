//! Refuses files from which nothing can be said.

use super::AuditError;
use super::join::Joined;
use super::options::{AuditOptions, Missing};
use super::side::Side;
use crate::stats::{PairedSample, Side as SampleSide, StatsError};

/// Refuses files without a single item, and missing values where none are allowed.
pub(super) fn check(joined: &Joined, options: &AuditOptions) -> Result<(), AuditError> {
    let nothing = |side: &Side, detail: String, remedy| AuditError::NothingScored {
        file: side.table.path().to_owned(),
        column: column_of(side),
        detail,
        remedy,
    };
    let listed = |reasons: &[(String, u64)]| {
        let shown = reasons
            .iter()
            .take(3)
            .map(|(reason, line)| format!("{reason}, first on line {line}"));
        shown.collect::<Vec<_>>().join("; ")
    };
    if joined.items.is_empty() {
        let detail = format!(
            "no matched row has a human value ({})",
            listed(&joined.human.reasons)
        );
        return Err(nothing(
            &joined.human,
            detail,
            "name another column with `--human-column`",
        ));
    }
    let scored = joined.scored();
    if scored == 0 {
        let detail = format!(
            "no matched row has a value of the judge ({})",
            listed(&joined.judged.reasons)
        );
        return Err(nothing(
            &joined.judged,
            detail,
            "name another column with `--judged-column`",
        ));
    }
    if options.missing == Missing::Refuse && scored < joined.items.len() {
        let reasons = joined.reasons();
        return Err(AuditError::Refused {
            n: joined.items.len() - scored,
            of: joined.items.len(),
            reasons: reasons
                .iter()
                .map(|(reason, n, line)| {
                    line.map_or_else(
                        || format!("{n} {reason}"),
                        |line| {
                            format!(
                                "{n} {reason}, first in {} on line {line}",
                                joined.judged.table.path().display()
                            )
                        },
                    )
                })
                .collect::<Vec<_>>()
                .join("; "),
        });
    }
    Ok(())
}

/// Blames the file whose values have no coefficient.
pub(super) fn undefined(joined: &Joined, sample: &PairedSample) -> AuditError {
    let error = sample
        .require_varied("correlation", 3)
        .err()
        .unwrap_or_else(|| StatsError::Undefined {
            statistic: "correlation",
            reason: "no coefficient exists for these values".to_owned(),
        });
    let constant = |of| matches!(&error, StatsError::Constant { side, .. } if *side == of);
    let (side, remedy) = if constant(SampleSide::Human) {
        (&joined.human, "name another column with `--human-column`")
    } else if constant(SampleSide::Predicted) {
        (
            &joined.judged,
            "check the judge: it gave every item the same value; or name another column with `--judged-column`",
        )
    } else {
        (
            &joined.human,
            "give at least three items that both files have",
        )
    };
    AuditError::Undefined {
        file: side.table.path().to_owned(),
        column: column_of(side),
        error: Box::new(error),
        remedy,
    }
}

fn column_of(side: &Side) -> String {
    let value = side.taken.iter().find(|(role, _)| *role == "value");
    value.map_or_else(|| "mean of raters".to_owned(), |(_, column)| column.clone())
}
