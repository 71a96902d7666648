//! `explain`: the score, computed again by hand from the steps that are told.

use std::path::Path;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use opine::config::Config;
use opine::digest::Digest;
use serde_json::{Value, json};

use crate::command::{json_lines, opine};
use crate::support::app::{TestApp, fixtures, shared};
use crate::support::png;

fn numbers(list: &Value, key: &str) -> Vec<f64> {
    let entries = list.as_array().unwrap().iter();
    entries.map(|entry| entry[key].as_f64().unwrap()).collect()
}

/// What the steps give, from nothing but answers, temperature and worths. Two decimal digits less than a double has
/// are left for sums that are added up in another order.
const TOLERANCE: f64 = 1e-13;

fn computed_again(explanation: &Value) -> f64 {
    if let Some(ratings) = explanation["ratings"].as_array() {
        let read: Vec<f64> = ratings
            .iter()
            .filter_map(|one| one["rating"].as_f64())
            .collect();
        return read.iter().sum::<f64>() / read.len() as f64;
    }
    let temperature = explanation["temperature"].as_f64().unwrap();
    let questions = explanation["questions"].as_array().unwrap();
    let score = |question: &Value| {
        let levels = question["levels"].as_array().unwrap();
        let log_mass = |level: &Value| {
            let answers = question["answers"].as_array().unwrap().iter();
            let own: Vec<f64> = answers
                .filter(|answer| answer["level"] == level["level"])
                .map(|answer| answer["log_mass"].as_f64().unwrap())
                .collect();
            own.iter().sum::<f64>() / own.len() as f64
        };
        let log_masses: Vec<f64> = levels.iter().map(log_mass).collect();
        let greatest = log_masses.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let masses: Vec<f64> = log_masses
            .iter()
            .map(|log_mass| ((log_mass - greatest) / temperature).exp())
            .collect();
        let total: f64 = masses.iter().sum();
        let worths = numbers(&question["levels"], "worth");
        let told = numbers(&question["levels"], "probability");
        for (mass, told) in masses.iter().zip(told) {
            assert!((mass / total - told).abs() < TOLERANCE, "{question}");
        }
        masses
            .iter()
            .zip(worths)
            .map(|(mass, worth)| mass / total * worth)
            .sum::<f64>()
    };
    questions.iter().map(score).sum::<f64>() / questions.len() as f64
}

fn explained(app: &TestApp, judge: &str, more: &Value) -> Value {
    let mut body = json!({
        "judge": judge, "explain": true,
        "images": [{"base64": BASE64_STANDARD.encode(png::gray(120))}],
    });
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    app.score(&body).results().remove(0)
}

#[test]
fn a_score_is_computed_again_from_its_explanation() {
    for judge in ["technical-quality", "brightness"] {
        let result = explained(shared(), judge, &json!({}));
        let explanation = &result["explanation"];
        let score = result["score"].as_f64().unwrap();
        let again = computed_again(explanation);
        assert!(
            (again - score).abs() < TOLERANCE,
            "{judge}: {again} {score}"
        );
        assert_eq!(explanation["score"], result["score"]);
        let opinion: Vec<&Value> = result["opinion"].as_object().unwrap().values().collect();
        let told = numbers(&explanation["questions"][0]["levels"], "probability");
        assert_eq!(told.len(), opinion.len());
    }
    let plain = explained(shared(), "brightness", &json!({"explain": false}));
    assert!(plain.get("explanation").is_none());
    let broken = json!({"images": [{"base64": "aGk="}]});
    let unscored = explained(shared(), "brightness", &broken);
    assert_eq!(unscored["status"], "unscored");
    assert!(unscored.get("explanation").is_none());
}

/// A service whose `q-bench@old` replays this answer to the picture of these tests.
fn replaying(answer: &str, change: impl FnOnce(&mut Config)) -> (TestApp, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("answers.jsonl");
    let image = Digest::of(&png::gray(120));
    let line =
        format!("{{\"images\": [\"{image}\"], \"options\": [\"good\", \"poor\"], {answer}}}\n");
    std::fs::write(&file, line).unwrap();
    let table = format!(
        "kind = \"recorded\"\nfile = {:?}",
        file.display().to_string()
    );
    let app = TestApp::with(|config| {
        config
            .backends
            .insert("old".into(), toml::from_str(&table).unwrap());
        change(config);
    });
    (app, folder)
}

#[test]
fn every_kind_of_evidence_is_explained() {
    for (answer, field) in [
        (
            "\"log_mass\": [-0.25, -1.5], \"coverage\": 0.9, \"readout\": \"label_tokens\"",
            "coverage",
        ),
        (
            "\"log_mass\": [-0.25, 0], \"ceiling\": [null, -4.5], \"readout\": \"top_tokens\"",
            "ceiling",
        ),
        ("\"counts\": [7, 2], \"drawn\": 10", "count"),
    ] {
        let (app, _folder) = replaying(answer, |_| {});
        let result = explained(&app, "q-bench@old", &json!({}));
        let step = &result["explanation"]["questions"][0];
        let answers = step["answers"].as_array().unwrap();
        let told = answers.iter().any(|answer| answer.get(field).is_some());
        assert!(told || step[field].is_number(), "{field}: {result}");
        let score = result["score"].as_f64().unwrap();
        let again = computed_again(&result["explanation"]);
        assert!(
            (again - score).abs() < TOLERANCE,
            "{again} {score}: {result}"
        );
    }
}

