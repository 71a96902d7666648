//! The table of routes. Everything that is served stands here and in `openapi.yaml`.

use actix_web::web::{self, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse, guard};

use super::problem::{Code, Problem};
use super::{
    agreement, best_of, calibrations, choose, compare, evaluate, gate, jobs, judges, probes, rank,
    release, reload, score,
};
use crate::access::Scope;

/// The contract, as it is served.
pub const CONTRACT: &str = include_str!("../../openapi.yaml");

/// One method of one path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Route {
    /// `GET` or `POST`; a path with `GET` answers `HEAD` as well.
    pub method: &'static str,
    /// Path with its parameters in braces.
    pub path: &'static str,
    /// What is done.
    pub operation: Operation,
    /// What its caller must show.
    pub needs: Needs,
}

/// What a route needs of its caller, where the service has keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// Nothing: whoever watches over the process has no key.
    Nothing,
    /// A key with this scope.
    Key(Scope),
}

/// What a route does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// Scores images.
    Score,
    /// Compares two images.
    Compare,
    /// Ranks images.
    Rank,
    /// Asks closed questions about images.
    Choose,
    /// Decides over images by a policy.
    Gate,
    /// Picks the best of several images.
    BestOf,
    /// Evaluates images that were made from a text.
    Evaluate,
    /// Audits a judge by uploaded labels and judged values.
    Audit,
    /// Says whether a new generator may replace the old one.
    Release,
    /// Takes labels for a judge.
    TakeLabels,
    /// Tells how far a judge agrees with the labels that arrived.
    RollingAgreement,
    /// Forgets the labels for a judge.
    ForgetLabels,
    /// Takes a manifest.
    SubmitJob,
    /// Lists the caller's jobs.
    ListJobs,
    /// Shows one job.
    ShowJob,
    /// Forgets a job.
    DeleteJob,
    /// Stops a job.
    CancelJob,
    /// Goes on with a job.
    ResumeJob,
    /// Gives the results of a job.
    JobResults,
    /// Tells how far a job is, again and again.
    JobEvents,
    /// Lists the judges.
    ListJudges,
    /// Shows one judge.
    ShowJudge,
    /// Lists the calibration maps.
    ListCalibrations,
    /// Shows one calibration map.
    ShowCalibration,
    /// Fits a map on uploaded labels and judged values.
    FitCalibration,
    /// Reads cards and maps again.
    Reload,
    /// Says that the process lives.
    Health,
    /// Says whether requests should be sent here.
    Readiness,
    /// Gives what is counted.
    Metrics,
    /// Gives the contract.
    Contract,
}

/// Every route of the service.
pub const ROUTES: [Route; 30] = [
    route(
        "POST",
        "/v1/score",
        Operation::Score,
        Needs::Key(Scope::Score),
    ),
    route(
        "POST",
        "/v1/compare",
        Operation::Compare,
        Needs::Key(Scope::Compare),
    ),
    route("POST", "/v1/rank", Operation::Rank, Needs::Key(Scope::Rank)),
    route(
        "POST",
        "/v1/choose",
        Operation::Choose,
        Needs::Key(Scope::Score),
    ),
    route(
        "POST",
        "/v1/agreement",
        Operation::Audit,
        Needs::Key(Scope::Agreement),
    ),
    route(
        "POST",
        "/v1/agreement/{id}/labels",
        Operation::TakeLabels,
        Needs::Key(Scope::Agreement),
    ),
    route(
        "GET",
        "/v1/agreement/{id}",
        Operation::RollingAgreement,
        Needs::Key(Scope::Agreement),
    ),
    route(
        "DELETE",
        "/v1/agreement/{id}",
        Operation::ForgetLabels,
        Needs::Key(Scope::Agreement),
    ),
    job_route("POST", "/v1/jobs", Operation::SubmitJob),
    job_route("GET", "/v1/jobs", Operation::ListJobs),
    job_route("GET", "/v1/jobs/{id}", Operation::ShowJob),
    job_route("DELETE", "/v1/jobs/{id}", Operation::DeleteJob),
    job_route("POST", "/v1/jobs/{id}/cancel", Operation::CancelJob),
    job_route("POST", "/v1/jobs/{id}/resume", Operation::ResumeJob),
    job_route("GET", "/v1/jobs/{id}/results", Operation::JobResults),
    job_route("GET", "/v1/jobs/{id}/events", Operation::JobEvents),
    route(
        "POST",
        "/v1/gate",
        Operation::Gate,
        Needs::Key(Scope::Score),
    ),
    route(
        "POST",
        "/v1/best-of",
        Operation::BestOf,
        Needs::Key(Scope::Score),
    ),
    route(
        "POST",
        "/v1/release",
        Operation::Release,
        Needs::Key(Scope::Score),
    ),
    route(
        "POST",
        "/v1/evaluate",
        Operation::Evaluate,
        Needs::Key(Scope::Score),
    ),
    route(
        "GET",
        "/v1/judges",
        Operation::ListJudges,
        Needs::Key(Scope::Read),
    ),
    route(
        "GET",
        "/v1/judges/{id}",
        Operation::ShowJudge,
        Needs::Key(Scope::Read),
    ),
    route(
        "GET",
        "/v1/calibrations",
        Operation::ListCalibrations,
        Needs::Key(Scope::Calibrations),
    ),
    route(
        "POST",
        "/v1/calibrations",
        Operation::FitCalibration,
        Needs::Key(Scope::Calibrations),
    ),
    route(
        "GET",
        "/v1/calibrations/{id}",
        Operation::ShowCalibration,
        Needs::Key(Scope::Calibrations),
    ),
    route(
        "POST",
        "/v1/reload",
        Operation::Reload,
        Needs::Key(Scope::Admin),
    ),
    route("GET", "/healthz", Operation::Health, Needs::Nothing),
    route("GET", "/readyz", Operation::Readiness, Needs::Nothing),
    route(
        "GET",
        "/metrics",
        Operation::Metrics,
        Needs::Key(Scope::Metrics),
    ),
    route(
        "GET",
        "/openapi.yaml",
        Operation::Contract,
        Needs::Key(Scope::Read),
    ),
];

