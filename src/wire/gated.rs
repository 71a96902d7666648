//! A gate's decision in JSON.

use serde::Serialize;

use super::{ProvenanceJson, ScoreResult};
use crate::engine::Gated;
use crate::gate::{Decision, Picked, Policy, Row, Saving, pick};
use crate::judging::Better;

/// The rules that were followed.
#[derive(Debug, Clone, Serialize)]
pub struct PolicyJson {
    /// Name of the policy.
    pub id: String,
    /// Its version.
    pub version: String,
    /// Digest of its file.
    pub digest: String,
}

impl From<&Policy> for PolicyJson {
    fn from(policy: &Policy) -> Self {
        PolicyJson {
            id: policy.id.clone(),
            version: policy.version.clone(),
            digest: policy.digest.to_string(),
        }
    }
}

/// What was decided over one image.
#[derive(Debug, Clone, Serialize)]
pub struct GateResult {
    /// Name of the image.
    pub image: String,
    /// The rules that were followed.
    pub policy: PolicyJson,
    /// The decision.
    #[serde(flatten)]
    pub decision: Decision,
    /// Questions that were asked.
    pub questions: u64,
    /// What asking the cheap judges first saved.
    pub saving: Saving,
    /// Where every score comes from.
    pub provenance: Vec<ProvenanceJson>,
}

impl GateResult {
    /// The decision over the image of this name.
    pub fn new(image: String, policy: &PolicyJson, gated: &Gated) -> Self {
        GateResult {
            image,
            policy: policy.clone(),
            decision: gated.decision.clone(),
            questions: gated.questions,
            saving: gated.saving,
            provenance: gated
                .judged
                .iter()
                .map(|judged| ProvenanceJson::from(&judged.provenance))
                .collect(),
        }
    }
}

/// The best of several images, with the results of all.
#[derive(Debug, Clone, Serialize)]
pub struct BestOfResult {
    /// Which it is, and by how much.
    #[serde(flatten)]
    pub picked: Picked,
    /// The images in order.
    pub results: Vec<ScoreResult>,
}

impl BestOfResult {
    /// Picks by scores; an image without one is never picked.
    pub fn new(results: Vec<ScoreResult>, better: Better) -> Self {
        let row = |result: &ScoreResult| Row {
            group: String::new(),
            id: result.image.clone(),
            system: None,
            score: result.score,
            human: None,
        };
        let rows: Vec<Row> = results.iter().map(row).collect();
        let picked = pick(&rows, better == Better::Higher);
        let picked = picked.into_iter().next().unwrap_or_default();
        BestOfResult { picked, results }
    }
}
