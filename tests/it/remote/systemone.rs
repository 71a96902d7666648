//! Servers of typed decisions, scripted by what llama.cpp and transformers 5.23 document and answer.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use opine::backend::systemone::{ImageForm, QuestionForm, Systemone, SystemoneOptions, Usage};
use opine::backend::{Backend, BackendError};
use opine::judging::{Answer, AnswerOption, Choice, Image, Options, Part, Prompt, Readout, Wanted};
use opine::pixels::Limits;
use serde_json::{Value, json};

use super::remote;
use crate::support::png;
use crate::support::scripted::{Asked, Play, Scripted};

pub(crate) fn decider(url: String, images: ImageForm, question: QuestionForm) -> Systemone {
    let options = SystemoneOptions {
        model: "decider".into(),
        images,
        images_per_prompt: 2,
        question,
        limits: Limits::default(),
    };
    Systemone::new(remote(url), options)
}

/// A closed question about a gray picture.
pub(crate) fn question(gray: u8, names: &[&str]) -> Prompt {
    let options = names
        .iter()
        .map(|name| AnswerOption::new(*name, vec![]).unwrap());
    let options = Options::new(options.collect()).unwrap();
    let parts = vec![
        Part::Text("Look at this:".into()),
        Part::Image(Image::new(png::gray(gray))),
        Part::Text("How good is it?".into()),
    ];
    Prompt::new(parts, Wanted::Options(options))
        .unwrap()
        .with_answer_prefix(Some("It is".into()))
}

/// A server that gives the options probabilities 8:4:2:1.. in the order in which they were named, moved on by the
/// size of the request, so that questions differ.
pub(crate) fn decide(asked: &Asked) -> Play {
    assert_eq!(
        (asked.method.as_str(), asked.path.as_str()),
        ("POST", "/v1/systemone")
    );
    let request = asked.json();
    let question = &request["questions"]["opinion"];
    let turn = asked
        .body
        .iter()
        .map(|byte| usize::from(*byte))
        .sum::<usize>()
        % 7;
    let masses = |count: usize| -> Vec<f64> {
        let weights =
            (0..count).map(|index| 2f64.powi(i32::try_from((index + turn) % count).unwrap()));
        let total: f64 = weights.clone().sum();
        weights.map(|weight| weight / total).collect()
    };
    let answer = match question["type"].as_str().unwrap() {
        "noul" => json!({"type": "noul", "noul": 0.5 + 0.05 * turn as f64}),
        "choice" => {
            let names = criteria_in_order(&asked.body);
            let masses = names.iter().zip(masses(names.len()));
            let masses: Value = masses
                .map(|(name, mass)| (name.clone(), json!(mass)))
                .collect();
            json!({"type": "choice", "choice": names[0], "probabilities": masses, "confidence": 0.1})
        }
        "score" => {
            let levels = question["criteria"].as_array().unwrap().len();
            let masses = masses(levels).into_iter().enumerate();
            let masses: Value = masses
                .map(|(level, mass)| (level.to_string(), json!(mass)))
                .collect();
            json!({"type": "score", "score": 1.5, "probabilities": masses, "confidence": 0.1})
        }
        other => panic!("{other}"),
    };
    Play::json(&json!({
        "model": "decider",
        "answers": {"opinion": answer},
        "usage": {"input_tokens": 70, "output_tokens": 0},
    }))
}

/// Names of the options in the order of the text, which a JSON reader need not keep.
fn criteria_in_order(body: &[u8]) -> Vec<String> {
    let text = std::str::from_utf8(body).unwrap();
    let (_, criteria) = text.split_once("\"criteria\":{").unwrap();
    let (criteria, _) = criteria.split_once('}').unwrap();
    let names = criteria
        .split(',')
        .map(|entry| entry.strip_suffix(":null").unwrap());
    names
        .map(|name| name.trim_matches('"').to_owned())
        .collect()
}

