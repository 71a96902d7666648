//! Fetches pictures within the rules.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use reqwest::header::{ACCEPT, CONTENT_ENCODING, LOCATION};
use reqwest::{Client, Response};
use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep, timeout};

use super::lookup::Checked;
use super::place::Place;
use super::{FetchError, Lookup, UrlRules};
use crate::access::Bucket;
use crate::backend::remote;

/// Reads pictures from the URLs that its rules allow. Cheap to clone; clones share connections, places and rates.
#[derive(Debug, Clone)]
pub struct UrlReader {
    shared: Option<Arc<Shared>>,
}

#[derive(Debug)]
struct Shared {
    rules: Arc<UrlRules>,
    client: Client,
    places: Semaphore,
    /// One for each entry of the list of hosts.
    turns: Vec<Mutex<Bucket>>,
    started: Instant,
}

/// What all pictures of one request may have together.
#[derive(Debug)]
pub struct ByteBudget {
    limit: usize,
    left: AtomicUsize,
}

impl ByteBudget {
    /// A budget of `limit` bytes.
    pub fn new(limit: usize) -> Self {
        ByteBudget {
            limit,
            left: AtomicUsize::new(limit),
        }
    }

    fn take(&self, bytes: usize) -> Result<(), FetchError> {
        let order = Ordering::Relaxed;
        let taken = self
            .left
            .fetch_update(order, order, |left| left.checked_sub(bytes));
        taken.map(|_| ()).map_err(|_| FetchError::TooManyBytes {
            what: "the images of one request together",
            limit: self.limit,
        })
    }
}

impl UrlReader {
    /// Reads nothing.
    pub fn off() -> Self {
        UrlReader { shared: None }
    }

    /// Whether it reads from any host.
    pub fn is_on(&self) -> bool {
        self.shared.is_some()
    }

    /// A reader; nothing is sent yet. With no host in the rules it reads nothing.
    ///
    /// # Errors
    /// A system on which no client can be made.
    pub fn new(rules: UrlRules, lookup: Arc<dyn Lookup>) -> Result<Self, String> {
        if rules.hosts.is_empty() {
            return Ok(UrlReader::off());
        }
        let rules = Arc::new(rules);
        let checked = Checked {
            lookup,
            rules: Arc::clone(&rules),
        };
        let client = remote::trusting(remote::plain_client(), &rules.authorities)?
            .dns_resolver(Arc::new(checked))
            .connect_timeout(rules.connect)
            .pool_max_idle_per_host(rules.at_once.min(8))
            .build()
            .map_err(|error| error.without_url().to_string())?;
        let shared = Shared {
            client,
            places: Semaphore::new(rules.at_once),
            turns: rules
                .hosts
                .iter()
                .map(|_| Mutex::new(Bucket::new(rules.rate)))
                .collect(),
            started: Instant::now(),
            rules,
        };
        Ok(UrlReader {
            shared: Some(Arc::new(shared)),
        })
    }

    /// The bytes at a URL, taken from the budget of its request.
    ///
    /// # Errors
    /// Any [`FetchError`].
    pub async fn read(&self, url: &str, budget: &ByteBudget) -> Result<Vec<u8>, FetchError> {
        let shared = self.shared.as_deref().ok_or(FetchError::Off)?;
        let place = Place::parse(url, &shared.rules)?;
        timeout(shared.rules.whole, shared.read(place, budget))
            .await
            .unwrap_or(Err(FetchError::Timeout))
    }
}

impl Shared {
    async fn read(&self, mut place: Place, budget: &ByteBudget) -> Result<Vec<u8>, FetchError> {
        let _permit = self.places.acquire().await;
        for _ in 0..=self.rules.redirects {
            self.turn(place.entry).await;
            let response = self.ask(&place).await?;
            let status = response.status();
            if status.is_success() {
                return self.body(response, budget).await;
            }
            let next = response.headers().get(LOCATION);
            let Some(next) = next.filter(|_| status.is_redirection()) else {
                return Err(FetchError::of_status(status.as_u16()));
            };
            let next = next.to_str();
            let next = next.map_err(|_| FetchError::Redirects(self.rules.redirects))?;
            place = place.follow(next, &self.rules)?;
        }
        Err(FetchError::Redirects(self.rules.redirects))
    }

    /// Waits until the host may be asked again.
    async fn turn(&self, entry: usize) {
        loop {
            let now = self.started.elapsed();
            let taken = {
                let bucket = self.turns[entry].lock();
                bucket.unwrap_or_else(PoisonError::into_inner).take(now)
            };
            match taken {
                Ok(()) => return,
                Err(wait) => sleep(wait).await,
            }
        }
    }

    async fn ask(&self, place: &Place) -> Result<Response, FetchError> {
        let request = self.client.get(place.url.clone()).header(ACCEPT, "image/*");
        let response = request.send().await.map_err(|error| {
            if remote::is_untrusted(&error) {
                FetchError::Untrusted
            } else if error.is_connect() {
                FetchError::Unreachable
            } else {
                FetchError::BrokenOff
            }
        })?;
        // The way to the socket has checked it already; a second look costs nothing.
        let stranger = response.remote_addr();
        if stranger.is_some_and(|address| !self.rules.permits(address.ip())) {
            return Err(FetchError::Unreachable);
        }
        Ok(response)
    }

    /// Reads piece by piece; what is too long is left where it is.
    async fn body(
        &self,
        mut response: Response,
        budget: &ByteBudget,
    ) -> Result<Vec<u8>, FetchError> {
        let coding = response.headers().get(CONTENT_ENCODING);
        if coding.is_some_and(|coding| !coding.as_bytes().eq_ignore_ascii_case(b"identity")) {
            return Err(FetchError::Encoded);
        }
        let limit = self.rules.most_bytes;
        let too_many = FetchError::TooManyBytes {
            what: "an image",
            limit,
        };
        if response.content_length().unwrap_or_default() > limit as u64 {
            return Err(too_many);
        }
        let mut body = Vec::new();
        while let Some(piece) = response.chunk().await.map_err(|_| FetchError::BrokenOff)? {
            if body.len() + piece.len() > limit {
                return Err(too_many);
            }
            budget.take(piece.len())?;
            body.extend_from_slice(&piece);
        }
        Ok(body)
    }
}
