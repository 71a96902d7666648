//! Small exports answer here as ONNX Runtime answers in Python (tests/golden/onnx_exports.toml).

use std::collections::BTreeMap;
use std::sync::Arc;

use futures::executor::block_on;
use opine::backend::Backend;
use opine::judging::{
    Answer, AnswerPlace, Choice, LengthCorrection, Prompt, Reading, Readout, Sampling, Wanted,
};
use serde::Deserialize;
use serde_json::json;

use crate::support::local::{ask, export, options, prompt, ready, table};
use crate::support::png;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    #[expect(dead_code, reason = "says who computed the values")]
    origin: String,
    tolerance: f64,
    half_tolerance: f64,
    case: Vec<Case>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    export: String,
    ask: String,
    colour: [u8; 3],
    #[serde(default)]
    labels: Vec<String>,
    #[serde(default)]
    text: String,
    prefix: Option<String>,
    written: Option<String>,
    expected: Vec<f64>,
}

/// The backends of the table by the name of the export.
pub(crate) fn backend(name: &str) -> Arc<dyn Backend> {
    let head = export("clip-towers/head.onnx").display().to_string();
    ready(&match name {
        "clip" => table("onnx-dual-encoder", &export(name), ""),
        "siglip" => table(
            "onnx-dual-encoder",
            &export(name),
            "value = { kind = \"sigmoid\" }",
        ),
        "clip-towers" => table(
            "onnx-dual-encoder",
            &export(name),
            "logit_scale = 6.0\nvalue = { kind = \"cosine\", scale = 2.5, at_least = 0.0 }",
        ),
        "clip-head" => table(
            "onnx-dual-encoder",
            &export("clip-towers"),
            &format!("logit_scale = 6.0\nvalue = {{ kind = \"head\", file = {head:?} }}"),
        ),
        "reward" | "caption-reward" => {
            table("onnx-scalar", &export(name), "mean = 0.25\ndeviation = 2.0")
        }
        "half-language" => table("onnx-language", &export(name), "variant = \"fp16\""),
        other => panic!("no export `{other}`"),
    })
}

fn asked(case: &Case) -> Prompt {
    // Larger than the model reads: a plain picture stays plain when it is made smaller.
    let image = png::plain(48, 40, case.colour);
    let forced = |length| {
        let rungs = vec![Readout::ForcedSequence];
        Reading::new(rungs, AnswerPlace::Next, length, Sampling::default()).unwrap()
    };
    let (wanted, reading) = match case.ask.as_str() {
        "options" | "label_tokens" => (options(&case.labels), Reading::default()),
        "sum" => (options(&case.labels), forced(LengthCorrection::Sum)),
        "mean" => (options(&case.labels), forced(LengthCorrection::Mean)),
        "prior" => (options(&case.labels), forced(LengthCorrection::Prior)),
        "value" => (Wanted::Value, Reading::default()),
        "text" => (Wanted::Text, written(12)),
        other => panic!("no way to ask `{other}`"),
    };
    prompt(&image, &case.text, wanted)
        .with_answer_prefix(case.prefix.clone())
        .with_reading(reading)
}

/// The most probable text of so many tokens.
fn written(most_tokens: u32) -> Reading {
    let sampling = Sampling {
        temperature: 0.0,
        most_tokens,
        ..Sampling::default()
    };
    Reading::new(
        Readout::LADDER.to_vec(),
        AnswerPlace::Next,
        LengthCorrection::Sum,
        sampling,
    )
    .unwrap()
}

/// What the table states of an answer: shares of similarities, probabilities or log masses of labels, the number.
fn told(case: &Case, answer: Answer) -> Vec<f64> {
    match answer {
        Answer::Value(value) => vec![value],
        Answer::Text(text) => {
            assert_eq!(Some(&text), case.written.as_ref(), "{case:?}");
            vec![]
        }
        Answer::Choice(choice) => {
            let masses = choice.log_mass().to_vec();
            match case.ask.as_str() {
                "options" => shares(&choice),
                "label_tokens" => {
                    let masses: Vec<f64> = masses.iter().map(|mass| mass.exp()).collect();
                    let coverage = choice.coverage().unwrap().value();
                    assert!(
                        (masses.iter().sum::<f64>() - coverage).abs() < 1e-9,
                        "{case:?}"
                    );
                    masses
                }
                _ => masses,
            }
        }
    }
}

