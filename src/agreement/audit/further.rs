//! Coefficients beside the usual ones: other taus, other curves, ties calibrated, errors against people's own spread.

use super::coefficients::{pick, plcc_row};
use super::draws::Draws;
use super::join::{Item, Joined};
use super::model::Row;
use crate::stats::fit::{
    MapFamily, MapFit, OutlierRule, fit_map, opinion_half_width, outlier_ratio,
    root_mean_square_error_star,
};
use crate::stats::pairs::calibrate_ties;
use crate::stats::resample::{Plan, ResampledPairs};
use crate::stats::{
    Estimate, KendallVariant, PairCounts, PairedSample, StatsError, Test, kendall, weighted_tau,
};

/// More items than this are left to `--full`: ties are calibrated over all their pairs.
pub(super) const MOST_ITEMS: usize = 20_000;

/// Every further coefficient that these values have.
pub(super) fn rows(
    sample: &PairedSample,
    fit: Option<&MapFit>,
    errors: Option<&Spreads>,
    same_scale: bool,
    draws: Draws<'_>,
) -> Vec<Row> {
    let mut rows = vec![
        tau_a(sample, draws),
        tau_c(sample, draws),
        weighted(sample, draws),
    ];
    rows.extend(calibrated(sample));
    for family in [MapFamily::Logistic5, MapFamily::MonotoneCubic] {
        rows.push(match fit_map(sample, family) {
            Ok(fit) => plcc_row(sample, &fit, draws),
            Err(error) => Row::undefined(&format!("plcc_{}", family.name()), sample.len(), &error),
        });
    }
    if let Some(errors) = errors {
        rows.extend(errors.rows(sample, fit, same_scale, draws));
    }
    for row in &mut rows {
        row.further = true;
        row.warn_of_no_width();
    }
    rows
}

fn tau_a(sample: &PairedSample, draws: Draws<'_>) -> Row {
    let found = kendall(sample, KendallVariant::A, Test::default());
    let mut row = Row::from_result("kendall_tau_a", sample.len(), &found);
    let of_counts = |pairs: PairCounts| pairs.balance() as f64 / pairs.total() as f64;
    draws.by_cluster(&mut row, ResampledPairs::new(sample, of_counts));
    row
}

fn tau_c(sample: &PairedSample, draws: Draws<'_>) -> Row {
    let of = |sample: &PairedSample| kendall(sample, KendallVariant::C, Test::default());
    let mut row = Row::from_result("kendall_tau_c", sample.len(), &of(sample));
    if draws.clusters.is_some() {
        draws.over_items(&mut row, 40, |drawn| {
            let found = pick(sample, drawn).and_then(|sample| of(&sample));
            found.map_or(f64::NAN, |found| found.value)
        });
        row.add_note("the p-value takes items as independent");
    }
    row
}

fn weighted(sample: &PairedSample, draws: Draws<'_>) -> Row {
    let of = |sample: &PairedSample| weighted_tau(sample, &Plan::NONE);
    let mut row = Row::from_result("weighted_tau", sample.len(), &of(sample));
    draws.over_items(&mut row, 60, |drawn| {
        let found = pick(sample, drawn).and_then(|sample| of(&sample));
        found.map_or(f64::NAN, |found| found.value)
    });
    row
}

/// Pairwise accuracy and tau-eq at the threshold for ties that suits the judge best.
fn calibrated(sample: &PairedSample) -> Vec<Row> {
    let found = match calibrate_ties(std::slice::from_ref(sample)) {
        Ok(found) => found,
        Err(error) => {
            return vec![Row::undefined(
                "pairwise_accuracy_calibrated",
                sample.len(),
                &error,
            )];
        }
    };
    [
        ("pairwise_accuracy_calibrated", found.accuracy),
        ("tau_eq_calibrated", found.tau),
    ]
    .into_iter()
    .map(|(name, estimate)| {
        let mut row = Row::of(&estimate);
        name.clone_into(&mut row.name);
        row.add_note("an optimistic figure, whose interval takes the threshold as given and items as independent");
        row
    })
    .collect()
}