async fn choice(backend: &Systemone, prompt: &Prompt) -> Result<Choice, BackendError> {
    let answer = backend.ask(std::slice::from_ref(prompt)).await.remove(0)?;
    let Answer::Choice(choice) = answer else {
        panic!("{answer:?}");
    };
    Ok(choice)
}

#[tokio::test]
async fn options_are_asked_in_their_order_and_read_by_name() {
    let server = Scripted::start(|asked| {
        assert_eq!(criteria_in_order(&asked.body), ["poor", "fair", "good"]);
        Play::json(&json!({"answers": {"opinion": {
            "type": "choice", "probabilities": {"good": 0.625, "poor": 0.125, "fair": 0.25}
        }}, "usage": {"input_tokens": 71, "output_tokens": 0}}))
    });
    let backend = decider(server.url("/v1"), ImageForm::List, QuestionForm::Choice);
    let prompt = question(9, &["poor", "fair", "good"]).with_system(Some("Be strict.".into()));
    let choice = choice(&backend, &prompt).await.unwrap();
    let masses: Vec<f64> = choice.log_mass().iter().map(|mass| mass.exp()).collect();
    for (mass, expected) in masses.iter().zip([0.125, 0.25, 0.625]) {
        assert!((mass - expected).abs() < 1e-15, "{masses:?}");
    }
    // The server reads the labels only, so what the model would have said instead is not known.
    assert_eq!(
        (choice.readout(), choice.coverage()),
        (Readout::TypedDecision, None)
    );
    let counted = Usage {
        input_tokens: 71,
        output_tokens: 0,
    };
    assert_eq!(backend.usage(), counted);

    let picture = STANDARD.encode(png::gray(9));
    let expected = json!({
        "model": "decider",
        "state": "Image 1",
        "images": [format!("data:image/png;base64,{picture}")],
        "questions": {"opinion": {
            "type": "choice",
            "instructions": "Be strict.\nLook at this:\nHow good is it?\nIt is",
            "criteria": {"poor": null, "fair": null, "good": null},
        }},
    });
    assert_eq!(server.asked()[0].json(), expected);
}

#[tokio::test]
async fn images_go_as_assets_where_marks_stand_for_them() {
    let server = Scripted::start(decide);
    let backend = decider(server.url("/v1"), ImageForm::Assets, QuestionForm::Choice);
    choice(&backend, &question(9, &["poor", "good"]))
        .await
        .unwrap();
    let request = server.asked()[0].json();
    let assets = request["assets"].as_object().unwrap();
    assert_eq!(assets.len(), 1);
    let (mark, asset) = assets.iter().next().unwrap();
    assert_eq!(request["state"], **mark);
    assert!(!request["questions"].to_string().contains(mark));
    let picture = STANDARD.encode(png::gray(9));
    let expected = json!({"type": "image", "format": "png", "data_base64": picture});
    assert_eq!(*asset, expected);
    assert!(request.get("images").is_none());
}

#[tokio::test]
async fn yes_and_no_are_a_question_of_their_own() {
    for (names, expected) in [(["yes", "no"], 0.75), (["No", "Yes"], 0.25)] {
        let server = Scripted::always(Play::json(
            &json!({"answers": {"opinion": {"type": "noul", "noul": 0.75}}}),
        ));
        let backend = decider(server.url("/v1"), ImageForm::List, QuestionForm::Score);
        let choice = choice(&backend, &question(9, &names)).await.unwrap();
        assert!((choice.log_mass()[0].exp() - expected).abs() < 1e-15);
        let question = &server.asked()[0].json()["questions"]["opinion"];
        assert_eq!(question["type"], "noul");
        assert!(question.get("criteria").is_none());
    }
    // Certainty is that of single precision, and says nothing of the last bit.
    let server = Scripted::always(Play::json(
        &json!({"answers": {"opinion": {"type": "noul", "noul": 1.0}}}),
    ));
    let backend = decider(server.url("/v1"), ImageForm::List, QuestionForm::Choice);
    let choice = choice(&backend, &question(9, &["yes", "no"]))
        .await
        .unwrap();
    assert!(choice.is_censored() && choice.log_mass()[1] < -15.0);
}

