//! Tables and choices as they are uploaded: rows in JSON, or files in a form.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use actix_web::{HttpRequest, web};
use serde::de::MapAccess;

use super::body::{
    Form, MOST_LISTED, MediaType, Object, Reader, Rows, Scalar, Structure, duplicate_field,
    offload, read_object, read_structure,
};
use super::given::{self, text_part};
use super::problem::{Code, Problem};
use super::service::Bounds;
use crate::engine::{Clock, Permit};
use crate::table::{TableError, TablePlace};

/// Longest name of a file, in characters.
const LONGEST_NAME: usize = 200;

/// What one operation takes: tables, which it all needs, and choices.
pub(super) trait Uploads: Default + Send + 'static {
    /// Names of the tables, each a list of rows in JSON and a file in a form.
    const TABLES: &'static [&'static str];
    /// Tables of which there may be several: their name in JSON, where they have names, that of each file in a form,
    /// and the most of them.
    const MANY: Option<(&'static str, &'static str, usize)> = None;
    /// Choices that are strings, numbers or truth values.
    const SCALARS: &'static [&'static str] = &[];
    /// Choices that are lists of strings; a form has them as JSON.
    const LISTS: &'static [&'static str] = &[];
    /// Most rows of one table that comes in JSON.
    const MOST_ROWS: usize;

    /// Takes one of [`Uploads::SCALARS`].
    fn set(&mut self, name: &str, _: &Scalar) -> Result<(), Problem> {
        Err(super::body::unknown_field(name, Self::SCALARS))
    }

    /// Takes one of [`Uploads::LISTS`].
    fn set_list(&mut self, name: &str, _: &Structure) -> Result<(), Problem> {
        Err(super::body::unknown_field(name, Self::LISTS))
    }
}

/// What was uploaded.
pub(super) struct Uploaded<U> {
    tables: BTreeMap<&'static str, TablePlace>,
    /// Those of which there may be several; with their names where they came in JSON.
    pub(super) many: Vec<(Option<String>, TablePlace)>,
    /// The choices.
    pub(super) choices: U,
    /// Whether rows came in the body itself, so that a line is a place in it.
    pub(super) by_row: bool,
    /// The place and the bytes of the request, until it is answered.
    pub(super) permit: Permit,
}

impl<U: Uploads> Uploaded<U> {
    fn new(permit: Permit, by_row: bool) -> Self {
        Uploaded {
            tables: BTreeMap::new(),
            many: Vec::new(),
            choices: U::default(),
            by_row,
            permit,
        }
    }

    /// One of [`Uploads::TABLES`].
    pub(super) fn table(&self, name: &'static str) -> Result<TablePlace, Problem> {
        self.tables.get(name).cloned().ok_or_else(|| {
            let needed = U::TABLES.join("`, `");
            Problem::new(Code::MissingField, format!("`{name}` is not given"))
                .at(format!("/{name}"))
                .hint(format!("the tables `{needed}` are rows in JSON, or files in a form; GET /openapi.yaml has examples"))
        })
    }
}

/// The JSON body.
#[derive(Default)]
struct Body<U> {
    tables: Vec<(&'static str, Rows)>,
    many: Vec<(String, Rows)>,
    choices: U,
}

fn fields<U: Uploads>(many: Option<&'static str>) -> Cow<'static, [&'static str]> {
    let tables = U::TABLES.iter().copied().chain(many);
    let choices = U::SCALARS.iter().chain(U::LISTS).copied();
    Cow::Owned(tables.chain(choices).collect())
}

impl<'de, U: Uploads> Object<'de> for Body<U> {
    fn fields() -> Cow<'static, [&'static str]> {
        fields::<U>(U::MANY.map(|(name, ..)| name))
    }

    fn take<A: MapAccess<'de>>(
        &mut self,
        field: &str,
        value: Reader<'_, A>,
    ) -> Result<(), A::Error> {
        if let Some(table) = U::TABLES.iter().find(|table| **table == field) {
            self.tables.push((table, value.rows(U::MOST_ROWS)?));
            return Ok(());
        }
        if let Some((name, _, most)) = U::MANY
            && name == field
        {
            self.many = value.named_rows(most, U::MOST_ROWS)?;
            return Ok(());
        }
        let choices = &mut self.choices;
        if U::LISTS.contains(&field) {
            return value.structure(|given| choices.set_list(field, given));
        }
        if U::SCALARS.contains(&field) {
            return value.scalar(|given| choices.set(field, given));
        }
        value.unknown(&Self::fields())
    }
}

