//! The JSON that both faces speak, so that a file scored on the command line and an image scored over
//! HTTP give the same object.

mod best_of;
mod calibrated;
mod chosen;
mod evaluated;
mod evaluation;
mod explained;
mod gated;
mod pair;
mod panel;
mod ranking;
mod ties;

use serde::{Serialize, Serializer};

use crate::backend::Abilities;
use crate::card::Recipe;
use crate::engine::{BackendState, Judge, Judged};
use crate::judging::{Opinion, Provenance, Readout, Scale, ScoreInterval, Temperature};

pub use best_of::{BestOfResult, ExpectedUplift, NotPicked, TrippedJson};
pub use calibrated::CalibratedJson;
pub use chosen::{ChooseResult, ChosenJson, QuestionCost};
pub use evaluated::{AnswerJson, EvaluationResult, QuestionJson};
pub use evaluation::{EvaluateResult, StageJson, TokensJson, UsedJson};
pub use explained::Explanation;
pub use gated::{GateResult, PolicyJson};
pub use pair::{CompareResult, ComparedJson, PairReading};
pub use panel::{
    PanelChoice, PanelCompareResult, PanelFault, PanelJson, PanelRankReply, PanelRefusal,
    PanelScoreResult, RankedPanelJson, RestsOn, Weighing, by_maps,
};
pub use ranking::{NotRanked, Ranking};
pub use ties::{NoTieWidth, RankTies};

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
    /// The scale of `score`, `spread` and `interval`.
    pub scale: ScaleJson,
    /// Probability of each level; `null` when unscored, and where the judge gives a number itself.
    pub opinion: Option<Shares>,
    /// Standard deviation of the worth under the opinion, or of repeated ratings; `null` when unscored, and
    /// for a single rating.
    pub spread: Option<f64>,
    /// Where the score lies; absent where all of it was read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interval: Option<IntervalJson>,
    /// The score on a human scale; absent unless a calibration was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub calibrated: Option<CalibratedJson>,
    /// Mass on the allowed answers; `null` when unscored, and where the readout cannot know it.
    pub coverage: Option<f64>,
    /// Why there is no score: a stable code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<&'static str>,
    /// The same in words, with what would have worked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// How the score came about; absent unless it was asked for, and where there is no score.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub explanation: Option<Explanation>,
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

/// Where a score lies.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct IntervalJson {
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// What it means: hard bounds (`censored`), or an interval of 95 % (`dirichlet_95`, `student_95`).
    pub kind: &'static str,
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
    /// Temperature of the softmax; `null` where the judge gives a number itself.
    pub temperature: Option<f64>,
    /// How the masses were read; absent when unscored.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub readout: Option<&'static str>,
    /// True where some level was not listed, so that its mass is only bounded; absent otherwise.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub censored: bool,
}

/// One configured backend in a list.
#[derive(Debug, Clone, Serialize)]
pub struct BackendJson {
    /// Name, as in `judge@name`.
    pub name: String,
    /// `ready` or `unavailable`.
    pub state: &'static str,
    /// Revision of the model behind it, where it is ready.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model_revision: Option<String>,
    /// What would make it ready.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
    /// What it can be asked, as far as is known; absent where it is unavailable.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub abilities: Option<AbilitiesJson>,
}

