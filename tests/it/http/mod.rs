//! The HTTP face, over real connections.

mod access;
mod bounds;
mod contract;
mod explain;
mod faults;
mod life;
mod metrics;
mod pairs;
mod scores;
