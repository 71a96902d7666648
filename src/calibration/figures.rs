//! Figures before and after, on held-out items, each with an interval.

use super::problem::{Prediction, Problem};
use super::{Items, MapKind};
use crate::stats::calibration::{BinaryForecast, Binning, expected_calibration_error};
use crate::stats::resample::{
    ByIndices, Clustered, Difference, Plan, Resampled, ResampledPearson, ResampledSpearman,
    bootstrap_distribution,
};
use crate::stats::{PairedSample, StatsError};

/// Bins of a calibration error.
const BINS: usize = 10;
/// What a reader of such an error must know.
const BY_CHANCE: &str = "above 0 by chance alone, interval moved by the bootstrap's bias";

/// A value and its 95 % interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Figured {
    /// The value.
    pub value: f64,
    /// Percentile bootstrap over items, or over whole groups, of given predictions: that another fit would
    /// differ is not in it. None where it does not exist.
    pub interval: Option<[f64; 2]>,
}

/// One measure of the same items before and after.
#[derive(Debug, Clone, PartialEq)]
pub struct Figure {
    /// Stable name.
    pub name: String,
    /// How it is computed.
    pub convention: String,
    /// With raw scores; none where they do not give it.
    pub before: Option<Figured>,
    /// With calibrated scores of maps that had not seen the item.
    pub after: Option<Figured>,
    /// After less before, both on the same draws.
    pub change: Option<Figured>,
}

/// Values and level probabilities of all items, from one source.
struct Column {
    values: Vec<f64>,
    levels: Option<Vec<Vec<f64>>>,
}

struct Table<'a> {
    items: &'a Items,
    before: Column,
    after: Column,
    plan: &'a Plan,
}

pub(super) fn figures(
    problem: &Problem<'_>,
    predictions: &[Prediction],
    plan: &Plan,
) -> Vec<Figure> {
    let items = problem.items;
    let table = Table {
        items,
        before: before(problem),
        after: Column {
            values: predictions.iter().map(|said| said.value).collect(),
            levels: predictions.iter().map(|said| said.levels.clone()).collect(),
        },
        plan,
    };
    let human = items.human.as_slice();
    let mut rows = vec![
        table.row("rmse", "root of the mean squared error, on the human scale", |column| {
            let squares: Vec<f64> = column
                .values
                .iter()
                .zip(human)
                .map(|(value, label)| (value - label).powi(2))
                .collect();
            Ok(mean_of(squares, f64::sqrt))
        }),
        table.row("plcc", "Pearson's correlation", |column| {
            ResampledPearson::new(&PairedSample::new(&column.values, human)?)
        }),
        table.row(
            "srcc",
            "Spearman's correlation; one monotone map keeps it but for ties that it makes, maps of several folds mix",
            |column| ResampledSpearman::new(&PairedSample::new(&column.values, human)?),
        ),
    ];
    let Some(classes) = &problem.classes else {
        return rows;
    };
    if items.is_binary() {
        let outcomes: Vec<bool> = human.iter().map(|label| *label > 0.5).collect();
        let ece = |column: &Column, binning| {
            Ok(calibration_error(
                column.values.clone(),
                outcomes.clone(),
                binning,
            ))
        };
        let convention = format!("{BINS} bins of equal width; {BY_CHANCE}");
        rows.push(table.row("ece", &convention, |column| {
            ece(column, Binning::EqualWidth(BINS))
        }));
        let convention = format!("{BINS} bins of equal mass; {BY_CHANCE}");
        rows.push(table.row("ece_equal_mass", &convention, |column| {
            ece(column, Binning::EqualMass(BINS))
        }));
    } else {
        let convention = format!("of the likeliest level, {BINS} bins of equal width; {BY_CHANCE}");
        rows.push(table.row("ece", &convention, |column| {
            let (stated, right) = likeliest(column.levels.as_deref(), &classes.of)?;
            Ok(calibration_error(stated, right, Binning::EqualWidth(BINS)))
        }));
    }
    if matches!(
        problem.kind,
        MapKind::Platt | MapKind::Temperature | MapKind::Ordinal
    ) {
        let convention = "mean of -ln(probability of the label), nats";
        rows.push(table.row("nll", convention, |column| {
            let levels = column.levels.as_deref().ok_or_else(no_levels)?;
            let pairs = levels.iter().zip(&classes.of);
            let losses = pairs.map(|(levels, class)| -levels[*class].ln());
            Ok(mean_of(losses.collect(), |mean| mean))
        }));
    }
    rows
}

/// Raw scores at their place on the human scale, and the judge's own opinion where its levels are the labels'.
fn before(problem: &Problem<'_>) -> Column {
    let items = problem.items;
    let values: Vec<f64> = items.raw.iter().map(|raw| items.placed(*raw)).collect();
    let levels = match problem.kind {
        MapKind::Temperature => items.shares.iter().cloned().collect(),
        MapKind::Platt => {
            let both = values
                .iter()
                .map(|value| super::problem::yes_and_no(*value));
            Some(both.collect())
        }
        MapKind::Isotonic | MapKind::Logistic4 | MapKind::Logistic5 | MapKind::Ordinal => None,
    };
    Column { values, levels }
}

/// A statistic that is drawn by group and then used again.
struct Borrowed<'a, S>(&'a S);

