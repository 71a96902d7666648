//! From a policy as typed to a policy that holds: every rule that TOML cannot state.

use std::collections::BTreeSet;
use std::ops::Range;
use std::path::Path;

use toml::Spanned;

use super::file::{
    BetterFile, CombineFile, DimensionFile, FittedFile, MissingFile, PolicyFile, StageFile,
};
use super::{
    Bounds, Budget, Combine, Dimension, Fitted, Missing, Policy, PolicyError, Stage, Tripwires,
};
use crate::calibration::JudgeKey;
use crate::digest::Digest;
use crate::judging::{Better, Readout};

/// The policy format that this program reads.
const FORMAT: u32 = 1;

impl Policy {
    /// Reads a policy.
    ///
    /// # Errors
    /// [`PolicyError`] with the line of the fault and what would be accepted.
    pub fn load(path: &Path) -> Result<Self, PolicyError> {
        let file = path.display().to_string();
        let text = std::fs::read_to_string(path).map_err(|error| PolicyError {
            file: file.clone(),
            line: None,
            message: format!("cannot be read: {error}"),
        })?;
        Self::parse(&file, &text)
    }

    /// Checks the text of a policy; `file` names it in errors.
    ///
    /// # Errors
    /// As [`Policy::load`].
    pub fn parse(file: &str, text: &str) -> Result<Self, PolicyError> {
        let place = Place { file, text };
        let typed: PolicyFile = toml::from_str(text).map_err(|error| {
            place.error(error.span().unwrap_or_default(), error.message().to_owned())
        })?;
        place.policy(typed)
    }
}

struct Place<'a> {
    file: &'a str,
    text: &'a str,
}

