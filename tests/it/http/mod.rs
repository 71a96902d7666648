//! The HTTP face, over real connections.

mod access;
mod agreement;
mod bounds;
mod calibrations;
mod coalescing;
mod contract;
mod draining;
mod evaluations;
mod explain;
mod faults;
mod gates;
mod life;
mod metrics;
mod pairs;
mod panels;
mod rolling;
mod scores;
mod slow;
