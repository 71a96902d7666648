//! Who is let in: every request shows a key, but to the two probes, or the service has no keys at all.
//!
//! What is not in the table of routes needs a key like everything else, so that nothing is open because somebody
//! forgot it. The parts that count and compare are in [`crate::access`].

use std::time::Duration;

use actix_web::body::BoxBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::http::header::{AUTHORIZATION, HOST, HeaderMap, HeaderName, HeaderValue, ORIGIN};
use actix_web::http::uri::{Authority, Uri};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage, web};

use super::caller::Caller;
use super::problem::{Code, Problem};
use super::routes::{Needs, ROUTES};
use super::service::Service;
use crate::access::{HomeHosts, Key, Keyring, Left, Scope, Spent, Standing};
use crate::engine::Clock;
use crate::store::wall;

/// Where a key may stand beside `Authorization: Bearer KEY`.
const API_KEY: HeaderName = HeaderName::from_static("x-api-key");

const LIMIT: HeaderName = HeaderName::from_static("ratelimit");
const LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

/// Longer than any key that we make.
const LONGEST_KEY: usize = 256;

/// Lets a request in or answers it.
pub(super) async fn access(
    request: ServiceRequest,
    next: Next<BoxBody>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let service = request
        .app_data::<web::Data<Service>>()
        .expect("the application holds the service")
        .clone();
    let allowed = match (&service.keyring, &service.home) {
        (Some(keyring), _) => let_in(&request, keyring),
        (None, Some(home)) => from_home(&request, home),
        (None, None) => Ok(()),
    };
    match allowed {
        Ok(()) => next.call(request).await,
        Err(problem) => Ok(request.error_response(problem)),
    }
}

/// Whether a service without keys is called by a name of its own, and by no page of another site.
fn from_home(request: &ServiceRequest, home: &HomeHosts) -> Result<(), Problem> {
    if needs(request) == Some(Needs::Nothing) {
        return Ok(());
    }
    let headers = request.headers();
    let host_of = |value: &HeaderValue| {
        let authority = value.to_str().ok()?.parse::<Authority>().ok()?;
        Some(authority.host().to_owned())
    };
    // The target may name a host as well. What no browser sends, a request without any, is no page's.
    let target = request.uri().host().map(str::to_owned);
    let mut hosts = headers
        .get_all(HOST)
        .map(host_of)
        .chain(target.into_iter().map(Some));
    if !hosts.all(|host| host.is_some_and(|host| home.covers(&host))) {
        return Err(foreign(
            Code::ForeignHost,
            "the service asks for no key, and was called by a name that is not this machine's",
        ));
    }
    let origin_of = |value: &HeaderValue| {
        let origin = value.to_str().ok()?.parse::<Uri>().ok()?;
        origin.host().map(str::to_owned)
    };
    let mut origins = headers.get_all(ORIGIN).map(origin_of);
    if !origins.all(|host| host.is_some_and(|host| home.covers(&host))) {
        return Err(foreign(
            Code::ForeignOrigin,
            "the service asks for no key, and a page of another site sent this request",
        ));
    }
    Ok(())
}

fn foreign(code: Code, detail: &str) -> Problem {
    Problem::new(code, detail)
        .hint("call it by `localhost` or `127.0.0.1`, name the host in `[access] hosts`, or make a key with `opine keys new`")
}

fn let_in(request: &ServiceRequest, keyring: &Keyring) -> Result<(), Problem> {
    let needs = needs(request);
    if needs == Some(Needs::Nothing) {
        return Ok(());
    }
    let key = match sent_key(request.headers()) {
        Sent::Key(sent) => keyring.find(sent).ok_or(WRONG),
        Sent::Nothing => Err(MISSING),
        Sent::Several => Err(WRONG),
    };
    let key = key.map_err(|refusal| {
        let address = request.peer_addr().map(|address| address.ip());
        let throttled = keyring.failed(address, Clock.now()).err();
        throttled.map_or_else(|| no_key(refusal), too_many_failures)
    })?;
    request
        .extensions_mut()
        .insert(Caller::named(key.name().to_owned()));
    if let Some(Needs::Key(scope)) = needs
        && !key.may(scope)
    {
        return Err(out_of_scope(key, scope));
    }
    let (standing, taken) = key.take(Clock.now(), wall());
    request.extensions_mut().insert(standing);
    taken.map_err(spent)
}

