//! Several judges as one: every member is asked at once, and what they say is put together by a stated rule.
//!
//! A member that fails is missing from the result, with its reason; the panel goes on while its quorum holds.

mod counted;
mod ranking;

use std::collections::BTreeMap;

use futures::future::join_all;

use super::{BindError, Engine, Judge, JudgedPair, Judges, RunLimits};
use crate::judging::panel::{
    PanelRule, PanelScale, PooledComparison, PooledScore, pool_comparisons, pool_scores,
};
use crate::judging::protocol::OpinionRule;
use crate::judging::{Provenance, Readout, Reason, Subject, Unscored, Verdict, WordError};
use counted::counted;

pub use ranking::{MemberRun, PanelRanked};

/// Most members of a panel.
pub const MOST_MEMBERS: usize = 32;

/// The judges that sit on a panel, before it is known how each counts.
#[derive(Debug, Clone)]
pub struct Bench {
    names: Vec<String>,
    judges: Vec<Judge>,
}

/// A panel: judges, the weight of each, and its quorum.
#[derive(Debug, Clone)]
pub struct Panel {
    judges: Vec<Judge>,
    rule: PanelRule,
    read_as: Vec<Option<Readout>>,
}

/// Why there is no such panel.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum PanelError {
    /// A member cannot be found, or does not do what the panel is asked for.
    #[error(transparent)]
    Bind(#[from] BindError),
    /// One judge under two names.
    #[error("`{first}` and `{second}` are one judge; a judge has one seat")]
    SameJudge {
        /// The first name.
        first: String,
        /// The second.
        second: String,
    },
    /// Members, weights or quorum that make no panel.
    #[error("{0}")]
    Rule(#[from] WordError),
}

impl Bench {
    /// The judges of these names, each `id` or `id@backend`.
    ///
    /// # Errors
    /// No name, more than [`MOST_MEMBERS`], an unknown judge or backend, a judge twice.
    pub fn seat(judges: &Judges, names: &[String]) -> Result<Self, PanelError> {
        if names.len() > MOST_MEMBERS {
            let given = names.len();
            let detail = format!("{given} judges; a panel has at most {MOST_MEMBERS}");
            return Err(PanelError::Rule(WordError::new(detail)));
        }
        // No name and equal names are refused as every rule refuses them.
        PanelRule::new(names.to_vec(), &vec![1.0; names.len()], None)?;
        let found = names.iter().map(|name| judges.find(name));
        let bench = Bench {
            names: names.to_vec(),
            judges: found.collect::<Result<_, _>>()?,
        };
        let seats: Vec<_> = bench.judges.iter().map(seat).collect();
        for (at, seat) in seats.iter().enumerate() {
            if let Some(before) = seats[..at].iter().position(|one| one == seat) {
                return Err(PanelError::SameJudge {
                    first: names[before].clone(),
                    second: names[at].clone(),
                });
            }
        }
        Ok(bench)
    }

    /// Names of the members, as they were given.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The judges, in the same order.
    pub fn judges(&self) -> &[Judge] {
        &self.judges
    }

    /// Where verdicts of each member come from; none for a member that cannot be asked now.
    pub fn provenances(&self) -> Vec<Option<Provenance>> {
        self.judges.iter().map(provenance).collect()
    }

    /// Weights by name, in the order of the members.
    ///
    /// # Errors
    /// A member without a weight, or a weight of a judge that does not sit on the panel.
    pub fn weights_of(&self, given: &BTreeMap<String, f64>) -> Result<Vec<f64>, PanelError> {
        let rule = |detail| PanelError::Rule(WordError::new(detail));
        if let Some(other) = given.keys().find(|name| !self.names.contains(name)) {
            let names = self.names.join("`, `");
            return Err(rule(format!(
                "a weight for `{other}`, which does not sit on the panel; its members are `{names}`"
            )));
        }
        let weight = |name: &String| {
            let weight = given.get(name).copied();
            weight.ok_or_else(|| rule(format!("`{name}` has no weight; each member has one")))
        };
        self.names.iter().map(weight).collect()
    }

    /// The panel in which each member counts by its weight.
    ///
    /// # Errors
    /// As [`PanelRule::new`].
    pub fn weighed(self, weights: &[f64], quorum: Option<usize>) -> Result<Panel, PanelError> {
        let rule = PanelRule::new(self.names, weights, quorum)?;
        Ok(Panel {
            read_as: vec![None; self.judges.len()],
            judges: self.judges,
            rule,
        })
    }
}

/// Card and backend: what makes two names one judge. A backend that cannot be asked has no name here.
fn seat(judge: &Judge) -> (String, Option<String>) {
    let backend = judge.backend().ok();
    let backend = backend.map(|backend| backend.id().name.clone());
    (judge.card.id.clone(), backend)
}

fn provenance(judge: &Judge) -> Option<Provenance> {
    let backend = judge.backend().ok()?;
    Some(judge.provenance(backend.as_ref(), None))
}

/// What one member said.
#[derive(Debug, Clone, PartialEq)]
pub struct Said<T> {
    /// Where it comes from; none where the member could not be asked.
    pub provenance: Option<Provenance>,
    /// What it said, or why it is missing.
    pub outcome: Result<T, Unscored>,
    /// Questions that reached its backend.
    pub questions: u64,
}

/// A subject as a panel scored it.
#[derive(Debug, Clone, PartialEq)]
pub struct PanelScored {
    /// Every member, in order.
    pub members: Vec<Said<Verdict>>,
    /// What they come to.
    pub outcome: Result<PooledScore, Unscored>,
}

/// A pair as a panel compared it.
#[derive(Debug, Clone, PartialEq)]
pub struct PanelCompared {
    /// Every member, in order.
    pub members: Vec<(Said<JudgedPair>, Option<bool>)>,
    /// What they come to.
    pub outcome: Result<PooledComparison, Unscored>,
}

impl Panel {
    /// The same, whose weights hold for members that are read in this way only; one that is read otherwise is missing.
    #[must_use]
    pub fn reading_as(mut self, read_as: Vec<Option<Readout>>) -> Self {
        self.read_as = read_as;
        self
    }

    /// The members' names, weights and quorum.
    pub fn rule(&self) -> &PanelRule {
        &self.rule
    }

    /// The judges, in the order of the rule.
    pub fn judges(&self) -> &[Judge] {
        &self.judges
    }

    /// The scale on which the members' scores meet.
    ///
    /// # Errors
    /// A member that compares and does not score.
    pub fn scale(&self) -> Result<PanelScale, PanelError> {
        let scales = self.judges.iter().map(|judge| {
            let recipe = &judge.card.recipe;
            let scale = recipe
                .scale()
                .ok_or_else(|| judge.wrong_protocol("score"))?;
            Ok((scale, recipe.levels()))
        });
        let scales = scales.collect::<Result<Vec<_>, BindError>>()?;
        Ok(PanelScale::of(&scales)?)
    }

    /// The score of a subject that could not be asked about at all.
    pub fn unasked(&self, unscored: &Unscored) -> PanelScored {
        let member = |judge: &Judge| Said {
            provenance: provenance(judge),
            outcome: Err(unscored.clone()),
            questions: 0,
        };
        PanelScored {
            members: self.judges.iter().map(member).collect(),
            outcome: Err(unscored.clone()),
        }
    }

    /// The comparison of a pair of which an image never arrived whole.
    pub fn unasked_pair(&self, unscored: &Unscored) -> PanelCompared {
        let member = |judge: &Judge| Said {
            provenance: provenance(judge),
            outcome: Err(unscored.clone()),
            questions: 0,
        };
        PanelCompared {
            members: (self.judges.iter())
                .map(|judge| (member(judge), None))
                .collect(),
            outcome: Err(unscored.clone()),
        }
    }

    /// Members that the backend of each works on at once, all together as many as the widest.
    fn at_once(&self) -> usize {
        let widths = self.judges.iter().filter_map(|judge| judge.backend().ok());
        let widest = widths.map(|backend| backend.abilities().concurrency).max();
        widest.unwrap_or(1).max(1)
    }

    fn read_rightly(&self, at: usize, readout: Readout) -> Result<(), Unscored> {
        match self.read_as[at] {
            Some(wanted) if wanted != readout => Err(Unscored::new(
                Reason::NotApplicable,
                format!(
                    "its weight was found with readout `{}`, and this was read by `{}`",
                    wanted.name(),
                    readout.name()
                ),
            )),
            Some(_) | None => Ok(()),
        }
    }
}

/// A member that cannot be asked now is missing; a fault of the request is one for all.
fn missing<T>(error: BindError) -> Result<Result<T, Unscored>, BindError> {
    match &error {
        BindError::Unavailable { .. } => Ok(Err(Unscored::new(Reason::Backend, error.to_string()))),
        BindError::UnknownJudge { .. }
        | BindError::UnknownBackend { .. }
        | BindError::WrongProtocol { .. }
        | BindError::Unfit { .. } => Err(error),
    }
}

impl Engine {
    /// Scores one subject with every member of a panel.
    ///
    /// # Errors
    /// A member that does not score, or that lacks what its question shows.
    pub async fn panel_score(
        &self,
        panel: &Panel,
        subject: &Subject,
        limits: &RunLimits,
    ) -> Result<PanelScored, PanelError> {
        let scale = panel.scale()?;
        let asked = (panel.judges.iter().enumerate()).map(|(at, judge)| async move {
            let (judge, tally) = counted(judge);
            let (provenance, outcome) = match self.score(&judge, subject.clone(), limits).await {
                Ok(judged) => (Some(judged.provenance), judged.outcome),
                Err(error) => (None, missing(error)?),
            };
            let outcome = outcome.and_then(|verdict: Verdict| {
                panel.read_rightly(at, verdict.readout)?;
                Ok(verdict)
            });
            Ok(Said {
                provenance,
                outcome,
                questions: tally.asked(),
            })
        });
        let members = join_all(asked).await;
        let members = members.into_iter().collect::<Result<Vec<_>, BindError>>()?;
        let verdicts: Vec<_> = members.iter().map(|one| one.outcome.clone()).collect();
        Ok(PanelScored {
            outcome: pool_scores(&panel.rule, &scale, &verdicts),
            members,
        })
    }

    /// Compares the two images of `pair` with every member of a panel.
    ///
    /// # Errors
    /// A member that lacks what its question shows.
    pub async fn panel_compare(
        &self,
        panel: &Panel,
        pair: &Subject,
        rule: OpinionRule,
        limits: &RunLimits,
    ) -> Result<PanelCompared, PanelError> {
        let asked = panel.judges.iter().map(|judge| async move {
            let (judge, tally) = counted(judge);
            let (provenance, outcome) = match self.compare(&judge, pair.clone(), rule, limits).await
            {
                Ok(judged) => {
                    let provenance = judged.provenance.clone();
                    let failure = judged.outcome.as_ref().err().cloned();
                    (Some(provenance), failure.map_or(Ok(judged), Err))
                }
                Err(error) => (None, missing(error)?),
            };
            Ok(Said {
                provenance,
                outcome,
                questions: tally.asked(),
            })
        });
        let said = join_all(asked).await;
        let said = said.into_iter().collect::<Result<Vec<_>, BindError>>()?;
        let compared: Vec<_> = (said.iter().enumerate())
            .map(|(at, one)| {
                let judged = one.outcome.clone()?;
                let compared = judged.outcome?;
                if !judged.same_image {
                    panel.read_rightly(at, compared.readout)?;
                }
                Ok(compared)
            })
            .collect();
        let outcome = pool_comparisons(&panel.rule, &compared);
        let agrees = |at: usize| outcome.as_ref().ok()?.agrees[at];
        Ok(PanelCompared {
            members: (said.into_iter().enumerate())
                .map(|(at, one)| (one, agrees(at)))
                .collect(),
            outcome,
        })
    }
}
