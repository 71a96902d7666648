//! What every question to a judge is given: a judge's name, images, and texts; from JSON or from a form.

mod links;
mod picture;
mod typed;

use actix_web::{HttpRequest, web};
use serde::de::MapAccess;

use super::body::{
    Body, Form, MediaType, Reader, Scalar, Structure, offload, read_object, unknown_field,
};
use super::problem::Problem;
use super::service::{Bounds, Service};
use crate::engine::{Clock, Permit};
pub(super) use picture::{
    DEFAULT_JUDGE, GivenImage, MOST_TEXTS, Texts, decoded, image_name, judge_name, texts_fit,
};
use typed::{GivenBody, GivenForm};
pub(super) use typed::{text_part, texts_of_form};

/// A request that can be worked on, with the settings of its operation.
#[derive(Debug)]
pub(super) struct Given<Settings> {
    /// Name of the judge, perhaps with `@backend`; not looked up yet.
    pub(super) judge: String,
    /// Whether it was named, or is the one that judges where nobody is.
    pub(super) judge_given: bool,
    /// At least one image, but of an operation that [can do without](Settings::needs_images).
    pub(super) images: Vec<GivenImage>,
    /// Texts of the whole request; each image has them already.
    pub(super) texts: Texts,
    /// The settings.
    pub(super) settings: Settings,
    /// The place and the bytes of the request, until it is answered.
    _permit: Permit,
}

/// What one operation takes beside judge, texts and images: strings and numbers by name.
pub(super) trait Settings: Default + Send + 'static {
    /// Names of the settings, the same in JSON and in a form.
    const NAMES: &'static [&'static str];

    /// Whether a judge is named, beside texts and images, which every operation takes.
    const NAMES_JUDGE: bool = true;

    /// Those of the settings that are lists or objects; a form has them as JSON.
    const STRUCTURES: &'static [&'static str] = &[];

    /// Whether, as it is set, there must be an image.
    fn needs_images(&self) -> bool {
        true
    }

    /// Takes one of the settings.
    fn set(&mut self, name: &str, value: &Scalar) -> Result<(), Problem>;

    /// Takes one of [`Settings::STRUCTURES`].
    fn structure(&mut self, name: &str, _: &Structure) -> Result<(), Problem> {
        Err(unknown_field(name, Self::NAMES))
    }

    /// Takes one of the settings from a JSON body. A setting that is a list of objects is read here, and comes as text
    /// from a form.
    fn take<'de, A: MapAccess<'de>>(
        &mut self,
        name: &str,
        value: Reader<'_, A>,
    ) -> Result<(), A::Error> {
        if Self::STRUCTURES.contains(&name) {
            return value.structure(|structure| self.structure(name, structure));
        }
        value.scalar(|scalar| self.set(name, scalar))
    }
}

/// Opens the body at once, so that one which is too large is refused before anything waits for it.
pub(super) fn open(
    http: &HttpRequest,
    payload: web::Payload,
    bounds: Bounds,
) -> Result<(MediaType, Body), Problem> {
    let media_type = MediaType::of(http.headers())?;
    Ok((media_type, Body::open(http, payload, bounds)?))
}

/// Reads a request of any operation.
pub(super) async fn read<S: Settings>(
    http: &HttpRequest,
    (media_type, body): (MediaType, Body),
    bounds: Bounds,
) -> Result<Given<S>, Problem> {
    let permit = body.permit();
    let deadline = Clock.now() + bounds.request_time;
    let (mut given, links) = match media_type {
        MediaType::Json => {
            let bytes = body.collect().await?;
            permit.work(deadline).await?;
            offload(bytes.len(), move || {
                read_object::<GivenBody<'_, S>>(bounds.images, &bytes)?.check(permit)
            })
            .await?
        }
        MediaType::Form => {
            let form = Form::open(http, body, typed::fields::<S>(&["image", "image_url"]));
            let form = GivenForm::<S>::read(form, bounds.images).await?;
            permit.work(deadline).await?;
            offload(form.bytes(), move || form.check(permit)).await?
        }
    };
    links::follow(http, &mut given.images, links, bounds).await;
    // The service listens before its models are open: who comes that early waits for them.
    if let Some(service) = http.app_data::<web::Data<Service>>() {
        service.opened(deadline).await;
    }
    Ok(given)
}
