//! One image judged by a text, by whichever method: questions are written first where nobody gave them.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::axes::AxesJudged;
use super::{Combination, Evaluated};
use crate::backend::Metered;
use crate::card::Recipe;
use crate::engine::{BindError, Engine, Judge, Judged, RunLimits};
use crate::evaluation::{DsgDraft, ExtractionDraft, TifaDraft};
use crate::judging::checklist::QuestionSet;
use crate::judging::protocol::{
    ChooseRecipe, Draft, StageReport, StageSettings, StagedEvaluation, T2iEval, Watched, Writing,
};
use crate::judging::t2i_eval::{Aggregation, Extracted};
use crate::judging::{Image, Provenance, Reason, Subject, Unscored};

/// Name of the text that an image was made from.
pub(super) const PROMPT: &str = "prompt";

/// Where the questions of a checklist come from.
#[derive(Debug, Clone, PartialEq)]
pub enum QuestionsBy {
    /// The caller.
    Given(QuestionSet),
    /// The writer, in DSG's three steps.
    Dsg,
    /// The writer, in TIFA's one.
    Tifa,
}

/// How an image is judged.
#[derive(Debug, Clone)]
pub(super) enum Method {
    Checklist {
        questions: QuestionsBy,
        combination: Combination,
    },
    Staged {
        extraction: Option<Extracted>,
        settings: StageSettings,
    },
    Score,
    VieScore {
        quality: Judge,
        source: Option<Image>,
    },
    Axes {
        judges: Box<[Judge; 3]>,
        aggregation: Aggregation,
    },
}

/// What is to be done with each image.
#[derive(Debug, Clone)]
pub struct EvaluationPlan {
    /// Name of the method.
    pub name: &'static str,
    /// Who looks.
    pub judge: Judge,
    /// Who writes.
    pub writer: Option<Judge>,
    pub(super) method: Method,
    pub(super) retries: u32,
}

/// What an evaluation took.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Used {
    /// Questions, remembered answers included.
    pub questions: u64,
    /// What engines counted.
    pub metered: Metered,
}

/// An image that was judged, or not.
#[derive(Debug, Clone, PartialEq)]
pub struct Evaluation {
    /// What came of it.
    pub outcome: Outcome,
    /// Where written questions come from.
    pub writer: Option<Provenance>,
    /// What it took.
    pub used: Used,
}

/// What came of an evaluation, by method.
#[derive(Debug, Clone, PartialEq)]
#[expect(
    clippy::large_enum_variant,
    reason = "there is one for each image, which is moved a few times"
)]
pub enum Outcome {
    /// Nothing was asked about the image: it never arrived, or its questions could not be written.
    Nothing {
        /// Where it would have come from.
        provenance: Provenance,
        /// Why.
        unscored: Unscored,
    },
    /// A checklist.
    Checklist {
        /// Its questions.
        set: QuestionSet,
        /// How they are combined.
        combination: Combination,
        /// Its answers and score.
        evaluated: Evaluated,
    },
    /// T2I-Eval.
    Staged {
        /// What was looked for.
        extracted: Extracted,
        /// How the stages were run.
        settings: StageSettings,
        /// Where it comes from.
        provenance: Provenance,
        /// What was found.
        evaluation: StagedEvaluation,
    },
    /// One score.
    Score(Box<Judged>),
    /// VIEScore: two aspects, and the root of their product.
    VieScore {
        /// How well the picture follows its text.
        consistency: Box<Judged>,
        /// How well it is made.
        quality: Box<Judged>,
        /// 0 to 10.
        overall: Result<f64, Unscored>,
    },
    /// UnifiedReward: three axes and the words.
    Axes(Box<AxesJudged>),
}

impl Outcome {
    /// The score, or why there is none.
    pub fn score(&self) -> Result<f64, Unscored> {
        match self {
            Outcome::Nothing { unscored, .. } => Err(unscored.clone()),
            Outcome::Checklist { evaluated, .. } => match &evaluated.outcome {
                Ok(checked) => Ok(checked.score),
                Err(unscored) => Err(unscored.clone()),
            },
            Outcome::Staged { evaluation, .. } => evaluation.overall.clone(),
            Outcome::Score(judged) => score_of(judged),
            Outcome::VieScore { overall, .. } => overall.clone(),
            Outcome::Axes(judged) => judged.overall.clone(),
        }
    }
}

pub(super) fn score_of(judged: &Judged) -> Result<f64, Unscored> {
    match &judged.outcome {
        Ok(verdict) => Ok(verdict.score.value()),
        Err(unscored) => Err(unscored.clone()),
    }
}

impl EvaluationPlan {
    /// Whether the text that the image was made from must be given.
    ///
    /// A checklist whose questions are given can do without.
    pub fn needs_prompt(&self) -> bool {
        match &self.method {
            Method::Checklist { questions, .. } => !matches!(questions, QuestionsBy::Given(_)),
            Method::Staged { .. } => true,
            Method::Score | Method::VieScore { .. } | Method::Axes { .. } => {
                self.judge.card.recipe.texts().contains(&PROMPT)
            }
        }
    }

