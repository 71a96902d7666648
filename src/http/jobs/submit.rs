//! `POST /v1/jobs`: a manifest, and what is to be done with its items.

use std::collections::BTreeMap;

use actix_multipart::Multipart;
use actix_web::http::header::{self, HeaderMap};
use actix_web::{HttpRequest, HttpResponse, web};
use futures::{StreamExt, TryStreamExt};

use super::lines::Rules;
use super::manifest::{Format, Manifest, body_bounds};
use super::shown::query;
use crate::http::body::{Body, duplicate_field, malformed, unknown_field};
use crate::http::caller::Caller;
use crate::http::given::{DEFAULT_JUDGE, MOST_TEXTS, judge_name, texts_fit, texts_of_form};
use crate::http::idempotency::Ticket;
use crate::http::problem::{Code, Problem};
use crate::http::service::Service;
use crate::jobs::{JobJson, JobSettings, Jobs, OPERATIONS, OnBadLine, operation};
use crate::near::quoted;
use crate::store::StoredReply;

/// Longest part of a form beside the manifest.
const LONGEST_SETTING: usize = 256 << 10;

/// Settings by name, as typed in the address or in the form.
type Given = BTreeMap<String, String>;

/// Takes a manifest and answers at once when all of it is stored; the items are asked afterwards.
pub(in crate::http) async fn submit(
    request: HttpRequest,
    payload: web::Payload,
    caller: Caller,
    service: web::Data<Service>,
) -> Result<HttpResponse, Problem> {
    let jobs = service.lasting.jobs()?;
    let place = service.lasting.manifests.enter(None)?;
    let mut given: Given = query(&request, &known())?.into_iter().collect();
    let bounds = body_bounds(&service.lasting.manifest);
    let carried = carried(request.headers())?;
    let body = Body::streamed(&request, payload, bounds, place.clone())?;
    let arriving = match carried {
        Carried::Alone(format) => {
            let mut arriving = Arriving::begin(jobs, &service, &caller, &given, format).await?;
            let mut chunks = std::pin::pin!(body.checked_chunks());
            while let Some(chunk) = chunks.next().await {
                arriving.manifest.push(&chunk?).await?;
            }
            arriving
        }
        Carried::InForm => {
            let mut parts = Multipart::new(request.headers(), body.chunks());
            let arriving = in_form(&mut parts, &mut given, jobs, &service, &caller, bounds);
            arriving.await?
        }
    };
    let accepted = arriving.accept(jobs, Ticket::of(&request)).await;
    drop(place);
    accepted
}

/// How the manifest is carried.
enum Carried {
    Alone(Format),
    InForm,
}

fn carried(headers: &HeaderMap) -> Result<Carried, Problem> {
    let coding = headers.get(header::CONTENT_ENCODING);
    let is_plain = coding.is_none_or(|coding| coding.as_bytes().eq_ignore_ascii_case(b"identity"));
    let stated = headers.get(header::CONTENT_TYPE);
    let stated = stated
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let essence = stated.split(';').next().unwrap_or_default().trim();
    if is_plain && essence.eq_ignore_ascii_case("multipart/form-data") {
        return Ok(Carried::InForm);
    }
    let format = Format::of(Some(essence), None).filter(|_| is_plain);
    format.map(Carried::Alone).ok_or_else(|| {
        Problem::new(
            Code::UnsupportedMediaType,
            "`Content-Type` does not say that this is a manifest",
        )
        .hint("send `application/jsonl`, `text/csv`, or a form with a part `manifest`, not compressed")
    })
}

/// Names of the settings that a job may have.
fn known() -> Vec<&'static str> {
    let own = ["operation", "judge", "on_bad_line", "texts.*"];
    let mut known: Vec<&str> = own.into_iter().collect();
    for option in OPERATIONS.iter().flat_map(|row| row.options) {
        if !known.contains(option) {
            known.push(option);
        }
    }
    known
}

