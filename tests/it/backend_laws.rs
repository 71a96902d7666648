//! What every backend must keep to, whoever answers behind it.
//!
//! A new backend is one more row in `cases`. The laws: one result per prompt, in order; a bad prompt
//! spoils no neighbour; the same prompt gets the same answer; what it says it can do, it does, and the
//! rest it refuses by name.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use futures::future::join_all;
use opine::assemble::assemble;
use opine::backend::chat::Flavour;
use opine::backend::kserve::Output;
use opine::backend::recorded::Recorded;
use opine::backend::systemone::{ImageForm, QuestionForm};
use opine::backend::{Backend, BackendError};
use opine::card::Recipe;
use opine::judging::protocol::{Protocol, Score, Step};
use opine::judging::{Answer, Image, Part, Prompt, Subject, Wanted};
use serde_json::json;
use tokio::runtime::Runtime;

use crate::chat::{chat, question as chat_question, scene};
use crate::onnx::exports;
use crate::remote::kserve::{labels, question, served, value_question};
use crate::remote::systemone::{decide, decider, question as decision};
use crate::support::app::config;
use crate::support::inference::brightness;
use crate::support::scripted::Scripted;
use crate::support::{llama, local, png};

/// Connections belong to the runtime that opened them, so all tests share one.
static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().unwrap());

/// A backend and prompts for it.
struct Case {
    name: &'static str,
    backend: Arc<dyn Backend>,
    /// With different answers.
    good: Vec<Prompt>,
    /// One that cannot be answered.
    bad: Prompt,
    /// Who answers for it, where that is not in this process.
    server: Option<Scripted>,
}

fn prompt(recipe: &Recipe, image: &[u8]) -> Prompt {
    let recipe = Arc::clone(recipe.score().unwrap());
    match Score::new(recipe, Subject::of(Image::new(image))).step(vec![]) {
        Step::Ask(mut prompts) => prompts.remove(0),
        Step::Done(outcome) => panic!("{outcome:?}"),
    }
}

/// Pictures that every model tells apart.
fn pictures() -> Vec<Vec<u8>> {
    [[250, 250, 250], [30, 60, 90], [200, 100, 0]]
        .map(|colour| png::plain(48, 40, colour))
        .to_vec()
}

fn cases() -> Vec<Case> {
    let engine = assemble(&config()).unwrap();
    let model = |name: &'static str| {
        let judge = engine.judges().find(name).unwrap();
        let recipe = &judge.card.recipe;
        Case {
            name,
            backend: Arc::clone(judge.backend().unwrap()),
            good: pictures()
                .iter()
                .map(|image| prompt(recipe, image))
                .collect(),
            bad: prompt(recipe, b"no picture"),
            server: None,
        }
    };
    vec![
        model("brightness"),
        model("technical-quality"),
        recorded(),
        recorded_values_and_texts(),
        dual_encoder("clip"),
        dual_encoder("siglip"),
        dual_encoder("clip-towers"),
        reward("reward", ""),
        reward("caption-reward", "a photo of a cat"),
        language(),
        served_labels(),
        served_value(),
        model_behind_chat("llama.cpp", None),
        model_behind_chat("llama.cpp by the common API", Some(Flavour::Other)),
        decisions(ImageForm::List, QuestionForm::Choice),
        decisions(ImageForm::Assets, QuestionForm::Score),
    ]
}

/// Options by similarity, and a number where the configuration names one.
fn dual_encoder(name: &'static str) -> Case {
    let backend = exports::backend(name);
    let pair = local::options(&["Good photo.", "Bad photo."]);
    let ask = |image: &[u8], wanted: Wanted| local::prompt(image, "a photo of a cat", wanted);
    let mut good: Vec<Prompt> = pictures()
        .iter()
        .map(|image| ask(image, pair.clone()))
        .collect();
    if backend.abilities().value {
        good.push(ask(&pictures()[2], Wanted::Value));
    }
    Case {
        name,
        backend,
        good,
        bad: ask(b"no picture", pair),
        server: None,
    }
}

fn reward(name: &'static str, text: &str) -> Case {
    let ask = |image: &[u8]| local::prompt(image, text, Wanted::Value);
    Case {
        name,
        backend: exports::backend(name),
        good: pictures().iter().map(|image| ask(image)).collect(),
        bad: ask(b"no picture"),
        server: None,
    }
}

/// A language model: by label tokens, by forced sequences, and in text.
fn language() -> Case {
    let ask = |image: &[u8], wanted| local::prompt(image, "how is it ?", wanted);
    let images = pictures();
    Case {
        name: "half-language",
        backend: exports::backend("half-language"),
        good: vec![
            ask(&images[0], local::options(&["good", "poor"])),
            ask(&images[1], local::options(&["very good", "poor"])),
            ask(&images[2], Wanted::Text),
        ],
        bad: ask(b"no picture", local::options(&["good", "poor"])),
        server: None,
    }
}

