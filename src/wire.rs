//! The JSON that both faces speak, so that a file scored on the command line and an image scored over
//! HTTP give the same object.

use serde::{Serialize, Serializer};

use crate::engine::{BackendState, Judge, Judged};
use crate::judging::protocol::ScoreRecipe;
use crate::judging::{Provenance, Scale};

/// One image and what became of it.
#[derive(Debug, Clone, Serialize)]
pub struct ScoreResult {
    /// The image as its sender named it.
    pub image: String,
    /// The judge.
    pub judge: String,
    /// `scored` or `unscored`.
    pub status: &'static str,
    /// Expected worth on the scale; `null` when unscored.
    pub score: Option<f64>,
    /// The scale of `score` and `spread`.
    pub scale: ScaleJson,
    /// Probability of each level; `null` when unscored.
    pub opinion: Option<Shares>,
    /// Standard deviation of the worth under the opinion; `null` when unscored.
    pub spread: Option<f64>,
    /// Mass on the allowed answers; `null` when unscored, and where the readout cannot know it.
    pub coverage: Option<f64>,
    /// Why there is no score: a stable code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<&'static str>,
    /// The same in words, with what would have worked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// Where it comes from.
    pub provenance: ProvenanceJson,
}

/// A probability for each level, written as an object in the order of the card.
#[derive(Debug, Clone, PartialEq)]
pub struct Shares(pub Vec<(String, f64)>);

impl Serialize for Shares {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(level, share)| (level, share)))
    }
}

/// A scale.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct ScaleJson {
    /// Lower end.
    pub min: f64,
    /// Upper end.
    pub max: f64,
    /// `higher` or `lower`.
    pub better: &'static str,
}

/// Where a verdict comes from.
#[derive(Debug, Clone, Serialize)]
pub struct ProvenanceJson {
    /// Judge card.
    pub judge: String,
    /// Version of the card.
    pub version: String,
    /// Digest of the card as checked.
    pub card: String,
    /// Backend that answered.
    pub backend: String,
    /// Revision of the model behind it.
    pub model_revision: String,
    /// Name of the preprocessing with its numbers.
    pub preprocessing: String,
    /// Digest of the encoded image; `null` when it never arrived whole.
    pub image: Option<String>,
    /// Temperature of the softmax.
    pub temperature: f64,
    /// How the masses were read; absent when unscored.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub readout: Option<&'static str>,
}

/// One judge in a list.
#[derive(Debug, Clone, Serialize)]
pub struct JudgeJson {
    /// Name.
    pub id: String,
    /// Version of the card.
    pub version: String,
    /// One line on what it does.
    pub title: String,
    /// Name of the protocol.
    pub protocol: &'static str,
    /// Backend, `null` where the card names none.
    pub backend: Option<String>,
    /// Revision of the model, where the judge is ready.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model_revision: Option<String>,
    /// `ready`, `unavailable` or `unbound`.
    pub state: &'static str,
    /// What would make it ready.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
    /// Scale of its scores.
    pub scale: ScaleJson,
    /// Levels, in the order of the card.
    pub levels: Vec<String>,
    /// Name of the preprocessing with its numbers.
    pub preprocessing: String,
    /// Digest of the card.
    pub card: String,
    /// Where prompt, levels and temperature come from.
    pub source: String,
    /// Licence of weights and prompt.
    pub licence: String,
}

impl ScoreResult {
    /// The object for one judged image.
    pub fn new(image: impl Into<String>, recipe: &ScoreRecipe, judged: &Judged) -> Self {
        let mut result = ScoreResult {
            image: image.into(),
            judge: judged.provenance.judge.clone(),
            status: "unscored",
            score: None,
            scale: ScaleJson::from(recipe.levels.scale()),
            opinion: None,
            spread: None,
            coverage: None,
            reason: None,
            detail: None,
            provenance: ProvenanceJson::from(&judged.provenance),
        };
        match &judged.outcome {
            Ok(verdict) => {
                result.status = "scored";
                result.score = Some(verdict.score.value());
                let names = recipe.levels.options().names().map(str::to_owned);
                result.opinion = Some(Shares(
                    names
                        .zip(verdict.opinion.probabilities().iter().copied())
                        .collect(),
                ));
                result.spread = Some(verdict.spread);
                result.coverage = verdict.coverage.map(crate::judging::Coverage::value);
                result.provenance.readout = Some(verdict.readout.name());
            }
            Err(unscored) => {
                result.reason = Some(unscored.reason.code());
                result.detail = Some(unscored.detail.clone());
            }
        }
        result
    }

    /// Whether there is a score.
    pub fn is_scored(&self) -> bool {
        self.score.is_some()
    }
}

impl JudgeJson {
    /// The list entry of a judge.
    pub fn new(judge: &Judge) -> Self {
        let card = &judge.card;
        let (backend, model_revision, remedy) = match &judge.state {
            BackendState::Ready(backend) => (
                Some(backend.id().name.clone()),
                Some(backend.id().model_revision.clone()),
                None,
            ),
            BackendState::Unavailable { remedy } => {
                (Some("onnx".to_owned()), None, Some(remedy.clone()))
            }
            BackendState::Unbound => (
                None,
                None,
                Some(format!(
                    "ask for `{}@BACKEND` with a configured backend",
                    card.id
                )),
            ),
        };
        JudgeJson {
            id: card.id.clone(),
            version: card.version.clone(),
            title: card.title.clone(),
            protocol: card.protocol(),
            backend,
            model_revision,
            state: judge.state.name(),
            remedy,
            scale: ScaleJson::from(card.recipe.levels.scale()),
            levels: card
                .recipe
                .levels
                .options()
                .names()
                .map(str::to_owned)
                .collect(),
            preprocessing: judge.preprocessing(),
            card: card.digest.to_string(),
            source: card.source.clone(),
            licence: card.licence.clone(),
        }
    }
}

impl From<Scale> for ScaleJson {
    fn from(scale: Scale) -> Self {
        ScaleJson {
            min: scale.min(),
            max: scale.max(),
            better: scale.better().name(),
        }
    }
}

impl From<&Provenance> for ProvenanceJson {
    fn from(provenance: &Provenance) -> Self {
        ProvenanceJson {
            judge: provenance.judge.clone(),
            version: provenance.version.clone(),
            card: provenance.card.to_string(),
            backend: provenance.backend.clone(),
            model_revision: provenance.model_revision.clone(),
            preprocessing: provenance.preprocessing.clone(),
            image: provenance.image.map(|digest| digest.to_string()),
            temperature: provenance.temperature.value(),
            readout: None,
        }
    }
}
