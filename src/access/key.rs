//! Keys as they are made, and as they are kept.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;

/// How every key begins, so that scanners for leaked secrets know one when they see it.
const PREFIX: &str = "opine_";

/// What is kept of a key.
///
/// Two are compared in constant time: how much of a wrong key was right does not show.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct KeyDigest(blake3::Hash);

impl KeyDigest {
    /// The digest of a key as its owner sends it.
    pub fn of(key: &[u8]) -> Self {
        KeyDigest(blake3::hash(key))
    }
}

impl TryFrom<String> for KeyDigest {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let hex = text.strip_prefix("blake3:");
        let hash = hex.and_then(|hex| blake3::Hash::from_hex(hex).ok());
        // The text is not repeated: somebody may have put the key itself there.
        hash.map(KeyDigest).ok_or(
            "this is no digest of a key; `opine keys new NAME` makes a key and prints its digest",
        )
    }
}

impl fmt::Display for KeyDigest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "blake3:{}", self.0.to_hex())
    }
}

impl fmt::Debug for KeyDigest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

/// A key that was just made: the only moment at which it is known.
#[derive(Clone)]
pub struct NewKey(String);

impl NewKey {
    /// A key of 256 random bits, or what the system says when it has no randomness.
    ///
    /// # Errors
    /// A system that gives no random bytes.
    pub fn generate() -> Result<Self, String> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes)
            .map_err(|error| format!("the system gives no random bytes: {error}"))?;
        Ok(NewKey(format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes))))
    }

    /// The key itself, to be shown once.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// What is kept of it.
    pub fn digest(&self) -> KeyDigest {
        KeyDigest::of(self.0.as_bytes())
    }
}

impl fmt::Debug for NewKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("***")
    }
}

/// Checks a name for a key: it owns jobs and results, and stands in logs and metrics.
///
/// # Errors
/// What a name may be.
pub fn key_name(name: &str) -> Result<&str, String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    if name == "local" {
        return Err("`local` names whoever asks a service without keys; choose another".into());
    }
    if (1..=64).contains(&name.len()) && name.chars().all(plain) {
        return Ok(name);
    }
    Err("the name of a key has 1 to 64 letters, digits, `-` or `_`".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_long_different_and_shown_nowhere() {
        let (one, other) = (NewKey::generate().unwrap(), NewKey::generate().unwrap());
        assert_ne!(one.reveal(), other.reveal());
        assert_ne!(one.digest(), other.digest());
        // 256 bits in base64: 43 signs.
        assert_eq!(one.reveal().len(), PREFIX.len() + 43);
        assert_eq!(format!("{one:?}"), "***");
        let shown = one.digest().to_string();
        assert_eq!(KeyDigest::try_from(shown).unwrap(), one.digest());
    }

    #[test]
    fn a_key_in_the_place_of_its_digest_is_refused_and_not_repeated() {
        let key = NewKey::generate().unwrap();
        let error = KeyDigest::try_from(key.reveal().to_owned()).unwrap_err();
        assert!(error.contains("opine keys new"), "{error}");
    }

    #[test]
    fn names_are_plain() {
        for name in ["mobile", "a", "Team_7-b"] {
            assert_eq!(key_name(name), Ok(name));
        }
        for name in ["", "local", "a b", "a.b", "ä", &"x".repeat(65), "a\nb"] {
            assert!(key_name(name).is_err(), "{name}");
        }
    }
}
