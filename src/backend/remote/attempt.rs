//! One try: a request out, and its answer in within the limits.

use std::collections::BTreeMap;
use std::time::Duration;

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Body, Client, ClientBuilder, Method, Request, Response, Url, redirect, retry};
use rustls::crypto::ring;
use tokio::time::{Instant, timeout, timeout_at};

use super::error::{OptionsError, RemoteError, Stage};
use super::options::RemoteOptions;
use super::reply::{self, Reply};
use super::{Content, Shared};

/// Connections to one engine.
pub(super) fn client(options: &RemoteOptions) -> Result<Client, OptionsError> {
    let fault = |message| OptionsError {
        backend: options.name.clone(),
        message,
    };
    super::trusting(builder(), &options.authorities)
        .map_err(fault)?
        .default_headers(options.header_map()?)
        .connect_timeout(options.timeouts.connect)
        .pool_max_idle_per_host(options.concurrency)
        // Python servers (uvicorn) close what is idle for 5 s; who writes into that moment is cut off.
        .pool_idle_timeout(Duration::from_secs(4))
        .build()
        .map_err(|error| fault(spoken(&error.without_url())))
}

/// What every client has: who it is, and that it asks where the configuration says and nowhere else.
pub(super) fn builder() -> ClientBuilder {
    // One provider serves the whole process; that another one was installed first is as well.
    drop(ring::default_provider().install_default());
    Client::builder()
        .user_agent(concat!("opine/", env!("CARGO_PKG_VERSION")))
        .no_proxy()
        .redirect(redirect::Policy::none())
        .retry(retry::never())
}

/// A GET request.
pub(super) fn get(shared: &Shared, path: &str) -> Result<Request, RemoteError> {
    Ok(Request::new(Method::GET, address(shared, path)?))
}

/// A POST request. Its body is shared, so that another try copies nothing.
pub(super) fn post(shared: &Shared, path: &str, content: Content) -> Result<Request, RemoteError> {
    let mut request = Request::new(Method::POST, address(shared, path)?);
    for (name, value) in content.headers {
        let value = HeaderValue::from_str(&value)
            .map_err(|_| not_sent(shared, format!("the value of header `{name}` is no text")))?;
        request
            .headers_mut()
            .insert(HeaderName::from_static(name), value);
    }
    *request.body_mut() = Some(Body::from(content.bytes));
    Ok(request)
}

fn address(shared: &Shared, path: &str) -> Result<Url, RemoteError> {
    let address = shared
        .base
        .join(path)
        .map_err(|fault| not_sent(shared, format!("`{path}` is no path: {fault}")))?;
    // `//other` and `http://other` are paths to `join`; the key is for this engine only.
    if address.origin() == shared.base.origin() {
        Ok(address)
    } else {
        Err(not_sent(shared, format!("`{path}` leads to another host")))
    }
}

fn not_sent(shared: &Shared, message: String) -> RemoteError {
    RemoteError::NotSent {
        backend: shared.options.name.clone(),
        message,
    }
}

/// Sends a request and reads its whole answer before the deadline.
pub(super) async fn attempt(
    shared: &Shared,
    request: Request,
    deadline: Instant,
) -> Result<Reply, RemoteError> {
    let options = &shared.options;
    let response = head(shared, request, deadline).await?;
    let status = response.status();
    let headers = response.headers().clone();
    let body = timeout_at(deadline, body(options, response))
        .await
        .map_err(|_| timed_out(options, Stage::Whole))??;
    if status.is_success() {
        return Ok(Reply::new(options, texts(&headers), body));
    }
    let mut message = reply::message(options, &body);
    if status.is_redirection() {
        let place = headers.get("location").map(HeaderValue::as_bytes);
        let place = reply::excerpt(options, place.unwrap_or_default());
        message = format!("redirects are not followed; it points to {place}");
    }
    Err(RemoteError::Status {
        backend: options.name.clone(),
        status: status.as_u16(),
        message,
        retry_after: retry_after(&headers),
    })
}

async fn head(
    shared: &Shared,
    request: Request,
    deadline: Instant,
) -> Result<Response, RemoteError> {
    let options = &shared.options;
    let sent = timeout(
        options.timeouts.first_byte,
        timeout_at(deadline, shared.client.execute(request)),
    );
    match sent.await {
        Err(_) => Err(timed_out(options, Stage::FirstByte)),
        Ok(Err(_)) => Err(timed_out(options, Stage::Whole)),
        Ok(Ok(response)) => response.map_err(|error| from_reqwest(options, error, false)),
    }
}

/// Reads a body piece by piece; one that is too long is left where it is.
async fn body(options: &RemoteOptions, mut response: Response) -> Result<Vec<u8>, RemoteError> {
    let limit = options.most_reply_bytes;
    let too_large = || RemoteError::TooLarge {
        backend: options.name.clone(),
        limit,
    };
    let stated = response.content_length().unwrap_or_default();
    if stated > limit as u64 {
        return Err(too_large());
    }
    let mut body = Vec::new();
    while let Some(piece) = response
        .chunk()
        .await
        .map_err(|error| from_reqwest(options, error, true))?
    {
        if body.len() + piece.len() > limit {
            return Err(too_large());
        }
        body.extend_from_slice(&piece);
    }
    Ok(body)
}

fn timed_out(options: &RemoteOptions, stage: Stage) -> RemoteError {
    let limit = match stage {
        Stage::Connect => options.timeouts.connect,
        Stage::FirstByte => options.timeouts.first_byte,
        Stage::Whole => options.timeouts.whole,
    };
    RemoteError::Timeout {
        backend: options.name.clone(),
        stage,
        limit,
    }
}

fn from_reqwest(options: &RemoteOptions, error: reqwest::Error, begun: bool) -> RemoteError {
    let error = error.without_url();
    if error.is_connect() && error.is_timeout() {
        return timed_out(options, Stage::Connect);
    }
    let (backend, message) = (options.name.clone(), options.redact(&spoken(&error)));
    if error.is_connect() {
        RemoteError::Unreachable { backend, message }
    } else {
        RemoteError::BrokenOff {
            backend,
            message,
            begun,
        }
    }
}

/// An error with all its causes: the outermost alone says `error sending request`.
pub(super) fn spoken(error: &dyn std::error::Error) -> String {
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let more = error.to_string();
        if !words.contains(&more) {
            words = format!("{words}: {more}");
        }
        cause = error.source();
    }
    words
}

fn texts(headers: &HeaderMap) -> BTreeMap<String, String> {
    headers
        .iter()
        .filter_map(|(name, value)| Some((name.to_string(), value.to_str().ok()?.to_owned())))
        .collect()
}

/// Seconds of `Retry-After`. Its other form, a date, is not read: our clock may not be the engine's.
fn retry_after(headers: &HeaderMap) -> Option<u64> {
    headers
        .get("retry-after")?
        .to_str()
        .ok()?
        .trim()
        .parse()
        .ok()
}

/// How long the engine asks to be left alone.
pub(super) fn asked_for(error: &RemoteError) -> Option<Duration> {
    match error {
        RemoteError::Status { retry_after, .. } => retry_after.map(Duration::from_secs),
        RemoteError::Resting { .. }
        | RemoteError::Unreachable { .. }
        | RemoteError::Timeout { .. }
        | RemoteError::BrokenOff { .. }
        | RemoteError::TooLarge { .. }
        | RemoteError::NotUtf8 { .. }
        | RemoteError::NotJson { .. }
        | RemoteError::NotSent { .. } => None,
    }
}
