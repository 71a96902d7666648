//! llama.cpp and the tiny model that truly sees: what is read is what the engine says, to the last tokens.

use opine::backend::Backend as _;
use opine::backend::chat::{Chat, Flavour};
use opine::backend::readout::{Extent, Labels, Position, read_position, reply_of};
use opine::judging::{
    Answer, AnswerPlace, Choice, Evidence, LengthCorrection, Part, Prompt, Readout, Wanted,
};
use serde_json::{Value, json};

use super::{ask, block_on, chat, choose, kind, next, only, options, question, scene};
use crate::support::llama::shared;

const LEVELS: [&str; 5] = ["bad", "poor", "fair", "good", "excellent"];
const WORDS: &str = "Rate the quality of this image.";
/// Log-probabilities are printed in single precision.
const ROUNDING: f64 = 1e-5;

fn seer() -> Chat {
    chat(&shared().url, |_| {})
}

fn rate() -> Prompt {
    closed(WORDS, &LEVELS)
}

fn closed(text: &str, names: &[&str]) -> Prompt {
    scene(text, Wanted::Options(options(names)))
}

fn post(path: &str, body: &Value) -> Value {
    let url = format!("{}{path}", shared().url);
    let mut response = ureq::post(url).send(body.to_string()).unwrap();
    serde_json::from_slice(&response.body_mut().read_to_vec().unwrap()).unwrap()
}

/// The whole vocabulary at the next place, by the common API.
fn vocabulary(prompt: &Prompt, beginning: Option<&str>) -> Position {
    let content: Vec<Value> = prompt
        .parts()
        .iter()
        .map(|part| match part {
            Part::Text(text) => json!({"type": "text", "text": text}),
            Part::Image(image) => {
                use base64::Engine as _;
                let data = base64::prelude::BASE64_STANDARD.encode(image.bytes());
                json!({"type": "image_url", "image_url": {"url": format!("data:image/png;base64,{data}")}})
            }
        })
        .collect();
    let mut messages = vec![json!({"role": "user", "content": content})];
    messages.extend(beginning.map(|words| json!({"role": "assistant", "content": words})));
    let body = json!({"messages": messages, "max_tokens": 2, "temperature": 0, "seed": 0,
        "logprobs": true, "top_logprobs": 5000, "cache_prompt": false});
    let reply = reply_of(&post("/v1/chat/completions", &body)).unwrap();
    reply
        .positions
        .unwrap()
        .remove(0)
        .with_extent(Extent::Asked)
}

fn close(found: &Choice, expected: &Choice) {
    for (found, expected) in found.log_mass().iter().zip(expected.log_mass()) {
        assert!(
            (found - expected).abs() < ROUNDING,
            "{found} for {expected}"
        );
    }
    let coverage = |choice: &Choice| choice.coverage().unwrap().value();
    assert!((coverage(found) - coverage(expected)).abs() < ROUNDING);
}

#[test]
fn abilities_are_what_the_engine_does() {
    let chat = seer();
    let before = chat.abilities();
    assert!(!before.log_probabilities && before.images_per_prompt == 0);
    let abilities = block_on(chat.probe()).unwrap();
    assert_eq!(chat.flavour(), Some(Flavour::LlamaCpp));
    assert_eq!(abilities.readouts, Readout::LADDER);
    assert!(abilities.log_probabilities && abilities.answer_prefix && abilities.text);
    assert!(abilities.images_per_prompt > 0 && !abilities.value);
    assert_eq!(chat.abilities(), abilities);
}

#[test]
fn label_tokens_are_read_exactly_out_of_a_whole_distribution() {
    let prompt = rate();
    let whole = vocabulary(&prompt, None);
    let total: f64 = whole
        .candidates()
        .iter()
        .map(|token| token.log_probability.exp())
        .sum();
    assert!((total - 1.0).abs() < 1e-4, "{total}");
    assert!(whole.candidates().len() > 300);
    let labels = Labels::new(&options(&LEVELS)).unwrap();
    let expected = read_position(&whole, &labels, Readout::LabelTokens).unwrap();
    let found = choose(&seer(), &prompt);
    assert_eq!(found.readout(), Readout::LabelTokens);
    assert_eq!(found.evidence(), &Evidence::Exact);
    close(&found, &expected);
}