const fn route(
    method: &'static str,
    path: &'static str,
    operation: Operation,
    needs: Needs,
) -> Route {
    Route {
        method,
        path,
        operation,
        needs,
    }
}

const fn job_route(method: &'static str, path: &'static str, operation: Operation) -> Route {
    route(method, path, operation, Needs::Key(Scope::Jobs))
}

impl Operation {
    /// Name in `openapi.yaml`.
    pub const fn id(self) -> &'static str {
        match self {
            Operation::Score => "score",
            Operation::Compare => "compare",
            Operation::Rank => "rank",
            Operation::Choose => "choose",
            Operation::Audit => "audit",
            Operation::TakeLabels => "takeLabels",
            Operation::RollingAgreement => "rollingAgreement",
            Operation::ForgetLabels => "forgetLabels",
            Operation::Gate => "gate",
            Operation::BestOf => "bestOf",
            Operation::Release => "release",
            Operation::Evaluate => "evaluate",
            Operation::SubmitJob => "submitJob",
            Operation::ListJobs => "listJobs",
            Operation::ShowJob => "showJob",
            Operation::DeleteJob => "deleteJob",
            Operation::CancelJob => "cancelJob",
            Operation::ResumeJob => "resumeJob",
            Operation::JobResults => "jobResults",
            Operation::JobEvents => "jobEvents",
            Operation::ListJudges => "listJudges",
            Operation::ShowJudge => "showJudge",
            Operation::ListCalibrations => "listCalibrations",
            Operation::ShowCalibration => "showCalibration",
            Operation::FitCalibration => "fitCalibration",
            Operation::Reload => "reload",
            Operation::Health => "health",
            Operation::Readiness => "readiness",
            Operation::Metrics => "metrics",
            Operation::Contract => "contract",
        }
    }

    fn handle(self, route: actix_web::Route) -> actix_web::Route {
        match self {
            Operation::Score => route.to(score::score),
            Operation::Compare => route.to(compare::compare),
            Operation::Rank => route.to(rank::rank),
            Operation::Choose => route.to(choose::choose),
            Operation::Audit => route.to(agreement::audit),
            Operation::TakeLabels => route.to(agreement::take),
            Operation::RollingAgreement => route.to(agreement::show),
            Operation::ForgetLabels => route.to(agreement::forget),
            Operation::Gate => route.to(gate::gate),
            Operation::BestOf => route.to(best_of::best_of),
            Operation::Release => route.to(release::release),
            Operation::Evaluate => route.to(evaluate::evaluate),
            Operation::SubmitJob => route.to(jobs::submit),
            Operation::ListJobs => route.to(jobs::list),
            Operation::ShowJob => route.to(jobs::show),
            Operation::DeleteJob => route.to(jobs::delete),
            Operation::CancelJob => route.to(jobs::cancel),
            Operation::ResumeJob => route.to(jobs::resume),
            Operation::JobResults => route.to(jobs::results),
            Operation::JobEvents => route.to(jobs::events),
            Operation::ListJudges => route.to(judges::list),
            Operation::ShowJudge => route.to(judges::show),
            Operation::ListCalibrations => route.to(calibrations::list),
            Operation::ShowCalibration => route.to(calibrations::show),
            Operation::FitCalibration => route.to(calibrations::fit),
            Operation::Reload => route.to(reload::post),
            Operation::Health => route.to(probes::health),
            Operation::Readiness => route.to(probes::readiness),
            Operation::Metrics => route.to(probes::metrics),
            Operation::Contract => route.to(probes::contract),
        }
    }
}

/// Serves the table; everything beside it is a problem by name.
pub(super) fn configure(config: &mut ServiceConfig) {
    let mut paths: Vec<&str> = ROUTES.iter().map(|route| route.path).collect();
    paths.dedup();
    for path in paths {
        let mut resource = web::resource(path);
        for route in ROUTES.iter().filter(|route| route.path == path) {
            resource = resource.route(route.operation.handle(guarded(route.method)));
        }
        let allowed = allowed(path);
        let refuse = move |request: HttpRequest| {
            let problem = method_not_allowed(&request, &allowed);
            async move { Err::<HttpResponse, Problem>(problem) }
        };
        config.service(resource.default_service(web::to(refuse)));
    }
    config.default_service(web::to(not_found));
}

fn guarded(method: &'static str) -> actix_web::Route {
    match method {
        "GET" => web::route().guard(guard::Any(guard::Get()).or(guard::Head())),
        other => web::route().guard(guard::fn_guard(move |context| {
            context.head().method.as_str() == other
        })),
    }
}

fn allowed(path: &str) -> String {
    let methods = ROUTES
        .iter()
        .filter(|route| route.path == path)
        .map(|route| match route.method {
            "GET" => "GET, HEAD",
            other => other,
        });
    methods.collect::<Vec<_>>().join(", ")
}

fn method_not_allowed(request: &HttpRequest, allowed: &str) -> Problem {
    let path = request.match_pattern().unwrap_or_default();
    Problem::new(
        Code::MethodNotAllowed,
        format!("`{path}` does not have this method"),
    )
    .hint(format!("it has {allowed}"))
    .allow(allowed)
}

async fn not_found() -> Result<HttpResponse, Problem> {
    Err(
        Problem::new(Code::NotFound, "nothing is served at this path")
            .hint("GET /openapi.yaml lists what is"),
    )
}
