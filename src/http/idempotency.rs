//! `Idempotency-Key`: a request that is sent again is answered again, and nothing is done twice.
//!
//! The request is known by a digest that is taken while it is read; the request itself is not kept.

use std::cell::{Cell, RefCell};
use std::collections::HashSet;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use actix_web::body::{BodySize, BoxBody, MessageBody, to_bytes};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::error::PayloadError;
use actix_web::http::header::{self, HeaderMap};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::Next;
use actix_web::web::{self, Bytes};
use actix_web::{Error, FromRequest, HttpMessage, HttpRequest, HttpResponse};
use futures::{Stream, StreamExt};

use super::body::Body;
use super::caller::Caller;
use super::problem::{Code, MEDIA_TYPE, Problem, REPLAYED};
use super::service::Service;
use crate::store::{Replies, ReplyKey, StoredReply};

/// The header.
const KEY: &str = "Idempotency-Key";

/// Longest key.
const LONGEST_KEY: usize = 255;

/// Longest reply that is stored; a longer one is given and forgotten.
const LONGEST_REPLY: u64 = 8 << 20;

/// How much of a request that was answered before its end is still read, to know it by.
const LONGEST_REST: usize = 64 << 10;

/// And for how long.
const REST_TIME: Duration = Duration::from_secs(2);

/// The stored replies, and the keys whose first request is being answered.
#[derive(Debug)]
pub(super) struct Idempotency {
    replies: Replies,
    in_flight: Arc<Mutex<HashSet<ReplyKey>>>,
}

/// A key whose first request is being answered; given up when dropped.
struct Reservation {
    in_flight: Arc<Mutex<HashSet<ReplyKey>>>,
    key: ReplyKey,
}

impl Idempotency {
    pub(super) fn new(replies: Replies) -> Self {
        Idempotency {
            replies,
            in_flight: Arc::default(),
        }
    }

    fn reserve(&self, key: &ReplyKey) -> Option<Reservation> {
        let is_first = lock(&self.in_flight).insert(key.clone());
        is_first.then(|| Reservation {
            in_flight: Arc::clone(&self.in_flight),
            key: key.clone(),
        })
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        lock(&self.in_flight).remove(&self.key);
    }
}

fn lock(keys: &Mutex<HashSet<ReplyKey>>) -> MutexGuard<'_, HashSet<ReplyKey>> {
    keys.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Answers a request with a known key from the store; lets every other one through, and stores its reply.
pub(super) async fn idempotency(
    request: ServiceRequest,
    next: Next<BoxBody>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    // Reading cards and maps again is the same however often it is done, and its reply is one of the moment.
    if request.method() != Method::POST || request.path() == "/v1/reload" {
        return next.call(request).await;
    }
    let key = match key(request.headers()) {
        Ok(None) => return next.call(request).await,
        Ok(Some(key)) => key,
        Err(problem) => return Ok(request.error_response(problem)),
    };
    let service = request
        .app_data::<web::Data<Service>>()
        .expect("the application holds the service")
        .clone();
    let idempotency = &service.lasting.idempotency;
    let key = ReplyKey {
        caller: Caller::of(request.request()).name().to_owned(),
        key,
    };
    let Some(_reservation) = idempotency.reserve(&key) else {
        let detail = "the first request with this `Idempotency-Key` is being answered";
        let problem = Problem::new(Code::IdempotencyInFlight, detail)
            .hint("send it again in a moment; it then gets the same reply")
            .retry_after(Duration::from_secs(1));
        return Ok(request.error_response(problem));
    };
    match idempotency.replies.get(&key).await {
        Err(error) => Ok(request.error_response(Problem::from(error))),
        Ok(Some(stored)) => Ok(again(request, &service, stored).await),
        Ok(None) => first(request, next, &idempotency.replies, key).await,
    }
}

