//! How an image is to be evaluated, as both faces are told it: settings by name.

use super::axes::axes_of;
use super::plan::{EvaluationPlan, Method, QuestionsBy};
use super::{Combination, fits_writer};
use crate::card::Recipe;
use crate::engine::{BindError, Judge, Judges};
use crate::evaluation::{parse_extraction, parse_questions};
use crate::judging::Image;
use crate::judging::checklist::{ChecklistRule, Hardness, MissingAnswer};
use crate::judging::protocol::StageSettings;
use crate::judging::t2i_eval::{Aggregation, MissingScore};

/// Methods beside the rules of checklists.
const OTHERS: [&str; 4] = ["t2i-eval", "vqascore", "viescore", "unified-reward"];

/// Most times that a stage is asked again.
const MOST_RETRIES: u32 = 10;

/// Settings as they are given; what is not given has its default.
#[derive(Debug, Clone, Default)]
pub struct EvaluateChoice {
    /// A rule of checklists, `t2i-eval`, `vqascore`, `viescore` or `unified-reward`.
    pub method: Option<String>,
    /// Who writes questions.
    pub writer: Option<String>,
    /// `dsg` or `tifa`.
    pub generate: Option<String>,
    /// The questions in JSON.
    pub questions: Option<String>,
    /// The extraction in JSON or Markdown.
    pub extraction: Option<String>,
    /// `probability` or `verdict`.
    pub counts: Option<String>,
    /// `unscored`, `left-out` or `wrong`; of T2I-Eval `unscored` or `mean`.
    pub missing: Option<String>,
    /// `one` or `two`.
    pub stages: Option<String>,
    /// A name of [`Aggregation`].
    pub aggregation: Option<String>,
    /// Weights of appearance, intrinsic attributes and relationships, with commas between them.
    pub weights: Option<String>,
    /// How often a stage that cannot be read is asked again.
    pub retries: Option<String>,
    /// The picture that was edited, for VIEScore's editing form.
    pub source: Option<Image>,
}

/// Why an evaluation cannot begin.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EvaluateFault {
    /// A setting.
    #[error("`{name}` {message}")]
    Setting {
        /// Its name.
        name: &'static str,
        /// What it would have to be.
        message: String,
    },
    /// The judge or the writer.
    #[error(transparent)]
    Bind(#[from] BindError),
}

impl EvaluateChoice {
    /// The settings of an evaluation beside its images and texts: those of a choice, then those of a [`Budget`](crate::engine::Budget).
    pub const SETTINGS: [&'static str; 14] = [
        "method",
        "writer",
        "generate",
        "questions",
        "extraction",
        "counts",
        "missing",
        "stages",
        "aggregation",
        "weights",
        "retries",
        "budget_questions",
        "budget_tokens",
        "budget_money",
    ];

    /// Takes one of the settings of a choice; false for another name.
    pub fn set(&mut self, name: &str, text: &str) -> bool {
        let place = match name {
            "method" => &mut self.method,
            "writer" => &mut self.writer,
            "generate" => &mut self.generate,
            "questions" => &mut self.questions,
            "extraction" => &mut self.extraction,
            "counts" => &mut self.counts,
            "missing" => &mut self.missing,
            "stages" => &mut self.stages,
            "aggregation" => &mut self.aggregation,
            "weights" => &mut self.weights,
            "retries" => &mut self.retries,
            _ => return false,
        };
        *place = Some(text.to_owned());
        true
    }

    /// What is to be done by the judge of this name.
    ///
    /// # Errors
    /// [`EvaluateFault`]: a setting that is unknown, missing or contradicts another, or a judge that does something else.
    pub fn plan(&self, judges: &Judges, judge: &str) -> Result<EvaluationPlan, EvaluateFault> {
        self.plan_for(judges, judges.find(judge)?)
    }

    /// The same, for a judge that was found.
    ///
    /// # Errors
    /// As [`EvaluateChoice::plan`].
    pub fn plan_for(&self, judges: &Judges, judge: Judge) -> Result<EvaluationPlan, EvaluateFault> {
        judge.backend()?;
        let writer = self.writer.as_ref().map(|name| judges.find(name));
        let writer = writer.transpose()?;
        if let Some(writer) = &writer {
            writer.backend()?;
            fits_writer(writer)?;
        }
        let retries = self.retries()?;
        let name = self.method_name()?;
        let method = match name {
            "t2i-eval" => self.staged(writer.is_some(), retries)?,
            "vqascore" => {
                self.without_stages(name)?;
                self.without_aggregation(name)?;
                Method::Score
            }
            "viescore" => {
                self.without_stages(name)?;
                self.without_aggregation(name)?;
                self.viescore(judges, &judge)?
            }
            "unified-reward" => {
                self.without_stages(name)?;
                Method::Axes {
                    judges: Box::new(axes_of(judges, &judge)?),
                    aggregation: self.aggregation_of_axes()?,
                }
            }
            rule => self.checklist(rule, writer.is_some())?,
        };
        fits(&judge, &method)?;
        Ok(EvaluationPlan {
            name,
            judge,
            writer,
            method,
            retries,
        })
    }