#[test]
fn the_common_api_alone_gives_the_same_masses() {
    let other = chat(&shared().url, |options| {
        options.flavour = Some(Flavour::Other);
    });
    let abilities = block_on(other.probe()).unwrap();
    assert!(!abilities.readouts.contains(&Readout::LabelTokens));
    let exact = choose(&seer(), &rate());
    let top = choose(&other, &rate());
    assert_eq!(top.readout(), Readout::TopTokens);
    // The list of twenty may leave spellings out, which can only take mass away.
    let (exact, top) = (exact.log_mass(), top.log_mass());
    let best = exact.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let found = top.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    assert!(
        found <= best + ROUNDING && found > best - 0.05,
        "{top:?} {exact:?}"
    );
    let refused = ask(&other, &rate().with_reading(next(&[Readout::LabelTokens])));
    assert_eq!(kind(&refused), "cannot answer");
}

#[test]
fn the_picture_changes_the_answer() {
    let colours = ["red", "blue", "green"];
    let asked = |colour| {
        let prompt = question(colour, "What colour is it?", &colours);
        choose(&seer(), &prompt).log_mass().to_vec()
    };
    let (red, again, blue) = (asked([255, 0, 0]), asked([255, 0, 0]), asked([0, 0, 255]));
    assert_eq!(red, again);
    assert!((red[0] - blue[0]).abs() > 0.01, "{red:?} {blue:?}");
}

#[test]
fn what_is_in_the_picture_is_answered() {
    let shapes = ["circle", "square", "triangle", "cross"];
    let colours = ["red", "green", "blue", "yellow", "purple", "black"];
    let yes_no = ["yes", "no"];
    let cases: [(&str, &[&str], &str); 4] = [
        ("What shape is the object?", &shapes, "square"),
        ("What colour is the square?", &colours, "purple"),
        ("Is there a purple cross?", &yes_no, "no"),
        (WORDS, &LEVELS, "excellent"),
    ];
    for (text, names, expected) in cases {
        let choice = choose(&seer(), &closed(text, names));
        let masses = names.iter().zip(choice.log_mass());
        let best = masses.max_by(|a, b| a.1.total_cmp(b.1)).unwrap();
        assert_eq!(*best.0, expected, "{text}: {choice:?}");
        assert!(
            choice.coverage().unwrap().value() > 0.9,
            "{text}: {choice:?}"
        );
    }
}

#[test]
fn words_of_the_assistant_are_continued() {
    let beginning = "The quality of the image is";
    let labels = Labels::new(&options(&LEVELS)).unwrap();
    let whole = vocabulary(&rate(), Some(beginning));
    let expected = read_position(&whole, &labels, Readout::LabelTokens).unwrap();
    let found = choose(&seer(), &rate().with_answer_prefix(Some(beginning.into())));
    close(&found, &expected);
    let without = choose(&seer(), &rate());
    assert!((found.log_mass()[0] - without.log_mass()[0]).abs() > 1e-3);
}

/// The tokens of a text after a prompt, each with its log-probability after the ones before it.
fn chain(prompt: &Prompt, text: &str) -> f64 {
    let ids = post("/tokenize", &json!({"content": text, "with_pieces": true}));
    let pieces = ids["tokens"].as_array().unwrap();
    assert!(pieces.len() > 1, "{text} is one token");
    let image = prompt.images().next().unwrap();
    use base64::Engine as _;
    let data = base64::prelude::BASE64_STANDARD.encode(image.bytes());
    let url = format!("data:image/png;base64,{data}");
    let messages = json!([{"role": "user", "content": [
        {"type": "image_url", "image_url": {"url": url}}, {"type": "text", "text": WORDS}]}]);
    let rendered = post("/apply-template", &json!({ "messages": messages }));
    let mut written = rendered["prompt"].as_str().unwrap().to_owned();
    let mut sum = 0.0;
    for piece in pieces {
        let body = json!({"prompt": {"prompt_string": written, "multimodal_data": [data]},
            "n_predict": 1, "n_probs": 5000, "temperature": 0, "cache_prompt": false});
        let reply = post("/completion", &body);
        let top = &reply["completion_probabilities"][0]["top_logprobs"];
        let found = top
            .as_array()
            .unwrap()
            .iter()
            .find(|token| token["id"] == piece["id"]);
        sum += found.unwrap()["logprob"].as_f64().unwrap();
        written.push_str(piece["piece"].as_str().unwrap());
    }
    sum
}

