//! The keys of a service, and what each has used.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::{Bucket, Failures, KeyDigest, Quota, Rate, Scope};

/// What one key may do.
#[derive(Debug, Clone)]
pub struct KeyRules {
    /// What is kept of the key.
    pub digest: KeyDigest,
    /// What it may be used for.
    pub scopes: BTreeSet<Scope>,
    /// How often.
    pub rate: Option<Rate>,
    /// Most requests of a calendar day in UTC.
    pub per_day: Option<u64>,
}

/// The keys of a service.
#[derive(Debug)]
pub struct Keyring {
    keys: Vec<Key>,
    failures: Failures,
    started: Instant,
}

/// One key.
#[derive(Debug)]
pub struct Key {
    name: String,
    digest: KeyDigest,
    scopes: BTreeSet<Scope>,
    meter: Mutex<Meter>,
    started: Instant,
}

#[derive(Debug)]
struct Meter {
    rate: Option<Bucket>,
    quota: Option<Quota>,
}

/// What is left of one limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Left {
    /// Most in its window.
    pub most: u64,
    /// The window.
    pub window: Duration,
    /// What is left now.
    pub left: u64,
    /// Time until all of it is there again.
    pub reset: Duration,
}

/// What is left of a key's limits.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Standing {
    /// Of its rate.
    pub rate: Option<Left>,
    /// Of its day.
    pub day: Option<Left>,
}

/// What a key has used of its quota.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DayUse {
    /// Its name.
    pub key: String,
    /// The day in UTC, counted from 1970.
    pub day: u64,
    /// Requests of that day.
    pub used: u64,
}

/// A limit that is used up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spent {
    /// Too many in a short time; the time until one more may come.
    Rate(Duration),
    /// The quota of the day; the time until the next day.
    Day(Duration),
}

impl Keyring {
    /// A ring of keys by name, none of which was used.
    pub fn new(keys: impl IntoIterator<Item = (String, KeyRules)>, started: Instant) -> Self {
        let keys = keys.into_iter().map(|(name, rules)| Key {
            name,
            digest: rules.digest,
            scopes: rules.scopes,
            meter: Mutex::new(Meter {
                rate: rules.rate.map(Bucket::new),
                quota: rules.per_day.map(Quota::new),
            }),
            started,
        });
        Keyring {
            keys: keys.collect(),
            failures: Failures::default(),
            started,
        }
    }

    /// The key that somebody sent.
    ///
    /// Takes as long for a key that is wrong at its first byte as for one that is wrong at its last.
    pub fn find(&self, sent: &[u8]) -> Option<&Key> {
        let digest = KeyDigest::of(sent);
        let mut found = None;
        // Every digest is looked at, so that time does not tell which key it was either.
        for key in &self.keys {
            if key.digest == digest {
                found = Some(key);
            }
        }
        found
    }

    /// What keys with a quota have used, as it stands now.
    pub fn day_uses(&self) -> Vec<DayUse> {
        let used = self.keys.iter().filter_map(|key| {
            let (day, used) = key.meter().quota?.used();
            (used > 0).then(|| DayUse {
                key: key.name.clone(),
                day,
                used,
            })
        });
        used.collect()
    }

    /// Counts what keys used before the process began; keys that are no more, or have no quota, are passed over.
    pub fn restore(&self, uses: &[DayUse]) {
        for known in uses {
            let key = self.keys.iter().find(|key| key.name == known.key);
            if let Some(key) = key
                && let Some(quota) = &mut key.meter().quota
            {
                quota.restore(known.day, known.used);
            }
        }
    }

    /// Counts a key that was missing or wrong.
    ///
    /// # Errors
    /// How long that address should wait, where it sent too many.
    pub fn failed(&self, address: Option<IpAddr>, now: Instant) -> Result<(), Duration> {
        let now = now.saturating_duration_since(self.started);
        self.failures.count(address, now)
    }
}

impl Key {
    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether it may be used so.
    pub fn may(&self, scope: Scope) -> bool {
        self.scopes.contains(&scope)
    }

    /// Takes one request from its limits, from both or from neither, and says what is left of them. Its rate goes by
    /// `now`, and its quota by `wall`, the time since 1970.
    pub fn take(&self, now: Instant, wall: Duration) -> (Standing, Result<(), Spent>) {
        let now = now.saturating_duration_since(self.started);
        let mut meter = self.meter();
        let taken = meter.take(now, wall);
        (meter.standing(now, wall), taken)
    }

    fn meter(&self) -> MutexGuard<'_, Meter> {
        self.meter.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Meter {
    fn take(&mut self, now: Duration, wall: Duration) -> Result<(), Spent> {
        if let Some(quota) = &mut self.quota {
            quota.settle(wall);
            let wait = quota.wait(wall);
            if !wait.is_zero() {
                return Err(Spent::Day(wait));
            }
        }
        if let Some(bucket) = &mut self.rate {
            bucket.take(now).map_err(Spent::Rate)?;
        }
        if let Some(quota) = &mut self.quota {
            quota.take(wall).map_err(Spent::Day)?;
        }
        Ok(())
    }

    fn standing(&self, now: Duration, wall: Duration) -> Standing {
        Standing {
            rate: self.rate.map(|bucket| Left {
                most: u64::from(bucket.rate().burst()),
                window: bucket.rate().window(),
                left: bucket.left(now),
                reset: bucket.full_in(now),
            }),
            day: self.quota.map(|quota| Left {
                most: quota.per_day(),
                window: Duration::from_secs(86_400),
                left: quota.left(wall),
                reset: quota.day_ends_in(wall),
            }),
        }
    }
}

#[cfg(test)]
mod tests;
