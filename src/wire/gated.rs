//! A gate's decision in JSON.

use serde::Serialize;

use super::ProvenanceJson;
use crate::engine::Gated;
use crate::gate::{Decision, Policy, Saving};

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
