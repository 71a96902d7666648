//! The HTTP face, over real connections.

mod access;
mod agreement;
mod bounds;
mod calibrations;
mod coalescing;
mod contract;
mod crowds;
mod detections;
mod draining;
mod evaluations;
mod explain;
mod faults;
mod gates;
mod home;
mod life;
mod metrics;
mod pairs;
mod panels;
mod quotas;
mod readers;
mod rolling;
mod scores;
mod slow;
