//! A policy of one dimension from what a fit found: the threshold with the calibration that it rests on.

use super::{Policy, PolicyError};
use crate::calibration::{JudgeKey, Lines};
use crate::gate::{FitReport, LabelSet};

/// What a new policy is called, and what it rests on.
#[derive(Debug, Clone, Copy)]
pub struct NewPolicy<'a> {
    /// Id of the policy.
    pub id: &'a str,
    /// Name of its dimension, which is its reason code as well.
    pub dimension: &'a str,
    /// The judge as a policy names it, perhaps with `@backend`.
    pub judge: &'a str,
    /// Whether the judge is bound to exactly this.
    pub key: &'a JudgeKey,
    /// The labels.
    pub labels: &'a LabelSet,
    /// What was found on them.
    pub report: &'a FitReport,
}

impl NewPolicy<'_> {
    /// The text of the policy, which reads back as it is; nothing for a target that is infeasible.
    ///
    /// # Errors
    /// [`PolicyError`] for an id or a name that a policy cannot have.
    pub fn to_toml(&self) -> Result<Option<String>, PolicyError> {
        let Some(text) = self.text() else {
            return Ok(None);
        };
        Policy::parse(&format!("policy `{}`", self.id), &text)?;
        Ok(Some(text))
    }

    fn text(&self) -> Option<String> {
        let report = self.report;
        let (threshold, value, bound) = (report.threshold?, report.value?, report.bound?);
        let mut out = Lines::default();
        out.comment("Written by `opine gate fit`: accept from the threshold on, reject where `reject` says, review between.");
        out.comment("It holds for exactly the judge below, and is refused for any other.");
        out.number("format", 1);
        out.text("id", self.id);
        out.text("version", "1.0.0");
        out.entry("dimension");
        out.text("name", self.dimension);
        out.entry("dimension.stage");
        out.text("judge", self.judge);
        out.text("better", report.better);
        out.float("accept", threshold);
        if let Some(reject) = report.band.reject_at {
            out.float("reject", reject);
        }
        out.section(
            "dimension.stage.fitted",
            &["The calibration that the thresholds rest on."],
        );
        out.text("target", report.target);
        out.float("value", report.target_value);
        out.float("confidence", report.confidence);
        out.float("achieved", value);
        out.float("bound", bound);
        out.number("n", report.n?);
        out.text("method", report.method);
        if let Some(bound) = report.band.reject_bound {
            out.float("reject_bound", bound);
        }
        out.text("labels", &self.labels.name);
        out.text("set", &self.labels.digest.to_string());
        out.number("items", report.items);
        let band = &report.band;
        out.inline(
            "yields",
            &[
                ("accepted", band.accepted),
                ("review", band.review),
                ("rejected", band.rejected),
            ],
        );
        out.key("judge", self.key);
        Some(out.into_text())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest::Digest;
    use crate::gate::{FitSettings, GateLabels, fit};
    use crate::judging::Readout;
    use crate::stats::thresholds::Target;

    fn key() -> JudgeKey {
        JudgeKey {
            judge: "sharp\"ness".to_owned(),
            version: "1.2.0".to_owned(),
            card: Digest::of(b"card"),
            backend: "engine".to_owned(),
            model_revision: "r\n1".to_owned(),
            readout: Readout::LabelTokens,
            preprocessing: "224".to_owned(),
            temperature: Some(1.5),
        }
    }

    fn report(target: f64) -> FitReport {
        let rows = [(3.25, 100, 100), (2.0, 50, 25), (-1.0, 80, 0)];
        let items = rows
            .iter()
            .flat_map(|(score, n, good)| (0..*n).map(move |at| (*score, at < *good)));
        let labels = GateLabels {
            items: items.collect(),
            ..GateLabels::default()
        };
        let settings = FitSettings {
            target: Target::Precision(target),
            reject: Some(target),
            confidence: 0.95,
            higher_is_better: true,
            powered: false,
        };
        fit(&labels, &settings).unwrap()
    }

    fn written(id: &str, report: &FitReport) -> Result<Option<String>, PolicyError> {
        let labels = LabelSet {
            name: "labels.csv".to_owned(),
            digest: Digest::of(b"labels"),
        };
        let policy = NewPolicy {
            id,
            dimension: "sharp",
            judge: "sharpness@engine",
            key: &key(),
            labels: &labels,
            report,
        };
        policy.to_toml()
    }

    #[test]
    fn a_written_policy_reads_back_with_all_that_it_rests_on() {
        let report = report(0.95);
        let text = written("sharp-v1", &report).unwrap().unwrap();
        let policy = Policy::parse("p.toml", &text).unwrap();
        let stage = &policy.dimensions[0].stages[0];
        assert_eq!((stage.accept, stage.reject), (3.25, Some(-1.0)));
        let fitted = stage.fitted.as_ref().unwrap();
        assert_eq!(fitted.key, key());
        assert_eq!(fitted.set, Some(Digest::of(b"labels")));
        assert_eq!(Some(fitted.bound), report.bound);
        assert_eq!((fitted.n, fitted.items), (100, Some(230)));
        assert_eq!(
            fitted.yields,
            Some([100.0 / 230.0, 50.0 / 230.0, 80.0 / 230.0])
        );
        assert!(fitted.method.as_ref().unwrap().contains("Clopper"));
    }

    #[test]
    fn what_is_infeasible_has_no_policy_and_a_bad_id_is_refused() {
        assert_eq!(written("sharp", &report(0.999)).unwrap(), None);
        let error = written("Sharp!", &report(0.95)).unwrap_err();
        assert!(error.message.contains("lower-case"), "{error}");
    }
}
