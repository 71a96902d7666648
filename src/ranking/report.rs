//! A ranking with all that is needed to judge it.

use serde::Serialize;

use super::settings::IntervalKind;
use super::votes::VoteTable;
use crate::stats::strengths::{
    Coherence, MOST_SANDWICH_ITEMS, RankRange, Sandwich, Separation, StrengthIntervals,
    StrengthSettings, Strengths, StrengthsError, bootstrap_intervals, coherence, fit_strengths,
    posterior, sandwich_intervals, voter_consistency,
};
use crate::stats::{DEFAULT_LEVEL, Estimate, Interval, StatsError};

/// Circles that are listed at most.
pub(super) const MOST_CYCLES: usize = 10;

/// What is fitted, and how intervals are made.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RankSettings {
    /// The model.
    pub strengths: StrengthSettings,
    /// How intervals are made.
    pub interval: IntervalKind,
    /// Added to the mean curvature of each strength under the sandwich; arena-rank adds 1e-5. 0 adds nothing.
    pub damping: f64,
}

/// A ranking of named items, or why there is none.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RankReport {
    /// `ranked`, or `separated` when the votes bound no distance between some items.
    pub status: Status,
    /// Name of the model.
    pub model: &'static str,
    /// Unit of the strengths, what becomes of ties, and the ridge.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub convention: Option<String>,
    /// How the intervals were made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interval_method: Option<String>,
    /// Nominal coverage of every interval.
    pub level: f64,
    /// Votes of positive weight.
    pub votes: usize,
    /// The items, the strongest first; none when separated.
    pub items: Vec<RankedItem>,
    /// When separated: groups of items, the better first where two met.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub groups: Option<Vec<Vec<String>>>,
    /// Log-likelihood of the votes at the strengths.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_likelihood: Option<f64>,
    /// What being shown first adds, where it was fitted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order_effect: Option<Effect>,
    /// What one unit of each covariate adds, where there are such.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub covariates: Vec<CovariateEffect>,
    /// Davidson's nu or Rao and Kupper's theta.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tie_parameter: Option<Effect>,
    /// How far the votes agree with any ranking.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub coherence: Option<CoherenceReport>,
    /// Each voter, where the votes have names.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub voters: Vec<VoterReport>,
    /// What could not be estimated, and why.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// Whether there is a ranking.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// All items have a strength.
    Ranked,
    /// Some have no finite distance from others.
    Separated,
}

/// One item.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RankedItem {
    /// Its name.
    pub item: String,
    /// Its strength.
    pub strength: f64,
    /// Interval of the strength.
    pub ci: Option<[f64; 2]>,
    /// Its place, from 1; equal strengths share the better one.
    pub rank: u32,
    /// Best and worst place.
    pub rank_ci: Option<[u32; 2]>,
}

/// A number beside the strengths.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Effect {
    /// The value.
    pub value: f64,
    /// Its interval.
    pub ci: Option<[f64; 2]>,
}

/// What a covariate adds.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CovariateEffect {
    /// Its name.
    pub name: String,
    /// What one unit of it adds to a strength.
    pub value: f64,
    /// Its interval.
    pub ci: Option<[f64; 2]>,
}

/// [`Coherence`] with names.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CoherenceReport {
    /// Pairs with a vote.
    pub pairs: usize,
    /// Pairs whose majority goes against the strengths.
    pub against_strengths: usize,
    /// Triads with three decided pairs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub triads: Option<u64>,
    /// Circular ones among them; by chance a quarter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cyclic_triads: Option<u64>,
    /// Kendall's coefficient of consistence, where every pair is decided.
    pub zeta: Option<f64>,
    /// The surest circles: each item is preferred to the next, the last to the first.
    pub cycles: Vec<CycleReport>,
    /// Pairs decided in both orders.
    pub pairs_in_both_orders: usize,
    /// Those whose winner changes with the order.
    pub order_reversals: usize,
    /// Share of decided votes for the item shown first.
    pub first_share: Option<ShareReport>,
}

/// A circle.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CycleReport {
    /// Its items.
    pub items: [String; 3],
    /// The smallest share by which one of its pairs was won.
    pub least_share: f64,
}

/// A share of votes.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ShareReport {
    /// The share.
    pub value: f64,
    /// Its interval.
    pub ci: Option<[f64; 2]>,
    /// Against one half.
    pub p_value: Option<f64>,
    /// Votes that it is a share of.
    pub n: usize,
}

