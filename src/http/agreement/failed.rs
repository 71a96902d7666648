//! Why an audit could not be done, as the fault of a request.

use crate::agreement::audit::AuditError;
use crate::http::problem::{Code, Problem};
use crate::http::uploads::{as_fields, pointer, table};

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
