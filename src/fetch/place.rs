//! From the text of a URL to a place that may be asked, or why not.
//!
//! The parser is the one whose result is dialled (`url`, of the WHATWG standard), so that no two readings of one text
//! can differ. It is lenient; where its leniency only serves to disguise, the text is refused before it is parsed.

use std::net::IpAddr;

use url::{Host, Url};

use super::{FetchError, UrlRules};

/// Longest URL in bytes.
const LONGEST: usize = 2_048;

/// A URL that may be asked.
#[derive(Debug, Clone)]
pub(super) struct Place {
    pub(super) url: Url,
    /// The entry of the list that allows it.
    pub(super) entry: usize,
}

impl Place {
    /// The place that a stranger names.
    pub(super) fn parse(text: &str, rules: &UrlRules) -> Result<Self, FetchError> {
        undisguised(text)?;
        let (scheme, rest) = text.split_once("://").ok_or(FetchError::Invalid(
            "the URL does not begin with `https://`",
        ))?;
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        if authority.is_empty() || scheme.contains(['/', '?', '#']) {
            return Err(FetchError::Invalid("the URL names no host"));
        }
        if authority.contains('@') {
            return Err(FetchError::Invalid("the URL holds a user or a password"));
        }
        let url = Url::parse(text).map_err(|_| FetchError::Invalid("the URL cannot be read"))?;
        Self::check(url, rules)
    }

    /// The place that a redirect names, checked like the first.
    pub(super) fn follow(&self, location: &str, rules: &UrlRules) -> Result<Self, FetchError> {
        undisguised(location)?;
        let url = self.url.join(location);
        let url = url.map_err(|_| FetchError::Redirects(rules.redirects))?;
        if self.url.scheme() == "https" && url.scheme() != "https" {
            return Err(FetchError::NotAllowed(
                "the host of the image redirects from `https` to something else",
            ));
        }
        Self::check(url, rules)
    }

    fn check(mut url: Url, rules: &UrlRules) -> Result<Self, FetchError> {
        match url.scheme() {
            "https" => {}
            "http" if rules.http => {}
            _ => return Err(FetchError::NotAllowed("only `https` URLs are read here")),
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(FetchError::Invalid("the URL holds a user or a password"));
        }
        let host = url
            .host()
            .ok_or(FetchError::Invalid("the URL names no host"))?;
        let entry = rules.hosts.iter().position(|known| known.covers(&host));
        let entry = entry.ok_or(FetchError::NotAllowed(
            "the host of the URL is not on this service's list",
        ))?;
        let port = url.port_or_known_default();
        let standard = rules.ports.is_empty() && url.port().is_none();
        if !standard && !port.is_some_and(|port| rules.ports.contains(&port)) {
            return Err(FetchError::NotAllowed(
                "the port of the URL is not read here",
            ));
        }
        // Names are checked when they are looked up; what needs no looking up is checked here.
        let written_out = match host {
            Host::Domain(_) => None,
            Host::Ipv4(address) => Some(IpAddr::V4(address)),
            Host::Ipv6(address) => Some(IpAddr::V6(address)),
        };
        if written_out.is_some_and(|address| !rules.permits(address)) {
            return Err(FetchError::Unreachable);
        }
        url.set_fragment(None);
        Ok(Place { url, entry })
    }
}

/// Refuses what the parser would quietly drop or turn into something else.
fn undisguised(text: &str) -> Result<(), FetchError> {
    if text.len() > LONGEST {
        return Err(FetchError::Invalid("the URL has more than 2048 bytes"));
    }
    if text.contains('\\') || text.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return Err(FetchError::Invalid(
            "the URL has a backslash, a blank or a control character",
        ));
    }
    Ok(())
}
