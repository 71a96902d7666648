//! From names to addresses that may be dialled.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use async_trait::async_trait;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::UrlRules;

/// Looks up names. What it gives is checked before it is dialled, whoever it is.
#[async_trait]
pub trait Lookup: Send + Sync + fmt::Debug {
    /// The addresses of a host.
    async fn lookup(&self, host: &str) -> io::Result<Vec<IpAddr>>;
}

/// Asks the system.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemLookup;

#[async_trait]
impl Lookup for SystemLookup {
    async fn lookup(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        let found = tokio::net::lookup_host((host, 0)).await?;
        Ok(found.map(|address| address.ip()).collect())
    }
}

/// Knows the addresses of some hosts, and asks the system for the rest.
#[derive(Debug, Clone, Default)]
pub struct PinnedLookup {
    /// Addresses by host, in lower case.
    pub addresses: BTreeMap<String, Vec<IpAddr>>,
}

#[async_trait]
impl Lookup for PinnedLookup {
    async fn lookup(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        match self.addresses.get(host) {
            Some(addresses) => Ok(addresses.clone()),
            None => SystemLookup.lookup(host).await,
        }
    }
}

/// What the client asks on its way to a socket: it sees no address that was not checked.
pub(super) struct Checked {
    pub(super) lookup: Arc<dyn Lookup>,
    pub(super) rules: Arc<UrlRules>,
}

/// A host without an address that may be dialled. It says nothing more, because there is nobody to tell.
#[derive(Debug, thiserror::Error)]
#[error("no address")]
struct NoAddress;

impl Resolve for Checked {
    fn resolve(&self, name: Name) -> Resolving {
        let (lookup, rules) = (Arc::clone(&self.lookup), Arc::clone(&self.rules));
        Box::pin(async move {
            let found = lookup.lookup(name.as_str()).await?;
            let permitted: Vec<SocketAddr> = found
                .into_iter()
                .filter(|address| rules.permits(*address))
                // The port of the URL takes the place of 0.
                .map(|address| SocketAddr::new(address, 0))
                .collect();
            if permitted.is_empty() {
                return Err(NoAddress.into());
            }
            Ok(Box::new(permitted.into_iter()) as Addrs)
        })
    }
}
