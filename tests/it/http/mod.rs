//! The HTTP face, over real connections.

mod bounds;
mod coalescing;
mod contract;
mod draining;
mod faults;
mod life;
mod pairs;
mod scores;
mod slow;