#[test]
fn labels_of_several_tokens_have_the_product_of_their_tokens() {
    let names = ["left right", "good-ish", "bad"];
    let prompt = closed(WORDS, &names);
    let forced = only(
        &[Readout::ForcedSequence],
        AnswerPlace::Next,
        LengthCorrection::Sum,
    );
    let choice = choose(&seer(), &prompt.clone().with_reading(forced));
    assert_eq!(choice.readout(), Readout::ForcedSequence);
    for (name, mass) in names.iter().zip(choice.log_mass()).take(2) {
        let expected = chain(&prompt, name);
        assert!(
            (mass - expected).abs() < ROUNDING,
            "{name}: {mass} for {expected}"
        );
    }
    let mean = only(
        &[Readout::ForcedSequence],
        AnswerPlace::Next,
        LengthCorrection::Mean,
    );
    let corrected = choose(&seer(), &prompt.clone().with_reading(mean));
    assert!(corrected.log_mass()[1] > choice.log_mass()[1]);
    let prior = only(
        &[Readout::ForcedSequence],
        AnswerPlace::Next,
        LengthCorrection::Prior,
    );
    let corrected = choose(&seer(), &prompt.with_reading(prior));
    assert_eq!(corrected.coverage(), choice.coverage());
    assert_ne!(corrected.log_mass(), choice.log_mass());
}

#[test]
fn labels_that_begin_alike_are_forced() {
    let prompt = closed(WORDS, &["good", "good-ish", "bad"]);
    let choice = choose(&seer(), &prompt);
    assert_eq!(choice.readout(), Readout::ForcedSequence);
    let total: f64 = choice.log_mass().iter().map(|mass| mass.exp()).sum();
    assert!((total - choice.coverage().unwrap().value()).abs() < 1e-9);
    let allowed = next(&[Readout::LabelTokens, Readout::TopTokens]);
    let prompt = closed(WORDS, &["good", "good-ish", "bad"]);
    let answer = ask(&seer(), &prompt.with_reading(allowed));
    assert_eq!(kind(&answer), "cannot answer");
    assert!(
        answer
            .unwrap_err()
            .to_string()
            .contains("begin with the same token")
    );
}

#[test]
fn answers_are_drawn_parsed_and_written() {
    let drawn = || choose(&seer(), &rate().with_reading(next(&[Readout::Samples])));
    let choice = drawn();
    assert_eq!(choice.readout(), Readout::Samples);
    assert_eq!(choice, drawn());
    assert!(
        matches!(choice.evidence(), Evidence::Counts(counts) if counts.iter().sum::<u32>() <= 6)
    );
    let parsed = choose(&seer(), &rate().with_reading(next(&[Readout::ParsedText])));
    assert_eq!(parsed.readout(), Readout::ParsedText);
    // The most probable label is the one that is written.
    let best = |choice: &Choice| {
        let masses = choice.log_mass().iter().enumerate();
        masses.max_by(|a, b| a.1.total_cmp(b.1)).unwrap().0
    };
    assert_eq!(best(&parsed), best(&choose(&seer(), &rate())));
    let words = scene("What shape is the object?", Wanted::Text);
    assert_eq!(ask(&seer(), &words), Ok(Answer::Text("square".into())));
}

#[test]
fn the_last_label_of_a_written_answer_is_found() {
    let last = only(
        &[Readout::TopTokens],
        AnswerPlace::Last,
        LengthCorrection::Sum,
    );
    let mut greedy = last;
    greedy.sampling.temperature = 0.0;
    let found = choose(&seer(), &rate().with_reading(greedy));
    assert_eq!(found.readout(), Readout::TopTokens);
    let exact = choose(&seer(), &rate());
    assert!(
        (found.log_mass()[0] - exact.log_mass()[0]).abs() < 0.05,
        "{found:?} {exact:?}"
    );
}

#[test]
fn a_judge_that_sees_passes_every_check() {
    let prefix = "The quality of the image is".to_owned();
    let findings = block_on(seer().examine(&rate().with_answer_prefix(Some(prefix))));
    let subjects: Vec<&str> = findings.iter().map(|found| found.subject).collect();
    for subject in [
        "server",
        "images",
        "log_probabilities",
        "answer_prefix",
        "labels",
        "readout",
        "image_seen",
    ] {
        assert!(
            subjects.contains(&subject),
            "{subject} is not among {subjects:?}"
        );
    }
    assert!(findings.iter().all(|found| found.holds), "{findings:?}");
}
