//! How far judges agree with people.
//!
//! Sees numbers and names, never an image or a running judge. What judges said comes from files.

pub mod audit;
pub mod report;
pub mod reproduce;
pub mod rolling;
