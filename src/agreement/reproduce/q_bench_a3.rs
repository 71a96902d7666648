//! Q-Bench A3: fifteen models, their correlation with mean opinion scores on each data set.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::LazyLock;

use super::{Keys, ReproduceError, Reproduction, Row};
use crate::card::{JudgeCard, builtin_cards};
use crate::dataset::q_bench::{self, Output, Record, Words};
use crate::judging::protocol::ScoreRecipe;
use crate::judging::{Choice, Readout};
use crate::stats::{Estimate, PairedSample, Ranks, StatsError, kendall_tau_b, pearson, spearman};

const NAME: &str = "q-bench-a3";
const CARD: &str = "q-bench";
/// The table has three decimals, and its rank correlations carry float noise where half-precision logits
/// tie: the authors' quotient of exponentials breaks ties that the difference of logits keeps.
const SRCC_TOLERANCE: f64 = 2.1e-3;
const PLCC_TOLERANCE: f64 = 6e-4;
/// CGIQA-6K is published as the mean over its games and its movies, which lie one after the other.
const HALVED: &str = "cgi";
/// Images of each data set in the authors' files.
const IMAGES: [(&str, usize); 6] = [
    ("koniq", 10_073),
    ("spaq", 11_125),
    ("livec", 1_169),
    ("cgi", 6_000),
    ("agi", 2_982),
    ("kadid", 10_125),
];

struct Published {
    srcc: f64,
    plcc: f64,
    leaderboard: Option<String>,
}

static PUBLISHED: LazyLock<HashMap<(String, String), Published>> = LazyLock::new(|| {
    let rows = include_str!("q_bench_a3.csv")
        .lines()
        .filter(|line| !line.starts_with('#'))
        .skip(1);
    rows.map(|line| {
        let cells: Vec<&str> = line.split(',').collect();
        let number =
            |index: usize| -> f64 { cells[index].parse().expect("our own table holds numbers") };
        let leaderboard = Some(cells[4].to_owned()).filter(|text| !text.is_empty());
        (
            (cells[0].to_owned(), cells[1].to_owned()),
            Published {
                srcc: number(2),
                plcc: number(3),
                leaderboard,
            },
        )
    })
    .collect()
});

/// Reads every `MODEL/DATASET.json` below `folder` and recomputes its row of the table.
pub(super) fn recompute(folder: &Path) -> Result<Reproduction, ReproduceError> {
    let (card, recipe) = card()?;
    let judge = format!(
        "card {} {}, T = {}",
        card.id,
        card.version,
        recipe.temperature.value()
    );
    let mut rows = Vec::new();
    for path in output_files(folder)? {
        rows.extend(one_file(&path, &recipe, &judge)?);
    }
    if rows.is_empty() {
        return Err(ReproduceError::Nothing {
            folder: folder.to_owned(),
            expected: "`MODEL/DATASET.json`; name the folder with the authors' outputs",
        });
    }
    Ok(Reproduction { name: NAME, rows })
}

/// The card whose recipe made the released logits, and that recipe.
fn card() -> Result<(JudgeCard, Arc<ScoreRecipe>), ReproduceError> {
    let cards = builtin_cards().map_err(|error| ReproduceError::Judge(error.to_string()))?;
    let card = cards.into_iter().find(|card| card.id == CARD);
    card.and_then(|card| {
        let recipe = Arc::clone(card.recipe.score()?);
        Some((card, recipe))
    })
    .ok_or_else(|| ReproduceError::Judge(format!("there is no card `{CARD}` that scores")))
}

/// One model's scores of a data set, for tables that hold them against other opinions.
pub(super) struct Judged {
    /// The model.
    pub(super) model: String,
    /// The file.
    pub(super) path: PathBuf,
    /// Name of each image, and the answer about it.
    pub(super) answers: Vec<(String, Answer)>,
    dataset: String,
}

/// One answer, as two numbers.
#[derive(Debug, Clone, Copy)]
pub(super) struct Answer {
    /// The card's score.
    pub(super) score: f64,
    /// The first word's logit less the second's.
    pub(super) margin: f64,
}

impl Judged {
    /// The published coefficient of the data set's own opinions, and the table's tolerance.
    pub(super) fn published(&self, statistic: &str) -> Option<(f64, f64)> {
        let figures = PUBLISHED.get(&(self.model.clone(), self.dataset.clone()))?;
        match statistic {
            "srcc" => Some((figures.srcc, SRCC_TOLERANCE)),
            "plcc" => Some((figures.plcc, PLCC_TOLERANCE)),
            _ => None,
        }
    }
}

/// Reads `MODEL/DATASET.json` of every model below `folder` that has one.
pub(super) fn judged(folder: &Path, dataset: &str) -> Result<Vec<Judged>, ReproduceError> {
    let (_, recipe) = card()?;
    let mut all = Vec::new();
    for path in output_files(folder)? {
        if path.file_stem().is_none_or(|stem| stem != dataset) {
            continue;
        }
        let model = name_of(path.parent());
        let records = q_bench::read(&path, Words::of_model(&model))?.records;
        let values = scores(&records, &recipe, &path)?;
        let answers = records.into_iter().zip(values).map(|(record, score)| {
            let [first, second] = record.logits;
            let margin = first - second;
            (record.image, Answer { score, margin })
        });
        all.push(Judged {
            model,
            answers: answers.collect(),
            dataset: dataset.to_owned(),
            path,
        });
    }
    Ok(all)
}

