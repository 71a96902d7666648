//! Which addresses are never dialled: all that do not lead to the public internet.
//!
//! From the special-purpose registries of IANA (RFC 6890 and its successors), and what carries an IPv4 address inside
//! an IPv6 address, whatever it carries: a translator behind it may lead anywhere.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Name, first address and length of prefix of every refused range.
type Row<Address> = (&'static str, Address, u32);

const V4: &[Row<Ipv4Addr>] = &[
    ("this network", Ipv4Addr::new(0, 0, 0, 0), 8),
    ("private", Ipv4Addr::new(10, 0, 0, 0), 8),
    ("carrier-grade NAT", Ipv4Addr::new(100, 64, 0, 0), 10),
    ("loopback", Ipv4Addr::new(127, 0, 0, 0), 8),
    ("link-local", Ipv4Addr::new(169, 254, 0, 0), 16),
    ("private", Ipv4Addr::new(172, 16, 0, 0), 12),
    // Azure's host answers here with metadata; the address itself is a public one.
    ("metadata", Ipv4Addr::new(168, 63, 129, 16), 32),
    ("protocol assignments", Ipv4Addr::new(192, 0, 0, 0), 24),
    ("documentation", Ipv4Addr::new(192, 0, 2, 0), 24),
    ("6to4 relay", Ipv4Addr::new(192, 88, 99, 0), 24),
    ("private", Ipv4Addr::new(192, 168, 0, 0), 16),
    ("benchmark", Ipv4Addr::new(198, 18, 0, 0), 15),
    ("documentation", Ipv4Addr::new(198, 51, 100, 0), 24),
    ("documentation", Ipv4Addr::new(203, 0, 113, 0), 24),
    ("multicast", Ipv4Addr::new(224, 0, 0, 0), 4),
    ("reserved", Ipv4Addr::new(240, 0, 0, 0), 4),
];

const V6: &[Row<Ipv6Addr>] = &[
    ("unspecified", Ipv6Addr::UNSPECIFIED, 128),
    ("loopback", Ipv6Addr::LOCALHOST, 128),
    ("IPv4-mapped", v6([0, 0, 0, 0, 0, 0xffff]), 96),
    ("IPv4-compatible", v6([0, 0, 0, 0, 0, 0]), 96),
    ("NAT64", v6([0x64, 0xff9b, 0, 0, 0, 0]), 96),
    ("local NAT64", v6([0x64, 0xff9b, 1, 0, 0, 0]), 48),
    ("discard", v6([0x100, 0, 0, 0, 0, 0]), 64),
    ("Teredo", v6([0x2001, 0, 0, 0, 0, 0]), 32),
    ("protocol assignments", v6([0x2001, 0, 0, 0, 0, 0]), 23),
    ("documentation", v6([0x2001, 0xdb8, 0, 0, 0, 0]), 32),
    ("6to4", v6([0x2002, 0, 0, 0, 0, 0]), 16),
    ("documentation", v6([0x3fff, 0, 0, 0, 0, 0]), 20),
    ("segment routing", v6([0x5f00, 0, 0, 0, 0, 0]), 16),
    ("unique local", v6([0xfc00, 0, 0, 0, 0, 0]), 7),
    ("link-local", v6([0xfe80, 0, 0, 0, 0, 0]), 10),
    ("site-local", v6([0xfec0, 0, 0, 0, 0, 0]), 10),
    ("multicast", v6([0xff00, 0, 0, 0, 0, 0]), 8),
];

/// All that is public in IPv6 today.
const GLOBAL_UNICAST: Row<Ipv6Addr> = ("global unicast", v6([0x2000, 0, 0, 0, 0, 0]), 3);

const fn v6([a, b, c, d, e, f]: [u16; 6]) -> Ipv6Addr {
    Ipv6Addr::new(a, b, c, d, e, f, 0, 0)
}

/// Why an address is never dialled; `None` for a public one.
pub fn refusal(address: IpAddr) -> Option<&'static str> {
    match address {
        IpAddr::V4(address) => {
            let within = |(_, first, length): &&Row<Ipv4Addr>| {
                let shift = 32 - length;
                shift == 0 && address == *first
                    || shift != 0 && address.to_bits() >> shift == first.to_bits() >> shift
            };
            V4.iter().find(within).map(|(name, ..)| *name)
        }
        IpAddr::V6(address) => {
            if let Some((name, ..)) = V6.iter().find(|row| v6_within(address, row)) {
                return Some(name);
            }
            if is_isatap(address) {
                return Some("ISATAP");
            }
            (!v6_within(address, &GLOBAL_UNICAST)).then_some("not assigned")
        }
    }
}

fn v6_within(address: Ipv6Addr, (_, first, length): &Row<Ipv6Addr>) -> bool {
    let shift = 128 - length;
    address.to_bits() >> shift == first.to_bits() >> shift
}

/// An interface identifier that carries an IPv4 address (RFC 5214, section 6.1), under any prefix.
fn is_isatap(address: Ipv6Addr) -> bool {
    let segments = address.segments();
    matches!(segments[4], 0 | 0x200) && segments[5] == 0x5efe
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Deserialize)]
    struct Table {
        origin: String,
        case: Vec<Case>,
    }

    #[derive(Deserialize)]
    struct Case {
        address: IpAddr,
        public: bool,
        /// Where `ipaddress` says otherwise, and why we refuse all the same.
        python: Option<bool>,
        why: Option<String>,
    }

    #[test]
    fn addresses_are_public_or_refused_as_in_the_golden_table() {
        let table: Table =
            toml::from_str(include_str!("../../tests/golden/addresses.toml")).unwrap();
        assert!(table.origin.contains("ipaddress"));
        assert!(table.case.len() > 300, "{}", table.case.len());
        for case in table.case {
            let refused = refusal(case.address);
            assert_eq!(
                refused.is_none(),
                case.public,
                "{}: {refused:?}",
                case.address
            );
            // Stricter than the reference, never laxer, and each time for a reason.
            if case.python.is_some_and(|python| python != case.public) {
                assert!(!case.public && case.why.is_some(), "{}", case.address);
            }
        }
    }

    #[test]
    fn every_range_is_refused_at_both_ends_by_its_name() {
        for (name, first, length) in V4 {
            let rest = 1u32
                .checked_shl(32 - length)
                .map_or(u32::MAX, |size| size - 1);
            let last = Ipv4Addr::from_bits(first.to_bits() | rest);
            for address in [*first, last] {
                assert_eq!(refusal(address.into()), Some(*name), "{address}");
            }
        }
        for row @ (_, first, length) in V6 {
            let rest = 1u128
                .checked_shl(128 - length)
                .map_or(u128::MAX, |size| size - 1);
            for address in [*first, Ipv6Addr::from_bits(first.to_bits() | rest)] {
                assert!(v6_within(address, row));
                assert!(refusal(address.into()).is_some(), "{address}");
            }
        }
    }
}
