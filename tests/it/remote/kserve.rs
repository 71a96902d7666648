//! Served models, against a scripted server of the protocol.

use std::sync::Arc;

use opine::assemble::assemble;
use opine::backend::kserve::{Kserve, KserveOptions, Output, Wire};
use opine::backend::{Backend, BackendError};
use opine::card::load_card;
use opine::engine::{BackendState, RunLimits};
use opine::judging::protocol::{Protocol, Score, Step};
use opine::judging::{Answer, Choice, Image, Part, Prompt, Readout, Subject, Wanted};
use opine::pixels::Limits;
use serde_json::json;

use super::remote;
use crate::support::app::{config, fixtures};
use crate::support::inference::{brightness, serve};
use crate::support::png;
use crate::support::scripted::{Play, Scripted};

pub(crate) const LABELS: [&str; 5] = ["white", "light", "gray", "dark", "black"];

/// The `brightness` model of a server.
pub(crate) fn served(url: String, output_name: &str, output: Output, wire: Option<Wire>) -> Kserve {
    let card = load_card(&fixtures("judges/brightness/card.toml")).unwrap();
    let options = KserveOptions {
        model: "brightness".into(),
        version: Some("3".into()),
        input: "pixels".into(),
        output_name: output_name.into(),
        output,
        wire,
        preparation: card.preparation.unwrap(),
        limits: Limits::default(),
    };
    Kserve::new(remote(url), options)
}

pub(crate) fn labels() -> Vec<String> {
    LABELS.map(str::to_owned).to_vec()
}

/// The question of the `brightness` judge about a gray picture.
pub(crate) fn question(gray: u8) -> Prompt {
    let card = load_card(&fixtures("judges/brightness/card.toml")).unwrap();
    let recipe = Arc::clone(card.recipe.score().unwrap());
    match Score::new(recipe, Subject::of(Image::new(png::gray(gray)))).step(vec![]) {
        Step::Ask(mut prompts) => prompts.remove(0),
        Step::Done(outcome) => panic!("{outcome:?}"),
    }
}

/// The same picture, asked for a number.
pub(crate) fn value_question(gray: u8) -> Prompt {
    Prompt::new(question(gray).parts().to_vec(), Wanted::Value).unwrap()
}

async fn one(backend: &dyn Backend, prompt: &Prompt) -> Result<Answer, BackendError> {
    backend.ask(std::slice::from_ref(prompt)).await.remove(0)
}

async fn choice(backend: &dyn Backend, prompt: &Prompt) -> Choice {
    let answer = one(backend, prompt).await;
    let Ok(Answer::Choice(choice)) = answer else {
        panic!("{answer:?}");
    };
    choice
}

#[tokio::test]
async fn a_served_model_answers_as_the_same_model_in_process() {
    let engine = assemble(&config()).unwrap();
    let judge = engine.judges().find("brightness").unwrap();
    let local = judge.backend().unwrap();
    for binary in [true, false] {
        let server = brightness(binary);
        let logits = served(server.url("/"), "logits", Output::Logits(labels()), None);
        let masses = Output::Probabilities(labels());
        let masses = served(server.url("/"), "masses", masses, None);
        let value = served(server.url("/"), "value", Output::Value, None);
        for gray in [0, 100, 255] {
            let expected = choice(local.as_ref(), &question(gray)).await;
            for backend in [&logits, &masses] {
                let answer = choice(backend, &question(gray)).await;
                assert_eq!(answer.readout(), Readout::ClosedSet);
                assert!((answer.coverage().unwrap().value() - 1.0).abs() < 1e-12);
                for (ours, theirs) in answer.log_mass().iter().zip(expected.log_mass()) {
                    // ONNX Runtime adds and multiplies in single precision.
                    assert!((ours - theirs).abs() < 1e-6, "{gray}: {ours} {theirs}");
                }
            }
            let answer = one(&value, &value_question(gray)).await.unwrap();
            let mean = (f64::from(gray) - 128.0) / 128.0;
            assert!(matches!(answer, Answer::Value(value) if (value - mean).abs() < 1e-12));
        }
        // How numbers are sent was found out once for each backend.
        let asked = server.asked();
        let about_server = asked.iter().filter(|asked| asked.path == "/v2").count();
        assert_eq!((about_server, asked.len()), (3, 12));
    }
}

