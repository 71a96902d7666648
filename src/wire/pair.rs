//! A comparison in JSON.

use serde::Serialize;

use super::ProvenanceJson;
use crate::calibration::{FittedTies, Maps, Mismatch};
use crate::engine::JudgedPair;
use crate::judging::protocol::{Compared, OpinionRule};
use crate::judging::{Comparison, Coverage, Disagreement, TieWidth, Unscored};
use crate::ranking::TieWidthUsed;

/// Two images and which is better.
#[derive(Debug, Clone, Serialize)]
pub struct CompareResult {
    /// The first image as its sender named it.
    pub first: String,
    /// The second.
    pub second: String,
    /// The judge.
    pub judge: String,
    /// What it came to.
    #[serde(flatten)]
    pub compared: ComparedJson,
    /// The rule by which two opinions were compared; absent where the pair was asked about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<&'static str>,
    /// Within which margin it is a tie; absent where no width was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tie_width: Option<TieWidthUsed>,
    /// Where it comes from; its image is the first.
    pub provenance: ProvenanceJson,
}

/// What a comparison came to, of one judge or of a panel.
#[derive(Debug, Clone, Serialize)]
pub struct ComparedJson {
    /// `compared` or `unscored`.
    pub status: &'static str,
    /// `first`, `second`, `tie`, `review` or `dropped`; `null` when unscored.
    pub preference: Option<&'static str>,
    /// Probability that the first is better; `null` when unscored.
    pub first_better: Option<f64>,
    /// Probability that the second is better.
    pub second_better: Option<f64>,
    /// Probability that neither is.
    pub tie: Option<f64>,
    /// What being shown first adds, in log-odds; the mean of the members of a panel; `null` where nothing was shown in pairs.
    pub order_effect: Option<f64>,
    /// Whether the two orders prefer different images; `null` when unscored.
    pub orders_disagree: Option<bool>,
    /// Least coverage of the answers; `null` where it is not known.
    pub coverage: Option<f64>,
    /// Why there is no comparison: a stable code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<&'static str>,
    /// The same in words, or that both images are the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

impl ComparedJson {
    pub(super) fn new(outcome: Result<&Compared, &Unscored>, reading: PairReading) -> Self {
        let (compared, unscored) = (outcome.ok(), outcome.err());
        let comparison = compared.map(|compared| &compared.comparison);
        let preference =
            |compared: &Compared| compared.preference(reading.ties, reading.on_disagreement);
        ComparedJson {
            status: if unscored.is_none() {
                "compared"
            } else {
                "unscored"
            },
            preference: compared.map(|compared| preference(compared).name()),
            first_better: comparison.map(Comparison::first),
            second_better: comparison.map(Comparison::second),
            tie: comparison.map(Comparison::tie),
            order_effect: comparison.and_then(Comparison::order_effect),
            orders_disagree: compared.map(|compared| compared.orders_disagree),
            coverage: (compared.and_then(|compared| compared.coverage)).map(Coverage::value),
            reason: unscored.map(|unscored| unscored.reason.code()),
            detail: unscored.map(|unscored| unscored.detail.clone()),
        }
    }
}

/// How a comparison is read.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct PairReading {
    /// The rule for judges that rate.
    pub by: OpinionRule,
    /// Within which margin it is a tie.
    pub ties: TieWidth,
    /// What becomes of orders that disagree.
    pub on_disagreement: Disagreement,
}

impl PairReading {
    /// The same with the tie width that was fitted for exactly the judge of this comparison. What nobody was asked
    /// about, or nobody answered, is read as before.
    ///
    /// # Errors
    /// No width for this very judge, with what differs.
    pub fn calibrated<'a>(
        mut self,
        judged: &JudgedPair,
        maps: &'a Maps,
    ) -> Result<(Self, Option<&'a FittedTies>), Mismatch> {
        let Some(compared) = judged.outcome.as_ref().ok().filter(|_| !judged.same_image) else {
            return Ok((self, None));
        };
        let fitted = maps.ties_for(&judged.provenance, Some(compared.readout), judged.rule)?;
        self.ties = fitted.ties;
        Ok((self, Some(fitted)))
    }
}

impl CompareResult {
    /// The same, naming the file that its tie width is from.
    #[must_use]
    pub fn with_map(mut self, fitted: Option<&FittedTies>) -> Self {
        if let Some(fitted) = fitted {
            self.tie_width = Some(TieWidthUsed::new(fitted.ties, Some(&fitted.file)));
        }
        self
    }

    /// The object for one pair.
    pub fn new(
        first: impl Into<String>,
        second: impl Into<String>,
        judged: &JudgedPair,
        reading: PairReading,
    ) -> Self {
        let mut result = CompareResult {
            first: first.into(),
            second: second.into(),
            judge: judged.provenance.judge.clone(),
            compared: ComparedJson::new(judged.outcome.as_ref(), reading),
            by: judged.rule.map(OpinionRule::name),
            tie_width: (reading.ties.width() > 0.0).then(|| TieWidthUsed::new(reading.ties, None)),
            provenance: ProvenanceJson::from(&judged.provenance),
        };
        if let Ok(compared) = &judged.outcome {
            result.provenance.readout = Some(compared.readout.name());
            result.provenance.censored = compared.censored;
            if judged.same_image {
                let detail = "both images are the same bytes: a tie by construction";
                result.compared.detail = Some(detail.to_owned());
            }
        }
        result
    }
}
