//! `POST /v1/evaluate`: images that were made from a text, and what is wrong with them; as a whole, or stage by stage.

mod geneval;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use actix_web::http::header;
use actix_web::web::{self, Bytes};
use actix_web::{HttpRequest, HttpResponse};
use futures::stream::{self, BoxStream, StreamExt};
use serde::Serialize;
use serde::de::MapAccess;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::engine::{
    BindError, Budget, Engine, EvaluateChoice, EvaluateFault, EvaluationPlan, RunLimits,
};
use crate::http::body::{Reader, Scalar};
use crate::http::given::{self, GivenImage, Settings, decoded};
use crate::http::problem::{Code, Problem};
use crate::http::service::Service;
use crate::wire::{EvaluateResult, GenEvalSummaryJson, JudgeJson, StageJson};
use geneval::Items;

/// What an evaluation takes beside judge, texts and images.
#[derive(Debug, Default)]
struct EvaluateSettings {
    choice: EvaluateChoice,
    /// Pictures by their detections, in the place of images.
    items: Option<Items>,
    prompt: Option<String>,
    /// Of one image.
    budget: Budget,
    /// Names of all settings that were given.
    named: BTreeSet<String>,
}

/// Settings that stand beside those of every evaluation.
const OWN: [&str; 3] = ["prompt", "source", "items"];

/// Every setting: our own, and then the others.
const NAMES: [&str; OWN.len() + EvaluateChoice::SETTINGS.len()] = {
    let mut names = [""; OWN.len() + EvaluateChoice::SETTINGS.len()];
    let mut at = 0;
    while at < names.len() {
        names[at] = if at < OWN.len() {
            OWN[at]
        } else {
            EvaluateChoice::SETTINGS[at - OWN.len()]
        };
        at += 1;
    }
    names
};

impl Settings for EvaluateSettings {
    const NAMES: &'static [&'static str] = &NAMES;

    fn needs_images(&self) -> bool {
        self.items.is_none()
    }

    fn set(&mut self, name: &str, value: &Scalar) -> Result<(), Problem> {
        self.named.insert(name.to_owned());
        match name {
            "items" => self.items = Some(Items::of_form(value.text(name)?)?),
            "prompt" => self.prompt = Some(value.text(name)?.to_owned()),
            "source" => {
                let image = decoded(value.text(name)?);
                let image = image.map_err(|unscored| {
                    Problem::new(Code::InvalidValue, format!("`source`: {}", unscored.detail))
                })?;
                self.choice.source = Some(image);
            }
            "budget_questions" => self.budget.questions = Some(value.count(name)?),
            "budget_tokens" => self.budget.tokens = Some(value.count(name)?),
            "budget_money" => self.budget.money = Some(value.number(name)?),
            "retries" => {
                let retries = value.count(name)?.to_string();
                self.choice.set(name, &retries);
            }
            _ => {
                self.choice.set(name, value.text(name)?);
            }
        }
        Ok(())
    }

    /// Questions and extraction are documents of their own, or text, as which they come from a form.
    fn take<'de, A: MapAccess<'de>>(
        &mut self,
        name: &str,
        value: Reader<'_, A>,
    ) -> Result<(), A::Error> {
        if name == "items" {
            self.items = Some(Items::take(value)?);
            return Ok(());
        }
        if !matches!(name, "questions" | "extraction") {
            return value.scalar(|scalar| self.set(name, scalar));
        }
        self.named.insert(name.to_owned());
        value.document(|document| {
            let text = match document.as_str() {
                Some(text) => text.to_owned(),
                None => document.to_string(),
            };
            self.choice.set(name, &text);
            Ok(())
        })
    }
}

#[derive(Debug, Serialize)]
struct EvaluateReply {
    judge: JudgeJson,
    results: Vec<EvaluateResult>,
}

/// One event of a stream.
#[derive(Debug, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
enum Event {
    Stage(StageJson),
    Result(Box<EvaluateResult>),
    Failed { image: String, detail: String },
    Summary(Box<GenEvalSummaryJson>),
}

impl Event {
    fn name(&self) -> &'static str {
        match self {
            Event::Stage(_) => "stage",
            Event::Result(_) => "result",
            Event::Failed { .. } => "failed",
            Event::Summary(_) => "summary",
        }
    }
}

/// How the answer is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Whole,
    Lines,
    Events,
}

impl Form {
    /// The first of the accepted media types that is served; the whole where none is named.
    fn of(http: &HttpRequest) -> Self {
        let accepted = http.headers().get(header::ACCEPT);
        let accepted = accepted.and_then(|value| value.to_str().ok()).unwrap_or("");
        let mut named = accepted.split(',').filter_map(|one| {
            match one.split(';').next().unwrap_or_default().trim() {
                "text/event-stream" => Some(Form::Events),
                "application/jsonl" => Some(Form::Lines),
                "application/json" | "*/*" => Some(Form::Whole),
                _ => None,
            }
        });
        named.next().unwrap_or(Form::Whole)
    }

