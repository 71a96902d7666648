//! How far one rater agrees with the others: the ceiling under which judges are seen.

use std::collections::BTreeMap;

use super::sample::Aspect;
use super::{ALL, Group, PUBLISHED, keys};
use crate::agreement::reproduce::averaging::{Averages, LEGACY};
use crate::agreement::reproduce::published::half_a_digit;
use crate::agreement::reproduce::{ReproduceError, Row};
use crate::dataset::imagen_hub::Task;
use crate::stats::raters::{Ratings, leave_one_out_ceiling};
use crate::stats::resample::Plan;
use crate::stats::{PairedSample, quantised, spearman};

const JUDGE: &str = "human";
const WHAT: &str =
    "one rater against the mean of the others; a judge is held against one rater more";

/// The rows of every model, task, and all tasks.
pub(super) fn rows(tasks: &BTreeMap<String, Task>) -> Result<Vec<Row>, ReproduceError> {
    let mut rows = Vec::new();
    for aspect in Aspect::ALL {
        let mut means = Vec::new();
        for (name, task) in tasks {
            let mut averages = Vec::new();
            for (column, model) in task.models.iter().enumerate() {
                let correlations = correlations(task, column, aspect)?;
                let found = Averages::of(&correlations, &correlations);
                let published = PUBLISHED.get(&[JUDGE, name, model, aspect.name()]);
                averages.push((found, published.is_some()));
                rows.extend(model_rows([name, model], task, aspect, found, published));
            }
            // The authors' means are over the models that they had judged; the raters had a few more.
            let judged = averages.iter().any(|(_, judged)| *judged);
            averages.retain(|(_, published)| *published || !judged);
            let averages: Vec<Averages> = averages.into_iter().map(|(found, _)| found).collect();
            let mean = Averages::nested(&averages);
            let group = Group {
                judge: JUDGE,
                task: name,
                size: averages.len(),
                of: "models",
            };
            rows.extend(group.rows(aspect, mean, WHAT));
            means.push(mean);
        }
        let group = Group {
            judge: JUDGE,
            task: ALL,
            size: means.len(),
            of: "tasks",
        };
        rows.extend(group.rows(aspect, Averages::nested(&means), WHAT));
    }
    Ok(rows)
}

/// Each rater's correlation with the mean of the others.
fn correlations(
    task: &Task,
    column: usize,
    aspect: Aspect,
) -> Result<Vec<Option<f64>>, ReproduceError> {
    let statistic = |error| ReproduceError::Statistic {
        file: format!("ratings of `{}`", task.name),
        error,
    };
    let given: Vec<Vec<Option<f64>>> = task
        .raters
        .iter()
        .map(|rater| {
            rater.ratings[column]
                .iter()
                .map(|pair| Some(aspect.of(*pair)))
                .collect()
        })
        .collect();
    let ratings = Ratings::new(&given).map_err(statistic)?;
    let ceiling = leave_one_out_ceiling(&ratings, "spearman", &Plan::NONE, |sample| {
        let rounded = |values| quantised(values, 1e-9);
        spearman(&PairedSample::new(
            &rounded(sample.predicted()),
            &rounded(sample.human()),
        )?)
    });
    Ok(match ceiling {
        Ok(ceiling) => ceiling
            .per_rater
            .into_iter()
            .map(|estimate| estimate.map(|estimate| estimate.value))
            .collect(),
        Err(_) => vec![None; task.raters.len()],
    })
}

fn model_rows(
    [task, model]: [&str; 2],
    raters: &Task,
    aspect: Aspect,
    averages: Averages,
    published: Option<f64>,
) -> [Row; 3] {
    let row = |statistic, value: Option<f64>, how: &str| {
        let row = Row::new(
            keys(JUDGE, task, model, aspect),
            statistic,
            raters.items.len(),
            value,
            format!(
                "{how}, over {} raters of spearman, {WHAT}",
                raters.raters.len()
            ),
        );
        match value {
            Some(_) => row,
            None => row.noting("undefined: a rater, or the mean of the others, is constant"),
        }
    };
    let legacy = row("tanh_of_mean", averages.tanh_of_mean, "tanh(mean(r))").noting(LEGACY);
    [
        match published {
            Some(figure) => legacy.against(figure, half_a_digit(4)),
            None => legacy,
        },
        row("fisher_mean", averages.fisher, "tanh(mean(atanh(r)))"),
        row("mean", averages.arithmetic, "arithmetic mean"),
    ]
}