#[tokio::test]
async fn levels_are_asked_as_a_rubric_and_read_by_index() {
    let server = Scripted::always(Play::json(&json!({"answers": {"opinion": {
        "type": "score", "score": 1.6, "probabilities": {"2": 0.75, "0": 0.125, "1": 0.125}
    }}})));
    let backend = decider(server.url("/v1"), ImageForm::List, QuestionForm::Score);
    let choice = choice(&backend, &question(9, &["poor", "fair", "good"]))
        .await
        .unwrap();
    assert!((choice.log_mass()[2].exp() - 0.75).abs() < 1e-15);
    let question = &server.asked()[0].json()["questions"]["opinion"];
    assert_eq!(question["criteria"], json!(["poor", "fair", "good"]));
}

#[tokio::test]
async fn a_model_that_decides_nothing_is_told_from_one_that_fails() {
    let refusal = json!({"error": {"code": 501, "message": "This model is not a decision model",
        "type": "not_supported_error"}});
    let server = Scripted::always(Play::status(501, &refusal.to_string()));
    let backend = decider(server.url("/v1"), ImageForm::List, QuestionForm::Choice);
    for _ in 0..20 {
        let error = choice(&backend, &question(9, &["poor", "good"])).await;
        let error = error.unwrap_err();
        assert!(
            matches!(&error, BackendError::CannotAnswer { message, .. } if message.contains("not a decision model")),
            "{error:?}"
        );
    }
    assert_eq!(
        server.count(),
        20,
        "501 is no failure to rest after, nor to try again"
    );
}

#[tokio::test]
async fn what_is_no_answer_is_refused() {
    let masses = |masses: Value| json!({"answers": {"opinion": {"type": "choice", "probabilities": masses}}});
    let cases = [
        json!({"answers": {}}),
        json!({"error": "none"}),
        json!({"answers": {"opinion": {"type": "choice", "choice": "good"}}}),
        json!({"answers": {"opinion": {"type": "noul", "noul": 0.5}}}),
        masses(json!({"good": 1.0})),
        masses(json!({"good": 0.5, "poor": null})),
        masses(json!({"good": 1.5, "poor": -0.5})),
        masses(json!({"good": 0.3, "poor": 0.3})),
        masses(json!({"good": 3.0, "poor": 4.0})),
        masses(json!({"good": 0.0, "poor": 0.0})),
    ];
    for case in cases {
        let server = Scripted::always(Play::json(&case));
        let backend = decider(server.url("/v1"), ImageForm::List, QuestionForm::Choice);
        let error = choice(&backend, &question(9, &["poor", "good"]))
            .await
            .unwrap_err();
        assert!(
            matches!(error, BackendError::Unreadable { .. }),
            "{case}: {error:?}"
        );
    }
}

#[tokio::test]
async fn proxies_of_the_environment_are_not_used() {
    // In a process of its own, because an environment belongs to all tests of this one.
    let (engine, proxy) = (Scripted::start(decide), Scripted::start(decide));
    let folder = tempfile::tempdir().unwrap();
    let table = format!(
        "[backends.decider]\nkind = 'systemone'\nurl = '{}'\nmodel = 'decider'\n",
        engine.url("/v1")
    );
    let path = |name: &str| folder.path().join(name);
    std::fs::write(path("opine.toml"), table).unwrap();
    std::fs::write(path("gray.png"), png::gray(99)).unwrap();
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_opine"))
        .args([
            "score",
            "--config",
            "opine.toml",
            "--judge",
            "q-bench@decider",
            "gray.png",
        ])
        .current_dir(folder.path())
        .env("http_proxy", proxy.url("/"))
        .env("HTTP_PROXY", proxy.url("/"))
        .env("ALL_PROXY", proxy.url("/"))
        .env_remove("NO_PROXY")
        .env_remove("no_proxy")
        .output()
        .unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{stderr}");
    assert_eq!((engine.count(), proxy.count()), (1, 0));
}
