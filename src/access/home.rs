//! Who calls a service that asks for no key: programs of this machine, and not a page that somebody's browser shows.
//!
//! A page of another site can have a browser ask an address of this machine. Where the page's own name was made to lead
//! here (DNS rebinding) the browser even takes the answers for that site's own; the name in `Host` tells. Where it asks
//! across sites, `Origin` tells.

use std::net::IpAddr;

/// The hosts by which such a service may be called, and of whose pages it may be asked: those of this machine, and
/// whichever are named.
#[derive(Debug, Clone, Default)]
pub struct HomeHosts {
    named: Vec<String>,
}

impl HomeHosts {
    /// This machine, and these names or addresses.
    ///
    /// # Errors
    /// What is no host alone.
    pub fn new(named: &[String]) -> Result<Self, String> {
        for name in named {
            let odd = |c: char| c.is_whitespace() || matches!(c, '/' | '@' | '*' | ',');
            let has_port = name.parse::<IpAddr>().is_err() && name.contains(':');
            if name.is_empty() || name.contains(odd) || has_port {
                return Err(format!(
                    "`{name}` is no host; write a name or an address, without scheme, port and `*`"
                ));
            }
        }
        let named = named.iter().map(|name| plain(name));
        Ok(HomeHosts {
            named: named.collect(),
        })
    }

    /// Whether this host, without a port, is one of them.
    pub fn covers(&self, host: &str) -> bool {
        let host = plain(host);
        let is_loopback = host
            .parse::<IpAddr>()
            .is_ok_and(|address| address.to_canonical().is_loopback());
        // Names below `localhost` lead to this machine as well (RFC 6761, section 6.3).
        is_loopback
            || host == "localhost"
            || host.ends_with(".localhost")
            || self.named.contains(&host)
    }
}

/// In lower case, without the brackets of an IPv6 address and the dot of a whole name.
fn plain(host: &str) -> String {
    let bare = host
        .strip_prefix('[')
        .and_then(|bare| bare.strip_suffix(']'));
    let bare = bare.unwrap_or(host);
    bare.strip_suffix('.').unwrap_or(bare).to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_is_home_by_all_its_names_and_nothing_else_is() {
        let home = HomeHosts::default();
        for host in [
            "localhost",
            "LocalHost",
            "localhost.",
            "opine.localhost",
            "127.0.0.1",
            "127.8.9.1",
            "[::1]",
            "::1",
            "[::ffff:127.0.0.1]",
        ] {
            assert!(home.covers(host), "{host}");
        }
        for host in [
            "",
            ".",
            "evil.test",
            "localhost.evil.test",
            "notlocalhost",
            "127.0.0.1.evil.test",
            "127.1",
            "2130706433",
            "0.0.0.0",
            "[::]",
            "192.168.0.1",
            "[::1].evil.test",
        ] {
            assert!(!home.covers(host), "{host}");
        }
    }

    #[test]
    fn hosts_that_are_named_are_home_too() {
        let named = ["Judge.Example.org", "192.168.0.7", "2001:db8::1"].map(str::to_owned);
        let home = HomeHosts::new(&named).unwrap();
        for host in ["judge.example.org", "192.168.0.7", "[2001:db8::1]"] {
            assert!(home.covers(host), "{host}");
        }
        assert!(!home.covers("x.judge.example.org"));
        for wrong in ["", "a b", "https://a", "a:80", "*.a", "a/b", "me@a"] {
            let refused = HomeHosts::new(&[wrong.to_owned()]);
            assert!(refused.unwrap_err().contains("no host"), "{wrong}");
        }
    }
}
