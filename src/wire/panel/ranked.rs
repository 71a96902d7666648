//! A ranking by a panel, in JSON.

use serde::Serialize;

use super::{PanelJson, SeatJson, Weighing};
use crate::engine::panel::{MemberRun, Panel, PanelRanked, PanelScored};
use crate::judging::panel::Jury;
use crate::ranking::{
    JudgedSettings, MemberReport, MemberVotes, agreement, by_crowd, by_raw_scores, members_of,
};
use crate::wire::ranking::no_model;
use crate::wire::{NotRanked, ProvenanceJson, Ranking};

/// A ranking and the panel that made it.
#[derive(Debug, Serialize)]
pub struct PanelRankReply {
    /// The panel.
    pub panel: RankedPanelJson,
    /// The ranking.
    #[serde(flatten)]
    pub ranking: Ranking,
}

/// A panel, with what each member did in a ranking.
#[derive(Debug, Serialize)]
pub struct RankedPanelJson {
    /// `mean`, `reliability` or `joint`.
    pub jury: &'static str,
    /// How many members of positive weight have to answer.
    pub quorum: usize,
    /// What of the members was averaged: `opinions`, `scores` or `probabilities`; absent for `joint`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pooled: Option<&'static str>,
    /// The members, in order.
    pub members: Vec<RankedMemberJson>,
}

/// A member, and what it did in a ranking.
#[derive(Debug, Serialize)]
pub struct RankedMemberJson {
    /// Name and weight.
    #[serde(flatten)]
    pub seat: SeatJson,
    /// How consistent its comparisons are; absent in a ranking by scores.
    #[serde(flatten)]
    pub consistency: Option<MemberReport>,
    /// Kendall's tau-b of its scores with the panel's; absent in a ranking by pairs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tau: Option<f64>,
    /// Images or comparisons in which it was missing.
    pub missing: u64,
    /// Why it was missing the first time: a stable code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<&'static str>,
    /// The same in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// Questions that reached its backend; what was remembered costs none.
    pub questions: u64,
    /// Where its answers come from; absent where it could not be asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provenance: Option<ProvenanceJson>,
}

impl PanelRankReply {
    /// The ranking of the images of these names, in the order in which they were ranked.
    ///
    /// # Errors
    /// Nothing that could be ranked, or settings that these results do not bear.
    pub fn new(
        names: &[String],
        panel: &Panel,
        weighing: &Weighing,
        ranked: PanelRanked,
        settings: &JudgedSettings,
    ) -> Result<Self, NotRanked> {
        let told = PanelJson::new(panel, weighing);
        match ranked {
            PanelRanked::Scores(scored) => {
                by_score(names, panel, told, weighing, &scored, settings)
            }
            PanelRanked::Pairs(plan, run, members) => {
                let run = run.map_err(NotRanked::Unscored)?;
                let votes = panel.rule().names().iter().zip(&members);
                let votes: Vec<MemberVotes<'_>> = votes
                    .map(|(name, member)| MemberVotes {
                        name,
                        compared: &member.compared,
                    })
                    .collect();
                let method = plan.pairs.name();
                let found = match weighing.jury {
                    Jury::Joint if !settings.is_crowd() => return Err(model_of_a_crowd()),
                    Jury::Joint => {
                        let ridge = settings.ridge.unwrap_or(plan.ridge);
                        by_crowd(names, &run, method, ridge, &votes)
                    }
                    Jury::Mean | Jury::Reliability => {
                        members_of(names, &run, method, plan.ridge, settings, &votes)
                    }
                };
                let found = found.map_err(|error| NotRanked::NoStrengths(error.to_string()))?;
                let reports = found.members.into_iter().zip(members);
                let members = told.members.into_iter().zip(reports);
                Ok(PanelRankReply {
                    panel: RankedPanelJson {
                        jury: told.jury,
                        quorum: told.quorum,
                        pooled: (weighing.jury != Jury::Joint).then_some("probabilities"),
                        members: members
                            .map(|(seat, (report, run))| compared(seat, report, run))
                            .collect(),
                    },
                    ranking: Ranking::Compared(Box::new(found.ranking)),
                })
            }
        }
    }
}

fn compared(seat: SeatJson, report: MemberReport, run: MemberRun) -> RankedMemberJson {
    RankedMemberJson {
        seat,
        consistency: Some(report),
        tau: None,
        missing: run.missing,
        reason: (run.first_failure.as_ref()).map(|unscored| unscored.reason.code()),
        detail: run.first_failure.map(|unscored| unscored.detail),
        questions: run.questions,
        provenance: run.provenance.as_ref().map(ProvenanceJson::from),
    }
}

fn model_of_a_crowd() -> NotRanked {
    NotRanked::NoStrengths(
        "a joint estimate has bradley-terry strengths and the intervals of its posterior; take `mean` or `reliability` for another model"
            .to_owned(),
    )
}

fn by_score(
    names: &[String],
    panel: &Panel,
    told: PanelJson,
    weighing: &Weighing,
    scored: &[PanelScored],
    settings: &JudgedSettings,
) -> Result<PanelRankReply, NotRanked> {
    if !settings.is_default() {
        return Err(no_model("scores"));
    }
    if weighing.jury == Jury::Joint {
        let detail = "a joint estimate is made of comparisons; rank by pairs for it";
        return Err(NotRanked::NoStrengths(detail.to_owned()));
    }
    let scores = scored.iter().map(|one| {
        let pooled = one.outcome.as_ref().map_err(Clone::clone)?;
        Ok((pooled.score, None))
    });
    let scores: Vec<_> = scores.collect();
    let scale = panel.scale().ok();
    let members = told.members.into_iter().enumerate().map(|(at, seat)| {
        let said = || scored.iter().filter_map(|one| one.members.get(at));
        let failures = said().filter_map(|said| said.outcome.as_ref().err());
        let first_failure = failures.clone().next();
        let pairs = scored.iter().filter_map(|one| {
            let pooled = one.outcome.as_ref().ok()?;
            Some((pooled.placed[at]?, pooled.score.value()))
        });
        RankedMemberJson {
            seat,
            consistency: None,
            tau: agreement(&pairs.collect::<Vec<_>>()),
            missing: failures.count() as u64,
            reason: first_failure.map(|unscored| unscored.reason.code()),
            detail: first_failure.map(|unscored| unscored.detail.clone()),
            questions: said().map(|said| said.questions).sum(),
            provenance: (said().find_map(|said| said.provenance.as_ref()))
                .map(ProvenanceJson::from),
        }
    });
    Ok(PanelRankReply {
        panel: RankedPanelJson {
            jury: told.jury,
            quorum: told.quorum,
            pooled: scale.map(|scale| scale.pooled_by().name()),
            members: members.collect(),
        },
        ranking: Ranking::Scores(by_raw_scores(names, &scores)),
    })
}