/// One voter.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct VoterReport {
    /// The name.
    pub voter: String,
    /// Votes of positive weight.
    pub votes: usize,
    /// Share of ties.
    pub ties: f64,
    /// Share of decided votes that go with the strengths, which the voter's own votes are part of.
    pub agreement: Option<f64>,
    /// Votes on a pair voted on before, and how many of them were the same.
    pub repeats: usize,
    /// Same outcome as before.
    pub repeated_alike: usize,
    /// Decided triads.
    pub triads: u64,
    /// Circular ones among them.
    pub cyclic_triads: u64,
    /// Share of decided votes for the item shown first.
    pub first_share: Option<f64>,
}

/// Ranks the items of a table of votes.
///
/// # Errors
/// [`StatsError`] where an order effect or a tie parameter cannot be estimated, or the bootstrap mostly has no
/// strengths. Separated votes are no error but a report of status `separated`.
pub fn rank(table: &VoteTable, settings: &RankSettings) -> Result<RankReport, StatsError> {
    let model = settings.strengths.model.name();
    let votes = table
        .votes
        .all()
        .iter()
        .filter(|vote| vote.weight > 0.0)
        .count();
    let mut report = RankReport {
        status: Status::Ranked,
        model,
        convention: None,
        interval_method: None,
        level: DEFAULT_LEVEL,
        votes,
        items: Vec::new(),
        groups: None,
        log_likelihood: None,
        order_effect: None,
        covariates: Vec::new(),
        tie_parameter: None,
        coherence: None,
        voters: Vec::new(),
        notes: Vec::new(),
    };
    match fit_strengths(&table.votes, &settings.strengths) {
        Ok(strengths) => fill(&mut report, table, settings, &strengths)?,
        Err(StrengthsError::Separated(separation)) => separate(&mut report, table, &separation),
        Err(StrengthsError::Stats(error)) => return Err(error),
    }
    if let Some(voters) = &table.voters
        && voters.names.len() == 1
    {
        report.notes.push(format!(
            "all votes are by `{}`: how far voters differ cannot be estimated, and intervals speak of this voter only",
            voters.names[0]
        ));
    }
    Ok(report)
}

fn fill(
    report: &mut RankReport,
    table: &VoteTable,
    settings: &RankSettings,
    strengths: &Strengths,
) -> Result<(), StatsError> {
    let intervals = intervals(report, table, settings, strengths)?;
    report.convention = Some(strengths.convention.to_string());
    report.log_likelihood = Some(strengths.log_likelihood);
    let effect = |value: Option<f64>, of: fn(&StrengthIntervals) -> &Option<Interval>| {
        let interval = intervals.as_ref().and_then(|all| of(all).as_ref());
        value.map(|value| Effect {
            value,
            ci: interval.map(ends),
        })
    };
    report.order_effect = effect(strengths.order_effect, |all| &all.order_effect);
    report.tie_parameter = effect(strengths.tie_parameter, |all| &all.tie_parameter);
    let effects = table.covariates.iter().zip(&strengths.covariates);
    report.covariates = (effects.enumerate())
        .map(|(at, (name, value))| CovariateEffect {
            name: name.clone(),
            value: *value,
            ci: (intervals.as_ref()).and_then(|all| all.covariates.get(at).map(ends)),
        })
        .collect();
    let ranks = strengths.ranks();
    report.items = (table.items.iter().enumerate())
        .map(|(at, item)| RankedItem {
            item: item.clone(),
            strength: strengths.values[at],
            ci: intervals.as_ref().map(|all| ends(&all.values[at])),
            rank: ranks[at],
            rank_ci: intervals.as_ref().map(|all| {
                let RankRange { best, worst } = all.ranks[at];
                [best, worst]
            }),
        })
        .collect();
    // Items come sorted by name, which a stable sort keeps within a place.
    report.items.sort_by_key(|item| item.rank);
    report.coherence = Some(named(
        &coherence(&table.votes, strengths, MOST_CYCLES)?,
        &table.items,
    ));
    if let Some(voters) = &table.voters {
        let found = voter_consistency(&table.votes, &voters.of, voters.names.len(), strengths)?;
        report.voters = (voters.names.iter().zip(found))
            .map(|(name, voter)| VoterReport {
                voter: name.clone(),
                votes: voter.votes,
                ties: voter.ties,
                agreement: voter.agreement,
                repeats: voter.repeats,
                repeated_alike: voter.repeated_alike,
                triads: voter.triads,
                cyclic_triads: voter.cyclic,
                first_share: voter.first_share,
            })
            .collect();
    }
    Ok(())
}

