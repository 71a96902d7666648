//! Who asks: every stored thing belongs to somebody.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpMessage, HttpRequest};

use super::problem::Problem;

/// Whoever sent a request: the name of an API key, or `local` where none is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Caller(String);

impl Caller {
    /// The caller of a service that asks for no key.
    const LOCAL: &'static str = "local";

    /// Whoever shows the key of this name.
    #[cfg(test)]
    pub(super) fn named(name: String) -> Self {
        Caller(name)
    }

    /// The name under which jobs, results and stored replies are kept.
    pub(super) fn name(&self) -> &str {
        &self.0
    }

    /// The caller of this request.
    pub(super) fn of(request: &HttpRequest) -> Self {
        let known = request.extensions().get::<Caller>().cloned();
        known.unwrap_or_else(|| Caller(Self::LOCAL.to_owned()))
    }
}

impl FromRequest for Caller {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Caller::of(request)))
    }
}
