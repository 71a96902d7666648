//! From the keys of `[images.urls]` to the one reader of images by URL.

use std::sync::Arc;
use std::time::Duration;

use super::AssembleError;
use super::remote::authorities;
use crate::access::Rate;
use crate::config::{Config, UrlsConfig};
use crate::fetch::{HostPattern, PinnedLookup, UrlReader, UrlRules};

/// The reader that a configuration describes; it reads nothing where no host is named.
///
/// # Errors
/// A host that is none, or limits that cannot be kept.
pub fn url_reader(config: &Config) -> Result<UrlReader, AssembleError> {
    let urls = &config.images.urls;
    if urls.allow_loopback && !urls.hosts.is_empty() {
        tracing::warn!(
            "`[images.urls] allow_loopback` is for development: images are fetched from this machine too"
        );
    }
    let rules = rules(urls, config.limits.image_bytes).map_err(AssembleError::Urls)?;
    let addresses = urls.addresses.iter();
    let lookup = PinnedLookup {
        addresses: addresses
            .map(|(host, addresses)| (host.to_ascii_lowercase(), addresses.clone()))
            .collect(),
    };
    UrlReader::new(rules, Arc::new(lookup)).map_err(AssembleError::Urls)
}

fn rules(urls: &UrlsConfig, most_bytes: usize) -> Result<UrlRules, String> {
    let hosts = urls.hosts.iter().map(|host| HostPattern::parse(host));
    let hosts = hosts.collect::<Result<Vec<_>, _>>()?;
    let time = |seconds: f64| {
        Duration::try_from_secs_f64(seconds).map_err(|error| format!("{seconds} seconds: {error}"))
    };
    // A request may bring as many images at once as come in two seconds.
    let burst = (urls.images_per_second * 2.0).ceil().clamp(1.0, 1e6);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "clamped to [1, 1e6]"
    )]
    let rate = Rate::new(urls.images_per_second, burst as u32);
    Ok(UrlRules {
        http: urls.http,
        ports: urls.ports.clone(),
        redirects: urls.redirects,
        connect: time(urls.connect_seconds)?,
        whole: time(urls.seconds)?,
        most_bytes,
        at_once: urls.at_once.max(1),
        rate: rate.ok_or("`images_per_second` must lie in [0.001, 1000000]")?,
        allow_loopback: urls.allow_loopback,
        authorities: authorities(&urls.authorities)?,
        ..UrlRules::new(hosts)
    })
}