/// The key of a request, where it has one.
fn key(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let mut given = headers.get_all(KEY);
    let (Some(key), more) = (given.next(), given.next()) else {
        return Ok(None);
    };
    let is_plain = |key: &&str| {
        (1..=LONGEST_KEY).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic())
    };
    match (key.to_str().ok().filter(is_plain), more) {
        (Some(key), None) => Ok(Some(key.to_owned())),
        _ => {
            let detail = format!(
                "`{KEY}` is given once and has 1 to {LONGEST_KEY} visible ASCII characters"
            );
            Err(Problem::new(Code::InvalidValue, detail).hint("a UUID is a good key"))
        }
    }
}

/// The stored reply, if the request is the one that it answered.
async fn again(
    request: ServiceRequest,
    service: &Service,
    stored: StoredReply,
) -> ServiceResponse<BoxBody> {
    let (http, payload) = request.into_parts();
    let problem = match digest_of(&http, payload, service).await {
        Err(problem) => problem,
        Ok(digest) if digest == stored.request => return replayed(http, stored),
        Ok(_) => Problem::new(
            Code::IdempotencyKeyReused,
            "this `Idempotency-Key` was sent before, with another request",
        )
        .hint("take a new key for a new request"),
    };
    ServiceResponse::from_err(problem, http)
}

fn replayed(http: HttpRequest, stored: StoredReply) -> ServiceResponse<BoxBody> {
    if stored.media_type == MEDIA_TYPE {
        let problem = Problem::from_stored(&stored.body).unwrap_or_else(Problem::internal);
        return ServiceResponse::from_err(problem, http);
    }
    let status = StatusCode::from_u16(stored.status).unwrap_or(StatusCode::OK);
    let mut response = HttpResponse::build(status);
    let response = response
        .content_type(stored.media_type)
        .insert_header((REPLAYED, "true"))
        .body(stored.body);
    ServiceResponse::new(http, response)
}

/// Reads a request to its end, within the bounds of its route, and keeps nothing of it.
async fn digest_of(
    http: &HttpRequest,
    mut payload: Payload,
    service: &Service,
) -> Result<[u8; 32], Problem> {
    let payload = web::Payload::from_request(http, &mut payload).await;
    let payload = payload.map_err(|_| Problem::internal())?;
    let body = if http.path() == "/v1/jobs" {
        let permit = service.lasting.manifests.enter(None)?;
        Body::streamed(http, payload, service.lasting.manifest.body, permit)?
    } else {
        Body::open(http, payload, service.bounds)?
    };
    let mut hashing = Hashing::of(http);
    let mut chunks = std::pin::pin!(body.checked_chunks());
    while let Some(chunk) = chunks.next().await {
        hashing.push(&chunk?);
    }
    Ok(hashing.finish())
}

/// Answers for the first time, and stores the reply.
async fn first(
    mut request: ServiceRequest,
    next: Next<BoxBody>,
    replies: &Replies,
    key: ReplyKey,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let hashing = Hashing::of(request.request());
    let ticket = Ticket {
        tap: Rc::new(RefCell::new(Tap {
            payload: request.take_payload(),
            hashing,
            is_over: false,
        })),
        key,
        keep: replies.keep(),
        is_stored: Rc::default(),
    };
    let tapped: Pin<Box<dyn Stream<Item = Result<Bytes, PayloadError>>>> =
        Box::pin(Tapped(Rc::clone(&ticket.tap)));
    request.set_payload(Payload::from(tapped));
    request.extensions_mut().insert(ticket.clone());
    let response = next.call(request).await?;
    let status = response.status();
    let is_for_now = status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS;
    if is_for_now || ticket.is_stored.get() {
        return Ok(response);
    }
    let Some(request) = ticket.digest().await else {
        return Ok(response);
    };
    let (response, stored) = copied(response, request).await?;
    if let Some(stored) = stored
        && let Err(error) = replies.put(ticket.key, stored).await
    {
        // What was asked for is done; only its repetition would be done again.
        tracing::warn!(%error, "a reply could not be stored");
    }
    Ok(response)
}