/// The intervals, or a note that says why there are none.
fn intervals(
    report: &mut RankReport,
    table: &VoteTable,
    settings: &RankSettings,
    strengths: &Strengths,
) -> Result<Option<StrengthIntervals>, StatsError> {
    let found = match &settings.interval {
        IntervalKind::Bootstrap(plan) => bootstrap_intervals(
            &table.votes,
            &settings.strengths,
            strengths,
            DEFAULT_LEVEL,
            plan,
        )
        .map(Some)?,
        IntervalKind::Posterior => Some(by_posterior(table, &settings.strengths)?),
        IntervalKind::Sandwich if table.items.len() > MOST_SANDWICH_ITEMS => {
            report.notes.push(format!(
                "no intervals: the sandwich is for at most {MOST_SANDWICH_ITEMS} items; ask for bootstrap resamples"
            ));
            None
        }
        IntervalKind::Sandwich => {
            let weights = table.votes.all().iter().map(|vote| vote.weight);
            let sandwich = Sandwich {
                damping: settings.damping * weights.sum::<f64>(),
                ..Sandwich::default()
            };
            match sandwich_intervals(&table.votes, &settings.strengths, strengths, &sandwich) {
                Ok(intervals) => Some(intervals),
                Err(error) => {
                    report.notes.push(format!("no intervals: {error}"));
                    None
                }
            }
        }
    };
    let method = found.as_ref().and_then(|all| all.values.first());
    report.interval_method = method.map(|interval| interval.method.to_string());
    Ok(found)
}

fn by_posterior(
    table: &VoteTable,
    settings: &StrengthSettings,
) -> Result<StrengthIntervals, StatsError> {
    let known = posterior(&table.votes, settings).map_err(|error| match error {
        StrengthsError::Stats(error) => error,
        StrengthsError::Separated(separation) => StatsError::Undefined {
            statistic: "posterior of strengths",
            reason: separation.to_string(),
        },
    })?;
    let mut effects = known.effects(DEFAULT_LEVEL)?.into_iter();
    Ok(StrengthIntervals {
        values: known.intervals(DEFAULT_LEVEL)?,
        ranks: known.places(DEFAULT_LEVEL)?,
        order_effect: if settings.order_effect {
            effects.next()
        } else {
            None
        },
        covariates: effects.collect(),
        tie_parameter: None,
    })
}

fn separate(report: &mut RankReport, table: &VoteTable, separation: &Separation) {
    report.status = Status::Separated;
    let name = |item: &usize| table.items[*item].clone();
    let groups = separation.groups.iter();
    report.groups = Some(
        groups
            .map(|group| group.iter().map(name).collect())
            .collect(),
    );
    report.notes.push(format!(
        "{separation}: of two groups the one never lost to nor tied with the other, or they never met; \
         more votes between groups or a ridge give strengths"
    ));
}

pub(super) fn named(found: &Coherence, items: &[String]) -> CoherenceReport {
    let triads = found.triads.as_ref();
    let cycles = triads.map_or(&[][..], |triads| &triads.cycles).iter();
    CoherenceReport {
        pairs: found.pairs,
        against_strengths: found.against_strengths,
        triads: triads.map(|triads| triads.decided),
        cyclic_triads: triads.map(|triads| triads.cyclic),
        zeta: triads.and_then(|triads| triads.zeta),
        cycles: cycles
            .map(|cycle| CycleReport {
                items: cycle.items.map(|item| items[item].clone()),
                least_share: cycle.least_share,
            })
            .collect(),
        pairs_in_both_orders: found.in_both_orders,
        order_reversals: found.order_reversals,
        first_share: found.first_share.as_ref().map(share),
    }
}

fn share(estimate: &Estimate) -> ShareReport {
    ShareReport {
        value: estimate.value,
        ci: estimate.interval.as_ref().map(ends),
        p_value: estimate.p_value,
        n: estimate.n,
    }
}

pub(super) fn ends(interval: &Interval) -> [f64; 2] {
    [interval.low, interval.high]
}
