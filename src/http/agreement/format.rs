//! In which form a report is answered.

use actix_web::HttpResponse;
use actix_web::http::header::{self, HeaderMap};

use crate::agreement::audit::Audit;
use crate::agreement::report;
use crate::http::body::Scalar;
use crate::http::problem::{Code, Problem};
use crate::near::quoted;

/// A form of the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    /// The report, all of it.
    Json,
    /// A page for people.
    Html,
    /// The same as Markdown.
    Markdown,
}

/// A page of a report loads nothing and runs nothing, whatever the names in it are.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; sandbox";

impl Format {
    const ALL: [Format; 3] = [Format::Json, Format::Html, Format::Markdown];

    const fn name(self) -> &'static str {
        match self {
            Format::Json => "json",
            Format::Html => "html",
            Format::Markdown => "markdown",
        }
    }

    const fn media_type(self) -> &'static str {
        match self {
            Format::Json => "application/json",
            Format::Html => "text/html",
            Format::Markdown => "text/markdown",
        }
    }

    /// The form that the setting `format` names.
    pub(super) fn given(value: &Scalar) -> Result<Self, Problem> {
        let name = value.text("format")?;
        let format = Self::ALL.into_iter().find(|format| format.name() == name);
        format.ok_or_else(|| {
            let known = quoted(&Self::ALL.map(Format::name));
            Problem::new(Code::InvalidValue, format!("`format` is one of {known}"))
        })
    }

    /// The form that the header `Accept` names first; JSON where it names none of ours.
    pub(super) fn accepted(headers: &HeaderMap) -> Self {
        let values = headers.get_all(header::ACCEPT);
        let ranges = values.filter_map(|value| value.to_str().ok());
        let ranges = ranges.flat_map(|value| value.split(','));
        let mut named = ranges.filter_map(|range| {
            let range = range.split(';').next().unwrap_or_default().trim();
            let is = |format: &Format| range.eq_ignore_ascii_case(format.media_type());
            Self::ALL.into_iter().find(is)
        });
        named.next().unwrap_or(Format::Json)
    }

    /// The report as it is sent.
    pub(super) fn respond(self, found: &Audit) -> HttpResponse {
        let (text, charset) = match self {
            Format::Json => (report::json(found), ""),
            Format::Html => (report::html(found), "; charset=utf-8"),
            Format::Markdown => (report::markdown(found), "; charset=utf-8"),
        };
        HttpResponse::Ok()
            .content_type(format!("{}{charset}", self.media_type()))
            .insert_header((header::VARY, "Accept"))
            .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
            .insert_header((header::CONTENT_SECURITY_POLICY, POLICY))
            .body(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_form_of_ours_that_is_accepted_counts() {
        let accepted = |value: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT, header::HeaderValue::from_static(value));
            Format::accepted(&headers)
        };
        assert_eq!(Format::accepted(&HeaderMap::new()), Format::Json);
        assert_eq!(accepted("*/*"), Format::Json);
        assert_eq!(
            accepted("text/html,application/xhtml+xml;q=0.9,*/*;q=0.8"),
            Format::Html
        );
        assert_eq!(accepted("application/json, text/html"), Format::Json);
        assert_eq!(accepted("image/png, Text/Markdown;q=1"), Format::Markdown);
    }
}
