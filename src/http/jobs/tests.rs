//! That nobody sees the jobs and replies of another caller.

use std::collections::BTreeMap;
use std::time::Duration;

use actix_web::dev::Service as _;
use actix_web::http::Method;
use actix_web::middleware::from_fn;
use actix_web::test::{TestRequest, call_service, init_service, read_body_json};
use actix_web::{App, HttpMessage, web};
use serde_json::{Value, json};

use super::super::idempotency::idempotency;
use super::super::routes;
use super::super::service::{Guards, RequestIds, Service};
use super::Caller;
use crate::calibration::Maps;
use crate::config::Config;
use crate::engine::{AnswerCache, Engine, Judges};
use crate::fetch::UrlReader;
use crate::jobs::{JobSettings, OnBadLine};
use crate::store::GivenItem;

fn service(folder: &tempfile::TempDir) -> web::Data<Service> {
    let mut config = Config::default();
    config.data.folder = Some(folder.path().to_owned());
    let engine = Engine::new(Judges::new([], BTreeMap::new()), AnswerCache::new(0));
    let guards = Guards {
        keyring: None,
        home: None,
        urls: UrlReader::off(),
        are_models_to_open: false,
        policies: crate::gate::Policies::default(),
    };
    let service = Service::new(engine, Maps::default(), &config, RequestIds::new(1), guards);
    web::Data::new(service.unwrap())
}

async fn job_of(service: &Service, caller: &str) -> String {
    let settings = JobSettings {
        operation: "score".into(),
        judge: "nobody".into(),
        texts: BTreeMap::new(),
        options: BTreeMap::new(),
        on_bad_line: OnBadLine::Fail,
    };
    let jobs = service.lasting.jobs().unwrap();
    let job = jobs.begin(caller, &settings).await.unwrap();
    let content = r#"{"item":0,"status":"failed"}"#.to_owned();
    let items = vec![GivenItem::Failed { content }];
    jobs.append(job, 0, items).await.unwrap();
    jobs.accept(job, 1, |_| None).await.unwrap().id
}

#[actix_web::test]
async fn a_job_of_another_caller_is_as_unknown_as_one_that_never_was() {
    let folder = tempfile::tempdir().unwrap();
    let service = service(&folder);
    let id = job_of(&service, "alice").await;
    // What checks keys puts the caller into the request in this way; here a header stands for it.
    let app = App::new()
        .app_data(service.clone())
        .wrap(from_fn(idempotency))
        .wrap_fn(|request, next| {
            let name = request.headers().get("caller").unwrap().to_str().unwrap();
            let caller = Caller::named(name.to_owned());
            request.extensions_mut().insert(caller);
            next.call(request)
        })
        .configure(routes::configure);
    let app = init_service(app).await;
    let send = async |method: Method, path: &str, caller: &str| {
        let request = TestRequest::with_uri(path)
            .method(method)
            .insert_header(("caller", caller))
            .insert_header(("idempotency-key", path));
        call_service(&app, request.to_request()).await
    };
    let routes = |id: &str| {
        [
            (Method::GET, format!("/v1/jobs/{id}")),
            (Method::GET, format!("/v1/jobs/{id}/results")),
            (Method::GET, format!("/v1/jobs/{id}/events")),
            (Method::GET, format!("/v1/jobs?before={id}")),
            (Method::POST, format!("/v1/jobs/{id}/cancel")),
            (Method::POST, format!("/v1/jobs/{id}/resume")),
            (Method::DELETE, format!("/v1/jobs/{id}")),
        ]
    };
    for (foreign, unknown) in routes(&id).into_iter().zip(routes("job-0")) {
        let foreign = send(foreign.0, &foreign.1, "bob").await;
        let unknown = send(unknown.0, &unknown.1, "bob").await;
        assert_eq!(
            (foreign.status(), unknown.status()),
            (404.try_into().unwrap(), 404.try_into().unwrap())
        );
        let [foreign, unknown]: [Value; 2] =
            [read_body_json(foreign).await, read_body_json(unknown).await];
        assert_eq!(foreign, unknown);
    }
    let list: Value = read_body_json(send(Method::GET, "/v1/jobs", "bob").await).await;
    assert_eq!(list["jobs"], json!([]));
    // The refusals that were stored for one caller are not given to another under the same key.
    let cancel = format!("/v1/jobs/{id}/cancel");
    assert_eq!(send(Method::POST, &cancel, "bob").await.status(), 404);
    assert_eq!(send(Method::POST, &cancel, "alice").await.status(), 409);
    for (method, path) in routes(&id)
        .into_iter()
        .filter(|(method, _)| *method != Method::POST)
    {
        assert_eq!(send(method, &path, "alice").await.status(), 200, "{path}");
    }
    service.lasting.park().await;
}

#[actix_web::test]
async fn parking_waits_for_no_job_that_rests() {
    let folder = tempfile::tempdir().unwrap();
    let service = service(&folder);
    job_of(&service, "alice").await;
    let parked = tokio::time::timeout(Duration::from_secs(5), service.lasting.park());
    assert!(parked.await.is_ok());
}
