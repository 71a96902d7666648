//! Asks a hub, and follows where it keeps large files. The token goes to the hub's own host only.

use std::fmt::Display;
use std::time::Duration;

use reqwest::header::{AUTHORIZATION, HeaderValue, LOCATION};
use reqwest::{Client, Response, Url};

use super::error::{HubError, remedy};
use super::shelf::{Listed, Listing, Part, Repository, Shelf};
use crate::backend::remote::{OptionsError, RemoteOptions};
use crate::backend::remote::{Secret, attempt, path_step};

/// Most redirects of one file.
const REDIRECTS: usize = 5;
/// Most bytes of a list of files.
const LISTING_BYTES: usize = 32 << 20;
/// Most bytes of a file whose size the hub does not state.
const FILE_BYTES: u64 = 64 << 30;
/// How long is waited for a connection.
const CONNECT: Duration = Duration::from_secs(10);
/// How long is waited for the next bytes; a file as a whole may take as long as it takes.
const NEXT_BYTES: Duration = Duration::from_secs(60);

/// What a client for a hub is told.
#[derive(Debug, Clone)]
pub struct HubOptions {
    /// Address of the hub.
    pub endpoint: String,
    /// Sent to the hub as `Authorization: Bearer TOKEN`.
    pub token: Option<Secret>,
}

/// A hub that speaks the API of Hugging Face.
#[derive(Debug)]
pub struct Hub {
    base: Url,
    authorization: Option<HeaderValue>,
    client: Client,
}

/// What is being fetched, for messages.
#[derive(Clone, Copy)]
struct Wanted<'a> {
    repository: &'a Repository,
    file: &'a str,
}

impl Hub {
    /// A client; nothing is sent yet.
    ///
    /// # Errors
    /// An address or a token that cannot be used.
    pub fn new(options: HubOptions) -> Result<Self, HubError> {
        let wrong = |error: OptionsError| HubError::Options {
            message: error.message.replace("`url`", "`endpoint`"),
        };
        let mut checked = RemoteOptions::new("hub", options.endpoint);
        checked.key = options.token;
        let client = attempt::builder()
            .connect_timeout(CONNECT)
            .read_timeout(NEXT_BYTES)
            .build()
            .map_err(|error| HubError::Options {
                message: attempt::spoken(&error),
            })?;
        Ok(Hub {
            base: checked.checked_base().map_err(wrong)?,
            authorization: checked.header_map().map_err(wrong)?.remove(AUTHORIZATION),
            client,
        })
    }

    /// The list of a repository's files.
    pub(super) async fn listing(&self, repository: &Repository) -> Result<Listing, HubError> {
        let wanted = Wanted {
            repository,
            file: "the list of files",
        };
        let revision = path_step(&repository.revision);
        let path = format!(
            "api/models/{}/revision/{revision}?blobs=true",
            repository.name
        );
        let mut response = self.get(wanted, &path).await?;
        let mut body = Vec::new();
        while let Some(piece) = response
            .chunk()
            .await
            .map_err(|error| wanted.failed(error))?
        {
            if body.len() + piece.len() > LISTING_BYTES {
                return Err(wanted.broken_off(format!("it has more than {LISTING_BYTES} bytes")));
            }
            body.extend_from_slice(&piece);
        }
        serde_json::from_slice(&body).map_err(|error| HubError::Listing {
            repository: repository.to_string(),
            message: error.to_string(),
        })
    }

    /// Writes a file of a commit.
    pub(super) async fn file(
        &self,
        shelf: &Shelf,
        commit: &str,
        listed: &Listed,
        part: &mut Part,
    ) -> Result<(), HubError> {
        let (repository, file) = (&shelf.repository, listed.rfilename.as_str());
        let wanted = Wanted { repository, file };
        let bytes = listed.size.unwrap_or_default();
        tracing::info!(%repository, file, bytes, "fetching");
        let steps: Vec<String> = file.split('/').map(path_step).collect();
        let (commit, steps) = (path_step(commit), steps.join("/"));
        let path = format!("{}/resolve/{commit}/{steps}", repository.name);
        let mut response = self.get(wanted, &path).await?;
        let limit = listed.size.unwrap_or(FILE_BYTES);
        let mut written = 0;
        while let Some(piece) = response
            .chunk()
            .await
            .map_err(|error| wanted.failed(error))?
        {
            written += piece.len() as u64;
            if written > limit {
                return Err(wanted.broken_off(format!("it has more than {limit} bytes")));
            }
            part.write(&piece)
                .map_err(|error| shelf.unkept(file, &error))?;
        }
        match listed.size {
            Some(size) if size != written => {
                Err(wanted.broken_off(format!("{written} of its {size} bytes came")))
            }
            Some(_) | None => Ok(()),
        }
    }

    /// The answer at the end of all redirects.
    async fn get(&self, wanted: Wanted<'_>, path: &str) -> Result<Response, HubError> {
        let address = self.base.join(path);
        let mut address = address.map_err(|error| wanted.broken_off(error))?;
        for _ in 0..=REDIRECTS {
            let mut request = self.client.get(address.clone());
            if let Some(authorization) = &self.authorization
                && address.origin() == self.base.origin()
            {
                request = request.header(AUTHORIZATION, authorization.clone());
            }
            let response = request.send().await;
            // Addresses of large files are signed: who reads one may fetch the file.
            let response = response.map_err(|error| wanted.failed(error))?;
            let status = response.status();
            if status.is_success() {
                return Ok(response);
            }
            let next = response.headers().get(LOCATION);
            match next.filter(|_| status.is_redirection()) {
                Some(next) => address = self.followed(wanted, &address, next)?,
                None => return Err(wanted.status(status.as_u16())),
            }
        }
        Err(wanted.broken_off(format!("more than {REDIRECTS} redirects")))
    }

    /// Where a redirect leads; never from an encrypted connection to an open one.
    fn followed(
        &self,
        wanted: Wanted<'_>,
        from: &Url,
        location: &HeaderValue,
    ) -> Result<Url, HubError> {
        let place = location.to_str().ok().and_then(|to| from.join(to).ok());
        let allowed = |to: &Url| match self.base.scheme() {
            "https" => to.scheme() == "https",
            _ => matches!(to.scheme(), "http" | "https"),
        };
        place
            .filter(allowed)
            .ok_or_else(|| wanted.broken_off("the hub redirects to where no file may come from"))
    }
}

impl Wanted<'_> {
    fn failed(self, error: reqwest::Error) -> HubError {
        self.broken_off(attempt::spoken(&error.without_url()))
    }

    fn broken_off(self, message: impl Display) -> HubError {
        HubError::BrokenOff {
            repository: self.repository.to_string(),
            file: self.file.to_owned(),
            message: message.to_string(),
        }
    }

    fn status(self, status: u16) -> HubError {
        HubError::Status {
            repository: self.repository.to_string(),
            file: self.file.to_owned(),
            status,
            remedy: remedy(status),
        }
    }
}
