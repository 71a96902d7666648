//! A ranking by a panel of judges: the panel's own, and how consistent each member was.

use std::collections::BTreeMap;

use serde::Serialize;

use super::judged::{
    ComparedRanking, MeasuredEffect, NoRanking, RankCost, by_comparisons, order_effect, table_of,
};
use super::report::{MOST_CYCLES, RankReport, RankedItem, ends, named};
use super::settings::JudgedSettings;
use crate::judging::protocol::{Compared, RankRun};
use crate::stats::jury::{Crowd, CrowdIntervals, CrowdSettings, crowd_intervals, crowd_strengths};
use crate::stats::strengths::{Outcome, Vote, Votes, coherence, triads};
use crate::stats::{DEFAULT_LEVEL, PairedSample, StatsError, kendall_tau_b};

/// What one member said of pairs, by place.
#[derive(Debug, Clone, Copy)]
pub struct MemberVotes<'a> {
    /// Its name.
    pub name: &'a str,
    /// Pairs, the item shown first in the straight order first, and what it said of them.
    pub compared: &'a [((u32, u32), Compared)],
}

/// How consistent a member was, with itself and with the panel.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MemberReport {
    /// Comparisons that it made.
    pub comparisons: usize,
    /// Share of those it decided that go with the panel's ranking, which its own are part of.
    pub agreement: Option<f64>,
    /// Triads with three decided pairs.
    pub triads: u64,
    /// Circular ones among them; by chance a quarter.
    pub cyclic_triads: u64,
    /// Kendall's coefficient of consistence, where it decided every pair.
    pub zeta: Option<f64>,
    /// What being shown first adds for it, in log-odds; absent where it was shown nothing in pairs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order_effect: Option<MeasuredEffect>,
    /// Comparisons whose two orders prefer different items.
    pub disagreements: usize,
    /// Probability that a vote of it is meant as it is given; absent unless estimated together with the strengths.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reliability: Option<Reliability>,
}

/// How far a member's votes can be relied on.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Reliability {
    /// 1 for a member that votes by the strengths, one half for one that draws lots.
    pub value: f64,
    /// Its interval.
    pub ci: Option<[f64; 2]>,
    /// What a vote of it on two equal items tells, beside one of a fully reliable member: (2 value - 1)^2.
    pub weight: f64,
}

/// A ranking by a panel.
#[derive(Debug, Clone, Serialize)]
pub struct PanelRanking {
    /// The ranking.
    #[serde(flatten)]
    pub ranking: ComparedRanking,
    /// Every member, in order.
    #[serde(skip)]
    pub members: Vec<MemberReport>,
}

