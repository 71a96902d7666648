//! What of a ranking its user may choose: the model of a vote, and how intervals are made.

use super::covariates::Covariates;
use crate::stats::resample::Plan;
use crate::stats::strengths::{MOST_POSTERIOR_ITEMS, Model, StrengthSettings};

/// How intervals are made.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum IntervalKind {
    /// The posterior under a prior: right also where pairs were chosen by what was known. Spread and noise are
    /// estimated, by expectation propagation; under a ridge that was given, and beside an order effect or covariates,
    /// it is Laplace's approximation.
    /// Not for models of ties.
    Posterior,
    /// From the curvature and the spread of the votes around it: right also where the model is not.
    Sandwich,
    /// From votes drawn again.
    Bootstrap(Plan),
}

impl IntervalKind {
    /// Stable names, in requests.
    pub const NAMES: [&'static str; 3] = ["posterior", "sandwich", "bootstrap"];

    /// The kind of that name; a bootstrap draws so many resamples, on one thread.
    pub fn named(name: &str, resamples: Option<u64>, seed: u64) -> Option<Self> {
        let usual = Plan::default();
        let resamples = resamples.and_then(|number| u32::try_from(number).ok());
        match name {
            "posterior" => Some(IntervalKind::Posterior),
            "sandwich" => Some(IntervalKind::Sandwich),
            "bootstrap" => Some(IntervalKind::Bootstrap(Plan {
                resamples: resamples.unwrap_or(usual.resamples),
                seed,
                threads: 1,
            })),
            _ => None,
        }
    }
}

/// What is fitted to the comparisons of a judge.
#[derive(Debug, Clone, PartialEq)]
pub struct JudgedSettings {
    /// The model of a comparison.
    pub model: Model,
    /// Ridge on the strengths; that of the plan which chose the pairs unless given.
    pub ridge: Option<f64>,
    /// Whether what being shown first adds is fitted beside the strengths, from what was said in each order.
    pub order_effect: bool,
    /// Numbers of each item whose effect is fitted beside the strengths.
    pub covariates: Option<Covariates>,
    /// How intervals are made; by the posterior unless given, and by the sandwich for models of ties.
    pub interval: Option<IntervalKind>,
}

impl Default for JudgedSettings {
    /// Bradley and Terry's model under the prior of the plan.
    fn default() -> Self {
        JudgedSettings {
            model: Model::BradleyTerry,
            ridge: None,
            order_effect: false,
            covariates: None,
            interval: None,
        }
    }
}

impl JudgedSettings {
    /// Names of the models, in requests.
    pub const MODELS: [&'static str; 4] = ["bradley-terry", "davidson", "rao-kupper", "thurstone"];

    /// The model of that name.
    pub fn model_named(name: &str) -> Option<Model> {
        let models = [
            Model::BradleyTerry,
            Model::Davidson,
            Model::RaoKupper,
            Model::Thurstone,
        ];
        models.into_iter().find(|model| model.name() == name)
    }

    /// Whether nothing was chosen.
    pub fn is_default(&self) -> bool {
        *self == JudgedSettings::default()
    }

    /// Whether nothing was chosen but the ridge, which is all that a joint estimate bears.
    pub fn is_crowd(&self) -> bool {
        let ridge = JudgedSettings {
            ridge: self.ridge,
            ..JudgedSettings::default()
        };
        *self == ridge
    }

    /// Whether the spread of strengths and the noise of votes are estimated where intervals are by the posterior.
    pub(super) fn is_estimated(&self) -> bool {
        self.ridge.is_none() && !self.order_effect && self.covariates.is_none()
    }

    /// What is fitted, where the plan's ridge is `ridge`.
    pub(super) fn strengths(&self, ridge: f64) -> StrengthSettings {
        StrengthSettings {
            model: self.model,
            order_effect: self.order_effect,
            ridge: self.ridge.unwrap_or(ridge),
        }
    }

    pub(super) fn interval(&self, items: usize) -> IntervalKind {
        let bounded = items <= MOST_POSTERIOR_ITEMS && !self.model.has_tie_parameter();
        self.interval.unwrap_or(if bounded {
            IntervalKind::Posterior
        } else {
            IntervalKind::Sandwich
        })
    }
}