#[tokio::test]
async fn a_judge_asks_the_backend_of_the_configuration() {
    let server = brightness(true);
    let mut config = config();
    let table = format!(
        "kind = 'kserve'\nurl = '{}'\nmodel = 'brightness'\nversion = '3'\ncard = 'brightness'\ninput = 'pixels'\n\
         output = 'logits'\ngives = 'logits'\nlabels = {:?}\nconcurrency = 2\n",
        server.url("/"),
        LABELS,
    );
    config
        .backends
        .insert("served".into(), toml::from_str(&table).unwrap());
    let missing = format!("{table}api_key_variable = 'OPINE_TEST_NO_SUCH_KEY'\n");
    config
        .backends
        .insert("keyless".into(), toml::from_str(&missing).unwrap());
    let engine = assemble(&config).unwrap();
    let score = async |name: &str| {
        let judge = engine.judges().find(name).unwrap();
        let image = Image::new(png::gray(200));
        engine
            .score(&judge, Subject::of(image), &RunLimits::none())
            .await
    };
    let served = score("brightness@served").await.unwrap();
    let local = score("brightness").await.unwrap();
    assert_eq!(served.provenance.backend, "served");
    assert_eq!(served.provenance.model_revision, "brightness/3");
    assert_eq!(
        served.provenance.preprocessing,
        local.provenance.preprocessing
    );
    let (served, local) = (served.outcome.unwrap(), local.outcome.unwrap());
    assert!((served.score.value() - local.score.value()).abs() < 1e-6);

    let keyless = engine.judges().find("brightness@keyless").unwrap();
    assert!(
        matches!(&keyless.state, BackendState::Unavailable { remedy } if remedy.contains("OPINE_TEST_NO_SUCH_KEY")),
        "{:?}",
        keyless.state
    );
    for (wrong, word) in [
        (table.replace("concurrency", "concurency"), "`concurency`"),
        (table.replace("url = ", "urk = "), "`urk`"),
    ] {
        let error = toml::from_str::<opine::config::BackendConfig>(&wrong).unwrap_err();
        assert!(error.to_string().contains(word), "{error}");
    }
    for (wrong, word) in [
        (
            table.replace("card = 'brightness'", "card = 'nope'"),
            "`nope`",
        ),
        (
            table.replace("card = 'brightness'", "card = 'q-bench'"),
            "`q-bench`",
        ),
        (table.replace("http://", "ftp://"), "`url`"),
        (table.replace("concurrency = 2", "seconds = 0"), "`seconds`"),
        (
            table.replace("gives = 'logits'", "gives = 'value'"),
            "`labels`",
        ),
    ] {
        let mut config = self::config();
        config
            .backends
            .insert("served".into(), toml::from_str(&wrong).unwrap());
        let error = assemble(&config).unwrap_err().to_string();
        assert!(
            error.contains("`served`") && error.contains(word),
            "{error}"
        );
    }
}

#[tokio::test]
async fn what_a_check_finds_is_what_the_server_says() {
    let server = brightness(true);
    let backend = served(server.url("/"), "logits", Output::Logits(labels()), None);
    assert!(backend.probe().await.unwrap().options);
    let findings = backend.examine(&question(9)).await;
    assert!(findings.iter().all(|finding| finding.holds), "{findings:?}");
    let wrong = served(server.url("/"), "score", Output::Value, None);
    let findings = wrong.examine(&question(9)).await;
    let wrong: Vec<_> = findings.iter().filter(|finding| !finding.holds).collect();
    let subjects: Vec<_> = wrong.iter().map(|finding| finding.subject).collect();
    assert!(
        subjects.contains(&"output") && subjects.contains(&"labels"),
        "{findings:?}"
    );
    drop(server);
    let findings = backend.examine(&question(9)).await;
    assert!(
        findings
            .iter()
            .any(|finding| finding.subject == "engine" && !finding.holds)
    );
}