fn shares(choice: &Choice) -> Vec<f64> {
    assert_eq!(choice.readout(), Readout::Similarity);
    let odds: Vec<f64> = choice.log_mass().iter().map(|mass| mass.exp()).collect();
    let total: f64 = odds.iter().sum();
    odds.iter().map(|odds| odds / total).collect()
}

#[test]
fn exports_answer_as_they_do_in_python() {
    let text = include_str!("../../golden/onnx_exports.toml");
    let Table {
        tolerance,
        half_tolerance,
        case: cases,
        ..
    } = toml::from_str(text).unwrap();
    assert!(cases.len() > 30);
    let mut backends: BTreeMap<String, Arc<dyn Backend>> = BTreeMap::new();
    for case in &cases {
        let backend = backends
            .entry(case.export.clone())
            .or_insert_with(|| backend(&case.export));
        let answer =
            ask(backend.as_ref(), &asked(case)).unwrap_or_else(|e| panic!("{case:?}: {e}"));
        let found = told(case, answer);
        assert_eq!(found.len(), case.expected.len(), "{case:?}");
        let allowed = match case.export.as_str() {
            "half-language" => half_tolerance,
            _ => tolerance,
        };
        for (found, expected) in found.iter().zip(&case.expected) {
            assert!(
                (found - expected).abs() <= allowed,
                "{found} for {expected}: {case:?}"
            );
        }
    }
}

#[test]
fn the_last_label_of_a_written_answer_is_read_where_it_stands() {
    let backend = backend("half-language");
    let image = png::plain(48, 40, [250, 250, 250]);
    let text = "how is the quality of this picture ?";
    let read = |rungs: Vec<Readout>, labels: &[&str]| {
        let Sampling { samples, top_p, .. } = Sampling::default();
        let sampling = Sampling {
            samples,
            temperature: 0.0,
            top_p,
            most_tokens: 12,
        };
        let reading = Reading::new(rungs, AnswerPlace::Last, LengthCorrection::Sum, sampling);
        let prompt = prompt(&image, text, options(labels)).with_reading(reading.unwrap());
        ask(backend.as_ref(), &prompt)
    };
    // The model writes `cat system : cat very answer a :`, and `very` stands at its fifth place only.
    let choice = |rung| match read(vec![rung], &["very", "sharp"]) {
        Ok(Answer::Choice(choice)) => choice,
        other => panic!("{other:?}"),
    };
    let tokens = choice(Readout::LabelTokens);
    assert_eq!(tokens.readout(), Readout::LabelTokens);
    assert!(tokens.log_mass()[0] > tokens.log_mass()[1]);
    let parsed = choice(Readout::ParsedText);
    assert_eq!(parsed.readout(), Readout::ParsedText);
    assert!(parsed.log_mass()[0] > parsed.log_mass()[1]);
    for rung in [Readout::LabelTokens, Readout::ParsedText] {
        assert!(read(vec![rung], &["blurry", "sharp"]).is_err());
    }
}

#[test]
fn drawn_answers_are_the_same_each_time_and_differ_among_themselves() {
    let backend = backend("half-language");
    let image = png::plain(48, 40, [30, 60, 90]);
    let text = |repeat| {
        let sampling = Sampling {
            most_tokens: 6,
            ..Sampling::default()
        };
        let rungs = Readout::LADDER.to_vec();
        let reading = Reading::new(rungs, AnswerPlace::Next, LengthCorrection::Sum, sampling);
        let prompt = prompt(&image, "how is it ?", Wanted::Text)
            .with_reading(reading.unwrap())
            .with_repeat(repeat);
        let Answer::Text(text) = ask(backend.as_ref(), &prompt).unwrap() else {
            panic!("text was asked for");
        };
        text
    };
    let drawn: Vec<String> = (0..8).map(text).collect();
    assert_eq!(drawn, (0..8).map(text).collect::<Vec<_>>());
    assert!(drawn.iter().any(|text| *text != drawn[0]), "{drawn:?}");
}

