//! From where images may be fetched by URL.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use serde::Deserialize;

/// Images.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ImagesConfig {
    /// Images by URL; off unless hosts are named.
    pub urls: UrlsConfig,
}

/// Images by URL:
///
/// ```toml
/// [images.urls]
/// hosts = ["images.example.org", "*.cdn.example.org"]
/// ```
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct UrlsConfig {
    /// Hosts that may be asked: a name, or `*.` and a domain for all names below it. With none, no image is fetched.
    pub hosts: Vec<String>,
    /// Whether `http` is read beside `https`.
    pub http: bool,
    /// Ports that may be asked; unset, the one of the scheme.
    pub ports: Vec<u16>,
    /// Most redirects of one image; each must lead to a host of the list.
    pub redirects: usize,
    /// Most seconds for a connection.
    pub connect_seconds: f64,
    /// Most seconds for one image as a whole.
    pub seconds: f64,
    /// Most images under way at once, of all requests.
    pub at_once: usize,
    /// Images per second from each entry of `hosts`; more wait.
    pub images_per_second: f64,
    /// PEM files of authorities that are trusted beside the system's, relative to the configuration's folder.
    pub authorities: Vec<PathBuf>,
    /// Addresses of hosts that are not looked up.
    pub addresses: BTreeMap<String, Vec<IpAddr>>,
    /// Whether a host may have an address of this machine. For development only: whoever may send a request can then
    /// have this machine ask its own services, as far as `hosts` and `ports` let them.
    pub allow_loopback: bool,
}

impl Default for UrlsConfig {
    fn default() -> Self {
        UrlsConfig {
            hosts: Vec::new(),
            http: false,
            ports: Vec::new(),
            redirects: 3,
            connect_seconds: 3.0,
            seconds: 10.0,
            at_once: 32,
            images_per_second: 50.0,
            authorities: Vec::new(),
            addresses: BTreeMap::new(),
            allow_loopback: false,
        }
    }
}

impl UrlsConfig {
    pub(super) fn resolve(&mut self, folder: &Path) {
        for file in &mut self.authorities {
            *file = folder.join(&file);
        }
    }

    /// Everything that is wrong with the numbers, one line each.
    pub(super) fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        for (name, seconds) in [
            ("connect_seconds", self.connect_seconds),
            ("seconds", self.seconds),
        ] {
            if !(0.001..=3_600.0).contains(&seconds) {
                faults.push(format!(
                    "[images.urls]: `{name}` is {seconds}; it must lie in [0.001, 3600]"
                ));
            }
        }
        if !(0.001..=1e6).contains(&self.images_per_second) {
            faults.push("[images.urls]: `images_per_second` must lie in [0.001, 1000000]".into());
        }
        if self.at_once == 0 || self.redirects > 20 {
            faults.push(
                "[images.urls]: `at_once` must be at least 1, and `redirects` at most 20".into(),
            );
        }
        faults
    }
}