fn recorded() -> Case {
    let judges = assemble(&config()).unwrap();
    let recipe = judges.judges().find("q-bench").unwrap().card.recipe.clone();
    let lines = pictures().into_iter().enumerate().map(|(index, image)| {
        let digest = Image::new(&image[..]).digest().to_string();
        json!({"images": [digest], "options": ["good", "poor"], "log_mass": [0, -(index as f64)]})
            .to_string()
    });
    let text = lines.collect::<Vec<_>>().join("\n");
    Case {
        name: "recorded",
        backend: Arc::new(Recorded::parse("recorded", "answers.jsonl", &text).unwrap()),
        good: pictures()
            .iter()
            .map(|image| prompt(&recipe, image))
            .collect(),
        bad: prompt(&recipe, b"never seen"),
        server: None,
    }
}

fn recorded_values_and_texts() -> Case {
    let image = |index: usize| Image::new(&pictures()[index][..]);
    let [first, second, third] = [0, 1, 2].map(|index| image(index).digest().to_string());
    let lines = [
        json!({"images": [first, second], "value": 3.5}),
        json!({"images": [first, second], "text": "the first is sharper"}),
        json!({"images": [third], "value": -1.0}),
    ];
    let text = lines.map(|line| line.to_string()).join("\n");
    let ask = |images: &[usize], wanted| {
        let parts = images.iter().map(|index| Part::Image(image(*index)));
        Prompt::new(parts.collect(), wanted).unwrap()
    };
    Case {
        name: "recorded values and texts",
        backend: Arc::new(Recorded::parse("recorded", "answers.jsonl", &text).unwrap()),
        good: vec![
            ask(&[0, 1], Wanted::Value),
            ask(&[0, 1], Wanted::Text),
            ask(&[2], Wanted::Value),
        ],
        bad: ask(&[1, 0], Wanted::Value),
        server: None,
    }
}

/// The same parts, with something that is no picture in the place of each image.
fn spoiled(prompt: &Prompt) -> Prompt {
    let parts = prompt.parts().iter().map(|part| match part {
        Part::Image(_) => Part::Image(Image::new(&b"no picture"[..])),
        Part::Text(text) => Part::Text(text.clone()),
    });
    Prompt::new(parts.collect(), prompt.wanted().clone()).unwrap()
}

fn served_labels() -> Case {
    let server = brightness(true);
    let output = Output::Logits(labels());
    Case {
        name: "kserve labels",
        backend: Arc::new(served(server.url("/"), "logits", output, None)),
        good: [9, 100, 200].map(question).to_vec(),
        bad: spoiled(&question(9)),
        server: Some(server),
    }
}

fn served_value() -> Case {
    let server = brightness(false);
    Case {
        name: "kserve value",
        backend: Arc::new(served(server.url("/"), "value", Output::Value, None)),
        good: [9, 100, 200].map(value_question).to_vec(),
        bad: spoiled(&value_question(9)),
        server: Some(server),
    }
}

fn decisions(images: ImageForm, form: QuestionForm) -> Case {
    let server = Scripted::start(decide);
    Case {
        name: "systemone",
        backend: Arc::new(decider(server.url("/v1"), images, form)),
        good: vec![
            decision(9, &["poor", "fair", "good"]),
            decision(100, &["yes", "no"]),
            decision(200, &["bad", "poor", "fair", "good"]),
        ],
        bad: spoiled(&decision(9, &["poor", "good"])),
        server: Some(server),
    }
}

/// The tiny model that sees, served by llama.cpp: two choices and a text.
fn model_behind_chat(name: &'static str, flavour: Option<Flavour>) -> Case {
    let backend = chat(&llama::shared().url, |options| options.flavour = flavour);
    block_on(backend.probe()).unwrap();
    let ask = |colour| chat_question(colour, "What colour is it?", &["red", "blue", "green"]);
    let words = scene("What shape is the object?", Wanted::Text);
    Case {
        name,
        backend: Arc::new(backend),
        good: vec![ask([255, 0, 0]), words, ask([0, 0, 255])],
        bad: spoiled(&ask([255, 0, 0])),
        server: None,
    }
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    RUNTIME.block_on(future)
}

fn ask(case: &Case, prompts: &[Prompt]) -> Vec<Result<Answer, BackendError>> {
    let answers = block_on(case.backend.ask(prompts));
    assert_eq!(
        answers.len(),
        prompts.len(),
        "{}: one result per prompt",
        case.name
    );
    answers
}

fn ask_one(case: &Case, prompt: &Prompt) -> Result<Answer, BackendError> {
    ask(case, std::slice::from_ref(prompt)).remove(0)
}

