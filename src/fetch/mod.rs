//! Pictures by URL: the one place where an address that a stranger gave is dialled.
//!
//! Off unless hosts are named. A URL is parsed once, by the parser whose result is dialled; its host must stand on the
//! list; and every address, of a name or written out, of the first URL or of a redirect, is checked on the very way to
//! the socket: a name is looked up once for each connection, and what is dialled is what was checked. Nothing is sent
//! but the request: no key, no cookie, no proxy of the environment. Knows nothing of pictures: bytes are bytes.

mod address;
mod error;
mod hosts;
mod lookup;
mod place;
mod reader;
mod rules;

pub use address::refusal;
pub use error::FetchError;
pub use hosts::HostPattern;
pub use lookup::{Lookup, PinnedLookup, SystemLookup};
pub use reader::{ByteBudget, UrlReader};
pub use rules::UrlRules;
