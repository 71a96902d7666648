//! Who may use the service.

use std::collections::BTreeMap;

use serde::Deserialize;
use tokio::time::Instant;

use crate::access::{HomeHosts, KeyDigest, KeyRules, Keyring, Rate, Scope, key_name};

/// Keys, one `[access.keys.NAME]` table each. With no key nobody is asked for one, and the service listens on
/// loopback only.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AccessConfig {
    /// Whether a service without keys may listen where others reach it.
    pub allow_anyone: bool,
    /// Names and addresses, beside this machine's, by which a service without keys may be called, such as that of a
    /// proxy before it. A page that a browser shows may not call it by any other.
    pub hosts: Vec<String>,
    /// Whether keys share remembered answers. It saves questions, and a quick answer then tells that another key has
    /// asked about the same image.
    pub share_cache: bool,
    /// The keys by name.
    pub keys: BTreeMap<String, KeyConfig>,
}

/// One key, as `opine keys new NAME` prints it:
///
/// ```toml
/// [access.keys.mobile]
/// digest = "blake3:af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262"
/// scopes = ["read", "score"]
/// requests_per_second = 5.0
/// burst = 10
/// requests_per_day = 10000
/// ```
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyConfig {
    /// What is kept of the key; the key itself never stands in a configuration.
    pub digest: KeyDigest,
    /// What it may be used for.
    pub scopes: Vec<Scope>,
    /// Requests per second in the long run; any number unless set.
    pub requests_per_second: Option<f64>,
    /// Requests at once after a rest, where `requests_per_second` is set; as many as in one second unless set.
    pub burst: Option<u32>,
    /// Most requests of a calendar day in UTC; any number unless set. With a data folder what was used outlives a
    /// restart.
    pub requests_per_day: Option<u64>,
}

impl AccessConfig {
    /// The keys, or none where nobody is asked for one.
    ///
    /// # Errors
    /// Everything that is wrong with the keys, one line each.
    pub fn keyring(&self, started: Instant) -> Result<Option<Keyring>, Vec<String>> {
        let mut faults = Vec::new();
        let mut rules: Vec<(String, KeyRules)> = Vec::new();
        for (name, key) in &self.keys {
            match key.rules(name) {
                Ok(read) => rules.push((name.clone(), read)),
                Err(fault) => faults.push(format!("[access.keys.{name}]: {fault}")),
            }
            let same =
                |(other, known): &&(String, KeyRules)| other != name && known.digest == key.digest;
            if let Some((other, _)) = rules.iter().find(same) {
                faults.push(format!(
                    "[access.keys.{name}]: `{other}` has the same digest; give each its own key"
                ));
            }
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        Ok((!rules.is_empty()).then(|| Keyring::new(rules, started)))
    }

    /// Everything that is wrong with the keys, one line each.
    pub(super) fn faults(&self) -> Vec<String> {
        let hosts = HomeHosts::new(&self.hosts).err();
        let hosts = hosts.map(|fault| format!("[access]: `hosts`: {fault}"));
        let keys = self.keyring(Instant::now()).err().unwrap_or_default();
        hosts.into_iter().chain(keys).collect()
    }
}

impl KeyConfig {
    fn rules(&self, name: &str) -> Result<KeyRules, String> {
        key_name(name)?;
        if self.scopes.is_empty() {
            let known = Scope::ALL.map(Scope::name).join("`, `");
            return Err(format!("`scopes` is empty; name some of `{known}`"));
        }
        if self.requests_per_day == Some(0) {
            return Err("`requests_per_day` must be at least 1".into());
        }
        Ok(KeyRules {
            digest: self.digest,
            scopes: self.scopes.iter().copied().collect(),
            rate: rate(self.requests_per_second, self.burst)?,
            per_day: self.requests_per_day,
        })
    }
}

/// A rate as typed.
///
/// # Errors
/// What is wrong with it.
pub fn rate(per_second: Option<f64>, burst: Option<u32>) -> Result<Option<Rate>, String> {
    let Some(per_second) = per_second else {
        return match burst {
            None => Ok(None),
            Some(_) => Err("`burst` needs `requests_per_second`".into()),
        };
    };
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "`as` saturates, and the bounds are checked below"
    )]
    let one_second = per_second.ceil().max(1.0) as u32;
    Rate::new(per_second, burst.unwrap_or(one_second))
        .map(Some)
        .ok_or_else(|| {
            "`requests_per_second` lies in [0.00001, 1000000], and `burst` is at least 1".into()
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<AccessConfig, String> {
        toml::from_str(text).map_err(|error: toml::de::Error| error.to_string())
    }

    const DIGEST: &str = "blake3:af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262";

    #[test]
    fn everything_that_is_wrong_with_keys_is_said_at_once() {
        let config = read(&format!(
            "[keys.local]\ndigest = '{DIGEST}'\nscopes = ['score']\n\
             [keys.b]\ndigest = '{DIGEST}'\nscopes = []\n\
             [keys.c]\ndigest = '{DIGEST}'\nscopes = ['score']\nrequests_per_second = 0\n\
             [keys.d]\ndigest = '{DIGEST}'\nscopes = ['score']\nburst = 3\n\
             [keys.e]\ndigest = '{DIGEST}'\nscopes = ['score']\n\
             [keys.f]\ndigest = '{DIGEST}'\nscopes = ['score']\nrequests_per_day = 0\n",
        ));
        let faults = config.unwrap().faults().join("\n");
        for part in [
            "keys.local]: `local` names",
            "keys.b]: `scopes` is empty",
            "keys.c]: `requests_per_second` lies",
            "keys.d]: `burst` needs",
            "keys.f]: `requests_per_day` must",
            "keys.f]: `e` has the same digest",
        ] {
            assert!(faults.contains(part), "{part} not in {faults}");
        }
        assert!(
            AccessConfig::default()
                .keyring(Instant::now())
                .unwrap()
                .is_none()
        );
    }

    #[test]
    fn a_scope_or_digest_that_is_none_is_refused_with_its_line_and_not_repeated() {
        let error = read(&format!(
            "[keys.a]\ndigest = '{DIGEST}'\nscopes = ['scor']\n"
        ));
        let error = error.unwrap_err();
        assert!(
            error.contains("line 3") && error.contains("`score`"),
            "{error}"
        );
        let error = read("[keys.a]\ndigest = 'blake3:12'\nscopes = ['score']\n").unwrap_err();
        assert!(error.contains("opine keys new"), "{error}");
    }
}
