//! A panel of judges in a request: who sits on it, what each counts, and what it says.

use std::collections::BTreeMap;

use actix_web::{HttpResponse, web};
use futures::stream::{self, StreamExt, TryStreamExt};
use serde::Serialize;

use super::body::{Scalar, Structure};
use super::given::{GivenImage, Texts, judge_name};
use super::problem::{Code, Problem};
use super::service::Service;
use crate::calibration::{ReliabilityError, weights_of};
use crate::engine::panel::{Bench, Panel, PanelError, PanelScored};
use crate::engine::{Judge, RunLimits};
use crate::judging::panel::{Jury, PanelScale};
use crate::judging::{Readout, Subject};
use crate::wire::{
    PairReading, PanelCompareResult, PanelJson, PanelScoreResult, RestsOn, Weighing,
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
        let bench = Bench::seat(&service.engine.judges(), judges);
        let bench = bench.map_err(|error| Problem::from(error).at("/judges"))?;
        let jury = self.jury.unwrap_or_default();
        let members = bench.names().len();
        let (weights, rests_on, read_as) = match (jury, &self.weights) {
            (Jury::Mean | Jury::Joint, None) => {
                (vec![1.0; members], Vec::new(), vec![None; members])
            }
            (Jury::Mean | Jury::Joint, Some(_)) => {
                let detail = "`weights` are for the jury `reliability`";
                return Err(fault(detail).at("/weights"));
            }
            (Jury::Reliability, Some(weights)) => {
                let given: BTreeMap<String, f64> = weights.iter().cloned().collect();
                let weights = bench.weights_of(&given);
                let weights = weights.map_err(|error| Problem::from(error).at("/weights"))?;
                (
                    weights,
                    vec![RestsOn::given(); members],
                    vec![None; members],
                )
            }
            (Jury::Reliability, None) => {
                by_maps(&bench, service).map_err(|error| not_weighed(&error))?
            }
        };
        let panel = bench.weighed(&weights, self.quorum).map_err(|error| {
            let place = if self.quorum.is_some() {
                "/quorum"
            } else {
                "/weights"
            };
            Problem::from(error).at(place)
        })?;
        let panel = panel.reading_as(read_as);
        Ok(Who::Panel(Box::new((panel, Weighing { jury, rests_on }))))
    }
}

/// A weight for each member, what it rests on, and the reading that it holds for.
type Weights = (Vec<f64>, Vec<RestsOn>, Vec<Option<Readout>>);

/// Weights by what the service's calibration maps say of each member.
fn by_maps(bench: &Bench, service: &Service) -> Result<Weights, ReliabilityError> {
    let members = bench.names().iter().zip(bench.provenances());
    let relied = members
        .map(|(name, provenance)| {
            service
                .current()
                .maps
                .reliability(name, provenance.as_ref())
        })
        .collect::<Result<Vec<_>, _>>()?;
    let correlations: Vec<f64> = relied.iter().map(|one| one.correlation).collect();
    let read_as = relied.iter().map(|one| Some(one.readout)).collect();
    let rests_on = relied.into_iter().map(|one| RestsOn {
        source: "calibration",
        file: Some(one.file),
        correlation: Some(one.correlation),
        n: Some(one.n),
    });
    Ok((weights_of(&correlations)?, rests_on.collect(), read_as))
}

fn not_weighed(error: &ReliabilityError) -> Problem {
    let code = match error {
        ReliabilityError::NoMap { .. } => Code::NoCalibration,
        ReliabilityError::NoWeights(_) => Code::InvalidValue,
    };
    Problem::new(code, error.to_string())
        .at("/jury")
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
