//! Tables and choices as they are uploaded: rows in JSON, or files in a form.

use actix_web::{HttpRequest, web};
use serde::de::MapAccess;

use super::format::Format;
use super::settings::{LISTS, SCALARS, set, set_list};
use crate::agreement::audit::AuditOptions;
use crate::engine::{Clock, Permit};
use crate::http::body::{
    Form, MOST_LISTED, MediaType, Object, Reader, Rows, Scalar, duplicate_field, offload,
    read_object, read_structure,
};
use crate::http::given::{self, text_part};
use crate::http::problem::{Code, Problem};
use crate::http::service::Bounds;
use crate::table::TablePlace;

/// Most rows of one table.
pub(super) const MOST_ROWS: usize = 100_000;
/// Most other judges to compare with.
const MOST_BASELINES: usize = 8;
/// Longest name of a file, in characters.
const LONGEST_NAME: usize = 200;

/// An audit that can be begun.
pub(super) struct Uploaded {
    pub(super) options: AuditOptions,
    pub(super) format: Option<Format>,
    /// Whether rows came in the body itself.
    pub(super) by_row: bool,
    /// The place and the bytes of the request, until it is answered.
    pub(super) permit: Permit,
}

/// Fields of the JSON body.
const FIELDS: &[&str] = &{
    let mut all = [""; 4 + SCALARS.len() + LISTS.len()];
    all[0] = "judged";
    all[1] = "human";
    all[2] = "baselines";
    all[3] = "format";
    let mut at = 0;
    while at < SCALARS.len() {
        all[4 + at] = SCALARS[at];
        at += 1;
    }
    at = 0;
    while at < LISTS.len() {
        all[4 + SCALARS.len() + at] = LISTS[at];
        at += 1;
    }
    all
};

/// Parts of the form.
const PARTS: &[&str] = &{
    let mut all = [""; FIELDS.len()];
    let mut at = 0;
    while at < FIELDS.len() {
        all[at] = FIELDS[at];
        at += 1;
    }
    // Each file is a part of its own.
    all[2] = "baseline";
    all
};

struct AuditBody {
    judged: Option<Rows>,
    human: Option<Rows>,
    baselines: Vec<(String, Rows)>,
    format: Option<Format>,
    options: AuditOptions,
}

impl Default for AuditBody {
    fn default() -> Self {
        AuditBody {
            judged: None,
            human: None,
            baselines: Vec::new(),
            format: None,
            options: AuditOptions::new("judged", "human"),
        }
    }
}

impl<'de> Object<'de> for AuditBody {
    const FIELDS: &'static [&'static str] = FIELDS;

    fn take<A: MapAccess<'de>>(
        &mut self,
        field: &str,
        value: Reader<'_, A>,
    ) -> Result<(), A::Error> {
        match field {
            "judged" => self.judged = Some(value.rows(MOST_ROWS)?),
            "human" => self.human = Some(value.rows(MOST_ROWS)?),
            "baselines" => self.baselines = value.named_rows(MOST_BASELINES, MOST_ROWS)?,
            "format" => value.scalar(|format| {
                self.format = Some(Format::given(format)?);
                Ok(())
            })?,
            list if LISTS.contains(&list) => {
                let options = &mut self.options;
                value.structure(|given| set_list(options, list, given))?;
            }
            scalar if SCALARS.contains(&scalar) => {
                let options = &mut self.options;
                value.scalar(|given| set(options, scalar, given))?;
            }
            _ => return value.unknown(Self::FIELDS),
        }
        Ok(())
    }
}

