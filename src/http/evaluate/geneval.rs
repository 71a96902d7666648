//! GenEval over HTTP: pictures by what the caller's detector found in them, in the place of images and a judge.

use actix_web::HttpResponse;
use futures::stream::{self, StreamExt};
use serde::de::MapAccess;
use serde_json::{Map, Value};

use super::{EvaluateSettings, Event, Form};
use crate::evaluation::{GenEvalFault, GenEvalItem, check_items};
use crate::http::body::{Object, Reader, offload, read_object};
use crate::http::given::Given;
use crate::http::problem::{Code, Problem};
use crate::wire::GenEvalReply;

/// Most pictures of a request: the benchmark has 2,212.
const MOST_ITEMS: usize = 4_096;
/// About how many bytes of a body an item stands for.
const ITEM_BYTES: usize = 1 << 10;

/// Pictures as typed.
#[derive(Debug, Default)]
pub(super) struct Items(Vec<ItemBody>);

/// One picture as typed.
#[derive(Debug, Default)]
struct ItemBody(Map<String, Value>);

impl<'de> Object<'de> for ItemBody {
    const FIELDS: &'static [&'static str] = &GenEvalItem::FIELDS;

    fn take<A: MapAccess<'de>>(
        &mut self,
        field: &str,
        value: Reader<'_, A>,
    ) -> Result<(), A::Error> {
        if !Self::FIELDS.contains(&field) {
            return value.unknown(Self::FIELDS);
        }
        value.document(|document| {
            self.0.insert(field.to_owned(), document);
            Ok(())
        })
    }
}

/// The `items` part of a form.
impl<'de> Object<'de> for Items {
    const FIELDS: &'static [&'static str] = &["items"];

    fn take<A: MapAccess<'de>>(
        &mut self,
        field: &str,
        value: Reader<'_, A>,
    ) -> Result<(), A::Error> {
        match field {
            "items" => *self = Items::take(value)?,
            _ => return value.unknown(Self::FIELDS),
        }
        Ok(())
    }
}

impl Items {
    pub(super) fn take<'de, A: MapAccess<'de>>(value: Reader<'_, A>) -> Result<Self, A::Error> {
        Ok(Items(value.list_of(MOST_ITEMS, too_many)?))
    }

    /// A form has no lists, so that its items come as JSON.
    pub(super) fn of_form(json: &str) -> Result<Self, Problem> {
        read_object(MOST_ITEMS, [r#"{"items":"#, json, "}"].concat().as_bytes())
    }

    fn checked(self) -> Result<GenEvalReply, Problem> {
        let items = self.0.into_iter().enumerate().map(|(at, ItemBody(item))| {
            GenEvalItem::read(Value::Object(item), at.to_string()).map_err(|fault| (at, fault))
        });
        let misplaced = |(at, fault): (usize, GenEvalFault)| {
            let pointer = format!("/items/{at}{}", fault.pointer);
            Problem::new(Code::InvalidValue, fault.detail).at(pointer)
        };
        let items = items.collect::<Result<Vec<_>, _>>().map_err(misplaced)?;
        let checked = check_items(&items).map_err(misplaced)?;
        let reply = checked.map(|checked| GenEvalReply::new(&items, &checked));
        reply.ok_or_else(|| {
            Problem::new(Code::MissingField, "there is no item").at("/items").hint(
                "an item has `tag`, `include`, `exclude` and `prompt` of GenEval's metadata, and `detections`",
            )
        })
    }
}

fn too_many(most: usize) -> Problem {
    let detail = format!("one request may have at most {most} items");
    Problem::new(Code::InvalidValue, detail).hint("send the rest in further requests")
}

/// Answers a request whose pictures are given by their detections.
pub(super) async fn reply(
    items: Items,
    request: Given<EvaluateSettings>,
    settings: &EvaluateSettings,
    form: Form,
) -> Result<HttpResponse, Problem> {
    alone(&request, settings)?;
    let bytes = items.0.len() * ITEM_BYTES;
    let reply = offload(bytes, move || items.checked()).await?;
    if form == Form::Whole {
        return Ok(HttpResponse::Ok().json(reply));
    }
    let results = reply.results.into_iter();
    let events = results.map(|result| Event::Result(Box::new(result)));
    let last = Event::Summary(Box::new(reply.summary));
    // The request holds its place until the last event is sent.
    let events = stream::iter(events.chain([last])).map(move |event| {
        let _held = &request;
        event
    });
    Ok(form.streamed(events))
}

/// Refuses what would not be read: nobody is asked about these pictures.
fn alone(request: &Given<EvaluateSettings>, settings: &EvaluateSettings) -> Result<(), Problem> {
    let refused = |name: &str, detail: String| {
        Err(Problem::new(Code::InvalidValue, detail).at(format!("/{name}")))
    };
    let method = settings.choice.method.as_deref();
    if let Some(method) = method.filter(|name| *name != "geneval") {
        return refused(
            "method",
            format!("`items` go with `geneval`, not with `{method}`"),
        );
    }
    let of_all = [
        ("images", !request.images.is_empty()),
        ("judge", request.judge_given),
        ("texts", !request.texts.is_empty()),
    ];
    let of_all = of_all.into_iter().filter(|(_, given)| *given);
    let own = settings.named.iter().map(String::as_str);
    let own = own.filter(|name| !["items", "method"].contains(name));
    match of_all.map(|(name, _)| name).chain(own).next() {
        None => Ok(()),
        Some(name) => refused(
            name,
            format!("`{name}` is not read beside `items`, about which nobody is asked"),
        ),
    }
}
