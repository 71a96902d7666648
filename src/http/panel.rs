//! A panel of judges in a request: who sits on it, what each counts, and what it says.

use actix_web::{HttpResponse, web};
use futures::stream::{self, StreamExt, TryStreamExt};
use serde::Serialize;

use super::body::{Scalar, Structure};
use super::given::{GivenImage, Texts, judge_name};
use super::problem::{Code, Problem};
use super::service::Service;
use crate::calibration::ReliabilityError;
use crate::engine::panel::{Panel, PanelError, PanelScored};
use crate::engine::{Judge, RunLimits};
use crate::judging::Subject;
use crate::judging::panel::{Jury, PanelScale};
use crate::wire::{
    PairReading, PanelChoice, PanelCompareResult, PanelFault, PanelJson, PanelRefusal,
    PanelScoreResult, Weighing,
};

/// Images that a panel works on at once.
const AT_ONCE: usize = 8;

/// What a request says of a panel; nothing, where one judge is asked.
#[derive(Debug, Default)]
pub(super) struct PanelSettings {
    judges: Option<Vec<String>>,
    jury: Option<Jury>,
    weights: Option<Vec<(String, f64)>>,
    quorum: Option<usize>,
}

/// Who is asked.
#[derive(Debug)]
pub(super) enum Who {
    /// One judge.
    Judge(Box<Judge>),
    /// Several as one.
    Panel(Box<(Panel, Weighing)>),
}

