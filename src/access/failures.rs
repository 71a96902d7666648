//! Wrong keys, counted by where they come from.
//!
//! A right key is always served: whoever shares an address with a stranger who tries keys (a company's, a proxy's) is
//! not locked out. Nobody guesses 256 bits; what is bounded is the noise that trying makes.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::{Bucket, Rate};

/// Most addresses that are told apart; the rest share one bucket, so that a flood of them costs no memory.
const MOST: usize = 4_096;

/// Wrong keys that one address may send at once, and in the long run.
const AT_ONCE: u32 = 20;
const PER_SECOND: f64 = 1.0 / 3.0;

/// Who tries: an IPv4 address, or the /64 that one IPv6 subscriber has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Neighbourhood {
    V4([u8; 4]),
    V6([u16; 4]),
    Unknown,
}

/// The failures of late.
#[derive(Debug)]
pub struct Failures {
    rate: Rate,
    seen: Mutex<Seen>,
}

#[derive(Debug)]
struct Seen {
    by_address: HashMap<Neighbourhood, Bucket>,
    rest: Bucket,
}

impl Default for Failures {
    fn default() -> Self {
        let rate = Rate::new(PER_SECOND, AT_ONCE).expect("the rate is within its bounds");
        Failures {
            rate,
            seen: Mutex::new(Seen {
                by_address: HashMap::new(),
                rest: Bucket::new(rate),
            }),
        }
    }
}

impl Failures {
    /// Counts one more; an error where there were too many.
    ///
    /// # Errors
    /// How long that address should wait.
    pub fn count(&self, address: Option<IpAddr>, now: Duration) -> Result<(), Duration> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let who = Neighbourhood::of(address);
        if seen.by_address.len() >= MOST && !seen.by_address.contains_key(&who) {
            // A full bucket remembers nothing.
            seen.by_address
                .retain(|_, bucket| !bucket.full_in(now).is_zero());
            if seen.by_address.len() >= MOST {
                return seen.rest.take(now);
            }
        }
        let fresh = Bucket::new(self.rate);
        seen.by_address.entry(who).or_insert(fresh).take(now)
    }
}

impl Neighbourhood {
    fn of(address: Option<IpAddr>) -> Self {
        match address.map(|address| address.to_canonical()) {
            None => Neighbourhood::Unknown,
            Some(IpAddr::V4(address)) => Neighbourhood::V4(address.octets()),
            Some(IpAddr::V6(address)) => {
                let [a, b, c, d, ..] = address.segments();
                Neighbourhood::V6([a, b, c, d])
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_told_to_wait_and_its_neighbour_is_not() {
        let failures = Failures::default();
        let at = Duration::from_secs;
        let one = Some("192.0.2.1".parse().unwrap());
        let other = Some("192.0.2.2".parse().unwrap());
        for _ in 0..AT_ONCE {
            failures.count(one, at(0)).unwrap();
        }
        assert!(failures.count(one, at(0)).unwrap_err() <= at(4));
        failures.count(other, at(0)).unwrap();
        failures.count(one, at(4)).unwrap();
        // One subscriber has a /64 of IPv6 addresses.
        for last in 0..AT_ONCE {
            let address = format!("2001:db8::{last:x}").parse().unwrap();
            failures.count(Some(address), at(0)).unwrap();
        }
        let same = "2001:db8::ffff".parse().unwrap();
        assert!(failures.count(Some(same), at(0)).is_err());
    }

    #[test]
    fn a_flood_of_addresses_shares_one_bucket_until_the_others_are_forgotten() {
        let failures = Failures::default();
        let from = |number: u32| Some(IpAddr::from(number.to_be_bytes()));
        let at = Duration::from_secs;
        let most = u32::try_from(MOST).unwrap();
        let passed = (0..most + 1_000)
            .filter(|number| failures.count(from(*number), at(0)).is_ok())
            .count();
        assert_eq!(passed, MOST + AT_ONCE as usize);
        failures.count(from(u32::MAX), at(1_000)).unwrap();
        assert_eq!(failures.seen.lock().unwrap().by_address.len(), 1);
    }
}
