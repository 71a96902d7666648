//! The hosts that may be asked, one by one or a domain with all below it.

use std::fmt;

use url::Host;

/// One entry of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HostPattern {
    /// This host and no other.
    Exact(Host<String>),
    /// Every name below this domain, which begins with a dot; not the domain itself.
    Below(String),
}

impl HostPattern {
    /// Reads `images.example.org`, `192.0.2.7`, `[2001:db8::1]` or `*.example.org`.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let wrong = |why: &str| {
            format!("`{text}` {why}; write a host such as `images.example.org` or `*.example.org`")
        };
        if text.ends_with('.') || text.contains(['/', '@', '\\', ' ']) {
            return Err(wrong("is no host"));
        }
        let (below, name) = match text.strip_prefix("*.") {
            Some(domain) => (true, domain),
            None => (false, text),
        };
        if name.contains('*') {
            return Err(wrong("has `*` where none may stand"));
        }
        match (below, Host::parse(name)) {
            (_, Err(_)) => Err(wrong("is no host")),
            (false, Ok(host)) => Ok(HostPattern::Exact(host)),
            (true, Ok(Host::Domain(domain))) if domain.contains('.') => {
                Ok(HostPattern::Below(format!(".{domain}")))
            }
            (true, Ok(_)) => Err(wrong("allows more than one owner's hosts")),
        }
    }

    /// Whether a host is meant by it.
    pub fn covers(&self, host: &Host<&str>) -> bool {
        match (self, host) {
            (HostPattern::Exact(known), host) => *known == host.to_owned(),
            (HostPattern::Below(end), Host::Domain(name)) => {
                name.len() > end.len() && name.ends_with(end.as_str())
            }
            (HostPattern::Below(_), Host::Ipv4(_) | Host::Ipv6(_)) => false,
        }
    }
}

impl fmt::Display for HostPattern {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            HostPattern::Exact(host) => fmt::Display::fmt(host, formatter),
            HostPattern::Below(end) => write!(formatter, "*{end}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn covers(pattern: &str, host: &str) -> bool {
        let host = Host::parse(host).unwrap();
        let host = match &host {
            Host::Domain(name) => Host::Domain(name.as_str()),
            Host::Ipv4(address) => Host::Ipv4(*address),
            Host::Ipv6(address) => Host::Ipv6(*address),
        };
        HostPattern::parse(pattern).unwrap().covers(&host)
    }

    #[test]
    fn a_host_is_meant_exactly_or_below_a_domain() {
        assert!(covers("images.example.org", "IMAGES.example.org"));
        assert!(covers("*.example.org", "a.b.example.org"));
        assert!(covers("bücher.example", "xn--bcher-kva.example"));
        assert!(covers("93.184.216.34", "0x5db8d822"));
        assert!(covers("[2600::1]", "[2600:0::0001]"));
        for (pattern, host) in [
            ("*.example.org", "example.org"),
            ("*.example.org", "badexample.org"),
            ("*.example.org", "example.org.evil.test"),
            ("images.example.org", "images.example.org.evil.test"),
            ("images.example.org", "x.images.example.org"),
            ("images.example.org", "images.example.org."),
            ("*.0.0.127.test", "127.0.0.1"),
        ] {
            assert!(!covers(pattern, host), "{pattern} {host}");
        }
    }

    #[test]
    fn a_pattern_that_is_no_host_or_means_too_many_is_refused() {
        for text in [
            "",
            "*",
            "*.org",
            "*.",
            "a*.example.org",
            "*.*.org",
            "https://example.org",
            "example.org/images",
            "example.org:8080",
            "example.org.",
            "me@example.org",
            "*.127.0.0.1",
        ] {
            let error = HostPattern::parse(text).unwrap_err();
            assert!(error.contains("*.example.org"), "{error}");
        }
    }
}