/// Reads a form: settings first, and then the part `manifest`, which is not held.
async fn in_form<'a>(
    parts: &mut Multipart,
    given: &mut Given,
    jobs: &'a Jobs,
    service: &Service,
    caller: &Caller,
    bounds: crate::http::service::Bounds,
) -> Result<Arriving<'a>, Problem> {
    let fault = |error| malformed(&error, bounds);
    let known = known();
    let mut arriving = None;
    while let Some(mut part) = parts.try_next().await.map_err(fault)? {
        let name = part.name().unwrap_or_default().to_owned();
        if name == "manifest" {
            let media_type = part.content_type().map(ToString::to_string);
            let file_name = part.content_disposition().and_then(|d| d.get_filename());
            let format = Format::of(media_type.as_deref(), file_name).ok_or_else(|| {
                Problem::new(
                    Code::UnsupportedMediaType,
                    "the part `manifest` does not say how it is written",
                )
                .hint("name its file `.jsonl` or `.csv`, or give it a `Content-Type`")
            })?;
            if arriving.is_some() {
                return Err(duplicate_field("manifest"));
            }
            let mut begun = Arriving::begin(jobs, service, caller, given, format).await?;
            while let Some(chunk) = part.try_next().await.map_err(fault)? {
                begun.manifest.push(&chunk).await?;
            }
            arriving = Some(begun);
            continue;
        }
        if arriving.is_some() {
            let detail = format!(
                "`{}` stands behind `manifest`",
                name.chars().take(40).collect::<String>()
            );
            return Err(Problem::new(Code::InvalidValue, detail)
                .hint("put the settings before the manifest, which is not held in memory"));
        }
        let is_known = name == "texts" || name.starts_with("texts.") || known.contains(&&*name);
        if !is_known {
            return Err(unknown_field(&name, &known));
        }
        let mut bytes = Vec::new();
        while let Some(chunk) = part.try_next().await.map_err(fault)? {
            bytes.extend_from_slice(&chunk);
            if bytes.len() > LONGEST_SETTING {
                let detail = format!("`{name}` has more than {LONGEST_SETTING} bytes");
                return Err(Problem::new(Code::InvalidValue, detail));
            }
        }
        set(given, name, &bytes)?;
    }
    arriving.ok_or_else(|| {
        Problem::new(Code::MissingField, "the form has no part `manifest`")
            .hint("`curl -F operation=score -F manifest=@items.jsonl` makes a form that works")
    })
}

fn set(given: &mut Given, name: String, bytes: &[u8]) -> Result<(), Problem> {
    let mut put = |name: String, value: String| match given.insert(name.clone(), value) {
        None => Ok(()),
        Some(_) => Err(duplicate_field(&name)),
    };
    if name == "texts" {
        for (name, text) in texts_of_form(bytes)? {
            put(format!("texts.{name}"), text)?;
        }
        return Ok(());
    }
    let text = std::str::from_utf8(bytes).map(str::trim);
    let text =
        text.map_err(|_| Problem::new(Code::InvalidValue, format!("`{name}` is not UTF-8 text")))?;
    put(name, text.to_owned())
}

fn checked(given: &Given) -> Result<JobSettings, Problem> {
    let mut settings = JobSettings {
        operation: String::new(),
        judge: DEFAULT_JUDGE.to_owned(),
        texts: BTreeMap::new(),
        options: BTreeMap::new(),
        on_bad_line: OnBadLine::default(),
    };
    for (name, value) in given {
        match name.as_str() {
            "operation" => settings.operation = value.clone(),
            "judge" => settings.judge = judge_name(value)?.to_owned(),
            "on_bad_line" => {
                settings.on_bad_line = OnBadLine::from_name(value).ok_or_else(|| {
                    let known = quoted(&OnBadLine::ALL.map(OnBadLine::name));
                    Problem::new(
                        Code::InvalidValue,
                        format!("`on_bad_line` is one of {known}"),
                    )
                })?;
            }
            other => match other.strip_prefix("texts.") {
                Some(text) => drop(settings.texts.insert(text.to_owned(), value.clone())),
                None => drop(settings.options.insert(other.to_owned(), value.clone())),
            },
        }
    }
    if settings.operation.is_empty() {
        let known = quoted(&OPERATIONS.map(|row| row.name));
        return Err(Problem::new(Code::MissingField, "`operation` is not given")
            .hint(format!("it is one of {known}")));
    }
    if settings.texts.len() > MOST_TEXTS {
        let detail = format!("there are more than {MOST_TEXTS} texts");
        return Err(Problem::new(Code::InvalidValue, detail));
    }
    texts_fit(&settings.texts)?;
    Ok(settings)
}

