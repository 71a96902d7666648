//! The negative log-likelihood of votes on pairs.

use super::curved::{Curved, OnScore, Symmetric};
use super::fit::StrengthSettings;
use super::model::Model;
use super::table::Table;
use super::votes::Votes;

/// Unknowns: a strength per item, then the order effect, the covariates' effects and the tie parameter, where there are such.
pub(super) struct Comparisons<'a> {
    pub(super) votes: &'a Votes,
    pub(super) table: Table,
    pub(super) model: Model,
    pub(super) order_effect: bool,
    pub(super) ties: bool,
    pub(super) ridge: f64,
    /// Second derivative of each pair by its difference.
    bends: Vec<f64>,
    /// Second derivatives: each strength by itself, by the others unknowns, and the others among themselves.
    own: Vec<f64>,
    border: Vec<f64>,
    corner: Vec<f64>,
}

impl<'a> Comparisons<'a> {
    pub(super) fn new(votes: &'a Votes, table: Table, settings: &StrengthSettings) -> Self {
        let StrengthSettings {
            model,
            order_effect,
            ridge,
        } = *settings;
        // Without ties both models of ties are Bradley and Terry's, with a parameter at its end.
        let ties = model.has_tie_parameter() && table.kinds().0;
        let model = if model.has_tie_parameter() && !ties {
            Model::BradleyTerry
        } else {
            model
        };
        let others = usize::from(order_effect) + votes.covariates() + usize::from(ties);
        Comparisons {
            bends: vec![0.0; table.len()],
            own: vec![0.0; votes.items()],
            border: vec![0.0; votes.items() * others],
            corner: vec![0.0; others * others],
            votes,
            table,
            model,
            order_effect,
            ties,
            ridge,
        }
    }

    /// Number of unknowns beside the strengths.
    pub(super) fn others(&self) -> usize {
        usize::from(self.order_effect) + self.votes.covariates() + usize::from(self.ties)
    }

    /// Where to start: each item as strong as its share of votes says, as if all had met the same others.
    pub(super) fn start(&self) -> Vec<f64> {
        let mut shares = vec![[0.0; 2]; self.items()];
        for (first, second, [wins, losses, ties]) in self.table.pairs() {
            let (wins, losses) = (wins + 0.5 * ties, losses + 0.5 * ties);
            shares[first][0] += wins;
            shares[first][1] += losses;
            shares[second][0] += losses;
            shares[second][1] += wins;
        }
        let guess = |[won, lost]: [f64; 2]| {
            // An item that won all its votes is taken to have won nineteen in twenty.
            let some = 0.05 * (won + lost);
            if some > 0.0 {
                ((won + some) / (lost + some)).ln()
            } else {
                0.0
            }
        };
        let mut start: Vec<f64> = shares.into_iter().map(guess).collect();
        start.resize(self.unknowns(), 0.0);
        self.settle(&mut start);
        if self.ties {
            let last = start.len() - 1;
            start[last] = match self.model {
                Model::RaoKupper => 0.5,
                Model::Davidson | Model::BradleyTerry | Model::Thurstone => 0.0,
            };
        }
        start
    }

    /// What the difference of a pair is made of beside the strengths.
    fn features(&self, pair: usize, features: &mut [f64]) {
        let covariates = self.votes.covariates();
        let order = usize::from(self.order_effect);
        if self.order_effect {
            features[0] = 1.0;
        }
        if covariates > 0 {
            // With covariates each vote is a pair of its own.
            features[order..order + covariates].copy_from_slice(self.votes.covariates_of(pair));
        }
    }

    /// What the difference of a pair is made of, as (unknown, how much of it).
    pub(super) fn made_of(&self, pair: usize) -> Vec<(usize, f64)> {
        let mut features = vec![0.0; self.width()];
        self.features(pair, &mut features);
        let (first, second) = (self.table.first[pair], self.table.second[pair]);
        let strengths = [(first as usize, 1.0), (second as usize, -1.0)];
        strengths
            .into_iter()
            .chain((self.items()..).zip(features))
            .collect()
    }

    /// Number of features: the other unknowns less the tie parameter.
    fn width(&self) -> usize {
        self.others() - usize::from(self.ties)
    }

    /// The fitted tie parameter, or nothing that matters.
    fn tie(&self, point: &[f64]) -> f64 {
        if self.ties {
            point[point.len() - 1]
        } else {
            0.0
        }
    }

