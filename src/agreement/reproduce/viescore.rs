//! VIEScore: judges of generated images against three raters, model by model, task by task.
//!
//! Judges score 0 to 10, perhaps in several parts of which the least counts; raters score 0, 0.5 or 1. The
//! overall score is the root of the product of consistency (SC) and quality (PQ), for each rater on its own.

mod humans;
mod sample;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use self::sample::{Aspect, Judged, Pairing};
use super::averaging::{Averages, LEGACY};
use super::published::{Published, half_a_digit};
use super::{Keys, ReproduceError, Reproduction, Row};
use crate::dataset::viescore::{self, Score};
use crate::dataset::{imagen_hub, imagen_hub::Task};
use crate::stats::{PairedSample, StatsError, spearman};

const NAME: &str = "viescore";
const SCORES: &str = "judge_scores.tsv";
const RATINGS: &str = "human_raters";
/// What the raters' folders are called besides the task's name.
const PREFIX: &str = "ImagenHub_";
/// Stands for a model where a row is a mean over models, or over tasks.
const MEAN: &str = "mean";
/// Stands for a task where a row is a mean over tasks.
const ALL: &str = "all";
const TASKS: usize = 7;
const RANKING: &str =
    "midranks; judge: least of the scores / 10; people: mean of the raters; items with both scores";

const GUESSED: &str = "scores are one number where two were asked for, which is what the authors' program writes, at random, for an answer that it cannot read (`guess_if_cannot_parse`)";

static PUBLISHED: LazyLock<Published> =
    LazyLock::new(|| Published::parse(include_str!("viescore.csv")));

/// Reads the judges' scores and the raters' files and recomputes both sides' agreement.
pub(super) fn recompute(folder: &Path) -> Result<Reproduction, ReproduceError> {
    let ratings = folder.join(RATINGS);
    let scores = folder.join(SCORES);
    for (path, expected) in [
        (
            &scores,
            "`judge_scores.tsv`; name the folder with the judges' scores and `human_raters`",
        ),
        (
            &ratings,
            "`human_raters/ImagenHub_TASK/*.tsv`; the judges' scores alone are not enough",
        ),
    ] {
        if !path.exists() {
            return Err(ReproduceError::Nothing {
                folder: folder.to_owned(),
                expected,
            });
        }
    }
    let tasks = tasks(&ratings)?;
    let scores = viescore::read(&scores)?;
    let mut rows = Vec::new();
    for (judge, scores) in by_judge(&scores) {
        rows.extend(one_judge(judge, &scores, &tasks, &ratings)?);
    }
    rows.extend(humans::rows(&tasks)?);
    Ok(Reproduction { name: NAME, rows })
}

fn tasks(folder: &PathBuf) -> Result<BTreeMap<String, Task>, ReproduceError> {
    let tasks = imagen_hub::read(folder)?;
    if tasks.is_empty() {
        return Err(ReproduceError::Nothing {
            folder: folder.to_owned(),
            expected: "`ImagenHub_TASK/*.tsv`",
        });
    }
    let short = |name: &str| name.strip_prefix(PREFIX).unwrap_or(name).to_owned();
    Ok(tasks
        .into_iter()
        .map(|task| (short(&task.name), task))
        .collect())
}

type ByTask<'a> = BTreeMap<&'a str, BTreeMap<&'a str, Judged<'a>>>;

fn by_judge(scores: &[Score]) -> BTreeMap<&str, ByTask<'_>> {
    let mut judges: BTreeMap<&str, ByTask> = BTreeMap::new();
    for score in scores {
        judges
            .entry(&score.judge)
            .or_default()
            .entry(&score.task)
            .or_default()
            .entry(&score.model)
            .or_default()
            .add(score);
    }
    judges
}

