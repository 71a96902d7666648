//! Every coefficient of one set of items.

use super::model::{Row, ends};
use crate::stats::fit::{Edge, MapFamily, MapFit, fit_map, root_mean_square_error};
use crate::stats::pairs::{
    Preference, TieConvention, pairwise_accuracy, preference_accuracy, tau_eq,
};
use crate::stats::raters::{KappaWeights, cohen_kappa};
use crate::stats::resample::{
    BootstrapMethod, Clustered, Plan, Resampled, ResampledKendall, ResampledPearson,
    ResampledSpearman, bootstrap_interval,
};
use crate::stats::{
    DEFAULT_LEVEL, Estimate, Interval, PairedSample, Ranks, StatsError, kendall_tau_b, pearson,
    spearman,
};

/// Names of the three coefficients that every part of an audit has.
pub(super) const MAIN: [&str; 3] = ["pearson", "spearman", "kendall_tau_b"];

/// The coefficient of a name in [`MAIN`].
pub(super) fn main(name: &str, sample: &PairedSample) -> Result<Estimate, StatsError> {
    match name {
        "pearson" => pearson(sample),
        "spearman" => spearman(sample),
        _ => kendall_tau_b(sample),
    }
}

/// Pearson, Spearman and Kendall, with intervals from whole clusters where items come in clusters.
pub(super) fn main_rows(sample: &PairedSample, clusters: Option<&[u32]>, plan: &Plan) -> Vec<Row> {
    MAIN.iter()
        .map(|name| {
            let mut row = Row::from_result(name, sample.len(), &main(name, sample));
            match (clusters, row.value) {
                (Some(clusters), Some(_)) => {
                    take_clusters(&mut row, clustered(name, sample, clusters, plan));
                }
                (None, Some(_)) if *name == "kendall_tau_b" && has_ties(sample) => {
                    take_resampled(&mut row, sample, plan);
                }
                (_, _) => {}
            }
            row
        })
        .collect()
}

fn has_ties(sample: &PairedSample) -> bool {
    [sample.predicted(), sample.human()]
        .iter()
        .any(|values| Ranks::of(values).levels() < values.len())
}

/// Fieller's variance assumes that nothing ties; with few levels its interval covers 79 to 90 % instead of 95.
fn take_resampled(row: &mut Row, sample: &PairedSample, plan: &Plan) {
    let interval = ResampledKendall::new(sample).and_then(|kendall| {
        bootstrap_interval(&kendall, DEFAULT_LEVEL, BootstrapMethod::Percentile, plan)
    });
    match interval {
        Ok(interval) => {
            row.ci = Some(ends(&interval));
            row.ci_method = Some(interval.method.into_owned());
        }
        Err(error) => {
            row.note = Some(format!(
                "the interval assumes that nothing ties: the bootstrap gave none ({error})"
            ));
        }
    }
}

fn take_clusters(row: &mut Row, interval: Result<Interval, StatsError>) {
    row.ci_independent = row.ci;
    match interval {
        Ok(interval) => {
            row.ci = Some(ends(&interval));
            row.ci_method = Some(format!("{}, whole clusters", interval.method));
            row.note = Some("the p-value takes items as independent".to_owned());
        }
        Err(error) => {
            row.ci = None;
            row.ci_method = None;
            row.note = Some(format!("no interval over clusters: {error}"));
        }
    }
}

fn clustered(
    name: &str,
    sample: &PairedSample,
    clusters: &[u32],
    plan: &Plan,
) -> Result<Interval, StatsError> {
    fn interval<S: Resampled>(
        statistic: S,
        clusters: &[u32],
        plan: &Plan,
    ) -> Result<Interval, StatsError> {
        let statistic = Clustered::new(statistic, clusters)?;
        bootstrap_interval(&statistic, DEFAULT_LEVEL, BootstrapMethod::Percentile, plan)
    }
    match name {
        "pearson" => interval(ResampledPearson::new(sample)?, clusters, plan),
        "spearman" => interval(ResampledSpearman::new(sample)?, clusters, plan),
        _ => interval(ResampledKendall::new(sample)?, clusters, plan),
    }
}