/// Answers of a broken model to the infer request, and what must come of each.
#[tokio::test]
async fn numbers_that_are_none_are_refused() {
    type Check = fn(&BackendError) -> bool;
    let output = |data: serde_json::Value| json!({"outputs": [{"name": "logits", "datatype": "FP32", "shape": [1], "data": data}]});
    let unreadable: Check = |error| matches!(error, BackendError::Unreadable { .. });
    let not_finite: Check =
        |error| matches!(error, BackendError::NotFinite { label, .. } if label == "gray");
    let failed: Check = |error| matches!(error, BackendError::Failed { .. });
    let raw = |text: &str| Play::status(200, text);
    let cases = [
        (
            "null for NaN",
            Play::json(&output(json!([1, 2, null, 3, 4]))),
            not_finite,
        ),
        (
            "too few",
            Play::json(&output(json!([1, 2, 3, 4]))),
            unreadable,
        ),
        (
            "words",
            Play::json(&output(json!(["1", 2, 3, 4, 5]))),
            unreadable,
        ),
        (
            "another output",
            Play::json(&json!({"outputs": []})),
            unreadable,
        ),
        ("no outputs", Play::json(&json!({"answer": 1})), unreadable),
        (
            "a length that lies",
            raw("{}").with_header("inference-header-content-length", "9"),
            unreadable,
        ),
        (
            "a bare NaN",
            raw(r#"{"outputs": [{"name": "logits", "datatype": "FP32", "data": [NaN]}]}"#),
            failed,
        ),
        ("a web page", raw("<html>"), failed),
    ];
    for (name, play, expected) in cases {
        let server = Scripted::start(move |asked| match asked.path.ends_with("/infer") {
            true => play.clone(),
            false => serve(asked, false),
        });
        let backend = served(server.url("/"), "logits", Output::Logits(labels()), None);
        let error = one(&backend, &question(9)).await.unwrap_err();
        assert!(expected(&error), "{name}: {error:?}");
    }
}

#[tokio::test]
async fn probabilities_are_held_to_be_some() {
    for (masses, good) in [
        (json!([0.5, 0.5, 0, 0, 0]), true),
        (json!([0.5, 0.4, 0, 0, 0]), false),
        (json!([1.5, -0.5, 0, 0, 0]), false),
        (json!([2, 1, 0, -1, -2]), false),
    ] {
        let answer = json!({"outputs": [{"name": "masses", "datatype": "FP32", "data": masses}]});
        let server = Scripted::always(Play::json(&answer));
        let output = Output::Probabilities(labels());
        let backend = served(server.url("/"), "masses", output, Some(Wire::Json));
        let answer = one(&backend, &question(9)).await;
        if good {
            assert!(
                matches!(&answer, Ok(Answer::Choice(choice)) if choice.is_censored()),
                "{masses}: {answer:?}"
            );
        } else {
            assert!(
                matches!(answer, Err(BackendError::Unreadable { .. })),
                "{masses}: {answer:?}"
            );
        }
    }
}

#[tokio::test]
async fn a_picture_that_is_none_costs_no_request() {
    let server = brightness(true);
    let backend = served(
        server.url("/"),
        "logits",
        Output::Logits(labels()),
        Some(Wire::Binary),
    );
    let mut parts = question(9).parts().to_vec();
    for part in &mut parts {
        if let Part::Image(image) = part {
            *image = Image::new(&b"no picture"[..]);
        }
    }
    let broken = Prompt::new(parts, question(9).wanted().clone()).unwrap();
    let error = one(&backend, &broken).await.unwrap_err();
    assert!(matches!(error, BackendError::Image { .. }), "{error:?}");
    assert_eq!(server.count(), 0);
}