    /// Who judges quality beside consistency, where the method asks both.
    pub fn quality(&self) -> Option<&Judge> {
        match &self.method {
            Method::VieScore { quality, .. } => Some(quality),
            Method::Checklist { .. }
            | Method::Staged { .. }
            | Method::Score
            | Method::Axes { .. } => None,
        }
    }

    /// Why these texts will not do, if so.
    pub fn lacks(&self, texts: &BTreeMap<String, String>) -> Option<&'static str> {
        let prompt = texts.get(PROMPT).map(|prompt| prompt.trim());
        match prompt {
            Some("") => Some("is empty; it is the text that the image was made from"),
            None if self.needs_prompt() => {
                Some("is the text that the image was made from; give it")
            }
            Some(_) | None => None,
        }
    }
}

/// Whether a card can write: it asks in the caller's words and shows no picture.
pub(in crate::engine) fn fits_writer(writer: &Judge) -> Result<(), BindError> {
    match &writer.card.recipe {
        Recipe::Choose(_) if writer.card.recipe.images() == 0 => Ok(()),
        Recipe::Choose(_) => Err(BindError::Unfit {
            judge: writer.card.id.clone(),
            detail: "a writer is given a text and no picture; the card `write` shows none".into(),
        }),
        Recipe::Score(_) | Recipe::Rating(_) | Recipe::Compare(_) | Recipe::List(_) => {
            Err(writer.wrong_protocol("write"))
        }
    }
}

impl Engine {
    /// Judges one image as planned; `watch` hears of every stage as it ends.
    ///
    /// Budgets hold for all that the image costs, the writing included.
    ///
    /// # Errors
    /// [`BindError`] when judge or writer cannot be asked.
    pub async fn evaluate_by(
        &self,
        plan: &EvaluationPlan,
        image: Result<Image, Unscored>,
        texts: &BTreeMap<String, String>,
        limits: &RunLimits,
        watch: &(dyn Fn(StageReport) + Send + Sync),
    ) -> Result<Evaluation, BindError> {
        let limits = &limits.metered();
        let work = Work {
            engine: self,
            plan,
            texts,
            limits,
            watch,
        };
        let backend = plan.judge.backend()?;
        let digest = image.as_ref().ok().map(Image::digest);
        let provenance = plan.judge.provenance(backend.as_ref(), digest);
        let (outcome, writer) = match image {
            Err(unscored) => (
                Outcome::Nothing {
                    provenance,
                    unscored,
                },
                None,
            ),
            Ok(image) => work.judge(image, provenance).await?,
        };
        let meter = limits.meter();
        Ok(Evaluation {
            outcome,
            writer,
            used: Used {
                questions: meter.map_or(0, |meter| meter.questions()),
                metered: meter.map_or_else(Metered::default, |meter| meter.metered()),
            },
        })
    }
}

/// One image under way.
pub(super) struct Work<'a> {
    pub(super) engine: &'a Engine,
    plan: &'a EvaluationPlan,
    pub(super) texts: &'a BTreeMap<String, String>,
    pub(super) limits: &'a RunLimits,
    pub(super) watch: &'a (dyn Fn(StageReport) + Send + Sync),
}