impl<U: Uploads> Body<U> {
    fn held(self, permit: Permit) -> Uploaded<U> {
        let mut uploaded = Uploaded::new(permit, true);
        uploaded.choices = self.choices;
        for (name, rows) in self.tables {
            // The folder says where in the body the table is, and the last step names it in a report.
            let place = TablePlace::held(format!("{name}/{name}.jsonl"), rows.bytes);
            uploaded.tables.insert(name, place);
        }
        let folder = U::MANY.map_or("", |(name, ..)| name);
        for (name, rows) in self.many {
            let name = file_name(Some(name), folder);
            let place = TablePlace::held(format!("{folder}/{name}"), rows.bytes);
            uploaded.many.push((Some(name), place));
        }
        uploaded
    }
}

/// Reads an upload of either form.
pub(super) async fn read<U: Uploads>(
    http: &HttpRequest,
    payload: web::Payload,
    bounds: Bounds,
) -> Result<Uploaded<U>, Problem> {
    let (media_type, body) = given::open(http, payload, bounds)?;
    let permit = body.permit();
    let deadline = Clock.now() + bounds.request_time;
    match media_type {
        MediaType::Json => {
            let bytes = body.collect().await?;
            permit.work(deadline).await?;
            offload(bytes.len(), move || {
                Ok(read_object::<Body<U>>(MOST_LISTED, &bytes)?.held(permit))
            })
            .await
        }
        MediaType::Form => {
            let form = Form::open(http, body, fields::<U>(U::MANY.map(|(_, part, _)| part)));
            let uploaded = in_form(form, permit.clone()).await?;
            permit.work(deadline).await?;
            Ok(uploaded)
        }
    }
}

async fn in_form<U: Uploads>(mut form: Form, permit: Permit) -> Result<Uploaded<U>, Problem> {
    let mut seen: Vec<String> = Vec::new();
    let mut uploaded = Uploaded::<U>::new(permit, false);
    while let Some(part) = form.next().await? {
        let name = part.name.as_str();
        let at = |problem: Problem| problem.at(format!("/{name}"));
        if let Some((_, file, most)) = U::MANY
            && file == name
        {
            if uploaded.many.len() == most {
                let detail = format!("there are more than {most} tables");
                return Err(at(Problem::new(Code::InvalidValue, detail)));
            }
            let place = format!("{file}/{}", file_name(part.file_name, file));
            uploaded
                .many
                .push((None, TablePlace::held(place, part.bytes)));
            continue;
        }
        if seen.contains(&part.name) {
            return Err(duplicate_field(name));
        }
        seen.push(part.name.clone());
        if let Some(table) = U::TABLES.iter().find(|table| **table == name) {
            let place = format!("{table}/{}", file_name(part.file_name, table));
            uploaded
                .tables
                .insert(table, TablePlace::held(place, part.bytes));
        } else if U::LISTS.contains(&name) {
            let typed = read_structure(MOST_LISTED, &part.bytes).map_err(at)?;
            uploaded.choices.set_list(name, &typed).map_err(at)?;
        } else {
            let text = Scalar::Text(text_part(name, &part.bytes).map_err(at)?.to_owned());
            uploaded.choices.set(name, &text).map_err(at)?;
        }
    }
    Ok(uploaded)
}

/// Does work away from the threads that serve connections. Whoever waits too long is told so; the work goes on to its
/// end, which its bounds keep near, and holds until then whatever places it was given.
pub(super) async fn worked_out<T: Send + 'static>(
    what: &str,
    time: Duration,
    work: impl FnOnce() -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    match tokio::time::timeout(time, tokio::task::spawn_blocking(work)).await {
        Ok(Ok(found)) => found,
        Ok(Err(_)) => Err(Problem::internal()),
        Err(_) => {
            let detail = format!("the {what} took more than {} seconds", time.as_secs_f64());
            Err(Problem::new(Code::TookTooLong, detail)
                .hint("send fewer rows or fewer `resamples`; the command line has no such bound")
                .retry_after(Duration::from_secs(1)))
        }
    }
}

/// The last step of a name, short enough to be shown.
fn file_name(given: Option<String>, otherwise: &str) -> String {
    let name = given.unwrap_or_default();
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default().trim();
    if last.is_empty() || last == ".." || last == "." {
        return otherwise.to_owned();
    }
    last.chars().take(LONGEST_NAME).collect()
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
pub(super) fn table(file: &Path) -> String {
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