/// What the route of a request needs; `None` for what is not in the table.
fn needs(request: &ServiceRequest) -> Option<Needs> {
    let pattern = request.match_pattern()?;
    let method = match *request.method() {
        Method::HEAD => "GET",
        ref method => method.as_str(),
    };
    let mut routes = ROUTES.iter();
    let route = routes.find(|route| route.path == pattern && route.method == method)?;
    Some(route.needs)
}

/// What a request shows of itself.
enum Sent<'a> {
    Key(&'a [u8]),
    Nothing,
    /// Which of them would count?
    Several,
}

fn sent_key(headers: &HeaderMap) -> Sent<'_> {
    let mut keys = headers
        .get_all(AUTHORIZATION)
        .map(|value| bearer(value.as_bytes()).unwrap_or_default())
        .chain(headers.get_all(API_KEY).map(HeaderValue::as_bytes));
    match (keys.next(), keys.next()) {
        (None, _) => Sent::Nothing,
        (Some(key), None) if key.len() <= LONGEST_KEY => Sent::Key(key),
        (Some(_), _) => Sent::Several,
    }
}

/// The key of `Bearer KEY`; the word is not case-sensitive (RFC 9110, section 11.1).
fn bearer(value: &[u8]) -> Option<&[u8]> {
    let (scheme, key) = value.split_at_checked(7)?;
    (scheme.eq_ignore_ascii_case(b"bearer ")).then(|| key.trim_ascii())
}

/// What is told to whoever shows no key that is known: code, detail, challenge.
type Refusal = (Code, &'static str, &'static str);

const MISSING: Refusal = (
    Code::MissingKey,
    "the request shows no key",
    "Bearer realm=\"opine\"",
);

const WRONG: Refusal = (
    Code::WrongKey,
    "the service does not know this key, or several were sent",
    "Bearer realm=\"opine\", error=\"invalid_token\"",
);

fn no_key((code, detail, challenge): Refusal) -> Problem {
    Problem::new(code, detail)
        .hint("send one key as `Authorization: Bearer KEY` or `X-API-Key: KEY`")
        .challenge(challenge)
}

fn too_many_failures(wait: Duration) -> Problem {
    Problem::new(
        Code::TooManyWrongKeys,
        "too many requests without a key that is known came from this address",
    )
    .hint("a request with a right key is served at once")
    .retry_after(wait)
}

fn out_of_scope(key: &Key, scope: Scope) -> Problem {
    Problem::new(
        Code::Forbidden,
        format!("the key `{}` lacks the scope `{scope}`", key.name()),
    )
    .hint("whoever runs the service gives scopes to keys, in `[access.keys]`")
}

fn spent(spent: Spent) -> Problem {
    match spent {
        Spent::Rate(wait) => Problem::new(
            Code::RateLimited,
            "the key has sent more requests than it may in a short time",
        )
        .retry_after(wait),
        Spent::Day(wait) => Problem::new(
            Code::QuotaSpent,
            "the key has sent all requests that it may send in a day",
        )
        .retry_after(wait),
    }
}

/// Says what is left of the caller's limits (draft-ietf-httpapi-ratelimit-headers-10), on every answer.
pub(super) fn tell_limits(response: &mut ServiceResponse<BoxBody>) {
    let standing = response
        .request()
        .extensions()
        .get::<Standing>()
        .copied()
        .unwrap_or_default();
    let limits = [("rate", standing.rate), ("day", standing.day)];
    let known = limits
        .into_iter()
        .filter_map(|(name, left)| Some((name, left?)));
    let (policies, states): (Vec<String>, Vec<String>) = known
        .map(|(name, left)| (policy(name, &left), state(name, &left)))
        .unzip();
    if policies.is_empty() {
        return;
    }
    for (name, values) in [(LIMIT_POLICY, policies), (LIMIT, states)] {
        if let Ok(value) = HeaderValue::from_str(&values.join(", ")) {
            response.headers_mut().insert(name, value);
        }
    }
}

fn policy(name: &str, left: &Left) -> String {
    format!("\"{name}\";q={};w={}", left.most, whole(left.window))
}

fn state(name: &str, left: &Left) -> String {
    format!("\"{name}\";r={};t={}", left.left, whole(left.reset))
}

/// Seconds, rounded up: who waits so long does not come too early.
pub(super) fn whole(time: Duration) -> u64 {
    time.as_secs() + u64::from(time.subsec_nanos() > 0)
}