/// People's standard deviation and number of ratings of each item, where the human file has them.
pub(super) struct Spreads {
    deviations: Vec<Option<f64>>,
    half_widths: Vec<Option<f64>>,
}

impl Spreads {
    /// Nothing without a column of deviations.
    pub(super) fn of(joined: &Joined, used: &[Item]) -> Option<Self> {
        if !joined.has("human_sd") {
            return None;
        }
        let deviations: Vec<Option<f64>> = used
            .iter()
            .map(|item| joined.number("human_sd", item).filter(|sd| *sd >= 0.0))
            .collect();
        let half_widths = deviations
            .iter()
            .zip(used)
            .map(|(sd, item)| {
                let votes = whole(joined.number("human_ratings", item)?)?;
                opinion_half_width((*sd)?, votes).ok()
            })
            .collect();
        Some(Spreads {
            deviations,
            half_widths,
        })
    }

    fn rows(
        &self,
        sample: &PairedSample,
        fit: Option<&MapFit>,
        same_scale: bool,
        draws: Draws<'_>,
    ) -> Vec<Row> {
        let (mapped, lost, after) = match (same_scale, fit) {
            (true, _) => (sample.clone(), 0, "values as given"),
            (false, Some(fit)) => (
                fit.mapped(sample),
                fit.family.coefficients(),
                "after logistic_4",
            ),
            (false, None) => return Vec::new(),
        };
        let star = of_known(&mapped, &self.half_widths, draws, |sample, margins| {
            root_mean_square_error_star(sample, margins, lost, &Plan::NONE)
        });
        let outliers = of_known(&mapped, &self.half_widths, draws, |sample, margins| {
            outlier_ratio(sample, OutlierRule::Interval95(margins))
        });
        let two = of_known(&mapped, &self.deviations, draws, |sample, margins| {
            outlier_ratio(sample, OutlierRule::TwoDeviations(margins))
        });
        let named = [
            ("rmse_star", star),
            ("outlier_ratio", outliers),
            ("outlier_ratio_two_deviations", two),
        ];
        named
            .into_iter()
            .filter_map(|(name, known)| {
                let mut row = known?;
                name.clone_into(&mut row.name);
                row.convention = format!("{after}; {}", row.convention);
                Some(row)
            })
            .collect()
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "checked to be a small whole number"
)]
fn whole(number: f64) -> Option<usize> {
    (number.fract() == 0.0 && (2.0..=1e9).contains(&number)).then_some(number as usize)
}

/// A statistic of the items whose margin is known; nothing where no margin is.
fn of_known(
    mapped: &PairedSample,
    margins: &[Option<f64>],
    draws: Draws<'_>,
    statistic: impl Fn(&PairedSample, &[f64]) -> Result<Estimate, StatsError> + Sync,
) -> Option<Row> {
    let items = u32::try_from(margins.len()).ok()?;
    let known = |at: &u32| margins[*at as usize];
    let of = |drawn: &[u32]| {
        let kept: Vec<u32> = drawn
            .iter()
            .copied()
            .filter(|at| known(at).is_some())
            .collect();
        let margins: Vec<f64> = kept.iter().filter_map(known).collect();
        statistic(&pick(mapped, &kept)?, &margins)
    };
    let every: Vec<u32> = (0..items).collect();
    let mut row = Row::of(&of(&every).ok()?);
    let kept = row.n;
    if kept < mapped.len() {
        row.add_note(&format!(
            "{} items without a known spread are left out",
            mapped.len() - kept
        ));
    }
    if draws.clusters.is_some() || row.ci.is_none() {
        row.n = mapped.len();
        draws.over_items(&mut row, 4, |drawn| {
            of(drawn).map_or(f64::NAN, |found| found.value)
        });
        row.n = kept;
    }
    Some(row)
}
