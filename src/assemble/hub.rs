//! From an address in a hub to a folder of this machine.

use std::path::PathBuf;

use super::remote::NoClient;
use crate::config::{Config, HubAddress, OnnxLanguageConfig};

/// For which kind of model files are wanted.
#[derive(Debug, Clone, Copy)]
#[cfg_attr(
    not(feature = "hub"),
    expect(dead_code, reason = "without the feature nothing is fetched")
)]
pub(super) enum Wanted<'a> {
    Language(&'a OnnxLanguageConfig),
    DualEncoder,
    Scalar,
}

/// Says how to get what this build does not fetch.
///
/// # Errors
/// Always [`NoClient::Missing`].
#[cfg(not(feature = "hub"))]
pub(super) fn folder(
    _name: &str,
    address: &HubAddress,
    _wanted: Wanted<'_>,
    _config: &Config,
) -> Result<PathBuf, NoClient> {
    Err(NoClient::Missing(format!(
        "this build fetches no models, so `{address}` cannot be opened; build with `cargo build --release --features hub`, or download the repository and set `folder` to where it is"
    )))
}

#[cfg(feature = "hub")]
pub(super) use fetching::folder;

#[cfg(feature = "hub")]
mod fetching {
    use std::thread;

    use super::{Config, HubAddress, NoClient, PathBuf, Wanted};
    use crate::assemble::AssembleError;
    use crate::backend::onnx::ExportKind;
    use crate::backend::remote::Secret;
    use crate::backend::remote::hub::{Hub, HubError, HubOptions, Repository, Shelf};

    /// The folder with the files that are wanted, fetched where they are not there yet.
    ///
    /// # Errors
    /// Settings that cannot be used are wrong; files that cannot be had are missing.
    pub(in crate::assemble) fn folder(
        name: &str,
        address: &HubAddress,
        wanted: Wanted<'_>,
        config: &Config,
    ) -> Result<PathBuf, NoClient> {
        let kind = kind(wanted);
        let choose = |listed: &[String]| kind.files(listed);
        let cache = config.hub.cache_folder().map_err(NoClient::Missing)?;
        let repository = Repository {
            name: address.repository.clone(),
            revision: address.revision.clone(),
        };
        let shelf = Shelf::new(&cache, repository);
        if let Some(folder) = shelf.complete(&choose) {
            return Ok(folder);
        }
        let Some(endpoint) = config.hub.endpoint.clone() else {
            return Err(NoClient::Missing(format!(
                "set `[hub] endpoint` to the address of the hub that has `{address}`, or download it and set `folder` to where it is"
            )));
        };
        let token = config.hub.token().map_err(NoClient::Missing)?;
        let hub = Hub::new(HubOptions {
            endpoint,
            token: token.as_deref().map(Secret::new),
        });
        let hub =
            hub.map_err(|error| NoClient::Wrong(AssembleError::backend(name, error.to_string())))?;
        waited_for(async { shelf.fill(&hub, &choose).await })
            .map_err(|error| NoClient::Missing(error.to_string()))
    }

    fn kind(wanted: Wanted<'_>) -> ExportKind {
        match wanted {
            Wanted::Language(language) => ExportKind::Language {
                variant: language.variant.clone(),
            },
            Wanted::DualEncoder => ExportKind::DualEncoder,
            Wanted::Scalar => ExportKind::Scalar,
        }
    }

    /// On a thread of its own: whoever assembles may be inside a runtime already, which must not be blocked on.
    fn waited_for(
        fetching: impl Future<Output = Result<PathBuf, HubError>> + Send,
    ) -> Result<PathBuf, HubError> {
        let fetch = || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .map_err(|error| HubError::Options {
                    message: format!("nothing can be fetched: {error}"),
                })?;
            runtime.block_on(fetching)
        };
        thread::scope(|scope| scope.spawn(fetch).join().expect("fetching does not panic"))
    }
}
