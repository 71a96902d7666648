//! MLServer 1.7.1 behind the `kserve` backend.

use std::path::Path;
use std::process::Command;

use opine::assemble::assemble;
use opine::backend::kserve::{Output, Wire};
use opine::backend::{Backend, BackendError};
use opine::judging::Answer;
use serde_json::json;

use super::{Engine, free_ports, program, write_json};
use crate::remote::kserve::{labels, question, served, value_question};
use crate::support::app::config;

/// MLServer with the `brightness` model of tests/engines/mlserver.
fn start(folder: &Path) -> Engine {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/engines/mlserver");
    for name in ["model.py", "model-settings.json"] {
        std::fs::copy(source.join(name), folder.join(name)).unwrap();
    }
    let [http, grpc, metrics] = free_ports();
    // No worker processes: what is started must end with the one that we end.
    let settings = json!({"host": "127.0.0.1", "http_port": http, "grpc_port": grpc,
        "metrics_port": metrics, "parallel_workers": 0, "debug": false});
    write_json(&folder.join("settings.json"), &settings);
    let mut command = Command::new(program("mlserver", "mlserver"));
    command.arg("start").arg(folder).current_dir(folder);
    Engine::start(&mut command, http, "Loaded model 'brightness' successfully")
}

#[tokio::test]
async fn mlserver_answers_as_the_same_model_in_process() {
    let folder = tempfile::tempdir().unwrap();
    let server = start(folder.path());
    let backend = served(server.url("/"), "logits", Output::Logits(labels()), None);
    backend.probe().await.unwrap();
    let findings = backend.examine(&question(9)).await;
    assert!(findings.iter().all(|finding| finding.holds), "{findings:?}");

    let engine = assemble(&config()).unwrap();
    let judge = engine.judges().find("brightness").unwrap();
    let grays = [0, 1, 77, 128, 254, 255];
    let prompts: Vec<_> = grays.into_iter().map(question).collect();
    let expected = judge.backend().unwrap().ask(&prompts).await;
    let answers = backend.ask(&prompts).await;
    for (answer, expected) in answers.iter().zip(&expected) {
        let (Ok(Answer::Choice(answer)), Ok(Answer::Choice(expected))) = (answer, expected) else {
            panic!("{answer:?} {expected:?}");
        };
        for (ours, theirs) in answer.log_mass().iter().zip(expected.log_mass()) {
            // Both compute in single precision, in another order.
            assert!((ours - theirs).abs() < 1e-5, "{ours} {theirs}");
        }
    }

    let value = served(server.url("/"), "value", Output::Value, None);
    let prompts: Vec<_> = grays.into_iter().map(value_question).collect();
    for (answer, gray) in value.ask(&prompts).await.iter().zip(grays) {
        let expected = (f64::from(gray) - 128.0) / 128.0;
        assert!(
            matches!(answer, Ok(Answer::Value(value)) if (value - expected).abs() < 1e-6),
            "{gray}: {answer:?}"
        );
    }

    // Why the server is asked first: it knows no binary tensors, and answers them with a 500 or a reset connection
    // instead of a refusal.
    let forced = served(
        server.url("/"),
        "logits",
        Output::Logits(labels()),
        Some(Wire::Binary),
    );
    let answers = forced.ask(&[question(9)]).await;
    assert!(
        matches!(&answers[0], Err(BackendError::Failed { .. })),
        "{answers:?}"
    );
}
