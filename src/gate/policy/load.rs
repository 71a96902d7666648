//! From a policy as typed to a policy that holds: every rule that TOML cannot state.

use std::collections::BTreeSet;
use std::ops::Range;
use std::path::Path;

use toml::Spanned;

use super::file::{
    BetterFile, BudgetFile, CombineFile, DimensionFile, FittedFile, MissingFile, PolicyFile,
    StageFile,
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
                near_duplicate: wires.near_duplicate,
            },
            budget: self.budget(&typed.budget)?,
            dimensions,
        })
    }

    fn budget(&self, typed: &BudgetFile) -> Result<Budget, PolicyError> {
        let above = |span: Range<usize>, is_zero: bool| match is_zero {
            true => Err(self.error(span, "a budget is 1 or more; leave it out for none")),
            false => Ok(()),
        };
        for limit in [&typed.questions, &typed.loop_questions]
            .into_iter()
            .flatten()
        {
            above(limit.span(), *limit.as_ref() == 0)?;
        }
        for limit in [&typed.attempts, &typed.no_gain].into_iter().flatten() {
            above(limit.span(), *limit.as_ref() == 0)?;
        }
        let value = |limit: &Option<Spanned<u64>>| limit.as_ref().map(|limit| *limit.as_ref());
        let count = |limit: &Option<Spanned<u32>>| limit.as_ref().map(|limit| *limit.as_ref());
        Ok(Budget {
            questions: value(&typed.questions),
            attempts: count(&typed.attempts),
            loop_questions: value(&typed.loop_questions),
            no_gain: count(&typed.no_gain),
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
            price: match typed.price {
                Some(price) if !(price.as_ref().is_finite() && *price.as_ref() >= 0.0) => {
                    return Err(self.error(price.span(), "a price is a number, 0 or more"));
                }
                price => price.map(Spanned::into_inner),
            },
            fitted: typed.fitted.map(|fitted| self.fitted(fitted)).transpose()?,
        })
    }

    fn fitted(&self, typed: Spanned<FittedFile>) -> Result<Fitted, PolicyError> {
        let span = typed.span();
        let typed = typed.into_inner();
        let digest = |name: &str, text: &str| {
            Digest::parse(text).ok_or_else(|| {
                let message =
                    format!("`{name}` is no digest; expected `blake3:` and 64 hexadecimal digits");
                self.error(span.clone(), message)
            })
        };
        let (card, set) = (digest("card", &typed.card)?, typed.set.as_deref());
        let set = set.map(|set| digest("set", set)).transpose()?;
        let readout = Readout::from_name(&typed.readout).ok_or_else(|| {
            let message = format!("`{}` is no readout", typed.readout);
            self.error(span.clone(), message)
        })?;
        if !(0.5..1.0).contains(&typed.confidence) {
            let message = "`confidence` is a share from 0.5 to 1, such as 0.95";
            return Err(self.error(span, message));
        }
        // A bound is found by halving, and may miss its end by the last digits.
        const SLACK: f64 = 1e-9;
        let holds = match typed.target.as_str() {
            "precision" | "recall" => typed.bound >= typed.value - SLACK,
            "cost" => typed.bound <= typed.value + SLACK,
            _ => {
                let message = "`target` is `precision`, `recall` or `cost`";
                return Err(self.error(span, message));
            }
        };
        if !holds {
            let message = format!(
                "the {} of {} is not held by a bound of {}: the threshold rests on nothing",
                typed.target, typed.value, typed.bound
            );
            return Err(self.error(span, message));
        }
        Ok(Fitted {
            target: typed.target,
            value: typed.value,
            confidence: typed.confidence,
            achieved: typed.achieved,
            bound: typed.bound,
            n: typed.n,
            method: typed.method,
            reject_bound: typed.reject_bound,
            labels: typed.labels,
            set,
            items: typed.items,
            yields: typed
                .yields
                .map(|yields| [yields.accepted, yields.review, yields.rejected]),
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
