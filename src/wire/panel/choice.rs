//! Who is to sit on a panel, as a request or a job names them, and what each counts.

use std::collections::BTreeMap;

use super::{RestsOn, Weighing};
use crate::calibration::{Maps, ReliabilityError, weights_of};
use crate::engine::Judges;
use crate::engine::panel::{Bench, Panel, PanelError};
use crate::judging::Readout;
use crate::judging::panel::Jury;

/// A weight for each member, what it rests on, and the reading that it holds for.
type Weights = (Vec<f64>, Vec<RestsOn>, Vec<Option<Readout>>);

/// A panel as it is asked for.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PanelChoice {
    /// Names of its members.
    pub judges: Vec<String>,
    /// How they are put together.
    pub jury: Jury,
    /// What each counts by the jury `reliability`; by calibration maps where this is not given.
    pub weights: Option<BTreeMap<String, f64>>,
    /// How many have to answer; more than half of those that count unless given.
    pub quorum: Option<usize>,
}

/// Why there is no such panel: the field that is wrong, and what is wrong with it.
#[derive(Debug, Clone, PartialEq)]
pub struct PanelRefusal {
    /// `judges`, `jury`, `weights` or `quorum`.
    pub field: &'static str,
    /// What is wrong.
    pub cause: PanelFault,
}

/// What is wrong with a panel that is asked for.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum PanelFault {
    /// Its members, weights or quorum.
    #[error(transparent)]
    Panel(#[from] PanelError),
    /// The calibration maps do not say how far each member can be relied on.
    #[error(transparent)]
    Reliability(#[from] ReliabilityError),
    /// Weights for a jury that has none.
    #[error("`weights` are for the jury `reliability`")]
    Weights,
}

impl PanelChoice {
    /// The panel, and what its weights rest on.
    ///
    /// # Errors
    /// The first field that is wrong.
    pub fn seat(&self, judges: &Judges, maps: &Maps) -> Result<(Panel, Weighing), PanelRefusal> {
        fn refusal<E: Into<PanelFault>>(field: &'static str) -> impl Fn(E) -> PanelRefusal {
            move |cause| PanelRefusal {
                field,
                cause: cause.into(),
            }
        }
        let bench = Bench::seat(judges, &self.judges).map_err(refusal("judges"))?;
        let members = bench.names().len();
        let unread = vec![None; members];
        let (weights, rests_on, read_as) = match (self.jury, &self.weights) {
            (Jury::Mean | Jury::Joint, None) => (vec![1.0; members], Vec::new(), unread),
            (Jury::Mean | Jury::Joint, Some(_)) => {
                return Err(refusal("weights")(PanelFault::Weights));
            }
            (Jury::Reliability, Some(given)) => {
                let weights = bench.weights_of(given).map_err(refusal("weights"))?;
                (weights, vec![RestsOn::given(); members], unread)
            }
            (Jury::Reliability, None) => by_maps(&bench, maps).map_err(refusal("jury"))?,
        };
        let last = match self.quorum {
            Some(_) => "quorum",
            None => "weights",
        };
        let panel = bench
            .weighed(&weights, self.quorum)
            .map_err(refusal(last))?;
        let weighing = Weighing {
            jury: self.jury,
            rests_on,
        };
        Ok((panel.reading_as(read_as), weighing))
    }
}

/// Weights by what calibration maps say of each member.
///
/// # Errors
/// A member without a map, or correlations that give no weights.
pub fn by_maps(bench: &Bench, maps: &Maps) -> Result<Weights, ReliabilityError> {
    let members = bench.names().iter().zip(bench.provenances());
    let relied = members
        .map(|(name, provenance)| maps.reliability(name, provenance.as_ref()))
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