/// A response and what is stored of it.
async fn copied(
    response: ServiceResponse<BoxBody>,
    request: [u8; 32],
) -> Result<(ServiceResponse<BoxBody>, Option<StoredReply>), Error> {
    let status = response.status().as_u16();
    let problem = response.response().error();
    if let Some(problem) = problem.and_then(|error| error.as_error::<Problem>()) {
        let stored = StoredReply {
            request,
            status,
            media_type: MEDIA_TYPE.to_owned(),
            body: problem.to_stored(),
        };
        return Ok((response, Some(stored)));
    }
    let size = response.response().body().size();
    if !matches!(size, BodySize::Sized(0..=LONGEST_REPLY)) {
        return Ok((response, None));
    }
    let (http, response) = response.into_parts();
    let (head, body) = response.into_parts();
    let body = to_bytes(body).await.map_err(Error::from)?;
    let media_type = head.headers().get(header::CONTENT_TYPE);
    let media_type = media_type.and_then(|value| value.to_str().ok());
    let stored = StoredReply {
        request,
        status,
        media_type: media_type.unwrap_or("application/json").to_owned(),
        body: body.to_vec(),
    };
    let response = head.set_body(BoxBody::new(body));
    Ok((ServiceResponse::new(http, response), Some(stored)))
}

/// Carried by a request whose reply is to be stored, for handlers that store it themselves.
#[derive(Clone)]
pub(super) struct Ticket {
    tap: Rc<RefCell<Tap>>,
    key: ReplyKey,
    keep: i64,
    is_stored: Rc<Cell<bool>>,
}

impl Ticket {
    /// The ticket of a request that has a key.
    pub(super) fn of(request: &HttpRequest) -> Option<Self> {
        request.extensions().get::<Ticket>().cloned()
    }

    /// Under which key the reply is stored, and for how many milliseconds.
    pub(super) fn place(&self) -> (ReplyKey, i64) {
        (self.key.clone(), self.keep)
    }

    /// Says that the handler has stored its reply.
    pub(super) fn stored(&self) {
        self.is_stored.set(true);
    }

    /// The digest of the request, once it was read to its end; a short rest is read here.
    pub(super) async fn digest(&self) -> Option<[u8; 32]> {
        let mut rest = Tapped(Rc::clone(&self.tap));
        let mut left = LONGEST_REST;
        let read = async {
            while !self.tap.borrow().is_over {
                match rest.next().await {
                    Some(Ok(chunk)) => left = left.checked_sub(chunk.len())?,
                    Some(Err(_)) => return None,
                    None => {}
                }
            }
            Some(())
        };
        tokio::time::timeout(REST_TIME, read).await.ok()??;
        Some(self.tap.borrow().hashing.finish())
    }
}

/// The body of a request, and the digest of what has been read of it.
struct Tap {
    payload: Payload,
    hashing: Hashing,
    is_over: bool,
}

struct Tapped(Rc<RefCell<Tap>>);

impl Stream for Tapped {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut tap = self.0.borrow_mut();
        if tap.is_over {
            return Poll::Ready(None);
        }
        let polled = Pin::new(&mut tap.payload).poll_next(context);
        match &polled {
            Poll::Ready(None) => tap.is_over = true,
            Poll::Ready(Some(Ok(chunk))) => tap.hashing.push(chunk),
            Poll::Ready(Some(Err(_))) | Poll::Pending => {}
        }
        polled
    }
}

/// The digest of a request: method, address, media type and body. Clients choose the boundary of a form anew each time
/// they send it, so that it does not count.
struct Hashing {
    hasher: blake3::Hasher,
    boundary: Vec<u8>,
    /// The end of what came, in which the boundary may have begun.
    held: Vec<u8>,
}