fn output_files(folder: &Path) -> Result<Vec<PathBuf>, ReproduceError> {
    let nothing = |_| ReproduceError::Nothing {
        folder: folder.to_owned(),
        expected: "folder that can be read",
    };
    let mut files = Vec::new();
    for model in std::fs::read_dir(folder).map_err(nothing)? {
        let model = model.map_err(nothing)?.path();
        if model.is_dir() {
            for file in std::fs::read_dir(&model).map_err(nothing)? {
                files.push(file.map_err(nothing)?.path());
            }
        }
    }
    files.retain(|path| {
        path.extension()
            .is_some_and(|extension| extension == "json")
    });
    files.sort();
    Ok(files)
}

fn one_file(path: &Path, recipe: &ScoreRecipe, judge: &str) -> Result<Vec<Row>, ReproduceError> {
    let model = name_of(path.parent());
    let dataset = path
        .file_stem()
        .map_or_else(String::new, |stem| stem.to_string_lossy().into_owned());
    let words = Words::of_model(&model);
    let output = q_bench::read(path, words)?;
    let scores = scores(&output.records, recipe, path)?;
    let human: Vec<f64> = output.records.iter().map(|record| record.human).collect();
    let half = if dataset == HALVED {
        scores.len() / 2
    } else {
        0
    };
    let statistic = |error| ReproduceError::Statistic {
        file: path.display().to_string(),
        error,
    };
    let samples = [0..half, half..scores.len()]
        .into_iter()
        .filter(|part| !part.is_empty())
        .map(|part| PairedSample::new(&scores[part.clone()], &human[part]).map_err(statistic))
        .collect::<Result<Vec<_>, _>>()?;
    let published = PUBLISHED.get(&(model.clone(), dataset.clone()));
    let tie_share = Ranks::of(&scores).tie_share();
    let shape = RowShape {
        model,
        dataset,
        output: &output,
        tie_share,
        published,
    };
    [
        (
            "srcc",
            spearman as fn(&PairedSample) -> Result<Estimate, StatsError>,
            "midranks",
        ),
        ("plcc", pearson, "no fit"),
        ("krcc", kendall_tau_b, "tau-b"),
    ]
    .into_iter()
    .map(|(name, correlate, convention)| {
        let estimates = samples
            .iter()
            .map(correlate)
            .collect::<Result<Vec<_>, _>>()
            .map_err(statistic)?;
        let convention = format!("{convention}; softmax of {} ({judge})", words.name());
        Ok(shape.row(name, &estimates, convention))
    })
    .collect()
}

/// What the three rows of a file share.
struct RowShape<'a> {
    model: String,
    dataset: String,
    output: &'a Output,
    tie_share: f64,
    published: Option<&'a Published>,
}

impl RowShape<'_> {
    fn row(&self, statistic: &'static str, estimates: &[Estimate], mut convention: String) -> Row {
        #[expect(clippy::cast_precision_loss, reason = "one or two halves")]
        let value =
            estimates.iter().map(|estimate| estimate.value).sum::<f64>() / estimates.len() as f64;
        if estimates.len() > 1 {
            convention.push_str("; arithmetic mean over games and movies");
        }
        if self.output.repeated > 0 {
            convention.push_str(&format!(
                "; {} repeated record dropped",
                self.output.repeated
            ));
        }
        let keys = Keys::new([("model", &self.model), ("dataset", &self.dataset)]);
        let mut row = Row::new(
            keys,
            statistic,
            self.output.records.len(),
            Some(value),
            convention,
        );
        row.ci = interval(estimates);
        row.tie_share = Some(self.tie_share);
        let images = IMAGES.iter().find(|(name, _)| *name == self.dataset);
        if let Some((_, images)) = images.filter(|(_, images)| *images != row.n) {
            row = row.noting(format!(
                "{}/{}.json has {} images, the authors' has {images}: it is cut, or another",
                self.model,
                self.dataset,
                self.output.records.len()
            ));
        }
        let Some(published) = self.published else {
            return row;
        };
        match statistic {
            "srcc" => row = row.against(published.srcc, SRCC_TOLERANCE),
            "plcc" => row = row.against(published.plcc, PLCC_TOLERANCE),
            _ => return row,
        }
        match &published.leaderboard {
            Some(other) => row.noting(format!(
                "published is the authors' notebook; their leaderboard prints {other}"
            )),
            None => row,
        }
    }
}

/// The interval of one estimate; a mean over halves has none of its own here.
fn interval(estimates: &[Estimate]) -> Option<[f64; 2]> {
    match estimates {
        [only] => only
            .interval
            .as_ref()
            .map(|interval| [interval.low, interval.high]),
        _ => None,
    }
}

/// Scores by the code that reads live answers.
fn scores(
    records: &[Record],
    recipe: &ScoreRecipe,
    path: &Path,
) -> Result<Vec<f64>, ReproduceError> {
    records
        .iter()
        .map(|record| {
            let choice = Choice::new(record.logits.to_vec(), None, Readout::LabelLogits).map_err(
                |error| {
                    ReproduceError::Judge(format!(
                        "{}: `{}`: {error}",
                        path.display(),
                        record.image
                    ))
                },
            )?;
            let verdict = recipe
                .read(std::slice::from_ref(&choice))
                .map_err(|unscored| {
                    ReproduceError::Judge(format!("{}: {unscored}", path.display()))
                })?;
            Ok(verdict.score.value())
        })
        .collect()
}

fn name_of(folder: Option<&Path>) -> String {
    folder
        .and_then(Path::file_name)
        .map_or_else(String::new, |name| name.to_string_lossy().into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_table_is_whole() {
        assert_eq!(PUBLISHED.len(), 15 * 7);
        assert!(
            PUBLISHED
                .values()
                .all(|row| row.srcc.abs() < 1.0 && row.plcc.abs() < 1.0)
        );
    }
}
