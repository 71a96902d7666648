//! The HTTP face, over real connections.

mod access;
mod bounds;
mod contract;
mod faults;
mod life;
mod pairs;
mod scores;