#[test]
fn what_would_be_asked_is_told_before_it_is() {
    let backend = backend("half-language");
    let image = png::plain(48, 40, [30, 60, 90]);
    let finding = |wanted: Wanted, subject: &str| {
        let findings = block_on(backend.examine(&prompt(&image, "how is it ?", wanted)));
        let found = findings
            .into_iter()
            .find(|finding| finding.subject == subject);
        found.unwrap()
    };
    let labels = finding(options(&["good", "poor"]), "labels");
    assert!(
        labels.holds && labels.detail.contains("`Good`"),
        "{labels:?}"
    );
    let forced = finding(options(&["very good", "poor"]), "labels");
    assert!(
        forced.holds && forced.detail.contains("`very` + "),
        "{forced:?}"
    );
    let unknown = finding(options(&["unheard-of", "poor"]), "labels");
    assert!(
        !unknown.holds && unknown.detail.contains("tokenizer.json"),
        "{unknown:?}"
    );
    let images = finding(Wanted::Text, "image_tokens");
    assert!(
        images.holds && images.detail.contains("4 features"),
        "{images:?}"
    );
    let template = finding(Wanted::Text, "template");
    assert!(
        template.holds && template.detail.contains("assistant :"),
        "{template:?}"
    );
}

#[test]
fn the_revision_is_that_of_every_file() {
    let folder = tempfile::tempdir().unwrap();
    let copy = super::hostile::copied("half-language", folder.path());
    let revision = || {
        let table = table("onnx-language", &copy, "variant = \"fp16\"");
        ready(&table).id().model_revision.clone()
    };
    let first = revision();
    assert_eq!(first, revision());
    let config = copy.join("tokenizer_config.json");
    let text = std::fs::read_to_string(&config).unwrap();
    std::fs::write(&config, text + "\n").unwrap();
    assert_ne!(first, revision());
}

/// Idefics3 and SmolVLM put marks around a picture. The tiny model has none; so two of its words become the marks,
/// and it must answer as it does when a template writes these words around the picture.
#[test]
fn a_picture_seen_as_one_view_stands_between_its_marks() {
    let (marked, written) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let marked = super::hostile::copied("half-language", marked.path());
    let change = |file: &str, changes: &[(&str, &str)]| {
        let path = marked.join(file);
        let text = std::fs::read_to_string(&path).unwrap();
        let changed = changes.iter().fold(text, |text, (from, to)| {
            assert!(text.contains(from), "{file}: {from}");
            text.replace(from, to)
        });
        std::fs::write(path, changed).unwrap();
    };
    change(
        "tokenizer.json",
        &[
            ("\"cat\"", "\"<fake_token_around_image>\""),
            ("\"blurry\"", "\"<global-img>\""),
        ],
    );
    change("config.json", &[("\"llava\"", "\"idefics3\"")]);
    let processor = json!({
        "image_processor_type": "Idefics3ImageProcessor", "do_image_splitting": false, "do_pad": true,
        "size": {"longest_edge": 16}, "max_image_size": {"longest_edge": 8}, "resample": 1,
        "image_mean": [0.5, 0.5, 0.5], "image_std": [0.5, 0.5, 0.5],
    });
    std::fs::write(
        marked.join("preprocessor_config.json"),
        processor.to_string(),
    )
    .unwrap();
    let written = super::hostile::copied("half-language", written.path());
    let template = "<s>{% for message in messages %}{{ message['role'] }} : \
        {{ message['content'] | replace('<image>', 'cat blurry <image> cat ') }} {% endfor %}assistant :";
    std::fs::write(written.join("chat_template.jinja"), template).unwrap();
    let image = png::plain(48, 40, [200, 100, 0]);
    let prompt = prompt(&image, "how is it ?", options(&["good", "poor"]));
    let [by_marks, by_words] = [marked, written].map(|folder| {
        let backend = ready(&table("onnx-language", &folder, "variant = \"fp16\""));
        ask(backend.as_ref(), &prompt).unwrap()
    });
    assert_eq!(by_marks, by_words);
    let plain = ask(backend("half-language").as_ref(), &prompt).unwrap();
    assert_ne!(plain, by_marks);
}
