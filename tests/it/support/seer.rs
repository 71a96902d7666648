//! Scenes drawn by judges/tiny-seer/scenes.py, and what a model that sees must say of them, whatever engine runs it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use opine::backend::Backend;
use opine::judging::{Answer, Prompt};
use opine::stats::{PairedSample, spearman};
use serde::Deserialize;

use super::local::{options, prompt};
use crate::chat::block_on;

/// Levels of damage from the worst, as the scenes name them.
const LEVELS: [&str; 5] = ["bad", "poor", "fair", "good", "excellent"];
/// Kinds of questions about what is in a scene.
const CONTENT: [&str; 6] = [
    "shape", "colour", "count", "presence", "relation", "caption",
];

/// One picture and what is asked about it.
#[derive(Debug)]
pub(crate) struct Scene {
    pub(crate) image: Vec<u8>,
    /// Level of damage, 1 is the worst of 5.
    pub(crate) level: u32,
    pub(crate) questions: Vec<Question>,
}

/// A closed question and its true answer.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Question {
    #[serde(alias = "aspect")]
    pub(crate) kind: String,
    pub(crate) text: String,
    pub(crate) options: Vec<String>,
    pub(crate) answer: String,
    /// What the answer begins with.
    #[serde(default)]
    pub(crate) prefix: String,
}

#[derive(Deserialize)]
struct SceneFile {
    scenes: Vec<SceneRow>,
}

#[derive(Deserialize)]
struct SceneRow {
    file: String,
    damage: Damage,
    questions: Vec<Question>,
}

#[derive(Deserialize)]
struct Damage {
    level: u32,
}

/// Which scenes are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Set {
    /// Any scene.
    Common,
    /// Scenes drawn from a prompt, every second one wrong in one element.
    Captions,
}

/// The folder of the model.
pub(crate) fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("judges/tiny-seer")
}

/// The first scenes of a seed. The same seed draws the same scenes.
pub(crate) fn scenes(seed: u32, count: usize, set: Set) -> Vec<Scene> {
    let drawn = tempfile::tempdir().unwrap();
    let python = Path::new(env!("CARGO_MANIFEST_DIR")).join(".engines/llama/bin/python");
    let mut command = Command::new(&python);
    command
        .arg("-B")
        .arg(folder().join("scenes.py"))
        .args([
            "--seed",
            &seed.to_string(),
            "--count",
            &count.to_string(),
            "--out",
        ])
        .arg(drawn.path());
    if set == Set::Captions {
        command.arg("--caption-set");
    }
    let output = command
        .output()
        .unwrap_or_else(|error| panic!("{}: {error}; run `make engines`", python.display()));
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let text = std::fs::read_to_string(drawn.path().join("scenes.json")).unwrap();
    let file: SceneFile = serde_json::from_str(&text).unwrap();
    let scene = |row: SceneRow| Scene {
        image: std::fs::read(drawn.path().join(&row.file)).unwrap(),
        level: row.damage.level,
        questions: row.questions,
    };
    file.scenes.into_iter().map(scene).collect()
}

/// A question as a prompt.
pub(crate) fn asked(image: &[u8], question: &Question) -> Prompt {
    let prefix = Some(question.prefix.clone()).filter(|prefix| !prefix.is_empty());
    prompt(image, &question.text, options(&question.options)).with_answer_prefix(prefix)
}

/// The probability of each option, out of everything that the model could say.
pub(crate) fn probabilities(backend: &dyn Backend, prompts: &[Prompt]) -> Vec<Vec<f64>> {
    let answers = block_on(backend.ask(prompts));
    let read = |answer| match answer {
        Ok(Answer::Choice(choice)) => choice.log_mass().iter().map(|mass| mass.exp()).collect(),
        other => panic!("{other:?}"),
    };
    answers.into_iter().map(read).collect()
}

/// What was found on many scenes.
#[derive(Debug)]
pub(crate) struct Sight {
    /// Share of right answers among all questions about what is there.
    pub(crate) accuracy: f64,
    /// The same by kind of question.
    pub(crate) by_kind: BTreeMap<String, f64>,
    /// Mean probability of `yes` for captions that match.
    pub(crate) yes_to_matching: f64,
    /// And for those that do not.
    pub(crate) yes_to_mismatching: f64,
    /// Rank correlation of the expected level and the true one.
    pub(crate) damage: f64,
    /// Mean mass on the options.
    pub(crate) coverage: f64,
}

/// Asks every question of every scene.
pub(crate) fn sight(backend: &dyn Backend, scenes: &[Scene]) -> Sight {
    let asked: Vec<(&Scene, &Question)> = scenes
        .iter()
        .flat_map(|scene| {
            scene
                .questions
                .iter()
                .map(move |question| (scene, question))
        })
        .collect();
    let prompts: Vec<Prompt> = asked
        .iter()
        .map(|(scene, question)| self::asked(&scene.image, question))
        .collect();
    let answers = probabilities(backend, &prompts);
    let mut hits: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    let (mut matching, mut mismatching) = (Vec::new(), Vec::new());
    let (mut found, mut human) = (Vec::new(), Vec::new());
    for ((scene, question), answer) in asked.iter().zip(&answers) {
        let best = (0..answer.len())
            .max_by(|a, b| answer[*a].total_cmp(&answer[*b]))
            .unwrap();
        let hit = f64::from(u8::from(question.options[best] == question.answer));
        if question.kind == "level" {
            found.push(expected_level(question, answer));
            human.push(f64::from(scene.level));
        }
        if question.kind == "caption" {
            let yes = question
                .options
                .iter()
                .position(|option| option == "yes")
                .unwrap();
            let list = if question.answer == "yes" {
                &mut matching
            } else {
                &mut mismatching
            };
            list.push(answer[yes]);
        }
        if CONTENT.contains(&question.kind.as_str()) {
            hits.entry(question.kind.clone()).or_default().push(hit);
        }
    }
    let all: Vec<f64> = hits.values().flatten().copied().collect();
    let sample = PairedSample::new(&found, &human).unwrap();
    Sight {
        accuracy: mean(&all),
        by_kind: hits
            .iter()
            .map(|(kind, hits)| (kind.clone(), mean(hits)))
            .collect(),
        yes_to_matching: mean(&matching),
        yes_to_mismatching: mean(&mismatching),
        damage: spearman(&sample).unwrap().value,
        coverage: mean(
            &answers
                .iter()
                .map(|answer| answer.iter().sum())
                .collect::<Vec<f64>>(),
        ),
    }
}

/// What was promised of the model: it sees, it is sure, and it orders damage.
pub(crate) fn assert_it_sees(sight: &Sight) {
    assert!(
        sight.accuracy >= 0.95,
        "{}: {:?}",
        sight.accuracy,
        sight.by_kind
    );
    assert!(sight.yes_to_matching >= 0.9, "{sight:?}");
    assert!(sight.yes_to_mismatching <= 0.1, "{sight:?}");
    assert!(sight.damage >= 0.9, "{sight:?}");
    assert!(sight.coverage >= 0.95, "{sight:?}");
}

/// The mean of the levels 1 to 5, weighted by their shares.
fn expected_level(question: &Question, answer: &[f64]) -> f64 {
    let level = |option: &String| LEVELS.iter().position(|level| level == option).unwrap();
    let weighted: f64 = question
        .options
        .iter()
        .zip(answer)
        .map(|(option, share)| (level(option) + 1) as f64 * share)
        .sum();
    weighted / answer.iter().sum::<f64>()
}

fn mean(values: &[f64]) -> f64 {
    assert!(!values.is_empty());
    values.iter().sum::<f64>() / values.len() as f64
}