    /// The method, or the one that what is given speaks for.
    fn method_name(&self) -> Result<&'static str, EvaluateFault> {
        let known = || {
            ChecklistRule::ALL
                .map(ChecklistRule::name)
                .into_iter()
                .chain(OTHERS)
        };
        let names = || known().collect::<Vec<_>>().join("`, `");
        match &self.method {
            Some(name) if name == "geneval" => Err(fault(
                "method",
                "`geneval` reads detections that were given as `items`, and no image".into(),
            )),
            Some(name) => known()
                .find(|one| one == name)
                .ok_or_else(|| fault("method", format!("is one of `{}`", names()))),
            None if self.extraction.is_some() => Ok("t2i-eval"),
            None if self.questions.is_some() || self.generate.is_some() => Ok("mean"),
            None => Err(fault(
                "method",
                format!(
                    "must be named where neither `questions` nor `extraction` is given: one of `{}`",
                    names()
                ),
            )),
        }
    }

    fn retries(&self) -> Result<u32, EvaluateFault> {
        let Some(text) = &self.retries else {
            return Ok(StageSettings::default().retries);
        };
        let retries = text.parse().ok().filter(|retries| *retries <= MOST_RETRIES);
        retries.ok_or_else(|| fault("retries", format!("is a whole number up to {MOST_RETRIES}")))
    }

    fn staged(&self, has_writer: bool, retries: u32) -> Result<Method, EvaluateFault> {
        self.without(
            "t2i-eval",
            &[
                ("questions", &self.questions),
                ("generate", &self.generate),
                ("counts", &self.counts),
            ],
        )?;
        let extraction = match &self.extraction {
            Some(text) => Some(
                parse_extraction(text)
                    .map_err(|e| fault("extraction", format!("cannot be used: {e}")))?,
            ),
            None if has_writer => None,
            None => {
                return Err(fault(
                    "writer",
                    "or `extraction` must be given: somebody takes the text apart".into(),
                ));
            }
        };
        let two_stage = match self.stages.as_deref() {
            None | Some("two") => true,
            Some("one") => false,
            Some(_) => return Err(fault("stages", "is `one` or `two`".into())),
        };
        let aggregation = self.aggregation()?;
        let settings = StageSettings {
            two_stage,
            aggregation,
            retries,
            missing: self.missing_score(aggregation)?,
        };
        Ok(Method::Staged {
            extraction,
            settings,
        })
    }

    fn aggregation(&self) -> Result<Aggregation, EvaluateFault> {
        let found = match self.aggregation.as_deref() {
            None | Some("mean") => Aggregation::Mean,
            Some("model") => Aggregation::Model,
            Some("model-joint") => Aggregation::ModelJoint,
            Some("min") => Aggregation::Minimum,
            Some("weighted") => {
                let weights = self.weights.as_deref().and_then(weights);
                let message = "are three numbers, 0 or above and not all 0: appearance, intrinsic, relationship, or alignment, coherence, style";
                return weights
                    .map(Aggregation::Weighted)
                    .ok_or_else(|| fault("weights", message.into()));
            }
            Some(_) => {
                let known = Aggregation::NAMES.join("`, `");
                return Err(fault("aggregation", format!("is one of `{known}`")));
            }
        };
        match &self.weights {
            None => Ok(found),
            Some(_) => Err(fault(
                "weights",
                "go with the aggregation `weighted`".into(),
            )),
        }
    }

    /// What stands for a question of which a stage failed.
    fn missing_score(&self, aggregation: Aggregation) -> Result<MissingScore, EvaluateFault> {
        let by_judge = matches!(aggregation, Aggregation::Model | Aggregation::ModelJoint);
        match self.missing.as_deref() {
            None | Some("unscored") => Ok(MissingScore::Unscored),
            Some("mean") if by_judge => {
                let message = "`mean` goes with the aggregations `mean`, `min` and `weighted`: a judge sums up what was seen";
                Err(fault("missing", message.into()))
            }
            Some("mean") => Ok(MissingScore::Mean),
            Some(_) => Err(fault(
                "missing",
                "is `unscored` or `mean` of `t2i-eval`".into(),
            )),
        }
    }

    /// The model sums up nothing here, so that a rule does.
    fn aggregation_of_axes(&self) -> Result<Aggregation, EvaluateFault> {
        match self.aggregation()? {
            Aggregation::Model | Aggregation::ModelJoint => Err(fault(
                "aggregation",
                "is `mean`, `min` or `weighted` for `unified-reward`, whose model gives no score of the whole".into(),
            )),
            rule @ (Aggregation::Mean | Aggregation::Minimum | Aggregation::Weighted(_)) => Ok(rule),
        }
    }

    fn checklist(&self, rule: &str, has_writer: bool) -> Result<Method, EvaluateFault> {
        self.without(
            rule,
            &[
                ("extraction", &self.extraction),
                ("stages", &self.stages),
                ("aggregation", &self.aggregation),
                ("weights", &self.weights),
            ],
        )?;
        let questions = match (&self.questions, self.generate.as_deref()) {
            (Some(_), Some(_)) => {
                return Err(fault(
                    "generate",
                    "writes the questions that `questions` gives".into(),
                ));
            }
            (Some(json), None) => {
                let set = parse_questions(json);
                QuestionsBy::Given(
                    set.map_err(|error| fault("questions", format!("cannot be used: {error}")))?,
                )
            }
            (None, _) if !has_writer => {
                return Err(fault(
                    "questions",
                    "or a `writer` who writes them must be given".into(),
                ));
            }
            (None, None | Some("dsg")) => QuestionsBy::Dsg,
            (None, Some("tifa")) => QuestionsBy::Tifa,
            (None, Some(_)) => return Err(fault("generate", "is `dsg` or `tifa`".into())),
        };
        let hardness = match self.counts.as_deref() {
            None | Some("probability") => Hardness::Probability,
            Some("verdict") => Hardness::Verdict,
            Some(_) => return Err(fault("counts", "is `probability` or `verdict`".into())),
        };
        let missing = match self.missing.as_deref() {
            None | Some("unscored") => MissingAnswer::Unscored,
            Some("left-out") => MissingAnswer::LeftOut,
            Some("wrong") => MissingAnswer::Wrong,
            Some(_) => {
                return Err(fault(
                    "missing",
                    "is `unscored`, `left-out` or `wrong` of a checklist".into(),
                ));
            }
        };
        let rule = ChecklistRule::from_name(rule).unwrap_or(ChecklistRule::Mean);
        let combination = Combination {
            rule,
            hardness,
            missing,
        };
        Ok(Method::Checklist {
            questions,
            combination,
        })
    }

    /// The judge of quality on the same backend, beside the one of consistency.
    fn viescore(&self, judges: &Judges, judge: &Judge) -> Result<Method, EvaluateFault> {
        let mut quality = judges.find("viescore-pq")?;
        quality.state = judge.state.clone();
        let source = self.source.clone();
        let (shows, given) = (
            judge.card.recipe.images(),
            1 + usize::from(source.is_some()),
        );
        if shows != given {
            let message = format!(
                "goes with a judge that shows two pictures (`viescore-sc-edit`); `{}` shows {shows}, given are {given}",
                judge.card.id
            );
            return Err(fault("source", message));
        }
        Ok(Method::VieScore { quality, source })
    }

    /// Refuses what neither a checklist nor T2I-Eval has to do with.
    fn without_stages(&self, method: &str) -> Result<(), EvaluateFault> {
        self.without(
            method,
            &[
                ("questions", &self.questions),
                ("generate", &self.generate),
                ("extraction", &self.extraction),
                ("counts", &self.counts),
                ("missing", &self.missing),
                ("stages", &self.stages),
            ],
        )
    }

    fn without_aggregation(&self, method: &str) -> Result<(), EvaluateFault> {
        let others = [
            ("aggregation", &self.aggregation),
            ("weights", &self.weights),
        ];
        self.without(method, &others)
    }

    fn without(
        &self,
        method: &str,
        others: &[(&'static str, &Option<String>)],
    ) -> Result<(), EvaluateFault> {
        match others.iter().find(|(_, given)| given.is_some()) {
            None => Ok(()),
            Some((name, _)) => Err(fault(name, format!("is no setting of `{method}`"))),
        }
    }
}

fn fault(name: &'static str, message: String) -> EvaluateFault {
    EvaluateFault::Setting { name, message }
}

fn weights(text: &str) -> Option<[f64; 3]> {
    let numbers = text.split(',').map(|one| one.trim().parse::<f64>().ok());
    let numbers: [f64; 3] = numbers.collect::<Option<Vec<_>>>()?.try_into().ok()?;
    let fit = numbers.iter().all(|one| one.is_finite() && *one >= 0.0);
    (fit && numbers.iter().any(|one| *one > 0.0)).then_some(numbers)
}

/// Whether the judge answers what the method asks.
fn fits(judge: &Judge, method: &Method) -> Result<(), BindError> {
    match (method, &judge.card.recipe) {
        (Method::Checklist { .. } | Method::Staged { .. }, Recipe::Choose(_)) => Ok(()),
        (Method::Checklist { .. } | Method::Staged { .. }, _) => {
            Err(judge.wrong_protocol("choose"))
        }
        (Method::Score | Method::VieScore { .. } | Method::Axes { .. }, recipe)
            if recipe.scale().is_some() =>
        {
            Ok(())
        }
        (Method::Score | Method::VieScore { .. } | Method::Axes { .. }, _) => {
            Err(judge.wrong_protocol("score"))
        }
    }
}