/// A calibrated score, from the score and the formula of the map alone.
fn calibrated_again(step: &Value, score: f64, opinion: &Value) -> f64 {
    let given = &step["parameters"];
    let number = |name: &str| given[name].as_f64().unwrap();
    let list = |name: &str| -> Vec<f64> {
        let list = given[name].as_array().unwrap().iter();
        list.map(|value| value.as_f64().unwrap()).collect()
    };
    let sigmoid = |x: f64| 1.0 / (1.0 + (-x).exp());
    match step["kind"].as_str().unwrap() {
        "isotonic" => {
            let knots: Vec<[f64; 2]> = serde_json::from_value(given["knots"].clone()).unwrap();
            let after = knots.iter().position(|[x, _]| *x >= score);
            match after {
                None => knots[knots.len() - 1][1],
                Some(0) => knots[0][1],
                Some(after) => {
                    let ([x0, y0], [x1, y1]) = (knots[after - 1], knots[after]);
                    y0 + (y1 - y0) * (score - x0) / (x1 - x0)
                }
            }
        }
        "platt" => {
            let share = sigmoid(number("slope") * score + number("intercept"));
            number("low") + (number("high") - number("low")) * share
        }
        "logistic4" => {
            let t = score.clamp(number("from"), number("to"));
            let share = sigmoid((t - number("b3")) / number("b4"));
            number("b2") + (number("b1") - number("b2")) * share
        }
        "logistic5" => {
            let t = score.clamp(number("from"), number("to"));
            let share = sigmoid((t - number("centre")) / number("width"));
            number("slope") * t + number("low") + (number("high") - number("low")) * share
        }
        "ordinal" => {
            let below = |cut: &f64| sigmoid(cut - number("slope") * score);
            let mut ends: Vec<f64> = list("cutpoints").iter().map(below).collect();
            ends.push(1.0);
            ends.insert(0, 0.0);
            let worths = list("worths");
            (0..worths.len())
                .map(|k| worths[k] * (ends[k + 1] - ends[k]))
                .sum()
        }
        "temperature" => {
            let shares = opinion.as_object().unwrap().values();
            let weights: Vec<f64> = shares
                .map(|share| (share.as_f64().unwrap().ln() / number("temperature")).exp())
                .collect();
            let total: f64 = weights.iter().sum();
            let worths = list("worths");
            weights
                .iter()
                .zip(worths)
                .map(|(weight, worth)| weight / total * worth)
                .sum()
        }
        other => panic!("{other}"),
    }
}

/// A map of the fixtures, bound to the judge of this verdict instead.
fn bound(map: &str, provenance: &Value) -> String {
    let mut map: toml::Table = toml::from_str(map).unwrap();
    let text = |name: &str| toml::Value::from(provenance[name].as_str().unwrap());
    let judge = map["judge"].as_table_mut().unwrap();
    for (key, field) in [
        ("id", "judge"),
        ("version", "version"),
        ("card", "card"),
        ("backend", "backend"),
        ("model_revision", "model_revision"),
        ("readout", "readout"),
        ("preprocessing", "preprocessing"),
    ] {
        judge.insert(key.into(), text(field));
    }
    let temperature = provenance["temperature"].as_f64().unwrap();
    judge.insert("temperature".into(), temperature.into());
    toml::to_string(&map).unwrap()
}

#[test]
fn every_kind_of_map_is_explained() {
    let answer = "\"log_mass\": [1.25, -20.5], \"readout\": \"label_logits\"";
    let (app, _folder) = replaying(answer, |_| {});
    let provenance = explained(&app, "q-bench@old", &json!({}))["provenance"].clone();
    let mut kinds = Vec::new();
    for entry in std::fs::read_dir(fixtures("maps/version-1")).unwrap() {
        let path = entry.unwrap().path();
        let map = bound(&std::fs::read_to_string(&path).unwrap(), &provenance);
        let maps = tempfile::tempdir().unwrap();
        std::fs::write(maps.path().join("map.toml"), map).unwrap();
        let folder = Some(maps.path().to_path_buf());
        let (app, _folder) = replaying(answer, |config| config.calibration.folder = folder);
        let result = explained(&app, "q-bench@old", &json!({"calibrated": true}));
        let step = &result["explanation"]["calibration"];
        let again = calibrated_again(step, result["score"].as_f64().unwrap(), &result["opinion"]);
        let told = result["calibrated"]["score"].as_f64().unwrap();
        let ends = &result["calibrated"]["scale"];
        let again = again.clamp(ends["min"].as_f64().unwrap(), ends["max"].as_f64().unwrap());
        assert_eq!(step["score"], result["calibrated"]["score"]);
        assert!(
            (again - told).abs() < TOLERANCE * told.abs().max(1.0),
            "{step}: {again} {told}"
        );
        kinds.push(step["kind"].as_str().unwrap().to_owned());
    }
    kinds.sort();
    let all = [
        "isotonic",
        "logistic4",
        "logistic5",
        "ordinal",
        "platt",
        "temperature",
    ];
    assert_eq!(kinds, all);
}

#[test]
fn the_command_line_tells_the_same() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("gray.png"), png::gray(120)).unwrap();
    let json = opine(folder.path(), &["score", "gray.png", "--explain", "--json"]);
    let told = &json_lines(&json)[0];
    let served = explained(shared(), "technical-quality", &json!({}));
    assert_eq!(told["explanation"], served["explanation"]);
    let text = opine(
        Path::new(folder.path()),
        &["score", "gray.png", "--explain"],
    );
    let text = String::from_utf8(text.stdout).unwrap();
    assert!(
        text.contains("temperature 1") && text.contains("excellent"),
        "{text}"
    );
}
