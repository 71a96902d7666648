//! Why an audit could not be done, as the fault of a request.

use std::path::Path;

use crate::agreement::audit::AuditError;
use crate::http::problem::{Code, Problem};
use crate::table::TableError;

/// The fault of an audit; `by_row` where rows came in the body, so that a line is a place in it.
pub(super) fn refused(error: &AuditError, by_row: bool) -> Problem {
    let pointer = match error {
        AuditError::Table(error) => pointer(error, by_row),
        AuditError::NothingInCommon(_) => "/human".to_owned(),
        AuditError::NothingScored { file, .. } | AuditError::Undefined { file, .. } => table(file),
        AuditError::Refused { .. } => "/missing".to_owned(),
        AuditError::NoColumn { option, .. } => format!("/{}", option.trim_start_matches('-')),
        AuditError::Statistic(_) => String::new(),
    };
    Problem::new(Code::InvalidValue, as_fields(&error.to_string())).at(pointer)
}

/// Where in the body a fault of a table is.
pub(super) fn pointer(error: &TableError, by_row: bool) -> String {
    let table = table(&error.file);
    let Some(line) = error.line.filter(|_| by_row) else {
        return table;
    };
    let row = format!("{table}/{}", line.saturating_sub(1));
    match &error.column {
        // A column of an object inside a row is `outer.inner`.
        Some(column) => format!("{row}/{}", escaped(column).replace('.', "/")),
        None => row,
    }
}

/// The field of a table, which is the folder of the name that it was given.
fn table(file: &Path) -> String {
    let mut steps = file.iter().map(|step| escaped(&step.to_string_lossy()));
    match (steps.next(), steps.next()) {
        (Some(baselines), Some(name)) if baselines == "baselines" => format!("/{baselines}/{name}"),
        (Some(field), _) => format!("/{field}"),
        (None, _) => String::new(),
    }
}

fn escaped(step: &str) -> String {
    step.replace('~', "~0").replace('/', "~1")
}

/// Messages name options of the command line; a request has fields instead.
pub(super) fn as_fields(text: &str) -> String {
    let mut fields = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("--") {
        let (before, option) = rest.split_at(at);
        let option = &option[2..];
        let is_name = |sign: char| sign.is_ascii_lowercase() || sign == '-';
        let end = option.find(|sign| !is_name(sign)).unwrap_or(option.len());
        fields.push_str(before);
        fields.push_str(&option[..end].replace('-', "_"));
        rest = &option[end..];
    }
    fields.push_str(rest);
    fields
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::TableFault;

    #[test]
    fn options_become_fields() {
        for (text, expected) in [
            ("pass `--missing-text` with", "pass `missing_text` with"),
            (
                "pass `--duplicates first` or `last`",
                "pass `duplicates first` or `last`",
            ),
            ("`--on`", "`on`"),
            ("a - b", "a - b"),
        ] {
            assert_eq!(as_fields(text), expected);
        }
    }

    #[test]
    fn a_line_is_a_place_where_rows_came_in_the_body() {
        let error = |file: &str| {
            TableError::new(Path::new(file), TableFault::Format, "", "")
                .at(3)
                .column("scale.min")
        };
        assert_eq!(pointer(&error("judged/scores.csv"), false), "/judged");
        assert_eq!(
            pointer(&error("judged/judged"), true),
            "/judged/2/scale/min"
        );
        assert_eq!(
            pointer(&error("baselines/o"), true),
            "/baselines/o/2/scale/min"
        );
    }
}
