//! Files of a repository, fetched once and kept.
//!
//! A [`Shelf`] is the folder of one repository at one revision. What lies on it is complete: a file is written under
//! another name and renamed when its last byte is on the disk. The list of files that was fetched first is kept too,
//! with the commit that the revision was then, so that a full shelf needs no network and never mixes two commits.

mod error;
mod fetch;
mod shelf;

pub use error::HubError;
pub use fetch::{Hub, HubOptions};
pub use shelf::{Repository, Shelf};