    /// exp(s) of each item where that spares an exponential for each pair: Bradley and Terry's model without
    /// effects, and no item so far off that products of a few overflow.
    fn odds(&self, point: &[f64]) -> Option<Vec<f64>> {
        let plain = self.model == Model::BradleyTerry && self.others() == 0;
        let moderate = || point.iter().all(|strength| strength.abs() < 30.0);
        (plain && moderate()).then(|| point.iter().map(|strength| strength.exp()).collect())
    }

    /// What the pairs add under Bradley and Terry's model without effects, where `odds` are exp(s).
    ///
    /// ```text
    /// value = sum over pairs of n ln(odds_first + odds_second) - wins s_first - losses s_second
    /// ```
    fn plain_curve(&mut self, point: &[f64], odds: &[f64], gradient: &mut [f64]) -> f64 {
        let mut logarithms = Logarithms::default();
        let mut value = 0.0;
        let ends = self.table.first.iter().zip(&self.table.second);
        // Pairs are sorted by their first item, whose sums wait here for the next one.
        let (mut row, mut slope_of_row, mut bend_of_row) = (0, 0.0, 0.0);
        for (((first, second), counts), bend_of_pair) in
            ends.zip(&self.table.counts).zip(&mut self.bends)
        {
            let (first, second) = (*first as usize, *second as usize);
            if first != row {
                gradient[row] += slope_of_row;
                self.own[row] += bend_of_row;
                (row, slope_of_row, bend_of_row) = (first, 0.0, 0.0);
            }
            let [wins, losses, ties] = *counts;
            let (wins, losses) = (wins + 0.5 * ties, losses + 0.5 * ties);
            let all = wins + losses;
            let sum = odds[first] + odds[second];
            let inverse = 1.0 / sum;
            let (win, loss) = (odds[first] * inverse, odds[second] * inverse);
            let (slope, bend) = (all * win - wins, all * win * loss);
            logarithms.add(all, sum);
            value -= wins * point[first] + losses * point[second];
            slope_of_row += slope;
            bend_of_row += bend;
            gradient[second] -= slope;
            self.own[second] += bend;
            *bend_of_pair = bend;
        }
        gradient[row] += slope_of_row;
        self.own[row] += bend_of_row;
        value + logarithms.sum()
    }

    /// The part of the value that the ridge adds.
    pub(super) fn penalty(&self, point: &[f64]) -> f64 {
        let strengths = &point[..self.votes.items()];
        0.5 * self.ridge * strengths.iter().map(|s| s * s).sum::<f64>()
    }

    /// The second derivatives by strengths times the first part of `direction`.
    pub(super) fn strengths_product(&self, direction: &[f64], image: &mut [f64]) {
        for item in 0..self.own.len() {
            image[item] = self.own[item] * direction[item];
        }
        let ends = self.table.first.iter().zip(&self.table.second);
        let (mut row, mut of_row) = (0, 0.0);
        for ((first, second), bend) in ends.zip(&self.bends) {
            let (first, second) = (*first as usize, *second as usize);
            if first != row {
                image[row] -= of_row;
                (row, of_row) = (first, 0.0);
            }
            of_row += bend * direction[second];
            image[second] -= bend * direction[first];
        }
        image[row] -= of_row;
    }
}

/// A sum of many logarithms, most of which are taken of products.
struct Logarithms {
    product: f64,
    sum: f64,
}

impl Default for Logarithms {
    fn default() -> Self {
        Logarithms {
            product: 1.0,
            sum: 0.0,
        }
    }
}

impl Logarithms {
    /// A product that leaves these bounds is taken the logarithm of; its factors are below 1e14 and above 1e-14.
    const BOUNDS: std::ops::Range<f64> = 1e-200..1e200;

    /// Adds `times ln number`.
    #[inline]
    fn add(&mut self, times: f64, number: f64) {
        // Mostly a pair has one vote or two.
        if times.to_bits() == 1.0_f64.to_bits() {
            self.product *= number;
        } else if times.to_bits() == 2.0_f64.to_bits() {
            self.product *= number * number;
        } else if times.to_bits() == 3.0_f64.to_bits() {
            self.product *= number * number * number;
        } else if times > 0.0 {
            self.sum += times * number.ln();
        }
        if !Logarithms::BOUNDS.contains(&self.product) {
            self.sum += self.product.ln();
            self.product = 1.0;
        }
    }

