//! The HTTP face, over real connections.

mod bounds;
mod contract;
mod faults;
mod life;
mod pairs;
mod panels;
mod scores;