impl PanelSettings {
    /// Takes one of the fields that are strings or numbers; `false` for one that is none of a panel's.
    pub(super) fn set(&mut self, name: &str, value: &Scalar) -> Result<bool, Problem> {
        match name {
            "jury" => {
                let jury = value.text(name)?;
                self.jury = Some(Jury::from_name(jury).ok_or_else(|| {
                    let known = Jury::ALL.map(Jury::name).join("`, `");
                    Problem::new(Code::InvalidValue, format!("`jury` is one of `{known}`"))
                })?);
            }
            "quorum" => self.quorum = usize::try_from(value.count(name)?).ok(),
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// Takes one of the fields that are lists or objects.
    pub(super) fn structure(&mut self, name: &str, value: &Structure) -> Result<(), Problem> {
        if name == "judges" {
            let judges = value.texts(name)?;
            for judge in &judges {
                judge_name(judge)?;
            }
            self.judges = Some(judges);
        } else {
            self.weights = Some(value.numbers(name)?);
        }
        Ok(())
    }

    /// Who is asked: the one judge of that name, or the panel where the request has `judges`; `judge_given` says that
    /// the name is the request's own.
    pub(super) fn who(
        &self,
        judge: &str,
        judge_given: bool,
        service: &Service,
    ) -> Result<Who, Problem> {
        let fault = |detail: &str| Problem::new(Code::InvalidValue, detail);
        let Some(judges) = &self.judges else {
            let alone = self.jury.is_none() && self.weights.is_none() && self.quorum.is_none();
            return if alone {
                Ok(Who::Judge(Box::new(service.judge(judge)?)))
            } else {
                let detail = "`jury`, `weights` and `quorum` are for a panel; `judges` names it";
                Err(fault(detail))
            };
        };
        if judge_given {
            let detail = "`judge` and `judges` are both given; one of them says who judges";
            return Err(fault(detail).at("/judge"));
        }
        let choice = PanelChoice {
            judges: judges.clone(),
            jury: self.jury.unwrap_or_default(),
            weights: self
                .weights
                .as_ref()
                .map(|all| all.iter().cloned().collect()),
            quorum: self.quorum,
        };
        let current = service.current();
        let seated = choice.seat(&current.judges, &current.maps);
        Ok(Who::Panel(Box::new(seated?)))
    }
}

impl From<PanelRefusal> for Problem {
    fn from(PanelRefusal { field, cause }: PanelRefusal) -> Self {
        let problem = match cause {
            PanelFault::Panel(error) => Problem::from(error),
            PanelFault::Weights => Problem::new(Code::InvalidValue, cause.to_string()),
            PanelFault::Reliability(error) => not_weighed(&error),
        };
        problem.at(format!("/{field}"))
    }
}

fn not_weighed(error: &ReliabilityError) -> Problem {
    let code = match error {
        ReliabilityError::NoMap { .. } => Code::NoCalibration,
        ReliabilityError::NoWeights(_) => Code::InvalidValue,
    };
    Problem::new(code, error.to_string())
        .hint("give `weights`, or let `[calibration] folder` name maps of all members")
}

impl From<PanelError> for Problem {
    fn from(error: PanelError) -> Self {
        match error {
            PanelError::Bind(error) => Problem::from(error),
            PanelError::SameJudge { .. } | PanelError::Rule(_) => {
                Problem::new(Code::InvalidValue, error.to_string())
            }
        }
    }
}

/// The fault of a joint estimate of anything but a ranking.
fn not_jointly(weighing: &Weighing) -> Result<(), Problem> {
    match weighing.jury {
        Jury::Mean | Jury::Reliability => Ok(()),
        Jury::Joint => {
            let detail = "`joint` takes the votes of a whole ranking; take `mean` or `reliability`";
            Err(Problem::new(Code::InvalidValue, detail).at("/jury"))
        }
    }
}

#[derive(Debug, Serialize)]
struct PanelScoreReply {
    panel: PanelJson,
    results: Vec<PanelScoreResult>,
}

/// Scores the images of a request; a fault of one image is its own result.
pub(super) async fn score(
    service: &web::Data<Service>,
    seated: &(Panel, Weighing),
    images: Vec<GivenImage>,
    limits: &RunLimits,
) -> Result<HttpResponse, Problem> {
    let (panel, weighing) = seated;
    not_jointly(weighing)?;
    let scale = panel
        .scale()
        .map_err(|error| Problem::from(error).at("/judges"))?;
    let results = stream::iter(images)
        .map(|given| score_one(service, panel, &scale, given, limits))
        .buffered(AT_ONCE)
        .try_collect()
        .await?;
    Ok(HttpResponse::Ok().json(PanelScoreReply {
        panel: PanelJson::new(panel, weighing),
        results,
    }))
}

async fn score_one(
    service: &web::Data<Service>,
    panel: &Panel,
    scale: &PanelScale,
    given: GivenImage,
    limits: &RunLimits,
) -> Result<PanelScoreResult, Problem> {
    let scored: PanelScored = match given.image {
        Ok(image) => {
            let subject = Subject::new(vec![image], given.texts);
            service.engine.panel_score(panel, &subject, limits).await?
        }
        Err(unscored) => panel.unasked(&unscored),
    };
    Ok(PanelScoreResult::new(given.name, panel, scale, &scored))
}

#[derive(Debug, Serialize)]
struct PanelCompareReply {
    panel: PanelJson,
    result: PanelCompareResult,
}

/// Compares the two images of a request.
pub(super) async fn compare(
    service: &web::Data<Service>,
    seated: &(Panel, Weighing),
    [first, second]: [GivenImage; 2],
    texts: Texts,
    reading: PairReading,
    limits: &RunLimits,
) -> Result<HttpResponse, Problem> {
    let (panel, weighing) = seated;
    not_jointly(weighing)?;
    let names = (first.name, second.name);
    let compared = match (first.image, second.image) {
        (Ok(one), Ok(other)) => {
            let pair = Subject::new(vec![one, other], texts);
            let compared = service
                .engine
                .panel_compare(panel, &pair, reading.by, limits);
            compared.await?
        }
        (Err(unscored), _) | (_, Err(unscored)) => panel.unasked_pair(&unscored),
    };
    let result = PanelCompareResult::new(&names.0, &names.1, panel, &compared, reading);
    Ok(HttpResponse::Ok().json(PanelCompareReply {
        panel: PanelJson::new(panel, weighing),
        result,
    }))
}