fn one_judge(
    judge: &str,
    scores: &ByTask,
    tasks: &BTreeMap<String, Task>,
    ratings: &Path,
) -> Result<Vec<Row>, ReproduceError> {
    let mut rows = Vec::new();
    let mut means: BTreeMap<Aspect, Vec<Averages>> = BTreeMap::new();
    for (task, models) in scores {
        let people = tasks.get(*task).ok_or_else(|| ReproduceError::Nothing {
            folder: ratings.to_owned(),
            expected: "folder with ratings of a task that `judge_scores.tsv` has",
        })?;
        let mut found: BTreeMap<Aspect, Vec<[Option<f64>; 2]>> = BTreeMap::new();
        for (model, judged) in models {
            let pairing = Pairing::new(judged, people, model)?;
            for aspect in Aspect::ALL {
                let (row, rounded) = correlations([judge, task, model], &pairing, aspect);
                let right = rounded.as_ref().unwrap_or(&row).value;
                found.entry(aspect).or_default().push([row.value, right]);
                rows.push(row);
                rows.extend(rounded);
            }
        }
        for (aspect, pairs) in found {
            let averages = Averages::of(
                &pairs.iter().map(|pair| pair[0]).collect::<Vec<_>>(),
                &pairs.iter().map(|pair| pair[1]).collect::<Vec<_>>(),
            );
            let group = Group {
                judge,
                task,
                size: pairs.len(),
                of: "models",
            };
            rows.extend(group.rows(aspect, averages, "spearman"));
            means.entry(aspect).or_default().push(averages);
        }
    }
    for (aspect, averages) in means {
        let group = Group {
            judge,
            task: ALL,
            size: averages.len(),
            of: "tasks",
        };
        rows.extend(group.rows(aspect, Averages::nested(&averages), "spearman"));
    }
    Ok(rows)
}

/// The correlation as the authors' program computes it, and for the overall score what it is without rounding errors.
fn correlations(names: [&str; 3], pairing: &Pairing, aspect: Aspect) -> (Row, Option<Row>) {
    let [judge, task, model] = names;
    let row = |statistic, sample: Result<PairedSample, StatsError>, how: &str| {
        Row::found(
            keys(judge, task, model, aspect),
            statistic,
            pairing.len(),
            sample.and_then(|sample| spearman(&sample)),
            format!("{RANKING}{how}"),
        )
    };
    let mut computed = row(
        "spearman",
        pairing.unrounded(aspect, 0),
        "; raters added in the order of their files, values not rounded",
    );
    if let Some(figure) = PUBLISHED.get(&[judge, task, model, aspect.name()]) {
        computed = computed.against(figure, half_a_digit(4));
    }
    if aspect == Aspect::Quality && pairing.lone > 0 {
        computed = computed.noting(format!("{} of {} {GUESSED}", pairing.lone, pairing.len()));
    }
    if aspect != Aspect::Overall {
        // Sums of halves are exact: there is nothing to round.
        return (computed, None);
    }
    if let Some([low, high]) = pairing.overall_by_order() {
        computed = computed.noting(format!(
            "rounding errors of roots break ties: by the order in which raters are added the figure is {low:.4} to {high:.4}; `spearman_rounded` has none of it"
        ));
    }
    let rounded = row(
        "spearman_rounded",
        pairing.rounded(aspect),
        "; values rounded to 1e-9",
    );
    (computed, Some(rounded))
}

fn keys(judge: &str, task: &str, model: &str, aspect: Aspect) -> Keys {
    Keys::new([
        ("judge", judge),
        ("task", task),
        ("model", model),
        ("aspect", aspect.name()),
    ])
}

/// What an average is over.
struct Group<'a> {
    judge: &'a str,
    task: &'a str,
    size: usize,
    of: &'static str,
}

impl Group<'_> {
    fn rows(&self, aspect: Aspect, averages: Averages, what: &str) -> [Row; 3] {
        let over = format!("{} {} of {what}", self.size, self.of);
        let row = |statistic, value: Option<f64>, how: &str| {
            let row = Row::new(
                keys(self.judge, self.task, MEAN, aspect),
                statistic,
                self.size,
                value,
                format!("{how}, over {over}"),
            );
            match value {
                Some(_) => row,
                None => row.noting("one of the correlations does not exist, and the average is not taken of the rest"),
            }
        };
        let legacy = row("tanh_of_mean", averages.tanh_of_mean, "tanh(mean(r))").noting(LEGACY);
        [
            self.beside_published(legacy, aspect),
            row("fisher_mean", averages.fisher, "tanh(mean(atanh(r)))"),
            row("mean", averages.arithmetic, "arithmetic mean"),
        ]
    }

    /// A mean over fewer tasks than the authors had is no figure of theirs.
    fn beside_published(&self, row: Row, aspect: Aspect) -> Row {
        match PUBLISHED.get(&[self.judge, self.task, MEAN, aspect.name()]) {
            None => row,
            Some(figure) if self.task == ALL && self.size < TASKS => row.noting(format!(
                "the authors print {figure} over {TASKS} tasks; {} of them are in these files",
                self.size
            )),
            Some(figure) => row.against(figure, half_a_digit(4)),
        }
    }
}

#[cfg(test)]
mod tests;
