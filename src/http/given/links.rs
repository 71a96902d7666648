//! Images that a request names by URL, fetched by the one reader before anything is asked about them.

use actix_web::{HttpRequest, web};
use futures::stream::{self, StreamExt};

use super::GivenImage;
use crate::engine::Clock;
use crate::fetch::{ByteBudget, FetchError};
use crate::http::service::{Bounds, Service};
use crate::judging::{Image, Reason, Unscored};

/// Most images of one request that are fetched at once.
const AT_ONCE: usize = 8;

/// A place among the images of a request, and the URL that it names.
#[derive(Debug)]
pub(super) struct Link {
    pub(super) image: usize,
    pub(super) url: String,
}

/// What stands in the place of an image until it is fetched.
pub(super) fn unfetched() -> Result<Image, Unscored> {
    Err(FetchError::Off.into())
}

/// Puts each image in its place, or why it did not come. All of them together may have as many bytes as a body.
pub(super) async fn follow(
    http: &HttpRequest,
    images: &mut [GivenImage],
    links: Vec<Link>,
    bounds: Bounds,
) {
    if links.is_empty() {
        return;
    }
    let service = http
        .app_data::<web::Data<Service>>()
        .expect("the application holds the service");
    let budget = &ByteBudget::new(bounds.body_bytes);
    let deadline = Clock.now() + bounds.request_time;
    let fetched = stream::iter(links).map(|link| async move {
        let read = service.urls.read(&link.url, budget);
        let image = match tokio::time::timeout_at(deadline, read).await {
            Ok(read) => read.map(Image::new).map_err(Unscored::from),
            Err(_) => Err(Unscored::new(
                Reason::Deadline,
                "the deadline of the request passed",
            )),
        };
        (link.image, image)
    });
    let mut fetched = std::pin::pin!(fetched.buffer_unordered(AT_ONCE));
    while let Some((place, image)) = fetched.next().await {
        images[place].image = image;
    }
}