impl AuditBody {
    fn check(self, permit: Permit) -> Result<Uploaded, Problem> {
        let mut options = self.options;
        let rows = |field: &str, rows: Option<Rows>| match rows {
            // The last step names the table in the report.
            Some(rows) => Ok(TablePlace::held(
                format!("{field}/{field}.jsonl"),
                rows.bytes,
            )),
            None => Err(nothing_given(field)),
        };
        options.judged = rows("judged", self.judged)?;
        options.human = rows("human", self.human)?;
        for (name, rows) in self.baselines {
            let name = file_name(Some(name), "baseline");
            let place = TablePlace::held(format!("baselines/{name}"), rows.bytes);
            options.baselines.push(place);
            options.baseline_judges.push(name);
        }
        Ok(Uploaded {
            options,
            format: self.format,
            by_row: true,
            permit,
        })
    }
}

pub(super) fn nothing_given(field: &str) -> Problem {
    let problem = Problem::new(Code::MissingField, format!("`{field}` is not given"));
    problem.at(format!("/{field}")).hint("give two tables: `judged`, such as `opine score --json` prints, and `human`, with an id and a label a row")
}

/// The last step of a name, short enough to be shown.
pub(super) fn file_name(given: Option<String>, otherwise: &str) -> String {
    let name = given.unwrap_or_default();
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default().trim();
    if last.is_empty() || last == ".." || last == "." {
        return otherwise.to_owned();
    }
    last.chars().take(LONGEST_NAME).collect()
}

/// Reads an upload of either form.
pub(super) async fn read(
    http: &HttpRequest,
    payload: web::Payload,
    bounds: Bounds,
) -> Result<Uploaded, Problem> {
    let (media_type, body) = given::open(http, payload, bounds)?;
    let permit = body.permit();
    let deadline = Clock.now() + bounds.request_time;
    match media_type {
        MediaType::Json => {
            let bytes = body.collect().await?;
            permit.work(deadline).await?;
            offload(bytes.len(), move || {
                read_object::<AuditBody>(MOST_LISTED, &bytes)?.check(permit)
            })
            .await
        }
        MediaType::Form => {
            let form = Form::open(http, body, PARTS);
            let uploaded = in_form(form, permit.clone()).await?;
            permit.work(deadline).await?;
            Ok(uploaded)
        }
    }
}

async fn in_form(mut form: Form, permit: Permit) -> Result<Uploaded, Problem> {
    let mut tables: [Option<TablePlace>; 2] = [None, None];
    let mut seen: Vec<String> = Vec::new();
    let mut uploaded = Uploaded {
        options: AuditOptions::new("judged", "human"),
        format: None,
        by_row: false,
        permit,
    };
    let options = &mut uploaded.options;
    while let Some(part) = form.next().await? {
        let name = part.name.as_str();
        if name == "baseline" {
            if options.baselines.len() == MOST_BASELINES {
                let detail = format!("there are more than {MOST_BASELINES} tables");
                return Err(Problem::new(Code::InvalidValue, detail).at("/baseline"));
            }
            let file = file_name(part.file_name, "baseline");
            let place = TablePlace::held(format!("baseline/{file}"), part.bytes);
            options.baselines.push(place);
            continue;
        }
        if seen.contains(&part.name) {
            return Err(duplicate_field(name));
        }
        seen.push(part.name.clone());
        let at = |problem: Problem| problem.at(format!("/{name}"));
        match name {
            "judged" | "human" => {
                let file = file_name(part.file_name, name);
                let place = TablePlace::held(format!("{name}/{file}"), part.bytes);
                tables[usize::from(name == "human")] = Some(place);
            }
            list if LISTS.contains(&list) => {
                let typed = read_structure(MOST_LISTED, &part.bytes).map_err(at)?;
                set_list(options, list, &typed).map_err(at)?;
            }
            _ => {
                let text = Scalar::Text(text_part(name, &part.bytes).map_err(at)?.to_owned());
                if name == "format" {
                    uploaded.format = Some(Format::given(&text).map_err(at)?);
                } else {
                    set(options, name, &text).map_err(at)?;
                }
            }
        }
    }
    let [judged, human] = tables;
    options.judged = judged.ok_or_else(|| nothing_given("judged"))?;
    options.human = human.ok_or_else(|| nothing_given("human"))?;
    Ok(uploaded)
}
