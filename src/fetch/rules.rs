//! What may be fetched, from where, and at what cost.

use std::net::IpAddr;
use std::time::Duration;

use super::{HostPattern, refusal};
use crate::access::Rate;

/// What may be fetched. With no host nothing is.
#[derive(Debug, Clone)]
pub struct UrlRules {
    /// The hosts that may be asked.
    pub hosts: Vec<HostPattern>,
    /// Whether `http` is read beside `https`.
    pub http: bool,
    /// The ports that may be asked; with none, the one of the scheme.
    pub ports: Vec<u16>,
    /// Most redirects of one picture.
    pub redirects: usize,
    /// Most time for a connection.
    pub connect: Duration,
    /// Most time for a picture as a whole, redirects and waiting for a place included.
    pub whole: Duration,
    /// Most bytes of a picture.
    pub most_bytes: usize,
    /// Most pictures under way at once.
    pub at_once: usize,
    /// How often each entry of `hosts` may be asked; more wait.
    pub rate: Rate,
    /// Whether this machine's own addresses are dialled, for development only.
    pub allow_loopback: bool,
    /// PEM files of authorities that are trusted beside the system's.
    pub authorities: Vec<Vec<u8>>,
}

impl UrlRules {
    /// Rules with the defaults of the service for these hosts.
    pub fn new(hosts: Vec<HostPattern>) -> Self {
        UrlRules {
            hosts,
            http: false,
            ports: Vec::new(),
            redirects: 3,
            connect: Duration::from_secs(3),
            whole: Duration::from_secs(10),
            most_bytes: 20 << 20,
            at_once: 32,
            rate: Rate::new(50.0, 100).expect("the rate is within its bounds"),
            allow_loopback: false,
            authorities: Vec::new(),
        }
    }

    /// Whether an address may be dialled.
    pub(super) fn permits(&self, address: IpAddr) -> bool {
        match refusal(address) {
            None => true,
            // Not `is_loopback`, which is true of an IPv4 address inside an IPv6 one as well.
            Some("loopback") => self.allow_loopback,
            Some(_) => false,
        }
    }
}