fn kind(answer: &Answer) -> &'static str {
    match answer {
        Answer::Choice(_) => "options",
        Answer::Value(_) => "value",
        Answer::Text(_) => "text",
    }
}

#[test]
fn one_result_per_prompt_in_order() {
    for case in cases() {
        let alone: Vec<_> = case
            .good
            .iter()
            .map(|prompt| ask_one(&case, prompt))
            .collect();
        for (index, answer) in alone.iter().enumerate() {
            assert!(answer.is_ok(), "{} {index}: {answer:?}", case.name);
            assert!(
                !alone[..index].contains(answer),
                "{}: the case tells nothing apart",
                case.name
            );
        }
        assert_eq!(ask(&case, &case.good), alone, "{}", case.name);
        let (mut backwards, mut expected) = (case.good.clone(), alone);
        backwards.reverse();
        expected.reverse();
        assert_eq!(ask(&case, &backwards), expected, "{}", case.name);
        let before = case.server.as_ref().map(Scripted::count);
        assert!(ask(&case, &[]).is_empty(), "{}", case.name);
        let after = case.server.as_ref().map(Scripted::count);
        assert_eq!(before, after, "{}: no prompt is no question", case.name);
    }
}

#[test]
fn a_bad_prompt_spoils_no_neighbour() {
    for case in cases() {
        let (first, last) = (case.good[0].clone(), case.good[1].clone());
        let expected = [ask_one(&case, &first), ask_one(&case, &last)];
        let answers = ask(&case, &[first, case.bad.clone(), last]);
        assert!(answers[1].is_err(), "{}: {:?}", case.name, answers[1]);
        assert_eq!(
            [answers[0].clone(), answers[2].clone()],
            expected,
            "{}",
            case.name
        );
    }
}

#[test]
fn the_same_prompt_gets_the_same_answer() {
    for case in cases() {
        let once = ask(&case, &case.good);
        for _ in 0..3 {
            assert_eq!(ask(&case, &case.good), once, "{}", case.name);
        }
        let id = case.backend.id().clone();
        assert!(
            !id.name.is_empty() && !id.model_revision.is_empty(),
            "{id:?}"
        );
        assert_eq!(*case.backend.id(), id);
    }
}

#[test]
fn what_it_says_it_can_do_it_does_and_nothing_else() {
    for case in cases() {
        let abilities = case.backend.abilities();
        let can: BTreeMap<&str, bool> = [
            ("options", abilities.options),
            ("value", abilities.value),
            ("text", abilities.text),
        ]
        .into();
        let mut done: Vec<&str> = Vec::new();
        for prompt in &case.good {
            assert!(
                prompt.images().count() <= abilities.images_per_prompt,
                "{}",
                case.name
            );
            let answer = ask_one(&case, prompt).unwrap();
            done.push(kind(&answer));
            match (prompt.wanted(), &answer) {
                (Wanted::Options(options), Answer::Choice(choice)) => {
                    assert_eq!(options.len(), choice.log_mass().len(), "{}", case.name);
                }
                (Wanted::Value, Answer::Value(value)) => assert!(value.is_finite()),
                (Wanted::Text, Answer::Text(_)) => {}
                (wanted, answer) => panic!("{}: {answer:?} to {wanted:?}", case.name),
            }
        }
        for (kind, can) in &can {
            assert_eq!(done.contains(kind), *can, "{}: {kind}", case.name);
        }
        assert!(
            !abilities.log_probabilities || abilities.options,
            "{}",
            case.name
        );
        for (wanted, can) in [
            (Wanted::Value, abilities.value),
            (Wanted::Text, abilities.text),
        ] {
            let prompt = Prompt::new(case.good[0].parts().to_vec(), wanted).unwrap();
            if !can {
                refused(&case, &prompt);
            }
        }
        let image = case.good[0]
            .parts()
            .iter()
            .find(|part| matches!(part, Part::Image(_)));
        let crowd = vec![image.unwrap().clone(); abilities.images_per_prompt + 1];
        refused(
            &case,
            &Prompt::new(crowd, case.good[0].wanted().clone()).unwrap(),
        );
    }
}

/// What cannot be done is refused by name, which a caller can tell from a failure.
fn refused(case: &Case, prompt: &Prompt) {
    let answer = ask_one(case, prompt);
    assert!(
        matches!(answer, Err(BackendError::CannotAnswer { .. })),
        "{}: {answer:?}",
        case.name
    );
}

#[test]
fn as_many_askers_as_it_says_are_answered_at_once() {
    for case in cases() {
        let askers = case.backend.abilities().concurrency;
        assert!(askers >= 1, "{}", case.name);
        let expected = ask(&case, &case.good);
        let all = block_on(join_all(
            (0..askers + 1).map(|_| case.backend.ask(&case.good)),
        ));
        assert!(
            all.iter().all(|answers| *answers == expected),
            "{}",
            case.name
        );
    }
}
