//! UnifiedReward's axes and words in JSON.

use serde::Serialize;

use super::ProvenanceJson;
use super::evaluation::Scored;
use crate::engine::{AXES, AxesJudged, Judged, JudgedWords};
use crate::judging::{Readout, Unscored};

/// Three axes, and the words of the text.
#[derive(Debug, Clone, Serialize)]
pub(super) struct AxesJson {
    #[serde(flatten)]
    scored: Scored,
    /// How the axes become one: `mean`, `min` or `weighted`.
    aggregation: &'static str,
    axes: Vec<AxisJson>,
    words: WordsJson,
    provenance: ProvenanceJson,
}

#[derive(Debug, Clone, Serialize)]
struct AxisJson {
    axis: &'static str,
    /// 1 to 5.
    score: Option<f64>,
    readout: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
}

/// The words; `scores` is empty where they could not be read.
#[derive(Debug, Clone, Serialize)]
struct WordsJson {
    status: &'static str,
    /// In the order of the answer.
    scores: Vec<WordJson>,
    /// The score of nothing being wrong; the higher, the surer.
    no_mistakes: Option<f64>,
    /// Words of the text that have no score.
    unlisted: Vec<String>,
    /// Words with a score that the text has not.
    foreign: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
}

#[derive(Debug, Clone, Serialize)]
struct WordJson {
    word: String,
    /// 0 or above, without an upper end: the higher, the less of the word is shown.
    score: f64,
}

impl AxesJson {
    pub(super) fn new(scored: Scored, judged: &AxesJudged) -> Self {
        let axes = AXES.iter().zip(&judged.axes);
        AxesJson {
            scored,
            aggregation: judged.aggregation.name(),
            axes: axes
                .map(|((axis, _), judged)| AxisJson::new(axis, judged))
                .collect(),
            words: WordsJson::from(&judged.words),
            provenance: ProvenanceJson::from(&judged.axes[0].provenance),
        }
    }
}

impl AxisJson {
    fn new(axis: &'static str, judged: &Judged) -> Self {
        let (verdict, unscored) = (judged.outcome.as_ref().ok(), judged.outcome.as_ref().err());
        AxisJson {
            axis,
            score: verdict.map(|verdict| verdict.score.value()),
            readout: verdict.map(|verdict| Readout::name(verdict.readout)),
            reason: unscored.map(|unscored| unscored.reason.code()),
            detail: unscored.map(|unscored| unscored.detail.clone()),
        }
    }
}

impl From<&Result<JudgedWords, Unscored>> for WordsJson {
    fn from(words: &Result<JudgedWords, Unscored>) -> Self {
        let mut json = WordsJson {
            status: "unscored",
            scores: Vec::new(),
            no_mistakes: None,
            unlisted: Vec::new(),
            foreign: Vec::new(),
            reason: None,
            detail: None,
        };
        match words {
            Ok(JudgedWords { scores, beside }) => {
                let words = scores.words().iter();
                json.status = "scored";
                json.scores = words
                    .map(|(word, score)| WordJson {
                        word: word.clone(),
                        score: *score,
                    })
                    .collect();
                json.no_mistakes = scores.no_mistakes();
                json.unlisted.clone_from(&beside.unlisted);
                json.foreign.clone_from(&beside.foreign);
            }
            Err(unscored) => {
                json.reason = Some(unscored.reason.code());
                json.detail = Some(unscored.detail.clone());
            }
        }
        json
    }
}
