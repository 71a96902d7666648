//! The best of several images in JSON.

use serde::Serialize;

use super::{JudgeJson, NotRanked, ProvenanceJson, Ranking, ScoreResult};
use crate::calibration::{ApplyError, Maps};
use crate::engine::{Candidate, PickPlan, PickRun};
use crate::gate::{Picked, Row, pick};
use crate::judging::Better;

/// The pick, with all that it rests on.
#[derive(Debug, Serialize)]
pub struct BestOfResult {
    /// Who scored, or who compared where nobody scored.
    pub judge: JudgeJson,
    /// Who compared, where another judge scored or the same one did both.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pair_judge: Option<JudgeJson>,
    /// `scores`, `pairs` or `both`.
    pub by: &'static str,
    /// The pick and the order of the others.
    #[serde(flatten)]
    pub picked: Picked,
    /// Candidates about which nobody was asked.
    pub tripped: Vec<TrippedJson>,
    /// What picking is worth by a calibration; absent unless one was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected: Option<ExpectedUplift>,
    /// Scores of all others.
    pub results: Vec<ScoreResult>,
    /// Where the comparisons come from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compared: Option<ProvenanceJson>,
}

/// A candidate about which nobody was asked.
#[derive(Debug, Serialize)]
pub struct TrippedJson {
    /// Its name.
    pub id: String,
    /// Code of the first wire.
    pub code: &'static str,
    /// In words.
    pub detail: String,
}

/// What a calibration map expects of a pick: an estimate of the map, not a measurement.
#[derive(Debug, Serialize)]
pub struct ExpectedUplift {
    /// What it expects people to say of the pick.
    pub picked: f64,
    /// The same of a candidate drawn by lot.
    pub random: f64,
    /// The first less the second, turned so that above 0 is better.
    pub uplift: f64,
    /// Where a label of the pick lies, with the coverage of the map.
    pub ci: Option<[f64; 2]>,
    /// File of the map.
    pub map: String,
}

/// Why there is no pick.
#[derive(Debug, thiserror::Error)]
pub enum NotPicked {
    /// The comparisons give no order.
    #[error(transparent)]
    Ranked(#[from] NotRanked),
    /// No map for this very judge.
    #[error(transparent)]
    Apply(#[from] ApplyError),
}

impl BestOfResult {
    /// What a run says of its candidates; `maps` where a calibration was asked for.
    ///
    /// # Errors
    /// [`NotPicked`].
    ///
    /// # Panics
    /// For a plan in which nobody judges: nobody makes one.
    pub fn new(
        plan: PickPlan<'_>,
        candidates: &[Candidate],
        run: PickRun,
        maps: Option<&Maps>,
    ) -> Result<Self, NotPicked> {
        let name = |place: usize| candidates[place].name.clone();
        let mut results = Vec::with_capacity(run.judged.len());
        if let Some(judge) = plan.scores {
            for (place, judged) in &run.judged {
                let result = ScoreResult::new(name(*place), &judge.card.recipe, judged);
                // Whoever scores has a scale.
                let Some(mut result) = result else { continue };
                if let Some(maps) = maps {
                    result.calibrate(judged, maps)?;
                }
                results.push(result);
            }
        }
        let mut picked = by_scores(plan, candidates, &run, &results);
        let mut compared = None;
        if let Some((places, provenance, ranked)) = run.compared {
            let names: Vec<String> = places.iter().map(|place| name(*place)).collect();
            let ranking = Ranking::new(&names, ranked)?;
            let strengths: Vec<(String, f64)> = ranking
                .items()
                .iter()
                .map(|item| (item.item.clone(), item.strength))
                .collect();
            picked = picked.by_strengths(&strengths);
            compared = Some(ProvenanceJson::from(&provenance));
        }
        let tripped = run.tripped.into_iter().filter_map(|(place, wires)| {
            let first = wires.into_iter().next()?;
            Some(TrippedJson {
                id: name(place),
                code: first.code,
                detail: first.detail,
            })
        });
        let who = plan.scores.or(plan.compares);
        Ok(BestOfResult {
            judge: JudgeJson::new(who.expect("a plan names a judge")),
            pair_judge: plan.scores.and(plan.compares).map(JudgeJson::new),
            by: match (plan.scores, plan.compares) {
                (Some(_), Some(_)) => "both",
                (None, Some(_)) => "pairs",
                (Some(_) | None, None) => "scores",
            },
            expected: picked
                .pick
                .as_deref()
                .and_then(|pick| expected(pick, &results)),
            picked,
            tripped: tripped.collect(),
            results,
            compared,
        })
    }
}

/// The candidates by score; without scores only their names.
fn by_scores(
    plan: PickPlan<'_>,
    candidates: &[Candidate],
    run: &PickRun,
    results: &[ScoreResult],
) -> Picked {
    let is_tripped = |at: usize| run.tripped.iter().any(|(place, _)| *place == at);
    let rows: Vec<Row> = candidates
        .iter()
        .enumerate()
        .filter(|(at, _)| !is_tripped(*at))
        .map(|(_, candidate)| Row {
            group: String::new(),
            id: candidate.name.clone(),
            system: None,
            score: results
                .iter()
                .find(|result| result.image == candidate.name)
                .and_then(|result| result.score),
            human: None,
        })
        .collect();
    let scale = plan.scores.and_then(|judge| judge.card.recipe.scale());
    let higher_is_better = scale.is_none_or(|scale| scale.better() == Better::Higher);
    let picked = pick(&rows, higher_is_better).into_iter().next();
    picked.unwrap_or_default()
}

/// What the map that calibrated the scores expects.
fn expected(pick: &str, results: &[ScoreResult]) -> Option<ExpectedUplift> {
    let calibrated = results
        .iter()
        .filter_map(|result| result.calibrated.as_ref());
    let all: Vec<f64> = calibrated.map(|calibrated| calibrated.score).collect();
    let picked = results.iter().find(|result| result.image == pick)?;
    let picked = picked.calibrated.as_ref()?;
    let random = all.iter().sum::<f64>() / all.len() as f64;
    let gain = picked.score - random;
    Some(ExpectedUplift {
        picked: picked.score,
        random,
        uplift: if picked.scale.better == Better::Lower.name() {
            -gain
        } else {
            gain
        },
        ci: picked.ci,
        map: picked.map.clone(),
    })
}
