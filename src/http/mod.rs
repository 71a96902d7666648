//! The HTTP face: the same engine calls as the command line, for programs.
//!
//! `openapi.yaml` at the root of the repository is the contract; the tests hold it against [`ROUTES`]
//! and [`Code`] both ways, and against every response that they see. The only place that imports
//! `actix_web`; knows nothing of models, pixels or statistics.
//!
//! A request passes, in this order: the envelope (request id, log line, safety net), the stated size of
//! its body, admission, the body itself (bounded in bytes and in time), what was typed, what was checked.
//! A fault of the request as a whole is a [`Code`]; a fault of one image is an `unscored` result beside
//! its scored neighbours.

mod app;
mod body;
mod caller;
mod compare;
mod envelope;
mod given;
mod idempotency;
mod jobs;
mod judges;
mod lasting;
mod probes;
mod problem;
mod rank;
mod routes;
mod score;
mod service;

pub use app::{Application, StartError, Stopper};
pub use problem::Code;
pub use routes::{CONTRACT, Operation, ROUTES, Route};