    fn sum(self) -> f64 {
        self.sum + self.product.ln()
    }
}

/// Sum of features times their effects.
fn along(features: &[f64], effects: &[f64]) -> f64 {
    features
        .iter()
        .zip(effects)
        .map(|(x, effect)| x * effect)
        .sum()
}

impl Symmetric for Comparisons<'_> {
    fn items(&self) -> usize {
        self.votes.items()
    }

    fn unknowns(&self) -> usize {
        self.items() + self.others()
    }

    fn floats(&self) -> bool {
        self.ridge <= 0.0
    }

    fn product(&self, direction: &[f64], image: &mut [f64]) {
        let (items, others) = (self.items(), self.others());
        self.strengths_product(direction, image);
        let (strengths, rest) = direction.split_at(items);
        for at in 0..others {
            let row = &self.corner[at * others..(at + 1) * others];
            image[items + at] = along(row, rest);
            for item in 0..items {
                let cross = self.border[item * others + at];
                image[item] += cross * rest[at];
                image[items + at] += cross * strengths[item];
            }
        }
    }
}

impl Curved for Comparisons<'_> {
    fn curve(&mut self, point: &[f64], gradient: &mut [f64]) -> f64 {
        let (items, others, width) = (self.items(), self.others(), self.width());
        let tie = self.tie(point);
        let mut features = vec![0.0; width];
        let mut crosses = vec![0.0; others];
        let mut value = self.penalty(point);
        for item in 0..items {
            gradient[item] = self.ridge * point[item];
            self.own[item] = self.ridge;
        }
        gradient[items..].fill(0.0);
        self.border.fill(0.0);
        self.corner.fill(0.0);
        if let Some(odds) = self.odds(point) {
            return value + self.plain_curve(point, &odds, gradient);
        }
        for pair in 0..self.table.len() {
            let first = self.table.first[pair] as usize;
            let second = self.table.second[pair] as usize;
            self.features(pair, &mut features);
            let d = point[first] - point[second] + along(&features, &point[items..]);
            let local = self.model.local(d, tie, self.table.counts[pair]);
            value += local.value;
            gradient[first] += local.slope;
            gradient[second] -= local.slope;
            self.bends[pair] = local.bend;
            self.own[first] += local.bend;
            self.own[second] += local.bend;
            if others == 0 {
                continue;
            }
            for (at, feature) in features.iter().enumerate() {
                gradient[items + at] += local.slope * feature;
                crosses[at] = local.bend * feature;
                for (other, also) in features.iter().enumerate() {
                    self.corner[at * others + other] += local.bend * feature * also;
                }
                if self.ties {
                    self.corner[at * others + width] += local.cross * feature;
                    self.corner[width * others + at] += local.cross * feature;
                }
            }
            if self.ties {
                gradient[items + width] += local.tie_slope;
                crosses[width] = local.cross;
                self.corner[width * others + width] += local.tie_bend;
            }
            for (at, cross) in crosses.iter().enumerate() {
                self.border[first * others + at] += cross;
                self.border[second * others + at] -= cross;
            }
        }
        if value.is_nan() { f64::INFINITY } else { value }
    }

    fn diagonal(&self) -> Vec<f64> {
        let others = self.others();
        let corner = (0..others).map(|at| self.corner[at * others + at]);
        self.own.iter().copied().chain(corner).collect()
    }

    fn scores(&self, point: &[f64], each: &mut OnScore<'_>) {
        let items = self.votes.items();
        let width = self.width();
        let tie = self.tie(point);
        let mut features = vec![0.0; width];
        let mut score = Vec::with_capacity(3 + width);
        for (index, vote) in self.votes.all().iter().enumerate() {
            if vote.weight <= 0.0 {
                continue;
            }
            self.features(index, &mut features);
            let (first, second) = (vote.first as usize, vote.second as usize);
            let d = point[first] - point[second] + along(&features, &point[items..]);
            let counts = vote.outcome.shares().map(|share| share * vote.weight);
            let local = self.model.local(d, tie, counts);
            score.clear();
            score.extend([(first, -local.slope), (second, local.slope)]);
            let unknowns = items..;
            score.extend(
                unknowns
                    .zip(&features)
                    .map(|(at, feature)| (at, -local.slope * feature)),
            );
            if self.ties {
                score.push((items + width, -local.tie_slope));
            }
            each(&score);
        }
    }
}
