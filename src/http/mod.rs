//! The HTTP face: the same engine calls as the command line, for programs.
//!
//! `openapi.yaml` at the root of the repository is the contract; the tests hold it against [`ROUTES`]
//! and [`Code`] both ways, and against every response that they see. The only place that imports
//! `actix_web`; knows nothing of models, pixels or statistics.
//!
//! A request passes, in this order: the envelope (request id, log line, safety net), access (key, scope, rate), the
//! stated size of its body, admission (a place and the bytes of the body), the body itself (bounded in bytes, in time and
//! in how slow it may be), what was typed, what was checked.
//! A fault of the request as a whole is a [`Code`]; a fault of one image is an `unscored` result beside
//! its scored neighbours.

mod access;
mod agreement;
mod app;
mod best_of;
mod body;
mod calibrations;
mod caller;
mod choose;
mod compare;
mod connection;
mod envelope;
mod evaluate;
mod gate;
mod given;
mod idempotency;
mod jobs;
mod judges;
mod lasting;
mod model;
mod pace;
mod panel;
mod probes;
mod problem;
mod quotas;
mod rank;
mod release;
mod reload;
mod routes;
mod score;
mod service;
mod uploads;

pub use app::{Application, Gauges, Models, StartError, Stopper};
pub use problem::Code;
pub use reload::{ReloadError, Reloaded};
pub use routes::{CONTRACT, Needs, Operation, ROUTES, Route};
