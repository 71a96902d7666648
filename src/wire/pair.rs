//! A comparison in JSON.

use serde::Serialize;

use super::ProvenanceJson;
use crate::calibration::{FittedTies, Maps, Mismatch};
use crate::engine::JudgedPair;
use crate::judging::protocol::OpinionRule;
use crate::judging::{Coverage, Disagreement, TieWidth};
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
    /// What being shown first adds, in log-odds; `null` where nothing was shown in pairs.
    pub order_effect: Option<f64>,
    /// Whether the two orders prefer different images; `null` when unscored.
    pub orders_disagree: Option<bool>,
    /// Least coverage of the answers; `null` where it is not known.
    pub coverage: Option<f64>,
    /// The rule by which two opinions were compared; absent where the pair was asked about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<&'static str>,
    /// Within which margin it is a tie; absent where no width was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tie_width: Option<TieWidthUsed>,
    /// Why there is no comparison: a stable code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<&'static str>,
    /// The same in words, or that both images are the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// Where it comes from; its image is the first.
    pub provenance: ProvenanceJson,
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
            status: "unscored",
            preference: None,
            first_better: None,
            second_better: None,
            tie: None,
            order_effect: None,
            orders_disagree: None,
            coverage: None,
            by: judged.rule.map(OpinionRule::name),
            tie_width: (reading.ties.width() > 0.0).then(|| TieWidthUsed::new(reading.ties, None)),
            reason: None,
            detail: None,
            provenance: ProvenanceJson::from(&judged.provenance),
        };
        match &judged.outcome {
            Ok(compared) => {
                let preference = compared.preference(reading.ties, reading.on_disagreement);
                result.status = "compared";
                result.preference = Some(preference.name());
                result.first_better = Some(compared.comparison.first());
                result.second_better = Some(compared.comparison.second());
                result.tie = Some(compared.comparison.tie());
                result.order_effect = compared.comparison.order_effect();
                result.orders_disagree = Some(compared.orders_disagree);
                result.coverage = compared.coverage.map(Coverage::value);
                result.provenance.readout = Some(compared.readout.name());
                result.provenance.censored = compared.censored;
                if judged.same_image {
                    let detail = "both images are the same bytes: a tie by construction";
                    result.detail = Some(detail.to_owned());
                }
            }
            Err(unscored) => {
                result.reason = Some(unscored.reason.code());
                result.detail = Some(unscored.detail.clone());
            }
        }
        result
    }
}
