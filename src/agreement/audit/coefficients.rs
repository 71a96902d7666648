//! Every coefficient of one set of items.

use super::draws::Draws;
use super::model::Row;
use crate::stats::fit::{Edge, MapFamily, MapFit, fit_map, root_mean_square_error};
use crate::stats::pairs::{ItemPairs, Preference, TieConvention, preference_accuracy};
use crate::stats::raters::{KappaWeights, cohen_kappa};
use crate::stats::resample::{
    Resampled, ResampledKendall, ResampledPairs, ResampledPearson, ResampledSpearman,
};
use crate::stats::{
    Estimate, Null, PairedSample, StatsError, Test, kendall_tau_b, pearson, spearman, spearman_test,
};

/// Names of the three coefficients that every part of an audit has.
pub(super) const MAIN: [&str; 3] = ["pearson", "spearman", "kendall_tau_b"];

/// Most items for which all pairings of ranks are gone through.
const FEW: usize = 10;

/// The coefficient of a name in [`MAIN`].
pub(super) fn main(name: &str, sample: &PairedSample) -> Result<Estimate, StatsError> {
    match name {
        "pearson" => pearson(sample),
        "spearman" if sample.len() <= FEW => {
            let test = Test {
                null: Null::Exact,
                ..Test::default()
            };
            spearman_test(sample, test)
        }
        "spearman" => spearman(sample),
        _ => kendall_tau_b(sample),
    }
}

/// Pearson, Spearman and Kendall, with intervals from whole clusters where items come in clusters.
pub(super) fn main_rows(sample: &PairedSample, draws: Draws<'_>) -> Vec<Row> {
    MAIN.iter()
        .map(|name| main_row(name, sample, draws))
        .collect()
}

/// One of the three.
pub(super) fn main_row(name: &str, sample: &PairedSample, draws: Draws<'_>) -> Row {
    let mut row = Row::from_result(name, sample.len(), &main(name, sample));
    match name {
        "pearson" => draws.by_cluster(&mut row, ResampledPearson::new(sample)),
        "spearman" => draws.by_cluster(&mut row, ResampledSpearman::new(sample)),
        _ => {
            draws.of_tied_tau(&mut row, sample);
            draws.by_cluster(&mut row, ResampledKendall::new(sample));
        }
    }
    row.warn_of_no_width();
    row
}

/// Agreement on pairs of items, in the conventions in use.
pub(super) fn pair_rows(sample: &PairedSample, draws: Draws<'_>) -> Vec<Row> {
    let n = sample.len();
    let pairs = match ItemPairs::of(sample, 0.0) {
        Ok(pairs) => pairs,
        Err(error) => return vec![Row::undefined("pairwise_accuracy", n, &error)],
    };
    let mut rows: Vec<Row> = [
        ("pairwise_accuracy", TieConvention::WithTies),
        (
            "pairwise_accuracy_without_human_ties",
            TieConvention::WithoutHumanTies,
        ),
        (
            "pairwise_accuracy_half_for_judge_ties",
            TieConvention::HalfForPredictedTies,
        ),
    ]
    .into_iter()
    .map(|(name, convention)| {
        let row = Row::from_result(name, n, &pairs.accuracy(convention));
        let of_counts = move |counts| convention.accuracy(counts).unwrap_or(f64::NAN);
        finished(row, ResampledPairs::new(sample, of_counts), draws)
    })
    .collect();
    let of_counts = |counts| {
        let accuracy = TieConvention::WithTies.accuracy(counts);
        accuracy.map_or(f64::NAN, |accuracy| 2.0 * accuracy - 1.0)
    };
    let tau = Row::from_result("tau_eq", n, &pairs.tau_eq());
    rows.push(finished(tau, ResampledPairs::new(sample, of_counts), draws));
    rows
}

fn finished<S: Resampled>(mut row: Row, resampled: Result<S, StatsError>, draws: Draws<'_>) -> Row {
    draws.by_cluster(&mut row, resampled);
    row.warn_of_no_width();
    row
}

/// Correlation and error after the four-parameter logistic, and the fit itself where it exists.
pub(super) fn fit_rows(sample: &PairedSample, draws: Draws<'_>) -> (Vec<Row>, Option<MapFit>) {
    match fit_map(sample, MapFamily::Logistic4) {
        Ok(fit) => {
            let plcc = plcc_row(sample, &fit, draws);
            let mut rmse = Row::of(&fit.rmse);
            "rmse_logistic_4".clone_into(&mut rmse.name);
            rmse.convention = format!(
                "in units of the human scale, after logistic_4; {}",
                rmse.convention
            );
            rmse.note.clone_from(&plcc.note);
            let errors = squared_errors(&fit.mapped(sample));
            let freedom = (sample.len() - MapFamily::Logistic4.coefficients()) as f64;
            let share = sample.len() as f64 / freedom;
            by_cluster_of_squares(&mut rmse, &errors, share, draws);
            (vec![plcc, rmse], Some(fit))
        }
        Err(error) => (
            vec![Row::undefined("plcc_logistic_4", sample.len(), &error)],
            None,
        ),
    }
}

