//! The HTTP face, over real connections.

mod bounds;
mod contract;
mod explain;
mod faults;
mod life;
mod metrics;
mod pairs;
mod scores;