/// What a backend can be asked.
#[derive(Debug, Clone, Serialize)]
pub struct AbilitiesJson {
    /// Most images in one prompt.
    pub images_per_prompt: usize,
    /// Closed questions.
    pub options: bool,
    /// Questions for one number.
    pub value: bool,
    /// Questions for free text.
    pub text: bool,
    /// Whether the probability of each option is read.
    pub log_probabilities: bool,
    /// The ways in which it reads an answer.
    pub readouts: Vec<&'static str>,
    /// Whether the answer can be made to continue given words.
    pub answer_prefix: bool,
    /// How many prompts it works on at once.
    pub concurrency: usize,
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
    /// Scale of its scores; `null` where it compares.
    pub scale: Option<ScaleJson>,
    /// Levels, in the order of the card; empty where the judge gives a number itself, or compares.
    pub levels: Vec<String>,
    /// How many images it looks at.
    pub images: usize,
    /// Names of the texts that must be given with the image.
    pub texts: Vec<String>,
    /// The ways in which its backend reads an answer, as far as is known; absent where there is no backend.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub readouts: Option<Vec<&'static str>>,
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
    /// `None` for a judge with no scale, which scores nothing.
    pub fn new(image: impl Into<String>, recipe: &Recipe, judged: &Judged) -> Option<Self> {
        let mut result = ScoreResult {
            image: image.into(),
            judge: judged.provenance.judge.clone(),
            status: "unscored",
            score: None,
            scale: ScaleJson::from(recipe.scale()?),
            opinion: None,
            spread: None,
            interval: None,
            calibrated: None,
            coverage: None,
            reason: None,
            detail: None,
            explanation: None,
            provenance: ProvenanceJson::from(&judged.provenance),
        };
        match &judged.outcome {
            Ok(verdict) => {
                result.status = "scored";
                result.score = Some(verdict.score.value());
                result.opinion = verdict
                    .opinion
                    .as_ref()
                    .map(|opinion| shares(recipe, opinion));
                result.spread = verdict.spread;
                result.interval = verdict.interval.map(IntervalJson::from);
                result.coverage = verdict.coverage.map(crate::judging::Coverage::value);
                result.provenance.readout = Some(verdict.readout.name());
                result.provenance.censored = verdict.censored;
            }
            Err(unscored) => {
                result.reason = Some(unscored.reason.code());
                result.detail = Some(unscored.detail.clone());
            }
        }
        Some(result)
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
        let readouts = match &judge.state {
            BackendState::Ready(backend) => {
                let ways = backend.abilities().readouts;
                Some(ways.into_iter().map(Readout::name).collect())
            }
            BackendState::Unavailable { .. } | BackendState::Unbound => None,
        };
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
            scale: card.recipe.scale().map(ScaleJson::from),
            levels: levels(&card.recipe),
            images: card.recipe.images(),
            texts: card.recipe.texts().into_iter().map(str::to_owned).collect(),
            readouts,
            preprocessing: judge.preprocessing(),
            card: card.digest.to_string(),
            source: card.source.clone(),
            licence: card.licence.clone(),
        }
    }
}

impl BackendJson {
    /// The list entry of a configured backend, with what is known of it now.
    pub fn new(name: &str, state: &BackendState) -> Self {
        let mut entry = BackendJson {
            name: name.to_owned(),
            state: state.name(),
            model_revision: None,
            remedy: None,
            abilities: None,
        };
        match state {
            BackendState::Ready(backend) => {
                entry.model_revision = Some(backend.id().model_revision.clone());
                entry.abilities = Some(AbilitiesJson::from(backend.abilities()));
            }
            BackendState::Unavailable { remedy } => entry.remedy = Some(remedy.clone()),
            BackendState::Unbound => {}
        }
        entry
    }
}

impl From<Abilities> for AbilitiesJson {
    fn from(abilities: Abilities) -> Self {
        AbilitiesJson {
            images_per_prompt: abilities.images_per_prompt,
            options: abilities.options,
            value: abilities.value,
            text: abilities.text,
            log_probabilities: abilities.log_probabilities,
            readouts: abilities.readouts.into_iter().map(Readout::name).collect(),
            answer_prefix: abilities.answer_prefix,
            concurrency: abilities.concurrency,
        }
    }
}

fn levels(recipe: &Recipe) -> Vec<String> {
    let names = recipe
        .levels()
        .into_iter()
        .flat_map(|levels| levels.options().names());
    names.map(str::to_owned).collect()
}

fn shares(recipe: &Recipe, opinion: &Opinion) -> Shares {
    let shares = opinion.probabilities().iter().copied();
    Shares(levels(recipe).into_iter().zip(shares).collect())
}

/// The opinion of a panel, named as its levels.
fn shares_of(levels: &crate::judging::LevelSet, opinion: &Opinion) -> Shares {
    let names = levels.options().names().map(str::to_owned);
    Shares(names.zip(opinion.probabilities().iter().copied()).collect())
}

impl From<ScoreInterval> for IntervalJson {
    fn from(interval: ScoreInterval) -> Self {
        IntervalJson {
            low: interval.low,
            high: interval.high,
            kind: interval.kind.name(),
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
            temperature: provenance.temperature.map(Temperature::value),
            readout: None,
            censored: false,
        }
    }
}