    fn media_type(self) -> &'static str {
        match self {
            Form::Whole => "application/json",
            Form::Lines => "application/jsonl",
            Form::Events => "text/event-stream",
        }
    }

    /// The answer that these events make.
    fn streamed(self, events: impl stream::Stream<Item = Event> + 'static) -> HttpResponse {
        let bytes = events.map(move |event| Ok::<_, std::io::Error>(self.event(&event)));
        HttpResponse::Ok()
            .content_type(self.media_type())
            .insert_header((header::CACHE_CONTROL, "no-store"))
            .streaming(bytes)
    }

    fn event(self, event: &Event) -> Bytes {
        let json = serde_json::to_string(event).expect("events are always JSON");
        Bytes::from(match self {
            Form::Whole | Form::Lines => format!("{json}\n"),
            Form::Events => format!("event: {}\ndata: {json}\n\n", event.name()),
        })
    }
}

/// Evaluates the images of one request; a fault of one image is its own result.
pub(super) async fn evaluate(
    http: HttpRequest,
    payload: web::Payload,
    service: web::Data<Service>,
) -> Result<HttpResponse, Problem> {
    let limits = service.limits(&http);
    let form = Form::of(&http);
    let body = given::open(&http, payload, service.bounds)?;
    let mut request = given::read::<EvaluateSettings>(&http, body, service.bounds).await?;
    let mut settings = std::mem::take(&mut request.settings);
    if let Some(items) = settings.items.take() {
        return geneval::reply(items, request, &settings, form).await;
    }
    let limits = limits.with_budget(settings.budget);
    let judges = &service.current().judges;
    let plan = settings.choice.plan(judges, &request.judge);
    let plan = plan.map_err(refused)?;
    let images = std::mem::take(&mut request.images);
    let images = images.into_iter().map(|mut given| {
        if let Some(prompt) = &settings.prompt {
            let texts = &mut given.texts;
            texts
                .entry("prompt".to_owned())
                .or_insert_with(|| prompt.clone());
        }
        match plan.lacks(&given.texts) {
            None => Ok(given),
            Some(message) => {
                let detail = format!("`prompt` {message}");
                Err(Problem::new(Code::InvalidValue, detail).at("/prompt"))
            }
        }
    });
    let images = images.collect::<Result<Vec<_>, _>>()?;
    for given in &images {
        given::texts_fit(&given.texts).map_err(|problem| problem.at("/prompt"))?;
    }
    let work = Arc::new(Work {
        engine: Arc::clone(&service.engine),
        plan,
        limits,
    });
    if form == Form::Whole {
        let mut results = Vec::with_capacity(images.len());
        for given in images {
            results.push(work.judge(given, None).await?);
        }
        let judge = JudgeJson::new(&work.plan.judge);
        return Ok(HttpResponse::Ok().json(EvaluateReply { judge, results }));
    }
    // The request holds its place until the last event is sent.
    let events = work.events(images).map(move |event| {
        let _held = &request;
        event
    });
    Ok(form.streamed(events))
}

fn refused(fault: EvaluateFault) -> Problem {
    match fault {
        EvaluateFault::Bind(error) => Problem::from(error),
        EvaluateFault::Setting { name, message } => {
            Problem::new(Code::InvalidValue, format!("`{name}` {message}")).at(format!("/{name}"))
        }
    }
}

/// What is done with each image of a request.
struct Work {
    engine: Arc<Engine>,
    plan: EvaluationPlan,
    limits: RunLimits,
}

impl Work {
    /// One image; its stages go to whoever listens.
    async fn judge(
        &self,
        given: GivenImage,
        listener: Option<UnboundedSender<Event>>,
    ) -> Result<EvaluateResult, BindError> {
        let GivenImage { name, image, texts } = given;
        let texts: BTreeMap<String, String> = texts;
        let watch = |report| {
            if let Some(listener) = &listener {
                // Who has gone need not hear.
                drop(listener.send(Event::Stage(StageJson::new(&name, report))));
            }
        };
        let evaluation = self
            .engine
            .evaluate_by(&self.plan, image, &texts, &self.limits, &watch)
            .await?;
        Ok(EvaluateResult::new(&name, &self.plan, &evaluation))
    }

    /// The events of all images, in order. Nothing goes on that nobody reads: the work is a part of the stream.
    fn events(self: Arc<Self>, images: Vec<GivenImage>) -> BoxStream<'static, Event> {
        let each = stream::iter(images).flat_map(move |given| {
            let work = Arc::clone(&self);
            let (send, receive) = unbounded_channel();
            let name = given.name.clone();
            let judged = async move {
                let event = match work.judge(given, Some(send.clone())).await {
                    Ok(result) => Event::Result(Box::new(result)),
                    Err(error) => Event::Failed {
                        image: name,
                        detail: error.to_string(),
                    },
                };
                drop(send.send(event));
            };
            // The work gives no event itself; it ends when the last of them was sent.
            let work = stream::once(judged).filter_map(|()| async { None });
            stream::select(heard(receive), work)
        });
        each.boxed()
    }
}

fn heard(receive: UnboundedReceiver<Event>) -> impl stream::Stream<Item = Event> {
    stream::unfold(receive, |mut receive| async move {
        let event = receive.recv().await?;
        Some((event, receive))
    })
}