/// The ranking that the panel's comparisons give, as if they were one judge's.
///
/// # Errors
/// As [`by_comparisons`].
pub fn members_of(
    names: &[String],
    run: &RankRun,
    method: &'static str,
    ridge: f64,
    settings: &JudgedSettings,
    members: &[MemberVotes<'_>],
) -> Result<PanelRanking, NoRanking> {
    let ranking = by_comparisons(names, run, method, ridge, settings)?;
    let reports = members
        .iter()
        .map(|member| of_member(names, &ranking.report, member));
    Ok(PanelRanking {
        members: reports.collect(),
        ranking,
    })
}

/// The ranking under strengths and reliabilities that are estimated together from the members' votes.
///
/// What chose the pairs, and what `coherence` speaks of, are the panel's comparisons with members weighing as the
/// run had them; the strengths rest on each member's own.
///
/// # Errors
/// No comparison at all, or an estimate that does not come to its end.
pub fn by_crowd(
    names: &[String],
    run: &RankRun,
    method: &'static str,
    ridge: f64,
    members: &[MemberVotes<'_>],
) -> Result<PanelRanking, NoRanking> {
    let own = |(judge, member): (u32, &MemberVotes<'_>)| -> Vec<(Vote, u32)> {
        votes(member)
            .into_iter()
            .map(|vote| (vote, judge))
            .collect()
    };
    let (votes, judge_of): (Vec<Vote>, Vec<u32>) = (0..).zip(members).flat_map(own).unzip();
    let table = table_of(names, votes)?;
    let settings = CrowdSettings {
        ridge,
        ..CrowdSettings::default()
    };
    let crowd =
        crowd_strengths(&table.votes, &judge_of, members.len(), &settings).map_err(|error| {
            StatsError::Undefined {
                statistic: "crowd strengths",
                reason: error.to_string(),
            }
        })?;
    let intervals = crowd_intervals(&table.votes, &judge_of, &crowd, &settings, DEFAULT_LEVEL);
    // The ranking as of one judge has the coherence of the panel's comparisons and what they cost.
    let mut ranking = by_comparisons(names, run, method, ridge, &JudgedSettings::default())?;
    let pooled = table_of(names, run.votes.clone())?;
    let found = coherence(&pooled.votes, &crowd.strengths, MOST_CYCLES)?;
    ranking.report.coherence = Some(named(&found, &pooled.items));
    ranking.cost = RankCost::new(names, run, method);
    fill(
        &mut ranking.report,
        &table.items,
        &crowd,
        &settings,
        &intervals,
    );
    let reports = members.iter().enumerate().map(|(at, member)| {
        let found = &crowd.members[at];
        let interval = intervals
            .as_ref()
            .ok()
            .map(|all| ends(&all.reliabilities[at]));
        MemberReport {
            reliability: Some(Reliability {
                value: found.reliability,
                ci: interval,
                weight: found.weight,
            }),
            ..of_member(names, &ranking.report, member)
        }
    });
    Ok(PanelRanking {
        members: reports.collect(),
        ranking,
    })
}

fn fill(
    report: &mut RankReport,
    items: &[String],
    crowd: &Crowd,
    settings: &CrowdSettings,
    intervals: &Result<CrowdIntervals, StatsError>,
) {
    let ranks = crowd.strengths.ranks();
    let intervals = intervals.as_ref().map_err(|error| {
        report.notes.push(format!("no intervals: {error}"));
    });
    report.model = "crowd-bradley-terry";
    report.convention = Some(format!(
        "{}; members' votes are meant as given with the probability of their reliability, after {} votes in earnest to {} reversed",
        crowd.strengths.convention, settings.earnest, settings.reversed
    ));
    report.votes = crowd.members.iter().map(|member| member.votes).sum();
    report.log_likelihood = None;
    report.interval_method =
        (intervals.as_ref().ok()).and_then(|all| Some(all.values.first()?.method.to_string()));
    report.items = (items.iter().enumerate())
        .map(|(at, item)| RankedItem {
            item: item.clone(),
            strength: crowd.strengths.values[at],
            ci: intervals.as_ref().ok().map(|all| ends(&all.values[at])),
            rank: ranks[at],
            rank_ci: intervals.as_ref().ok().map(|all| {
                let range = all.ranks[at];
                [range.best, range.worst]
            }),
        })
        .collect();
    report.items.sort_by_key(|item| item.rank);
}

/// A member's comparisons as soft votes.
fn votes(member: &MemberVotes<'_>) -> Vec<Vote> {
    let vote = |((first, second), compared): &((u32, u32), Compared)| {
        let outcome = Outcome::Soft {
            first: compared.comparison.first(),
            second: compared.comparison.second(),
        };
        Vote::new(*first, *second, outcome)
    };
    member.compared.iter().map(vote).collect()
}

fn of_member(names: &[String], report: &RankReport, member: &MemberVotes<'_>) -> MemberReport {
    let by_name: BTreeMap<&str, f64> = (report.items.iter())
        .map(|item| (item.item.as_str(), item.strength))
        .collect();
    let strength = |item: u32| by_name.get(names[item as usize].as_str()).copied();
    let (mut decided, mut with) = (0_u32, 0_u32);
    for ((first, second), compared) in member.compared {
        let lead = compared.comparison.first() - compared.comparison.second();
        let (Some(one), Some(other)) = (strength(*first), strength(*second)) else {
            continue;
        };
        if lead.abs() > 0.0 {
            decided += 1;
            with += u32::from(lead * (one - other) > 0.0);
        }
    }
    let triads = Votes::new(names.len(), votes(member))
        .ok()
        .and_then(|votes| triads(&votes, 0));
    let effects = member.compared.iter();
    MemberReport {
        comparisons: member.compared.len(),
        agreement: (decided > 0).then(|| f64::from(with) / f64::from(decided)),
        triads: triads.as_ref().map_or(0, |triads| triads.decided),
        cyclic_triads: triads.as_ref().map_or(0, |triads| triads.cyclic),
        zeta: triads.and_then(|triads| triads.zeta),
        order_effect: order_effect(
            effects.filter_map(|(_, compared)| compared.comparison.order_effect()),
        ),
        disagreements: (member.compared.iter())
            .filter(|(_, compared)| compared.orders_disagree)
            .count(),
        reliability: None,
    }
}

/// Kendall's tau-b of two numbers of each item, where there is one.
pub fn agreement(pairs: &[(f64, f64)]) -> Option<f64> {
    let (own, panel): (Vec<f64>, Vec<f64>) = pairs.iter().copied().unzip();
    let sample = PairedSample::new(&own, &panel).ok()?;
    Some(kendall_tau_b(&sample).ok()?.value)
}
