//! One image that was made from a text, and what is wrong with it.

use std::ops::RangeInclusive;
use std::sync::Arc;

use async_trait::async_trait;

use super::{Asked, Operation, Options, Pictured, Place, option};
use crate::card::Recipe;
use crate::engine::{BindError, Budget, EvaluateChoice, EvaluateFault, Judge};
use crate::jobs::SettingFault;
use crate::judging::Unscored;
use crate::wire::EvaluateResult;

pub(super) const OPTIONS: &[&str] = &EvaluateChoice::SETTINGS;

#[derive(Debug)]
struct Evaluate {
    choice: EvaluateChoice,
    budget: Budget,
}

pub(super) fn make(options: &Options) -> Result<Arc<dyn Operation>, SettingFault> {
    let mut choice = EvaluateChoice::default();
    for (name, text) in options {
        choice.set(name, text);
    }
    if choice.method.as_deref() == Some("geneval") {
        let message = "is for `POST /v1/evaluate` and `opine evaluate --items`: it asks nobody, and needs no job";
        return Err(SettingFault::new("method", message));
    }
    let whole = "a whole number, 0 or above";
    let money = |text: &str| text.parse().ok().filter(|money: &f64| money.is_finite());
    Ok(Arc::new(Evaluate {
        choice,
        budget: Budget {
            questions: option(options, "budget_questions", whole, |text| text.parse().ok())?,
            tokens: option(options, "budget_tokens", whole, |text| text.parse().ok())?,
            money: option(options, "budget_money", "a number", money)?,
        },
    }))
}

#[async_trait]
impl Operation for Evaluate {
    fn images(&self) -> RangeInclusive<usize> {
        1..=1
    }

    fn shows_source(&self, judge: &Judge) -> bool {
        self.choice.method.as_deref() == Some("viescore") && judge.card.recipe.images() == 2
    }

    /// What closed questions and stages are put as.
    fn texts(&self) -> &'static [&'static str] {
        &["question", "options"]
    }

    fn fits(&self, judge: &Judge) -> Result<(), BindError> {
        let is_one_score = matches!(
            self.choice.method.as_deref(),
            Some("vqascore" | "viescore" | "unified-reward"),
        );
        match (&judge.card.recipe, is_one_score) {
            (Recipe::Choose(_), false) => Ok(()),
            (recipe, true) if recipe.scale().is_some() => Ok(()),
            (_, false) => Err(judge.wrong_protocol("choose")),
            (_, true) => Err(judge.wrong_protocol("score")),
        }
    }

    async fn ask(&self, at: &Place<'_>, item: Pictured) -> Result<Asked, BindError> {
        let Some((name, image)) = item.images.into_iter().next() else {
            return Ok(Asked::failed("missing_images", "the item has no image"));
        };
        let source = match item.source.transpose() {
            Ok(source) => source,
            Err(unscored) => {
                let detail = format!("`source`: {}", unscored.detail);
                return Ok(Asked::without(&Unscored::new(unscored.reason, detail)));
            }
        };
        let choice = EvaluateChoice {
            source,
            ..self.choice.clone()
        };
        let plan = match choice.plan_for(&at.engine.judges(), at.judge.clone()) {
            Ok(plan) => plan,
            Err(EvaluateFault::Bind(error)) => return Err(error),
            Err(fault @ EvaluateFault::Setting { .. }) => {
                return Ok(Asked::failed("invalid_setting", fault.to_string()));
            }
        };
        if let Some(message) = plan.lacks(&item.texts) {
            return Ok(Asked::failed(
                "missing_prompt",
                format!("`prompt` {message}"),
            ));
        }
        let limits = at.limits.clone().with_budget(self.budget);
        let evaluated = at
            .engine
            .evaluate_by(&plan, image, &item.texts, &limits, &|_| {});
        let evaluation = evaluated.await?;
        let result = EvaluateResult::new(&name, &plan, &evaluation);
        Ok(Asked::of(
            &result,
            evaluation.outcome.score().as_ref().err(),
        ))
    }
}