/// Pearson's correlation after a fitted curve; over clusters the curve is held as fitted.
pub(super) fn plcc_row(sample: &PairedSample, fit: &MapFit, draws: Draws<'_>) -> Row {
    let mut row = Row::of(&fit.plcc);
    row.name = format!("plcc_{}", fit.family.name());
    row.note = fit_note(fit);
    if draws.clusters.is_some() {
        draws.by_cluster(&mut row, ResampledPearson::new(&fit.mapped(sample)));
        row.add_note("over clusters the curve is held as fitted");
    }
    row.warn_of_no_width();
    row
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

fn squared_errors(sample: &PairedSample) -> Vec<f64> {
    let pairs = sample.predicted().iter().zip(sample.human());
    pairs
        .map(|(judged, human)| (judged - human).powi(2))
        .collect()
}

/// The root of the mean of `squares`, times `share` for lost degrees of freedom, drawn by cluster.
fn by_cluster_of_squares(row: &mut Row, squares: &[f64], share: f64, draws: Draws<'_>) {
    if draws.clusters.is_some() {
        draws.over_items(row, 1, |drawn| (share * mean_of(squares, drawn)).sqrt());
    }
}

fn mean_of(values: &[f64], drawn: &[u32]) -> f64 {
    drawn.iter().map(|at| values[*at as usize]).sum::<f64>() / drawn.len() as f64
}

/// Errors in the units of a scale that judge and people share.
pub(super) fn error_rows(sample: &PairedSample, draws: Draws<'_>) -> Vec<Row> {
    let n = sample.len();
    let mut rmse = Row::from_result("rmse", n, &root_mean_square_error(sample, 0));
    rmse.convention = format!("values as given, on one scale; {}", rmse.convention);
    by_cluster_of_squares(&mut rmse, &squared_errors(sample), 1.0, draws);
    let pairs = sample.predicted().iter().zip(sample.human());
    let differences: Vec<f64> = pairs.map(|(judged, human)| judged - human).collect();
    let mean = crate::stats::mean(&differences).map(|mean| mean.estimate);
    let mut offset = Row::from_result("mean_offset", n, &mean);
    "judged less human, values as given, on one scale".clone_into(&mut offset.convention);
    if draws.clusters.is_some() {
        draws.over_items(&mut offset, 1, |drawn| mean_of(&differences, drawn));
    }
    vec![rmse, offset]
}

/// Agreement on answers `first`, `second` and `tie`.
pub(super) fn preference_rows(sample: &PairedSample, draws: Draws<'_>) -> Vec<Row> {
    let read = |values: &[f64]| -> Vec<Preference> {
        values
            .iter()
            .map(|share| Preference::from_margin(share - 0.5, 0.0))
            .collect()
    };
    let (predicted, human) = (read(sample.predicted()), read(sample.human()));
    let n = sample.len();
    let accuracy = |name: &str, convention| {
        let found = preference_accuracy(&predicted, &human, convention);
        let mut row = Row::from_result(name, n, &found);
        let kept = row.n;
        if draws.clusters.is_some() {
            // Every item is drawn, also those that the convention leaves out.
            row.n = n;
            draws.over_items(&mut row, 2, |drawn| {
                let pick = |answers: &[Preference]| -> Vec<Preference> {
                    drawn.iter().map(|at| answers[*at as usize]).collect()
                };
                let found = preference_accuracy(&pick(&predicted), &pick(&human), convention);
                found.map_or(f64::NAN, |found| found.value)
            });
            row.n = kept;
        }
        row
    };
    let of_kappa = |sample: &PairedSample| {
        cohen_kappa(sample, KappaWeights::Unweighted).map(|kappa| kappa.estimate)
    };
    let mut kappa = Row::from_result("cohen_kappa", n, &of_kappa(sample));
    if draws.clusters.is_some() {
        draws.over_items(&mut kappa, 8, |drawn| {
            let picked = pick(sample, drawn);
            picked
                .and_then(|sample| of_kappa(&sample))
                .map_or(f64::NAN, |kappa| kappa.value)
        });
        kappa.add_note("the p-value takes items as independent");
    }
    vec![
        accuracy("preference_accuracy", TieConvention::WithTies),
        accuracy(
            "preference_accuracy_without_human_ties",
            TieConvention::WithoutHumanTies,
        ),
        kappa,
    ]
}

/// The sample of the drawn items.
pub(super) fn pick(sample: &PairedSample, drawn: &[u32]) -> Result<PairedSample, StatsError> {
    let column = |values: &[f64]| drawn.iter().map(|at| values[*at as usize]).collect();
    PairedSample::from_columns(column(sample.predicted()), column(sample.human()))
}