impl Work<'_> {
    async fn judge(
        &self,
        image: Image,
        provenance: Provenance,
    ) -> Result<(Outcome, Option<Provenance>), BindError> {
        let prompt = self.texts.get(PROMPT).map_or("", String::as_str);
        let nothing = |unscored, writer| {
            Ok((
                Outcome::Nothing {
                    provenance: provenance.clone(),
                    unscored,
                },
                writer,
            ))
        };
        match &self.plan.method {
            Method::Checklist {
                questions,
                combination,
            } => {
                let (set, writer) = match questions {
                    QuestionsBy::Given(set) => (Ok(set.clone()), None),
                    QuestionsBy::Dsg => self.write(DsgDraft::new(prompt)).await?,
                    QuestionsBy::Tifa => self.write(TifaDraft::new(prompt)).await?,
                };
                match set {
                    Ok(set) => Ok((self.check(image, set, *combination).await?, writer)),
                    Err(unscored) => nothing(unscored, writer),
                }
            }
            Method::Staged {
                extraction,
                settings,
            } => {
                let (extracted, writer) = match extraction {
                    Some(extracted) => (Ok(extracted.clone()), None),
                    None => self.write(ExtractionDraft::new(prompt)).await?,
                };
                match extracted {
                    Ok(extracted) => {
                        let outcome = self.stages(image, prompt, extracted, *settings, provenance);
                        Ok((outcome.await?, writer))
                    }
                    Err(unscored) => nothing(unscored, writer),
                }
            }
            Method::Score => {
                let judged = self.score(&self.plan.judge, vec![image]).await?;
                Ok((Outcome::Score(Box::new(judged)), None))
            }
            Method::Axes {
                judges,
                aggregation,
            } => {
                let judged = self.axes(image, judges, *aggregation).await?;
                Ok((Outcome::Axes(Box::new(judged)), None))
            }
            Method::VieScore { quality, source } => {
                let images = source.iter().cloned().chain([image.clone()]).collect();
                let consistency = self.score(&self.plan.judge, images).await?;
                let quality = self.score(quality, vec![image]).await?;
                let overall = viescore(&consistency, &quality);
                let (consistency, quality) = (Box::new(consistency), Box::new(quality));
                Ok((
                    Outcome::VieScore {
                        consistency,
                        quality,
                        overall,
                    },
                    None,
                ))
            }
        }
    }

    /// A checklist, and word of each answer.
    async fn check(
        &self,
        image: Image,
        set: QuestionSet,
        combination: Combination,
    ) -> Result<Outcome, BindError> {
        let (judge, texts) = (&self.plan.judge, self.texts.clone());
        let asked = self
            .engine
            .evaluate(judge, image, texts, &set, combination, self.limits);
        let evaluated = asked.await?;
        for (question, answer) in set.questions().iter().zip(&evaluated.answers) {
            let shares = answer
                .as_ref()
                .ok()
                .map(|chosen| format!("{:.4?}", chosen.probabilities));
            (self.watch)(StageReport {
                stage: "answer",
                about: Some(question.id.clone()),
                text: shares,
                score: None,
                failed: answer.as_ref().err().cloned(),
            });
        }
        Ok(Outcome::Checklist {
            set,
            combination,
            evaluated,
        })
    }

    async fn stages(
        &self,
        image: Image,
        prompt: &str,
        extracted: Extracted,
        settings: StageSettings,
        provenance: Provenance,
    ) -> Result<Outcome, BindError> {
        let judge = &self.plan.judge;
        let image = match self.engine.encoded(judge, &[image]).await {
            Ok(mut images) => images.remove(0),
            Err(unscored) => {
                return Ok(Outcome::Nothing {
                    provenance,
                    unscored,
                });
            }
        };
        let recipe = Arc::clone(chooser(judge)?);
        let protocol = T2iEval::new(
            recipe,
            image,
            prompt.to_owned(),
            extracted.clone(),
            settings,
        );
        let watched = Watched::new(protocol, self.watch);
        let preprocessing = &provenance.preprocessing;
        let run = self
            .engine
            .run(judge.backend()?, preprocessing, watched, self.limits);
        let evaluation = run.await;
        Ok(Outcome::Staged {
            extracted,
            settings,
            provenance,
            evaluation,
        })
    }

    async fn score(&self, judge: &Judge, images: Vec<Image>) -> Result<Judged, BindError> {
        let subject = Subject::new(images, self.texts.clone());
        let judged = self.engine.score(judge, subject, self.limits).await?;
        (self.watch)(StageReport {
            stage: "score",
            about: Some(judge.card.id.clone()),
            text: None,
            score: score_of(&judged).ok(),
            failed: judged.outcome.as_ref().err().cloned(),
        });
        Ok(judged)
    }

    /// Has the writer write; without one, that is said.
    async fn write<D: Draft + Send>(
        &self,
        draft: D,
    ) -> Result<(Result<D::Work, Unscored>, Option<Provenance>), BindError>
    where
        D::Work: Send,
    {
        let Some(writer) = &self.plan.writer else {
            let detail = "nobody was named to write the questions";
            return Ok((Err(Unscored::new(Reason::NotApplicable, detail)), None));
        };
        let backend = writer.backend()?;
        let provenance = writer.provenance(backend.as_ref(), None);
        let writing = Writing::new(Arc::clone(chooser(writer)?), draft, self.plan.retries);
        let watched = Watched::new(writing, self.watch);
        let preprocessing = &provenance.preprocessing;
        let written = self
            .engine
            .run(backend, preprocessing, watched, self.limits)
            .await;
        Ok((written, Some(provenance)))
    }
}

fn chooser(judge: &Judge) -> Result<&Arc<ChooseRecipe>, BindError> {
    match &judge.card.recipe {
        Recipe::Choose(recipe) => Ok(recipe),
        Recipe::Score(_) | Recipe::Rating(_) | Recipe::Compare(_) | Recipe::List(_) => {
            Err(judge.wrong_protocol("choose"))
        }
    }
}

/// `O = sqrt(SC x PQ)`, where either is the least of its scores (Ku et al. 2023, arXiv 2312.14867, section 3). The scores of
/// one image are needed both: a missing one is no number.
fn viescore(consistency: &Judged, quality: &Judged) -> Result<f64, Unscored> {
    let named = |aspect: &str, unscored: Unscored| {
        Unscored::new(unscored.reason, format!("{aspect}: {}", unscored.detail))
    };
    let sc = score_of(consistency).map_err(|unscored| named("consistency", unscored))?;
    let pq = score_of(quality).map_err(|unscored| named("quality", unscored))?;
    Ok((sc * pq).sqrt())
}