/// A job whose manifest arrives; forgotten if it is dropped before it is accepted.
struct Arriving<'a> {
    manifest: Manifest<'a>,
    unaccepted: Unaccepted,
}

struct Unaccepted {
    jobs: Jobs,
    job: Option<i64>,
}

impl<'a> Arriving<'a> {
    async fn begin(
        jobs: &'a Jobs,
        service: &Service,
        caller: &Caller,
        given: &Given,
        format: Format,
    ) -> Result<Self, Problem> {
        let mut settings = checked(given)?;
        let operation = operation(&settings.operation, &settings.options)?;
        let judge = if operation.names_judges() {
            if given.contains_key("judge") {
                let detail = format!(
                    "`judge` is not for this job: other settings of `{}` say who judges",
                    settings.operation
                );
                return Err(Problem::new(Code::InvalidValue, detail));
            }
            let moment = service.moment();
            operation.check(&moment)?;
            let leader = operation.leader(&moment, &settings.judge)?;
            settings.judge = leader.card.id.clone();
            leader
        } else {
            service.judge_to_come(&settings.judge)?
        };
        operation.fits(&judge)?;
        let rules = Rules {
            images: operation.images(),
            shows_source: operation.shows_source(&judge),
            takes_paths: jobs.takes_paths(),
            takes_urls: jobs.takes_urls(),
            texts: judge
                .card
                .recipe
                .texts()
                .into_iter()
                .filter(|name| !operation.texts().contains(name))
                .map(str::to_owned)
                .collect(),
            shared: settings.texts.clone(),
            columns: None,
        };
        let job = jobs.begin(caller.name(), &settings).await?;
        let unaccepted = Unaccepted {
            jobs: jobs.clone(),
            job: Some(job),
        };
        let bounds = service.lasting.manifest;
        Ok(Arriving {
            manifest: Manifest::new(jobs, job, format, rules, settings.on_bad_line, bounds),
            unaccepted,
        })
    }

    /// Accepts the job; the reply of a request with an `Idempotency-Key` is stored with it, in one transaction.
    async fn accept(
        mut self,
        jobs: &Jobs,
        ticket: Option<Ticket>,
    ) -> Result<HttpResponse, Problem> {
        let total = self.manifest.finish().await?;
        let Some(job) = self.unaccepted.job else {
            return Err(Problem::internal());
        };
        let mut place = None;
        if let Some(ticket) = &ticket
            && let Some(request) = ticket.digest().await
        {
            place = Some((ticket.place(), request));
        }
        let is_stored = place.is_some();
        let row = jobs.accept(job, total, move |row| {
            let ((key, keep), request) = place?;
            let reply = StoredReply {
                request,
                status: 202,
                media_type: "application/json".to_owned(),
                body: serde_json::to_vec(&JobJson::new(row, false)).ok()?,
            };
            Some((key, reply, keep))
        });
        let row = row.await?;
        self.unaccepted.job = None;
        if let Some(ticket) = ticket.filter(|_| is_stored) {
            ticket.stored();
        }
        Ok(HttpResponse::Accepted().json(JobJson::new(&row, false)))
    }
}

impl Drop for Unaccepted {
    fn drop(&mut self) {
        let Some(job) = self.job.take() else { return };
        let jobs = self.jobs.clone();
        drop(actix_web::rt::spawn(async move {
            if let Err(error) = jobs.forget(job).await {
                tracing::warn!(%error, "a manifest that was not accepted is forgotten at the next start");
            }
        }));
    }
}
