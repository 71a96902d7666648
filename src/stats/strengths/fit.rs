//! Strengths of the greatest likelihood.

use std::borrow::Cow;

use super::comparisons::Comparisons;
use super::curved::{Symmetric, least};
use super::effects::check_effects;
use super::model::Model;
use super::separation::{StrengthsError, separation};
use super::table::Table;
use super::votes::Votes;
use crate::stats::StatsError;

/// What is fitted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StrengthSettings {
    /// The model of a vote.
    pub model: Model,
    /// Whether being shown first has an effect of its own.
    pub order_effect: bool,
    /// Penalty `ridge / 2 * sum s^2` on the negative log-likelihood: a normal prior on strengths with variance
    /// 1 / ridge. With 0 strengths are those of the greatest likelihood; above it they always exist.
    pub ridge: f64,
}

impl StrengthSettings {
    /// A model without order effect or ridge.
    pub fn new(model: Model) -> Self {
        StrengthSettings {
            model,
            order_effect: false,
            ridge: 0.0,
        }
    }

    pub(super) fn check(&self) -> Result<(), StatsError> {
        if self.ridge >= 0.0 && self.ridge.is_finite() {
            return Ok(());
        }
        Err(StatsError::Argument {
            argument: "ridge",
            value: self.ridge.to_string(),
            allowed: "a finite number of zero or more",
        })
    }
}

/// Fitted strengths; all numbers are finite.
#[derive(Debug, Clone, PartialEq)]
pub struct Strengths {
    /// One per item, with mean zero, in the unit of the model's convention; higher is better.
    pub values: Vec<f64>,
    /// What being shown first adds to an item's strength, where it was fitted.
    pub order_effect: Option<f64>,
    /// What one unit of each covariate adds.
    pub covariates: Vec<f64>,
    /// Davidson's nu or Rao and Kupper's theta, under their models.
    pub tie_parameter: Option<f64>,
    /// Log-likelihood of the votes, without the ridge.
    pub log_likelihood: f64,
    /// Number of votes of positive weight.
    pub n: usize,
    /// Unit of the strengths, what becomes of ties, and the ridge if there was one.
    pub convention: Cow<'static, str>,
    /// All unknowns as they were fitted.
    pub(super) point: Vec<f64>,
}

impl Strengths {
    /// The place of each item, 1 for the strongest; strengths within 1e-9 of each other share the better place.
    pub fn ranks(&self) -> Vec<u32> {
        ranks(&self.values)
    }
}

/// Places from 1, ties (within 1e-9) sharing the better one.
pub(super) fn ranks(strengths: &[f64]) -> Vec<u32> {
    let mut order: Vec<usize> = (0..strengths.len()).collect();
    order.sort_by(|a, b| strengths[*b].total_cmp(&strengths[*a]).then(a.cmp(b)));
    let mut ranks = vec![0; strengths.len()];
    let mut rank = 1;
    let mut last = f64::INFINITY;
    for (place, item) in (1_u32..).zip(order) {
        if last - strengths[item] > 1e-9 {
            rank = place;
        }
        last = strengths[item];
        ranks[item] = rank;
    }
    ranks
}

/// Fits strengths to votes.
///
/// ```text
/// maximise  sum over votes of weight * ln P(outcome | s_first - s_second + order effect + covariates) - ridge / 2 * sum s^2
/// ```
/// With a ridge of 1, soft outcomes for both orders of every pair and Thurstone's model this is the
/// maximum a posteriori estimate of Tsukida and Gupta (2011).
///
/// ```
/// use opine::stats::strengths::{Model, Outcome, StrengthSettings, Vote, Votes, fit_strengths};
/// let votes = [(Outcome::First, 3.0), (Outcome::Second, 1.0)];
/// let votes = votes.map(|(outcome, weight)| Vote { weight, ..Vote::new(0, 1, outcome) });
/// let votes = Votes::new(2, votes.to_vec())?;
/// let strengths = fit_strengths(&votes, &StrengthSettings::new(Model::BradleyTerry)).unwrap();
/// assert!((strengths.values[0] - strengths.values[1] - 3.0_f64.ln()).abs() < 1e-12);
/// # Ok::<(), opine::stats::StatsError>(())
/// ```
///
/// # Errors
/// [`StrengthsError::Separated`] where votes bound no distance between some items and there is no ridge;
/// [`StatsError::Undefined`] where an order effect, a covariate or a tie parameter has no finite estimate or
/// cannot be told from the strengths; [`StatsError::Argument`] for a ridge below zero.
pub fn fit_strengths(
    votes: &Votes,
    settings: &StrengthSettings,
) -> Result<Strengths, StrengthsError> {
    settings.check()?;
    let mut problem = prepare(votes, settings);
    solve(&mut problem, settings, None)
}

/// Gathers the votes.
pub(super) fn prepare<'a>(votes: &'a Votes, settings: &StrengthSettings) -> Comparisons<'a> {
    let table = Table::new(votes, settings.order_effect);
    Comparisons::new(votes, table, settings)
}

/// Gathers the votes such that each keeps its place.
pub(super) fn prepare_placed<'a>(votes: &'a Votes, settings: &StrengthSettings) -> Comparisons<'a> {
    let table = Table::placed(votes, settings.order_effect);
    Comparisons::new(votes, table, settings)
}

/// Fits gathered votes, from `start` or from equal strengths.
pub(super) fn solve(
    problem: &mut Comparisons<'_>,
    settings: &StrengthSettings,
    start: Option<&[f64]>,
) -> Result<Strengths, StrengthsError> {
    if settings.ridge <= 0.0
        && let Some(separation) = separation(&problem.table, problem.items())
    {
        return Err(StrengthsError::Separated(separation));
    }
    if problem.ties && !problem.table.kinds().1 {
        return Err(StrengthsError::Stats(StatsError::Undefined {
            statistic: "tie parameter",
            reason: format!(
                "every vote is a tie, so that {} would be infinite; bradley-terry takes ties as half votes",
                settings.model.name()
            ),
        }));
    }
    let start = start.map_or_else(|| problem.start(), <[f64]>::to_vec);
    let lowest = least(problem, start)?;
    check_effects(problem)?;
    Ok(unpack(problem, settings, lowest.point, lowest.value))
}

fn unpack(
    problem: &Comparisons<'_>,
    settings: &StrengthSettings,
    point: Vec<f64>,
    value: f64,
) -> Strengths {
    let items = problem.items();
    let order = usize::from(problem.order_effect);
    let covariates = problem.votes.covariates();
    let mut values = point[..items].to_vec();
    // A ridge leaves the mean at zero but for rounding.
    let mean = values.iter().sum::<f64>() / items as f64;
    values.iter_mut().for_each(|value| *value -= mean);
    let fitted_tie = problem
        .ties
        .then(|| Model::tie_parameter(point[point.len() - 1]));
    let without_ties = match settings.model {
        Model::Davidson => Some(0.0),
        Model::RaoKupper => Some(1.0),
        Model::BradleyTerry | Model::Thurstone => None,
    };
    let convention = settings.model.convention();
    Strengths {
        values,
        order_effect: problem.order_effect.then(|| point[items]),
        covariates: point[items + order..items + order + covariates].to_vec(),
        tie_parameter: fitted_tie.or(without_ties),
        log_likelihood: problem.penalty(&point) - value,
        n: problem
            .votes
            .all()
            .iter()
            .filter(|vote| vote.weight > 0.0)
            .count(),
        convention: if settings.ridge > 0.0 {
            format!("{convention}; ridge {}", settings.ridge).into()
        } else {
            convention.into()
        },
        point,
    }
}
