//! One HTTP client for every engine that is elsewhere, with all that keeps one bad engine from harming the rest.
//!
//! Each [`Remote`] has its own connections, its own places (a bulkhead), its own circuit breaker and its own
//! retry budget: engines share nothing. A caller first [enters](Remote::enter), which may wait for a place, and
//! builds the body of a request only then, so that waiting requests cost no memory. Proxies of the environment
//! are not used, redirects are not followed (but by `hub`, which fetches files), and no reply is held beyond its
//! limit. Knows nothing of prompts.
//! Beside `fetch`, which reads pictures by URL through `plain_client`, the only place that imports `reqwest`, and the
//! only one that imports `rustls`.

mod attempt;
mod backoff;
mod breaker;
mod budget;
mod error;
#[cfg(feature = "hub")]
pub mod hub;
mod options;
mod reply;
mod resilience;

use std::sync::Arc;

use reqwest::Certificate;
use serde_json::Value;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::Instant;

pub use error::{OptionsError, RemoteError, Stage};
pub use options::{RemoteOptions, Secret, Timeouts};
pub use reply::Reply;

use super::Circuit;
use super::queueing::queued;
use resilience::Resilience;

/// Whether a request may be sent again after a failure that another try may mend.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// Asking twice does no harm: all that we ask of engines is of this kind.
    Safe,
    /// Not even when the engine was never reached.
    Never,
}

/// Body of a request that is no JSON text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Content {
    /// Name and value of each header; `content-type` should be among them.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub bytes: Vec<u8>,
}

/// An engine that is elsewhere. Cheap to clone; clones share places, breaker and budget.
#[derive(Debug, Clone)]
pub struct Remote {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    options: RemoteOptions,
    base: reqwest::Url,
    client: reqwest::Client,
    places: Semaphore,
    resilience: Resilience,
}

impl Remote {
    /// A client for one engine; nothing is sent yet.
    ///
    /// # Errors
    /// An address, a header or a limit that cannot be used.
    pub fn new(options: RemoteOptions) -> Result<Self, OptionsError> {
        let base = options.checked_base()?;
        let client = attempt::client(&options)?;
        Ok(Remote {
            shared: Arc::new(Shared {
                base,
                client,
                places: Semaphore::new(options.concurrency),
                resilience: Resilience::default(),
                options,
            }),
        })
    }

    /// Name of the backend in messages.
    pub fn name(&self) -> &str {
        &self.shared.options.name
    }

    /// How many requests may be under way at once.
    pub fn concurrency(&self) -> usize {
        self.shared.options.concurrency
    }

    /// Whether the engine is asked at the moment, and how often it was asked once more.
    pub fn circuit(&self) -> Circuit {
        self.shared.resilience.circuit()
    }

    /// Waits for a place among the requests under way.
    ///
    /// # Errors
    /// [`RemoteError::Resting`] while the circuit is open, at once and without waiting.
    pub async fn enter(&self) -> Result<Place<'_>, RemoteError> {
        let shared = &*self.shared;
        shared.resilience.open(&shared.options.name)?;
        let began = Instant::now();
        let permit = shared
            .places
            .acquire()
            .await
            .expect("the places are never closed");
        queued(began.elapsed());
        Ok(Place {
            shared,
            _permit: permit,
        })
    }
}

/// One of the places of a [`Remote`]; given back when dropped.
#[derive(Debug)]
pub struct Place<'a> {
    shared: &'a Shared,
    _permit: SemaphorePermit<'a>,
}

impl Place<'_> {
    /// Posts JSON and reads the JSON of the answer.
    ///
    /// `path` is relative to the configured address; one that begins with `/` is relative to its host.
    ///
    /// # Errors
    /// Any [`RemoteError`]; a status other than 2xx is one.
    pub async fn post_json(
        &self,
        path: &str,
        retry: Retry,
        body: &Value,
    ) -> Result<Value, RemoteError> {
        let content = Content {
            headers: vec![("content-type", "application/json".to_owned())],
            bytes: body.to_string().into_bytes(),
        };
        self.post_bytes(path, retry, content).await?.json()
    }

    /// Posts any bytes with their headers.
    ///
    /// # Errors
    /// Any [`RemoteError`] but those of reading JSON.
    pub async fn post_bytes(
        &self,
        path: &str,
        retry: Retry,
        content: Content,
    ) -> Result<Reply, RemoteError> {
        let request = attempt::post(self.shared, path, content)?;
        resilience::send(self.shared, request, retry).await
    }

    /// Gets and reads JSON.
    ///
    /// # Errors
    /// Any [`RemoteError`]; a status other than 2xx is one.
    pub async fn get_json(&self, path: &str) -> Result<Value, RemoteError> {
        self.get(path).await?.json()
    }

    /// Gets whatever is there.
    ///
    /// # Errors
    /// Any [`RemoteError`] but those of reading JSON.
    pub async fn get(&self, path: &str) -> Result<Reply, RemoteError> {
        let request = attempt::get(self.shared, path)?;
        resilience::send(self.shared, request, Retry::Safe).await
    }
}

/// A client with what every client of ours has: who it is, no proxy, no redirect, no further try.
pub(crate) fn plain_client() -> reqwest::ClientBuilder {
    attempt::builder()
}

/// The same client, which trusts these authorities beside the system's: PEM files with one or more certificates.
///
/// # Errors
/// A file that holds no certificate.
pub(crate) fn trusting(
    mut builder: reqwest::ClientBuilder,
    authorities: &[Vec<u8>],
) -> Result<reqwest::ClientBuilder, String> {
    for pem in authorities {
        let certificates = Certificate::from_pem_bundle(pem);
        let certificates = certificates.ok().filter(|all| !all.is_empty());
        let certificates =
            certificates.ok_or("`authorities` names a file that holds no certificate in PEM")?;
        builder = builder.tls_certs_merge(certificates);
    }
    Ok(builder)
}

/// Whether a request failed because the certificate of the other side is not trusted: expired, of another name, or of
/// an authority that is not known here.
pub(crate) fn is_untrusted(error: &reqwest::Error) -> bool {
    fn within(error: &(dyn std::error::Error + 'static)) -> bool {
        // An `io::Error` shows the source of what it wraps, and not what it wraps.
        let wrapped = error.downcast_ref::<std::io::Error>();
        let wrapped = wrapped.and_then(std::io::Error::get_ref);
        matches!(
            error.downcast_ref(),
            Some(rustls::Error::InvalidCertificate(_))
        ) || wrapped.is_some_and(|inner| within(inner))
            || error.source().is_some_and(within)
    }
    within(error)
}

/// One step of a path, with all that has a meaning in addresses escaped (RFC 3986, section 2.1).
pub fn path_step(text: &str) -> String {
    let mut step = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                step.push(char::from(byte));
            }
            other => step.push_str(&format!("%{other:02X}")),
        }
    }
    step
}

#[cfg(test)]
mod tests {
    use super::path_step;

    #[test]
    fn a_step_cannot_leave_its_place() {
        assert_eq!(path_step("resnet-50_v1.5~a"), "resnet-50_v1.5~a");
        assert_eq!(path_step("a/b?c#d é"), "a%2Fb%3Fc%23d%20%C3%A9");
    }
}
