//! UnifiedReward: one answer with a score for every word of the text and for three axes, each read by its own card.

use std::sync::Arc;

use super::plan::{PROMPT, Work, score_of};
use crate::card::Recipe;
use crate::engine::{BindError, Judge, Judged, Judges};
use crate::judging::protocol::{Answered, RatingRecipe, StageReport};
use crate::judging::t2i_eval::{Aggregation, combined};
use crate::judging::{Answer, Image, Reason, Subject, Unscored, WordScores, WordsBeside};

/// The axes with their cards, which ask the very same question.
pub const AXES: [(&str, &str); 3] = [
    ("alignment", "unified-reward-alignment"),
    ("coherence", "unified-reward-coherence"),
    ("style", "unified-reward-style"),
];

/// An answer with axes and words, read.
#[derive(Debug, Clone, PartialEq)]
pub struct AxesJudged {
    /// In the order of [`AXES`].
    pub axes: [Judged; 3],
    /// How the axes become one.
    pub aggregation: Aggregation,
    /// 1 to 5: all three axes by the rule; nothing where one of them could not be read.
    pub overall: Result<f64, Unscored>,
    /// The words. They are not part of the score, which stands without them.
    pub words: Result<JudgedWords, Unscored>,
}

/// The words of an answer, held against the text that the image was made from.
#[derive(Debug, Clone, PartialEq)]
pub struct JudgedWords {
    /// As they were given.
    pub scores: WordScores,
    /// What text and list have of which the other has not.
    pub beside: WordsBeside,
}

/// The judges of the axes on the backend of the judge that was named, which must be one of them.
pub(super) fn axes_of(judges: &Judges, judge: &Judge) -> Result<[Judge; 3], BindError> {
    if !AXES.iter().any(|(_, card)| *card == judge.card.id) {
        return Err(BindError::Unfit {
            judge: judge.card.id.clone(),
            detail: "`unified-reward` is asked of `unified-reward-alignment`, whose answer has all three axes".into(),
        });
    }
    let [one, two, three] = AXES.map(|(_, card)| judges.find(card));
    let on_backend = |found: Judge| Judge {
        state: judge.state.clone(),
        ..found
    };
    Ok([on_backend(one?), on_backend(two?), on_backend(three?)])
}

impl Work<'_> {
    /// Asks once, and reads the axes and the words from the one answer.
    pub(super) async fn axes(
        &self,
        image: Image,
        judges: &[Judge; 3],
        aggregation: Aggregation,
    ) -> Result<AxesJudged, BindError> {
        let subject = Subject::new(vec![image], self.texts.clone());
        let [alignment, coherence, style] = judges;
        let asked = self
            .engine
            .score_with_answers(alignment, subject, self.limits);
        let (first, answers) = asked.await?;
        let axes = [
            first.clone(),
            reread(coherence, &first, &answers)?,
            reread(style, &first, &answers)?,
        ];
        let caption = self.texts.get(PROMPT).map_or("", String::as_str);
        let words = words(&first, &answers).map(|scores| JudgedWords {
            beside: scores.beside(caption),
            scores,
        });
        for ((axis, _), judged) in AXES.iter().zip(&axes) {
            self.tell(axis, score_of(judged));
        }
        (self.watch)(StageReport {
            stage: "words",
            about: None,
            text: words.as_ref().ok().map(|words| shown(&words.scores)),
            score: None,
            failed: words.as_ref().err().cloned(),
        });
        Ok(AxesJudged {
            overall: overall(&axes, aggregation),
            axes,
            aggregation,
            words,
        })
    }

    fn tell(&self, axis: &str, score: Result<f64, Unscored>) {
        (self.watch)(StageReport {
            stage: "score",
            about: Some(axis.to_owned()),
            text: None,
            score: score.as_ref().ok().copied(),
            failed: score.err(),
        });
    }
}

fn rating(judge: &Judge) -> Result<&Arc<RatingRecipe>, BindError> {
    match &judge.card.recipe {
        Recipe::Rating(recipe) => Ok(recipe),
        Recipe::Score(_) | Recipe::Compare(_) | Recipe::List(_) | Recipe::Choose(_) => {
            Err(judge.wrong_protocol("score"))
        }
    }
}

/// What another card reads in the answers to the same question. Without an answer it is as unscored as the first.
fn reread(judge: &Judge, first: &Judged, answers: &[Answered]) -> Result<Judged, BindError> {
    let recipe = rating(judge)?;
    let mut provenance = judge.provenance(judge.backend()?.as_ref(), None);
    provenance.image.clone_from(&first.provenance.image);
    let outcome = match (&first.outcome, answers.is_empty()) {
        (Err(unscored), true) => Err(unscored.clone()),
        (Ok(_) | Err(_), _) => recipe.read(answers.to_vec()),
    };
    Ok(Judged {
        provenance,
        outcome,
    })
}

fn words(first: &Judged, answers: &[Answered]) -> Result<WordScores, Unscored> {
    match (answers.first(), &first.outcome) {
        (Some(Ok(Answer::Text(text))), _) => WordScores::read(text),
        (Some(Err(unscored)), _) | (None, Err(unscored)) => Err(unscored.clone()),
        (Some(Ok(Answer::Choice(_) | Answer::Value(_))) | None, _) => {
            Err(Unscored::new(Reason::Unparsed, "the answer is no text"))
        }
    }
}

/// The words as a stage tells them, the worst first.
fn shown(scores: &WordScores) -> String {
    let mut words: Vec<&(String, f64)> = scores.words().iter().collect();
    words.sort_by(|one, other| other.1.total_cmp(&one.1));
    let words: Vec<String> = words
        .iter()
        .map(|(word, score)| format!("{word} {score}"))
        .collect();
    words.join(", ")
}

/// All axes by the rule: a missing one is no number, and no other stands for it.
fn overall(axes: &[Judged; 3], aggregation: Aggregation) -> Result<f64, Unscored> {
    let weights = match aggregation {
        Aggregation::Weighted(weights) => weights,
        Aggregation::Model | Aggregation::ModelJoint | Aggregation::Mean | Aggregation::Minimum => {
            [1.0; 3]
        }
    };
    let mut given = Vec::with_capacity(axes.len());
    for (((axis, _), judged), weight) in AXES.iter().zip(axes).zip(weights) {
        let score = score_of(judged).map_err(|unscored| {
            Unscored::new(unscored.reason, format!("{axis}: {}", unscored.detail))
        })?;
        given.push((weight, score));
    }
    combined(&given, aggregation)
        .ok_or_else(|| Unscored::new(Reason::NotApplicable, "the axes have no weight"))
}