impl Hashing {
    fn of(http: &HttpRequest) -> Self {
        let media_type = http.headers().get(header::CONTENT_TYPE);
        let media_type = media_type.map_or(&b""[..], |value| value.as_bytes());
        let media_type = String::from_utf8_lossy(media_type);
        let (essence, boundary) = match media_type.split_once("boundary=") {
            Some((before, rest)) => {
                let boundary = rest.split(';').next().unwrap_or_default().trim();
                (before, boundary.trim_matches('"'))
            }
            None => (&*media_type, ""),
        };
        let mut hasher = blake3::Hasher::new();
        let target = http.uri().to_string();
        for field in [http.method().as_str(), &target, essence] {
            hasher.update(&(field.len() as u64).to_le_bytes());
            hasher.update(field.as_bytes());
        }
        Hashing {
            hasher,
            boundary: boundary.as_bytes().to_vec(),
            held: Vec::new(),
        }
    }

    fn push(&mut self, chunk: &[u8]) {
        if self.boundary.is_empty() {
            self.hasher.update(chunk);
            return;
        }
        self.held.extend_from_slice(chunk);
        let length = self.boundary.len();
        let mut from = 0;
        while let Some(place) = find(&self.held[from..], &self.boundary) {
            self.hasher.update(&self.held[from..from + place]);
            from += place + length;
        }
        let keep = (length - 1).min(self.held.len() - from);
        let settled = self.held.len() - keep;
        self.hasher.update(&self.held[from..settled]);
        self.held.drain(..settled);
    }

    fn finish(&self) -> [u8; 32] {
        let mut hasher = self.hasher.clone();
        hasher.update(&self.held);
        *hasher.finalize().as_bytes()
    }
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    let first = *wanted.first()?;
    let mut from = 0;
    while let Some(place) = bytes[from..].iter().position(|byte| *byte == first) {
        let start = from + place;
        if bytes[start..].starts_with(wanted) {
            return Some(start);
        }
        from = start + 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(media_type: &str, chunks: &[&[u8]]) -> [u8; 32] {
        let request = actix_web::test::TestRequest::post()
            .uri("/v1/score")
            .insert_header((header::CONTENT_TYPE, media_type))
            .to_http_request();
        let mut hashing = Hashing::of(&request);
        for chunk in chunks {
            hashing.push(chunk);
        }
        hashing.finish()
    }

    #[test]
    fn a_body_is_known_however_it_comes_in_pieces_and_whatever_its_boundary() {
        let form = |boundary: &str| {
            format!("--{boundary}\r\nx\r\n--{boundary}\r\n-{boundary}-\r\n--{boundary}--")
        };
        let whole = digest(
            "multipart/form-data; boundary=AaBb",
            &[form("AaBb").as_bytes()],
        );
        for piece in 1..9 {
            let form = form("--CC-D");
            let chunks: Vec<&[u8]> = form.as_bytes().chunks(piece).collect();
            assert_eq!(
                digest("multipart/form-data; boundary=\"--CC-D\"", &chunks),
                whole
            );
        }
        assert_ne!(
            digest(
                "multipart/form-data; boundary=AaBb",
                &[form("AaBc").as_bytes()]
            ),
            whole
        );
        let json = digest("application/json", &[b"{\"a\":", b"1}"]);
        assert_eq!(digest("application/json", &[b"{\"a\":1}"]), json);
        assert_ne!(digest("text/csv", &[b"{\"a\":1}"]), json);
    }

    #[test]
    fn a_key_is_short_plain_and_alone() {
        let keys = |given: &[&str]| {
            let mut headers = HeaderMap::new();
            for key in given {
                let value = header::HeaderValue::from_str(key).unwrap();
                headers.append(header::HeaderName::from_static("idempotency-key"), value);
            }
            key(&headers)
        };
        assert_eq!(keys(&[]).unwrap(), None);
        assert_eq!(keys(&["a-1"]).unwrap().unwrap(), "a-1");
        let long = "x".repeat(LONGEST_KEY);
        assert!(keys(&[&long]).is_ok());
        for wrong in [
            &["a", "b"][..],
            &[""],
            &["a b"],
            &["ä"],
            &[&format!("{long}x")],
        ] {
            assert_eq!(keys(wrong).unwrap_err().code(), Code::InvalidValue);
        }
    }
}