impl Place<'_> {
    fn error(&self, span: Range<usize>, message: impl Into<String>) -> PolicyError {
        let before = &self.text[..self.text.floor_char_boundary(span.start)];
        PolicyError {
            file: self.file.to_owned(),
            line: Some(before.matches('\n').count() + 1),
            message: message.into(),
        }
    }

    fn policy(&self, typed: PolicyFile) -> Result<Policy, PolicyError> {
        if *typed.format.as_ref() != FORMAT {
            let message = "format is not known; this program reads `format = 1`";
            return Err(self.error(typed.format.span(), message));
        }
        self.name(&typed.id)?;
        let parts: Vec<&str> = typed.version.as_ref().split('.').collect();
        if parts.len() != 3 || parts.iter().any(|part| part.parse::<u32>().is_err()) {
            let message = "a version has three numbers, such as `1.0.0`";
            return Err(self.error(typed.version.span(), message));
        }
        let combine = self.combine(&typed)?;
        if typed.dimension.is_empty() {
            let message = "a policy has at least one [[dimension]]";
            return Err(self.error(0..0, message));
        }
        let mut names = BTreeSet::new();
        let mut dimensions = Vec::with_capacity(typed.dimension.len());
        for dimension in typed.dimension {
            let span = dimension.span();
            let dimension = self.dimension(dimension.into_inner())?;
            if !names.insert(dimension.name.clone()) {
                let message = format!("two dimensions are called `{}`", dimension.name);
                return Err(self.error(span, message));
            }
            dimensions.push(dimension);
        }
        if dimensions.iter().all(|dimension| dimension.safety) {
            let message = "all dimensions are vetoes; none says that an image is good";
            return Err(self.error(0..0, message));
        }
        let wires = typed.tripwires;
        Ok(Policy {
            id: typed.id.into_inner(),
            version: typed.version.into_inner(),
            digest: Digest::of(self.text.as_bytes()),
            combine,
            missing: match typed.missing {
                MissingFile::Review => Missing::Review,
                MissingFile::Reject => Missing::Reject,
                MissingFile::Ignore => Missing::Ignore,
            },
            tripwires: Tripwires {
                constant: wires.constant,
                black: wires.black,
                white: wires.white,
                noise: wires.noise,
                least_side: wires.least_side,
                longest_side: wires.longest_side,
                width: wires.width,
                height: wires.height,
            },
            budget: Budget {
                questions: typed.budget.questions,
                attempts: typed.budget.attempts,
            },
            dimensions,
        })
    }

    fn name(&self, name: &Spanned<String>) -> Result<(), PolicyError> {
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
        let text = name.as_ref();
        if (1..=64).contains(&text.len()) && text.chars().all(plain) {
            return Ok(());
        }
        let message = format!("`{text}`: a name has lower-case letters, digits, `-` and `_`");
        Err(self.error(name.span(), message))
    }

    fn combine(&self, typed: &PolicyFile) -> Result<Combine, PolicyError> {
        let of_scores = match typed.combine {
            CombineFile::All => None,
            CombineFile::Any => None,
            CombineFile::Weighted => Some(Combine::Weighted as fn(Bounds) -> Combine),
            CombineFile::Geometric => Some(Combine::Geometric as fn(Bounds) -> Combine),
            CombineFile::Min => Some(Combine::Min as fn(Bounds) -> Combine),
        };
        let Some(combination) = of_scores else {
            if let Some(bound) = typed.accept.as_ref().or(typed.reject.as_ref()) {
                let message = "the whole has bounds only where scores are combined: `combine` is \
                               `weighted`, `geometric` or `min`";
                return Err(self.error(bound.span(), message));
            }
            return Ok(match typed.combine {
                CombineFile::Any => Combine::Any,
                CombineFile::All
                | CombineFile::Weighted
                | CombineFile::Geometric
                | CombineFile::Min => Combine::All,
            });
        };
        let Some(accept) = &typed.accept else {
            let message = "combined scores need `accept`, a number from 0 to 1";
            return Err(self.error(0..0, message));
        };
        for bound in [Some(accept), typed.reject.as_ref()].into_iter().flatten() {
            if !(0.0..=1.0).contains(bound.as_ref()) {
                let message = format!("`{}`: combined scores lie on 0 to 1", bound.as_ref());
                return Err(self.error(bound.span(), message));
            }
        }
        self.in_order(accept, typed.reject.as_ref(), Better::Higher)?;
        Ok(combination(Bounds {
            accept: *accept.as_ref(),
            reject: typed.reject.as_ref().map(|reject| *reject.as_ref()),
        }))
    }

    /// Refuses bounds of which one takes what the other claims.
    fn in_order(
        &self,
        accept: &Spanned<f64>,
        reject: Option<&Spanned<f64>>,
        better: Better,
    ) -> Result<(), PolicyError> {
        let finite = [Some(accept), reject];
        if let Some(strange) = finite
            .into_iter()
            .flatten()
            .find(|bound| !bound.as_ref().is_finite())
        {
            return Err(self.error(strange.span(), "a bound is a finite number"));
        }
        let Some(reject) = reject else { return Ok(()) };
        let (high, low) = (*accept.as_ref(), *reject.as_ref());
        let apart = match better {
            Better::Higher => low < high,
            Better::Lower => low > high,
        };
        if apart {
            return Ok(());
        }
        let side = match better {
            Better::Higher => "below",
            Better::Lower => "above",
        };
        let message = format!(
            "contradictory bounds: what is accepted from {high} on cannot be rejected from {low} on; \
             `reject` lies {side} `accept`"
        );
        Err(self.error(reject.span(), message))
    }

    fn dimension(&self, typed: DimensionFile) -> Result<Dimension, PolicyError> {
        self.name(&typed.name)?;
        if let Some(reason) = &typed.reason {
            self.name(reason)?;
        }
        let name = typed.name.as_ref().clone();
        let weight = match &typed.weight {
            None => 1.0,
            Some(_) if typed.safety => {
                let span = typed.weight.as_ref().map_or(0..0, Spanned::span);
                let message = "safety is a veto and has no weight: it is never averaged";
                return Err(self.error(span, message));
            }
            Some(weight) if *weight.as_ref() > 0.0 && weight.as_ref().is_finite() => {
                *weight.as_ref()
            }
            Some(weight) => return Err(self.error(weight.span(), "a weight is above 0")),
        };
        if typed.safety && !typed.required {
            let message = "safety is always required: leave `required` out";
            return Err(self.error(typed.name.span(), message));
        }
        if typed.stage.is_empty() {
            let message = format!("dimension `{name}` has no [[dimension.stage]] with a judge");
            return Err(self.error(typed.name.span(), message));
        }
        let stages = typed
            .stage
            .into_iter()
            .map(|stage| self.stage(stage.into_inner()))
            .collect::<Result<_, _>>()?;
        Ok(Dimension {
            reason: typed
                .reason
                .map_or_else(|| name.clone(), Spanned::into_inner),
            name,
            required: typed.required,
            safety: typed.safety,
            weight,
            stages,
        })
    }

    fn stage(&self, typed: StageFile) -> Result<Stage, PolicyError> {
        let better = match typed.better {
            BetterFile::Higher => Better::Higher,
            BetterFile::Lower => Better::Lower,
        };
        self.in_order(&typed.accept, typed.reject.as_ref(), better)?;
        Ok(Stage {
            judge: typed.judge,
            calibrated: typed.calibrated,
            better,
            accept: typed.accept.into_inner(),
            reject: typed.reject.map(Spanned::into_inner),
            fitted: typed.fitted.map(|fitted| self.fitted(fitted)).transpose()?,
        })
    }

    fn fitted(&self, typed: Spanned<FittedFile>) -> Result<Fitted, PolicyError> {
        let span = typed.span();
        let typed = typed.into_inner();
        let card = Digest::parse(&typed.card).ok_or_else(|| {
            let message = "`card` is no digest; expected `blake3:` and 64 hexadecimal digits";
            self.error(span.clone(), message)
        })?;
        let readout = Readout::from_name(&typed.readout).ok_or_else(|| {
            let message = format!("`{}` is no readout", typed.readout);
            self.error(span.clone(), message)
        })?;
        Ok(Fitted {
            target: typed.target,
            value: typed.value,
            confidence: typed.confidence,
            bound: typed.bound,
            n: typed.n,
            labels: typed.labels,
            key: JudgeKey {
                judge: typed.judge,
                version: typed.version,
                card,
                backend: typed.backend,
                model_revision: typed.model_revision,
                readout,
                preprocessing: typed.preprocessing,
                temperature: typed.temperature,
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"
format = 1
id = "portrait"
version = "1.0.0"

[[dimension]]
name = "quality"

[[dimension.stage]]
judge = "technical-quality"
accept = 0.8
reject = 0.3

[[dimension]]
name = "safe"
safety = true
reason = "unsafe"

[[dimension.stage]]
judge = "safety@engine"
better = "lower"
accept = 0.1
reject = 0.5
"#;

    #[test]
    fn a_policy_is_read_with_its_defaults() {
        let policy = Policy::parse("portrait.toml", GOOD).unwrap();
        assert_eq!(policy.combine, Combine::All);
        assert_eq!(policy.missing, Missing::Review);
        assert!(policy.tripwires.black && policy.tripwires.least_side.is_none());
        assert_eq!(policy.dimensions[1].reason, "unsafe");
        assert_eq!(policy.dimensions[0].stages[0].reject, Some(0.3));
        let again = Policy::parse("other.toml", GOOD).unwrap();
        assert_eq!(again.digest, policy.digest);
    }

    #[test]
    fn what_does_not_hold_is_refused_with_its_line() {
        let cases = [
            (
                "reject = 0.3",
                "reject = 0.9",
                Some(12),
                "contradictory bounds",
            ),
            (
                "reject = 0.5",
                "reject = 0.05",
                Some(23),
                "contradictory bounds",
            ),
            ("accept = 0.8", "accept = nan", Some(11), "finite"),
            ("format = 1", "format = 2", Some(2), "format is not known"),
            (
                "id = \"portrait\"",
                "id = \"Portrait \"",
                Some(3),
                "lower-case",
            ),
            (
                "version = \"1.0.0\"",
                "version = \"1\"",
                Some(4),
                "three numbers",
            ),
            (
                "version = \"1.0.0\"",
                "version = \"1.0.0\"\naccept = 0.4",
                Some(5),
                "where scores are combined",
            ),
            (
                "version = \"1.0.0\"",
                "version = \"1.0.0\"\ncombine = \"min\"",
                Some(1),
                "need `accept`",
            ),
            (
                "safety = true",
                "safety = true\nweight = 2.0",
                Some(17),
                "never averaged",
            ),
            (
                "safety = true",
                "safety = true\nrequired = false",
                Some(15),
                "always required",
            ),
            (
                "name = \"safe\"",
                "name = \"quality\"",
                Some(14),
                "two dimensions",
            ),
            (
                "judge = \"technical-quality\"",
                "judge = \"technical-quality\"\nacept = 1",
                Some(11),
                "unknown field",
            ),
        ];
        for (part, other, line, message) in cases {
            let text = GOOD.replacen(part, other, 1);
            let error = Policy::parse("portrait.toml", &text).unwrap_err();
            assert!(error.message.contains(message), "{error}");
            assert_eq!(error.line, line, "{error}");
        }
        let none = GOOD.split("[[dimension]]").next().unwrap();
        assert!(
            Policy::parse("p", none)
                .unwrap_err()
                .message
                .contains("at least one")
        );
    }
}
