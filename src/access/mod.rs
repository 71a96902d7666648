//! Who may do what, and how often: keys, scopes, rates and quotas.
//!
//! Pure: it is told the time, and knows neither HTTP nor files. A key is 256 bits of the system's randomness; what is
//! kept of it is its BLAKE3 digest, which needs no salt and no slow hash, because nobody can try 2^256 keys.

mod bucket;
mod failures;
mod home;
mod key;
mod keyring;
mod quota;
mod scope;

pub use bucket::{Bucket, Rate};
pub use failures::Failures;
pub use home::HomeHosts;
pub use key::{KeyDigest, NewKey, key_name};
pub use keyring::{DayUse, Key, KeyRules, Keyring, Left, Spent, Standing};
pub use quota::Quota;
pub use scope::Scope;