/// Agreement on pairs of items, in the conventions in use.
pub(super) fn pair_rows(sample: &PairedSample) -> Vec<Row> {
    let n = sample.len();
    let accuracy = |name: &str, convention| {
        Row::from_result(name, n, &pairwise_accuracy(sample, convention, 0.0))
    };
    vec![
        accuracy("pairwise_accuracy", TieConvention::WithTies),
        accuracy(
            "pairwise_accuracy_without_human_ties",
            TieConvention::WithoutHumanTies,
        ),
        accuracy(
            "pairwise_accuracy_half_for_judge_ties",
            TieConvention::HalfForPredictedTies,
        ),
        Row::from_result("tau_eq", n, &tau_eq(sample, 0.0)),
    ]
}

/// Correlation and error after the four-parameter logistic, and the fit itself where it exists.
pub(super) fn fit_rows(sample: &PairedSample) -> (Vec<Row>, Option<MapFit>) {
    match fit_map(sample, MapFamily::Logistic4) {
        Ok(fit) => {
            let note = fit_note(&fit);
            let mut plcc = Row::of(&fit.plcc);
            "plcc_logistic_4".clone_into(&mut plcc.name);
            plcc.note.clone_from(&note);
            let mut rmse = Row::of(&fit.rmse);
            "rmse_logistic_4".clone_into(&mut rmse.name);
            rmse.convention = format!(
                "in units of the human scale, after logistic_4; {}",
                rmse.convention
            );
            rmse.note = note;
            (vec![plcc, rmse], Some(fit))
        }
        Err(error) => (
            vec![Row::undefined("plcc_logistic_4", sample.len(), &error)],
            None,
        ),
    }
}

/// What to know of a fit before quoting its correlation.
fn fit_note(fit: &MapFit) -> Option<String> {
    let mut notes = Vec::new();
    if !fit.converged {
        notes.push("the search reached its limit of iterations");
    }
    match fit.edge {
        None => {}
        Some(Edge::Straight) => notes.push("the curve is a straight line here"),
        Some(Edge::Step) => notes.push("the curve is a step: the width is not determined"),
        Some(Edge::OneBend) => notes.push("only one bend of the curve is seen"),
    }
    (!notes.is_empty()).then(|| notes.join("; "))
}

/// Errors in the units of a scale that judge and people share.
pub(super) fn error_rows(sample: &PairedSample) -> Vec<Row> {
    let n = sample.len();
    let mut rmse = Row::from_result("rmse", n, &root_mean_square_error(sample, 0));
    rmse.convention = format!("values as given, on one scale; {}", rmse.convention);
    let offset = sample
        .predicted()
        .iter()
        .zip(sample.human())
        .map(|(judged, human)| judged - human)
        .sum::<f64>()
        / n as f64;
    let offset = Estimate::new(
        "mean_offset",
        offset,
        n,
        "judged less human, values as given, on one scale",
    );
    vec![rmse, Row::of(&offset)]
}

/// Agreement on answers `first`, `second` and `tie`.
pub(super) fn preference_rows(sample: &PairedSample) -> Vec<Row> {
    let read = |values: &[f64]| -> Vec<Preference> {
        values
            .iter()
            .map(|share| Preference::from_margin(share - 0.5, 0.0))
            .collect()
    };
    let (predicted, human) = (read(sample.predicted()), read(sample.human()));
    let n = sample.len();
    let accuracy = |name: &str, convention| {
        Row::from_result(
            name,
            n,
            &preference_accuracy(&predicted, &human, convention),
        )
    };
    let kappa = cohen_kappa(sample, KappaWeights::Unweighted).map(|kappa| kappa.estimate);
    vec![
        accuracy("preference_accuracy", TieConvention::WithTies),
        accuracy(
            "preference_accuracy_without_human_ties",
            TieConvention::WithoutHumanTies,
        ),
        Row::from_result("cohen_kappa", n, &kappa),
    ]
}