impl<S: Resampled> Resampled for Borrowed<'_, S> {
    type Scratch = S::Scratch;

    fn items(&self) -> usize {
        self.0.items()
    }

    fn scratch(&self) -> S::Scratch {
        self.0.scratch()
    }

    fn value(&self, counts: &[u32], scratch: &mut S::Scratch) -> f64 {
        self.0.value(counts, scratch)
    }
}

type Function<'a> = Box<dyn Fn(&[u32]) -> f64 + Sync + 'a>;

fn mean_of<'a>(values: Vec<f64>, then: impl Fn(f64) -> f64 + Sync + 'a) -> ByIndices<Function<'a>> {
    let n = values.len();
    let mean = move |drawn: &[u32]| {
        let sum: f64 = drawn.iter().map(|at| values[*at as usize]).sum();
        then(sum / drawn.len() as f64)
    };
    ByIndices::new(n, Box::new(mean) as Function<'a>)
}

fn calibration_error(
    stated: Vec<f64>,
    happened: Vec<bool>,
    binning: Binning,
) -> ByIndices<Function<'static>> {
    let n = stated.len();
    let error = move |drawn: &[u32]| {
        let (stated, happened): (Vec<f64>, Vec<bool>) = drawn
            .iter()
            .map(|at| (stated[*at as usize], happened[*at as usize]))
            .unzip();
        BinaryForecast::new(&stated, &happened)
            .and_then(|forecast| expected_calibration_error(&forecast, binning))
            .map_or(f64::NAN, |error| error.value)
    };
    ByIndices::new(n, Box::new(error) as Function<'static>)
}

fn likeliest(
    levels: Option<&[Vec<f64>]>,
    right: &[usize],
) -> Result<(Vec<f64>, Vec<bool>), StatsError> {
    let levels = levels.ok_or_else(no_levels)?;
    let chosen = levels.iter().zip(right).map(|(levels, right)| {
        let first_largest = (0..levels.len())
            .rev()
            .max_by(|a, b| levels[*a].total_cmp(&levels[*b]))
            .unwrap_or_default();
        (levels[first_largest].min(1.0), first_largest == *right)
    });
    Ok(chosen.unzip())
}

fn no_levels() -> StatsError {
    StatsError::Undefined {
        statistic: "calibration error",
        reason: "raw scores give no probability of the labels' levels".to_owned(),
    }
}

impl Table<'_> {
    fn row<S: Resampled>(
        &self,
        name: &str,
        convention: &str,
        statistic: impl Fn(&Column) -> Result<S, StatsError>,
    ) -> Figure {
        let spread = if name.starts_with("ece") {
            Spread::Centred
        } else {
            Spread::Percentile
        };
        let of = |column: &Column| {
            let mut figured = self.figured(&statistic(column).ok()?, spread)?;
            if let (Spread::Centred, Some(ends)) = (spread, &mut figured.interval) {
                // No calibration error is below 0.
                ends[0] = ends[0].max(0.0);
            }
            Some(figured)
        };
        let (before, after) = (of(&self.before), of(&self.after));
        let change = before.and(after).and_then(|_| {
            let (after, before) = (statistic(&self.after).ok()?, statistic(&self.before).ok()?);
            self.figured(&Difference::new(after, before).ok()?, spread)
        });
        Figure {
            name: name.to_owned(),
            convention: convention.to_owned(),
            before,
            after,
            change,
        }
    }

    fn figured<S: Resampled>(&self, statistic: &S, spread: Spread) -> Option<Figured> {
        let value = statistic.observed();
        let values = match &self.items.groups {
            None => bootstrap_distribution(statistic, self.plan),
            Some(groups) => {
                let whole = Clustered::new(Borrowed(statistic), groups).ok()?;
                bootstrap_distribution(&whole, self.plan)
            }
        };
        value.is_finite().then(|| Figured {
            value,
            interval: spread.ends(value, values),
        })
    }
}

/// How an interval is read from resamples.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Spread {
    /// Quantiles of the resampled values.
    Percentile,
    /// The same, moved by as much as the middle of the resampled values is off. Drawing items again adds noise
    /// to every bin, so that resampled calibration errors lie above the one that was measured.
    Centred,
}

impl Spread {
    fn ends(self, value: f64, mut values: Vec<f64>) -> Option<[f64; 2]> {
        values.retain(|value| value.is_finite());
        values.sort_unstable_by(f64::total_cmp);
        if values.is_empty() {
            return None;
        }
        let moved = match self {
            Spread::Percentile => 0.0,
            Spread::Centred => value - quantile(&values, 0.5),
        };
        Some([0.025, 0.975].map(|share| quantile(&values, share) + moved))
    }
}

/// Linear between neighbours (type 7, the default of numpy and R).
fn quantile(sorted: &[f64], share: f64) -> f64 {
    let place = share * (sorted.len() - 1) as f64;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a share of the last index lies between 0 and it"
    )]
    let below = place.floor() as usize;
    let above = (below + 1).min(sorted.len() - 1);
    sorted[below] + (place - below as f64) * (sorted[above] - sorted[below])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_are_read_as_numpy_reads_quantiles() {
        // numpy 2.4.6: quantile(arange(1, 102), [0.025, 0.5, 0.975]) is 3.5, 51, 98.5.
        let values: Vec<f64> = (1..=101).rev().map(f64::from).collect();
        assert_eq!(
            Spread::Percentile.ends(40.0, values.clone()),
            Some([3.5, 98.5])
        );
        assert_eq!(Spread::Centred.ends(40.0, values), Some([-7.5, 87.5]));
        assert_eq!(Spread::Percentile.ends(1.0, vec![f64::NAN]), None);
    }
}
